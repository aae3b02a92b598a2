"""Agglomeration by the classification likelihood: the cheapest pair of clusters is joined until one is left.

`agglomerate` is compiled code for many rows, and `grown` below, the readable one, for few and where numba cannot be
loaded. Both grow the same tree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float

# Costs are rounded to this part of all rows' weight, so that ties stay ties whatever the rounding of sums.
GRID = 2.0**-40
# Up to so many rows the tree is grown sooner than compiled code is loaded.
FEW = 100


def agglomerate(rows: Float, weight: Float) -> tuple[NDArray[np.int64], Float]:
    r"""Join clusters of rows, two at a time, so that the criterion rises least, until one is left.

    .. math:: \sum_k n_k \log\left(\left|\frac{W_k}{n_k}\right| + \frac{\mathrm{tr} W_k + a}{n_k}\right),
        \qquad a = \frac{\mathrm{tr} W}{n d}

    n_k is the weight of cluster k, W_k its scatter about its mean, n and W those of all rows. The first term is the
    classification likelihood with a covariance a cluster; the second keeps it finite where a cluster has too few rows.
    Of pairs that cost the same, the last is joined, ordered by the later and then by the earlier of the two places; the
    cluster takes the earlier place, and the last cluster of all the one that is free.

    Parameters
    ----------
    rows : array of shape (N, D)
        N and D at least 1, not all rows equal. Each is a cluster of its own to begin with.
    weight : array of shape (N,)
        Positive.

    Returns
    -------
    merges : array of shape (N - 1, 2)
        The clusters joined, in order, each by its lowest row; the lower first.
    rises : array of shape (N - 1,)
        By how much the criterion rose.

    References
    ----------
    .. [1] C. Fraley (1998), Algorithms for model-based Gaussian hierarchical clustering, SIAM Journal on Scientific
       Computing 20, 270-281, with alpha = beta = 1.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.kernels.agglomeration import agglomerate
    >>> merges, _ = agglomerate(np.array([[0.0, 0.0], [9.0, 9.0], [1.0, 0.0], [8.0, 9.0]]), np.ones(4))
    >>> merges
    array([[1, 3],
           [0, 2],
           [0, 1]])
    """
    if len(rows) <= FEW:
        return grown(rows, weight)
    try:
        from mixtura.kernels.compiled import agglomerate as compiled
    except ImportError:  # numba lags behind the newest Python and NumPy
        return grown(rows, weight)
    return compiled.grown(rows, weight, least(rows, weight), GRID * float(weight.sum()))


def least(rows: Float, weight: Float) -> float:
    """What a cluster's trace is at least: the trace of the scatter of all rows over their weight and the features."""
    total = weight.sum()
    apart = rows - weight @ rows / total
    return float(weight @ np.einsum("nd,nd->n", apart, apart) / (total * rows.shape[1]))


def grown(rows: Float, weight: Float) -> tuple[NDArray[np.int64], Float]:
    """The same in NumPy, all pairs looked at for each merge."""
    clusters = _Clusters(rows, weight)
    n = len(rows)
    costs = np.full((n, n), np.inf)  # the later place first
    for j in range(1, n):
        costs[j, :j] = clusters.costs(j, np.arange(j))
    merges, rises = np.zeros((n - 1, 2), dtype=np.int64), np.zeros(n - 1)
    for step, last in enumerate(range(n - 1, 0, -1)):
        open_ = costs[: last + 1, : last + 1]
        j, i = divmod(open_.size - 1 - int(np.argmin(open_.ravel()[::-1])), last + 1)
        merges[step], rises[step] = sorted((clusters.name[i], clusters.name[j])), open_[j, i]
        clusters.join(i, j, last)
        costs[j, :j], costs[j + 1 : last, j] = costs[last, :j], costs[last, j + 1 : last]
        others = np.delete(np.arange(last), i)
        new = clusters.costs(i, others)
        costs[i, :i], costs[i + 1 : last, i] = new[:i], new[i:]
    return merges, rises


class _Clusters:
    """Weight, mean and scatter of each cluster, its part of the criterion, its lowest row."""

    def __init__(self, rows: Float, weight: Float) -> None:
        n, d = rows.shape
        self.least, self.grid = least(rows, weight), GRID * float(weight.sum())
        self.count, self.mean, self.scatter = weight.copy(), rows.copy(), np.zeros((n, d, d))
        self.name = np.arange(n)
        self.own = self._criterion(self.count, self.scatter)

    def _criterion(self, count: Float, scatter: Float) -> Float:
        determinant = np.maximum(np.linalg.det(scatter / count[:, None, None]), 0.0)
        trace = np.trace(scatter, axis1=1, axis2=2)
        return np.asarray(count * np.log(determinant + (trace + self.least) / count))

    def _joined(self, i: Any, j: Any) -> tuple[Float, Float]:
        """Weight and scatter of clusters i and j together."""
        count, apart = self.count[i] + self.count[j], self.mean[j] - self.mean[i]
        part = self.count[i] * self.count[j] / count
        between = part[:, None, None] * apart[:, :, None] * apart[:, None, :]
        return count, self.scatter[i] + self.scatter[j] + between

    def costs(self, i: int, others: Any) -> Float:
        """What the criterion rises by when cluster i is joined with each of some others."""
        rise = self._criterion(*self._joined(np.full(len(others), i), others)) - self.own[i] - self.own[others]
        return np.asarray(np.floor(rise / self.grid + 0.5) * self.grid)

    def join(self, i: int, j: int, last: int) -> None:
        """Put clusters i and j into place i, and the last cluster into place j."""
        one, other = np.array([i]), np.array([j])
        count, scatter = self._joined(one, other)
        self.mean[i] += (self.count[j] / count[0]) * (self.mean[j] - self.mean[i])
        self.count[i], self.scatter[i], self.name[i] = count[0], scatter[0], min(self.name[i], self.name[j])
        self.own[i] = self._criterion(count, scatter)[0]
        for array in (self.count, self.mean, self.scatter, self.name, self.own):
            array[j] = array[last]
