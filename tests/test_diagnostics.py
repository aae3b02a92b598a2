"""What diagnostics say of components: overlaps against closed forms, other integrals and simulation."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import ndtr

import mixtura as mx
from mixtura import diagnostics
from mixtura.density import Density, Whitening, gaussian_offset
from mixtura.diagnostics.quadratic import exceeds as tail


def exceeds(curve, slope, threshold) -> np.ndarray:
    """By slopes alone, and by centers wherever there is a curve: the same."""
    found = tail(curve, np.zeros_like(curve), slope, threshold)
    bent = np.abs(curve) > 1e-3 * np.abs(slope)
    safe = np.where(bent, curve, 1.0)
    moved = threshold + np.where(bent, slope**2 / safe, 0.0).sum(axis=-1)
    again = tail(curve, np.where(bent, slope / safe, 0.0), np.where(bent, 0.0, slope), moved)
    np.testing.assert_allclose(again, found, atol=2e-9)
    return found


def one(curve, slope, threshold) -> float:
    return float(exceeds(np.array([curve], float), np.array([slope], float), np.array([threshold], float))[0])


def dense(weights, means, covariances) -> Density:
    factor = np.swapaxes(np.linalg.inv(np.linalg.cholesky(np.asarray(covariances, float))), 1, 2)
    means = np.asarray(means, float)
    return Density(
        means, Whitening(factor), gaussian_offset(np.asarray(weights, float), Whitening(factor), means.shape[1])
    )


def drawn(seed: int, k: int, d: int, apart: float = 2.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    roots = draw.normal(size=(k, d, d)) * np.exp(draw.uniform(-1, 1, size=(k, 1, 1)))
    return draw.dirichlet(np.full(k, 5.0)), apart * draw.normal(size=(k, d)), roots @ np.swapaxes(roots, 1, 2)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 50])
@pytest.mark.parametrize("threshold", [1e-9, 0.1, 1.0, 5.0, 60.0, 700.0])
def test_chi_squares(degrees: int, threshold: float) -> None:
    none = np.zeros(degrees)
    assert one(none + 1, none, threshold) == pytest.approx(stats.chi2(degrees).sf(threshold), rel=1e-9, abs=1e-300)
    assert one(none - 1, none, -threshold) == pytest.approx(stats.chi2(degrees).cdf(threshold), rel=1e-9, abs=1e-12)
    assert one(none + 1, none, -threshold) == 1.0
    assert one(none - 1, none, threshold) == 0.0


@pytest.mark.parametrize("degrees", [1, 2, 5])
@pytest.mark.parametrize("shift", [1e-4, 0.3, 1.0, 4.0, 12.0])
@pytest.mark.parametrize("part", [0.01, 0.5, 1.0, 1.5, 3.0])
def test_noncentral_chi_squares(degrees: int, shift: float, part: float) -> None:
    slope = np.r_[shift, np.zeros(degrees - 1)]
    threshold = part * (degrees + shift**2)
    found = one(np.ones(degrees), slope, threshold - shift**2)  # z^2 + 2 h z = (z + h)^2 - h^2
    assert found == pytest.approx(stats.ncx2(degrees, shift**2).sf(threshold), rel=1e-7, abs=1e-12)


@settings(deadline=None, max_examples=200)
@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-30, 30))
def test_one_coordinate_is_an_interval_or_what_lies_outside(w: float, h: float, x: float) -> None:
    root = h * h + w * x
    if abs(w) < 1e-3 or abs(root) < 1e-9:
        return
    if root < 0:
        true = float(w > 0)
    else:
        low, high = sorted([(-h - np.sqrt(root)) / w, (-h + np.sqrt(root)) / w])
        inside = ndtr(high) - ndtr(low)
        true = ndtr(low) + ndtr(-high) if w > 0 else inside
    assert one([w], [h], x) == pytest.approx(true, abs=2e-9)


COORDINATE = st.tuples(st.floats(-4, 4), st.integers(-4, 0), st.floats(-4, 4), st.integers(-4, 0))


@settings(deadline=None, max_examples=25)
@given(COORDINATE, st.floats(-1, 1), st.floats(-2, 2), st.floats(-4, 4))
def test_two_coordinates_are_an_integral_over_one(first, w: float, h: float, x: float) -> None:
    """Scales that lie four orders of magnitude apart make the straight path of the integral slow."""
    curve, slope = np.array([first[0] * 10.0 ** first[1], w]), np.array([first[2] * 10.0 ** first[3], h])
    if abs(w) < 0.01 or abs(curve[0]) < 1e-6:
        return

    def other(z: float) -> float:
        left = x - curve[0] * z * z - 2 * slope[0] * z
        root = h * h + w * left
        if root < 0:
            return float(w > 0)
        low, high = sorted([(-h - np.sqrt(root)) / w, (-h + np.sqrt(root)) / w])
        return ndtr(low) + ndtr(-high) if w > 0 else ndtr(high) - ndtr(low)

    kinks = np.roots([-w * curve[0], -2 * w * slope[0], h * h + w * x])
    points = sorted(float(k.real) for k in kinks if abs(k.imag) < 1e-12 and abs(k) < 9)
    edges = [-9.0, *points, 9.0]
    true = sum(
        integrate.quad(lambda z: other(z) * stats.norm.pdf(z), a, b, limit=200, epsabs=1e-11)[0]
        for a, b in pairwise(edges)
        if b > a
    )
    assert one(curve, slope, x) == pytest.approx(true, abs=1e-7)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("d", [2, 5, 20])
def test_both_sides_make_one(seed: int, d: int) -> None:
    draw = np.random.default_rng(seed)
    curve = draw.normal(size=(40, d)) * 10.0 ** draw.uniform(-6, 0, size=(40, d))
    slope = draw.normal(size=(40, d)) * 10.0 ** draw.uniform(-6, 0, size=(40, d))
    threshold = curve.sum(axis=1) + draw.normal(size=40)
    both = exceeds(curve, slope, threshold) + exceeds(-curve, -slope, -threshold)
    np.testing.assert_allclose(both, 1.0, atol=1e-12)
    order = draw.permutation(d)
    again = exceeds(7.0 * curve[:, order], 7.0 * slope[:, order], 7.0 * threshold)
    np.testing.assert_allclose(again, exceeds(curve, slope, threshold), atol=1e-10)


def test_of_a_constant_ties_are_halved() -> None:
    zeros = np.zeros((4, 2))
    found = exceeds(zeros, zeros, np.array([-1.0, 0.0, 1.0, np.inf]))
    np.testing.assert_array_equal(found, [1.0, 0.5, 0.0, 0.0])


@pytest.mark.parametrize(("k", "d"), [(2, 1), (3, 2), (4, 5)])
def test_overlaps_are_those_of_a_simulation(k: int, d: int) -> None:
    weights, means, covariances = drawn(k, k, d)
    found = diagnostics.overlaps(dense(weights, means, covariances))
    draw, n = np.random.default_rng(0), 100_000
    for i in range(k):
        rows = draw.multivariate_normal(means[i], covariances[i], size=n)
        logs = [np.log(weights[j]) + stats.multivariate_normal(means[j], covariances[j]).logpdf(rows) for j in range(k)]
        counted = (np.array(logs) > logs[i]).mean(axis=1)
        error = np.sqrt(np.maximum(found[i] * (1 - found[i]), 1e-5) / n)
        assert np.abs(counted - found[i]).max() < 4.5 * error.max()
        assert (np.abs(counted - found[i]) < 4.5 * error).all()


@pytest.mark.parametrize("d", [1, 2, 6])
def test_overlaps_under_one_covariance_are_of_the_distance(d: int) -> None:
    weights, means, covariances = drawn(7, 4, d)
    factor = np.linalg.inv(np.linalg.cholesky(covariances[0])).T[np.newaxis]
    offset = gaussian_offset(weights, Whitening(factor), d)
    shared = diagnostics.overlaps(Density(means, Whitening(factor), offset))
    distance = np.linalg.norm((means[:, np.newaxis] - means) @ factor[0], axis=2) + np.eye(4)
    true = ndtr(-distance / 2 + np.log(weights / weights[:, np.newaxis]) / distance) * (1 - np.eye(4))
    np.testing.assert_allclose(shared, true, rtol=1e-8, atol=1e-13)
    apart = diagnostics.overlaps(dense(weights, means, [covariances[0]] * 4))
    np.testing.assert_allclose(apart, true, atol=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([1, 2, 4]), st.floats(-6, 6))
def test_overlaps_are_of_no_coordinates(seed: int, d: int, scale: float) -> None:
    weights, means, covariances = drawn(seed, 3, d)
    draw = np.random.default_rng(seed + 1)
    turn = draw.normal(size=(d, d)) + 2 * np.eye(d)
    if np.linalg.cond(turn) > 50:
        return
    turn *= 10.0**scale
    moved = diagnostics.overlaps(dense(weights, means @ turn.T, turn @ covariances @ turn.T))
    np.testing.assert_allclose(moved, diagnostics.overlaps(dense(weights, means, covariances)), atol=1e-8)


def test_overlaps_of_equals_and_of_none() -> None:
    twins = dense([0.5, 0.5], [[1.0, 2.0]] * 2, [np.eye(2)] * 2)
    np.testing.assert_array_equal(diagnostics.overlaps(twins), [[0.0, 0.5], [0.5, 0.0]])
    larger = dense([0.2, 0.8], [[1.0, 2.0]] * 2, [np.eye(2)] * 2)
    np.testing.assert_array_equal(diagnostics.overlaps(larger), [[0.0, 1.0], [0.0, 0.0]])
    with np.errstate(divide="ignore"):
        absent = dense([1.0, 0.0], [[0.0], [0.1]], [[[1.0]], [[1.0]]])
    np.testing.assert_array_equal(diagnostics.overlaps(absent), np.zeros((2, 2)))
    far = dense([0.5, 0.5], [[0.0], [1e9]], [[[1e-12]], [[1.0]]])
    np.testing.assert_array_equal(diagnostics.overlaps(far), np.zeros((2, 2)))
    assert diagnostics.overlaps(dense([1.0], [[0.0]], [[[1.0]]])).tolist() == [[0.0]]


def test_overlaps_of_a_needle_in_a_ball() -> None:
    """A component 1e7 times narrower in one direction: all of it is its own, and of the ball what it covers."""
    weights, thin = [0.5, 0.5], np.diag([1.0, 1e-14])
    found = diagnostics.overlaps(dense(weights, np.zeros((2, 2)), [np.eye(2), thin]))
    reach = np.sqrt(-np.log(1e-14)) * 1e-7  # the needle is denser where y^2 (1e14 - 1) < log 1e14
    assert found[0, 1] == pytest.approx(2 * ndtr(reach) - 1, rel=1e-6)
    assert found[1, 0] == pytest.approx(2 * ndtr(-reach * 1e7), rel=1e-6)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.floats(-140, 140), min_size=6, max_size=6), st.floats(0, 1), st.booleans())
def test_overlaps_of_anything_are_probabilities(sizes, share: float, turned: bool) -> None:
    """Units, distances and spreads as far apart as squares can be."""
    (a, b, c, d, e, f), sign = 10.0 ** np.array(sizes), -1 if turned else 1
    spread = Whitening(1 / np.array([[a, b], [c, d]]))
    with np.errstate(divide="ignore"):
        offset = gaussian_offset(np.array([share, 1 - share]), spread, 2)
    means = np.array([[0.0, 0.0], [sign * e, f]])
    if not np.isfinite(means * spread.factor).all():
        return
    found = diagnostics.overlaps(Density(means, spread, offset))
    assert ((found >= 0) & (found <= 1)).all()


def test_many_components_are_looked_at_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    weights, means, covariances = drawn(3, 12, 3)
    whole = diagnostics.overlaps(dense(weights, means, covariances))
    monkeypatch.setattr("mixtura.diagnostics.overlap.BLOCK", 200)
    np.testing.assert_allclose(diagnostics.overlaps(dense(weights, means, covariances)), whole, atol=1e-12)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical", "VEV", "EII"])
@pytest.mark.parametrize("shift", [0.0, 1e8])
def test_overlaps_of_a_report_are_those_of_its_model(kind: str, shift: float) -> None:
    rows = mx.datasets.load_iris().data + shift
    model = mx.GaussianMixture(3, covariance_type=kind, random_state=0, reg_covar=1e-3).fit(rows)
    dense_ones = mx.GaussianMixture(covariance_type=kind).__class__.from_parameters(
        model.weights_, model.means_ - shift, matrices(model)
    )
    other = diagnostics.overlaps(dense(dense_ones.weights_, dense_ones.means_, dense_ones.covariances_))
    np.testing.assert_allclose(model.fit_report_.overlaps, other, atol=1e-6)


def matrices(model: mx.GaussianMixture) -> np.ndarray:
    k, d = model.means_.shape
    kind, found = model.covariance_type, model.covariances_
    if kind == "tied":
        return np.array([found] * k)
    if kind == "diag":
        return found[:, np.newaxis] * np.eye(d)
    return found[:, np.newaxis, np.newaxis] * np.eye(d) if kind == "spherical" else found
