"""Rows with two or three plain groups, and models fitted to them."""

from functools import cache
from typing import Any

import numpy as np

import mixtura as mx
from mixtura.covariance import MCLUST, SKLEARN

TYPES = tuple(SKLEARN)
ALL = (*SKLEARN, *MCLUST)


@cache
def groups(n: int = 120, d: int = 2, seed: int = 0) -> Any:
    """Rows of two groups, one of them wider; rows of one group come before those of the other."""
    draw = np.random.RandomState(seed)
    X = draw.standard_normal((n, d)) * np.where(np.arange(n) < n // 2, 1.0, 1.5)[:, None]
    X[: n // 2] += 6.0
    X.setflags(write=False)
    return X


def fitted(covariance_type: str = "full", X: Any = None, **settings: Any) -> mx.GaussianMixture:
    settings = {"n_components": 2, "random_state": 0, "tol": 1e-6, "max_iter": 500} | settings
    return mx.GaussianMixture(covariance_type=covariance_type, **settings).fit(groups() if X is None else X)


def arrays(model: mx.GaussianMixture) -> dict[str, Any]:
    """The public arrays of a model by name."""
    names = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
    return {name: getattr(model, name) for name in names}


def same_bits(one: Any, other: Any) -> bool:
    return np.asarray(one).dtype == np.asarray(other).dtype and np.array_equal(one, other)
