"""What is wrong with a table, said so that the user can find and mend it."""

from __future__ import annotations

from collections.abc import Iterable

from mixtura.outcome import MixtureError

LONGEST_SHOWN = 40


class TableError(MixtureError):
    """Data that cannot be used; the message names the file, the place and the remedy."""


def show(text: object, longest: int = LONGEST_SHOWN) -> str:
    r"""
    Quote a name or a cell so that it stays on one line and cannot drive a terminal.

    Examples
    --------
    >>> print(show("a\nb"))
    'a\nb'
    >>> print(show("x" * 50, longest=8))
    'xxxxxxx…'
    """
    words = str(text)
    return repr(words if len(words) <= longest else words[: longest - 1] + "…")


def show_all(names: Iterable[object], most: int = 12) -> str:
    """
    Quote several names, saying how many were left out.

    Examples
    --------
    >>> show_all(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    shown = list(names)
    rest = len(shown) - most
    listed = ", ".join(show(name) for name in shown[:most])
    return f"{listed} and {rest} more" if rest > 0 else listed


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """
    Count a noun.

    Examples
    --------
    >>> plural(1, "row"), plural(1500, "row")
    ('1 row', '1 500 rows')
    """
    many = nouns if nouns is not None else noun + "s"
    return f"{count:,}".replace(",", " ") + " " + (noun if count == 1 else many)
