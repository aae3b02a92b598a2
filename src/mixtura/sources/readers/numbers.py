"""Columns of a batch as numbers, without a copy where they are numbers already."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.sources.cells import parse
from mixtura.sources.tables import TableOptions

Bad = NDArray[np.bool_] | None


def numbers(column: Any, options: TableOptions) -> tuple[NDArray[Any], Bad]:
    """
    Read a column of a batch.

    Parameters
    ----------
    column : pyarrow.Array or ChunkedArray
        n cells of any type.
    options
        The words for missing cells and the decimal mark of text.

    Returns
    -------
    values : (n,) array
        Floats as they are stored, NaN where they are missing; integers too where none is missing; else float64.
    bad : (n,) bool or None
        Where there is something that is no number; None where there is nothing of that kind.

    Examples
    --------
    >>> import pyarrow as pa
    >>> numbers(pa.array([1.5, None], pa.float32()), TableOptions())
    (array([1.5,  nan], dtype=float32), None)
    """
    import pyarrow as pa
    import pyarrow.types as kinds

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    whole = kinds.is_integer(column.type) and column.null_count == 0
    if kinds.is_floating(column.type) or whole:
        return column.to_numpy(zero_copy_only=False), None
    cells = parse(pa.chunked_array([column]), options.na, options.decimal)
    return cells.values, cells.bad


def dtype_of(kind: Any) -> np.dtype[Any] | None:
    """Give the dtype of numbers of an Arrow type; None for text, dates and whatever else is no number."""
    import pyarrow.types as kinds

    from mixtura.sources.cells import is_numeric

    if not is_numeric(kind):
        return None
    return np.dtype(np.float32 if kinds.is_float32(kind) else np.float64)


def incomplete(columns: NDArray[Any] | tuple[NDArray[Any], ...]) -> NDArray[np.bool_]:
    """
    Find the rows with a missing cell: (n,) bool.

    Examples
    --------
    >>> import numpy as np
    >>> incomplete((np.array([1.0, np.nan]), np.array([1, 2])))
    array([False,  True])
    """
    parts = columns if isinstance(columns, tuple) else tuple(columns.T)
    out: NDArray[np.bool_] = np.logical_or.reduce([np.isnan(part) for part in parts])
    return out
