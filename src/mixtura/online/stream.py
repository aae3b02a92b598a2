"""Where a stream has arrived, and its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura import em
from mixtura.block import Block
from mixtura.frame import Frame
from mixtura.mixture import Mixture
from mixtura.moments import Moments
from mixtura.online.pace import Pace
from mixtura.online.runs import cut
from mixtura.outcome import NotFinite

# A step has this part of the rows of a unit, or of a half life.
PART = 2
# A component that a stream no longer visits keeps this share of the statistics, its mean and its covariance.
RESTING = 1e-9


@dataclass(frozen=True)
class Stream:
    """Where a stream has arrived.

    Parameters
    ----------
    model : Mixture
        In the coordinates of `frame`.
    moments : Moments
        The statistics that made it; their weight is what they count for: all rows seen, or what a half life leaves.
    frame : Frame
    unit : float
        Rows of a unit of the schedule.
    steps : int
        Steps that were made.
    """

    model: Mixture
    moments: Moments
    frame: Frame
    unit: float
    steps: int = 0

    @property
    def mean_log_likelihood(self) -> float:
        """Running mean a row, in the user's units, of rows each measured before it was learned."""
        return self.moments.log_likelihood / self.moments.weight - self.frame.log_unit

    def learned(self, moments: Moments, pace: Pace) -> Stream:
        """One step: the statistics blended with new ones under this model, and their M-step."""
        total, part = pace.blend(self.moments.weight, moments.weight, self.unit)
        together = blended(self.moments, moments, part, total)
        return replace(self, model=self.model.update(together), moments=together, steps=self.steps + 1)


def blended(old: Moments, new: Moments, part: float, total: float) -> Moments:
    """``(1 - part) old + part new``, each taken as a mean and together of weight `total`, about the anchor of `new`.

    A component that is left with next to nothing rests: it keeps the mean and the scatter that it had.
    """
    before, after = (1.0 - part) * total / old.weight, part * total / new.weight
    moved = old.about(new.anchor)
    found = replace(moved._combine(lambda a, b: before * a + after * b, new), weight=total)
    return resting(found, moved, RESTING * total)


def resting(found: Moments, before: Moments, least: float) -> Moments:
    """Components of less than the `least` mass are given that much of what they were `before`, about one anchor."""
    still = (found.mass < least) & (before.mass > 0.0)
    if not still.any():
        return found
    held = least / np.where(before.mass > 0.0, before.mass, 1.0)
    mass = np.where(still, least, found.mass)
    first = np.where(still[:, None], held[:, None] * before.first, found.first)
    if found.order == "pooled":
        return replace(found, mass=mass, first=first)
    aside = (slice(None),) + (None,) * (found.second.ndim - 1)
    second = np.where(still[aside], held[aside] * before.second, found.second)
    return replace(found, mass=mass, first=first, second=second)


@dataclass(frozen=True)
class _Run:
    """The rows of one step, as the loop of EM sees them."""

    block: Block

    def reduce(self, kernel: Callable[[Block], Any]) -> Any:
        """What the kernel makes of them."""
        return kernel(self.block)


def learn(stream: Stream, blocks: Iterable[Block], kernel: em.Kernel, pace: Pace) -> Iterator[tuple[Stream, float]]:
    """Learn blocks of rows step by step: after each, the stream and the step's mean log-likelihood before it.

    Raises
    ------
    NotFinite
        Rows that are beyond all components.
    ComponentError
        A covariance that became singular; use a family with fewer parameters, reg_covar or a prior.
    """
    most = stream.unit if pace.half_life is None else min(stream.unit, pace.half_life)
    for block in blocks:
        for run in cut(block, max(1, round(most / PART))):
            with np.errstate(over="ignore", invalid="ignore"):
                moments = em.read(_Run(replace(run, frame=stream.frame)), stream.model, kernel)
            if not np.isfinite(moments.log_likelihood):
                raise NotFinite(f"Rows {run.start} to {run.stop - 1} hold one that is beyond all components.")
            stream = stream.learned(moments, pace)
            yield stream, moments.log_likelihood / moments.weight - stream.frame.log_unit
