"""Rows in memory: a NumPy array, a memory map, an array of another namespace, or a DataFrame read tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from typing import Any, TypeVar

import numpy as np

from mixtura.arrays import Array, Float, device, is_host, namespace, to_host
from mixtura.block import Block
from mixtura.frame import Frame, Summary

# Rows a block: the unit of work of a thread. Fixed, so that sums do not depend on the number of threads.
BLOCK = 2**14

T = TypeVar("T")
Mapper = Callable[[Callable[[Block], Any], Iterable[Block]], Iterable[Any]]


@dataclass(frozen=True)
class Memory:
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
    """

    rows: Array
    weight: Float | None
    frame: Frame
    mapper: Mapper = field(default=map, repr=False)
    block: int = BLOCK
    names: tuple[str, ...] | None = None

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

    def name(self, column: int) -> str:
        """A column as a sentence calls it: its quoted name, or its index."""
        return str(column) if self.names is None else repr(self.names[column])

    def framed(self, frame: Frame) -> Memory:
        """The same rows seen through another frame."""
        return replace(self, frame=frame)

    def blocks(self) -> Iterator[Block]:
        """The rows in blocks, in order."""
        yield from Block(self.rows, self.weight, 0, self.frame).tiles(self.block)

    def reduce(self, kernel: Callable[[Block], T]) -> T:
        """Sum over all blocks, in their order, of what the kernel makes of each."""
        parts: Iterable[T] = self.mapper(kernel, self.blocks())
        return reduce(add, parts)

    def map_rows(self, function: Callable[[Block], tuple[Array, ...]], *outputs: Array) -> None:
        """Write what `function` makes of each block, an array a given output, into the outputs' rows."""

        def write(block: Block) -> None:
            for out, part in zip(outputs, function(block), strict=True):
                out[block.start : block.stop] = part if is_host(part) else to_host(part)

        for _ in self.mapper(write, self.blocks()):
            pass

    def summary(self) -> Summary:
        """Range, mean and spread of each column."""
        return self.reduce(lambda block: Summary.of(self._host(block.rows), block.weight))

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
        return self._host(xp.take(self.rows, xp.asarray(indices, device=device(self.rows)), axis=0))

    @staticmethod
    def _host(rows: Array) -> Float:
        return rows if is_host(rows) else to_host(rows)
