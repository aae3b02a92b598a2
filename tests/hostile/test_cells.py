"""One bad cell among a million rows: an error with its row and column, from every method."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import mixtura as mx
from mixtura.outcome import MixtureError
from tests.hostile.cases import ALL, EACH, SUMS, mixture

MILLION = 1_000_000


@cache
def million() -> Any:
    return np.random.RandomState(0).standard_normal((MILLION, 2))


@cache
def fitted() -> mx.GaussianMixture:
    return mixture(2, "diag", n_threads=2).fit(million()[:1000])


@pytest.fixture
def spoil() -> Any:
    """A function that puts a value in a cell of the million rows, whose cells come back afterwards."""
    X, changed = million(), []

    def put(value: float, row: int, column: int) -> Any:
        changed.append((row, column, X[row, column]))
        X[row, column] = value
        return X

    yield put
    for row, column, old in reversed(changed):
        X[row, column] = old


@pytest.mark.parametrize(("value", "name"), ((np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")))
@pytest.mark.parametrize(("row", "column"), ((0, 0), (765_432, 1), (MILLION - 1, 1)))
def test_a_bad_cell_of_a_million_rows(row: int, column: int, value: float, name: str, spoil: Any) -> None:
    with pytest.raises(MixtureError) as caught:
        mixture(2, "diag", n_threads=2).fit(spoil(value, row, column))
    assert str(caught.value) == f"Input X contains {name}: row {row}, column {column}. Drop or fill such rows first."


@pytest.mark.parametrize("method", (*EACH, *SUMS))
def test_every_method_names_the_cell(method: str, spoil: Any) -> None:
    X = spoil(np.inf, 123_456, 1)
    with pytest.raises(MixtureError, match="Input X contains infinity: row 123456, column 1"):
        getattr(fitted(), method)(X)


def test_the_first_bad_cell_is_named_whatever_the_threads(spoil: Any) -> None:
    spoil(np.inf, 900_000, 0)
    X = spoil(np.nan, 400_000, 1)
    for method in ("fit", "predict", "score"):
        with pytest.raises(MixtureError, match="Input X contains NaN: row 400000, column 1"):
            getattr(mixture(2, "diag", n_threads=2).fit(X[:1000]), method)(X)


@pytest.mark.parametrize(
    "library", (lambda X: pd.DataFrame(X, columns=["a", "b"]), lambda X: pl.DataFrame(X, ["a", "b"]))
)
@pytest.mark.parametrize("method", ("fit", "predict", "score"))
def test_a_frame_of_a_million_rows_names_the_column(method: str, library: Any, spoil: Any) -> None:
    model = mixture(2, "diag", n_threads=2).fit(library(million()[:1000]))
    with pytest.raises(MixtureError, match="Input X contains NaN: row 765432, column 'b'"):
        getattr(model, method)(library(spoil(np.nan, 765_432, 1)))


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("dtype", (np.float16, np.float32, np.longdouble))
def test_every_family_and_float(dtype: type, family: str) -> None:
    X = million()[:300].astype(dtype)
    model = mixture(2, family).fit(X)
    X[211, 0] = np.nan
    for method in ("fit", "predict", "score_samples", "bic"):
        with pytest.raises(MixtureError, match="Input X contains NaN: row 211, column 0"):
            getattr(model, method)(X)


def test_a_bad_cell_in_a_row_of_weight_zero_does_not_matter(spoil: Any) -> None:
    weight = np.ones(1000)
    weight[[5, 700]] = 0
    spoil(np.nan, 5, 1)
    X = spoil(np.inf, 700, 0)[:1000]
    found = mixture(2, init_params="random").fit(X, sample_weight=weight)
    X = np.where(np.isfinite(X), X, 1e300)
    owed = mixture(2, init_params="random").fit(X, sample_weight=weight)
    np.testing.assert_array_equal(found.means_, owed.means_)
    assert found.score(X, sample_weight=weight) == owed.score(X, sample_weight=weight)
