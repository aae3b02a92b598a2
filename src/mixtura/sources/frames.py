"""Rows of a DataFrame (pandas, polars and whatever else narwhals knows), turned into numbers tile by tile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.outcome import MixtureError
from mixtura.sources.memory import Memory


@dataclass(frozen=True)
class Frames(Memory):
    """Rows of a narwhals DataFrame; only one block is ever an array."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of features."""
        rows, columns = self.rows.shape
        return int(rows), int(columns)

    def blocks(self) -> Iterator[Block]:
        """The rows in blocks, in order."""
        weight, step = self.weight, self.block
        for begin in range(0, max(self.shape[0], 1), step):
            part = None if weight is None else weight[begin : begin + step]
            yield Block(_numbers(self.rows[begin : begin + step]), part, begin, self.frame)

    def take(self, indices: Any) -> Float:
        """Some rows in the user's units, as host float64."""
        if isinstance(indices, slice):
            return _numbers(self.rows[indices])
        return _numbers(self.rows[np.asarray(indices).tolist()])

    def as_float(self) -> Float:
        """All rows as one array of floats."""
        return self.take(slice(None))


def _numbers(rows: Any) -> Float:
    """A narwhals DataFrame as a float64 array; nulls become NaN."""
    import narwhals as nw

    return np.ascontiguousarray(rows.select(nw.all().cast(nw.Float64)).to_numpy(), dtype=np.float64)


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
        if not (dtype.is_numeric() or dtype == nw.Boolean):
            raise MixtureError(
                f"Column {name!r} holds {dtype}, not numbers. Drop it, or turn it into numbers that measure something."
            )
    return frame
