"""Rows in memory: a NumPy array, a memory map, an array of another namespace, or a DataFrame read tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mixtura.arrays import Array, Float, back, is_host, namespace, to_host
from mixtura.block import Block
from mixtura.frame import Frame
from mixtura.sources.lots import Sample, draw
from mixtura.sources.source import BLOCK as BLOCK
from mixtura.sources.source import Files, Mapper, Source, all_positions, whole


@dataclass(frozen=True)
class Memory(Source):
    """Rows of an array, read as they are through a frame.

    Parameters
    ----------
    rows : array of shape (N, D)
        Real numbers of any dtype and layout; never copied.
    weight : array of shape (N,) or None
    frame : Frame
    mapper : callable
        ``mapper(function, blocks)`` yields results in order; a pool of threads brings its own.
    block : int
        Rows a block.
    names : tuple of str, optional
        Names of the columns, for sentences.
    files : Files, optional
        The files that the rows were read from, for sentences.
    seed : int
        Which random order of the rows samples follow.
    fold : callable
        How sums over blocks are taken.
    """

    rows: Array
    weight: Float | None
    frame: Frame
    mapper: Mapper = field(default=map, repr=False)
    block: int = BLOCK
    names: tuple[str, ...] | None = None
    files: Files | None = field(default=None, repr=False)
    seed: int = 0
    fold: Callable[[Any, Any], Any] = field(default=whole, repr=False)

    @classmethod
    def of(
        cls,
        rows: Array,
        weight: Float | None = None,
        mapper: Mapper = map,
        block: int = BLOCK,
        names: tuple[str, ...] | None = None,
    ) -> Memory:
        """A source in the user's units: origin 0, unit 1."""
        d = int(rows.shape[1])
        return cls(rows, weight, Frame(np.zeros(d), np.ones(d)), mapper, block, names)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of features."""
        return int(self.rows.shape[0]), int(self.rows.shape[1])

    @property
    def kind(self) -> Array:
        """An array of the kind that blocks hold: kernels are chosen by it."""
        return self.rows

    def blocks(self, skip: int = 0) -> Iterator[Block]:
        """The rows in blocks, in order, without the first `skip` blocks."""
        begin = min(skip * self.block, self.shape[0])
        weight = None if self.weight is None else self.weight[begin:]
        yield from Block(self.rows[begin:, :] if begin else self.rows, weight, begin, self.frame).tiles(self.block)

    def as_float(self) -> Array:
        """All rows for a library that wants float rows on the host: the array itself when it is one."""
        rows = self._host(self.rows)
        ready = rows.dtype in (np.float32, np.float64) and rows.dtype.isnative
        return rows if ready else self.take(slice(None))

    def take(self, indices: Any) -> Float:
        """Some rows in the user's units, as host float64."""
        if is_host(self.rows):
            return np.asarray(self.rows[indices], dtype=np.float64)
        xp = namespace(self.rows)
        return self._host(xp.take(self.rows, back(indices, self.rows), axis=0))

    def sample(self, size: int) -> Sample:
        """`size` rows of positive weight at random, or all of them where they are fewer, in random order."""
        at = draw(self.seed, self.shape[0], size, self.weight)
        single = is_host(self.rows) and self.rows.dtype == np.float32
        return Sample(self.rows[at] if single else self.take(at), None if self.weight is None else self.weight[at], at)

    def count(self) -> tuple[int, float]:
        """How many rows have a positive weight, and the sum of the weights."""
        if self.weight is None:
            return self.shape[0], float(self.shape[0])
        return int(np.count_nonzero(self.weight > 0)), float(self.weight.sum())

    def head(self, size: int) -> Float:
        """The first rows of positive weight in the user's units, `size` at most."""
        if self.weight is None:
            return self.take(np.arange(min(size, self.shape[0])))
        return self.take(all_positions(self.weight, self.shape[0])[:size])

    @staticmethod
    def _host(rows: Array) -> Float:
        return rows if is_host(rows) else to_host(rows)
