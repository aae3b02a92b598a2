"""Units: columns a billion times apart, numbers near the ends of the doubles."""

import array_api_strict
import mpmath
import numpy as np
import pandas as pd
import pytest
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx
from mixtura.outcome import MixtureError
from tests.hostile.cases import (
    ALL,
    CLOSED,
    EACH,
    SUMS,
    TYPES,
    Rows,
    assert_close,
    groups,
    heard,
    labels,
    log_density,
    matrices,
    mixture,
    quiet,
)

UNITS = np.array([1e6, 1e-6])
SWAMPED = (
    "{} of variance below 100 times reg_covar=1e-06, which then decides it. Scale such columns, or lower reg_covar."
)


@pytest.mark.parametrize("covariance_type", CLOSED)
@pytest.mark.parametrize("units", (UNITS, [1e-6, 1e6], [1e150, 1e-150], [3.7, 1e-60]))
def test_columns_scaled_from_a_given_start(units: list[float], covariance_type: str) -> None:
    """Families closed under scaling columns: the model of the standardized data, in other units."""
    X = groups() / groups().std(axis=0)
    settings = {"reg_covar": 0, "init_params": labels(), "tol": 1e-8, "max_iter": 300}
    plain = mixture(2, covariance_type, **settings).fit(X)
    scaled, said = heard(lambda: mixture(2, covariance_type, **settings).fit(X * units))
    assert said == []
    np.testing.assert_array_equal(scaled.predict(X * units), plain.predict(X))
    np.testing.assert_allclose(scaled.means_ / units, plain.means_, rtol=1e-10)
    np.testing.assert_allclose(matrices(scaled) / np.outer(units, units), matrices(plain), rtol=1e-9, atol=1e-12)
    shift = np.log(units).sum()
    np.testing.assert_allclose(scaled.score_samples(X * units) + shift, plain.score_samples(X), atol=1e-9)
    assert scaled.lower_bound_ + shift == pytest.approx(plain.lower_bound_, abs=1e-10)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_columns_scaled_at_the_defaults_give_scikit_learns_answer_and_a_warning(covariance_type: str) -> None:
    X = pd.DataFrame(groups() * UNITS, columns=["huge", "tiny"])
    ours, said = heard(lambda: mixture(2, covariance_type).fit(X))
    theirs = Theirs(2, covariance_type=covariance_type, random_state=0).fit(X)
    assert_close(ours, theirs, rtol=1e-8)
    np.testing.assert_allclose(ours.score_samples(X), theirs.score_samples(X), atol=1e-7)
    huge, tiny = X.std(ddof=0)
    assert said == [
        SWAMPED.format("Column 'tiny' is"),
        "Column 'tiny' is more than a thousandfold narrower than column 'huge' "
        f"(spread {tiny:.3g} against {huge:.3g}), and this fit depends on units. Scale the columns.",
    ]
    assert list(ours.fit_report_.warnings[:2]) == said


def test_every_narrow_column_is_named() -> None:
    X = np.column_stack([groups(), 1e5 * groups(seed=1), 1e-4 * groups(seed=2)])
    said = heard(lambda: mixture(2).fit(X))[1]
    assert said[0] == SWAMPED.format("Columns 4, 5 are each")
    assert "Columns 0, 1, 4, 5 are each more than a thousandfold narrower than column 3" in said[1]


def test_scales_do_not_matter_where_they_do_not() -> None:
    """A random start without a ridge sees no units; a ridge does."""
    random = {"init_params": "random", "reg_covar": 0, "max_iter": 500}
    assert heard(lambda: mixture(2, "full", **random).fit(groups() * UNITS))[1] == []
    assert "depends on units" in heard(lambda: mixture(2, "spherical", **random).fit(groups() * UNITS))[1][0]


@pytest.mark.parametrize("covariance_type", ALL)
@pytest.mark.parametrize("scale", (1e160, 1e155, 1e300))
def test_x_times_1e160_is_an_error(scale: float, covariance_type: str) -> None:
    with pytest.raises(MixtureError, match=r"Component 0: its variance.* is inf, beyond the range of float64\. Divide"):
        mixture(2, covariance_type).fit(groups() * scale)


@pytest.mark.parametrize("covariance_type", ALL)
@pytest.mark.parametrize("scale", (1e150, 1e-150))
def test_x_times_1e150_is_the_same_model(scale: float, covariance_type: str) -> None:
    """From a given start, in powers of two so that no digit of the rows is lost."""
    scale = 2.0 ** np.round(np.log2(scale))
    settings = {"reg_covar": 0, "init_params": labels()}
    plain = mixture(2, covariance_type, **settings).fit(groups())
    scaled = mixture(2, covariance_type, **settings).fit(groups() * scale)
    np.testing.assert_allclose(scaled.means_ / scale, plain.means_, rtol=1e-12)
    np.testing.assert_allclose(scaled.covariances_ / scale / scale, plain.covariances_, rtol=1e-12)
    np.testing.assert_array_equal(scaled.predict(groups() * scale), plain.predict(groups()))
    np.testing.assert_allclose(scaled.predict_proba(groups() * scale), plain.predict_proba(groups()), atol=1e-12)


@pytest.mark.parametrize("covariance_type", ALL)
@pytest.mark.parametrize(("scale", "found"), ((1e-160, "precision.* is inf"), (1e-200, "variance.* is 0")))
def test_x_times_1e_minus_160_is_an_error(scale: float, found: str, covariance_type: str) -> None:
    with pytest.raises(MixtureError, match=f"Component 0: its {found}, beyond the range of float64"):
        mixture(2, covariance_type, reg_covar=0).fit(groups() * scale)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("scale", (1e-100, 1e-160, 1e-200, 1e-310))
def test_x_times_1e_minus_200_under_the_ridge(scale: float, covariance_type: str) -> None:
    """The ridge decides every variance and every row belongs to all: scikit-learn's answer, with a warning."""
    X = groups() * scale
    model, said = heard(lambda: mixture(2, covariance_type).fit(X))
    assert said == [SWAMPED.format("Columns 0, 1 are each")]
    np.testing.assert_allclose(matrices(model), 1e-6 * np.stack([np.eye(2)] * 2), rtol=1e-12, atol=1e-18)
    np.testing.assert_allclose(model.score_samples(X), -np.log(2 * np.pi * 1e-6), rtol=1e-12)
    np.testing.assert_allclose(model.means_, np.broadcast_to(X.mean(axis=0), (2, 2)), rtol=1e-3)


def test_one_column_of_vanishing_numbers_beside_an_ordinary_one() -> None:
    """P-values, say: the ordinary column is fitted as if alone with the ridge."""
    X = groups() * np.array([1.0, 1e-160])
    model = quiet(lambda: mixture(2, "diag").fit(X))
    alone = mixture(2, "diag").fit(groups()[:, :1])
    np.testing.assert_allclose(model.covariances_[:, :1], alone.covariances_, rtol=1e-8)
    np.testing.assert_allclose(model.covariances_[:, 1], 1e-6, rtol=1e-8)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("method", (*EACH, *SUMS))
@pytest.mark.parametrize("scale", (1e155, 1e200, 1.7e308))
def test_predict_at_1e155(scale: float, method: str, covariance_type: str) -> None:
    model, X = mixture(2, covariance_type).fit(groups()), groups().copy()
    X[17] = [1.0, -scale]
    told = f"Row 17 is so far from every component .* smallest double \\(column 1 holds {-scale:.3g}\\)".replace(
        "+", r"\+"
    )
    with pytest.raises(MixtureError, match=told):
        getattr(model, method)(X)


def _half_squared_lengths(row: Rows, model: mx.GaussianMixture) -> list[mpmath.mpf]:
    found = []
    for mean, covariance in zip(model.means_, matrices(model), strict=True):
        diff = mpmath.matrix(row.tolist()) - mpmath.matrix(mean.tolist())
        found.append((diff.T * mpmath.inverse(mpmath.matrix(covariance.tolist())) * diff)[0] / 2)
    return found


@pytest.mark.parametrize(
    ("covariance_type", "scale"),
    [*((family, 1e9) for family in ALL), *((family, scale) for family in TYPES for scale in (1e18, 1e100, 1e150))],
)
def test_predict_at_1e150_is_finite_and_right(covariance_type: str, scale: float) -> None:
    """Against 400 digits: what tells the components apart is far below the digits of the log density itself."""
    model, X = mixture(2, covariance_type).fit(groups()), np.array([[3.0, -4.0], [-5.0, 2.0]]) * scale
    with mpmath.workdps(400):
        for row, found, label in zip(X, model.score_samples(X), model.predict(X), strict=True):
            lengths = _half_squared_lengths(row, model)
            assert found == pytest.approx(float(-min(lengths)), rel=1e-7)
            assert label == lengths.index(min(lengths))
    np.testing.assert_array_equal(model.predict_proba(X)[[0, 1], model.predict(X)], 1.0)


@pytest.mark.parametrize("covariance_type", ("full", "diag"))
def test_under_noise_a_far_row_is_noise_and_an_infinite_one_an_error(covariance_type: str) -> None:
    model = mixture(2, covariance_type, noise=True).fit(groups())
    X = np.array([[1.0, 2.0], [1e200, 0.0]])
    assert model.predict(X).tolist()[1] == -1
    assert np.isfinite(model.score_samples(X)).all()
    for bad, said in ((np.inf, "infinity"), (-np.inf, "infinity"), (np.nan, "NaN")):
        X[1, 1] = bad
        for method in (*EACH, *SUMS):
            with pytest.raises(MixtureError, match=f"Input X contains {said}: row 1, column 1"):
                getattr(model, method)(X)


def test_under_noise_an_infinite_cell_of_another_library_is_an_error() -> None:
    """The formulas whiten one row at a time, so there an infinite one is infinitely far and not a NaN."""
    model, X = mixture(2, "diag", noise=True).fit(groups()), groups().copy()
    X[9, 1] = np.inf
    with pytest.raises(MixtureError, match="Input X contains infinity: row 9, column 1"):
        model.predict(array_api_strict.asarray(X))


def test_float32_beyond_the_range_of_its_squares() -> None:
    X = (groups() * 1e30).astype(np.float32)
    with pytest.raises(MixtureError, match="variance of column 0 is inf, beyond the range of float32"):
        mixture(2).fit(X)
    model = mixture(2).fit(X.astype(float))
    np.testing.assert_allclose(model.score_samples(X), log_density(model, X), rtol=1e-10)


def test_a_spread_beyond_the_largest_double() -> None:
    X = np.array([[-1.7e308], [1.7e308], [-1.7e308], [1.7e308]])
    with pytest.raises(MixtureError, match=r"The spread of the data is beyond the largest double\. Divide"):
        mixture(1, "diag").fit(X)


def test_one_row_far_out_is_a_component_of_its_own() -> None:
    X = groups().copy()
    X[3, 1] = 1e12
    model, said = heard(lambda: mixture(2).fit(X))
    assert "Column 0 is more than a thousandfold narrower than column 1" in said[0]
    assert said[1].startswith(f"Component {model.predict(X[3:4])[0]} holds a mass of 1 rows for 2 features")
    assert (model.predict(X) == model.predict(X[3:4])).sum() == 1


def test_failing_names_what_looks_wrong() -> None:
    X = groups().copy()
    X[3, 1] = 1e300
    with pytest.raises(MixtureError, match=r"The only start failed\..*Column 0 is more than a thousandfold narrower"):
        mixture(2).fit(X)


def test_reg_covar_beyond_all_data() -> None:
    model, said = heard(lambda: mx.GaussianMixture(2, reg_covar=1e200, random_state=0).fit(groups()))
    assert said == [SWAMPED.format("Columns 0, 1 are each").replace("1e-06", "1e+200")]
    np.testing.assert_allclose(matrices(model) / 1e200, np.stack([np.eye(2)] * 2), rtol=1e-12, atol=1e-12)
