"""What counts as singular: nothing that scaling the columns could change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtura.covariance import Covariance
from mixtura.covariance.cholesky import SINGULAR, cholesky, inverse_factors, log_determinants
from mixtura.outcome import DegenerateComponent
from tests.covariance.problems import made, rotation

EPS = np.finfo(float).eps


def test_factors_inverses_and_determinants():
    _, scatter = made(0, 3, 4)
    lower = cholesky(scatter)
    upper = inverse_factors(lower)
    np.testing.assert_allclose(lower @ np.swapaxes(lower, 1, 2), scatter, rtol=1e-12)
    np.testing.assert_allclose(upper @ np.swapaxes(upper, 1, 2), np.linalg.inv(scatter), rtol=1e-9, atol=1e-14)
    assert np.array_equal(upper, np.triu(upper))
    np.testing.assert_allclose(log_determinants(lower), np.linalg.slogdet(scatter)[1], rtol=1e-12)


def nearly_collinear(left, units=(1.0, 1.0, 1.0)):
    """Two independent columns, and a third with the share `left` of its variance beside them."""
    matrix = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 2.0 / (1.0 - left)]])
    return np.stack([np.eye(3), matrix * np.outer(units, units)])


@pytest.mark.parametrize("left", [0.0, 2 * EPS, 0.5 * SINGULAR * 3])
@given(powers=st.tuples(*[st.integers(-150, 150)] * 3))
def test_singular_whatever_the_units(left, powers):
    with pytest.raises(DegenerateComponent, match="Component 1: its covariance is singular: column 2 keeps") as caught:
        cholesky(nearly_collinear(left, 2.0 ** np.array(powers)))
    assert caught.value.component == 1


@given(powers=st.tuples(*[st.integers(-150, 150)] * 3))
def test_not_singular_whatever_the_units(powers):
    cholesky(nearly_collinear(2.0 * SINGULAR * 3, 2.0 ** np.array(powers)))


def test_the_message_has_the_number_and_the_remedy():
    with pytest.raises(DegenerateComponent) as caught:
        cholesky(nearly_collinear(6 * EPS))
    text = str(caught.value)
    assert (
        text.startswith("Component 1: its covariance is singular: column 2 keeps 1.") or "e-15 of its variance" in text
    )
    assert text.endswith("Use fewer components, a family with fewer parameters, reg_covar or a prior.")


@pytest.mark.parametrize("bad", [np.nan, -1.0, 0.0])
def test_a_matrix_without_a_factor_is_named(bad):
    matrices = np.stack([np.eye(3), np.eye(3), np.diag([1.0, bad, 1.0])])
    with pytest.raises(DegenerateComponent, match="Component 2: its covariance is singular: column 1 keeps"):
        Covariance(matrices).whitening()


@pytest.mark.parametrize("n_features", [2, 5, 20])
@pytest.mark.parametrize("seed", range(3))
def test_condition_1e14_is_no_singularity(n_features, seed):
    axes = rotation(np.random.default_rng(seed), n_features)
    lengths = np.geomspace(1.0, 1e-14, n_features)
    matrix = (axes * lengths) @ axes.T
    whitening = Covariance(0.5 * (matrix + matrix.T)[None]).whitening()
    found = whitening.log_det(n_features)[0]
    assert found == pytest.approx(-0.5 * np.log(lengths).sum(), abs=4 * n_features * 1e14 * EPS)
