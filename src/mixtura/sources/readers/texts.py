"""Columns of text and of dates among those that nobody chose, told by the first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.sources.cells import explain, is_nearly_number
from mixtura.sources.faults import TableError, show
from mixtura.sources.raw import title

from .numbers import numbers

if TYPE_CHECKING:
    from .reader import Reader

_FIRST = 1024


def refuse_texts(reader: Reader) -> None:
    """
    Raise for the first column that is no column of numbers.

    Raises
    ------
    TableError
        With the column, its first value and the remedy; where most cells are numbers, with the place of the first that
        is none.
    """
    file = reader.volumes[0]
    doubtful = [name for name in reader.names if file.stored(name) is None]
    if not doubtful:
        return
    batch: list[Any] = next(file.batches(doubtful, 0, _FIRST), [])
    for name, column in zip(doubtful, batch, strict=False):
        values, bad = numbers(column, reader.options)
        if bad is not None:
            raise _refusal(reader, name, column, values, bad)


def _refusal(reader: Reader, name: str, column: Any, values: NDArray[Any], bad: NDArray[np.bool_]) -> TableError:
    file, row = reader.volumes[0], int(np.argmax(bad))
    cell = str(column[row].as_py())
    decimal = reader.options.decimal
    n_present = int((bad | ~np.isnan(values)).sum())
    if 2 * int(bad.sum()) < n_present or is_nearly_number(cell, decimal):
        return TableError(f"{file.place(row)}, column {show(name)}: {explain(cell, decimal)}")
    left = [other for other in reader.names if other != name][:3]
    few = ", ".join([*(show(other) for other in left), *(["..."] if len(reader.names) > 4 else [])])
    remedy = f"Name the columns to fit without it: columns=[{few}]." if left else "Is this a table of numbers?"
    return TableError(f"{title(file.path)}: column {show(name)} holds no numbers but {show(cell)}, .... {remedy}")
