"""What a fitted mixture says: densities, criteria with weights, thresholds, draws."""

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx
from mixtura.outcome import MixtureError
from tests.estimators.cases import ALL, TYPES, fitted, groups, same_bits

X = groups()
TIMES = np.random.RandomState(3).randint(0, 4, len(X))
every_type = pytest.mark.parametrize("covariance_type", ALL)


def log_parts(model: mx.GaussianMixture, rows: Any) -> Any:
    """Log weight plus log density of each component, by the formula."""
    dense = {
        "tied": lambda c: [c, c],
        "diag": lambda c: map(np.diag, c),
        "spherical": lambda c: [v * np.eye(2) for v in c],
    }
    covariances = dense.get(model.covariance_type, list)(model.covariances_)
    parts = zip(model.weights_, model.means_, covariances, strict=True)
    return np.array([np.log(w) + multivariate_normal(m, c).logpdf(rows) for w, m, c in parts])


@every_type
def test_densities_and_probabilities_are_the_formula(covariance_type: str) -> None:
    model = fitted(covariance_type)
    parts = log_parts(model, X)
    total = logsumexp(parts, axis=0)
    np.testing.assert_allclose(model.score_samples(X), total, rtol=1e-11)
    np.testing.assert_allclose(model.predict_proba(X), np.exp(parts - total).T, atol=1e-11)
    assert np.array_equal(model.predict(X), parts.argmax(axis=0))
    np.testing.assert_allclose(model.uncertainty(X), 1 - np.exp(parts - total).max(axis=0), atol=1e-11)
    assert model.score(X) == pytest.approx(total.mean(), rel=1e-12)


@every_type
def test_criteria(covariance_type: str) -> None:
    model = fitted(covariance_type)
    log_likelihood, df = 120 * model.score(X), model.n_parameters_
    assert model.aic(X) == pytest.approx(-2 * log_likelihood + 2 * df, rel=1e-13)
    assert model.bic(X) == pytest.approx(-2 * log_likelihood + df * np.log(120), rel=1e-13)
    sure = np.log(model.predict_proba(X).max(axis=1)).sum()
    assert model.icl(X) == pytest.approx(model.bic(X) - 2 * sure, rel=1e-12)
    assert model.icl(X) >= model.bic(X)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_free_parameters_are_scikit_learns(k: int, covariance_type: str) -> None:
    theirs = Theirs(k, covariance_type=covariance_type, random_state=0).fit(X)
    assert fitted(covariance_type, n_components=k).n_parameters_ == theirs._n_parameters()


@pytest.mark.parametrize("method", ["score", "bic", "aic", "icl"])
def test_weights_count_rows(method: str) -> None:
    model = fitted()
    counted = getattr(model, method)(X, sample_weight=TIMES)
    assert counted == pytest.approx(getattr(model, method)(np.repeat(X, TIMES, axis=0)), rel=1e-12)
    assert counted != pytest.approx(getattr(model, method)(X), rel=1e-6)
    assert getattr(model, method)(X, sample_weight=np.ones(120)) == getattr(model, method)(X)
    halves = getattr(model, method)(X, sample_weight=0.5)
    if method == "score":
        assert halves == pytest.approx(model.score(X), rel=1e-14)
    if method == "bic":
        assert halves == pytest.approx(-120 * model.score(X) + model.n_parameters_ * np.log(60), rel=1e-12)


def test_score_takes_and_ignores_y() -> None:
    assert fitted().score(X, np.zeros(120)) == fitted().score(X)


def test_lower_bound_is_weighted_too() -> None:
    model = mx.GaussianMixture(2, random_state=0).fit(X, sample_weight=TIMES)
    assert model.lower_bound_ == model.score(X, sample_weight=TIMES)
    assert model.lower_bound_ != pytest.approx(model.score(X), abs=1e-6)


def test_log_density_threshold() -> None:
    model, values = fitted(), np.sort(fitted().score_samples(X))
    assert model.log_density_threshold(0.0) == values[0]
    assert model.log_density_threshold(1.0) == values[-1]
    for fraction in (0.01, 0.05, 0.25, 0.5):
        threshold = model.log_density_threshold(fraction)
        assert threshold in values
        assert np.mean(values <= threshold) >= fraction > np.mean(values < threshold)


def test_the_threshold_counts_weights() -> None:
    model = mx.GaussianMixture(2, random_state=0).fit(X, sample_weight=TIMES)
    values = np.sort(np.repeat(model.score_samples(X), TIMES))
    for fraction in (0.02, 0.1, 0.3, 0.6, 0.9):
        threshold = model.log_density_threshold(fraction)
        assert np.mean(values <= threshold) >= fraction > np.mean(values < threshold)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, np.nan])
def test_no_fraction(fraction: float) -> None:
    with pytest.raises(MixtureError, match="must lie between 0 and 1"):
        fitted().log_density_threshold(fraction)


def test_no_threshold_without_training_rows() -> None:
    model = mx.GaussianMixture.from_parameters([1.0], [[0.0]], [1.0], "spherical")
    with pytest.raises(MixtureError, match=r"not fitted to rows.*Fit it first"):
        model.log_density_threshold(0.5)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("n_samples", [1, 7, 1000])
def test_draws_are_scikit_learns(covariance_type: str, n_samples: int) -> None:
    ours = fitted(covariance_type, random_state=11)
    theirs = ours.to_sklearn()
    rows, labels = ours.sample(n_samples)
    expected, components = theirs.sample(n_samples)
    assert rows.shape == (n_samples, 2)
    assert np.array_equal(rows, expected)
    assert np.array_equal(labels, components)
    assert labels.dtype == components.dtype


@every_type
def test_draws_come_from_the_mixture(covariance_type: str) -> None:
    model = fitted(covariance_type)
    rows, labels = model.sample(20_000, random_state=0)
    np.testing.assert_allclose(np.bincount(labels) / 20_000, model.weights_, atol=0.02)
    for k in (0, 1):
        np.testing.assert_allclose(rows[labels == k].mean(axis=0), model.means_[k], atol=0.06)
    if model.covariances_.shape == (2, 2, 2):
        np.testing.assert_allclose(np.cov(rows[labels == 1].T), model.covariances_[1], atol=0.1)


def test_random_state_of_a_draw() -> None:
    model = fitted(random_state=4)
    assert same_bits(model.sample(9)[0], model.sample(9)[0])
    assert same_bits(model.sample(9)[0], model.sample(9, random_state=4)[0])
    assert not np.array_equal(model.sample(9)[0], model.sample(9, random_state=5)[0])
    generator = np.random.RandomState(4)
    assert same_bits(model.sample(9, random_state=generator)[0], model.sample(9)[0])
    assert not np.array_equal(model.sample(9, random_state=generator)[0], model.sample(9)[0])
    assert model.sample()[0].shape == (1, 2)
    free = fitted(random_state=None)
    assert not np.array_equal(free.sample(9)[0], free.sample(9)[0])


def test_shuffled_draws_are_the_same_rows() -> None:
    model = fitted()
    rows, labels = model.sample(500, random_state=0)
    shuffled, components = model.sample(500, random_state=0, shuffle=True)
    assert np.all(np.diff(labels) >= 0)
    assert not np.all(np.diff(components) >= 0)
    assert np.array_equal(rows[np.lexsort(rows.T)], shuffled[np.lexsort(shuffled.T)])
    assert np.array_equal(labels[np.lexsort(rows.T)], components[np.lexsort(shuffled.T)])


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, "3"])
def test_no_number_of_draws(n_samples: Any) -> None:
    with pytest.raises(MixtureError, match=f"Invalid value for 'n_samples': {n_samples}. It must be a whole number"):
        fitted().sample(n_samples)


def test_fit_predict_is_fit_then_predict() -> None:
    one, two = (mx.GaussianMixture(2, random_state=0) for _ in range(2))
    labels = one.fit_predict(X, sample_weight=TIMES)
    assert np.array_equal(labels, two.fit(X, sample_weight=TIMES).predict(X))
    assert same_bits(one.means_, two.means_)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_integer_weights_repeat_rows_from_a_given_start(covariance_type: str) -> None:
    settings: dict[str, Any] = {"covariance_type": covariance_type, "tol": 1e-7, "max_iter": 500}
    start = np.repeat([0, 1], 60)
    one = mx.GaussianMixture(2, init_params=start, **settings).fit(X, sample_weight=TIMES)
    two = mx.GaussianMixture(2, init_params=np.repeat(start, TIMES), **settings).fit(np.repeat(X, TIMES, axis=0))
    assert one.n_iter_ == two.n_iter_
    np.testing.assert_allclose(one.lower_bounds_, two.lower_bounds_, rtol=1e-11)
    np.testing.assert_allclose(one.covariances_, two.covariances_, rtol=1e-9)
