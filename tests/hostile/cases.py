"""Ordinary rows to be spoiled, and what scipy says of a model."""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import mixtura as mx
from mixtura.covariance import MCLUST, SKLEARN
from mixtura.outcome import DataWarning

Rows = NDArray[np.float64]

TYPES = tuple(SKLEARN)
ALL = (*SKLEARN, *MCLUST)
SPHERICAL = ("spherical", "EII", "VII")
DIAGONAL = ("diag", "EEI", "VEI", "EVI", "VVI")
CLOSED = ("full", "tied", "diag", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVV", "VVV")
# Every method that answers for each row, and every one that answers for all.
EACH = ("predict", "predict_proba", "score_samples", "uncertainty")
SUMS = ("score", "bic", "aic", "icl")


@cache
def groups(n: int = 200, d: int = 2, seed: int = 0) -> Rows:
    """Rows of two correlated groups of unlike shape, the first half of one, the second of the other."""
    draw = np.random.RandomState(seed)
    mix = np.eye(d) + 0.5 * np.tri(d, k=-1)
    X = draw.standard_normal((n, d)) @ mix
    X[n // 2 :] = 0.7 * X[n // 2 :] @ mix.T + 4.0 + np.arange(d)
    X.setflags(write=False)
    return X


def labels(n: int = 200) -> NDArray[np.int64]:
    """The group of each row."""
    return np.repeat([0, 1], n // 2)


def mixture(k: int = 2, covariance_type: str = "full", **settings: Any) -> mx.GaussianMixture:
    return mx.GaussianMixture(k, covariance_type=covariance_type, **({"random_state": 0} | settings))


def heard(function: Callable[[], Any]) -> tuple[Any, list[str]]:
    """What a function returns, and the sentences of the DataWarnings on the way; any other warning is an error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        warnings.simplefilter("always", DataWarning)
        found = function()
    return found, [str(one.message) for one in caught]


def quiet(function: Callable[[], Any]) -> Any:
    """What a function returns, its DataWarnings unheard."""
    return heard(function)[0]


def matrices(model: mx.GaussianMixture) -> Rows:
    """The covariances as matrices (K, D, D), whatever the layout."""
    k, d = model.means_.shape
    values = np.asarray(model.covariances_, dtype=float)
    if model.covariance_type == "tied":
        return np.broadcast_to(values, (k, d, d))
    if model.covariance_type in ("diag", "spherical"):
        return np.stack([np.diag(np.broadcast_to(v, d)) for v in values])
    return values


def log_terms(model: mx.GaussianMixture, X: Any) -> Rows:
    """``log pi_k + log N(x | mu_k, Sigma_k)`` by scipy, of the rows less the mean: shape (N, K)."""
    X, means = np.asarray(X, dtype=float), np.asarray(model.means_, dtype=float)
    parts = [multivariate_normal(cov=c).logpdf(X - m) for m, c in zip(means, matrices(model), strict=True)]
    return np.log(np.asarray(model.weights_, dtype=float)) + np.stack([np.atleast_1d(part) for part in parts], axis=1)


def log_density(model: mx.GaussianMixture, X: Any) -> Rows:
    return np.asarray(logsumexp(log_terms(model, X), axis=1))


def answers(model: mx.GaussianMixture, X: Any) -> dict[str, Any]:
    """What every method says."""
    return {name: getattr(model, name)(X) for name in (*EACH, *SUMS)}


def arrays(model: mx.GaussianMixture) -> dict[str, Any]:
    names = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
    return {name: getattr(model, name) for name in names}


def assert_same_bits(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, value in one.items():
        assert np.array_equal(value, other[name]), name


def assert_close(one: mx.GaussianMixture, other: Any, rtol: float, atol: float = 0.0) -> None:
    for name in ("weights_", "means_", "covariances_"):
        ours, theirs = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=name)


# The remedy for a column or a cell that is no number.
MEASURE = "Drop it, or turn it into numbers that measure something."


def with_cell(value: Any, row: int = 7, column: int = 1) -> Any:
    """The rows as objects with one cell in another's place."""
    cells = groups().astype(object)
    cells[row, column] = value
    return cells


@cache
def fitted() -> mx.GaussianMixture:
    """A model of `groups` without names."""
    return mixture(2, "diag").fit(groups())
