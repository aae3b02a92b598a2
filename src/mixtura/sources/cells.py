"""From the cells of a column to numbers, with what is missing and what is no number kept apart."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .faults import show

if TYPE_CHECKING:
    import pyarrow as pa

MISSING_WORDS = ("", "NA", "N/A", "n/a", "na", "<NA>", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "Null", "None")
_NUMBER = r"^(?:[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?i:inf|infinity))$"
_matches_number = re.compile(_NUMBER).match


@dataclass(frozen=True, eq=False)
class Cells:
    """
    A column read as numbers.

    Attributes
    ----------
    values : (N,) float64
        The numbers, NaN where there is none.
    bad : (N,) bool or None
        Where there is something that is no number; None where there is nothing of that kind.
    """

    values: NDArray[np.float64]
    bad: NDArray[np.bool_] | None = None

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Where there is nothing: (N,) bool."""
        empty = np.isnan(self.values)
        return empty if self.bad is None else empty & ~self.bad

    @property
    def n_missing(self) -> int:
        """How many cells hold nothing."""
        return int(self.missing.sum())

    @property
    def n_bad(self) -> int:
        """How many cells hold something that is no number."""
        return 0 if self.bad is None else int(self.bad.sum())


def is_number(text: str) -> bool:
    """
    Whether a text reads as a number.

    Examples
    --------
    >>> [is_number(t) for t in ("1.5", "-.5e3", "1,5", "", "0x1f", "inf")]
    [True, True, False, False, False, True]
    """
    return _matches_number(text) is not None


def parse(column: pa.ChunkedArray, na: Sequence[str] = (), decimal: str = ".") -> Cells:
    """
    Read a column as numbers.

    Parameters
    ----------
    column
        Text, numbers or truth values; N cells.
    na
        Words that stand for a missing value, beside `MISSING_WORDS`.
    decimal
        The decimal mark of text: ``.`` or ``,``.

    Returns
    -------
    Cells
        Text is rounded to the nearest double, so what was written with 17 digits comes back to the bit.
        NaN counts as missing, infinity as a number.
    """
    import pyarrow.types as kinds

    if kinds.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if kinds.is_string(column.type) or kinds.is_large_string(column.type):
        return _parse_text(column, na, decimal)
    if is_numeric(column.type):
        return Cells(_to_numpy(column), None)
    return _nothing_but_bad(column)


def is_numeric(kind: Any) -> bool:
    """Whether an Arrow type holds numbers or truth values."""
    import pyarrow.types as kinds

    tests = (kinds.is_integer, kinds.is_floating, kinds.is_decimal, kinds.is_boolean, kinds.is_null)
    return any(test(kind) for test in tests)


def _nothing_but_bad(column: pa.ChunkedArray) -> Cells:
    bad = np.asarray(column.is_valid().to_numpy(), dtype=bool)
    return Cells(np.full(len(column), np.nan), bad)


def _to_numpy(column: pa.ChunkedArray) -> NDArray[np.float64]:
    import pyarrow as pa
    import pyarrow.types as kinds

    if kinds.is_boolean(column.type):
        column = column.cast(pa.uint8())
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _parse_text(column: pa.ChunkedArray, na: Sequence[str], decimal: str) -> Cells:
    import pyarrow as pa

    if not na and decimal == ".":
        try:
            return Cells(_to_numpy(column))
        except pa.ArrowInvalid:
            pass
    return _parse_cell_by_cell(column, na, decimal)


def _parse_cell_by_cell(column: pa.ChunkedArray, na: Sequence[str], decimal: str) -> Cells:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_trim_whitespace(column)
    words = pa.array(sorted({*MISSING_WORDS, *(word.strip() for word in na)}), type=text.type)
    present = pc.invert(pc.or_(pc.is_in(text, value_set=words), pc.is_null(text)))
    good = pc.and_(present, pc.match_substring_regex(text, _NUMBER))
    if decimal != ".":
        foreign = _NUMBER.replace(r"\.", re.escape(decimal))
        good = pc.and_(present, pc.match_substring_regex(text, foreign))
        text = pc.replace_substring(text, decimal, ".")
    values = _to_numpy(pc.if_else(pc.fill_null(good, False), text, pa.scalar(None, text.type)))
    bad = np.asarray(pc.and_not(present, pc.fill_null(good, False)).to_numpy(), dtype=bool)
    return Cells(values, bad if bad.any() else None)


_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?$").match
_COMMA_OR_THOUSAND = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}$").match
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[, '\u00a0\u202f]\d{3})+(?:\.\d+)?$").match
_THOUSAND_DOTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$").match
_BELOW = re.compile(r"[<≤]=?\s*[\d.,]+").match
_ABOVE = re.compile(r"[>≥]=?\s*[\d.,]+").match
_PERCENT = re.compile(r"[+-]?[\d.,]+\s*%$").match
_WITH_UNIT = re.compile(r"[+-]?[\d.,]+(?:\s+|(?=[°µμa-z€$£]))[^\d\s.,;:|/-][^\d;,|]{0,7}$").match
_TYPOGRAPHIC_MINUS = re.compile(r"[\u2212\u2013\u2014][\d.,]+$").match


def explain(cell: str, decimal: str = ".") -> str:
    """
    Guess why a cell is no number and say what to do.

    Examples
    --------
    >>> print(explain("3,5"))
    '3,5' has a decimal comma. Add --decimal ,
    >>> print(explain("12 %"))
    '12 %' is a percentage. Write it without the sign.
    """
    text = cell.strip()
    guess = _guess(text, decimal)
    if guess is not None:
        return f"{show(cell)} {guess.format(quoted=shlex.quote(text))}"
    return (
        f"{show(cell)} is not a number. If it stands for a missing value, add --na {shlex.quote(text)} --missing drop; "
        "otherwise mend the cell, or leave the column out with --exclude."
    )


def is_nearly_number(cell: str, decimal: str = ".") -> bool:
    """
    Whether a cell seems meant as a number, so that a column of such cells is no column of text.

    Examples
    --------
    >>> [is_nearly_number(cell) for cell in ("3,5", "<0.1", "50%", "12 mm", "setosa", "7B")]
    [True, True, True, True, False, False]
    """
    return _guess(cell.strip(), decimal) is not None


def _guess(text: str, decimal: str) -> str | None:
    guesses = _COMMA_GUESSES if decimal == "," else _POINT_GUESSES
    return next((sentence for fits, sentence in guesses if fits(text)), None)


def _seems_split(text: str) -> bool:
    """Whether a cell holds a number, a foreign delimiter and more."""
    return any(mark in text and is_number(text.split(mark)[0].strip().replace(",", ".")) for mark in ";\t|")


_LIMIT = (
    "is a detection limit: it says only that the value lies {side}, so it is never read as a number. Put an estimate "
    "of your own into the cell, or drop such rows with --na {quoted} --missing drop (what is left is then biased)."
)
_Guess = tuple[Callable[[str], object], str]
_COMMON: list[_Guess] = [
    (_BELOW, _LIMIT.replace("{side}", "below")),
    (_ABOVE, _LIMIT.replace("{side}", "above")),
    (_PERCENT, "is a percentage. Write it without the sign."),
    (_TYPOGRAPHIC_MINUS, "has a typographic dash for a minus. Write - instead."),
    (lambda text: text.startswith("#"), "is a spreadsheet's error. Mend it, or add --na {quoted} --missing drop."),
    (_seems_split, "looks like several cells. Is the delimiter another one? Add --delimiter."),
]
_UNIT: _Guess = (_WITH_UNIT, "is a number with a unit. Put the unit into the column's name.")
_POINT_GUESSES: list[_Guess] = [
    *_COMMON,
    (
        _COMMA_OR_THOUSAND,
        "has a decimal comma (then add --decimal ,) or one between thousands (then write it without).",
    ),
    (_THOUSANDS, "has separators between thousands. Write it without them."),
    (_DECIMAL_COMMA, "has a decimal comma. Add --decimal ,"),
    _UNIT,
]
_COMMA_GUESSES: list[_Guess] = [
    *_COMMON,
    (is_number, "has a decimal point, but --decimal , was given. Leave it out."),
    (_THOUSAND_DOTS, "has points between thousands. Write it without them."),
    _UNIT,
]
