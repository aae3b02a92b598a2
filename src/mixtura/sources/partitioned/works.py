"""What a worker does with a partition: fold its blocks, or hand out rows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.frame import Frame
from mixtura.outcome import MixtureError
from mixtura.pools import single_threaded_pools
from mixtura.sources.faults import plural
from mixtura.sources.frames import Frames, numeric
from mixtura.sources.memory import Memory
from mixtura.sources.partitioned.packing import packed, unpacked, weigh


@dataclass(frozen=True)
class Work:
    """What all tasks of a pass share.

    Parameters
    ----------
    kernel : callable or None
        What each block is given to.
    frame : Frame
    block : int
        Rows a block.
    starts, lengths : tuple of int
        Position of the first row of each partition, and its number of rows.
    errors : dict
        How NumPy answers overflow and the like, as at the caller.
    """

    kernel: Callable[[Block], Any] | None
    frame: Frame
    block: int
    starts: tuple[int, ...]
    lengths: tuple[int, ...]
    errors: Any

    def __sizeof__(self) -> int:
        """What it weighs on its way: schedulers ask."""
        return weigh(packed(tuple(vars(self).values())))

    def __reduce__(self) -> Any:
        return _unpacked, packed(tuple(vars(self).values()))

    def blocks(self, number: int, rows: Any, weight: Any, beside: Any) -> Iterator[Block]:
        """The blocks of a partition."""
        member = self._member(number, rows, weights_of(weight, beside))
        for block in member.blocks():
            yield replace(block, start=block.start + self.starts[number])

    def _member(self, number: int, rows: Any, weight: Float | None) -> Memory:
        found = member(rows)
        if found.shape != (self.lengths[number], len(self.frame.unit)):
            was = f"{plural(found.shape[0], 'row')} of {found.shape[1]} columns where there were "
            was += f"{self.lengths[number]} of {len(self.frame.unit)}"
            raise MixtureError(
                f"Partition {number} of the Dask collection has {was}. Make it from data that do not change, "
                "or persist it."
            )
        if weight is not None and len(weight) != self.lengths[number]:
            held = f"{plural(len(weight), 'weight')} for {plural(self.lengths[number], 'row')}"
            raise MixtureError(f"Partition {number} of sample_weight holds {held}. Partition both alike.")
        return found.having(weight=weight, frame=self.frame, block=self.block)


def _unpacked(*values: Any) -> Work:
    return Work(*unpacked(values))


def member(rows: Any) -> Memory:
    """A partition as a source in the user's units: an array as it is, a DataFrame read tile by tile."""
    if isinstance(rows, np.ndarray):
        return Memory.of(rows)
    frame = numeric(rows)
    if {str(dtype) for dtype in frame.schema.values()} == {"Float32"}:
        return Memory.of(frame.to_numpy())
    return Frames.of(frame)


def weights_of(weight: Any, beside: Any) -> Float | None:
    """Weights of a partition: its own, those that came beside, or their product."""
    own = None if weight is None else np.asarray(weight, dtype=np.float64).reshape(-1)
    if own is None or beside is None:
        return beside if own is None else own
    return np.asarray(own * beside)


def folded(work: Work, number: int, rows: Any, weight: Any, beside: Any) -> Any:
    """The sum over the blocks of a partition, on one thread; None where it has no rows."""
    assert work.kernel is not None
    total: Any = None
    if work.lengths[number]:
        with single_threaded_pools(), np.errstate(**work.errors):
            for block in work.blocks(number, rows, weight, beside):
                part = work.kernel(block)
                total = part if total is None else total + part
    return total


def digested(work: Work, number: int, rows: Any, weight: Any, beside: Any) -> bytes:
    """A digest of the rows of a partition and their weights."""
    digest = sha256()
    for block in work.blocks(number, rows, weight, beside):
        digest.update(np.ascontiguousarray(block.rows).data)
        if block.weight is not None:
            digest.update(np.ascontiguousarray(block.weight).data)
    return digest.digest()


def fetched(work: Work, number: int, rows: Any, weight: Any, asked: Any) -> tuple[Any, Float | None]:
    """Rows of a partition from one position to another, and their weights."""
    begin, end, beside = asked
    held, weights = member(rows), weights_of(weight, beside)
    these = held.rows[begin:end] if type(held) is Memory else held.take(slice(begin, end))
    return these, None if weights is None else weights[begin:end]


def taken(work: Work, number: int, rows: Any, weight: Any, asked: Any) -> Float:
    """Some rows of a partition, as float64."""
    return member(rows).take(asked)


def length(_: Any, number: int, rows: Any, weight: Any, own: Any) -> int:
    """How many rows a partition has."""
    return len(rows)
