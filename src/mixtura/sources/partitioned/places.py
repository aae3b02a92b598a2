"""The first cell, among rows in many places, that is no finite number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.block import Block


@dataclass(frozen=True)
class Wrong:
    """A cell that is no finite number, or none in `row` -1; of neighbors the first counts.

    Examples
    --------
    >>> from mixtura.sources.partitioned.places import Wrong
    >>> (Wrong(-1, -1, 0.0) + Wrong(7, 1, float("inf")) + Wrong(9, 0, float("inf"))).row
    7
    """

    row: int
    column: int
    value: float

    def __add__(self, other: Wrong) -> Wrong:
        return other if self.row < 0 else self


def first_wrong(block: Block) -> Wrong:
    """The first cell of a block, among rows of positive weight, that is no finite number."""
    rows = np.asarray(block.rows, dtype=np.float64)
    wrong = ~np.isfinite(rows)
    if block.weight is not None:
        wrong[block.weight == 0] = False
    if not wrong.any():
        return Wrong(-1, -1, 0.0)
    row, column = (int(i) for i in np.argwhere(wrong)[0])
    return Wrong(block.start + row, column, float(rows[row, column]))
