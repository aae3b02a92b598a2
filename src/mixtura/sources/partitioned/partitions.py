"""Rows of a Dask array or DataFrame: kernels go to the partitions, sums come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import accumulate
from typing import Any, TypeVar

import numpy as np

from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.frame import Frame
from mixtura.outcome import MixtureError
from mixtura.sources.faults import plural
from mixtura.sources.lots import EVERY, Sample
from mixtura.sources.partitioned.looks import Look, limit, look
from mixtura.sources.partitioned.parts import Parts, is_dask
from mixtura.sources.partitioned.places import Wrong, first_wrong
from mixtura.sources.partitioned.works import Work, digested, fetched, folded, taken
from mixtura.sources.source import BLOCK, Files, Mapper, Source, Wording, whole
from mixtura.sources.surveyed import Survey, Surveyed, made

T = TypeVar("T")


@dataclass(frozen=True)
class Partitions(Surveyed):
    """Rows of a Dask collection, seen through a frame.

    A pass is one graph: a task a partition folds its blocks, on one thread, and sums are added in an order that the
    number of partitions alone decides: neither the number of workers nor the loss of one changes a bit. Every pass
    computes the collection again, unless the user has it persisted; nothing is persisted here. Where partitions are
    persisted far from their neighbors, more sums travel: `clusters.persisted` keeps neighbors together.

    Parameters
    ----------
    parts : Parts
    lengths : tuple of int
        Rows of each partition; 0 is allowed.
    n_features : int
    dtype : numpy dtype
        float32 where the rows are, else what they hold.
    weight : array of shape (N,) or None
        Weights on the host: they travel with every pass. Those of a collection stay beside its rows.
    frame, mapper, block, names, files, seed, fold
        As those of every source; the mapper serves what is computed here, on rows that come from the cluster.
    keep, kept, seen
        As those of every source that is surveyed.
    serial : bool
        Whether sums are taken here, block after block.
    """

    parts: Parts
    lengths: tuple[int, ...]
    n_features: int
    dtype: Any
    frame: Frame
    weight: Float | None = None
    mapper: Mapper = field(default=map, repr=False)
    block: int = BLOCK
    names: tuple[str, ...] | None = None
    files: Files | None = field(default=None, repr=False)
    seed: int = 0
    fold: Callable[[Any, Any], Any] = field(default=whole, repr=False)
    keep: Callable[[str, Any], Any] = field(default=made, repr=False)
    kept: int = 2**16
    seen: Survey | None = field(default=None, repr=False)
    serial: bool = False

    @property
    def title(self) -> str:
        """The data in a few words."""
        return "The Dask collection" if self.files is None else self.words.title

    @property
    def words(self) -> Wording:
        """How sentences call rows and columns; they travel, so without the files."""
        return Wording(self.names, None)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of features."""
        return sum(self.lengths), self.n_features

    @property
    def fingerprint(self) -> str:
        """A name for the content of the rows and their weights; by a pass."""
        own = self._own()
        digests = self.parts.each(digested, self.having(block=BLOCK)._work(), own)
        return sha256(b"".join(digests) + repr((self.lengths, str(self.dtype))).encode()).hexdigest()

    @property
    def weighted(self) -> bool:
        """Whether rows come with weights of their own."""
        return self.parts.weights is not None

    @property
    def kind(self) -> Any:
        """An array of the kind that blocks hold and of the shape of all: kernels are chosen by it."""
        return np.broadcast_to(np.zeros((), self.dtype), self.shape)

    @property
    def starts(self) -> tuple[int, ...]:
        """Position of the first row of each partition."""
        return tuple(accumulate(self.lengths, initial=0))[:-1]

    def having(self, **changes: Any) -> Partitions:
        """The same rows with another frame, mapper, ...; weights of a Dask collection stay beside the rows."""
        if is_dask(changes.get("weight")):
            changes |= {"weight": None, "parts": _weighed(self, changes["weight"])}
        return super().having(**changes)

    def in_order(self) -> Partitions:
        """The same rows, for kernels that must see the blocks one after another: rows come here."""
        return self.having(mapper=map, serial=True)

    def sums(self, kernel: Callable[[Block], T], skip: int = 0, total: T | None = None) -> Iterator[tuple[int, T]]:
        """The sum over all blocks, as one step."""
        if self.serial:
            yield from super().sums(kernel, skip, total)
        elif not skip:
            found: T | None = self.parts.total(folded, self._work(kernel), self._own())
            if found is not None:
                yield 1, found

    def _work(self, kernel: Callable[[Block], Any] | None = None) -> Work:
        return Work(kernel, self.frame, self.block, self.starts, self.lengths, np.geterr())

    def _own(self) -> dict[int, Any]:
        """What travels to each partition that has rows: its part of the weights that came beside."""
        numbers = [number for number, length in enumerate(self.lengths) if length]
        if self.weight is None:
            return dict.fromkeys(numbers)
        return {i: self.weight[self.starts[i] : self.starts[i] + self.lengths[i]] for i in numbers}

    def blocks(self, skip: int = 0) -> Iterator[Block]:
        """The rows in blocks, in order, without the first `skip` blocks: a partition at a time comes here."""
        own, first = self._own(), True
        for number, beside in own.items():
            blocks = -(-self.lengths[number] // self.block)
            if skip >= blocks:
                skip -= blocks
                continue
            begin = skip * self.block
            # who wants no more than a few rows asks for one block
            ends = [min(begin + self.block, self.lengths[number])] if first else []
            for end in dict.fromkeys([*ends, self.lengths[number]]):
                asked = (begin, end, beside)
                ((rows, weight),) = self.parts.each(fetched, self._work(), {number: asked})
                yield from Block(rows, weight, self.starts[number] + begin, self.frame).tiles(self.block)
                begin = end
            skip, first = 0, False

    def take(self, indices: Any) -> Float:
        """Some rows in the user's units, as host float64."""
        wanted = np.arange(self.shape[0])[indices] if isinstance(indices, slice) else np.asarray(indices)
        homes = np.searchsorted(self.starts, wanted, side="right") - 1
        out = np.empty((len(wanted), self.n_features))
        numbers = np.unique(homes).tolist()
        own = {number: wanted[homes == number] - self.starts[number] for number in numbers}
        for number, rows in zip(numbers, self.parts.each(taken, self._work(), own), strict=True):
            out[homes == number] = rows
        return out

    def sample(self, size: int) -> Sample:
        """`size` rows of positive weight at random, in random order; by another pass where more than were kept."""
        seen = self._known()
        if seen.complete or size <= len(seen.sample):
            return seen.sample.first(size)
        return self._looked(size).sample(self._weighed)

    @property
    def _weighed(self) -> bool:
        return self.weighted or self.weight is not None

    def _survey(self) -> Survey:
        return self._looked(self.kept).survey(self._weighed)

    def _looked(self, size: int) -> Look:
        """A look at all rows, which draws so many of them, or all where they are fewer."""
        if not self.shape[0]:
            raise MixtureError(f"{self.title} holds no rows.")
        rows = self.having(block=BLOCK, serial=False)
        with np.errstate(over="ignore", invalid="ignore"):
            bound = limit(size, self.shape[0])
            found: Look = whole(rows, partial(look, size=size, seed=self.seed, limit=bound))
            if len(found.keys) < min(size, found.summary.rows) and bound < EVERY:  # rows of weight 0 draw no lot
                found = whole(rows, partial(look, size=size, seed=self.seed))
        return found

    def refuse(self) -> MixtureError:
        """The error for the first cell that is no finite number."""
        if self.files is not None:
            return self.files.refuse()
        found: Wrong = whole(self, first_wrong)
        return MixtureError(self.words.cell(found.value, found.row, found.column))


def require_rows(source: Source, at_least: int) -> None:
    """Raise for fewer rows than are needed."""
    if source.shape[0] < at_least:
        held = f"The Dask collection holds {plural(source.shape[0], 'row')}"
        raise MixtureError(f"{held}, and at least {at_least} are needed.")


def _weighed(source: Partitions, weight: Any) -> Parts:
    """The partitions of a source with those of weights, where these are partitioned alike or can be.

    Raises
    ------
    MixtureError
        For weights of more than one dimension, of text, or in other partitions whose lengths are not known.
    """
    if getattr(weight, "ndim", 0) != 1:
        raise MixtureError("Sample weights must be 1D array or scalar. Pass one column.")
    if weight.dtype.kind not in "biuf":
        raise MixtureError(f"sample_weight holds {weight.dtype}, not numbers. Weights are counts of rows.")
    known = getattr(weight, "chunks", ((np.nan,),))[0]
    if not np.isnan(known).any() and sum(known) != source.shape[0]:
        given = f"sample_weight.shape == {(int(sum(known)),)}, expected {(source.shape[0],)}"
        raise MixtureError(f"{given}: one weight a row.")
    if not np.isnan(known).any() and known != source.lengths:
        weight = weight.rechunk((source.lengths,))
    if weight.npartitions != len(source.parts):
        raise MixtureError(
            f"sample_weight has {weight.npartitions} partitions, and X has {len(source.parts)}. Partition both alike."
        )
    # the collection as it was given, so that what both share is computed once
    return Parts.of(source.parts.held[0], weight)
