"""Row weights are counts: refused where they cannot be, and otherwise repeated rows."""

import re
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mixtura.outcome import MixtureError
from tests.hostile.cases import (
    ALL,
    SUMS,
    arrays,
    assert_close,
    assert_same_bits,
    fitted,
    groups,
    heard,
    labels,
    log_density,
    mixture,
    quiet,
)

X = groups()
ONES = np.ones(200)
COUNTS = "Weights are counts; 0 removes a row."


def at(row: int, value: Any) -> Any:
    weight = ONES.copy()
    weight[row] = value
    return weight


BAD: dict[str, tuple[Any, str]] = {
    "negative": (at(17, -0.5), f"Negative values in data passed to `sample_weight`: row 17 has weight -0.5. {COUNTS}"),
    "NaN": (at(3, np.nan), f"NaN in data passed to `sample_weight`: row 3 has weight nan. {COUNTS}"),
    "infinite": (at(199, np.inf), f"Infinity in data passed to `sample_weight`: row 199 has weight inf. {COUNTS}"),
    "minus infinity": (at(0, -np.inf), "row 0 has weight -inf."),
    "negative integer": (np.array([*range(199), -4]), "row 199 has weight -4."),
    "None in a cell": ([*ONES[1:].tolist(), None], "NaN in data passed to `sample_weight`: row 199 has weight nan."),
    "null": (pl.Series([*ONES[1:].tolist(), None]), "row 199 has weight nan."),
    "NA": (pd.Series([1, 2, None] + [1] * 197, dtype="Int64"), "row 2 has weight nan."),
    "too short": (ONES[:50], "sample_weight.shape == (50,), expected (200,): one weight a row."),
    "too long": (np.ones(201), "sample_weight.shape == (201,), expected (200,): one weight a row."),
    "empty": ([], "sample_weight.shape == (0,), expected (200,): one weight a row."),
    "two-dimensional": (
        ONES[:, None],
        "Sample weights must be 1D array or scalar, and have shape (200, 1). Pass one column.",
    ),
    "a frame": (pd.DataFrame({"w": ONES}), "and have shape (200, 1). Pass one column."),
    "all zero": (0 * ONES, "All sample weights are zero: no row is left to fit."),
    "all False": (ONES < 0, "All sample weights are zero: no row is left to fit."),
    "zero": (0, "All sample weights are zero: no row is left to fit."),
    "text": (["a"] * 200, "sample_weight holds <U1, not numbers. Weights are counts of rows."),
    "numerals": (["1"] * 200, "sample_weight holds <U1, not numbers. Weights are counts of rows."),
    "a word": (np.array([*ONES[1:], "x"], dtype=object), "sample_weight holds what is not a number: could not convert"),
    "complex": (ONES + 0j, "sample_weight holds complex128, not numbers."),
    "dates": (ONES.astype("M8[s]"), "sample_weight holds datetime64[s], not numbers."),
    "masked": (
        np.ma.masked_array(ONES, X[:, 0] > 3),
        "sample_weight is a masked array, and its mask would be lost. Use",
    ),
    "beyond all doubles": (
        1e307 * ONES,
        "The sample weights sum to inf, and sums of squares need it between 1e-300 and 1e+304.",
    ),
    "below all doubles": (5e-324 * ONES, "Divide them by their mean."),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("method", ("fit", "fit_predict", *SUMS))
def test_weights_that_cannot_be(method: str, kind: str) -> None:
    weight, owed = BAD[kind]
    with pytest.raises(MixtureError, match=re.escape(owed)):
        getattr(fitted(), method)(X, sample_weight=weight)


@pytest.mark.parametrize(
    "cast",
    (
        np.float32,
        np.float16,
        np.int8,
        np.uint64,
        ">f8",
        list,
        pd.Series,
        pl.Series,
        lambda w: np.repeat(w, 2)[::2],
        object,
    ),
    ids=("float32", "float16", "int8", "uint64", "big-endian", "list", "pandas", "polars", "strided", "object"),
)
def test_weights_of_every_kind(cast: Any) -> None:
    counts = np.random.RandomState(1).randint(0, 5, 200).astype(float)
    weight = counts.astype(cast) if isinstance(cast, str | type) and cast is not list else cast(counts)
    assert_same_bits(arrays(mixture(2).fit(X, sample_weight=weight)), arrays(mixture(2).fit(X, sample_weight=counts)))


def test_boolean_weights_choose_rows() -> None:
    kept = np.random.RandomState(1).uniform(size=200) < 0.7
    found = mixture(2, init_params=labels()).fit(X, sample_weight=kept)
    assert_close(found, mixture(2, init_params=labels()[kept]).fit(X[kept]), rtol=1e-12)
    assert found.fit_report_.n_rows == kept.sum() == found.fit_report_.weight


@pytest.mark.parametrize("family", ALL)
def test_weight_zero_removes_a_row_and_an_integer_repeats_it(family: str) -> None:
    counts = np.random.RandomState(2).randint(0, 4, 200)
    settings = {"tol": 1e-6, "max_iter": 500}
    found = mixture(2, family, init_params=labels(), **settings).fit(X, sample_weight=counts)
    start = np.repeat(labels(), counts)
    owed = mixture(2, family, init_params=start, **settings).fit(np.repeat(X, counts, axis=0))
    assert found.n_iter_ == owed.n_iter_
    assert_close(found, owed, rtol=1e-9, atol=1e-10)
    for method in SUMS:
        one = getattr(found, method)(X, sample_weight=counts)
        assert one == pytest.approx(getattr(owed, method)(np.repeat(X, counts, axis=0)), rel=1e-9)
    assert found.score(X, sample_weight=counts) == pytest.approx(
        np.average(log_density(found, X), weights=counts), rel=1e-10
    )


@pytest.mark.parametrize("far", (np.nan, np.inf, 1e300, -1e12))
def test_what_stands_in_a_row_of_weight_zero_does_not_matter(far: float) -> None:
    spoiled, weight = X.copy(), at(23, 0.0)
    spoiled[23] = far
    for start in ("kmeans", "k-means++", "random_from_data", labels()):
        found = mixture(2, init_params=start).fit(spoiled, sample_weight=weight)
        assert_same_bits(arrays(found), arrays(mixture(2, init_params=start).fit(X, sample_weight=weight)))
    for method in SUMS:
        assert getattr(found, method)(spoiled, sample_weight=weight) == getattr(found, method)(X, sample_weight=weight)


def test_counters_and_codes_are_looked_for_among_the_rows_that_count() -> None:
    counter = np.arange(200.0)
    counter[::2] = np.random.RandomState(0).uniform(size=100)
    rows = np.column_stack([X[:, 0], counter])
    weight = (np.arange(200) % 2).astype(float)
    report = mixture(2).fit(rows, sample_weight=weight).fit_report_
    assert "Column 1 is evenly rising like a row counter, not a measurement." in report.warnings
    assert not any("counter" in s for s in mixture(2).fit(rows).fit_report_.warnings)


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("scale", (1e-290, 1e-12, 3.7, 1e300))
def test_scaled_weights_give_the_same_parameters(scale: float, family: str) -> None:
    weight = np.random.RandomState(3).uniform(0.5, 2.0, 200)
    settings = {"init_params": labels(), "reg_covar": 1e-4}
    owed = mixture(2, family, **settings).fit(X, sample_weight=weight)
    found = quiet(lambda: mixture(2, family, **settings).fit(X, sample_weight=scale * weight))
    assert_close(found, owed, rtol=1e-9, atol=1e-9)
    assert found.lower_bound_ == pytest.approx(owed.lower_bound_, rel=1e-10)
    assert found.fit_report_.weight == pytest.approx(scale * weight.sum())


@pytest.mark.parametrize("family", ("full", "tied", "diag", "spherical", "VEV"))
def test_weights_from_1e_minus_300_to_1e300(family: str) -> None:
    """Only the heaviest rows are seen by a double: the fit is that of the weights over their largest."""
    weight = np.geomspace(1e-300, 1e300, 200)[np.random.RandomState(0).permutation(200)]
    found, said = heard(lambda: mixture(2, family).fit(X, sample_weight=weight))
    owed, told = heard(lambda: mixture(2, family).fit(X, sample_weight=weight / 2.0**990))
    assert_close(found, owed, rtol=1e-9, atol=1e-12)
    assert said == told[:1] and said[0].startswith("Column 1 is of variance below 100 times reg_covar")
    assert np.isfinite(found.score_samples(X)).all()


def test_a_scalar_weight_is_one_for_each_row() -> None:
    model = mixture(2).fit(X, sample_weight=3)
    assert_close(model, mixture(2).fit(X), rtol=1e-10)
    assert model.fit_report_.weight == 600
    assert "Row weights sum to 600 for 200 rows; BIC counts 600 rows." in model.fit_report_.warnings
