"""Whitenings and offsets against the plain formulas."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from mixtura.density import Density, Whitening, gaussian_offset

RNG = np.random.default_rng(0)
D = 3
FACTORS = {
    "scalar": RNG.uniform(0.1, 9.0, 4),
    "diagonal": RNG.uniform(0.1, 9.0, (4, D)),
    "dense": np.triu(RNG.normal(size=(4, D, D)), 1) + RNG.uniform(0.1, 9.0, (4, 1, D)) * np.eye(D),
}
every_kind = pytest.mark.parametrize("kind", FACTORS)


@every_kind
def test_determinants_and_matrices(kind):
    whitening = Whitening(FACTORS[kind])
    assert whitening.kind == kind and not whitening.shared
    dense = whitening.dense(D)
    assert dense.shape == (4, D, D)
    np.testing.assert_allclose(whitening.log_det(D), np.linalg.slogdet(dense)[1])
    x = RNG.normal(size=D)
    applied = x @ FACTORS[kind][2] if kind == "dense" else x * FACTORS[kind][2]
    np.testing.assert_allclose(x @ dense[2], applied)


@every_kind
def test_one_factor_serves_all_components(kind):
    one, many = Whitening(FACTORS[kind][:1]), Whitening(FACTORS[kind])
    assert one.shared and one.log_det(D).shape == (1,) and one.dense(D).shape == (1, D, D)
    assert one.take(slice(2, 4)) is one
    assert np.array_equal(many.take(slice(2, 4)).factor, FACTORS[kind][2:4])


@every_kind
def test_the_offset_is_the_log_density_at_the_mean(kind):
    whitening, proportions = Whitening(FACTORS[kind]), np.array([0.1, 0.2, 0.3, 0.4])
    density = Density(np.zeros((4, D)), whitening, gaussian_offset(proportions, whitening, D))
    assert (density.n_components, density.n_features) == (4, D)
    precision = density.precision
    expected = [
        np.log(p) + multivariate_normal(np.zeros(D), np.linalg.inv(m)).logpdf(np.zeros(D))
        for p, m in zip(proportions, precision, strict=True)
    ]
    np.testing.assert_allclose(density.offset, expected)


def test_a_component_without_a_share_has_no_density():
    offset = gaussian_offset(np.array([1.0, 0.0]), Whitening(np.ones(1)), D)
    assert np.isfinite(offset[0]) and offset[1] == -np.inf


def test_determinants_beyond_the_range_of_doubles():
    for power in (-300, 300):
        factor = 10.0**power * np.eye(60)[None]
        assert Whitening(factor).log_det(60) == pytest.approx(60 * power * np.log(10.0))
