"""Data far from zero: as at offset 0, to the precision of the data."""

import mpmath
import numpy as np
import pytest

import mixtura as mx
from mixtura.outcome import DataWarning
from tests.hostile.cases import ALL, TYPES, Rows, groups, labels, log_density, matrices, mixture

EPS = np.finfo(float).eps


def moved(covariance_type: str, offset: float) -> tuple[mx.GaussianMixture, mx.GaussianMixture]:
    """Fits of rows that are the same to the bit: what the offset rounds off is taken from both."""
    far = groups() + offset
    settings = {"init_params": labels(), "tol": 1e-9, "max_iter": 500}
    near = mixture(2, covariance_type, **settings).fit(far - offset)
    return near, mixture(2, covariance_type, **settings).fit(far)


@pytest.mark.parametrize("covariance_type", ALL)
@pytest.mark.parametrize("offset", (1e7, 1e8))
def test_x_plus_offset(offset: float, covariance_type: str) -> None:
    near, far = moved(covariance_type, offset)
    assert far.converged_ and far.n_iter_ == near.n_iter_
    np.testing.assert_allclose(far.covariances_, near.covariances_, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(far.means_ - offset, near.means_, atol=2 * EPS * offset)
    np.testing.assert_array_equal(far.predict(groups() + offset), near.predict(groups()))
    found = far.score_samples(groups() + offset)
    np.testing.assert_allclose(found, log_density(far, groups() + offset), atol=1e-10)
    # a mean is a double of the size of the offset, and the log density moves with it
    np.testing.assert_allclose(found, near.score_samples(groups()), atol=20 * EPS * offset)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_x_plus_1e7_is_what_numpy_finds_on_centred_data(covariance_type: str) -> None:
    """One component: its covariance is the data's, by NumPy on the rows less their mean."""
    X = groups() + 1e7
    owed = np.cov((X - X[0]).T, bias=True)
    found = matrices(mixture(1, covariance_type, reg_covar=0).fit(X))[0]
    if covariance_type == "diag":
        owed = np.diag(np.diag(owed))
    if covariance_type == "spherical":
        owed = np.eye(2) * np.trace(owed) / 2
    np.testing.assert_allclose(found, owed, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("start", ("kmeans", "k-means++", "random", "random_from_data"))
def test_x_plus_1e8_from_every_start(start: str) -> None:
    X, settings = groups() + 1e8, {"init_params": start, "tol": 1e-8, "max_iter": 2000, "n_init": 3}
    far, near = mixture(2, **settings).fit(X), mixture(2, **settings).fit(X - 1e8)
    np.testing.assert_allclose(far.sort_components(0).covariances_, near.sort_components(0).covariances_, atol=1e-4)
    assert far.lower_bound_ == pytest.approx(near.lower_bound_, abs=1e-6)


def test_one_column_far_and_the_other_not() -> None:
    offset = np.array([0.0, 1e12])
    X = groups() + offset
    far, near = mixture(2, init_params=labels()).fit(X), mixture(2, init_params=labels()).fit(X - offset)
    np.testing.assert_allclose(far.covariances_, near.covariances_, rtol=1e-9)
    np.testing.assert_allclose(far.score_samples(X), log_density(far, X), atol=1e-9)


@pytest.mark.parametrize("covariance_type", ALL)
def test_float32_x_plus_1e3(covariance_type: str) -> None:
    X = (groups() + 1e3).astype(np.float32)
    exact = mixture(2, covariance_type, init_params=labels()).fit(X.astype(float) - 1e3)
    model = mixture(2, covariance_type, init_params=labels()).fit(X)
    assert model.covariances_.dtype == model.means_.dtype == np.float32
    np.testing.assert_allclose(model.covariances_, exact.covariances_, rtol=2e-7, atol=1e-7)
    np.testing.assert_allclose(model.means_, exact.means_ + 1e3, rtol=1e-7)
    np.testing.assert_allclose(model.score_samples(X), log_density(model, X), rtol=1e-5, atol=1e-4)


def test_float32_x_plus_1e6_to_the_precision_of_the_data() -> None:
    """Neighbours in float32 are 1/16 apart here: the rows are coarse, their sums are not."""
    X = (10 * groups() + 1e6).astype(np.float32)
    exact = mixture(2, init_params=labels()).fit(X.astype(float) - 1e6)
    np.testing.assert_allclose(mixture(2, init_params=labels()).fit(X).covariances_, exact.covariances_, rtol=2e-7)


def _exact(row: Rows, means: Rows) -> float:
    lengths = [sum((mpmath.mpf(x) - mpmath.mpf(m)) ** 2 for x, m in zip(row, mean, strict=True)) for mean in means]
    density = sum(w * mpmath.exp(-length / 2) for w, length in zip((0.25, 0.75), lengths, strict=True))
    return float(mpmath.log(density / (2 * mpmath.pi)))


def test_log_density_at_offset_1e8_with_sd_1() -> None:
    """Against fifty digits: two components three apart, unit variances, at 1e8."""
    means = np.array([[1e8, 1e8], [1e8 + 3, 1e8]])
    model = mx.GaussianMixture.from_parameters([0.25, 0.75], means, np.ones((2, 2)), "diag")
    X = groups()[::10] + 1e8
    with mpmath.workdps(50):
        found = [_exact(row, means) for row in X]
    np.testing.assert_allclose(model.score_samples(X), found, atol=1e-10, rtol=0)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_log_density_at_offset_1e8_for_every_layout(covariance_type: str) -> None:
    eye, ones = np.eye(2), np.ones((2, 2))
    covariances = {"full": np.stack([eye, eye]), "tied": eye, "diag": ones, "spherical": ones[0]}
    means = np.array([[1e8, -1e8], [1e8 + 3, -1e8]])
    model = mx.GaussianMixture.from_parameters([0.25, 0.75], means, covariances[covariance_type], covariance_type)
    X = groups() + np.array([1e8, -1e8])
    np.testing.assert_allclose(model.score_samples(X), log_density(model, X), atol=1e-10, rtol=0)


def test_an_offset_that_leaves_no_digits_is_a_constant_column() -> None:
    X = groups() + np.array([0.0, 1e20])
    with pytest.warns(DataWarning, match="Column 1 is constant: variance 0"):
        model = mixture(1).fit(X)
    assert model.covariances_[0, 1, 1] == pytest.approx(1e-6)
