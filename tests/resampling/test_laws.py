"""Laws of the bootstrap: what theory says of its standard errors, and how they follow rows, weights and order."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mixtura as mx
from mixtura.resampling import Bootstrap, aligned, bootstrap, compiled, run, turns
from mixtura.resampling.refits import Refits
from tests.resampling.cases import KINDS, NAMES, fitted, groups


def same(one: Bootstrap, two: Bootstrap, rtol: float) -> None:
    for name in one.parameters:
        unit = np.abs(one.standard_errors[name]).max() + 1e-300
        np.testing.assert_allclose(one.standard_errors[name], two.standard_errors[name], rtol, rtol * unit)
        np.testing.assert_allclose(one.intervals[name], two.intervals[name], rtol, rtol * unit)


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    X = groups()
    found = bootstrap(fitted(X, 1), X, kind="jackknife", random_state=0)
    np.testing.assert_allclose(found.standard_errors["means"][0], X.std(axis=0, ddof=1) / np.sqrt(len(X)), rtol=1e-9)
    far = 1.959963984540054 * found.standard_errors["means"]
    np.testing.assert_allclose(found.intervals["means"], [X.mean(axis=0) - far, X.mean(axis=0) + far], rtol=1e-12)


@pytest.mark.parametrize("kind", ["nonparametric", "weighted", "parametric"])
def test_one_gaussian_is_as_sure_as_theory_says(kind: str) -> None:
    X = np.random.default_rng(1).normal(size=(400, 2)) * [1.0, 30.0]
    found = bootstrap(fitted(X, 1), X, kind=kind, n_resamples=1500, random_state=0)
    variance = X.var(axis=0)
    np.testing.assert_allclose(found.standard_errors["means"][0], np.sqrt(variance / 400), rtol=0.08)
    kurtosis = 3.0 if kind == "parametric" else ((X - X.mean(axis=0)) ** 4).mean(axis=0) / variance**2
    theory = variance * np.sqrt((kurtosis - 1.0) / 400)
    np.testing.assert_allclose(np.diagonal(found.standard_errors["covariances"][0]), theory, rtol=0.08)
    assert (found.standard_errors["weights"] < 1e-12).all()
    low, high = found.intervals["means"]
    np.testing.assert_allclose(high - low, 2 * 1.96 * found.standard_errors["means"], rtol=0.12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_share_of_a_group_far_away_is_binomial(kind: str) -> None:
    X = np.r_[np.linspace(0.0, 1.0, 60), np.linspace(90.0, 91.0, 30)][:, None]
    found = bootstrap(fitted(X, init_params=(X[:, 0] > 50).astype(int)), X, kind=kind, n_resamples=1500, random_state=0)
    n = 89 if kind == "jackknife" else 90
    rtol = 1e-9 if kind == "jackknife" else 0.08
    np.testing.assert_allclose(found.standard_errors["weights"], np.sqrt(2 / 9 / n), rtol=rtol)


@pytest.mark.parametrize("kind", KINDS)
def test_results_are_the_same_bits_whatever_threads_and_turns(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    X = groups()
    model = fitted(X)

    def again(n_threads: int) -> Bootstrap:
        return bootstrap(model, X, kind=kind, n_resamples=80, random_state=3, n_threads=n_threads)

    one = again(1)
    for n_threads, turn in ((2, turns.TURN), (3, 1), (2, 5000)):
        monkeypatch.setattr(turns, "TURN", turn)
        two = again(n_threads)
        assert all((one.estimates[name] == two.estimates[name]).all() for name in NAMES)
    other = bootstrap(model, X, kind=kind, n_resamples=80, random_state=4)
    assert (kind == "jackknife") == bool((other.estimates["means"] == one.estimates["means"]).all())


@pytest.mark.parametrize(
    ("kind", "name"),
    [("nonparametric", "VVV"), ("weighted", "EEE"), ("parametric", "VEV"), ("jackknife", "EVE"), ("weighted", "diag")],
)
def test_compiled_refits_are_those_of_the_one_loop(kind: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    X = groups(n=60)
    model = fitted(X, covariance_type=name)
    small = bootstrap(model, X, kind=kind, n_resamples=25, random_state=0)
    monkeypatch.setattr(compiled, "SMALL", 0)
    same(small, bootstrap(model, X, kind=kind, n_resamples=25, random_state=0), rtol=2e-4)


@settings(max_examples=8)
@given(scale=st.tuples(*[st.floats(1e-4, 1e4)] * 2), shift=st.floats(-1e3, 1e3))
def test_columns_that_are_scaled_and_moved_take_their_intervals_along(scale: Any, shift: float) -> None:
    X = groups(n=60)
    unit = np.array(scale)
    for kind in ("nonparametric", "jackknife"):
        one = bootstrap(fitted(X), X, kind=kind, n_resamples=40, random_state=0)
        two = bootstrap(fitted(X * unit + shift), X * unit + shift, kind=kind, n_resamples=40, random_state=0)
        np.testing.assert_allclose(two.standard_errors["means"], one.standard_errors["means"] * unit, rtol=1e-4)
        low, high = one.intervals["means"]
        np.testing.assert_allclose(two.intervals["means"] - shift, [low * unit, high * unit], rtol=1e-4, atol=1e-8)
        spread = unit * unit[:, None]
        got = two.standard_errors["covariances"]
        np.testing.assert_allclose(got, one.standard_errors["covariances"] * spread, rtol=1e-4)


def test_counts_are_repeated_rows_for_the_jackknife() -> None:
    X, count = groups(n=45), np.random.default_rng(2).integers(0, 4, 45)
    rows = np.repeat(X, count, axis=0)
    labels = (X[:, 0] > 2).astype(int)
    counted = fitted(X, sample_weight=count, init_params=labels)
    repeated = fitted(rows, init_params=np.repeat(labels, count))
    one = bootstrap(counted, X, kind="jackknife", sample_weight=count)
    two = bootstrap(repeated, rows, kind="jackknife")
    assert one.n_resamples == (count > 0).sum() and one.repeats.sum() == len(rows) == two.n_resamples
    same(one, two, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_weight_zero_are_not_there(kind: str) -> None:
    X = groups(n=60)
    weight = np.ones(60)
    weight[[3, 17, 59]] = 0.0
    there, model = weight > 0, fitted(X[weight > 0])
    X[3] = np.nan
    one = bootstrap(model, X, kind=kind, n_resamples=30, random_state=0, sample_weight=weight)
    two = bootstrap(model, X[there], kind=kind, n_resamples=30, random_state=0)
    same(one, two, rtol=1e-6)


@pytest.mark.parametrize("kind", ["nonparametric", "weighted", "parametric"])
def test_counts_make_as_sure_as_repeated_rows(kind: str) -> None:
    X = groups(n=60)
    weight = np.full(60, 4.0)
    model = fitted(X, sample_weight=weight)
    one = bootstrap(model, X, kind=kind, n_resamples=800, random_state=0, sample_weight=weight)
    two = bootstrap(model, np.repeat(X, 4, axis=0), kind=kind, n_resamples=800, random_state=1)
    for name in ("weights", "means"):
        np.testing.assert_allclose(one.standard_errors[name], two.standard_errors[name], rtol=0.15)


@pytest.mark.parametrize("kind", ["nonparametric", "weighted", "jackknife"])
def test_the_order_of_the_model_is_the_order_of_the_result(kind: str) -> None:
    X = groups(n=60)
    model = fitted(X)
    one = bootstrap(model, X, kind=kind, n_resamples=30, random_state=0)
    two = bootstrap(model.reorder([1, 0]), X, kind=kind, n_resamples=30, random_state=0)
    for name in NAMES:
        np.testing.assert_allclose(two.standard_errors[name], one.standard_errors[name][::-1], rtol=1e-5)
        np.testing.assert_allclose(two.intervals[name], one.intervals[name][:, ::-1], rtol=1e-5, atol=1e-9)


def test_refits_whose_components_changed_places_are_put_right() -> None:
    X = groups(n=120)
    X[:40] += [0.0, 9.0]
    model = fitted(X, 3)
    task = run.read(model, X, "nonparametric", 2, 0.95, 0, 1, None).task
    noise = np.random.default_rng(0).normal(scale=0.02, size=(6, 3, 2))
    orders = np.array([[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [1, 0, 2], [2, 0, 1]])
    ends = np.zeros(6), np.zeros(6), np.ones(6, bool), np.ones(6, bool)
    straight = Refits(
        np.tile(model.weights_, (6, 1)), model.means_ + noise, np.tile(model.covariances_, (6, 1, 1, 1)), *ends
    )
    found = run._aligned(task, straight.reordered(orders))
    assert (found.means == straight.means).all() and (found.weights == straight.weights).all()


def test_a_small_component_that_wandered_off_does_not_turn_the_others_round() -> None:
    model = np.array([0.65, 0.35]), np.array([[0.0], [3.0]]), np.ones((2, 1, 1))
    weights, means = np.array([[0.95, 0.05]]), np.array([[[1.0], [-1.5]]])
    covariances = np.array([4.0, 0.25]).reshape(1, 2, 1, 1)
    assert aligned.orders(aligned.affinities(model, weights, means, covariances)).tolist() == [[0, 1]]
    swapped = aligned.affinities(model, weights[:, ::-1], means[:, ::-1], covariances[:, ::-1])
    assert aligned.orders(swapped).tolist() == [[1, 0]]


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    covered, random = [], np.random.default_rng(5)
    truth = mx.GaussianMixture.from_parameters([0.4, 0.6], [[0.0], [4.0]], [1.0, 1.0], "spherical")
    for _ in range(30):
        X, _ = truth.sample(120, random_state=random.integers(2**31))
        model = fitted(X, covariance_type="V").sort_components(0)
        low, high = bootstrap(model, X, n_resamples=99, level=0.9, random_state=0).intervals["means"]
        covered.append((low <= truth.means_) & (truth.means_ <= high))
    assert 0.78 <= np.mean(covered) <= 0.98


@pytest.mark.parametrize("kind", KINDS)
def test_noise_and_equal_weights_and_priors_are_kept(kind: str) -> None:
    X = np.vstack([groups(n=60), np.random.default_rng(3).uniform(-9, 9, size=(8, 2))])
    labels = np.r_[(np.arange(60) >= 40).astype(int), np.full(8, -1)]
    noisy = bootstrap(fitted(X, noise=True, init_params=labels), X, kind=kind, n_resamples=20, random_state=0)
    total = noisy.estimates["weights"].sum(axis=1) + noisy.estimates["noise_weight"]
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)
    assert 0.005 < noisy.standard_errors["noise_weight"] < 0.1
    assert noisy.intervals["noise_weight"].shape == (2,)
    equal = bootstrap(fitted(X[:60], equal_weights=True), X[:60], kind=kind, n_resamples=20, random_state=0)
    assert (equal.estimates["weights"] == 0.5).all()
    free = bootstrap(fitted(X[:60]), X[:60], kind=kind, n_resamples=30, random_state=0)
    tight = mx.NormalInverseWishart(scale=2000.0, dof=2000.0)
    held = bootstrap(fitted(X[:60], prior=tight), X[:60], kind=kind, n_resamples=30, random_state=0)
    assert (held.standard_errors["covariances"] < 0.5 * free.standard_errors["covariances"]).all()


def test_the_volume_of_the_noise_stays_as_it_is() -> None:
    X = np.vstack([groups(n=60), np.random.default_rng(3).uniform(-9, 9, size=(8, 2))])
    labels = np.r_[(np.arange(60) >= 40).astype(int), np.full(8, -1)]
    filled = fitted(X, noise=True, init_params=labels)
    given_volume = fitted(X, noise=float(np.exp(filled._noise.log_volume)), init_params=labels)
    one, two = (bootstrap(model, X, n_resamples=15, random_state=0) for model in (filled, given_volume))
    np.testing.assert_allclose(one.estimates["noise_weight"], two.estimates["noise_weight"], rtol=1e-5)


@pytest.mark.parametrize("change", [lambda X: X + 1e8, lambda X: X * 1e120, lambda X: X * 1e-120])
def test_far_offsets_and_extreme_units_cost_no_digits(change: Callable[[Any], Any]) -> None:
    X = groups(n=60)
    one, two = fitted(X), fitted(change(X))
    first = bootstrap(one, X, kind="jackknife")
    found = bootstrap(two, change(X), kind="jackknife")
    unit = float(np.ptp(change(X)[:, 0]) / np.ptp(X[:, 0]))
    np.testing.assert_allclose(found.standard_errors["means"] / unit, first.standard_errors["means"], rtol=1e-4)
