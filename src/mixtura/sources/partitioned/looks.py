"""A first look at rows in many places: sums, a sample by keys, first rows, and weights that are none."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from mixtura.arrays import Float, is_float32
from mixtura.block import Block
from mixtura.frame import Summary
from mixtura.outcome import MixtureError
from mixtura.sources.lots import EVERY, Lot, Positions, Sample, lots
from mixtura.sources.source import summarized
from mixtura.sources.surveyed import HEAD, Survey, first_rows


@dataclass(frozen=True)
class Look:
    """What is seen of consecutive rows; neighbors add.

    Parameters
    ----------
    size : int
        Rows of the sample that is drawn, at most.
    summary : Summary
    n_rows : int
        With those of weight 0.
    head : array of shape (m, D)
        The first rows of positive weight.
    keys, rows, weight, at
        The rows of positive weight that may be in the sample: their random keys, cells, weights and positions.
    wrong : tuple or None
        The first row whose weight is none, and that weight.
    """

    size: int
    summary: Summary
    n_rows: int
    head: Float
    keys: Lot
    rows: Float
    weight: Float
    at: Positions
    wrong: tuple[int, float] | None

    def __add__(self, other: Look) -> Look:
        keys = np.concatenate([self.keys, other.keys])
        keep: Any = slice(None)
        if len(keys) > self.size:
            keep = np.sort(np.argsort(keys, kind="stable")[: self.size])
        return Look(
            self.size,
            self.summary + other.summary,
            self.n_rows + other.n_rows,
            np.concatenate([self.head, other.head])[:HEAD],
            keys[keep],
            np.concatenate([self.rows, other.rows])[keep],
            np.concatenate([self.weight, other.weight])[keep],
            np.concatenate([self.at, other.at])[keep],
            self.wrong or other.wrong,
        )

    def survey(self, weighted: bool) -> Survey:
        """What the look at all rows tells.

        Raises
        ------
        MixtureError
            For weights that are none, by the first such row, and where no weight is above 0.
        """
        if self.wrong is not None:
            row, weight = self.wrong
            raise MixtureError(f"sample_weight is {weight:g} at row {row}. Weights are counts; 0 removes a row.")
        if weighted and not self.summary.rows and self.n_rows:
            raise MixtureError("All sample weights are zero: no row is left to fit.")
        return Survey(self.summary, self.n_rows, self.sample(weighted), self.head)

    def sample(self, weighted: bool) -> Sample:
        """The rows of the smallest keys, in the order of these."""
        order = np.argsort(self.keys, kind="stable")[: self.size]
        return Sample(self.rows[order], self.weight[order] if weighted else None, self.at[order])


def look(block: Block, size: int, seed: int, limit: np.uint64 = EVERY) -> Look:
    """A look at a block, for a sample of `size` rows whose keys are no larger than the limit."""
    keys = lots(seed, block.start, block.stop)
    weight = np.ones(len(block)) if block.weight is None else block.weight
    at = np.flatnonzero((keys <= limit) & (weight > 0))
    rows = block.rows[at] if is_float32(block.rows) else np.asarray(block.rows[at], dtype=np.float64)
    bad = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    wrong = (block.start + int(bad[0]), float(weight[bad[0]])) if len(bad) else None
    summary = summarized(block)
    return Look(size, summary, len(block), first_rows(block), keys[at], rows, weight[at], at + block.start, wrong)


def limit(size: int, n_rows: int) -> np.uint64:
    """A bound that `size` of so many keys stay below, but for less than once in 10^14 draws.

    Examples
    --------
    >>> from mixtura.sources.partitioned.looks import limit
    >>> from mixtura.sources.lots import lots
    >>> int((lots(0, 0, 100_000) <= limit(1000, 100_000)).sum())
    1261
    """
    share = (size + 8.0 * sqrt(size) + 32.0) / n_rows
    return EVERY if share >= 1.0 else np.uint64(share * 2.0**64)
