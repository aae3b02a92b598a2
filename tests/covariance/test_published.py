"""The public arrays: C, P from C, L from P; there and back to the bit; what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture

from mixtura.covariance import SKLEARN, Covariance, published
from mixtura.covariance.published import from_covariances, from_precisions, publish, read_back, whitening
from mixtura.outcome import DegenerateComponent, MixtureError
from tests.covariance.problems import estimate, made, rotation

LAYOUTS = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII", "dense": "VEV"}
SHAPES = {"full": (3, 4, 4), "tied": (4, 4), "diag": (3, 4), "spherical": (3,), "dense": (3, 4, 4)}
layouts = pytest.mark.parametrize("layout", LAYOUTS)
dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def public(layout, dtype=np.float64, seed=0):
    covariance = estimate(LAYOUTS[layout], *made(seed, 3, 4))
    return covariance, publish(covariance, layout, 3, dtype, n_features=4)


def arrays(value):
    return value.covariances, value.precisions, value.precisions_cholesky


def product(factors):
    """P from L in any layout."""
    return (
        factors @ np.swapaxes(factors, -1, -2)
        if factors.ndim > 1 and factors.shape[-1] == factors.shape[-2]
        else factors**2
    )


def inverse(array):
    return np.linalg.inv(array) if array.ndim > 1 and array.shape[-1] == array.shape[-2] else 1.0 / array


@layouts
@dtypes
def test_shapes_and_the_chain(layout, dtype):
    covariance, value = public(layout, dtype)
    tolerance = 1e-12 if dtype is np.float64 else 1e-4
    for array in arrays(value):
        assert array.shape == SHAPES[layout]
        assert array.dtype == dtype
    matrices = covariance.dense(3, 4)
    expected = {"tied": matrices[0], "diag": covariance.values, "spherical": covariance.values}.get(layout, matrices)
    np.testing.assert_array_equal(value.covariances, expected.astype(dtype))
    np.testing.assert_allclose(value.precisions, inverse(value.covariances), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(product(value.precisions_cholesky), value.precisions, rtol=tolerance, atol=tolerance)
    if value.precisions.ndim > 1 and layout != "diag":
        assert np.array_equal(value.precisions, np.swapaxes(value.precisions, -1, -2))
        assert np.array_equal(value.precisions_cholesky, np.triu(value.precisions_cholesky))


@pytest.mark.parametrize("layout", SKLEARN)
def test_the_convention_is_scikit_learns(layout):
    rows = np.random.default_rng(0).normal(size=(60, 4)) * [1.0, 2.0, 3.0, 4.0]
    theirs = GaussianMixture(2, covariance_type=layout, max_iter=200, random_state=0).fit(rows)
    value = from_covariances(theirs.covariances_, layout)
    np.testing.assert_allclose(value.precisions, theirs.precisions_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(value.precisions_cholesky, theirs.precisions_cholesky_, rtol=1e-9, atol=1e-12)


@layouts
@dtypes
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_there_and_back_to_the_bit(layout, dtype, seed):
    value = public(layout, dtype, seed)[1]
    for array, again in zip(arrays(value), arrays(from_covariances(value.covariances, layout)), strict=True):
        assert np.array_equal(array, again)
    given_back = from_precisions(value.precisions, layout, 3, 4)
    assert np.array_equal(given_back.precisions, value.precisions)
    assert np.array_equal(given_back.precisions_cholesky, value.precisions_cholesky)
    tolerance = 1e-9 if dtype is np.float64 else 1e-2
    scale = np.abs(value.covariances).max()
    np.testing.assert_allclose(given_back.covariances, value.covariances, rtol=tolerance, atol=tolerance * scale)
    assert given_back.covariances.dtype == dtype


@layouts
def test_whitening_and_reading_back(layout):
    covariance, value = public(layout)
    again = whitening(value.precisions_cholesky, layout)
    np.testing.assert_allclose(again.dense(4), covariance.whitening().dense(4), rtol=1e-10, atol=1e-12)
    assert again.shared == (layout == "tied")
    read = read_back(value.covariances, layout)
    np.testing.assert_allclose(read.dense(3, 4), covariance.dense(3, 4), rtol=1e-15)
    assert read.whitening().factor.dtype == np.float64


@pytest.mark.parametrize("layout", ["full", "tied", "diag", "spherical", "dense"])
def test_one_column(layout):
    covariance = Covariance(np.array([4.0]) if layout == "tied" else np.array([4.0, 16.0]))
    value = publish(covariance, layout, 2, np.float64, n_features=1)
    shape = {"tied": (1, 1), "diag": (2, 1), "spherical": (2,)}.get(layout, (2, 1, 1))
    assert all(array.shape == shape for array in arrays(value))
    assert value.precisions_cholesky.ravel()[0] == 0.5


def test_shared_and_round_families_fill_every_component():
    value = publish(Covariance(np.array([4.0])), "dense", 2, np.float64, n_features=3)
    np.testing.assert_array_equal(value.covariances, np.tile(4.0 * np.eye(3), (2, 1, 1)))


def long(condition, n_features=3):
    axes = rotation(np.random.default_rng(1), n_features)
    matrix = (axes * np.geomspace(1.0, 1.0 / condition, n_features)) @ axes.T
    return (0.5 * (matrix + matrix.T))[None]


def test_condition_1e14_is_published():
    value = publish(Covariance(long(1e14)), "full", 1, np.float64, n_features=3)
    log_det = whitening(value.precisions_cholesky, "full").log_det(3)
    np.testing.assert_allclose(log_det, 0.5 * 21 * np.log(10), atol=20 * 1e14 * np.finfo(float).eps)


@pytest.mark.parametrize("condition", [1e6, 1e7, 1e8, 1e10])
def test_float32_keeps_long_components(condition):
    """Rounding may leave C or P without a factor; L still comes from what was there before."""
    value = publish(Covariance(long(condition)), "full", 1, np.float32, n_features=3)
    assert all(array.dtype == np.float32 for array in arrays(value))
    assert np.isfinite(value.precisions_cholesky).all()
    expected = 0.75 * np.log(condition)
    np.testing.assert_allclose(whitening(value.precisions_cholesky, "full").log_det(3), expected, atol=1.0)


def test_factors_come_from_c_where_p_has_none(monkeypatch):
    covariance, value = public("full")

    def fail(precisions):
        raise DegenerateComponent(0, "no factor")

    monkeypatch.setattr(published, "_upper_factors", fail)
    again = publish(covariance, "full", 3, np.float64, n_features=4)
    np.testing.assert_allclose(again.precisions_cholesky, value.precisions_cholesky, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("layout", ["full", "diag", "spherical"])
@pytest.mark.parametrize(
    ("size", "dtype", "found"),
    [(np.inf, np.float64, "variance.* is inf, beyond the range of float64"),
     (1e-320, np.float64, "precision.* is inf, beyond the range of float64"),
     (0.0, np.float64, "variance.* is 0, beyond the range of float64"),
     (1e40, np.float32, "variance.* is inf, beyond the range of float32"),
     (1e-40, np.float32, "precision.* is inf, beyond the range of float32")],
)  # fmt: skip
def test_numbers_out_of_range_name_the_component(layout, size, dtype, found):
    values = np.ones((2, 2))
    values[1] = size
    matrices = values[:, :, None] * np.eye(2) if np.isfinite(size) else np.stack([np.eye(2), np.full((2, 2), np.inf)])
    shaped = {"full": matrices, "diag": values, "spherical": values[:, 0]}[layout]
    with pytest.raises(MixtureError, match=f"Component 1: its {found}. Divide the column"):
        publish(Covariance(shaped), layout, 2, dtype, n_features=2)


def test_a_singular_covariance_is_not_published():
    with pytest.raises(DegenerateComponent, match="Component 1: its covariance is singular: column 1"):
        publish(Covariance(np.stack([np.eye(2), np.ones((2, 2))])), "full", 2, np.float64, n_features=2)


READERS = pytest.mark.parametrize(("read", "what"), [(from_covariances, "covariance"), (from_precisions, "precision")])
BAD = {
    "full": ([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]]], "component 1 has the eigenvalue -1"),
    "dense": ([[[1.0, 0.5], [0.2, 1.0]]], r"component 0 holds 0.5 at \(0, 1\) and 0.2 at \(1, 0\)"),
    "tied": ([[1.0, 2.0], [2.0, 1.0]], "component 0 has the eigenvalue -1"),
    "diag": ([[1.0, 2.0], [-3.0, 1.0]], "component 1 holds -3"),
    "spherical": ([1.0, 2.0, 0.0], "component 2 holds 0"),
}


@READERS
@layouts
def test_what_is_not_positive_is_refused(read, what, layout):
    array, found = BAD[layout]
    owed = "positive" if layout in ("diag", "spherical") else "symmetric, positive-definite"
    with pytest.raises(MixtureError, match=f"'{layout} {what}' should be {owed}: {found}"):
        read(array, layout)


@READERS
@layouts
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(read, what, layout, bad):
    array = np.array(public(layout)[1].covariances)
    array[(-1,) * array.ndim] = bad
    component = 0 if layout == "tied" else 2
    with pytest.raises(MixtureError, match=f"'{layout} {what}' .*component {component} holds {bad}"):
        read(array, layout)


@READERS
@layouts
def test_another_shape_is_refused(read, what, layout):
    array = public(layout)[1].covariances
    shape = str(SHAPES[layout]).replace("(", r"\(").replace(")", r"\)")
    wrong = shape.replace("3", "2") if layout != "tied" else shape.replace("4", "5")
    message = rf"The parameter '{layout} {what}' should have the shape of {wrong}, but got {shape}"
    with pytest.raises(MixtureError, match=message):
        read(array, layout, 2, 5 if layout == "tied" else 4)
    with pytest.raises(MixtureError, match=f"The parameter '{layout} {what}' should have the shape"):
        read(array[None], layout)


@READERS
def test_symmetry_is_judged_in_units_of_the_columns(read, what):
    for units in (np.outer([1e-8, 1e-9], [1e-8, 1e-9]), np.outer([1e8, 1e-8], [1e8, 1e-8]), 1e16):
        rounded = np.array([[1.0, 1e-15], [2e-15, 1.0]]) * units
        assert np.isfinite(read(rounded, "tied").precisions_cholesky).all()
        with pytest.raises(MixtureError, match="symmetric"):
            read(np.array([[1.0, 0.5], [0.4, 1.0]]) * units, "tied")


@READERS
def test_given_arrays_are_kept_and_copied(read, what):
    array = np.array([[2.0, 1.0], [1.0, 3.0]])
    kept = getattr(read(array, "tied"), f"{what}s")
    assert np.array_equal(kept, array)
    array[0, 0] = 7.0
    assert kept[0, 0] == 2.0


def test_integers_are_numbers():
    assert from_covariances([[4, 1]], "diag").precisions.dtype == np.float64
