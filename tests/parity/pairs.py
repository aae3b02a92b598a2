"""The same fit made by scikit-learn and by mixtura, and how far apart the two are."""

import warnings
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
INITS = ("kmeans", "k-means++", "random", "random_from_data")
ARRAYS = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
SAME = 1e-8


@cache
def data(name: str) -> tuple[Any, int]:
    """Rows and a number of components."""
    if name == "faithful":
        return mx.datasets.load_faithful().data, 2
    if name == "iris":
        return mx.datasets.load_iris().data, 3
    if name == "banknote":
        return mx.datasets.load_banknote().data, 3
    if name == "acidity":
        return mx.datasets.load_acidity().data, 2
    if name == "blobs":
        return make_blobs(500, 3, centers=4, random_state=1)[0], 4
    if name == "overlap":
        return np.random.RandomState(3).standard_normal((300, 2)) @ [[2.0, 1.0], [0.0, 0.5]], 3
    assert name == "away"
    return make_blobs(400, 2, centers=3, random_state=2)[0] + [100.0, -300.0], 3


DATA = ("faithful", "iris", "banknote", "acidity", "blobs", "overlap", "away")


def pair(n_components: int, **settings: Any) -> tuple[Theirs, mx.GaussianMixture]:
    """Two unfitted estimators with the same settings; a generator is given to each in the same state."""
    seed = settings.pop("random_state", 0)
    seeds = [np.random.RandomState(seed[0]) if isinstance(seed, list) else seed for _ in range(2)]
    return (
        Theirs(n_components, random_state=seeds[0], **settings),
        mx.GaussianMixture(n_components, random_state=seeds[1], **settings),
    )


def fit_both(theirs: Theirs, ours: mx.GaussianMixture, X: Any) -> None:
    """Fit both to the same rows; one warns of not converging if and only if the other does."""
    warned = []
    for estimator in (theirs, ours):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            estimator.fit(X)
        warned.append([w for w in caught if issubclass(w.category, ConvergenceWarning)])
    assert len(warned[0]) == len(warned[1])


def assert_same_path(theirs: Theirs, ours: mx.GaussianMixture) -> None:
    """Assert equal passes, bounds and parameters."""
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.converged_ == theirs.converged_
    assert len(ours.lower_bounds_) == len(theirs.lower_bounds_)
    apart = np.subtract(ours.lower_bounds_, theirs.lower_bounds_)
    assert np.all(np.abs(apart) <= SAME * np.maximum(1.0, np.abs(theirs.lower_bounds_)))
    assert_same_arrays(theirs, ours)


def assert_same_arrays(theirs: Theirs, ours: mx.GaussianMixture) -> None:
    """Assert equal parameters, relative to the largest of each array."""
    for name in ARRAYS:
        expected, found = np.asarray(getattr(theirs, name)), getattr(ours, name)
        assert found.shape == expected.shape, name
        assert np.abs(found - expected).max() <= SAME * np.abs(expected).max(), name
