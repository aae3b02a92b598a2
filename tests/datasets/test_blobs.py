"""Stretched blobs: the truth that is returned is the one the rows were drawn from."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtura.datasets import BlobParameters, make_anisotropic_blobs
from mixtura.outcome import MixtureError


def blobs(*args: Any, **settings: Any) -> Any:
    return make_anisotropic_blobs(*args, **settings)


def test_defaults() -> None:
    X, y = blobs(random_state=0)
    assert X.shape == (500, 2)
    assert X.dtype == np.float64
    assert np.bincount(y).tolist() == [125] * 4


def test_the_same_seed_gives_the_same_bits() -> None:
    (X, y), (again, labels) = blobs(random_state=7), blobs(random_state=7)
    assert np.array_equal(X, again)
    assert np.array_equal(y, labels)
    assert not np.array_equal(X, blobs(random_state=8)[0])
    assert np.array_equal(X, blobs(random_state=np.random.RandomState(7))[0])


def test_without_a_seed_rows_differ() -> None:
    assert not np.array_equal(blobs()[0], blobs()[0])


@pytest.mark.parametrize("n_features", [1, 2, 5])
def test_rows_follow_the_returned_parameters(n_features: int) -> None:
    n = 40_000
    X, y, truth = blobs(3 * n, n_features, 3, stretch=9, cluster_std=0.5, return_parameters=True, random_state=1)
    for k in range(3):
        rows = X[y == k]
        spread = np.sqrt(np.diag(truth.covariances[k]))
        assert np.abs(rows.mean(axis=0) - truth.means[k]).max() < 5 * spread.max() / np.sqrt(n)
        covariance = np.cov(rows.T).reshape(n_features, n_features)
        assert np.abs((covariance - truth.covariances[k]) / np.outer(spread, spread)).max() < 5 * np.sqrt(2 / n)


@given(
    n_features=st.integers(1, 6),
    centers=st.integers(1, 5),
    stretch=st.floats(1, 100),
    cluster_std=st.floats(0.01, 100),
    seed=st.integers(0, 2**32 - 1),
)
def test_stretch_and_volume(n_features: int, centers: int, stretch: float, cluster_std: float, seed: int) -> None:
    settings: dict[str, Any] = {"stretch": stretch, "cluster_std": cluster_std, "random_state": seed}
    X, y, truth = blobs(20, n_features, centers, return_parameters=True, **settings)
    assert X.shape == (20, n_features)
    assert truth.means.shape == (centers, n_features)
    assert np.abs(truth.means).max() <= 10
    assert truth.weights == pytest.approx(np.bincount(y, minlength=centers) / 20)
    spreads = np.sqrt(np.linalg.eigvalsh(truth.covariances))
    assert np.exp(np.log(spreads).mean(axis=1)) == pytest.approx(np.full(centers, cluster_std), rel=1e-6)
    expected = stretch if n_features > 1 else 1
    assert spreads[:, -1] / spreads[:, 0] == pytest.approx(np.full(centers, expected), rel=1e-6)


def test_each_blob_has_axes_of_its_own() -> None:
    _, _, truth = blobs(centers=3, return_parameters=True, random_state=3)
    long_axes = np.linalg.eigh(truth.covariances)[1][:, :, -1]
    cosines = np.abs(long_axes @ long_axes.T)[np.triu_indices(3, 1)]
    assert cosines.max() < 0.999


def test_centers_and_counts_can_be_given() -> None:
    centers = [[0, 0, 0], [5, 5, 5]]
    X, y, truth = blobs([30, 10], centers=centers, return_parameters=True, random_state=0)
    assert X.shape == (40, 3)
    assert np.bincount(y).tolist() == [30, 10]
    assert isinstance(truth, BlobParameters)
    assert truth.weights.tolist() == [0.75, 0.25]
    assert truth.means.tolist() == centers


def test_rows_left_over_go_to_the_first_blobs() -> None:
    assert np.bincount(blobs(10, centers=4, random_state=0)[1]).tolist() == [3, 3, 2, 2]


def test_shuffled_or_blob_by_blob() -> None:
    assert np.all(np.diff(blobs(shuffle=False, random_state=0)[1]) >= 0)
    assert not np.all(np.diff(blobs(random_state=0)[1]) >= 0)


def test_the_truth_does_not_depend_on_how_many_rows_are_drawn() -> None:
    few, many = (blobs(n, return_parameters=True, random_state=5)[2] for n in (8, 800))
    assert np.array_equal(few.means, many.means)
    assert np.array_equal(few.covariances, many.covariances)


@pytest.mark.parametrize(
    ("settings", "number", "remedy"),
    [
        ({"stretch": 0.5}, "0.5", "give 1 or more"),
        ({"stretch": np.nan}, "nan", "give 1 or more"),
        ({"cluster_std": 0}, "cluster_std is 0", "above 0"),
        ({"cluster_std": np.inf}, "inf", "above 0"),
        ({"centers": 0}, "centers is 0", "at least one of each"),
        ({"n_features": 0}, "n_features is 0", "at least one of each"),
        ({"center_box": (3, -3)}, "(3, -3)", "lower to its upper end"),
        ({"centers": [1.0, 2.0]}, "(2,)", "(blobs, features)"),
        ({"centers": [[1.0, np.nan]]}, "(1, 2)", "finite"),
        ({"n_samples": 0}, "n_samples is 0", "at least one row"),
        ({"n_samples": -1}, "n_samples is -1", "none below 0"),
        ({"n_samples": [3, 4]}, "[3, 4] for 4 centers", "one for each"),
        ({"n_samples": [1.5, 2, 3, 4]}, "1.5", "whole number"),
        ({"n_samples": 99.5}, "99.5", "whole number"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], number: str, remedy: str) -> None:
    with pytest.raises(MixtureError) as error:
        blobs(**settings)
    assert number in str(error.value)
    assert remedy in str(error.value)
