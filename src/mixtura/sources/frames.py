"""Rows of a DataFrame (pandas, polars and whatever else narwhals knows), turned into numbers tile by tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.outcome import MixtureError
from mixtura.sources.memory import Memory

REMEDY = "Drop it, or turn it into numbers that measure something."


@dataclass(frozen=True)
class Frames(Memory):
    """Rows of a narwhals DataFrame; only one block is ever an array."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of features."""
        rows, columns = self.rows.shape
        return int(rows), int(columns)

    @property
    def kind(self) -> Float:
        """An array of the kind that blocks hold and of the shape of all: kernels are chosen by it."""
        return np.broadcast_to(0.0, self.shape)

    def blocks(self, skip: int = 0) -> Iterator[Block]:
        """The rows in blocks, in order, without the first `skip` blocks."""
        weight, step = self.weight, self.block
        for begin in range(skip * step, max(self.shape[0], 1), step):
            part = None if weight is None else weight[begin : begin + step]
            rows = self.rows[begin : begin + step]
            yield Block(_numbers(rows, range(begin, begin + len(rows))), part, begin, self.frame)

    def take(self, indices: Any) -> Float:
        """Some rows in the user's units, as host float64."""
        if isinstance(indices, slice):
            return _numbers(self.rows[indices], range(self.shape[0])[indices])
        positions = np.asarray(indices).tolist()
        return _numbers(self.rows[positions], positions)

    def as_float(self) -> Float:
        """All rows as one array of floats."""
        return self.take(slice(None))


def _numbers(rows: Any, positions: Sequence[int]) -> Float:
    """A narwhals DataFrame, whose rows stand at these positions in the data, as a float64 array; nulls become NaN."""
    import narwhals as nw

    out = np.full(rows.shape, np.nan)
    for j, name in enumerate(rows.columns):
        column = rows.get_column(name)
        if column.dtype == nw.Object:
            out[:, j] = [_number(cell, at, name) for cell, at in zip(column.to_list(), positions, strict=True)]
        else:
            there = ~column.is_null().to_numpy()
            out[there, j] = column.drop_nulls().to_numpy()
    return out


def _number(cell: Any, row: int, name: str) -> float:
    try:
        return float("nan") if cell is None else float(cell)
    except (TypeError, ValueError):
        raise MixtureError(f"Row {row}, column {name!r} holds {cell!r}, not a number. {REMEDY}") from None


def is_frame(X: Any) -> bool:
    """Whether `X` is a DataFrame of a library that narwhals knows."""
    if isinstance(X, np.ndarray | list | tuple):
        return False
    import narwhals as nw

    try:
        return isinstance(nw.from_native(X, eager_only=True, pass_through=True), nw.DataFrame)
    except nw.exceptions.DuplicateError:
        return True  # one that `numeric` will refuse


def numeric(X: Any) -> Any:
    """The DataFrame as narwhals sees it.

    Raises
    ------
    MixtureError
        For a column that is not numeric, by its name and type, and for two columns of one name.
    """
    import narwhals as nw

    try:
        frame = nw.from_native(X, eager_only=True)
        columns = frame.schema
    except nw.exceptions.DuplicateError:
        raise MixtureError(f"Two columns of X have one name: {', '.join(map(str, X.columns))}. Rename one.") from None
    for name, dtype in columns.items():
        # cells of any kind are judged one by one
        if not (dtype.is_numeric() or dtype in (nw.Boolean, nw.Object)):
            native = frame.get_column(name).to_native()
            held = getattr(native, "dtype", getattr(native, "type", dtype)) if dtype == nw.Unknown else dtype
            raise MixtureError(f"Column {name!r} holds {held}, not numbers. {REMEDY}")
    return frame
