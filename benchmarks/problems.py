"""Rows and starts: made alike wherever they are needed, from a fixed seed."""

from __future__ import annotations

import warnings
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.workloads import Shape


def problem(shape: Shape) -> tuple[np.ndarray, dict[str, Any]]:
    """Rows around K centers, and a start near them: the same for every family of these sizes."""
    rng = np.random.default_rng(0)
    k, d = shape.components, shape.features
    centers = rng.uniform(-shape.reach, shape.reach, size=(k, d))
    X = rng.normal(size=(shape.rows, d))
    X += centers[rng.integers(k, size=shape.rows)]
    precisions = {"full": np.tile(np.eye(d), (k, 1, 1)), "tied": np.eye(d), "diag": np.ones((k, d))}
    start = {
        "weights_init": np.full(k, 1.0 / k),
        "means_init": centers + 0.3 * rng.normal(size=centers.shape),
        "precisions_init": precisions.get(shape.family, np.ones(k)),
    }
    return X, start


def pairs(sets: int, shape: Shape) -> list[np.ndarray]:
    """Small data sets of two groups each, of random places, sizes and covariances."""
    rng = np.random.default_rng(1)

    def one() -> np.ndarray:
        labels = rng.random(shape.rows) < rng.uniform(0.3, 0.7)
        spread = rng.normal(size=(2, shape.features, shape.features)) / 2 + np.eye(shape.features)
        apart = rng.normal(size=shape.features)
        centers = np.array([-apart, apart]) / np.linalg.norm(apart) * rng.uniform(2.5, 4)
        noise = rng.normal(size=(shape.rows, shape.features))
        index = labels.astype(int)
        return centers[index] + np.einsum("nd,nde->ne", noise, spread[index])

    return [one() for _ in range(sets)]


def fit(kind: Any, shape: Shape, X: np.ndarray, iterations: int, **settings: Any) -> tuple[float, Any]:
    """Seconds of a fit of exactly `iterations` iterations, and the fitted estimator."""
    weight = settings.pop("sample_weight", None)
    model = kind(shape.components, covariance_type=shape.family, tol=0.0, max_iter=iterations, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        begun = perf_counter()
        model.fit(X) if weight is None else model.fit(X, sample_weight=weight)
    return perf_counter() - begun, model


def timed(action: Any) -> tuple[float, Any]:
    """Seconds of a call, and what it returned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        begun = perf_counter()
        result = action()
    return perf_counter() - begun, result


def gap(a: Any, b: Any) -> float:
    """Largest difference of two fitted mixtures: weights, means, covariances and path, each in parts of its largest."""
    names = ("weights_", "means_", "covariances_", "lower_bounds_")
    both = ((np.asarray(getattr(a, name)), np.asarray(getattr(b, name))) for name in names)
    return max(float(np.abs(x - y).max() / np.abs(y).max()) for x, y in both)
