"""Many small fits in a few compiled calls: seeding, the whole EM loop, and the last measurement.

Where a pass takes microseconds, the interpreter between two passes takes more. So this loop stands beside `em.iterate`,
the one exception, and is tested to be equal to it step by step. What it cannot end cleanly (a component that empties or
becomes singular, columns that are constant or collinear, cells that are not numbers) it leaves to the ordinary way.

The three stages are compiled one by one, which takes a fraction of the time that all in one would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.kernels.compiled import jobs
from mixtura.kernels.compiled.jobs import CONVERGED, FALL, LEFT, STOPPED, UNSETTLED, Goal
from mixtura.kernels.compiled.passes import DENSE, DIAGONAL, TRACE
from mixtura.moments import Order

Whole = NDArray[np.int64]

__all__ = ["CONVERGED", "FALL", "LEFT", "STOPPED", "UNSETTLED"]
__all__ += ["Batch", "Climb", "Goal", "Measure", "climb", "measure", "rule", "seed"]

ORDERS: dict[Order, int] = {"trace": TRACE, "diagonal": DIAGONAL, "dense": DENSE, "pooled": DENSE}


def rule(order: Order, shared: bool) -> int:
    """The M step of a family in closed form, as a number: how much of a covariance, and whether one serves all."""
    return 2 * ORDERS[order] + shared


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
class Climb:
    """How EM ended on each of J jobs, in the user's units; where it was LEFT, nothing else means anything.

    Parameters
    ----------
    status, passes, falls : arrays of shape (J,)
        One of the four ends, passes made, and those on which the objective fell.
    weights : array of shape (J, K)
        K is the largest of all jobs; entries beyond a job's own are 0.
    means : array of shape (J, K, D)
    covariances : array of shape (J, K, D, D)
    path : array of shape (J, max_iter)
        Log-likelihood a unit of weight, pass by pass, as far as passes were made.
    """

    status: Whole
    passes: Whole
    falls: Whole
    weights: Float
    means: Float
    covariances: Float
    path: Float

    @property
    def reached(self) -> Float:
        """The last log-likelihood a unit of weight of each job, (J,); -inf where there is none."""
        last = self.path[np.arange(len(self.path)), np.maximum(self.passes - 1, 0)]
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
    mass : array of shape (J, K)
    deviation : array of shape (J, D)
        Standard deviations of the columns.
    labels : array of int64
        Of all rows of the first job, then of the second...
    """

    bound: Float
    mass: Float
    deviation: Float
    labels: Whole


def seed(batch: Batch, seeds: NDArray[np.uint64]) -> Whole:
    """Labels of all jobs by k-means, each from a seed (J,) of its own; -1 throughout where a cluster stays empty."""
    labels = batch.labels
    jobs.seed(batch.rows, batch.weight, batch.jobs, batch.stop, seeds, labels)
    return labels


def climb(batch: Batch, labels: Whole, goal: Goal) -> Climb:
    """EM of all jobs, each from the first M step of its labels."""
    count, k, d = len(batch.jobs), int(batch.jobs[:, 2].max()), batch.rows.shape[1]
    found = Climb(
        status=np.full(count, STOPPED, dtype=np.int64),
        passes=np.zeros(count, dtype=np.int64),
        falls=np.zeros(count, dtype=np.int64),
        weights=np.zeros((count, k)),
        means=np.zeros((count, k, d)),
        covariances=np.zeros((count, k, d, d)),
        path=np.empty((count, goal.max_iter)),
    )
    jobs.climb(batch.rows, batch.weight, batch.jobs, batch.stop, labels, goal, jobs.Climbed(**vars(found)))
    return found


def measure(batch: Batch, found: Climb) -> Measure:
    """Read the rows of all jobs once more, under their published parameters; ends that turn out LEFT are written."""
    count, k, d = found.means.shape
    measured = Measure(np.zeros(count), np.zeros((count, k)), np.zeros((count, d)), batch.labels)
    jobs.measure(
        batch.rows, batch.weight, batch.jobs, batch.stop, jobs.Climbed(**vars(found)), jobs.Measured(**vars(measured))
    )
    return measured
