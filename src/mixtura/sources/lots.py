"""A random order of rows that their positions alone decide: samples are the same wherever rows are and however read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float

Lot = NDArray[np.uint64]
Positions = NDArray[np.int64]

# Keys are drawn for so many rows at a time, and a list of winners is kept no shorter than this.
STRETCH, LIST = 2**18, 2**16
EVERY = np.uint64(2**64 - 1)


def lots(seed: int, start: int, stop: int) -> Lot:
    """The key of each row from `start` to `stop`: 64 random bits that depend on seed and position alone.

    They are a counter's encryption (Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3), so no key
    needs those before it.

    Examples
    --------
    >>> from mixtura.sources.lots import lots
    >>> bool((lots(7, 0, 100)[40:60] == lots(7, 40, 60)).all())
    True
    """
    first = start // 4  # a counter gives four words
    bits = np.random.Philox(key=seed, counter=[first, 0, 0, 0])
    return np.asarray(bits.random_raw(stop - 4 * first)[start - 4 * first :])


@dataclass(frozen=True)
class Sample:
    """Rows drawn at random without replacement, in random order: the first of them are a smaller such sample.

    Parameters
    ----------
    rows : array of shape (m, D)
        In the user's units.
    weight : array of shape (m,) or None
    positions : integer array of shape (m,)
        Where they stand among all rows.
    """

    rows: Float
    weight: Float | None
    positions: Positions

    def __len__(self) -> int:
        return len(self.positions)

    def first(self, size: int) -> Sample:
        """The first so many of these rows."""
        return self if size >= len(self) else self._of(slice(size))

    def rising(self) -> Sample:
        """The same rows in the order in which they stand."""
        return self._of(np.argsort(self.positions))

    def _of(self, which: Any) -> Sample:
        weight = None if self.weight is None else self.weight[which]
        return Sample(self.rows[which], weight, self.positions[which])


class Draw:
    """The `size` rows of positive weight that have the smallest keys among those seen so far.

    Parameters
    ----------
    size : int
    seed : int
    """

    def __init__(self, size: int, seed: int) -> None:
        self._size, self._seed = size, seed
        self._limit = EVERY
        self._there = 0
        self._parts: list[tuple[Any, ...]] = []

    def candidates(self, start: int, weight: Float | None, n_rows: int) -> tuple[Positions, Lot]:
        """Which of `n_rows` rows from position `start` may win, counted from 0, and their keys; on any thread."""
        found = lots(self._seed, start, start + n_rows)
        wins = found <= self._limit
        if weight is not None:
            wins &= weight > 0
        at = np.flatnonzero(wins)
        return at, found[at]

    def add(self, keys: Lot, *columns: Any) -> None:
        """Rows by their keys, with whatever is to be kept of each; in the rows' order."""
        self._parts.append((keys, *columns))
        self._there += len(keys)
        if self._there >= 2 * max(self._size, LIST):
            self._cut()

    def _cut(self) -> None:
        """Forget the rows that others have outdone."""
        joined = self._joined()
        keep = np.argpartition(joined[0], self._size - 1)[: self._size]
        self._limit = joined[0][keep].max()
        self._parts = [tuple(column[keep] for column in joined)]
        self._there = self._size

    def _joined(self) -> tuple[Any, ...]:
        if len(self._parts) == 1:
            return self._parts[0]
        return tuple(np.concatenate(columns) for columns in zip(*self._parts, strict=True))

    def winners(self) -> tuple[Any, ...]:
        """What was kept of the winners, in the order of their keys."""
        keys, *columns = self._joined()
        order = np.argsort(keys, kind="stable")[: self._size]
        return tuple(column[order] for column in columns)


def draw(seed: int, n_rows: int, size: int, weight: Float | None = None) -> Positions:
    """Positions of `size` of `n_rows` rows (of those of positive weight, where there are so many), in random order.

    Examples
    --------
    >>> from mixtura.sources.lots import draw
    >>> found = draw(0, 1000, 5)
    >>> len(set(found.tolist())), bool((draw(0, 1000, 3) == found[:3]).all())
    (5, True)
    """
    if weight is not None:
        return _draw(seed, n_rows, size, weight)
    return _unweighted(seed, n_rows, max(size, LIST))[:size]


@lru_cache(maxsize=8)
def _unweighted(seed: int, n_rows: int, size: int) -> Positions:
    found = _draw(seed, n_rows, size, None)
    found.flags.writeable = False
    return found


def _draw(seed: int, n_rows: int, size: int, weight: Float | None) -> Positions:
    drawing = Draw(size, seed)
    for start in range(0, n_rows, STRETCH):
        stop = min(start + STRETCH, n_rows)
        at, keys = drawing.candidates(start, None if weight is None else weight[start:stop], stop - start)
        drawing.add(keys, at + start)
    return np.asarray(drawing.winners()[0])
