"""Small fits in compiled code, many at a time: what may go there, and how it is put."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float, is_elsewhere
from mixtura.estimators.many.small import ready
from mixtura.kernels import count_features
from mixtura.resampling.refits import Refits, Task, dense

if TYPE_CHECKING:
    from mixtura.kernels.batch import Begin

# Rows times components times features P up to which a fit is one thread's work.
SMALL = 2**21

Stop = NDArray[np.int64]


def compact(task: Task, n_rows: int) -> bool:
    """Whether fits to so many rows are small, and nothing is asked of them that compiled fits cannot do."""
    settings, d = task.settings, task.source.shape[1]
    plain = task.start.noise is None and settings.prior is None and not is_elsewhere(task.source.kind)
    work = n_rows * settings.n_components * count_features(d, task.family.order)
    return plain and work <= SMALL and ready()


def spans(count: int, size: int, times: int = 1) -> NDArray[np.int64]:
    """First rows of so many data sets of one size, one after the other, and the rows after their last, each `times`.

    Examples
    --------
    >>> from mixtura.resampling.compiled import spans
    >>> spans(2, 5).tolist()
    [[0, 5], [5, 10]]
    """
    ends = np.arange(1, count + 1) * size
    return np.column_stack([ends - size, ends]).repeat(times, axis=0)


def begin(task: Task, count: int) -> Begin:
    """The task's model as the beginning of so many jobs."""
    from mixtura.kernels import batch

    model = task.start
    given: tuple[Any, ...] = np.asarray(model.weights, float), np.asarray(model.means, float), dense(model)
    return batch.Begin(*(np.tile(array, (count, *(1,) * array.ndim)) for array in given))


def climb(task: Task, rows: Float, weight: Float | None, where: Any, first: Any, stop: Stop) -> Refits:
    """EM on the data sets at `where` in the rows, from labels, a Begin or other refits; what was LEFT is not sound.

    Where a refit was stopped instead, the interrupt that stopped it is on its way.
    """
    from mixtura.kernels import batch

    settings, family = task.settings, task.family
    kind = [settings.n_components, batch.rule(family.volume, family.shape, family.orientation)]
    jobs = batch.Batch.of(rows, weight, where, np.tile(kind, (len(where), 1)), stop)
    goal = batch.Goal(settings.tol, settings.max_iter, settings.reg_covar, settings.equal_weights, False, True)
    if isinstance(first, Refits):
        first = batch.Begin(first.weights, first.means, first.covariances)
    found = batch.climb(jobs, first, goal)
    sound, converged = found.status < batch.LEFT, found.status == batch.CONVERGED
    noise = np.zeros(len(where))
    return Refits(found.weights, found.means, found.covariances, noise, found.reached, sound, converged)


def clusters(k: int, rows: Float, weight: Float | None, where: Any, seeds: Any, stop: Stop) -> NDArray[np.int64]:
    """Labels of all rows by k-means, data set after data set; -1 throughout where a cluster stays empty."""
    from mixtura.kernels import batch

    kinds = np.tile([k, 0], (len(where), 1))
    return batch.seed(batch.Batch.of(rows, weight, where, kinds, stop), seeds)
