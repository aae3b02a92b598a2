"""What a bootstrap refuses, warns of and survives."""

import _thread
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx
from mixtura.resampling import bootstrap, likelihood_ratio_test
from mixtura.resampling.asked import read
from tests.resampling.cases import KINDS, fitted, groups

X = groups(n=60)
MODEL = fitted(X)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"kind": "bs"}, "kind is 'bs'. Use one of nonparametric, weighted, parametric, jackknife"),
        ({"n_resamples": 1}, "n_resamples is 1 and must be a whole number, at least 2"),
        ({"n_resamples": 9.5}, "n_resamples is 9.5"),
        ({"level": 0.0}, "level is 0.0 and must lie between 0 and 1"),
        ({"level": 1}, "level is 1"),
        ({"level": 95}, "level is 95"),
        ({"kind": "jackknife", "sample_weight": np.full(60, 0.5)}, "not whole"),
        ({"sample_weight": -np.ones(60)}, "Negative values"),
        ({"sample_weight": np.eye(60)[0]}, "1 rows that count, and a bootstrap needs at least 2"),
    ],
)
def test_what_is_asked_for_is_checked(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(mx.MixtureError, match=told):
        bootstrap(MODEL, X, **asked)


def test_the_model_must_be_a_fitted_mixture() -> None:
    with pytest.raises(NotFittedError):
        bootstrap(mx.GaussianMixture(2), X)
    with pytest.raises(mx.MixtureError, match=r"model is a GaussianMixture.*from_sklearn|from_sklearn"):
        bootstrap(Theirs(2, random_state=0).fit(X), X)


def test_rows_must_be_the_models() -> None:
    with pytest.raises(ValueError, match="3 features, but"):
        bootstrap(MODEL, np.c_[X, X[:, 0]])
    frame = pd.DataFrame(X, columns=["length", "width"])
    model = fitted(frame)
    with pytest.raises(mx.MixtureError, match=r"Fitted with: length, width. Given: length, depth"):
        bootstrap(model, frame.rename(columns={"width": "depth"}))
    bad = X.copy()
    bad[7, 1] = np.nan
    for call in (lambda: bootstrap(MODEL, bad), lambda: likelihood_ratio_test(bad)):
        with pytest.raises(mx.MixtureError, match="NaN: row 7, column 1"):
            call()


def test_noise_without_a_place_cannot_be_drawn_from() -> None:
    labels = np.where(np.arange(60) % 20 == 0, -1, (np.arange(60) >= 40).astype(int))
    model = fitted(X, noise=200.0, init_params=labels)
    with pytest.raises(mx.MixtureError, match=r"no rows can be drawn from it. Fit with noise=True, or use kind"):
        bootstrap(model, X, kind="parametric")
    assert bootstrap(model, X, n_resamples=5, random_state=0).n_failed == 0


def test_refits_that_fail_are_counted_and_said() -> None:
    few = np.vstack([X, [[30.0, 30.0], [30.0, 31.0], [31.0, 30.0], [30.5, 31.5]]])
    model = fitted(few, 3, init_params=np.r_[(np.arange(60) >= 40).astype(int), np.full(4, 2)])
    with pytest.warns(mx.DataWarning, match=r"of 99 resamples could not be fitted and are left out"):
        found = bootstrap(model, few, n_resamples=99, random_state=0)
    assert 10 < found.n_failed < 90 and len(found.estimates["weights"]) == 99 - found.n_failed
    assert all(np.isfinite(found.estimates[name]).all() for name in found.estimates)
    assert f"({found.n_failed} more failed)" in found.title
    three = fitted(few[:63], 3, init_params=np.r_[(np.arange(60) >= 40).astype(int), np.full(3, 2)])
    lone = np.r_[np.zeros(60), 1.0, 1.0, 1.0]
    with pytest.raises(mx.MixtureError, match=r"of 5 resamples could not be fitted, and 2 are needed"):
        bootstrap(three, few[:63], n_resamples=5, random_state=0, sample_weight=lone)


def test_a_component_that_lost_its_rows_is_not_another_one() -> None:
    few = np.vstack([X, [[90.0, 90.0], [90.0, 91.0], [91.0, 90.0]]])
    begin = np.r_[(np.arange(60) >= 40).astype(int), np.full(3, 2)]
    model = fitted(few, 3, init_params=begin, reg_covar=1e-2, tol=1e-6)
    draws = read(model, few, "nonparametric", 100, 0.95, 0, 1, None).draws
    lost = sum(draws.weights(i)[60:].sum() == 0 for i in range(100))
    with pytest.warns(mx.DataWarning, match="could not be fitted"):
        assert bootstrap(model, few, n_resamples=100, random_state=0).n_failed == lost > 2


def test_a_model_that_stopped_early_is_said_to_lie_elsewhere() -> None:
    near = groups(n=120)
    near[80:] -= [2.5, -2.0]
    with pytest.warns(mx.DataWarning, match=r"stopped .* standard errors from where EM ends"):
        bootstrap(fitted(near, tol=0.05), near, n_resamples=40, random_state=0)


def test_frames_and_single_precision_are_read() -> None:
    one = bootstrap(MODEL, X, n_resamples=20, random_state=0)
    for frame in (pd.DataFrame(X, columns=["length", "width"]), pl.DataFrame(X, schema=["length", "width"])):
        found = bootstrap(fitted(frame), frame, n_resamples=20, random_state=0)
        assert found.features == ("length", "width") and "mean width" in str(found)
        np.testing.assert_allclose(found.standard_errors["means"], one.standard_errors["means"], rtol=1e-6)
    single = X.astype(np.float32)
    found = bootstrap(fitted(single, tol=1e-9), single, n_resamples=20, random_state=0)
    np.testing.assert_allclose(found.standard_errors["means"], one.standard_errors["means"], rtol=1e-2)


def test_a_seed_is_a_seed() -> None:
    one, two = (bootstrap(MODEL, X, n_resamples=9, random_state=np.random.RandomState(4)) for _ in range(2))
    assert (one.estimates["means"] == two.estimates["means"]).all()
    free = [bootstrap(MODEL, X, n_resamples=9).estimates["means"] for _ in range(2)]
    assert not (free[0] == free[1]).all()
    with pytest.raises(ValueError, match="seed"):
        bootstrap(MODEL, X, n_resamples=9, random_state="now")


def test_a_search_stands_for_its_best_model() -> None:
    class Search:
        best_estimator_ = MODEL

    found = bootstrap(Search(), X, n_resamples=9, random_state=0)
    assert (found.estimates["means"] == bootstrap(MODEL, X, n_resamples=9, random_state=0).estimates["means"]).all()


# hypothesis adds a callback to the garbage collector; an interrupt that falls into it is told and dropped
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("call", [lambda: bootstrap(MODEL, X, n_resamples=10**6), lambda: _long_test()])
def test_an_interrupt_is_heard(call: Callable[[], Any]) -> None:
    bootstrap(MODEL, X, n_resamples=9)
    # an interrupt that falls into a destructor or a callback is lost to Python: so there is a second one
    timers = [threading.Timer(wait, _thread.interrupt_main) for wait in (0.4, 5.0)]
    for timer in timers:
        timer.start()
    with pytest.raises(KeyboardInterrupt):
        try:
            call()
        finally:
            timers[1].cancel()
    for timer in timers:
        timer.join()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mixtura")]


def _long_test() -> Any:
    return likelihood_ratio_test(X, n_resamples=10**6)


@pytest.mark.parametrize("kind", KINDS)
def test_tables_fit_a_terminal_and_leave_nothing_out_in_numbers(kind: str) -> None:
    found = bootstrap(MODEL, X, kind=kind, n_resamples=20)
    assert max(map(len, str(found).splitlines())) <= 80
    told = found.to_dict()
    assert told["standard_errors"]["means"] == found.standard_errors["means"].tolist()
    rows = pd.DataFrame(found.rows)
    assert len(rows) == 2 * (1 + 2 + 3)
    share = rows[(rows["component"] == 1) & (rows["parameter"] == "share")].iloc[0]
    assert (share["low"], share["high"]) == tuple(found.intervals["weights"][:, 1])
