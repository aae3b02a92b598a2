"""Nearest-neighbor cleaning: the published mixture by another way, and backgrounds that are there or are not."""

from math import gamma, pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.special import expit

from mixtura import cleaning
from mixtura.cleaning import noisy_rows


def blobs(n: int, d: int, k: int, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(n, d)) + 5.0 * draw.normal(size=(k, d))[draw.integers(k, size=n)]
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def with_background(n: int, d: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three Gaussians, and rows spread evenly over their box: the rows, and which of them these are."""
    rows, count = blobs(n, d, 3, seed), int(share * n)
    rows[:count] = np.random.default_rng(seed + 1).uniform(rows.min(axis=0), rows.max(axis=0), size=(count, d))
    return rows, np.arange(n) < count


def by_their_em(rows: np.ndarray, k: int) -> np.ndarray:
    """Byers and Raftery's own way: the EM algorithm on the distances to the k-th neighbor."""
    d = rows.shape[1]
    ball = np.sort(cdist(rows, rows), axis=1)[:, k] ** d * pi ** (d / 2) / gamma(d / 2 + 1)
    ball /= ball.mean()
    dense = (ball <= np.median(ball)) + 0.0
    for _ in range(3000):
        share = dense.mean()
        one, two = k * dense.sum() / (dense @ ball), k * (1 - dense).sum() / ((1 - dense) @ ball)
        dense = expit(np.log(share / (1 - share)) + k * np.log(one / two) + (two - one) * ball)
    return dense < 0.5


@pytest.mark.parametrize("k", [5, 12])
@pytest.mark.parametrize(("d", "share"), [(1, 0.4), (2, 0.0), (2, 0.2), (3, 0.5), (5, 0.1)])
def test_sparse_rows_are_those_of_the_published_algorithm(d: int, share: float, k: int) -> None:
    rows, _ = with_background(500, d, share, seed=d)
    balls = cleaning._log_balls(rows, np.ones(500), k)
    assert balls is not None
    assert (cleaning.sparse(balls, np.ones(500), k) != by_their_em(rows, k)).sum() <= 1


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.integers(1, 20))
def test_the_gradient_is_that_of_the_objective(at, k) -> None:
    draw = np.random.default_rng(k)
    objective = cleaning._Objective(np.log(draw.gamma(2.0, size=30)), np.full(30, 1 / 30), k)
    point, step = np.array(at), 1e-6 * np.eye(3)
    numerical = [(objective(point + e)[0] - objective(point - e)[0]) / 2e-6 for e in step]
    np.testing.assert_allclose(objective(point)[1], numerical, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("d", "share"), [(2, 0.2), (2, 0.4), (3, 0.1), (3, 0.4), (6, 0.05), (6, 0.5)])
def test_a_background_is_found(d: int, share: float, seed: int) -> None:
    rows, background = with_background(1000, d, share, seed)
    noisy = noisy_rows(rows)
    assert noisy[background].mean() > 0.6 and noisy[~background].mean() < 0.25


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_gaussians_without_a_background_keep_their_rows(d: int, k: int, seed: int) -> None:
    assert not noisy_rows(blobs(1000, d, k, seed)).any()


def test_a_weight_is_a_number_of_equal_rows() -> None:
    rows, _ = with_background(400, 2, 0.3, seed=3)
    weight = np.random.default_rng(0).integers(1, 4, size=400)
    one, many = noisy_rows(rows, weight + 0.0), noisy_rows(np.repeat(rows, weight, axis=0))
    assert one.any() and np.array_equal(np.repeat(one, weight), many)


def test_many_columns_do_not_run_over() -> None:
    rows, background = with_background(300, 200, 0.2, seed=2)
    noisy = noisy_rows(rows)
    assert noisy[background].all() and noisy[~background].mean() < 0.05


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((1, 2)),
        np.zeros((100, 0)),
        np.zeros((100, 2)),
        blobs(20, 2, 1, 0),
        blobs(100, 2, 1, 0)[:, [0, 0]],
        blobs(30, 40, 1, 0),
        np.repeat(blobs(10, 2, 1, 0), 30, axis=0),
    ],
    ids=["one row", "no column", "equal", "few", "collinear", "wide", "each row thirty times"],
)
def test_where_nothing_can_be_seen_no_row_is_flagged(rows: np.ndarray) -> None:
    assert noisy_rows(rows).tolist() == [False] * len(rows)


def test_a_shift_a_turn_and_a_scale_change_nothing() -> None:
    rows, _ = with_background(600, 3, 0.3, seed=5)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    before = noisy_rows(rows)
    assert before.any() and np.array_equal(before, noisy_rows(1e-3 * rows + 7.0))
    balls, turned = (cleaning._log_balls(x, np.ones(600), 12) for x in (rows, rows @ turn))
    np.testing.assert_allclose(balls, turned, rtol=1e-9)
