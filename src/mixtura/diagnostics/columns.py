"""Numbers that say whether the columns of the data look right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from mixtura.arrays import Array, Float, is_host, to_host
from mixtura.block import Block
from mixtura.sources.memory import Memory
from mixtura.sources.source import Source

EPS = float(np.finfo(np.float64).eps)
# A glance at this many rows clears most columns of being a counter or a code.
GLANCE = 64
# An eigenvalue of the correlation matrix below this many eps a feature counts as zero.
RANK = 4.0


@dataclass(frozen=True)
class Columns:
    """Which columns look like a row counter, and how many distinct values (at most 3) each holds; neighbors add."""

    first: Float
    last: Float
    step: Float  # common difference of neighbors; NaN when it varies
    low: Float
    high: Float
    distinct: Float
    rows: int

    @classmethod
    def of(cls, block: Block, columns: list[int]) -> Columns:
        """The given columns of a block, without its rows of weight 0."""
        rows = _host(block.rows)[:, columns].astype(np.float64)
        if block.weight is not None:
            rows = rows[block.weight > 0]
        if not len(rows):
            none = np.zeros(len(columns))
            return cls(none, none, none, none, none, none, 0)
        low, high = rows.min(axis=0), rows.max(axis=0)
        between = ((rows != low) & (rows != high)).any(axis=0)
        with np.errstate(over="ignore"):
            steps = rows[1:] - rows[:-1] if len(rows) > 1 else np.full((1, len(columns)), np.nan)
        step = np.where((steps == steps[0]).all(axis=0), steps[0], np.nan)
        return cls(rows[0], rows[-1], step, low, high, np.where(between, 3, 1 + (low != high)), len(rows))

    def __add__(self, other: Columns) -> Columns:
        if not self.rows or not other.rows:
            return self if self.rows else other
        low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        joined = np.array([len({*pair}) for pair in zip(self.low, self.high, other.low, other.high, strict=True)])
        distinct = np.minimum(3, np.maximum(joined, np.maximum(self.distinct, other.distinct)))
        with np.errstate(over="ignore"):
            seam = other.first - self.last
        goes_on = (seam == self.step) & ((other.step == self.step) | (other.first == other.last))
        step = np.where(goes_on, self.step, np.nan)
        return Columns(self.first, other.last, step, low, high, distinct, self.rows + other.rows)


def odd_columns(source: Source) -> tuple[list[int], list[int]]:
    """Columns that are row counters, and columns with one or two distinct values."""
    (n, _), d = source.count(), source.shape[1]
    glance = Columns.of(Block(source.head(GLANCE), None, 0, source.frame), list(range(d)))
    suspects = [j for j in range(d) if np.isfinite(glance.step[j]) or glance.distinct[j] < 3]
    if not suspects:
        return [], []
    found = glance if n <= GLANCE else source.reduce(partial(Columns.of, columns=suspects))
    at = suspects if n > GLANCE else list(range(d))
    counters = [j for j, s in zip(at, found.step, strict=True) if np.isfinite(s) and s != 0 and n > 2]
    few = [j for j, count in zip(at, found.distinct, strict=True) if count < 3]
    return counters, few


@dataclass(frozen=True)
class Second:
    """Second moment of framed rows, for the covariance of all of them; blocks add."""

    second: Float
    first: Float
    weight: float

    @classmethod
    def of(cls, block: Block) -> Second:
        """Of a block."""
        rows = _host(block.framed())
        weight = np.ones(len(rows)) if block.weight is None else block.weight
        return cls(rows.T @ (rows * weight[:, None]), weight @ rows, float(weight.sum()))

    def __add__(self, other: Second) -> Second:
        return Second(self.second + other.second, self.first + other.first, self.weight + other.weight)

    def covariance(self) -> Float:
        """Covariance in frame coordinates, shape (D, D)."""
        mean = self.first / self.weight
        return np.asarray(self.second / self.weight - np.outer(mean, mean))


def total_covariance(source: Source) -> Float:
    """Covariance of all rows in frame coordinates, shape (D, D)."""
    total: Second = source.reduce(Second.of)
    return total.covariance()


def dependent_columns(source: Source) -> list[int]:
    """Columns that are linear combinations of earlier ones (constant columns aside).

    A sample of full rank proves full rank; only where it is deficient are all rows read.
    """
    n, d = source.shape
    enough = max(2000, 10 * d)
    if n > enough:
        drawn = source.sample(enough).rising()
        sample = Memory(drawn.rows, drawn.weight, source.frame)
        if not _dependent(total_covariance(sample)):
            return []
    return _dependent(total_covariance(source))


def _dependent(covariance: Float) -> list[int]:
    deviation = np.sqrt(np.diagonal(covariance))
    there = np.flatnonzero(deviation > 0)
    if len(there) < 2:
        return []
    correlation = covariance[np.ix_(there, there)] / np.outer(deviation[there], deviation[there])
    values, vectors = np.linalg.eigh(correlation)
    rank = int((values > RANK * len(there) * EPS).sum())
    if rank == len(there):
        return []
    from scipy.linalg import qr

    # columns that a pivoted factorization of the row space leaves for last are combinations of the others
    *_, order = qr((vectors[:, values.argsort()[::-1][:rank]]).T, pivoting=True, mode="economic")
    return sorted(int(there[j]) for j in order[rank:])


def distinct_rows(source: Source, enough: int) -> int:
    """Number of distinct rows of positive weight, counted up to `enough`."""
    few = source.head(enough) if enough <= GLANCE else np.empty((0, 1))
    if len({row.tobytes() for row in few + 0.0}) >= enough:
        return enough  # without a reading
    seen: set[bytes] = set()
    for block in source.blocks():
        rows = np.asarray(_host(block.rows), dtype=np.float64) + 0.0  # -0.0 is 0.0
        if block.weight is not None:
            rows = rows[block.weight > 0]
        for begin in range(0, len(rows), 4 * enough):
            seen.update(row.tobytes() for row in rows[begin : begin + 4 * enough])
            if len(seen) >= enough:
                return enough
    return len(seen)


def _host(rows: Array) -> Float:
    return rows if is_host(rows) else to_host(rows)
