"""Rows, wherever they are: what every source can do, and how it speaks of rows and columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from mixtura.arrays import Array, Float, is_host, to_host
from mixtura.block import Block
from mixtura.frame import Frame, Summary
from mixtura.outcome import MixtureError
from mixtura.sources.faults import show
from mixtura.sources.lots import Positions, Sample

# Rows a block of a pass that knows nothing of the work yet. Fixed, so that sums do not depend on threads or sources.
BLOCK = 2**14

T = TypeVar("T")
Mapper = Callable[[Callable[[Block], Any], Iterable[Block]], Iterable[Any]]


class Files(Protocol):
    """The files that rows come from, as sentences need them."""

    @property
    def title(self) -> str:
        """The files in a few words."""

    @property
    def fingerprint(self) -> str:
        """A name for the files and what is read of them."""

    def place(self, row: int) -> str:
        """Where a row stands: its file, and its line or row."""

    def refuse(self) -> MixtureError:
        """What is wrong with the first cell that is no finite number."""


@dataclass(frozen=True)
class Wording:
    """How sentences call the columns and rows of a source.

    Parameters
    ----------
    names : tuple of str or None
    files : Files or None
    """

    names: tuple[str, ...] | None = None
    files: Files | None = None

    @property
    def title(self) -> str:
        """The rows in a few words."""
        return "X" if self.files is None else self.files.title

    def name(self, column: int) -> str:
        """A column: its quoted name, or its index."""
        return str(column) if self.names is None else show(self.names[column], 80)

    def place(self, row: int) -> str:
        """A row: its position from 0, or its file and line."""
        return f"row {row}" if self.files is None else self.files.place(row)

    def cell(self, value: float, row: int, column: int) -> str:
        """The sentence for a cell that is not a finite number."""
        what = "NaN" if np.isnan(value) else "infinity"
        where = f"{self.place(row)}, column {self.name(column)}"
        return f"Input X contains {what}: {where}. Drop or fill such rows first."


class Source(ABC):
    """Rows seen through a frame, read in blocks: a source never sees a parameter.

    Attributes
    ----------
    weight : array of shape (N,) or None
        Weights that came beside the rows, on the host.
    frame : Frame
    mapper : callable
        ``mapper(function, blocks)`` yields results in order; a pool of threads brings its own.
    block : int
        Rows a block.
    names : tuple of str or None
        Names of the columns, for sentences.
    files : Files or None
        The files that the rows come from, for sentences.
    seed : int
        Which random order of the rows samples follow.
    fold : callable
        How sums over blocks are taken: ``fold(source, kernel)``; a keeper of sums brings its own.
    """

    weight: Float | None
    frame: Frame
    mapper: Mapper
    block: int
    names: tuple[str, ...] | None
    files: Files | None
    seed: int
    fold: Callable[[Any, Callable[[Block], Any]], Any]

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """Number of rows and of features."""

    @property
    def shape_of_row(self) -> int:
        """Number of features."""
        return self.shape[1]

    @property
    def weighted(self) -> bool:
        """Whether rows come with weights of their own."""
        return self.weight is not None

    @property
    @abstractmethod
    def kind(self) -> Array:
        """An array of the kind that blocks hold and of the shape of all: kernels are chosen by it."""

    @abstractmethod
    def blocks(self, skip: int = 0) -> Iterator[Block]:
        """The rows in blocks, in order, without the first `skip` blocks."""

    @abstractmethod
    def take(self, indices: Any) -> Float:
        """Some rows in the user's units, as host float64."""

    @abstractmethod
    def as_float(self) -> Array:
        """All rows for a library that wants float rows on the host."""

    def weights(self) -> Float | None:
        """The weights of all rows that `as_float` gives; None means 1 each."""
        return self.weight

    @abstractmethod
    def sample(self, size: int) -> Sample:
        """`size` rows of positive weight at random, or all of them where they are fewer, in random order."""

    @abstractmethod
    def count(self) -> tuple[int, float]:
        """How many rows have a positive weight, and the sum of the weights."""

    @abstractmethod
    def head(self, size: int) -> Float:
        """The first rows of positive weight in the user's units, `size` at most."""

    def having(self, **changes: Any) -> Self:
        """The same rows with another frame, mapper, ..."""
        changed: Self = replace(self, **changes)  # type: ignore[type-var]
        return changed

    def framed(self, frame: Frame) -> Self:
        """The same rows seen through another frame."""
        return self.having(frame=frame)

    def unweighted(self) -> Self:
        """The same rows, each as it is: for answers a row, which depend on no weight and leave no row out."""
        return self.having(weight=None)

    def in_order(self) -> Self:
        """The same rows, for kernels that must see the blocks one after another."""
        return self.having(mapper=map)

    def surveyed(self, most: int) -> Self:
        """The same rows, of which a first pass has told the summary and a sample of `most`, where that needs one."""
        return self

    @property
    def known_rows(self) -> float:
        """Number of rows as far as it is known without reading; infinite where it is not."""
        return float(self.shape[0])

    @property
    def words(self) -> Wording:
        """How sentences call rows and columns."""
        return Wording(self.names, self.files)

    def name(self, column: int) -> str:
        """A column as a sentence calls it: its quoted name, or its index."""
        return self.words.name(column)

    def reduce(self, kernel: Callable[[Block], T]) -> T:
        """Sum over all blocks, in their order, of what the kernel makes of each."""
        total: T = self.fold(self, kernel)
        return total

    def sums(self, kernel: Callable[[Block], T], skip: int = 0, total: T | None = None) -> Iterator[tuple[int, T]]:
        """After each block: how many blocks are done, and the sum so far; from the sum of the first `skip` on."""
        with closing(self.blocks(skip)) as blocks:
            for done, part in enumerate(self.mapper(kernel, blocks), skip + 1):
                total = part if total is None else total + part
                yield done, total

    def map_rows(self, function: Callable[[Block], tuple[Array, ...]], *outputs: Array) -> None:
        """Write what `function` makes of each block, an array a given output, into the outputs' rows."""

        def write(block: Block) -> None:
            for out, part in zip(outputs, function(block), strict=True):
                out[block.start : block.stop] = part if is_host(part) else to_host(part)

        with closing(self.blocks()) as blocks:
            for _ in self.mapper(write, blocks):
                pass

    def summary(self) -> Summary:
        """Range, mean and spread of each column."""
        return self.having(block=BLOCK).reduce(summarized)

    def refuse(self) -> MixtureError:
        """The error for the first cell that is no finite number."""
        if self.files is not None:
            return self.files.refuse()
        for block in self.blocks():
            rows = to_host(block.rows)
            wrong = ~np.isfinite(rows)
            if block.weight is not None:
                wrong[block.weight == 0] = False
            if wrong.any():
                row, column = (int(i) for i in np.argwhere(wrong)[0])
                return MixtureError(self.words.cell(float(rows[row, column]), block.start + row, column))
        raise AssertionError("a range is not finite, and every cell is")


@contextmanager
def closing(blocks: Iterator[Block]) -> Iterator[Iterator[Block]]:
    """The blocks, whose reader stops when the context ends: an error, or Ctrl-C, may keep hold of them for long."""
    try:
        yield blocks
    finally:
        if isinstance(blocks, Generator):
            blocks.close()


def whole(source: Source, kernel: Callable[[Block], T]) -> T:
    """The sum over all blocks: how sources fold unless told otherwise."""
    total: T | None = None
    for _, total in source.sums(kernel):  # noqa: B007 the last is what counts
        pass
    if total is None:
        raise MixtureError("There are no rows to read.")
    return total


def summarized(block: Block) -> Summary:
    """The summary of a block."""
    return Summary.of(block.rows if is_host(block.rows) else to_host(block.rows), block.weight)


def all_positions(weight: Float | None, n_rows: int) -> Positions:
    """Positions of the rows of positive weight."""
    return np.arange(n_rows) if weight is None else np.flatnonzero(weight > 0)
