"""k components against k + 1 on samples: both fitted from several beginnings, the better kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura import start
from mixtura.arrays import Float
from mixtura.resampling import compiled
from mixtura.resampling.compiled import Stop
from mixtura.resampling.refits import Refits, Task, refit

# Rows whose components are told at a time.
BLOCK = 2**14
# Axes of a component across which it is cut.
AXES = 2
# Beginnings climb until a pass gains less than so many times what ends a fit; the best of them goes on.
COARSE = 10.0

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """Samples of one size, one after the other.

    Parameters
    ----------
    rows : array of shape (S n, D)
    weight : array of shape (S n,) or None
    count : int
        Number of samples S.
    seeds : array of shape (S,) of uint64
        What k-means draws from.
    """

    rows: Float
    weight: Float | None
    count: int
    seeds: NDArray[np.uint64]

    @property
    def size(self) -> int:
        """Rows of a sample."""
        return len(self.rows) // self.count

    def one(self, j: int) -> tuple[Float, Float | None]:
        """Rows and weights of a sample."""
        part = slice(j * self.size, (j + 1) * self.size)
        return self.rows[part], None if self.weight is None else self.weight[part]


def contest(null: Task, other: Task, samples: Samples, stop: Stop) -> tuple[Refits, Refits]:
    """The fits of k and of k + 1 components to every sample.

    k components begin at the null model and from k-means; k + 1 from k-means, and from the fit of k components with
    each of them in turn cut in two, across each of its longest axes and into a core and a shell. The best is kept.
    The rows of the data and samples from the null model are treated alike: a bad optimum is as likely there as here.
    """
    small = compiled.compact(other, samples.size)
    found = _from_model(null, samples, small, stop)
    if null.settings.n_components > 1:
        found = _better(found, _from(null, samples, [], small, stop))
    return found, _from(other, samples, cuts(found, samples, other.family.scales), small, stop)


def _from_model(task: Task, samples: Samples, small: bool, stop: Stop) -> Refits:
    """Fits to all samples that begin at the task's model."""
    if not small:
        return _one_by_one(task, samples, [None] * samples.count)
    where = compiled.spans(samples.count, samples.size)
    return compiled.climb(task, samples.rows, samples.weight, where, compiled.begin(task, samples.count), stop)


def _from(task: Task, samples: Samples, given: Sequence[Labels], small: bool, stop: Stop) -> Refits:
    """Of the fits to every sample from k-means and from given labels (S, n) the best."""
    if not small:
        starts: list[list[start.Start]] = [[start.kmeans] * samples.count]
        starts += [[start.labels(one) for one in labels] for labels in given]
        return reduce(_better, [_one_by_one(task, samples, begin) for begin in starts])
    times, data = 1 + len(given), (samples.rows, samples.weight)
    labels = np.stack([_clusters(task, samples, stop), *given], axis=1).ravel()
    rough = replace(task, settings=replace(task.settings, tol=task.settings.tol * COARSE))
    tried = compiled.climb(rough, *data, compiled.spans(samples.count, samples.size, times), labels, stop)
    best = reduce(_better, [tried.take(slice(i, None, times)) for i in range(times)])
    alive = np.flatnonzero(best.sound)
    if len(alive):
        first = best.take(alive)
        ended = compiled.climb(task, *data, compiled.spans(samples.count, samples.size)[alive], first, stop)
        best.put(alive, _better(first, ended))
    return best


def _one_by_one(task: Task, samples: Samples, starts: Sequence[start.Start | None]) -> Refits:
    """Fits through the loop that every model takes."""
    fits = (refit(task, *samples.one(j), task.n_threads, begin) for j, begin in enumerate(starts))
    return Refits.joined(fits)


def _better(one: Refits, two: Refits) -> Refits:
    """Of each pair of fits the one of the higher likelihood, the first of equals."""
    second = np.where(two.sound, two.log_likelihood, -np.inf) > np.where(one.sound, one.log_likelihood, -np.inf)
    arrays = zip(vars(one).values(), vars(two).values(), strict=True)
    return Refits(*(np.where(second.reshape(-1, *(1,) * (a.ndim - 1)), b, a) for a, b in arrays))


def _clusters(task: Task, samples: Samples, stop: Stop) -> Labels:
    """Labels by k-means, shape (S, n), of columns in standard deviations where the family is closed under scaling."""
    rows = samples.rows
    if task.family.scales:
        rows = np.concatenate([_standardized(*samples.one(j)) for j in range(samples.count)])
    where = compiled.spans(samples.count, samples.size)
    found = compiled.clusters(task.settings.n_components, rows, samples.weight, where, samples.seeds, stop)
    return found.reshape(samples.count, samples.size)


def _standardized(rows: Float, weight: Float | None) -> Float:
    """Rows less their mean, in standard deviations of the columns."""
    apart = rows - np.average(rows, axis=0, weights=weight)
    spread = np.sqrt(np.average(np.square(apart), axis=0, weights=weight))
    return np.asarray(apart / np.where(spread > 0.0, spread, 1.0))


def cuts(found: Refits, samples: Samples, scales: bool) -> list[Labels]:
    """Labels (S, n) with each component in turn cut in two, across its longest axes and into a core and a shell.

    What becomes component k lies beyond the mean on an axis, or farther from the mean than half of the component's
    rows. Axes are those of the correlations where columns may be scaled (`scales`). Of a sample whose fit is not sound
    all rows are component 0.
    """
    k = found.weights.shape[1]
    axes = min(AXES, samples.rows.shape[1])
    labels = np.zeros((axes + 1, k, samples.count, samples.size), dtype=np.int64)
    for j in np.flatnonzero(found.sound).tolist():
        rows, weight = samples.one(j)
        labels[:, :, j] = label = nearest(rows, found.weights[j], found.means[j], found.covariances[j])
        for c in range(k):
            own, apart, covariance = label == c, rows - found.means[j, c], found.covariances[j, c]
            unit = np.sqrt(np.diagonal(covariance)) if scales else np.ones(len(covariance))
            along = np.linalg.eigh(covariance / unit / unit[:, None])[1] / unit[:, None]
            for i in range(axes):
                labels[i, c, j, own & (apart @ along[:, -1 - i] > 0.0)] = k
            distance = np.einsum("nd,de,ne->n", apart, np.linalg.inv(covariance), apart)
            labels[axes, c, j, own & (distance > _median(distance[own], None if weight is None else weight[own]))] = k
    return list(labels.reshape(-1, samples.count, samples.size))


def _median(values: Float, weight: Float | None) -> float:
    """The smallest value that half of the weight does not exceed; 0 of none."""
    if not len(values):
        return 0.0
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(np.ones(len(values)) if weight is None else weight[order])
    return float(values[order[np.searchsorted(ends, 0.5 * ends[-1])]])


def nearest(rows: Float, weights: Float, means: Float, covariances: Float) -> Any:
    """The most probable component of each row, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.resampling.contest import nearest
    >>> nearest(np.array([[0.0], [1.2]]), np.array([0.9, 0.1]), np.array([[0.0], [2.0]]), np.ones((2, 1, 1)))
    array([0, 0])
    """
    factors = np.linalg.cholesky(np.linalg.inv(covariances))
    offset = np.log(weights) + np.log(np.einsum("kdd->kd", factors)).sum(axis=1)
    label = np.empty(len(rows), dtype=np.int64)
    for begin in range(0, len(rows), BLOCK):
        apart = rows[begin : begin + BLOCK, None, :] - means
        white = np.einsum("nkd,kde->nke", apart, factors)
        label[begin : begin + BLOCK] = (offset - 0.5 * np.square(white).sum(axis=2)).argmax(axis=1)
    return label
