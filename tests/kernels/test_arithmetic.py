"""The written-out exponential and logarithm, against 60 digits."""

import mpmath
import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtura.kernels.compiled import arithmetic

EPS = float(np.finfo(np.float64).eps)


@numba.njit
def exps(x):
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = arithmetic.exp(x[i])
    return out


@numba.njit
def logs(x):
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = arithmetic.log(x[i])
    return out


@given(st.lists(st.floats(-707.9, 0.0), min_size=1, max_size=9))
def test_exp_is_within_an_ulp(values):
    with mpmath.workdps(60):
        for found, value in zip(exps(np.array(values)), values, strict=True):
            true = mpmath.exp(mpmath.mpf(value))
            assert abs(mpmath.mpf(float(found)) - true) <= EPS * true


@pytest.mark.parametrize("x", [-708.0, -709.0, -1e300, -np.inf, np.nan])
def test_exp_of_next_to_nothing_is_zero(x):
    assert exps(np.array([x]))[0] == 0.0


def test_exp_of_zero_is_one():
    assert (exps(np.array([0.0, -0.0, -5e-324])) == 1.0).all()


@given(st.lists(st.floats(2.3e-308, 1.7e308), min_size=1, max_size=9))
def test_log_is_within_an_ulp(values):
    with mpmath.workdps(60):
        for found, value in zip(logs(np.array(values)), values, strict=True):
            true = mpmath.log(mpmath.mpf(value))
            assert abs(mpmath.mpf(float(found)) - true) <= EPS * abs(true)


@given(st.floats(1.0, 1.0 + 1e-6))
def test_log_near_one_keeps_its_digits(value):
    assert logs(np.array([value]))[0] == pytest.approx(np.log(value), rel=2 * EPS)
