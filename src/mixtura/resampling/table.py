"""The table of a bootstrap: rows of plain values, lines of at most 80 letters, and HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from math import floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mixtura.resampling.result import Bootstrap

# Features and components that a table shows at most; of more features those that are least sure.
FEATURES, COMPONENTS = 8, 12
COLUMNS = ("estimate", "std. error", "low", "high")
# Letters of a row's name, and of a number.
WIDTH, NUMBER = 22, 13

Row = dict[str, Any]


def rows(found: Bootstrap) -> list[Row]:
    """A row a parameter: shares, means, covariances of every component, and the share of the noise."""
    k, d = found.parameters["means"].shape
    told = []
    for c in range(k):
        told.append(_row(found, c, "share", "weights", (c,)))
        told += [_row(found, c, "mean", "means", (c, i), i) for i in range(d)]
        told += [_row(found, c, "covariance", "covariances", (c, i, j), i, j) for i in range(d) for j in range(i, d)]
    if "noise_weight" in found.parameters:
        told.append(_row(found, None, "share", "noise_weight", ()))
    return told


def _row(
    found: Bootstrap, c: int | None, kind: str, name: str, at: tuple[int, ...], i: Any = None, j: Any = None
) -> Row:
    low, high = (float(end[at]) for end in found.intervals[name])
    feature, other = (None if at is None else found.features[at] for at in (i, j))
    place = {"component": c, "parameter": kind, "feature": feature, "other": other}
    estimate, error = float(found.parameters[name][at]), float(found.standard_errors[name][at])
    return place | {"estimate": estimate, "standard_error": error, "low": low, "high": high}


def _parts(found: Bootstrap) -> Iterator[tuple[str, list[Row], int]]:
    """A part a component: its name, the rows shown, and how many features are not."""
    k, d = found.parameters["means"].shape
    for c in range(min(k, COMPONENTS)):
        shown = _least_sure(found, c)
        told = [_row(found, c, "share", "weights", (c,))]
        told += [_row(found, c, "mean", "means", (c, i), i) for i in shown]
        told += [_row(found, c, "variance", "covariances", (c, i, i), i) for i in shown]
        yield f"component {c}", told, d - len(shown)
    if "noise_weight" in found.parameters:
        yield "noise", [_row(found, None, "share", "noise_weight", ())], 0


def _least_sure(found: Bootstrap, c: int) -> list[int]:
    """Features in their order; of many, those whose mean has the largest standard error in standard deviations."""
    errors = found.standard_errors["means"][c]
    if len(errors) <= FEATURES:
        return list(range(len(errors)))
    spread = np.sqrt(np.diagonal(found.parameters["covariances"][c]))
    return sorted(int(i) for i in np.argsort(-errors / spread, kind="stable")[:FEATURES])


def lines(found: Bootstrap) -> list[str]:
    """The table in lines of at most 80 letters."""
    told = []
    for name, part, hidden in _parts(found):
        told.append(f"{name:<{WIDTH}}" + "".join(f"{head:>{NUMBER}}" for head in COLUMNS))
        told += [f"  {_named(row):<{WIDTH - 2}}" + "".join(f"{x:>{NUMBER}}" for x in _numbers(row)) for row in part]
        told += _left_out(hidden, "feature")
    return told + _left_out(len(found.parameters["weights"]) - COMPONENTS, "component")


def _left_out(count: int, thing: str) -> list[str]:
    """A line that says how much is not shown."""
    which = "; those shown are the least sure" if thing == "feature" else ""
    return [f"  ... {count} more {thing}{'s' * (count > 1)}{which}"] if count > 0 else []


def _numbers(row: Row) -> list[str]:
    """Estimate, error, low and high, to the third digit of the error: a mean far from zero keeps its own."""
    values = (row["estimate"], row["standard_error"], row["low"], row["high"])
    error = row["standard_error"]
    digits = 2 - floor(log10(error)) if error > 0.0 else 0
    told = [f"{value:.{min(max(digits, 0), 12)}f}" for value in values]
    plain = error > 0.0 and digits <= 12 and max(map(len, told)) < NUMBER
    return told if plain else [f"{value:.6g}" for value in values]


def _named(row: Row) -> str:
    """What a row is about, in as many letters as a line has for it."""
    if row["feature"] is None:
        return str(row["parameter"])
    told = f"{row['parameter']} {_printable(row['feature'])}"
    return told if len(told) <= WIDTH - 2 else told[: WIDTH - 5] + "..."


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in name)


def html(found: Bootstrap) -> str:
    """The table for a notebook."""
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    body = []
    for name, part, hidden in _parts(found):
        body.append(f'<tr><th style="text-align:left">{name}</th>{head}</tr>')
        for row in part:
            told = row["parameter"] if row["feature"] is None else f"{row['parameter']} {row['feature']}"
            cells = "".join(f"<td>{number}</td>" for number in _numbers(row))
            body.append(f'<tr><td style="text-align:left">{escape(told[:80])}</td>{cells}</tr>')
        body += [f'<tr><td colspan="5">{line}</td></tr>' for line in _left_out(hidden, "feature")]
    return f"<p>{escape(found.title)}</p><table>{''.join(body)}</table>"
