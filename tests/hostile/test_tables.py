"""What is no table of numbers: an error that names the cell or the kind, and what to do."""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from tests.hostile.cases import (
    EACH,
    MEASURE,
    SUMS,
    answers,
    arrays,
    assert_same_bits,
    fitted,
    groups,
    mixture,
    with_cell,
)

X = groups()
MASKED = np.ma.masked_array(X, np.abs(X - X[5]) < 1e-9)
OBJECTS = X.astype(object)


FLAT = "Expected 2D array, got 1D array instead: X has shape (200,). Reshape your data: X.reshape(-1, 1) is one column"
SPARSE = "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a dense numpy array."
NO_TABLE = "not rows of numbers (Expected 2D array, got scalar array instead). Pass a two-dimensional array, a list of"

NO_TABLES: dict[str, tuple[Any, str]] = {
    "masked": (
        MASKED,
        "X is a masked array with 2 masked cells (the first at (5, 0)), and its mask would be lost. Fill",
    ),
    "masked nowhere": (np.ma.masked_array(X), "X is a masked array with 0 masked cells, and its mask would be lost."),
    "sparse matrix": (sparse.csr_matrix(X), SPARSE),
    "sparse array": (sparse.coo_array(X), SPARSE),
    "complex": (X * (1 + 0j), "Complex data not supported: use real and imaginary parts as columns of their own."),
    "complex objects": (
        with_cell(1j),
        "Row 7, column 1 of X holds 1j: float() argument must be a string or a real number",
    ),
    "dates": (X.astype("M8[s]"), "X holds dates or durations. Turn them into numbers that measure something."),
    "durations": (X.astype("m8[s]"), "X holds dates or durations. Turn them into numbers that measure something."),
    "timestamps": (
        with_cell(pd.Timestamp("2024")),
        "Row 7, column 1 of X holds Timestamp('2024-01-01 00:00:00'): float()",
    ),
    "one-dimensional": (X[:, 0], FLAT),
    "pandas series": (pd.Series(X[:, 0]), FLAT),
    "polars series": (pl.Series(X[:, 0]), FLAT),
    "pyarrow array": (pa.array(X[:, 0]), FLAT),
    "structured": (np.zeros(200, [("a", "f8"), ("b", "f8")]), "structured_to_unstructured(X)"),
    "three-dimensional": (X[None], "Found array with dim 3, while dim <= 2 is required"),
    "a number": (3.0, f"X is a float, {NO_TABLE}"),
    "nothing": (None, f"X is a NoneType, {NO_TABLE}"),
    "a path to nothing": ("rows.csv", "'rows.csv' does not exist."),
    "a dictionary": ({"a": [1.0, 2.0]}, f"X is a dict, {NO_TABLE}"),
    "a generator": ((row for row in X), f"X is a generator, {NO_TABLE}"),
    "lazy": (pl.LazyFrame({"a": [1.0]}), "X is a LazyFrame, whose rows are yet to be computed. Pass X.collect()."),
    "ragged": (
        [[1, 2], [3, 4], [5]],
        "X is ragged: row 0 has 2 values and row 2 has 1. Give every row the same columns.",
    ),
    "ragged with a number": ([[1, 2], 3], "X is ragged: row 0 has 2 values and row 1 has 1."),
    "text objects": (with_cell("tall"), f"Row 7, column 1 of X holds 'tall', not a number. {MEASURE}"),
    "a list in a cell": (with_cell([1]), "Row 7, column 1 of X holds [1]: float() argument must be a string or a real"),
    "NA": (with_cell(pd.NA), "Row 7, column 1 of X holds <NA>: float() argument must be a string or a real number"),
    "text": (np.array([["a", "b"], ["c", "d"]]), "X holds <U1, not numbers (first cell: ['a']). Where the cells are"),
    "bytes": (np.array([[b"a"], [b"c"]]), "X holds |S1, not numbers (first cell: [b'a'])"),
    "a list with text": ([["a", 1.0], ["b", 2.0]], "X holds <U32, not numbers (first cell: ['a'])"),
    "None in a cell": (with_cell(None), "Input X contains NaN: row 7, column 1. Drop or fill such rows first."),
    "no rows": (X[:0], "Found array with 0 sample(s) (shape=(0, 2)) while a minimum of"),
    "no columns": (X[:, :0], "Found array with 0 feature(s) (shape=(200, 0)) while a minimum of 1 is required"),
    "an empty list": ([], "Expected 2D array, got 1D array instead: X has shape (0,)"),
}


@pytest.mark.parametrize("kind", NO_TABLES)
@pytest.mark.parametrize("method", ("fit", "fit_predict", *EACH, *SUMS))
def test_what_is_no_table(method: str, kind: str) -> None:
    given, owed = NO_TABLES[kind]
    with pytest.raises((ValueError, TypeError)) as caught:
        getattr(fitted(), method)(given)
    assert owed in str(caught.value)


@pytest.mark.parametrize(
    "given",
    (
        X.tolist(),
        [tuple(row) for row in X],
        list(X),
        OBJECTS,
        memoryview(X),
        [[Decimal(repr(float(cell))) for cell in row] for row in X],
        np.array([[repr(float(cell)) for cell in row] for row in X], dtype=object),
        pd.DataFrame(OBJECTS),
        pl.DataFrame({"a": pl.Series(OBJECTS[:, 0].tolist(), dtype=pl.Object), "b": X[:, 1]}),
    ),
    ids=(
        "lists",
        "tuples",
        "rows",
        "objects",
        "memoryview",
        "decimals",
        "numerals",
        "pandas objects",
        "polars objects",
    ),
)
def test_numbers_in_other_clothes_are_numbers(given: Any) -> None:
    model, owed = mixture(2).fit(given), mixture(2).fit(X)
    assert_same_bits(arrays(model), arrays(owed))
    assert_same_bits(answers(model, given), answers(owed, X))
