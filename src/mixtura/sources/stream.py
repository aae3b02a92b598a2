"""Rows that are read from files anew at every pass, block by block, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.frame import Frame, Summary
from mixtura.sources.ahead import ahead
from mixtura.sources.faults import TableError, plural
from mixtura.sources.lots import Draw, Sample
from mixtura.sources.memory import Memory
from mixtura.sources.readers import Chunk, Reader
from mixtura.sources.source import BLOCK, Mapper, closing, summarized, whole
from mixtura.sources.surveyed import HEAD, MANY, Survey, Surveyed, first_rows, made


@dataclass(frozen=True)
class Stream(Surveyed):
    """Rows of a reader, seen through a frame.

    Blocks are cut by position alone, so that sums are the same bits as those of rows in memory.

    Parameters
    ----------
    reader : Reader
    weight : array of shape (N,) or None
        Weights that came beside the files; those of a column come with the rows.
    frame : Frame
    mapper, block, names, seed, fold
        As those of every source.
    keep : callable
        ``keep(name, make)`` gives what `make` does; a keeper of sums remembers it.
    kept : int
        Rows that the first pass keeps as a sample, at most.
    seen : Survey or None
        What the first pass told.
    """

    reader: Reader
    weight: Float | None
    frame: Frame
    mapper: Mapper = field(default=map, repr=False)
    block: int = BLOCK
    names: tuple[str, ...] | None = None
    seed: int = 0
    fold: Callable[[Any, Any], Any] = field(default=whole, repr=False)
    keep: Callable[[str, Any], Any] = field(default=made, repr=False)
    kept: int = 2**16
    seen: Survey | None = field(default=None, repr=False)

    @classmethod
    def of(cls, reader: Reader, kept: int = 2**16) -> Stream:
        """A source in the user's units: origin 0, unit 1."""
        d = len(reader.names)
        names = reader.names if reader.named else None
        return cls(reader, None, Frame(np.zeros(d), np.ones(d)), names=names, kept=kept)

    @property
    def files(self) -> Reader:  # type: ignore[override]
        """The files, for sentences."""
        return self.reader

    @property
    def title(self) -> str:
        """The data in a few words."""
        return self.reader.title

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows, counted where nothing tells it, and of features."""
        n = self.reader.count() if self.seen is None else self.seen.n_rows
        return n, len(self.reader.names)

    @property
    def weighted(self) -> bool:
        """Whether rows come with weights of their own."""
        return self.reader.weights is not None

    def unweighted(self) -> Stream:
        """The same rows, each as it is."""
        return self.having(weight=None, reader=replace(self.reader, weights=None, drop=False))

    @property
    def known_rows(self) -> float:
        """Number of rows as far as it is known without reading; infinite where it is not."""
        return float(self.reader.n_rows or np.inf) if self.seen is None else float(self.seen.n_rows)

    @property
    def kind(self) -> Any:
        """An array of the kind that blocks hold and of the shape of all, many where that is not known."""
        n_rows = int(min(self.known_rows, MANY))
        return np.broadcast_to(np.zeros((), self.reader.dtype), (n_rows, self.shape_of_row))

    def blocks(self, skip: int = 0) -> Iterator[Block]:
        """The rows in blocks, in order, without the first `skip` blocks; read in the background."""
        return ahead(self._read(skip * self.block))

    def _read(self, start: int) -> Iterator[Block]:
        self.reader.check()
        end = start
        for block in self._cut(start):
            end = block.stop
            yield block
        self.reader.check()
        known = self.reader.n_rows if self.seen is None else self.seen.n_rows
        if known is not None and end != max(known, start):
            was = f"{plural(end, 'row')} where {plural(known, 'row')} were before"
            raise TableError(f"{self.reader.title}: the data changed while they were read: {was}. Run it again.")

    def _cut(self, start: int) -> Iterator[Block]:
        """Chunks of any size as blocks of one size."""
        filling = _Filling(self, start)
        for chunk in self.reader.chunks(start, max(self.block, BLOCK)):
            yield from filling.add(chunk)
        if filling.there:
            yield filling.done()

    def _survey(self) -> Survey:
        drawing, heads = Draw(self.kept, self.seed), [np.empty((0, self.shape_of_row))]
        total, n_rows = None, 0
        with np.errstate(over="ignore", invalid="ignore"), closing(self.having(block=BLOCK).blocks()) as blocks:
            looked = self.mapper(lambda block: _look(block, drawing), blocks)
            for summary, n_rows, candidates, head in looked:  # noqa: B007 where the last block ends
                drawing.add(*candidates)
                total = summary if total is None else total + summary
                if sum(map(len, heads)) < HEAD:
                    heads.append(head)
        if total is None:
            raise TableError(f"{self.reader.title} holds no rows.")
        rows, weight, at = drawing.winners()
        weighed = self.weight is not None or bool((weight != 1.0).any())
        sample = Sample(rows, weight if weighed else None, at)
        return Survey(total, n_rows, sample, np.concatenate(heads)[:HEAD])

    @property
    def shape_of_row(self) -> int:
        """Number of features."""
        return len(self.reader.names)

    def take(self, indices: Any) -> Float:
        """Some rows in the user's units, by one reading of the files up to the last of them."""
        wanted = np.arange(self.shape[0])[indices] if isinstance(indices, slice) else np.asarray(indices)
        order = np.argsort(wanted, kind="stable")
        found = np.empty((len(wanted), self.shape[1]))
        done = 0
        for block in self.blocks():
            upto = int(np.searchsorted(wanted[order], block.stop))
            found[order[done:upto]] = block.rows[wanted[order[done:upto]] - block.start]
            done = upto
            if done == len(wanted):
                break
        return found


def _look(block: Block, drawing: Draw) -> tuple[Summary, int, tuple[Any, ...], Float]:
    """The summary of a block, where it ends, its rows that may be in the sample, and its first rows."""
    at, keys = drawing.candidates(block.start, block.weight, len(block))
    weight = np.ones(len(at)) if block.weight is None else block.weight[at]
    return summarized(block), block.stop, (keys, block.rows[at], weight, at + block.start), first_rows(block)


class _Filling:
    """A block on its way: rows of chunks are put in until it is full."""

    def __init__(self, source: Stream, start: int) -> None:
        self._source, self._start = source, start
        self._begin()

    def _begin(self) -> None:
        size, d, reader = self._source.block, len(self._source.reader.names), self._source.reader
        self.there = 0
        self._rows = np.empty((d, size), reader.dtype).T if reader.by_column else np.empty((size, d), reader.dtype)
        self._weight: Float | None = None

    def add(self, chunk: Chunk) -> Iterator[Block]:
        """Put the rows of a chunk in; the blocks that are full."""
        begin, count = 0, chunk.n_rows
        while begin < count:
            size = min(count - begin, self._source.block - self.there)
            self._put(chunk, begin, begin + size)
            begin, self.there = begin + size, self.there + size
            if self.there == self._source.block:
                yield self.done()

    def _put(self, chunk: Chunk, begin: int, end: int) -> None:
        to = slice(self.there, self.there + end - begin)
        if isinstance(chunk.columns, tuple):
            for j, column in enumerate(chunk.columns):
                self._rows[to, j] = column[begin:end]
        else:
            self._rows[to] = chunk.columns[begin:end]
        if chunk.weight is not None:
            if self._weight is None:
                self._weight = np.ones(self._source.block)
            self._weight[to] = chunk.weight[begin:end]

    def done(self) -> Block:
        """The block as far as it is filled; another begins."""
        start, stop = self._start, self._start + self.there
        weight = None if self._weight is None else self._weight[: self.there]
        beside = self._source.weight
        if beside is not None:
            weight = beside[start:stop] if weight is None else weight * beside[start:stop]
        block = Block(self._rows[: self.there], weight, start, self._source.frame)
        self._start = stop
        self._begin()
        return block


def held(reader: Reader, room: float = np.inf) -> Memory | None:
    """All rows of a reader, read once into memory; None where they take more than `room` bytes."""
    stream = Stream.of(reader)
    each = len(reader.names) * reader.dtype.itemsize
    if (reader.n_rows or 0) * each > room:
        return None
    blocks, size = [], 0
    for block in stream.blocks():
        blocks.append(block)
        size += len(block) * each
        if size > room:
            return None
    if not blocks:
        raise TableError(f"{reader.title} holds no rows.")
    rows = np.concatenate([block.rows for block in blocks])
    weight = None
    if any(block.weight is not None for block in blocks):
        weight = np.concatenate([np.ones(len(block)) if block.weight is None else block.weight for block in blocks])
    return Memory(rows, weight, stream.frame, names=stream.names, files=reader)
