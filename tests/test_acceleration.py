"""SQUAREM: the same optimum in a third of the passes, and never a fall."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import pytest

import mixtura as mx
from mixtura import acceleration, em, kernels, start
from mixtura.problem import Problem, Settings
from mixtura.sources.memory import Memory


@cache
def overlapping(seed: int) -> np.ndarray:
    """Rows of three Gaussians that lie mostly on each other."""
    rng = np.random.default_rng(seed)
    means = 1.2 * rng.normal(size=(3, 2))
    roots = np.eye(2) + 0.4 * rng.normal(size=(3, 2, 2))
    labels = rng.choice(3, 2000)
    return means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.normal(size=(2000, 2)))


def passes(rule: em.Rule, family: str, seed: int, most: int) -> list[tuple[float, bool]]:
    """Objective a row of every pass, and whether it was accepted."""
    settings = Settings(3, family, 0.0, 0.0, most, False, None, False, None)
    problem = Problem.pose(Memory.of(overlapping(seed)), settings)
    begun = start.STARTS["kmeans"](problem.ground(), np.random.RandomState(0))
    kernel = kernels.choose(problem.source.rows, problem.settings.n_components, problem.family.order)
    steps: Any = em.iterate(problem.source, begun, kernel, rule)
    return [(step.objective / 2000, accepted) for step, accepted, _ in islice(steps, most)]


def until(path: list[tuple[float, bool]], goal: float) -> int:
    """Number of passes until the objective is within 1e-6 a row of its top."""
    reached = [n for n, (value, _) in enumerate(path, 1) if value >= goal - 1e-6]
    return reached[0]


@pytest.mark.parametrize("family", ["VVV", "VVI", "VEV", "EEE"])
def test_a_third_of_the_passes(family: str) -> None:
    plain = fast = 0
    for seed in (0, 4, 5, 6):
        slow_path = passes(em.Plain(), family, seed, 700)
        fast_path = passes(acceleration.Squarem(), family, seed, 250)
        top = max(value for value, _ in slow_path + fast_path)
        plain, fast = plain + until(slow_path, top), fast + until(fast_path, top)
    assert plain >= 3 * fast, (plain, fast)


@pytest.mark.parametrize("family", ["VVV", "VVI", "VEV", "EEE", "EVE", "VII"])
def test_the_objective_never_falls(family: str) -> None:
    accepted = [value for value, kept in passes(acceleration.Squarem(), family, 5, 80) if kept]
    assert np.diff(accepted).min() > -1e-12


def test_a_leap_that_fell_is_taken_back() -> None:
    path = passes(acceleration.Squarem(), "VVV", 0, 120)
    refused = [n for n, (_, kept) in enumerate(path) if not kept]
    assert refused
    for n in refused:
        best_before = max(value for value, kept in path[:n] if kept)
        assert path[n][0] < best_before


@pytest.mark.filterwarnings("ignore::mixtura.DataWarning")
@pytest.mark.parametrize("reg_covar", [0.01, 1.0])
def test_under_a_ridge_it_ends_where_plain_em_ends(reg_covar: float) -> None:
    """A ridge's steps climb no objective: where they fall, leaps would only lead away from their fixed point."""
    settings = {"reg_covar": reg_covar, "tol": 1e-12, "max_iter": 20000, "random_state": 0}
    plain, fast = (
        mx.GaussianMixture(3, acceleration=acceleration, **settings).fit(overlapping(0))
        for acceleration in (None, "squarem")
    )
    assert fast.converged_
    assert fast.n_iter_ <= plain.n_iter_ + 10
    np.testing.assert_allclose(fast.means_, plain.means_, atol=1e-4)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_no_fit_ends_on_a_leap_that_no_pass_has_measured() -> None:
    """Cut off at any pass, a fit is at least as good as what it has seen."""
    for most in range(8, 40):
        settings = {"tol": 0.0, "max_iter": most, "random_state": 0, "reg_covar": 0.0}
        model = mx.GaussianMixture(3, acceleration="squarem", **settings).fit(overlapping(0))
        assert model.lower_bound_ > max(model.lower_bounds_) - 1e-12
