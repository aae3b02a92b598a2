"""A first guess of which rows are noise: those whose neighbors are far, by nearest-neighbor cleaning."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, lgamma, log, pi

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float

# The neighbor whose distance tells of the density about a row.
NEIGHBORS = 12
# About flagged rows there are at most this many times as many rows as there would be if they alone filled the box of
# all rows evenly. Two dozen sets of one to four Gaussians, of 1000 rows and 2 to 5 columns, had 1.8 to 100; with a
# tenth of uniform rows and more 0.4 to 1.7.
AS_SPARSE = 1.7

# A direction whose singular value is no more than this part of the largest is rounding.
ROUNDING = 1e-12

Flags = NDArray[np.bool_]


def noisy_rows(rows: Float, weight: Float | None = None, n_neighbors: int = NEIGHBORS) -> Flags:
    """Rows that look like a uniform background of the others, or none where there is no background to be seen.

    The sparse rows of a Gaussian without any noise are its own outer rows: they lie closer to each other than the same
    number of rows spread over the whole box would, and then none is flagged.

    Parameters
    ----------
    rows : array of shape (n, D)
        In units in which a distance means something: standardized columns.
    weight : array of shape (n,), optional
        Positive. A row of weight 2 is two equal rows.
    n_neighbors : int

    Returns
    -------
    noisy : bool array of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.cleaning import noisy_rows
    >>> seed = np.random.default_rng(0)
    >>> rows = np.vstack([seed.normal(size=(300, 2)), seed.uniform(-12, 12, size=(100, 2))])
    >>> noisy = noisy_rows(rows)
    >>> int(noisy[:300].sum()), int(noisy[300:].sum()), int(noisy_rows(rows[:300]).sum())
    (14, 98, 0)
    """
    weight = np.ones(len(rows)) if weight is None else weight
    log_volume = _log_volume(rows)
    none = np.zeros(len(rows), dtype=bool)
    if weight.sum() <= 2 * n_neighbors or not np.isfinite(log_volume):
        return none
    log_ball = _log_balls(rows, weight, n_neighbors)
    if log_ball is None:
        return none
    noisy = sparse(log_ball, weight, n_neighbors)
    if not noisy.any() or noisy.all():
        return none
    # the log density about flagged rows, and that of so many rows over the box
    there = log(n_neighbors) - _log_mean(log_ball[noisy], weight[noisy])
    return noisy if there <= log(AS_SPARSE * weight[noisy].sum()) - log_volume else none


def sparse(log_ball: Float, weight: Float, n_neighbors: int) -> Flags:
    r"""Rows that probably belong to the sparser of two homogeneous processes.

    The volume V of the ball about a row of a homogeneous process out to its k-th neighbor is a gamma variable:

    .. math:: p(V) = \pi \frac{\lambda_1^k V^{k-1} e^{-\lambda_1 V}}{\Gamma(k)}
        + (1 - \pi) \frac{\lambda_2^k V^{k-1} e^{-\lambda_2 V}}{\Gamma(k)}

    Its likelihood is made as large as it gets from where the halves of the rows have their own densities.

    Parameters
    ----------
    log_ball : array of shape (n,)
        Log volumes V.
    weight : array of shape (n,)
    n_neighbors : int
        k.

    References
    ----------
    .. [1] S. Byers and A. E. Raftery (1998), Nearest-neighbor clutter removal for estimating features in spatial point
       processes, Journal of the American Statistical Association 93, 577-584, equations 2 to 4.
    """
    from scipy.optimize import minimize

    far = log_ball > np.median(log_ball)
    if not far.any():
        return far
    begin = [0.0, *(log(n_neighbors) - _log_mean(log_ball[half], weight[half]) for half in (~far, far))]
    objective = _Objective(log_ball, weight / weight.sum(), n_neighbors)
    found = minimize(objective, begin, jac=True, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9})
    dense, _ = objective.responsibilities(found.x)
    return np.asarray(dense < 0.5 if found.x[1] > found.x[2] else dense > 0.5)


@dataclass(frozen=True)
class _Objective:
    """Minus the mean log-likelihood of logit of a share and two log densities, with its gradient."""

    log_ball: Float
    share: Float
    n_neighbors: int

    def _inside(self, log_density: float) -> Float:
        """Rows to be expected in each ball; no more than any search needs, so that none runs over."""
        return np.asarray(np.exp(np.minimum(log_density + self.log_ball, 600.0)))

    def responsibilities(self, at: Float) -> tuple[Float, Float]:
        """The first process's, and the log-likelihoods of the balls but for what is common."""
        logit, *log_density = at
        one, two = (
            self.n_neighbors * value - self._inside(value) - np.logaddexp(0.0, sign * logit)
            for value, sign in zip(log_density, (-1.0, 1.0), strict=True)
        )
        both = np.logaddexp(one, two)
        return np.exp(one - both), both

    def __call__(self, at: Float) -> tuple[float, Float]:
        first, both = self.responsibilities(at)
        slope = [
            self.share @ first - 0.5 - 0.5 * np.tanh(0.5 * at[0]),
            (self.share * first) @ (self.n_neighbors - self._inside(at[1])),
            (self.share * (1.0 - first)) @ (self.n_neighbors - self._inside(at[2])),
        ]
        return -float(self.share @ both), -np.array(slope)


def _log_balls(rows: Float, weight: Float, n_neighbors: int) -> Float | None:
    """Log volumes of the balls out to the k-th neighbor; None where all these are equal rows."""
    from sklearn import config_context
    from sklearn.neighbors import NearestNeighbors

    n, d = rows.shape
    count = min(n, max(n_neighbors + 1, ceil((n_neighbors + 1) / weight.min())))
    with config_context(assume_finite=True, skip_parameter_validation=True):
        distances, indices = NearestNeighbors(n_neighbors=count).fit(rows).kneighbors(rows)
    seen = np.cumsum(weight[indices], axis=1)  # a row is its own first neighbor
    place = np.minimum((seen < n_neighbors + 1).sum(axis=1), count - 1)
    distance = distances[np.arange(n), place]
    if not distance.any():
        return None
    distance = np.maximum(distance, distance[distance > 0].min())
    return np.asarray(d * np.log(distance) + 0.5 * d * log(pi) - lgamma(0.5 * d + 1.0))


def _log_mean(logs: Float, weight: Float) -> float:
    """Log of the weighted mean of numbers whose logs are given."""
    top = float(logs.max())
    return top + log(float(np.average(np.exp(logs - top), weights=weight)))


def _log_volume(rows: Float) -> float:
    """Log volume of the smaller of two boxes around the rows: along the columns, and along their principal axes.

    Minus infinity where the rows fill none.
    """
    _, values, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    if not rows.size or len(axes) < rows.shape[1] or values[-1] <= ROUNDING * values[0]:
        return -np.inf
    return min(float(np.log(np.ptp(box, axis=0)).sum()) for box in (rows, rows @ axes.T))
