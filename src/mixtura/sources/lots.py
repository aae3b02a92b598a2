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

    What is kept of each row stands in arrays that are made once, a little longer than they need to be: when they are
    full, the rows that others have outdone are taken out in place.

    Parameters
    ----------
    size : int
    seed : int
    """

    def __init__(self, size: int, seed: int) -> None:
        self._size, self._seed = size, seed
        self._limit = EVERY
        self._there = 0
        self._columns: list[Any] = []

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
        given = (keys, *columns)
        if not self._columns:
            room = self._size + max(self._size // 4, LIST)
            # a column after the other, so that each can be put in order by itself
            self._columns = [np.empty((room, *one.shape[1:]), one.dtype, order="F") for one in given]
        begin, room = 0, len(self._columns[0])
        while begin < len(keys):
            end = min(begin + room - self._there, len(keys))
            for column, one in zip(self._columns, given, strict=True):
                column[self._there : self._there + end - begin] = one[begin:end]
            self._there, begin = self._there + end - begin, end
            if self._there == room:
                self._keep(np.sort(np.argpartition(self._columns[0], self._size - 1)[: self._size]))
                self._limit = self._columns[0][: self._there].max()

    def _keep(self, which: Positions) -> None:
        """These rows only, in this order."""
        for column in self._columns:
            for each in column.T if column.ndim > 1 else (column,):
                each[: len(which)] = each[which]
        self._there = len(which)

    def winners(self) -> tuple[Any, ...]:
        """What was kept of the winners, in the order of their keys; nothing can be added after."""
        if not self._columns:
            return ()
        self._keep(np.argsort(self._columns[0][: self._there], kind="stable")[: self._size])
        return tuple(column[: self._there] for column in self._columns[1:])


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
