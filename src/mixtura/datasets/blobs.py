"""Data with a known answer: groups that are stretched and tilted, each in its own direction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixtura.outcome import MixtureError

if TYPE_CHECKING:
    from numpy.random import RandomState

Blobs = tuple[NDArray[np.float64], NDArray[np.int64]]


class BlobParameters(NamedTuple):
    """The truth behind stretched blobs, in the order of `mixtura.GaussianMixture.from_parameters`.

    Attributes
    ----------
    weights : ndarray of shape (K,)
        Share of the rows that each blob was given.
    means : ndarray of shape (K, D)
        Centers of the Gaussians, not averages of the rows drawn.
    covariances : ndarray of shape (K, D, D)
        Covariances of the Gaussians.

    Examples
    --------
    >>> import mixtura as mx
    >>> X, y, truth = mx.datasets.make_anisotropic_blobs(100, return_parameters=True, random_state=0)
    >>> truth.means.shape, mx.GaussianMixture.from_parameters(*truth).n_parameters_
    ((4, 2), 23)
    """

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]


def make_anisotropic_blobs(
    n_samples: int | Sequence[int] = 500,
    n_features: int = 2,
    centers: int | ArrayLike = 4,
    *,
    stretch: float = 4.0,
    cluster_std: float = 1.0,
    center_box: tuple[float, float] = (-10.0, 10.0),
    shuffle: bool = True,
    return_parameters: bool = False,
    random_state: int | RandomState | None = None,
) -> Blobs | tuple[NDArray[np.float64], NDArray[np.int64], BlobParameters]:
    r"""Draw rows from Gaussians that are stretched, each along axes of its own.

    Component k is :math:`N(\mu_k, R_k \operatorname{diag}(s_1^2, \dots, s_D^2) R_k^\top)` with :math:`R_k` uniform
    among the rotations and reflections, and with standard deviations that fall from
    :math:`s_1 = \sigma \sqrt{c}` to :math:`s_D = \sigma / \sqrt{c}` by a constant factor, where :math:`c` is `stretch`
    and :math:`\sigma` is `cluster_std`: every blob has the volume of a round one.

    Parameters
    ----------
    n_samples : int or sequence of int, default 500
        Rows in all, dealt out evenly (the first blobs take what is left over), or the rows of each blob.
    n_features : int, default 2
        Columns; taken from `centers` when those are given.
    centers : int or array-like of shape (K, D), default 4
        Number of blobs, or their centers.
    stretch : float, default 4.0
        Longest over shortest standard deviation of a blob, at least 1 (round). Without meaning for one feature.
    cluster_std : float, default 1.0
        Geometric mean of the standard deviations of a blob, above 0.
    center_box : pair of float, default (-10.0, 10.0)
        Range from which each coordinate of a center is drawn when `centers` is a number.
    shuffle : bool, default True
        Mix the rows; otherwise they come blob by blob.
    return_parameters : bool, default False
        Return the true parameters too.
    random_state : int, RandomState or None, default None
        Seed; the same number gives the same rows.

    Returns
    -------
    X : ndarray of shape (N, D)
        The rows.
    y : ndarray of shape (N,)
        The blob that each row was drawn from, from 0.
    parameters : BlobParameters
        Shares, centers and covariances; only if `return_parameters`.

    Raises
    ------
    mixtura.outcome.MixtureError
        When a number is out of its range, or `n_samples` and `centers` speak of different numbers of blobs; the text
        says which and what to give.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.datasets import make_anisotropic_blobs
    >>> X, y, truth = make_anisotropic_blobs(500, 2, 4, return_parameters=True, random_state=0)
    >>> X.shape, np.bincount(y).tolist(), truth.weights.tolist()
    ((500, 2), [125, 125, 125, 125], [0.25, 0.25, 0.25, 0.25])
    >>> spreads = np.sqrt(np.linalg.eigvalsh(truth.covariances[0]))
    >>> [round(float(spread), 6) for spread in spreads]
    [0.5, 2.0]
    """
    from sklearn.utils import check_random_state

    _check_spread(stretch, cluster_std)
    random = check_random_state(random_state)
    means = _centers(centers, n_features, center_box, random)
    counts = _counts(n_samples, len(means))
    axes = _axes(means.shape, stretch, cluster_std, random)
    y = np.repeat(np.arange(len(means)), counts)
    if shuffle:
        random.shuffle(y)
    X = means[y] + np.einsum("ndj,nj->nd", axes[y], random.standard_normal((len(y), means.shape[1])))
    if return_parameters:
        return X, y, BlobParameters(counts / counts.sum(), means, axes @ axes.swapaxes(1, 2))
    return X, y


def _check_spread(stretch: float, cluster_std: float) -> None:
    if not 1 <= stretch < math.inf:
        raise MixtureError(
            f"stretch is {stretch}, but it is the longest over the shortest standard deviation: give 1 or more."
        )
    if not 0 < cluster_std < math.inf:
        raise MixtureError(f"cluster_std is {cluster_std}, but it is a standard deviation: give a number above 0.")


def _centers(
    centers: int | ArrayLike, n_features: int, center_box: tuple[float, float], random: Any
) -> NDArray[np.float64]:
    if isinstance(centers, Integral):
        low, high = center_box
        if centers < 1 or n_features < 1 or not -math.inf < low <= high < math.inf:
            raise MixtureError(
                f"centers is {centers}, n_features is {n_features} and center_box is {center_box}: "
                "give at least one of each, and a box from its lower to its upper end."
            )
        return np.asarray(random.uniform(low, high, size=(int(centers), n_features)))
    means = np.array(centers, dtype=np.float64)
    if means.ndim != 2 or not means.size or not np.isfinite(means).all():
        raise MixtureError(
            f"centers has shape {means.shape}: give a finite array of shape (blobs, features), or a number."
        )
    return means


def _counts(n_samples: int | Sequence[int], n_blobs: int) -> NDArray[np.int64]:
    if isinstance(n_samples, Integral):
        counts = np.full(n_blobs, int(n_samples) // n_blobs, dtype=np.int64)
        counts[: int(n_samples) % n_blobs] += 1
    else:
        counts = np.asarray(n_samples)
        if counts.shape != (n_blobs,) or counts.dtype.kind not in "iu":
            raise MixtureError(
                f"n_samples is {n_samples} for {n_blobs} centers: give one whole number, or one for each center."
            )
    if counts.min() < 0 or counts.sum() < 1:
        raise MixtureError(f"n_samples is {n_samples}: give at least one row, and none below 0.")
    return counts


def _axes(shape: tuple[int, ...], stretch: float, cluster_std: float, random: Any) -> NDArray[np.float64]:
    """Half axes of the blobs, as columns: (K, D, D)."""
    from scipy.stats import ortho_group

    n_blobs, n_features = shape
    if n_features == 1:
        return np.full((n_blobs, 1, 1), float(cluster_std))
    spreads = cluster_std * np.geomspace(math.sqrt(stretch), 1 / math.sqrt(stretch), n_features)
    turns = np.asarray(ortho_group.rvs(n_features, size=n_blobs, random_state=random)).reshape(
        -1, n_features, n_features
    )
    return np.asarray(turns * spreads)
