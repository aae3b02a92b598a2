"""The two searches behind the families without closed forms: log volumes and common axes."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import minimize

from mixtura.covariance import Covariance, orientation, volumes
from mixtura.covariance.cholesky import cholesky
from mixtura.covariance.orientation import common_axes
from mixtura.covariance.rotation import Problem
from tests.covariance.problems import estimate, made, objective, rotation, sigma

both_volumes = pytest.mark.parametrize("equal_volume", [False, True])


def skew(rng, n_features):
    matrix = rng.normal(size=(n_features, n_features))
    return matrix - matrix.T


def level(mass, scatter, axes, equal_volume):
    """The objective over axes, by its formula."""
    logs = np.log(np.einsum("ji,kjl,li->ki", axes, scatter, axes))
    if equal_volume:
        return 0.5 * mass.sum() * logs.shape[1] * np.log(np.exp(logs.mean(axis=1)).sum())
    return 0.5 * mass @ logs.sum(axis=1)


@both_volumes
@pytest.mark.parametrize("n_features", [2, 3, 5])
def test_level_change_and_curvature(equal_volume, n_features):
    mass, scatter = made(1, 3, n_features)
    rng = np.random.default_rng(0)
    problem = Problem(mass, cholesky(scatter), equal_volume)
    axes, step, other = rotation(rng, n_features), skew(rng, n_features), skew(rng, n_features)
    point, curvature = problem.at(axes), problem.curvature(problem.at(axes))

    def moved(t, s=0.0):
        return level(mass, scatter, axes @ expm(t * step + s * other), equal_volume)

    assert problem.level(point) == pytest.approx(moved(0.0), rel=1e-12)
    there = problem.at(axes @ expm(0.3 * step))
    assert problem.change(point, there) == pytest.approx(moved(0.3) - moved(0.0), rel=1e-9)
    h = 1e-4
    slope = (moved(0.1 * h) - moved(-0.1 * h)) / (0.2 * h)
    assert 0.5 * (curvature.gradient * step).sum() == pytest.approx(slope, rel=1e-5)
    mixed = (moved(h, h) - moved(h, -h) - moved(-h, h) + moved(-h, -h)) / (4 * h * h)
    assert 0.5 * (curvature.apply(step) * other).sum() == pytest.approx(mixed, rel=1e-4, abs=1e-4 * abs(slope))


@both_volumes
def test_few_newton_steps_are_enough(equal_volume, monkeypatch):
    """Quadratic convergence: what 30 steps leave, 200 do not improve."""
    mass, scatter = made(8, 4, 5, common=True)
    factors = cholesky(scatter)
    far = rotation(np.random.default_rng(1), 5)
    problem = Problem(mass, factors, equal_volume)
    monkeypatch.setattr("mixtura.covariance.rotation.MAX_STEPS", 30)
    point = problem.descend(problem.at(far))
    assert problem.curvature(point).slope < 1e-18 * mass.sum()


@both_volumes
@pytest.mark.parametrize("seed", range(4))
def test_common_axes_against_a_general_optimizer(equal_volume, seed):
    mass, scatter = made(seed, 3, 3)
    axes, along = common_axes(mass, cholesky(scatter), equal_volume)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-13)
    np.testing.assert_allclose(along, np.einsum("ji,kjl,li->ki", axes, scatter, axes), rtol=1e-9)
    reached = level(mass, scatter, axes, equal_volume)
    rng = np.random.default_rng(seed)
    for _ in range(6):
        start = rotation(rng, 3)

        def at(angles, start=start):
            x, y, z = angles
            return level(mass, scatter, start @ expm(np.array([[0, x, y], [-x, 0, z], [-y, -z, 0.0]])), equal_volume)

        assert reached <= minimize(at, np.zeros(3), options={"gtol": 1e-8}).fun + 1e-7


@both_volumes
def test_a_stationary_start_that_is_no_minimum_is_left(equal_volume):
    """Two components thin along the two diagonals: the columns are the worst axes, and there the gradient is zero."""
    scatter = np.array([[[1.0, 0.9], [0.9, 1.0]], [[1.0, -0.9], [-0.9, 1.0]]])
    mass = np.array([10.0, 10.0])
    problem = Problem(mass, cholesky(scatter), equal_volume)
    assert np.abs(problem.curvature(problem.at(np.eye(2))).gradient).max() < 1e-14
    axes, along = common_axes(mass, cholesky(scatter), equal_volume, previous=np.eye(2))
    np.testing.assert_allclose(np.abs(axes), np.sqrt(0.5), rtol=1e-12)
    np.testing.assert_allclose(np.sort(along), [[0.1, 1.9], [0.1, 1.9]], rtol=1e-12)


@both_volumes
def test_a_saddle_is_left_by_a_turn(equal_volume):
    scatter = np.array([[[1.0, 0.9], [0.9, 1.0]], [[1.0, -0.9], [-0.9, 1.0]]])
    problem = Problem(np.array([10.0, 10.0]), cholesky(scatter), equal_volume)
    point = orientation._minimum(problem, problem.at(np.eye(2)))
    np.testing.assert_allclose(np.abs(point.axes), np.sqrt(0.5), rtol=1e-12)


# Problems where an arbitrary start finds better axes than the usual ones.
@pytest.mark.parametrize(("seed", "size", "code"), [(27, (3, 3), "EVE"), (63, (3, 3), "EVE"), (6, (4, 4), "VVE")])
@pytest.mark.parametrize("with_axes", [True, False])
def test_better_axes_of_before_are_kept(seed, size, code, with_axes):
    mass, scatter = made(seed, *size)
    problem = Problem(mass, cholesky(scatter), code == "EVE")
    rng = np.random.default_rng(seed)
    starts = [orientation._minimum(problem, problem.at(rotation(rng, size[1]))) for _ in range(10)]
    best = min(starts, key=problem.level)
    matrices = (best.axes * (best.scatter / mass[:, None])[:, None, :]) @ best.axes.T
    previous = Covariance(matrices, best.axes if with_axes else None)
    found = estimate(code, mass, scatter, previous).orientation
    cold = estimate(code, mass, scatter).orientation
    assert problem.level(problem.at(found)) <= problem.level(best) + 1e-9 * mass.sum()
    assert problem.level(problem.at(cold)) > problem.level(best) + 1e-3 * mass.sum()


@pytest.mark.parametrize(("narrow", "wide"), [("EVI", "EVE"), ("VVI", "VVE"), ("VEE", "VVE"), ("EVE", "VVE")])
@pytest.mark.parametrize("seed", range(3))
def test_the_starts_alone_order_the_families(narrow, wide, seed, monkeypatch):
    """Even unimproved, the best start is no worse than the narrower families: local optima cannot break the order."""
    improve = orientation._minimum
    mass, scatter = made(seed, 4, 3)
    volumes_of_a_row = np.exp(np.linalg.slogdet(scatter)[1] / 3) / mass
    scatter /= volumes_of_a_row[:, None, None]  # so that own volumes are no advantage
    poor = rotation(np.random.default_rng(1), 3)[None]
    monkeypatch.setattr(orientation, "_principal_axes", lambda mass, scatter: poor)
    # Only the narrower of EVE and VVE is improved.
    improved = (narrow, wide) == ("EVE", "VVE")
    monkeypatch.setattr(orientation, "_minimum", lambda p, x: improve(p, x) if improved and p.equal_volume else x)
    reached = [objective(mass, scatter, sigma(code, mass, scatter)) for code in (narrow, wide)]
    assert reached[0] <= reached[1] + 1e-11 * mass.sum()


@both_volumes
def test_planes_are_searched_alike_in_any_portions(equal_volume, monkeypatch):
    mass, scatter = made(3, 4, 6)
    problem = Problem(mass, cholesky(scatter), equal_volume)
    point = problem.at(rotation(np.random.default_rng(5), 6))
    whole = orientation._best_turn(problem, point)
    monkeypatch.setattr(orientation, "CHUNK", 150)
    assert orientation._best_turn(problem, point) == whole
    left, right, angle = whole
    turned = problem.at(orientation._turned(point.axes, left, right, angle))
    assert problem.change(point, turned) < 0


def test_round_components_have_any_axes():
    mass, scatter = np.array([5.0, 7.0]), np.array([np.eye(3), 2.0 * np.eye(3)])
    axes, along = common_axes(mass, cholesky(scatter), False)
    np.testing.assert_allclose(along, [[1.0] * 3, [2.0] * 3], rtol=1e-14)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-14)


@pytest.mark.parametrize("dense", [False, True])
def test_a_dozen_newton_steps_settle_log_volumes(dense, monkeypatch):
    """Alternating steps need thousands here: the components share little of their extent."""
    rng = np.random.default_rng(3)
    mass = rng.uniform(10.0, 20.0, 4)
    scatter = rng.chisquare(1, (4, 6)) * 10.0 ** rng.uniform(-3, 3, (4, 6))
    turn = rotation(rng, 6)
    monkeypatch.setattr(volumes, "MAX_STEPS", 12)
    if dense:
        matrices = volumes.equal_shape(mass, (turn * scatter[:, None, :]) @ turn.T)
        found = np.einsum("ji,kjl,li->ki", turn, matrices, turn)
    else:
        found = volumes.equal_shape(mass, scatter)
    # Stationary: each component's scatter weighs D mass in its own covariance, each axis the whole mass.
    np.testing.assert_allclose((scatter / found).sum(axis=1), 6 * mass, rtol=1e-8)
    np.testing.assert_allclose((scatter / found).sum(axis=0), mass.sum(), rtol=1e-8)
    shapes = found / found[:, :1]
    np.testing.assert_allclose(shapes, shapes[:1].repeat(4, axis=0), rtol=1e-8)
