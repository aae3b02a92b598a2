"""What kernels make of rows that lie far out, that no component reaches, or whose responsibilities are given."""

import array_api_strict
import numpy as np
import polars as pl
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixtura import kernels
from mixtura.density import Density, Whitening, gaussian_offset
from mixtura.frame import Frame
from mixtura.kernels import assigned, blocked, direct, generic
from mixtura.moments import Moments
from mixtura.sources.frames import Frames, numeric
from mixtura.sources.memory import Memory
from tests.ways import KERNELS

every_kernel = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
X = np.random.default_rng(0).normal(size=(40, 2))


def block_of(rows, weight=None):
    return next(Memory.of(rows, weight).blocks())


def standard(means, floor=None, whitening=None):
    """Equal shares of round components."""
    means = np.array(means, dtype=float)
    whitening = Whitening(np.ones(1)) if whitening is None else whitening
    return Density(
        means, whitening, gaussian_offset(np.full(len(means), 1 / len(means)), whitening, means.shape[1]), floor
    )


@every_kernel
def test_posteriors_are_bayes_rule(kernel):
    factor = np.array([[1.0, 0.5], [0.0, 2.0]])
    density = standard([[0.0, 0.0], [1.0, 2.0]], floor=-3.0, whitening=Whitening(factor[None]))
    covariance = np.linalg.inv(factor @ factor.T)
    parts = [np.log(0.5) + multivariate_normal(mean, covariance).logpdf(X) for mean in density.means]
    parts = np.column_stack([*parts, np.full(len(X), -3.0)])
    log_density, responsibilities, noise = kernel.posterior(block_of(X), density)
    np.testing.assert_allclose(log_density, logsumexp(parts, axis=1), rtol=1e-13)
    expected = np.exp(parts - logsumexp(parts, axis=1, keepdims=True))
    np.testing.assert_allclose(np.column_stack([responsibilities, noise]), expected, rtol=1e-12, atol=1e-15)


@every_kernel
@pytest.mark.parametrize("far", [1e3, 1e8, 1e150])
def test_far_rows_keep_finite_densities_and_whole_responsibilities(kernel, far):
    log_density, responsibilities, noise = kernel.posterior(
        block_of(np.array([[far, 0.0]])), standard([[0, 0], [1, 0]])
    )
    assert log_density[0] == pytest.approx(-0.5 * far**2, rel=2.0 / far + 1e-12)
    assert responsibilities[0] == pytest.approx([0.0, 1.0] if far < 1e15 else [0.5, 0.5])  # there they are one double
    assert noise[0] == 0.0


@every_kernel
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_a_row_that_no_component_reaches_is_minus_infinity_and_no_nan(kernel):
    """Its squared distance is beyond all doubles; a uniform component still reaches it."""
    rows = np.array([[1e200, 0.0], [0.0, 0.0]])
    log_density, responsibilities, noise = kernel.posterior(block_of(rows), standard([[0, 0], [1, 0]]))
    assert log_density[0] == -np.inf and np.isfinite(log_density[1])
    assert not np.isnan(responsibilities).any() and noise[0] == 0.0
    log_density, responsibilities, noise = kernel.posterior(block_of(rows), standard([[0, 0], [1, 0]], floor=-50.0))
    assert log_density[0] == -50.0 and noise[0] == 1.0 and not responsibilities[0].any()


@every_kernel
@pytest.mark.parametrize("floor", [None, -50.0])
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_a_row_of_weight_zero_adds_nothing_even_out_there(kernel, floor):
    """Its log density may be minus infinity, and zero times that is no number."""
    rows = np.vstack([X, [[1e200, 0.0]]])
    weight = np.append(np.ones(len(X)), 0.0)
    found = kernel.moments(block_of(rows, weight), standard([[0, 0], [1, 0]], floor), "trace")
    expected = kernel.moments(block_of(X), standard([[0, 0], [1, 0]], floor), "trace")
    assert found.log_likelihood == pytest.approx(expected.log_likelihood)
    assert found.weight == expected.weight


@every_kernel
def test_a_component_without_a_share_has_no_rows(kernel):
    density = standard([[0.0, 0.0], [1.0, 0.0]])
    density = Density(density.means, density.whitening, gaussian_offset(np.array([1.0, 0.0]), density.whitening, 2))
    assert kernel.moments(block_of(X), density, "trace").mass == pytest.approx([40.0, 0.0])


@every_kernel
@pytest.mark.parametrize("order", ["trace", "diagonal", "dense", "pooled"])
def test_moments_are_sums_of_weighted_responsibilities(kernel, order):
    """At every order, for a density of any kind, about any anchor, in a frame."""
    weight = np.random.default_rng(1).uniform(0, 2, len(X))
    frame = Frame(np.array([5.0, -3.0]), np.array([2.0, 4.0]))
    density = standard([[0.0, 0.0], [1.0, 2.0]], floor=-3.0)
    block = next(Memory(frame.undo(X), weight, frame).blocks())
    log_density, responsibilities, noise = generic.posterior(block, density)
    for anchor in (None, np.array([[1.0, 1.0], [0.0, -1.0]])):
        found = kernel.moments(block, density, order, anchor)
        about = density.means if anchor is None else anchor
        weighted = responsibilities * weight[:, None]
        diffs = X[:, None, :] - about
        second = np.einsum("nk,nkd,nke->kde", weighted, diffs, diffs)
        cut = {
            "trace": np.einsum("kdd->k", second),
            "diagonal": np.einsum("kdd->kd", second),
            "dense": second,
            "pooled": second.sum(axis=0),
        }[order]
        np.testing.assert_allclose(found.second, cut, rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(found.first, np.einsum("nk,nkd->kd", weighted, diffs), rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(found.mass, weighted.sum(axis=0))
        assert found.noise == pytest.approx(noise @ weight)
        assert found.log_likelihood == pytest.approx(log_density @ weight)
        assert found.weight == pytest.approx(weight.sum())
        assert np.array_equal(found.anchor, about) and found.order == order


def test_moments_of_given_responsibilities():
    shares = np.random.default_rng(2).dirichlet(np.ones(3), len(X))
    anchor = np.array([[0.0, 0.0], [1.0, 1.0]])
    found = assigned.moments(block_of(X), lambda block: (shares[:, :2], shares[:, 2]), "dense", anchor)
    diffs = X[:, None, :] - anchor
    np.testing.assert_allclose(found.second, np.einsum("nk,nkd,nke->kde", shares[:, :2], diffs, diffs), atol=1e-12)
    np.testing.assert_allclose(found.mean(), (shares[:, :2].T @ X) / shares[:, :2].sum(axis=0)[:, None])
    assert found.noise == pytest.approx(shares[:, 2].sum()) and found.log_likelihood == 0.0


@pytest.mark.parametrize("asarray", [np.asarray, array_api_strict.asarray], ids=["numpy", "strict"])
def test_the_nearest_mean_takes_all_and_the_first_of_equals(asarray):
    rows = np.array([[0.0, 0.0], [0.9, 0.0], [0.5, 0.0], [5.0, 5.0]])
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    assert assigned.nearest(block_of(asarray(rows)), points, np.ones(2)).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(("n_rows", "chosen"), [(kernels.FEW // 8, direct), (kernels.FEW // 8 + 1, blocked)])
def test_the_kernel_is_chosen_by_kind_and_shape_alone(tmp_path, n_rows, chosen):
    rows = np.zeros((n_rows, 2))
    np.save(tmp_path / "rows.npy", rows)
    assert kernels.choose(rows, 4, "dense") is chosen
    assert kernels.choose(np.load(tmp_path / "rows.npy", mmap_mode="r"), 4, "dense") is chosen
    assert kernels.choose(Frames.of(numeric(pl.DataFrame(rows))).kind, 4, "dense") is chosen
    assert kernels.choose(array_api_strict.asarray(rows), 4, "dense") is generic
    assert kernels.choose(rows, 4, "pooled") is blocked


def test_moments_come_home_as_doubles():
    strict = generic.moments(
        block_of(array_api_strict.asarray(X, dtype=array_api_strict.float32)), standard([[0, 0]]), "dense"
    )
    assert isinstance(strict, Moments)
    for name in ("anchor", "mass", "first", "second"):
        array = getattr(strict, name)
        assert type(array) is np.ndarray and array.dtype == np.float64
    expected = generic.moments(block_of(X.astype(np.float32)), standard([[0, 0]]), "dense")
    np.testing.assert_allclose(strict.second, expected.second, rtol=1e-14)


@pytest.mark.parametrize("order", ["trace", "diagonal", "dense", "pooled"])
@pytest.mark.parametrize("kind", ["scalar", "diagonal", "dense", "shared"])
def test_tiles_of_any_size_say_the_same(monkeypatch, kind, order):
    """On the host and on an accelerator; more tiles than rows, one tile, and anything between."""
    factor = np.array([[1.0, 0.5], [0.0, 2.0]])
    factors = {"scalar": np.array([1.0, 2.0]), "diagonal": factor + 1.0, "dense": np.stack([factor, 2.0 * factor])}
    density = standard([[0.0, 0.0], [1.0, 2.0]], floor=-3.0, whitening=Whitening(factors.get(kind, factor[None])))
    weight = np.random.default_rng(1).uniform(0, 2, len(X))
    expected = direct.moments(block_of(X, weight), density, order)
    there = array_api_strict.asarray(X, device=array_api_strict.Device("device1"))
    monkeypatch.setattr(generic, "FEWEST", 1)
    for rows in (X, array_api_strict.asarray(X), there):
        for size in (1, 7, 39, 40, 1000):
            monkeypatch.setattr(generic, "ACCELERATOR" if rows is there else "HOST", size * 8 * 2 * 2)
            found = generic.moments(block_of(rows, weight), density, order)
            for name in ("mass", "first", "second", "noise", "log_likelihood", "weight"):
                np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12, atol=1e-12)
            for ours, theirs in zip(
                generic.measure(block_of(rows), density), direct.measure(block_of(X), density), strict=True
            ):
                np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
                assert type(ours) is np.ndarray and ours.dtype == theirs.dtype
