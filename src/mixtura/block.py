"""A run of rows on its way into a kernel: the rows as they are, and the frame through which to read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura.arrays import Array, Float, is_host, like, namespace, without_gradients
from mixtura.frame import Frame


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a source.

    Parameters
    ----------
    rows : array of shape (n, D)
        The rows as the source holds them, in the user's units and dtype.
    weight : array of shape (n,) or None
        Weights of the rows (float64, host or the device of the rows); None means 1 each.
    start : int
        Position of the first row in the source.
    frame : Frame
        Affine coordinates in which the kernel computes.
    """

    rows: Array
    weight: Any
    start: int
    frame: Frame

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    @property
    def stop(self) -> int:
        """Position after the last row."""
        return self.start + len(self)

    def framed(self) -> Array:
        """The rows in frame coordinates, float64, as a new array of the rows' own namespace."""
        if is_host(self.rows):
            return self.frame.apply(self._kept())
        xp = namespace(self.rows)
        rows = xp.astype(without_gradients(self.rows), xp.float64)
        origin = like(self.frame.origin, rows)
        if self.weight is not None:
            rows = xp.where((like(self.weight, rows) > 0)[:, None], rows, origin[None, :])
        return (rows - origin) / like(self.frame.unit, rows)

    def columns(self) -> Float:
        """Host rows in frame coordinates with a column in a row: shape (D, n), C order, the same bits as `framed`."""
        return self.frame.apply_columns(self._kept())

    def _kept(self) -> Array:
        """The host rows; those of weight 0 are moved to the origin, so that nothing in their cells can matter."""
        removed = None if self.weight is None else self.weight == 0
        if removed is None or not removed.any():
            return self.rows
        return np.where(removed[:, None], self.frame.origin, self.rows)

    def tiles(self, size: int) -> Iterator[Block]:
        """The block in pieces of at most `size` rows, without a copy."""
        for begin in range(0, len(self), size):
            end = min(begin + size, len(self))  # the array API leaves slices beyond the end undefined
            weight = None if self.weight is None else self.weight[begin:end]
            yield replace(self, rows=self.rows[begin:end, :], weight=weight, start=self.start + begin)
