"""Fitting again: going on, not being able to, failing, being interrupted, and saying so while it runs."""

import re
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx
from mixtura import em
from mixtura.covariance import MCLUST
from mixtura.outcome import DataWarning, FitFailed, MixtureError
from tests.estimators.cases import ALL, arrays, fitted, groups, same_bits

X = groups()


@pytest.mark.parametrize("covariance_type", ALL)
def test_going_on_is_one_long_fit(covariance_type: str) -> None:
    long = mx.GaussianMixture(2, covariance_type=covariance_type, max_iter=9, tol=0, random_state=0)
    short = mx.GaussianMixture(2, covariance_type=covariance_type, max_iter=3, tol=0, random_state=0, warm_start=True)
    with pytest.warns(ConvergenceWarning):
        long.fit(X)
    path = []
    for _ in range(3):
        with pytest.warns(ConvergenceWarning):
            path += short.fit(X).lower_bounds_
    np.testing.assert_allclose(path, long.lower_bounds_, rtol=1e-9)
    np.testing.assert_allclose(short.means_, long.means_, rtol=1e-8)


def test_going_on_after_convergence_stops_at_once() -> None:
    model = fitted(warm_start=True)
    before = model.lower_bound_
    assert model.fit(X).n_iter_ == 1
    assert model.converged_
    assert model.lower_bound_ == pytest.approx(before, abs=1e-6)


@pytest.mark.parametrize("covariance_type", MCLUST)
def test_going_on_with_a_prior(covariance_type: str) -> None:
    """A code's published matrices are read back in its family's own shape, which priors look at."""
    X = mx.datasets.load_faithful().data
    settings = {
        "tol": 1e-9,
        "max_iter": 500,
        "acceleration": "squarem",
        "init_params": "hierarchical",
    }
    model = mx.GaussianMixture(2, covariance_type=covariance_type, prior="default", warm_start=True, **settings).fit(X)
    before = model.lower_bounds_[-1]
    again = model.fit(X)
    assert again.lower_bounds_[0] == pytest.approx(before, abs=1e-7)


def test_going_on_without_passes_changes_nothing() -> None:
    model = fitted(warm_start=True)
    before, score = arrays(model), model.score(X)
    model.set_params(max_iter=0).fit(X)
    assert all(same_bits(array, before[name]) for name, array in arrays(model).items())
    assert model.lower_bound_ == score
    assert (model.n_iter_, model.lower_bounds_) == (0, [])
    assert model.set_params(max_iter=100).fit(X).lower_bound_ == pytest.approx(score, abs=1e-6)


def test_going_on_from_given_parameters() -> None:
    model = fitted()
    other = mx.GaussianMixture.from_parameters(model.weights_, model.means_ + 0.5, model.covariances_)
    other.set_params(warm_start=True, tol=1e-6).fit(X)
    np.testing.assert_allclose(other.means_, model.means_, atol=1e-3)
    assert other.lower_bounds_[0] < other.lower_bounds_[-1]


def test_without_warm_start_nothing_is_remembered() -> None:
    model = fitted()
    other = groups(seed=5)
    assert same_bits(model.fit(other).means_, fitted(X=other).means_)


def test_going_on_with_acceleration() -> None:
    model = fitted(warm_start=True, acceleration="squarem", tol=1e-9)
    assert model.fit(X).lower_bound_ == pytest.approx(fitted(tol=1e-9).lower_bound_, abs=1e-7)


@pytest.mark.parametrize(
    ("settings", "rows", "told"),
    [
        ({"n_components": 3}, X, "n_components is 3 and the fitted model has 2"),
        ({"covariance_type": "tied"}, X, "covariance_type is 'tied' and the fitted one 'full'"),
        ({"covariance_type": "VVV"}, X, "covariance_type is 'VVV' and the fitted one 'full'"),
        ({}, groups(d=3), "X has 3 features and the fitted model 2"),
        ({"noise": True}, X, "noise was switched"),
        ({"n_components": 1, "covariance_type": "diag"}, X, "n_components is 1 .*; covariance_type is 'diag'"),
    ],
)
def test_another_shape_cannot_go_on(settings: dict[str, Any], rows: Any, told: str) -> None:
    model = fitted(warm_start=True)
    before = dict(vars(model))
    with pytest.raises(MixtureError, match=f"A warm start cannot go on: {told}.*Use warm_start=False"):
        model.set_params(**settings).fit(rows)
    assert all(same_bits(array, before[name]) for name, array in arrays(model).items())
    assert model.n_features_in_ == 2


def bad_cell(_: mx.GaussianMixture) -> Any:
    rows = X.copy()
    rows[3, 1] = np.nan
    return rows


def no_fit(model: mx.GaussianMixture) -> Any:
    model.set_params(reg_covar=0, init_params=np.r_[np.zeros(118, int), 1, 1])
    return X


@pytest.mark.parametrize(("break_it", "error"), [(bad_cell, MixtureError), (no_fit, FitFailed)])
def test_a_fit_that_fails_leaves_the_old_model(break_it: Any, error: type[Exception]) -> None:
    model = fitted()
    rows, before = break_it(model), dict(vars(model))
    with pytest.raises(error):
        model.fit(rows)
    assert vars(model).keys() == before.keys()
    assert all(vars(model)[name] is before[name] for name in before)


def test_an_interrupted_fit_leaves_the_old_model(monkeypatch: pytest.MonkeyPatch) -> None:
    model, calls = fitted(), 0
    before, read = dict(vars(model)), em.read

    def interrupted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return read(*arguments)

    monkeypatch.setattr(em, "read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(groups(d=3))
    assert calls == 2
    assert all(vars(model)[name] is before[name] for name in before)
    assert vars(model).keys() == before.keys()


def test_a_first_fit_that_fails_leaves_nothing() -> None:
    model = mx.GaussianMixture(200)
    before = dict(vars(model))
    with pytest.raises(MixtureError, match="n_components = 200, n_samples = 120"):
        model.fit(X)
    assert vars(model) == before


def test_warnings_point_at_the_caller() -> None:
    units = X * [1.0, 1e-4]
    for call in ("fit", "fit_predict"):
        with pytest.warns(ConvergenceWarning) as caught:
            getattr(mx.GaussianMixture(2, max_iter=1, random_state=0), call)(X)
        assert [w.filename for w in caught] == [__file__]
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            getattr(mx.GaussianMixture(2, random_state=0), call)(units)
        assert {w.category for w in found} == {DataWarning}
        assert {w.filename for w in found} == {__file__}
        assert any("reg_covar=1e-06" in str(w.message) for w in found)


def lines_of(estimator: Any, capsys: pytest.CaptureFixture[str]) -> list[str]:
    estimator.fit(X)
    return capsys.readouterr().out.splitlines()


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(mx.GaussianMixture(2, n_init=2, random_state=0), capsys) == []


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("verbose", [1, True, 2])
@pytest.mark.parametrize("max_iter", [2, 200])
def test_what_is_said_is_what_scikit_learn_says(
    verbose: int, max_iter: int, capsys: pytest.CaptureFixture[str]
) -> None:
    settings: dict[str, Any] = {"n_init": 2, "init_params": "random", "random_state": 0, "reg_covar": 1e-3}
    settings |= {"verbose": verbose, "verbose_interval": 2, "max_iter": max_iter, "tol": 1e-4}
    theirs, ours = Theirs(2, **settings), mx.GaussianMixture(2, **settings)
    lapses = [re.compile(r"time lapse [\d.]+s"), "time lapse"]
    for _ in range(2):
        expected, found = lines_of(theirs, capsys), lines_of(ours, capsys)
        assert len(expected) >= 2
        assert [re.sub(*lapses, line) for line in found] == [re.sub(*lapses, line) for line in expected]
        for estimator in (theirs, ours):
            estimator.set_params(warm_start=True, verbose_interval=1)


def test_a_start_that_fails_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(FitFailed):
        mx.GaussianMixture(2, init_params=np.zeros(120, int), verbose=2).fit(X)
    said = capsys.readouterr().out
    assert said == "Initialization 0\nInitialization failed: Component 1: the start gives it no row.\n"
