"""The uniform component: labels, columns, shares, densities and draws."""

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.utils._param_validation import InvalidParameterError

import mixtura as mx
from mixtura.outcome import MixtureError
from tests.estimators.cases import ALL, fitted, groups

DRAW = np.random.RandomState(7)
X = np.vstack([groups(), DRAW.uniform(-40.0, 50.0, size=(40, 2))])
START = np.r_[np.repeat([0, 1], 60), np.full(40, -1)]
LABELS = np.r_[np.repeat([0, 1], 60), np.repeat([0, 1], 20)]
VOLUME = 8000.0


def noisy(covariance_type: str = "full", noise: Any = True, **settings: Any) -> mx.GaussianMixture:
    return fitted(covariance_type, X, noise=noise, **{"init_params": START, **settings})


every_type = pytest.mark.parametrize("covariance_type", ALL)


@every_type
def test_labels_columns_and_shares(covariance_type: str) -> None:
    model = noisy(covariance_type)
    labels, shares = model.predict(X), model.predict_proba(X)
    assert set(labels) == {-1, 0, 1}
    assert shares.shape == (160, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    assert np.array_equal(labels, np.where(shares.argmax(axis=1) == 2, -1, shares.argmax(axis=1)))
    assert np.mean(labels[120:] == -1) > 0.7
    assert np.mean(labels[:120] == -1) < 0.1
    assert model.weights_.shape == (2,)
    assert model.weights_.sum() + model.noise_weight_ == pytest.approx(1.0, rel=1e-12)
    assert model.noise_weight_ == pytest.approx(shares[:, 2].mean(), abs=1e-3)
    np.testing.assert_allclose(model.uncertainty(X), 1.0 - shares.max(axis=1), atol=1e-14)


@every_type
def test_two_more_parameters(covariance_type: str) -> None:
    assert noisy(covariance_type).n_parameters_ == fitted(covariance_type, X).n_parameters_ + 2


def test_the_density_is_the_sum_of_all_components() -> None:
    model = noisy(noise=VOLUME)
    parts = [
        np.log(weight) + multivariate_normal(mean, covariance).logpdf(X)
        for weight, mean, covariance in zip(model.weights_, model.means_, model.covariances_, strict=True)
    ]
    parts.append(np.full(len(X), np.log(model.noise_weight_ / VOLUME)))
    np.testing.assert_allclose(model.score_samples(X), logsumexp(parts, axis=0), rtol=1e-12)
    np.testing.assert_allclose(model.predict_proba(X), np.exp(parts - logsumexp(parts, axis=0)).T, atol=1e-12)
    far = model.score_samples([[1e6, 1e6]])
    assert far == pytest.approx(np.log(model.noise_weight_ / VOLUME), rel=1e-12)


def test_the_volume_is_the_smaller_of_two_boxes() -> None:
    box = noisy()
    straight = float(np.prod(np.ptp(X, axis=0)))
    turned = X @ np.linalg.eigh(np.cov(X.T))[1]
    volume = min(straight, float(np.prod(np.ptp(turned, axis=0))))
    given = noisy(noise=volume)
    assert given.score(X) == pytest.approx(box.score(X), rel=1e-9)
    np.testing.assert_allclose(given.means_, box.means_, rtol=1e-8)


def test_draws() -> None:
    model = noisy()
    rows, labels = model.sample(4000, random_state=1)
    assert rows.shape == (4000, 2)
    counts = [(labels == k).mean() for k in (0, 1, -1)]
    np.testing.assert_allclose(counts, [*model.weights_, model.noise_weight_], atol=0.03)
    assert labels.tolist() == sorted(labels.tolist(), key=lambda k: k % 3)
    noise = rows[labels == -1]
    assert np.all(noise >= X.min(axis=0) - 1e-9)
    assert np.all(noise <= X.max(axis=0) + 1e-9)
    np.testing.assert_allclose(noise.mean(axis=0), (X.min(axis=0) + X.max(axis=0)) / 2, atol=2.0)
    shuffled, components = model.sample(4000, random_state=1, shuffle=True)
    assert np.array_equal(np.sort(shuffled, axis=0), np.sort(rows, axis=0))
    assert not np.array_equal(components, labels)


def test_a_volume_has_no_place_to_draw_from() -> None:
    model = noisy(noise=VOLUME)
    with pytest.raises(MixtureError, match=r"was given a volume but no place.*Fit with noise=True"):
        model.sample(100)


def test_equal_weights_share_what_the_noise_leaves() -> None:
    model = noisy(equal_weights=True)
    assert model.weights_.tolist() == [(1 - model.noise_weight_) / 2] * 2
    assert model.n_parameters_ == noisy().n_parameters_ - 1


def test_noise_in_one_dimension() -> None:
    model = fitted("V", X[:, :1], noise=True, init_params=START)
    assert model.predict_proba(X[:, :1]).shape == (160, 3)
    assert model.sample(50)[0].shape == (50, 1)


@pytest.mark.parametrize("noise", [0.0, -1.0, "yes", None])
def test_no_volume(noise: Any) -> None:
    with pytest.raises(InvalidParameterError, match="'noise' parameter of GaussianMixture must be"):
        mx.GaussianMixture(noise=noise).fit(X)


@pytest.mark.parametrize("volume", [np.inf, np.nan])
def test_a_volume_is_a_number(volume: float) -> None:
    with pytest.raises(ValueError, match=r"volume is|'noise' parameter"):
        mx.GaussianMixture(noise=volume).fit(X)


def test_a_box_needs_some_volume() -> None:
    flat = np.column_stack([X[:, 0], np.ones(160)])
    with pytest.raises(MixtureError, match=r"the box around the rows has no volume. Drop the constant"):
        mx.GaussianMixture(noise=True).fit(flat)


def test_noise_beside_given_weights() -> None:
    start = noisy()
    given = {"means_init": start.means_, "precisions_init": start.precisions_}
    lacking = mx.GaussianMixture(2, noise=True, max_iter=0, weights_init=start.weights_, **given).fit(X)
    assert lacking.noise_weight_ == pytest.approx(start.noise_weight_, rel=1e-12)
    np.testing.assert_array_equal(lacking.weights_, start.weights_)
    assert lacking.score(X) == pytest.approx(start.score(X), rel=1e-12)
    # whole weights leave the noise no share of its own, so that it begins with some: else it would never get any
    for weights, parts in (([0.5, 0.5], given), ([0.5, 0.5], {"means_init": start.means_}), ([0.4, 0.5], {})):
        model = noisy(init_params=LABELS, weights_init=weights, **parts)
        assert model.noise_weight_ == pytest.approx(start.noise_weight_, abs=1e-3)
        assert model.weights_.sum() + model.noise_weight_ == pytest.approx(1.0, rel=1e-12)
    partial = mx.GaussianMixture(2, noise=True, max_iter=0, weights_init=[0.4, 0.5], random_state=0).fit(X)
    assert partial.noise_weight_ == pytest.approx(0.1, rel=1e-12)
    whole = mx.GaussianMixture(2, noise=True, max_iter=0, weights_init=[0.3, 0.7], random_state=0).fit(X)
    assert whole.weights_.sum() + whole.noise_weight_ == pytest.approx(1.0, rel=1e-12)
    assert whole.weights_[1] / whole.weights_[0] == pytest.approx(7 / 3, rel=1e-12)


def test_warm_start_goes_on_with_its_noise() -> None:
    model = noisy(warm_start=True, tol=1e-9, max_iter=2000)
    share, passes = model.noise_weight_, model.n_iter_
    model.fit(X)
    assert model.noise_weight_ == pytest.approx(share, abs=1e-6)
    assert model.n_iter_ < passes


@pytest.mark.parametrize("acceleration", [None, "squarem"])
def test_weights_count_rows(acceleration: str | None) -> None:
    times = DRAW.randint(0, 3, len(X))
    kept = times > 0
    settings: dict[str, Any] = {"noise": VOLUME, "acceleration": acceleration, "tol": 1e-9, "max_iter": 3000}
    one = mx.GaussianMixture(2, init_params=START, **settings).fit(X, sample_weight=times)
    two = mx.GaussianMixture(2, init_params=np.repeat(START, times), **settings).fit(np.repeat(X, times, axis=0))
    np.testing.assert_allclose(one.means_, two.means_, rtol=1e-6)
    assert one.noise_weight_ == pytest.approx(two.noise_weight_, rel=1e-5)
    assert one.fit_report_.n_rows == kept.sum()
