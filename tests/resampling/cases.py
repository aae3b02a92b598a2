"""Models and rows that the tests of the bootstrap share."""

from typing import Any

import numpy as np

import mixtura as mx

KINDS = ("nonparametric", "weighted", "parametric", "jackknife")
NAMES = ("weights", "means", "covariances")


def groups(seed: int = 0, n: int = 90) -> Any:
    """Two groups in two columns, two thirds of the rows in the first."""
    X = np.random.default_rng(seed).normal(size=(n, 2)) @ np.array([[1.0, 0.4], [0.0, 0.7]])
    X[2 * n // 3 :] += [4.0, -3.0]
    return X


def fitted(X: Any, k: int = 2, sample_weight: Any = None, **settings: Any) -> mx.GaussianMixture:
    """A model at the top of its hill, from labels by the first column."""
    rows = np.asarray(X, dtype=np.float64)
    labels = np.argsort(np.argsort(rows[:, 0], kind="stable"), kind="stable") * k // len(rows)
    asked = {"tol": 1e-12, "reg_covar": 0.0, "max_iter": 5000, "acceleration": "squarem", "init_params": labels}
    return mx.GaussianMixture(k, **(asked | settings)).fit(X, sample_weight=sample_weight)


def of_parameters(weights: Any, means: Any, covariances: Any, X: Any, name: str) -> mx.GaussianMixture:
    """The model that EM reaches from given parameters."""
    begin = {"weights_init": weights, "means_init": means, "precisions_init": np.linalg.inv(covariances)}
    return fitted(X, len(weights), covariance_type=name, init_params="kmeans", **begin)
