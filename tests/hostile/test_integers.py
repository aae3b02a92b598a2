"""Integers, booleans and small floats are numbers like others: every method answers as for the same floats."""

from typing import Any

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as Theirs

from tests.hostile.cases import ALL, TYPES, answers, arrays, assert_close, assert_same_bits, log_density, mixture, quiet

INTEGERS = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")
SMALL = ("f2", "g", *INTEGERS)


def whole(dtype: str) -> Any:
    """Whole numbers between 0 and 120 in two groups, of a dtype; for bool, zeros and ones."""
    draw = np.random.RandomState(3)
    if dtype == "bool":
        return draw.randint(0, 2, (60, 3)).astype(bool)
    X = draw.randint(0, 40, (120, 2))
    X[60:] += 80 * np.array([1, 0]) + draw.randint(0, 9, (60, 2))
    return X.astype(dtype)


def pair(dtype: str, covariance_type: str) -> tuple[Any, Any, Any, Any]:
    X = whole(dtype)
    floats = X.astype(float)
    settings = {"reg_covar": 1e-3, "tol": 1e-5}
    ours = quiet(lambda: mixture(2, covariance_type, **settings).fit(X))
    return X, floats, ours, quiet(lambda: mixture(2, covariance_type, **settings).fit(floats))


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("dtype", ("bool", *SMALL))
def test_integer_x_equals_floats(dtype: str, covariance_type: str) -> None:
    X, floats, ours, theirs = pair(dtype, covariance_type)
    assert_same_bits(arrays(ours), arrays(theirs))
    assert_same_bits(answers(ours, X), answers(theirs, floats))
    np.testing.assert_allclose(ours.score_samples(X), log_density(ours, floats), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("covariance_type", ALL)
@pytest.mark.parametrize("dtype", ("bool", "i1"))
def test_integer_x_equals_floats_in_every_family(dtype: str, covariance_type: str) -> None:
    X, floats, ours, theirs = pair(dtype, covariance_type)
    assert_same_bits(arrays(ours), arrays(theirs))
    np.testing.assert_allclose(ours.score_samples(X), log_density(theirs, floats), rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(quiet(lambda: ours.fit_predict(X)), theirs.predict(floats))


@pytest.mark.parametrize("covariance_type", TYPES)
def test_integer_x_is_fitted_as_scikit_learn_fits_floats(covariance_type: str) -> None:
    X = whole("i1")
    theirs = Theirs(2, covariance_type=covariance_type, random_state=0).fit(X.astype(float))
    assert_close(mixture(2, covariance_type).fit(X), theirs, rtol=1e-8)


def test_integers_beyond_the_floats_are_rounded_and_not_wrapped() -> None:
    X = np.uint64(2**63) + whole("u8") * np.uint64(2**40)
    model = mixture(2, "diag").fit(X)
    assert_same_bits(arrays(model), arrays(mixture(2, "diag").fit(X.astype(float))))
    assert (model.means_ > 2.0**63).all()
    np.testing.assert_allclose(model.score_samples(X), log_density(model, X), rtol=1e-9)


def test_int8_differences_do_not_wrap() -> None:
    X = np.array([[-128, 127], [127, -128], [-128, -128], [127, 127], [0, 0], [1, 1]], dtype="i1")
    model = mixture(1, "full").fit(X)
    floats = X.astype(float)
    np.testing.assert_allclose(model.means_[0], floats.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(model.covariances_[0], np.cov(floats.T, bias=True) + 1e-6 * np.eye(2), rtol=1e-12)


@pytest.mark.parametrize("small", (5e-324, -0.0, 1e-310))
def test_subnormal_numbers_and_minus_zero_are_zeros_among_ordinary_ones(small: float) -> None:
    zeros = whole("f8")
    spoiled = np.where(zeros == 0, small, zeros)
    assert (zeros == 0).any()
    one, other = mixture(2).fit(zeros), mixture(2).fit(spoiled)
    assert_close(other, one, rtol=1e-12)
    np.testing.assert_allclose(other.score_samples(spoiled), log_density(one, zeros), rtol=1e-10)
