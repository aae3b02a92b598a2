"""The small data sets of a batch, in compiled code over threads; the larger ones, and what it leaves, go elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura import threads
from mixtura.covariance import Family, Layout, holds_one_matrix, holds_variances, public_shape

if TYPE_CHECKING:
    from mixtura.kernels.batch import Climb, Measure

# Rows times components times features P of a data set up to which its whole fit is one thread's work: at most a tenth
# of a second for thirty passes. The ordinary way took five to fifteen times as long on two threads, at every shape
# tried up to there. Beyond it one thread would be waited for, and responsibilities outgrow the caches.
SMALL = 2**21
# Rows that k-means may see.
MOST_ROWS = 2**16
# Rows times components that a thread takes at a time, some three milliseconds: 23 microseconds a fit of 400 x 2 on two
# threads, against 33 for turns of half and 43 for turns of a quarter of that.
TURN = 2**16
# Columns up to which axes are turned plane by plane; beyond, LAPACK is faster.
MOST_TURNED = 32
# Passes that a fit in the batch may make; one that has not settled then begins again in the ordinary way.
MOST_PASSES = 2**12

Numbers = NDArray[np.float64]
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """What every small data set is asked for.

    Parameters
    ----------
    n_components : int
    family : Family
    tol, reg_covar, max_iter, equal_weights
        As the estimator's.
    squarem : bool
        Whether EM takes leaps.
    seeds : array of shape (n_init,) of uint64
        Where k-means draws from at each start, the same for every data set: no fit depends on the others.
    single : bool
        Whether results are published in single precision.
    """

    n_components: int
    family: Family
    tol: float
    reg_covar: float
    max_iter: int
    equal_weights: bool
    squarem: bool
    seeds: NDArray[np.uint64]
    single: bool

    def most_rows(self) -> int:
        """Rows that a small data set has at most."""
        d = self.family.n_features
        products = d * (d + 1) // 2 if self.family.order in ("dense", "pooled") else d
        return min(MOST_ROWS, SMALL // (self.n_components * (1 + d + products)))


def served(family: Family) -> bool:
    """Whether the batch fits this family: all, but in many columns none whose components are turned by an inner loop.

    Examples
    --------
    >>> from mixtura.covariance import MCLUST, resolve
    >>> from mixtura.estimators.many.small import served
    >>> [name for name in MCLUST if not served(resolve(name, 100)[0])]
    ['EVE', 'VVE', 'EEV', 'VEV']
    """
    return family.n_features <= MOST_TURNED or family.orientation in ("I", family.shape)


def ready() -> bool:
    """Whether there is compiled code; loading it here, in the calling thread, lets an interrupt end even compiling."""
    try:
        import mixtura.kernels.batch  # noqa: F401
    except ImportError:  # numba lags behind the newest Python and NumPy
        return False
    return True


def run(
    plan: Plan, data: Sequence[Any], small: Sequence[int], n_threads: int | None
) -> Iterator[tuple[Positions, Climb, Measure]]:
    """Fit the data sets at these positions: positions, ends and measures, a turn at a time, in order.

    Which thread fits what changes no bit. An interrupt stops the threads at their next pass.
    """
    stop = np.zeros(1, dtype=np.int64)
    turns = _turns(plan, data, small)
    count = threads.available() if n_threads is None else n_threads
    pool = ThreadPoolExecutor(min(count, len(turns)), thread_name_prefix="mixtura")
    try:
        for which, (climbed, measured) in zip(turns, pool.map(partial(_fit, plan, data, stop), turns), strict=True):
            yield which, climbed, measured
    finally:
        stop[0] = 1
        pool.shutdown(wait=True, cancel_futures=True)


def _turns(plan: Plan, data: Sequence[Any], small: Sequence[int]) -> list[Positions]:
    """Positions of data sets that a thread takes at once, those with weights apart: they are summed another way."""
    turns: list[list[int]] = []
    for weighted in (False, True):
        room = 0
        for i in small:
            if (data[i].weight is not None) != weighted:
                continue
            if room <= 0:
                turns.append([])
                room = TURN
            turns[-1].append(i)
            room -= len(data[i].rows) * plan.n_components * len(plan.seeds)
    return [np.array(turn) for turn in turns]


def _fit(plan: Plan, data: Sequence[Any], stop: Positions, which: Positions) -> tuple[Climb, Measure]:
    """Every start of some data sets, and the best of them measured; where one is left, all of them are."""
    from mixtura.kernels import batch

    sets, starts = [data[i] for i in which], len(plan.seeds)
    rows = np.empty((sum(len(one.rows) for one in sets), sets[0].rows.shape[1]))
    np.concatenate([one.rows for one in sets], out=rows, casting="same_kind")
    weight = None if sets[0].weight is None else np.concatenate([one.weight for one in sets])
    ends = np.cumsum([len(one.rows) for one in sets])
    spans = np.column_stack([np.concatenate([[0], ends[:-1]]), ends]).repeat(starts, axis=0)
    kind = [plan.n_components, batch.rule(plan.family.volume, plan.family.shape, plan.family.orientation)]
    jobs = batch.Batch.of(rows, weight, spans, np.tile(kind, (len(spans), 1)), stop)
    most = min(plan.max_iter, MOST_PASSES)
    goal = batch.Goal(plan.tol, most, plan.reg_covar, plan.equal_weights, plan.single, plan.squarem)
    climbed = batch.climb(jobs, batch.seed(jobs, np.tile(plan.seeds, len(sets))), goal)
    if plan.max_iter > MOST_PASSES:
        climbed.status[climbed.status == batch.UNSETTLED] = batch.LEFT
    if starts > 1:
        left = (climbed.status == batch.LEFT).reshape(-1, starts).any(axis=1)
        best = np.arange(len(sets)) * starts + climbed.reached.reshape(-1, starts).argmax(axis=1)
        climbed, jobs = climbed.take(best), jobs.take(best)
        climbed.status[left] = batch.LEFT
    return climbed, batch.measure(jobs, climbed)


def arranged(covariances: Numbers, layout: Layout) -> Numbers:
    """Covariances (B, K, D, D) in the public shape of their layout, behind the axis of the data sets.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.estimators.many.small import arranged
    >>> arranged(np.eye(2)[None, None] * 4.0, "diag")
    array([[[4., 4.]]])
    """
    if holds_one_matrix(layout):
        return covariances[:, 0]
    if not holds_variances(layout):
        return covariances
    variances = np.diagonal(covariances, axis1=2, axis2=3)
    return variances[:, :, 0] if len(public_shape(layout, *covariances.shape[1:3])) == 1 else variances
