"""scikit-learn's checks of estimators, for the search."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import mixtura as mx

# The checks' data are few rows of many columns, which ours remarks on.
pytestmark = pytest.mark.filterwarnings("ignore::mixtura.outcome.DataWarning")


# A check that is expected to fail; one that passes is an error.
RANGE = {
    "check_parameters_default_constructible": "a range is as immutable as a tuple, but not among the types allowed"
}


@parametrize_with_checks(
    [mx.MixtureSearch((1, 2), covariance_types=["EII", "EEE"], reg_covar=1e-6)],
    expected_failed_checks=lambda _: RANGE,
    xfail_strict=True,
)
def test_check_estimator(estimator: mx.MixtureSearch, check: Callable[[Any], None]) -> None:
    check(estimator)


def test_it_is_cloned_pickled_and_piped() -> None:
    X = mx.datasets.load_faithful().data
    search = mx.MixtureSearch((1, 2), covariance_types="EEE")
    assert clone(search).get_params() == search.get_params()
    piped = make_pipeline(StandardScaler(), search).fit(X)
    again = pickle.loads(pickle.dumps(piped))
    np.testing.assert_array_equal(piped.predict(X), again.predict(X))
    assert str(again[-1].results_) == str(piped[-1].results_)


def test_frames_of_other_makers() -> None:
    import polars as pl

    X = mx.datasets.load_faithful().data
    frame = pl.DataFrame({"length": X[:, 0], "wait": X[:, 1]})
    search = mx.MixtureSearch(2, covariance_types="EEE").fit(frame)
    assert list(search.feature_names_in_) == ["length", "wait"]
    assert search.best_score_ == pytest.approx(mx.MixtureSearch(2, covariance_types="EEE").fit(X).best_score_)


def test_verbose_prints_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    X = mx.datasets.load_faithful().data
    mx.MixtureSearch((1, 2), covariance_types="EEE", verbose=1).fit(X)
    assert "2 of 2 candidates" in capsys.readouterr().out


def test_arrays_of_another_namespace() -> None:
    import array_api_strict

    X = mx.datasets.load_faithful().data[:60]
    search = mx.MixtureSearch((1, 2), covariance_types=["EEE", "VVV"])
    one, two = search.fit(X).results_, clone(search).fit(array_api_strict.asarray(X)).results_
    for a, b in zip(one, two, strict=True):
        assert a.bic == pytest.approx(b.bic, rel=1e-7)
