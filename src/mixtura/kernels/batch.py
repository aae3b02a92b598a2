"""Many small fits in a few compiled calls: seeding, the whole EM loop, and the last measurement.

Where a pass takes microseconds, the interpreter between two passes takes more. So this loop stands beside `em.iterate`,
the one exception, and is tested to be equal to it step by step. What it cannot end cleanly (a component that empties or
becomes singular, columns that are constant or collinear, cells that are not numbers) it leaves to the ordinary way.

All fourteen families are served, plain or with SQUAREM, from labels or from given parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.kernels.compiled import stages
from mixtura.kernels.compiled.loop import CONVERGED, FALL, LEFT, STOPPED, UNSETTLED
from mixtura.kernels.compiled.stages import Goal

Whole = NDArray[np.int64]

__all__ = ["CONVERGED", "FALL", "LEFT", "STOPPED", "UNSETTLED"]
__all__ += ["Batch", "Begin", "Climb", "Goal", "Measure", "climb", "measure", "rule", "seed"]

LETTERS = "IEV"
NOTHING = stages.Started(*(np.empty((0,) * ndim) for ndim in (2, 3, 4, 3)))


def rule(volume: str, shape: str, orientation: str) -> int:
    """A family's three letters as a number, which compiled code takes apart again.

    Examples
    --------
    >>> from mixtura.kernels import batch
    >>> batch.rule("E", "I", "I"), batch.rule("V", "V", "V")
    (0, 17)
    """
    return 9 * (volume == "V") + 3 * LETTERS.index(shape) + LETTERS.index(orientation)


@dataclass(frozen=True)
class Batch:
    """Data sets, one after the other, and what is to be done with them.

    Parameters
    ----------
    rows : array of shape (R, D)
        The rows of all data sets in the user's units, float64 in C order.
    weight : array of shape (R,), or empty
        Row weights; empty means 1 each.
    jobs : array of shape (J, 5) of int64
        Of each job the first row of its data set, the row after its last, the number of components, the `rule`, and
        the place of its first label: those of a job stand together.
    stop : array of shape (1,) of int64
        As soon as it holds another number than 0, the job at hand and those left end as STOPPED.
    """

    rows: Float
    weight: Float
    jobs: Whole
    stop: Whole

    @classmethod
    def of(cls, rows: Float, weight: Float | None, spans: Whole, kinds: Whole, stop: Whole | None = None) -> Batch:
        """Jobs on the data sets at these rows (`spans`, (J, 2)), of these `kinds` (J, 2): components and rule."""
        sizes = spans[:, 1] - spans[:, 0]
        jobs = np.column_stack([spans, kinds, np.cumsum(sizes) - sizes])
        weight = np.empty(0) if weight is None else weight
        return cls(rows, weight, jobs, np.zeros(1, dtype=np.int64) if stop is None else stop)

    @property
    def labels(self) -> Whole:
        """Room for a label a row of every job."""
        return np.zeros(int((self.jobs[:, 1] - self.jobs[:, 0]).sum()), dtype=np.int64)

    def take(self, which: Any) -> Batch:
        """Some of the jobs, with their labels in new places."""
        kept = self.jobs[which]
        return Batch.of(self.rows, self.weight, kept[:, :2], kept[:, 2:4], self.stop)


@dataclass(frozen=True)
class Begin:
    """Given parameters of J jobs in the user's units, from which the first thing is an E step.

    Parameters
    ----------
    weights : array of shape (J, K)
        K is the largest of all jobs; entries beyond a job's own are not looked at.
    means : array of shape (J, K, D)
    covariances : array of shape (J, K, D, D)
        Members of the job's family.
    """

    weights: Float
    means: Float
    covariances: Float

    def started(self, counts: Whole) -> stages.Started:
        """As compiled code takes it, with the axes that all components of a job may share.

        Those of covariances that commute are the axes of any sum of them with unlike weights.
        """
        weights, means = (np.ascontiguousarray(array, dtype=np.float64) for array in (self.weights, self.means))
        covariances = np.array(self.covariances, dtype=np.float64, order="C")
        place, k = np.arange(covariances.shape[1]), counts[:, None]
        sizes = np.trace(covariances, axis1=2, axis2=3)
        unequal = np.where(place < k, (2.0 + place / k) / np.where((sizes > 0.0) & (place < k), sizes, 1.0), 0.0)
        there = np.where((place < k)[:, :, None, None], covariances, 0.0)
        total = np.einsum("jk,jkde->jde", unequal, there)
        sound = np.isfinite(total).all(axis=(1, 2))
        axes = np.linalg.eigh(np.where(sound[:, None, None], total, np.eye(total.shape[1])))[1]
        return stages.Started(weights, means, covariances, np.ascontiguousarray(np.swapaxes(axes, 1, 2)))


@dataclass(frozen=True)
class Climb:
    """How EM ended on each of J jobs, in the user's units; where it was LEFT, nothing else means anything.

    Parameters
    ----------
    status, passes, accepted, falls : arrays of shape (J,)
        One of the four ends, passes made, those of steps that were accepted (with leaps, some are taken back), and
        those of the accepted on which the objective fell.
    weights : array of shape (J, K)
        K is the largest of all jobs; entries beyond a job's own are 0.
    means : array of shape (J, K, D)
    covariances : array of shape (J, K, D, D)
    path : array of shape (J, max_iter)
        Log-likelihood a unit of weight, accepted step by accepted step.
    """

    status: Whole
    passes: Whole
    accepted: Whole
    falls: Whole
    weights: Float
    means: Float
    covariances: Float
    path: Float

    @property
    def reached(self) -> Float:
        """The last log-likelihood a unit of weight of each job, (J,); -inf where there is none."""
        last = self.path[np.arange(len(self.path)), np.maximum(self.accepted - 1, 0)]
        return np.where(self.status < LEFT, last, -np.inf)

    def take(self, which: Any) -> Climb:
        """Some of the jobs."""
        return Climb(*(array[which] for array in vars(self).values()))


@dataclass(frozen=True)
class Measure:
    """What published parameters say of their rows.

    Parameters
    ----------
    bound : array of shape (J,)
        Log-likelihood a unit of weight.
    log_max, entropy : arrays of shape (J,)
        ``sum_n w_n log max_k r_nk`` and ``-sum_n w_n sum_k r_nk log r_nk`` of the responsibilities r.
    mass : array of shape (J, K)
    deviation : array of shape (J, D)
        Standard deviations of the columns.
    labels : array of int64
        Of all rows of the first job, then of the second...
    """

    bound: Float
    log_max: Float
    entropy: Float
    mass: Float
    deviation: Float
    labels: Whole


def seed(batch: Batch, seeds: NDArray[np.uint64]) -> Whole:
    """Labels of all jobs by k-means, each from a seed (J,) of its own; -1 throughout where a cluster stays empty."""
    labels = batch.labels
    stages.seed(batch.rows, batch.weight, batch.jobs, batch.stop, seeds, labels)
    return labels


def climb(batch: Batch, begin: Whole | Begin, goal: Goal) -> Climb:
    """EM of all jobs, each from the first M step of its labels, or from the E step of given parameters.

    A row of label -1 belongs to no component at first; it counts from the first E step on.
    """
    count, k, d = len(batch.jobs), int(batch.jobs[:, 2].max()), batch.rows.shape[1]
    found = Climb(
        status=np.full(count, STOPPED, dtype=np.int64),
        passes=np.zeros(count, dtype=np.int64),
        accepted=np.zeros(count, dtype=np.int64),
        falls=np.zeros(count, dtype=np.int64),
        weights=np.zeros((count, k)),
        means=np.zeros((count, k, d)),
        covariances=np.zeros((count, k, d, d)),
        path=np.empty((count, goal.max_iter)),
    )
    labels, started = np.empty(0, dtype=np.int64), NOTHING
    if isinstance(begin, Begin):
        started = begin.started(batch.jobs[:, 2])
    else:
        labels = begin
    into = stages.Climbed(**vars(found))
    stages.climb(batch.rows, batch.weight, batch.jobs, batch.stop, labels, started, goal, into)
    return found


def measure(batch: Batch, found: Climb) -> Measure:
    """Read the rows of all jobs once more, under their published parameters; ends that turn out LEFT are written."""
    count, k, d = found.means.shape
    bound, log_max, entropy = np.zeros((3, count))
    measured = Measure(bound, log_max, entropy, np.zeros((count, k)), np.zeros((count, d)), batch.labels)
    into = stages.Measured(**vars(measured))
    stages.measure(batch.rows, batch.weight, batch.jobs, batch.stop, stages.Climbed(**vars(found)), into)
    return measured
