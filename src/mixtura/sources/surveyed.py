"""Rows that are far away or many: one pass tells what starts and notes need to know of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np

from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.frame import Summary
from mixtura.outcome import MixtureError
from mixtura.sources.faults import plural
from mixtura.sources.lots import Sample
from mixtura.sources.source import Source

T = TypeVar("T")

# The head that `surveyed` keeps.
HEAD = 64
# Rows that are many.
MANY = 2**40


@dataclass(frozen=True)
class Survey:
    """What the first pass over rows tells.

    Parameters
    ----------
    summary : Summary
    n_rows : int
        With those of weight 0.
    sample : Sample
        Rows at random; all of positive weight where `whole`.
    head : array of shape (m, D)
        The first rows of positive weight.
    """

    summary: Summary
    n_rows: int
    sample: Sample
    head: Float

    @property
    def complete(self) -> bool:
        """Whether the sample holds all rows of positive weight."""
        return len(self.sample) == self.summary.rows


def made(name: str, make: Callable[[], T]) -> T:
    """What `make` gives, remembered nowhere."""
    return make()


class Surveyed(Source):
    """Rows of which nothing is in memory but what a first pass told; a base class.

    Attributes
    ----------
    keep : callable
        ``keep(name, make)`` gives what `make` does; a keeper of sums remembers it.
    kept : int
        Rows that the first pass keeps as a sample, at most.
    seen : Survey or None
        What the first pass told.
    """

    keep: Callable[[str, Any], Any]
    kept: int
    seen: Survey | None

    @property
    @abstractmethod
    def title(self) -> str:
        """The data in a few words."""

    @abstractmethod
    def _survey(self) -> Survey:
        """The first pass."""

    def having(self, **changes: Any) -> Self:
        """The same rows with another frame, mapper, ...; under other weights nothing is known of them any more."""
        return super().having(**({"seen": None} if "weight" in changes else {}) | changes)

    def surveyed(self, most: int) -> Self:
        """The same rows after a first pass, which tells summary, number, and a sample of at most so many rows."""
        if self.seen is not None:
            return self
        ready = self.having(kept=min(self.kept, most))
        return ready.having(seen=ready.keep("survey", ready._survey))

    def _known(self) -> Survey:
        if self.seen is None:
            raise AssertionError("rows are asked for what only a first pass over them tells")
        return self.seen

    def summary(self) -> Summary:
        """Range, mean and spread of each column."""
        return super().summary() if self.seen is None else self.seen.summary

    def sample(self, size: int) -> Sample:
        """`size` rows of positive weight at random, or as many as were kept, in random order."""
        return self._known().sample.first(size)

    def count(self) -> tuple[int, float]:
        """How many rows have a positive weight, and the sum of the weights."""
        summary = self._known().summary
        return summary.rows, summary.weight

    def head(self, size: int) -> Float:
        """The first rows of positive weight in the user's units, `size` and HEAD at most."""
        return self._known().head[:size]

    def as_float(self) -> Float:
        """All rows, where the sample holds them."""
        return self._all().rows

    def weights(self) -> Float | None:
        """The weights of all rows, where the sample holds them."""
        return self._all().weight

    def _all(self) -> Sample:
        seen = self._known()
        if not seen.complete or seen.n_rows != seen.summary.rows:
            raise MixtureError(
                f"{self.title} holds {plural(seen.n_rows, 'row')}, more than are kept in memory, and this "
                "needs all of them there. Open the data with more memory, or pass an array."
            )
        return seen.sample.rising()


def first_rows(block: Block) -> Float:
    """The first rows of positive weight of a block, HEAD at most."""
    there = block.rows[:HEAD] if block.weight is None else block.rows[np.flatnonzero(block.weight > 0)[:HEAD]]
    return np.array(there, dtype=np.float64)
