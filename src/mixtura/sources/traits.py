"""Whether a column is a measurement or only looks like one: an identifier, a code, a date, a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .cells import Cells, is_nearly_number
from .faults import show_all
from .tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

_FIRST = 1024
_FEWEST_VALUES = 3
_SHORTEST_COUNTER = 3
_SHORTEST_CLIMB = 10
_DAY = r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))"
_TIME = r"\d{1,2}:\d{2}(?::\d{2})?"
_DATE = re.compile(rf"{_DAY}(?:[T ]{_TIME}.*)?$|{_TIME}$").match


class Kind(Enum):
    """What a column holds."""

    MEASUREMENT = "measurement"
    TEXT = "text"
    DATE = "date"
    COUNTER = "row counter"
    CODE = "code"
    EMPTY = "empty"


@dataclass(frozen=True)
class Trait:
    """A column's kind, with words that show why."""

    name: str
    kind: Kind
    reason: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the column could be fitted if the user asked for it."""
        return self.kind in (Kind.MEASUREMENT, Kind.COUNTER, Kind.CODE)


def judge(table: Table, name: str) -> Trait:
    """
    Say what a column holds.

    Raises
    ------
    TableError
        Where most cells are numbers and one is not: with its line.
    """
    cells = table.cells(name)
    present = len(cells.values) - cells.n_missing
    if present == 0:
        return Trait(name, Kind.EMPTY, "every cell is empty")
    if cells.bad is not None and 2 * cells.n_bad >= present:
        return _judge_text(table, name, cells.bad)
    if cells.bad is not None:
        raise table.refuse_cell(int(np.argmax(cells.bad)), name)
    return judge_numbers(name, cells)


def _judge_text(table: Table, name: str, bad: NDArray[np.bool_]) -> Trait:
    first = [table.cell(int(row), name) for row in np.flatnonzero(bad)[:_FIRST]]
    if is_nearly_number(first[0], table.options.decimal) and not all(_DATE(cell.strip()) for cell in first):
        raise table.refuse_cell(int(np.argmax(bad)), name)
    some = _sample(first)
    kinds = _temporal(table.text(name))
    if kinds or all(_DATE(cell.strip()) for cell in first):
        return Trait(name, Kind.DATE, f"dates: {some}")
    return Trait(name, Kind.TEXT, f"text: {some}")


def _sample(cells: list[str]) -> str:
    different = list(dict.fromkeys(cells))
    return show_all(different[:2]) + (", ..." if len(different) > 2 else "")


def _temporal(column: pa.ChunkedArray) -> bool:
    import pyarrow.types as kinds

    return bool(kinds.is_temporal(column.type))


def judge_numbers(name: str, cells: Cells) -> Trait:
    """
    Say whether numbers are measurements, a code, a row counter or dates.

    Examples
    --------
    >>> import numpy as np
    >>> judge_numbers("id", Cells(np.arange(1.0, 9.0))).reason
    'whole numbers in even steps, as row counters are: 1, 2, 3, ...'
    >>> judge_numbers("sex", Cells(np.array([0.0, 1.0, 1.0, 0.0]))).reason
    'only the values 0, 1'
    >>> judge_numbers("height", Cells(np.array([1.8, 1.7, 1.9]))).kind.value
    'measurement'
    """
    values = cells.values[~cells.missing]
    few = _few_values(values)
    if few is not None:
        words = ", ".join(f"{value:g}" for value in few)
        return Trait(name, Kind.CODE, f"only the value {words}" if len(few) == 1 else f"only the values {words}")
    if not _is_whole(values):
        return Trait(name, Kind.MEASUREMENT)
    shown = ", ".join(f"{value:.0f}" for value in values[:3])
    if _is_calendar(values):
        return Trait(name, Kind.DATE, f"dates written as numbers: {shown}, ...")
    if _is_counter(values):
        return Trait(name, Kind.COUNTER, f"whole numbers in even steps, as row counters are: {shown}, ...")
    if len(values) >= _SHORTEST_CLIMB and (np.diff(values) > 0).all():
        return Trait(name, Kind.COUNTER, f"whole numbers that only rise, as identifiers do: {shown}, ...")
    return Trait(name, Kind.MEASUREMENT)


def _few_values(values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The different values, where they are fewer than three."""
    if len(np.unique(values[:_FIRST])) >= _FEWEST_VALUES:
        return None
    different = np.unique(values)
    return different if len(different) < _FEWEST_VALUES else None


def _is_whole(values: NDArray[np.float64]) -> bool:
    if not np.isfinite(values).all():
        return False
    return bool((values[:_FIRST] == np.rint(values[:_FIRST])).all() and (values == np.rint(values)).all())


def _is_counter(values: NDArray[np.float64]) -> bool:
    """Whole numbers in even steps, or a shuffled run of consecutive ones."""
    if len(values) < _SHORTEST_COUNTER:
        return False
    steps = np.diff(values)
    if steps[0] != 0 and (steps == steps[0]).all():
        return True
    is_run = len(values) >= _SHORTEST_CLIMB and float(np.ptp(values)) == len(values) - 1
    return is_run and len(np.unique(values)) == len(values)


def _is_calendar(values: NDArray[np.float64]) -> bool:
    """Whether every number reads as year, month and day, as 20240131."""
    if values.min() < 19000101 or values.max() > 21001231:
        return False
    month, day = values // 100 % 100, values % 100
    return bool(((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())
