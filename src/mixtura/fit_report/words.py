"""The numbers of a fit report in plain words."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from math import log
from typing import TYPE_CHECKING

import numpy as np

from mixtura.outcome import Outcome

if TYPE_CHECKING:
    from mixtura.fit_report.record import FitReport

Lines = list[tuple[str, str]]

# Two equal spheres two deviations apart lie in each other so far, both ways together, and have one mode: 2 Phi(-1).
ONE_MODE = 0.317
# Below this the two ways together, labels are good; Maitra and Melnykov (2010) call 0.05 on average poorly separated.
OVERLAPPING = 0.05
# Pairs that are told one by one, and components up to which all pairs are looked at unasked, in a moment.
PAIRS, COMPONENTS = 3, 32
# Components whose rows are told one by one.
FEW = 9
WIDTH, INDENT = 78, 21


def lines(of: FitReport) -> Lines:
    """A report as (heading, sentence) pairs."""
    weighted = "" if of.weight == of.n_rows else f" of total weight {of.weight:g}"
    components = _counted(of.n_components, "component")
    found = [
        ("model", f"{components} of family {of.family}, {_counted(of.n_parameters, 'free parameter')}"),
        ("data", f"{of.n_rows} rows{weighted}, {_counted(of.n_features, 'feature')}"),
        ("ended", of.outcome.value),
        ("passes", f"{of.passes} in {of.seconds:.2g} s"),
        ("log-likelihood", f"{of.log_likelihood:.6f} ({of.log_likelihood / of.weight:.6f} a row)"),
    ]
    if len(of.starts) > 1:
        found.append(("starts", _starts(of)))
    if of.n_components > 1 or of.noise_mass > 0:
        found.append(("effective rows", _rows(of)))
    sure = f"{1 - of.uncertainty:.3f} on average; {of.doubtful:.1%} of the rows below 0.8"
    found.append(("largest probability", sure))
    groups = of.n_components + (of.noise_mass > 0)
    if groups > 1:
        found.append(("entropy", f"{of.entropy:.3g} a row; {log(groups):.3g} would be a blind guess"))
    return found + _overlap(of) + [("note", sentence) for sentence in of.warnings]


def text(found: Lines) -> str:
    """Lines for a terminal of 80 columns."""
    shown = []
    for heading, sentence in found:
        shown += textwrap.wrap(sentence, WIDTH, initial_indent=f"{heading:<{INDENT}}", subsequent_indent=" " * INDENT)
    return "\n".join(shown)


def table(found: Lines) -> str:
    """Lines for a notebook."""
    left = 'style="text-align:left"'
    cells = "".join(f"<tr><th {left}>{escape(h)}</th><td {left}>{escape(s)}</td></tr>" for h, s in found)
    return f"<table>{cells}</table>"


def _starts(of: FitReport) -> str:
    outdone = sum(s.outcome is Outcome.OUTDONE for s in of.starts)
    failed = [s for s in of.starts if not s.outcome.ok and s.outcome is not Outcome.OUTDONE]
    told = f"{of.agreeing} of {len(of.starts)} reached the best optimum"
    told += "" if of.gap is None else f"; the next is {of.gap:.3g} lower in log-likelihood"
    told = f"{told}; {outdone} not continued after a sample of the rows" if outdone else told
    return told if not failed else f"{told}; {len(failed)} failed ({failed[0].reason or failed[0].outcome.value})"


def _rows(of: FitReport) -> str:
    noise = f"; noise {of.noise_mass:.4g}" if of.noise_mass > 0 else ""
    if len(of.mass) <= FEW:
        return ", ".join(f"{mass:.4g}" for mass in of.mass) + noise
    least, most = int(np.argmin(of.mass)), int(np.argmax(of.mass))
    return f"{of.mass[least]:.4g} (component {least}) to {of.mass[most]:.4g} (component {most}){noise}"


def _overlap(of: FitReport) -> Lines:
    """Sentences on the pairs that overlap most, or none."""
    found = of.overlaps if 1 < of.n_components <= COMPONENTS else None
    if found is None:
        return []
    both = found + found.T
    pairs = [(i, j) for j in range(len(both)) for i in range(j) if both[i, j] > OVERLAPPING]
    pairs.sort(key=lambda pair: -both[pair])
    told = [
        f"{found[i, j]:.1%} of component {i} would be put in {j}, {found[j, i]:.1%} of {j} in {i}"
        for i, j in pairs[:PAIRS]
    ]
    if len(pairs) > PAIRS:
        told.append(f"{_counted(len(pairs) - PAIRS, 'further pair')} by at most {both[pairs[PAIRS]]:.1%} both ways")
    one = [pair for pair in pairs if both[pair] > ONE_MODE][:PAIRS]
    if one:
        each = " each" if len(one) > 1 else ""
        told.append(f"{_named(one)} may be one group{each}: see mixtura.merge_components")
    return [("overlap" if at == 0 else "", f"{sentence}.") for at, sentence in enumerate(told)]


def _named(pairs: Sequence[tuple[int, int]]) -> str:
    return "Components " + ", ".join(f"{i} and {j}" for i, j in pairs)


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
