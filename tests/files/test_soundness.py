"""Covariances, precisions and factors that are none, or belong to different mixtures."""

from pathlib import Path

import numpy as np
import pytest

import mixtura as mx
from tests.files.cases import forge, opened, put, refused


def correlated(layout: str) -> mx.GaussianMixture:
    matrix = np.array([[4.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
    covariances = {"tied": matrix, "diag": np.diag(matrix)[None] * [[1], [2]], "spherical": [1.0, 2.0]}
    found = covariances.get(layout, np.stack([matrix, 2 * matrix]))
    return mx.GaussianMixture.from_parameters([0.5, 0.5], np.zeros((2, 3)), found, layout)


OF_MATRICES = ("not symmetric", "precisions not symmetric", "lower factor")
UNSOUND = {
    "zero variance": ("covariances", lambda a: put(a, (-1,) * a.ndim, 0.0), "variance that is not positive"),
    "negative variance": ("covariances", lambda a: put(a, (0,) * a.ndim, -1.0), "variance that is not positive"),
    "not symmetric": ("covariances", lambda a: put(a, (..., 0, 1), 1.5), "not symmetric"),
    "precisions not symmetric": ("precisions", lambda a: put(a, (..., 0, 1), 0.0), "not symmetric"),
    "another covariance": ("covariances", lambda a: a * (1 + 1e-9), "not the inverse"),
    "another precision": ("precisions", lambda a: a * (1 + 1e-9), "not those of its precisions|not the inverse"),
    "another factor": ("precisions_cholesky", lambda a: a * (1 + 1e-9), "not those of its precisions"),
    "factor of the other sign": ("precisions_cholesky", lambda a: -a, "not those of its precisions|not positive"),
    "lower factor": ("precisions_cholesky", lambda a: np.linalg.cholesky(a @ np.swapaxes(a, -1, -2)), "not those of"),
    "largest double": ("covariances", lambda a: a * 0 + 1.7e308, "not the inverse|not symmetric|not positive"),
    "smallest double": ("precisions", lambda a: a * 0 + 5e-324, "not those|not the inverse"),
}


@pytest.mark.parametrize(
    ("layout", "name"),
    [(layout, name) for layout in ("full", "tied", "VEV") for name in UNSOUND]
    + [(layout, name) for layout in ("diag", "spherical") for name in UNSOUND if name not in OF_MATRICES],
)
def test_covariances_that_are_none(path: Path, layout: str, name: str) -> None:
    array, change, words = UNSOUND[name]
    mx.save(correlated(layout), path)
    content, tensors, outer = opened(path)
    tensors[array] = np.ascontiguousarray(change(tensors[array]))
    forge(path, content, tensors, outer)
    refused(path, f"component [01] has .*({words})")


def test_an_indefinite_covariance_with_its_own_inverse(path: Path) -> None:
    mx.save(correlated("full"), path)
    content, tensors, outer = opened(path)
    turned = np.array([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    for factor in (np.eye(3), np.diag([1e8, 1e8, 1.0]), np.diag([1e-150, 1e150, 1.0])):
        tensors["covariances"] = np.stack([turned] * 2)
        tensors["precisions_cholesky"] = np.stack([factor] * 2)
        for precision in (np.square(factor), np.linalg.inv(turned)):
            tensors["precisions"] = np.stack([precision] * 2)
            forge(path, content, tensors, outer)
            refused(path, "component 0 has")


def test_an_indefinite_covariance_hidden_behind_a_singular_one(path: Path) -> None:
    """Precisions so large along its null vector that no residual tells; only a Cholesky factor does."""
    r = np.sqrt(1.25)
    covariance = np.array([[1.0, r, r], [r, 1.0, 1.5], [r, 1.5, 1.0]])
    lowest, null = np.linalg.eigvalsh(covariance)[:2]
    assert abs(lowest + 0.5) < 1e-12 and abs(null) < 1e-12
    axis = np.array([np.sqrt(2) * r, -np.sqrt(0.5), -np.sqrt(0.5)]) / np.sqrt(3.5)
    precision = np.eye(3) + 1e15 * np.outer(axis, axis)
    factor = np.linalg.cholesky(precision[::-1, ::-1])[::-1, ::-1]
    mx.save(correlated("tied"), path)
    content, tensors, outer = opened(path)
    tensors.update(covariances=covariance, precisions=precision, precisions_cholesky=np.ascontiguousarray(factor))
    forge(path, content, tensors, outer)
    refused(path, "component 0 has covariances that are not positive definite")
