"""Figures in words: the same in the terminal and on the page."""

from __future__ import annotations

from benchmarks.ledger import Row, Spread
from benchmarks.workloads import Asked

UNITS = {"ratio": "", "seconds": " s", "megabytes": " MB", "peak": " MB", "readings": " readings"}
VERDICTS = {"aim": "aim met", "least": "met", "short": "NOT MET", "wrong": "WRONG", "failed": "FAILED"}


def number(value: float) -> str:
    """Three digits at most, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def seconds(spread: Spread | None) -> str:
    """The median, in a unit that fits."""
    if spread is None:
        return "-"
    value = spread.median
    return f"{number(value)} s" if value >= 1 else f"{number(value * 1e3)} ms"


def ratio(spread: Spread | None) -> str:
    """The median with its extremes."""
    if spread is None:
        return "-"
    if spread.low == spread.high:
        return f"{number(spread.median)}"
    return f"{number(spread.median)} ({number(spread.low)} to {number(spread.high)})"


def share(part: float | None) -> str:
    """Per cent."""
    return "-" if part is None else f"{100 * part:.0f} %"


def asked(name: str, what: Asked | None) -> str:
    """At least and aim."""
    if what is None:
        return "-"
    if name == "product":
        return f"{share(what.least)} / {share(what.aim)}"
    unit = UNITS[name]
    return f"{what.least:g} / {what.aim:g}{unit}"


def figure(row: Row, name: str) -> str:
    """A figure that something is asked of."""
    value = row.figure(name)
    if value is None:
        return "-"
    if name == "product":
        return share(value)
    return number(value) + (UNITS[name] or " times")


def same(row: Row, name: str | None = None) -> str:
    """How far the answers are apart, or that they should not be."""
    name = name or row.rival
    if name not in row.gaps:
        return "-"
    far = f"{row.gaps[name]:.0e}"
    return far if row.agrees(name) else f"**NO: {far}**"
