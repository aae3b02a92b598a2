"""From the same start with the same settings the path is scikit-learn's: passes, bounds and parameters to 1e-8."""

import itertools
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx
from tests.parity.pairs import (
    COVARIANCE_TYPES,
    DATA,
    INITS,
    assert_same_arrays,
    assert_same_path,
    data,
    fit_both,
    pair,
)

GIVEN = ("weights_init", "means_init", "precisions_init")
PARTS = [names for count in (1, 2, 3) for names in itertools.combinations(GIVEN, count)]
each_type = pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
each_init = pytest.mark.parametrize("init_params", INITS)
each_data = pytest.mark.parametrize("name", DATA)


@each_data
@each_type
@each_init
def test_every_start(name: str, covariance_type: str, init_params: str) -> None:
    X, k = data(name)
    for seed in range(3):
        theirs, ours = pair(
            k, covariance_type=covariance_type, init_params=init_params, random_state=seed, tol=1e-4, max_iter=60
        )
        fit_both(theirs, ours, X)
        assert_same_path(theirs, ours)


@each_type
def test_defaults(covariance_type: str) -> None:
    X, _ = data("faithful")
    theirs, ours = pair(1, covariance_type=covariance_type)
    fit_both(theirs, ours, X)
    assert_same_path(theirs, ours)


@each_type
@pytest.mark.parametrize("reg_covar", [0.0, 0.1])
def test_other_ridges(covariance_type: str, reg_covar: float) -> None:
    X, k = data("iris")
    for init_params in ("kmeans", "random"):
        theirs, ours = pair(k, covariance_type=covariance_type, init_params=init_params, reg_covar=reg_covar)
        fit_both(theirs, ours, X)
        assert_same_path(theirs, ours)


@pytest.mark.parametrize("name", ["faithful", "iris", "acidity"])
@each_type
@pytest.mark.parametrize("parts", PARTS, ids="+".join)
def test_given_parameters(name: str, covariance_type: str, parts: tuple[str, ...]) -> None:
    X, k = data(name)
    with pytest.warns(ConvergenceWarning):
        early = Theirs(k, covariance_type=covariance_type, random_state=7, max_iter=2, tol=0).fit(X)
    given = {part: getattr(early, part.removesuffix("init")) for part in parts}
    for init_params in INITS if len(parts) < 3 else INITS[:1]:
        theirs, ours = pair(k, covariance_type=covariance_type, init_params=init_params, **given)
        fit_both(theirs, ours, X)
        assert_same_path(theirs, ours)


@each_type
@pytest.mark.parametrize("init_params", INITS[1:])
def test_the_best_of_several_starts(covariance_type: str, init_params: str) -> None:
    # after a few passes no two starts are at the same optimum yet, so the best is the same one
    X, k = data("overlap")
    theirs, ours = pair(k, covariance_type=covariance_type, init_params=init_params, n_init=6, max_iter=3, tol=0)
    fit_both(theirs, ours, X)
    assert_same_path(theirs, ours)
    first = ours.set_params(n_init=1)
    with pytest.warns(ConvergenceWarning):
        assert first.fit(X).lower_bounds_[-1] <= theirs.lower_bounds_[-1] + 1e-12


@each_type
def test_starts_that_tie_reach_the_same_optimum(covariance_type: str) -> None:
    # k-means finds the same clusters under other numbers, so which start is best is a matter of rounding
    X, k = data("blobs")
    theirs, ours = pair(k, covariance_type=covariance_type, n_init=5, tol=1e-10, max_iter=500)
    fit_both(theirs, ours, X)
    assert ours.lower_bounds_[-1] == pytest.approx(theirs.lower_bounds_[-1], abs=1e-10)
    there, here = (np.lexsort(estimator.means_.T) for estimator in (theirs, ours))
    np.testing.assert_allclose(ours.means_[here], theirs.means_[there], rtol=1e-8)
    np.testing.assert_allclose(ours.weights_[here], theirs.weights_[there], rtol=1e-8)


@each_type
@each_init
def test_one_generator_over_several_fits(covariance_type: str, init_params: str) -> None:
    X, k = data("faithful")
    theirs, ours = pair(k, covariance_type=covariance_type, init_params=init_params, random_state=[5], max_iter=5)
    for _ in range(3):
        fit_both(theirs, ours, X)
        assert_same_path(theirs, ours)


@each_type
@each_init
def test_warm_starts(covariance_type: str, init_params: str) -> None:
    X, k = data("overlap")
    theirs, ours = pair(k, covariance_type=covariance_type, init_params=init_params, warm_start=True, max_iter=4)
    for _ in range(5):
        fit_both(theirs, ours, X)
        assert_same_path(theirs, ours)
    for rows, settings in ((X[::2], {"max_iter": 10}), (X, {"tol": 1e-6}), (X + 0.1, {"reg_covar": 0.01})):
        fit_both(theirs.set_params(**settings), ours.set_params(**settings), rows)
        assert_same_path(theirs, ours)


@each_type
@pytest.mark.parametrize("init_params", ["kmeans", "random"])
@pytest.mark.parametrize("parts", [(), GIVEN[:1], GIVEN[1:2], GIVEN[:2]], ids=lambda parts: "+".join(parts) or "none")
def test_no_passes_at_all(covariance_type: str, init_params: str, parts: tuple[str, ...]) -> None:
    X, k = data("iris")
    fitted = Theirs(k, covariance_type=covariance_type, random_state=1).fit(X)
    given = {part: getattr(fitted, part.removesuffix("init")) for part in parts}
    theirs, ours = pair(k, covariance_type=covariance_type, init_params=init_params, max_iter=0, **given)
    fit_both(theirs, ours, X)
    assert (ours.n_iter_, ours.lower_bounds_, ours.converged_) == (0, [], False)
    assert_same_arrays(theirs, ours)
    for part in parts:
        assert np.array_equal(getattr(ours, part.removesuffix("init")), given[part])


@each_type
def test_not_converged(covariance_type: str) -> None:
    X, k = data("overlap")
    theirs, ours = pair(k, covariance_type=covariance_type, max_iter=3, tol=1e-9)
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        theirs.fit(X)
    with pytest.warns(ConvergenceWarning, match=r"Passes: 3; the last gain was [\d.e-]+ a row, and tol is 1e-09"):
        ours.fit(X)
    assert not ours.converged_
    assert_same_path(theirs, ours)


@pytest.mark.parametrize("init_params", ["random", "k-means++", "random_from_data"])
def test_more_rows_than_a_block(init_params: str) -> None:
    X = np.random.RandomState(0).standard_normal((40_000, 2)) + np.repeat([[0.0], [4.0]], 20_000, axis=0)
    theirs, ours = pair(2, init_params=init_params, max_iter=6, tol=0)
    fit_both(theirs, ours, X)
    assert_same_path(theirs, ours)


@each_data
@each_type
def test_answers(name: str, covariance_type: str) -> None:
    X, k = data(name)
    theirs, ours = pair(k, covariance_type=covariance_type)
    fit_both(theirs, ours, X)
    fresh = X[::3] + 0.01
    for method in ("score_samples", "predict", "predict_proba", "score", "bic", "aic"):
        expected: Any = getattr(theirs, method)(fresh)
        found = getattr(ours, method)(fresh)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7)
        assert np.result_type(found) == np.result_type(expected)
    assert ours._n_parameters() == theirs._n_parameters() == ours.n_parameters_


@each_data
@each_type
def test_lower_bound_is_that_of_the_returned_parameters(name: str, covariance_type: str) -> None:
    X, k = data(name)
    ours = mx.GaussianMixture(k, covariance_type=covariance_type, random_state=0).fit(X)
    assert ours.lower_bound_ == ours.score(X)
    assert ours.lower_bound_ == pytest.approx(ours.score_samples(X).mean(), rel=1e-12)
    assert ours.lower_bound_ >= ours.lower_bounds_[-1] - 1e-6
