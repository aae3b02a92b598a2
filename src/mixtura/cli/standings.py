"""A table of candidates on the screen: the criterion by family and number, those that lead, and those that failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mixtura.cli import screen
from mixtura.cli.describe import Line, blocks
from mixtura.cli.models import as_options
from mixtura.cli.words import listed
from mixtura.covariance.cholesky import REMEDY
from mixtura.selection.table import NOTHING, Results, Row

if TYPE_CHECKING:
    from rich.console import Console

LEADERS = 5
REASONS = 5
_GAP = 2
# Where a reason names the family that failed.
_FAMILY = r", for {} is singular here"


def cells(shown: Console, results: Results) -> None:
    """Print the criterion of every candidate, in one table if fewer digits allow it."""
    numbers = sorted({row.n_components for row in results})
    heads = [str(k) for k in numbers]
    best = f"{results.criterion.upper()} by family and number of components: lower is better, * is best."
    screen.paragraph(shown, best)
    shown.print()
    for digits in _digits(results):
        rows = _lines(results, numbers, digits)
        parts = list(blocks(rows, heads, shown.width, _GAP))
        if len(parts) == 1:
            break
    for columns, lines in parts:
        screen.grid(shown, "family", columns, lines, _GAP)


def _digits(results: Results) -> list[int]:
    """Digits behind the point to be tried, the most wanted first; the last is the fewest that tell candidates apart."""
    largest = max((abs(value) for value in results.values if value is not None), default=0.0)
    most, least = (4, 3) if largest < 10 else (2, 1) if largest < 1e4 else (1, 0)
    return list(range(most, least - 1, -1))


def _lines(results: Results, numbers: Sequence[int], digits: int) -> list[Line]:
    found: dict[str, dict[int, str]] = {}
    for i, (row, value) in enumerate(zip(results, results.values, strict=True)):
        cell = NOTHING if value is None else f"{value:.{digits}f}"
        found.setdefault(row.family, {})[row.n_components] = f"*{cell}" if i == results.best else cell
    return [Line(family, tuple(line.get(k, "") for k in numbers)) for family, line in found.items()]


def leaders(shown: Console, results: Results, heading: str = "") -> None:
    """Print the best candidates with their figures, with fewer digits where many would not fit."""
    ranked = results.ranked[:LEADERS]
    names = list(dict.fromkeys([results.criterion, "bic", "icl"]))
    heads = ["K", *(name.upper() for name in names), "log-likelihood", "df", "passes", "ended"]
    corner = heading or ("best" if len(ranked) == 1 else f"best {len(ranked)}")
    for digits in (2, 1, 0):
        rows = [Line(row.family, tuple(_figures(row, names, digits))) for row in ranked]
        room = shown.width - max(len(corner) - max(len(row.name) for row in rows), 0)
        parts = list(blocks(rows, heads, room, _GAP))
        if len(parts) == 1:
            break
    for columns, lines in parts:
        screen.grid(shown, corner, columns, lines, _GAP)


def _figures(row: Row, names: Sequence[str], digits: int) -> Iterator[str]:
    yield str(row.n_components)
    for name in names:
        value = getattr(row, name)
        yield NOTHING if value is None else f"{value:.{4 if abs(value) < 10 else digits}f}"
    yield NOTHING if row.log_likelihood is None else f"{row.log_likelihood:.{digits}f}"
    yield NOTHING if row.n_parameters is None else str(row.n_parameters)
    yield str(row.passes)
    yield row.outcome.partition(":")[0].partition(".")[0].lower()


def sentences(shown: Console, told: Iterable[tuple[str, str]]) -> None:
    """Print sentences, each heading once."""
    last, pairs = "", []
    for heading, sentence in told:
        pairs.append(("" if heading == last else heading, as_options(sentence)))
        last = heading
    screen.facts(shown, pairs)
    shown.print()


def tells_failures(sentence: str, results: Results) -> bool:
    """Whether a sentence of a verdict tells in short what `failures` tells."""
    return f" of {len(results)} candidates could not be fitted" in sentence


def failures(results: Results) -> Iterator[str]:
    """Which candidates could not be fitted, and why; reasons that differ in names and numbers only are one."""
    groups: dict[str, list[Row]] = {}
    for row in results:
        if row.log_likelihood is None:
            groups.setdefault(_kind(row), []).append(row)
    largest = sorted(groups.values(), key=len, reverse=True)
    for rows in largest[:REASONS]:
        reason = re.sub(_FAMILY.format(rows[0].family), "", rows[0].outcome) if len(rows) > 1 else rows[0].outcome
        yield f"{_named(rows)}: {reason.replace(REMEDY, '').strip()}"
    rest = sum(map(len, largest[REASONS:]))
    if rest:
        yield f"{rest} more for other reasons; --json has them."
    if any(REMEDY in rows[0].outcome for rows in largest):
        yield REMEDY


def _kind(row: Row) -> str:
    """The reason of a failure without what may differ between candidates."""
    return re.sub(r"\d+(\.\d+)?", "#", re.sub(_FAMILY.format(r"\w+"), "", row.outcome))


def _named(rows: Sequence[Row]) -> str:
    """Families, those with the same numbers of components together."""
    by_numbers: dict[str, list[str]] = {}
    for family in dict.fromkeys(row.family for row in rows):
        numbers = [str(row.n_components) for row in rows if row.family == family]
        by_numbers.setdefault(listed(numbers), []).append(family)
    return "; ".join(f"{listed(names, most=14)} with {numbers}" for numbers, names in by_numbers.items())
