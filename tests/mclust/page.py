"""docs/mclust-differences.md, written from the figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tests.mclust.compare import Difference
from tests.mclust.figures import WHY

HOW = """\
All values have R's sign: **larger is better**, and a positive difference means that ours is better. mclust's figures
are those of its EM run to its end (relative change below 1e-10), because its own rule stops early; the search runs at
its defaults. A difference in BIC below 2 says nothing about the data; what is shown here is that the same is computed.

- *Same path*: plain EM to its end (`tol=1e-12`) from mclust's own partition, no candidate beginning again from a
  neighbor: what mclust does. A cell counts as lower where it is by more than 1e-6 of its value.
- *Search*: `mx.MixtureSearch().fit(X)` as it comes, from its own hierarchical start.
- The tables below show BIC of the search less mclust's, families by numbers of components. 0 is below 0.01; bold is
  lower by more than 0.1; + has a value where mclust has none, - where neither has one.
"""
PARTED = """\
Everywhere else the same path leads to mclust's value or above. These cells are all VVE: mclust's M-step of VVE is no
maximum, ours is, so from the same partition the two climb by different paths to different optima. mclust's figure is
the true likelihood of its parameters; begun from these, the exact step climbs on (last column). Where ours is none, a
component shrinks onto as many rows as there are columns, and the likelihood grows without bound.
"""
STEPS = """\
One M-step from the same partition: complete log-likelihood, ours less mclust's, with mclust's inner tolerance at 1e-12.
"""
NOISE = """\
Iris with 30 more rows spread over its box, three groups and noise, EM to its end from the same labels: BIC.
"""


def written(figures: dict[str, Any]) -> str:
    """The page."""
    sets = figures["sets"]
    parts = [_head(figures["machine"]), _summary(sets), *(_cells(name, one) for name, one in sets.items())]
    parts += [_lower(sets), _parted(figures["parted"]), _missing(sets), _steps(figures["m_steps"])]
    return "\n".join([*parts, _noise(figures["noise"])])


def table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [header, ["---"] * len(header), *lines])


def _head(machine: dict[str, Any]) -> str:
    versions = f"Python {machine['python']}, NumPy {machine['numpy']}"
    beside = f"R {machine['R']} on the same machine" if machine["R"] else "R not at hand"
    told = f"{machine['processor']}, threads: {machine['threads']}; {versions}; {beside}."
    begin = "# Differences from mclust\n\nWritten by `make mclust-page` from R's figures in `tests/golden`."
    return f"{begin} {told}\n\n{HOW}"


def _of(cell: dict[str, Any], way: str) -> Difference:
    return Difference((cell["family"], cell["k"]), cell["theirs"], cell[way])


def _summary(sets: dict[str, Any]) -> str:
    header = ["rows", "cells", "same path: lower", "search: within 0.1 or above", "above by more than 0.1"]
    header = ["data", *header, "best by BIC: ours, mclust", "by ICL: ours, mclust", "seconds: ours, mclust"]
    text = "mclust's seconds are those of `mclustBIC` under its own, looser rule, on one thread; ours on all.\n\n"
    return f"## In short\n\n{text}" + table(header, [_line(name, one) for name, one in sets.items()])


def _line(name: str, one: dict[str, Any]) -> list[str]:
    path, own = ([_of(cell, way) for cell in one["cells"] if cell["theirs"] is not None] for way in ("path", "own"))
    near = sum(not cell.is_far for cell in own)
    seconds = one["seconds"]
    return [
        name,
        " x ".join(map(str, one["shape"])),
        str(len(path)),
        str(sum(cell.is_lower for cell in path)),
        f"{near} ({100 * near / len(own):.1f} %)",
        str(sum(cell.is_higher for cell in own)),
        *(_pair(*one["best"][key]) for key in ("bic", "icl")),
        f"{seconds['ours']:.2f}, {float(seconds['theirs']):.2f}" if seconds["theirs"] else f"{seconds['ours']:.2f}, -",
    ]


def _pair(ours: Sequence[Any], theirs: Sequence[Any], early: Sequence[Any]) -> str:
    """The best of both sides, and where mclust's own rule finds another, that."""
    mine, other, soon = (f"{family},{k}" for family, k in (ours, theirs, early))
    told = f"{mine}, {other}" if mine == other else f"**{mine}, {other}**"
    return told if soon == other else f"{told} (stopped early: {soon})"


def _cells(name: str, one: dict[str, Any]) -> str:
    """BIC of the search less mclust's, a line a family."""
    places = {(cell["family"], cell["k"]): cell for cell in one["cells"]}
    families, numbers = (list(dict.fromkeys(which)) for which in zip(*places, strict=True))
    lines = [[family, *(_cell(places[family, k]) for k in numbers)] for family in families]
    return f"## {name.capitalize()}\n\n" + table(["", *map(str, numbers)], lines)


def _cell(cell: dict[str, Any]) -> str:
    ours, theirs = cell["own"], cell["theirs"]
    if theirs is None:
        return "-" if ours is None else "+"
    if ours is None:
        return "**none**"
    shown = "0" if abs(ours - theirs) < 0.01 else f"{ours - theirs:+.2f}"
    return f"**{shown}**" if _of(cell, "own").is_far else shown


def _lower(sets: dict[str, Any]) -> str:
    """Where the search ends below mclust, and why."""
    lines = []
    for name, one in sets.items():
        places = {(cell["family"], cell["k"]): cell for cell in one["cells"]}
        for low in one["lower"]:
            cell = places[low["family"], low["k"]]
            values = [_value(cell[key]) for key in ("theirs", "own")]
            lines.append([name, f"{low['family']},{low['k']}", *values, WHY[low["why"]]])
    return "## Where the search ends lower\n\n" + table(["data", "cell", "mclust", "ours", "because"], lines)


def _value(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _parted(cells: Sequence[dict[str, Any]]) -> str:
    lines = [
        [one["set"], f"{one['family']},{one['k']}", *(_value(one[key]) for key in ("theirs", "ours", "on"))]
        for one in cells
    ]
    header = ["data", "cell", "mclust's BIC", "ours from the same partition", "ours from mclust's end"]
    return f"## Where the same path parts\n\n{PARTED}\n" + table(header, lines)


def _missing(sets: dict[str, Any]) -> str:
    """The cells that mclust cannot fit, and what ours says of them."""
    lines = []
    for name, one in sets.items():
        for cell in (cell for cell in one["cells"] if cell["theirs"] is None):
            told = f"fitted: {cell['own']:.2f}" if cell["own"] is not None else cell["why"].partition(" Use ")[0]
            lines.append([name, f"{cell['family']},{cell['k']}", told])
    text = "Where mclust says NA, and what the search says.\n\n"
    return f"## What mclust cannot fit\n\n{text}" + table(["data", "cell", "ours"], lines)


def _steps(found: Sequence[dict[str, Any]]) -> str:
    steps = list(dict.fromkeys(one["step"] for one in found))
    gains = {(one["family"], one["step"]): one["gain"] for one in found}
    names = list(dict.fromkeys(one["family"] for one in found))
    lines = [[name, *(_gain(gains.get((name, step))) for step in steps)] for name in names]
    header = ["", *(f"{step.partition('_')[0]}, {step[-1]} groups" for step in steps)]
    return f"## One M-step\n\n{STEPS}\n" + table(header, lines)


def _gain(gain: float | None) -> str:
    return "" if gain is None else "0" if abs(gain) < 1e-9 else f"{gain:+.1e}"


def _noise(found: dict[str, dict[str, float]]) -> str:
    lines = [[name, f"{one['theirs']:.4f}", f"{one['ours']:.4f}"] for name, one in found.items()]
    return f"## With noise\n\n{NOISE}\n" + table(["", "mclust", "ours"], lines)
