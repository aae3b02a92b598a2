"""A hierarchy of clusters in words: a line a step, and what the curve suggests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mixtura.merging.passes import Clusters

if TYPE_CHECKING:
    from mixtura.merging.merged import MergedComponents

# Below this entropy a row, in nats, components hardly overlap.
DISTINCT = 0.01
WIDTH = 80
HEADINGS = ("clusters", "entropy", "drop", "drop a row", "components merged")


@dataclass(frozen=True)
class Line:
    """A number of clusters: its cells, in the order of `HEADINGS`, and whether it is the elbow."""

    cells: tuple[str, str, str, str, str]
    elbow: bool

    def __str__(self) -> str:
        clusters, entropy, drop, a_row, merged = self.cells
        mark = "*" if self.elbow else " "
        text = f"{clusters:>8}{mark}{entropy:>11}{drop:>11}{a_row:>12}   {merged}".rstrip()
        return text if len(text) <= WIDTH else text[: WIDTH - 3] + "..."


def lines(merged: MergedComponents) -> list[Line]:
    """A line for each number of clusters, from K down to 1."""
    k = merged.n_components
    found = []
    for g in range(k, 0, -1):
        drop = ("", "", "")
        if g < k:
            before, pair = merged.members(g + 1), merged.merges_[g - 1]
            what = " + ".join(_listed(before, int(at)) for at in pair)
            drop = (_number(merged.drops_[g - 1]), _number(merged.drops_a_row_[g - 1]), what)
        found.append(Line((str(g), _number(merged.entropy_[g - 1]), *drop), k > 2 and g == merged.elbow_))
    return found


def _listed(clusters: Clusters, at: int) -> str:
    return " ".join(str(component) for component in clusters[at])


def _number(value: float) -> str:
    return f"{value:.5g}"


def verdict(merged: MergedComponents) -> str:
    """What the curve suggests, in a sentence or two."""
    k, g = merged.n_components, merged.elbow_
    between = merged.entropy_[-1] - merged.entropy_[0]
    if k == 1:
        return "One component: there is nothing to merge."
    if between < DISTINCT * merged.weight:
        return (
            f"The {k} components hardly overlap ({between / merged.weight:.2g} nats of entropy a row), so each can be "
            "read as a cluster of its own."
        )
    if k == 2:
        return f"Two components overlap by {between / merged.weight:.2g} nats a row; two points have no elbow."
    gone = (merged.entropy_[-1] - merged.entropy_[g - 1]) / between
    told = f"The elbow is at {g} clusters: merging {k} components into {g} takes away {gone:.0%} of their entropy"
    if k == 3:
        return f"{told}. With three components an elbow can be nowhere else."
    if merged.rescaled_elbow_ != g:
        other = f"drawn against the rows merged it is at {merged.rescaled_elbow_}, so the curve has no clear elbow"
        return f"{told}; {other}."
    return f"{told}, and merging further takes the rest. It is a suggestion: look at the curve."


def table(merged: MergedComponents) -> str:
    """All of it as text of at most 80 columns."""
    import textwrap

    heads = Line((HEADINGS[0], HEADINGS[1], HEADINGS[2], HEADINGS[3], HEADINGS[4]), elbow=False)
    return "\n".join([str(heads), *map(str, lines(merged)), *textwrap.wrap(verdict(merged), WIDTH)])
