"""Priors and equal shares, as the estimator gives them to the engine."""

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import InvalidParameterError

import mixtura as mx
from mixtura.outcome import MixtureError
from tests.estimators.cases import ALL, TYPES, fitted, groups

X = groups()
LABELS = np.repeat([0, 1], 60)


def test_the_default_is_fraley_and_raftery() -> None:
    d, k = 2, 2
    given = mx.NormalInverseWishart(
        mean=X.mean(axis=0), shrinkage=0.01, dof=d + 2, scale=np.cov(X.T, bias=True) / k ** (2 / d)
    )
    for settings in ({}, {"init_params": LABELS}):
        one, two = fitted(prior="default", **settings), fitted(prior=given, **settings)
        np.testing.assert_allclose(one.means_, two.means_, rtol=1e-10)
        np.testing.assert_allclose(one.covariances_, two.covariances_, rtol=1e-10)
        np.testing.assert_allclose(one.lower_bounds_, two.lower_bounds_, rtol=1e-10)


def test_one_step_of_a_full_covariance() -> None:
    m, kappa, nu, scale = np.array([1.0, -1.0]), 2.0, 7.0, np.array([[3.0, 1.0], [1.0, 2.0]])
    prior = mx.NormalInverseWishart(m, kappa, nu, scale)
    model = mx.GaussianMixture(2, init_params=LABELS, max_iter=0, reg_covar=0, prior=prior).fit(X)
    for k in (0, 1):
        rows = X[k == LABELS]
        n, mean = len(rows), rows.mean(axis=0)
        gap = np.outer(mean - m, mean - m) * kappa * n / (kappa + n)
        covariance = (scale + n * np.cov(rows.T, bias=True) + gap) / (nu + n + 2 + 2)
        np.testing.assert_allclose(model.means_[k], (n * mean + kappa * m) / (n + kappa), rtol=1e-12)
        np.testing.assert_allclose(model.covariances_[k], covariance, rtol=1e-12)


@pytest.mark.parametrize("covariance_type", ALL)
@pytest.mark.parametrize(
    "prior", ["default", mx.NormalInverseWishart(shrinkage=0.0, scale=2.0)], ids=["default", "own"]
)
def test_the_objective_rises_and_the_likelihood_is_not_it(covariance_type: str, prior: Any) -> None:
    model = fitted(covariance_type, prior=prior, reg_covar=0, tol=1e-8, max_iter=2000)
    assert np.all(np.diff(model.lower_bounds_) > -1e-12)
    assert model.lower_bound_ == model.score(X)
    assert model.lower_bound_ != pytest.approx(model.lower_bounds_[-1], abs=1e-4)
    assert model.score(X) < fitted(covariance_type, reg_covar=0, tol=1e-8, max_iter=2000).score(X)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_a_prior_holds_up_what_is_singular(covariance_type: str) -> None:
    flat = np.column_stack([X[:, 0], np.full(120, 3.0)])
    settings: dict[str, Any] = {"reg_covar": 0, "prior": mx.NormalInverseWishart(scale=np.eye(2))}
    if covariance_type == "spherical":
        model = fitted(covariance_type, flat, **settings)
    else:
        with pytest.warns(mx.DataWarning, match="Column 1 is constant"):
            model = fitted(covariance_type, flat, **settings)
    assert np.all(np.isfinite(model.score_samples(flat)))
    assert np.linalg.matrix_rank(fitted(**settings).covariances_[0]) == 2


@pytest.mark.parametrize(
    ("prior", "told"),
    [
        (mx.NormalInverseWishart(dof=1.0), "dof is 1 and must exceed the number of features less one, 1"),
        (mx.NormalInverseWishart(shrinkage=-1.0), "shrinkage is -1.0 and must be a number not below 0"),
        (mx.NormalInverseWishart(mean=[1.0]), "mean must be 2 finite numbers"),
        (mx.NormalInverseWishart(scale=-np.eye(2)), "scale"),
        (mx.NormalInverseWishart(scale=np.eye(3)), "scale"),
    ],
)
def test_no_prior(prior: Any, told: str) -> None:
    with pytest.raises(MixtureError, match=f"prior: .*{told}" if told != "scale" else "prior: .*scale"):
        fitted(prior=prior)


@pytest.mark.parametrize("prior", ["Default", 1.0, {"dof": 4}])
def test_no_kind_of_prior(prior: Any) -> None:
    with pytest.raises(InvalidParameterError, match="'prior' parameter of GaussianMixture must be"):
        fitted(prior=prior)


@pytest.mark.parametrize("covariance_type", ALL)
def test_equal_weights(covariance_type: str) -> None:
    uneven = X[:90]
    free = fitted(covariance_type, uneven, init_params=LABELS[:90])
    equal = fitted(covariance_type, uneven, init_params=LABELS[:90], equal_weights=True)
    assert equal.weights_.tolist() == [0.5, 0.5]
    assert abs(free.weights_[0] - 2 / 3) < 0.05
    assert equal.n_parameters_ == free.n_parameters_ - 1
    assert equal.score(uneven) < free.score(uneven)


def test_acceleration_ends_at_the_same_optimum_in_fewer_passes() -> None:
    close = groups() * 1.0
    close[:60] -= 4.5
    settings: dict[str, Any] = {"init_params": LABELS, "tol": 1e-9, "max_iter": 20_000, "reg_covar": 0}
    plain, fast = (fitted(X=close, acceleration=name, **settings) for name in (None, "squarem"))
    assert fast.n_iter_ < plain.n_iter_ / 2
    assert fast.lower_bound_ == pytest.approx(plain.lower_bound_, abs=1e-6)
    assert np.all(np.diff(fast.lower_bounds_) >= -1e-12)
    assert fast.n_iter_ == fast.fit_report_.passes >= len(fast.lower_bounds_)


def test_passes_are_counted_and_limited() -> None:
    for acceleration in (None, "squarem"):
        with pytest.warns(ConvergenceWarning, match="Passes: 4; the last gain was"):
            assert fitted(max_iter=4, tol=0, acceleration=acceleration).n_iter_ == 4
    with pytest.warns(ConvergenceWarning, match="Passes: 1; there was no gain to compare"):
        fitted(max_iter=1)


@pytest.mark.parametrize("field", ["mean", "scale"])
def test_a_prior_given_text(field: str) -> None:
    prior = mx.NormalInverseWishart(**{field: "abc"})
    with pytest.raises(mx.MixtureError, match=f"prior: {field} is 'abc' and must be numbers in the data's units"):
        mx.GaussianMixture(2, prior=prior).fit([[0.0], [1.0], [2.0], [5.0]])
