"""Frames of every library: read as arrays are, refused by row and column, and told apart by their names."""

import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

import mixtura as mx
from mixtura.kernels import generic
from mixtura.outcome import MixtureError
from tests.hostile.cases import (
    EACH,
    MEASURE,
    SUMS,
    answers,
    arrays,
    assert_same_bits,
    groups,
    heard,
    mixture,
    with_cell,
)

X = groups()
MIXED = {"i": np.arange(200) % 7, "f": X[:, 0], "b": X[:, 1] > 2}


@pytest.mark.parametrize("library", (pd.DataFrame, pl.DataFrame, pa.table))
@pytest.mark.parametrize("dtype", ("i1", "u8", "f4", "f8", "bool"))
def test_frames_equal_arrays(dtype: str, library: Any) -> None:
    columns = {"a": (X[:, 0] * 10).astype(dtype), "b": X[:, 1]}
    frame, floats = library(columns), np.column_stack([np.asarray(c, dtype=float) for c in columns.values()])
    (model, said), (owed, told) = heard(lambda: mixture(2).fit(frame)), heard(lambda: mixture(2).fit(floats))
    assert_same_bits(arrays(model), arrays(owed))
    assert_same_bits(answers(model, frame), answers(owed, floats))
    assert model.feature_names_in_.tolist() == ["a", "b"] and len(said) == len(told)


@pytest.mark.parametrize("library", (pd.DataFrame, pl.DataFrame, pa.table))
def test_frames_are_computed_by_the_hosts_kernel(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generic, "moments", None)
    monkeypatch.setattr(generic, "posterior", None)
    frame = library({"a": X[:, 0], "b": X[:, 1]})
    assert_same_bits(answers(mixture(2).fit(frame), frame), answers(mixture(2).fit(X), X))


@pytest.mark.parametrize("library", (pd.DataFrame, pl.DataFrame, pa.table))
def test_integers_floats_and_booleans_in_one_frame(library: Any) -> None:
    frame, floats = library(MIXED), np.column_stack([np.asarray(c, dtype=float) for c in MIXED.values()])
    model, owed = mixture(2, "diag").fit(frame), mixture(2, "diag").fit(floats)
    assert_same_bits(arrays(model), arrays(owed))
    assert_same_bits(answers(model, frame), answers(owed, floats))


HOLES: dict[str, Any] = {
    "pandas Int64": pd.DataFrame({"a": X[:, 0], "b": pd.array([*range(7), None] * 25, dtype="Int64")}),
    "pandas boolean": pd.DataFrame(
        {"a": X[:, 0], "b": pd.array([True, False] * 3 + [True, None] * 97, dtype="boolean")}
    ),
    "pandas Float64": pd.DataFrame({"a": X[:, 0], "b": pd.array([1.5] * 7 + [None] * 193, dtype="Float64")}),
    "pandas pyarrow": pd.DataFrame({"a": X[:, 0], "b": pd.array([*range(7), None] * 25, dtype="int64[pyarrow]")}),
    "pandas objects": pd.DataFrame(with_cell(None), columns=["a", "b"]),
    "pandas NaN": pd.DataFrame(with_cell(np.nan).astype(float), columns=["a", "b"]),
    "polars null": pl.DataFrame({"a": X[:, 0], "b": [*range(7), None] * 25}),
    "polars NaN": pl.DataFrame(with_cell(np.nan).astype(float), schema=["a", "b"]),
    "pyarrow null": pa.table({"a": X[:, 0], "b": pa.array([*range(7), None] * 25)}),
}


@pytest.mark.parametrize("kind", HOLES)
@pytest.mark.parametrize("method", ("fit", *EACH, *SUMS))
def test_nulls_name_their_row_and_column(method: str, kind: str) -> None:
    with pytest.raises(MixtureError) as caught:
        getattr(named("a", "b"), method)(HOLES[kind])
    assert str(caught.value) == "Input X contains NaN: row 7, column 'b'. Drop or fill such rows first."


NO_NUMBERS: dict[str, tuple[Any, str]] = {
    "categories": (pd.Categorical(["u", "v"] * 100), "Categorical"),
    "categories of numbers": (pd.Categorical([1, 2] * 100), "Categorical"),
    "dates": (pd.date_range("2020", periods=200), "Datetime"),
    "durations": (pd.to_timedelta(np.arange(200), unit="s"), "Duration"),
    "text": (["u", "v"] * 100, "String"),
    "sparse": (pd.arrays.SparseArray(X[:, 0]), "Sparse[float64, nan]"),
    "complex": (X[:, 0] * 1j, "complex128"),
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_a_column_that_is_no_measurement(kind: str) -> None:
    column, name = NO_NUMBERS[kind]
    with pytest.raises(MixtureError) as caught:
        mixture(2).fit(pd.DataFrame({"fine": X[:, 0], "bad": column}))
    assert str(caught.value).startswith(f"Column 'bad' holds {name}")
    assert str(caught.value).endswith(f", not numbers. {MEASURE}")


@pytest.mark.parametrize(
    ("column", "owed"),
    [
        (pl.Series(["u"] * 200), "Column 'bad' holds String, not numbers."),
        (pl.Series(["u"] * 200, dtype=pl.Categorical), "Column 'bad' holds Categorical, not numbers."),
        (pl.Series([[1]] * 200), "Column 'bad' holds List(Int64), not numbers."),
        (pl.Series([None] * 200), "Column 'bad' holds"),
    ],
)
def test_a_polars_column_that_is_no_measurement(column: Any, owed: str) -> None:
    with pytest.raises(MixtureError, match=re.escape(owed)):
        mixture(2).fit(pl.DataFrame({"fine": X[:, 0], "bad": column}))


def test_a_word_among_the_objects_of_a_frame() -> None:
    with pytest.raises(MixtureError, match=re.escape(f"Row 7, column 'b' holds 'tall', not a number. {MEASURE}")):
        mixture(2).fit(pd.DataFrame(with_cell("tall"), columns=["a", "b"]))


def test_two_columns_of_one_name() -> None:
    with pytest.raises(MixtureError, match=re.escape("Two columns of X have one name: a, a. Rename one.")):
        mixture(2).fit(pd.DataFrame(X, columns=["a", "a"]))


@pytest.mark.parametrize("empty", (pd.DataFrame(), pd.DataFrame({"a": []}), pl.DataFrame(), pd.DataFrame(index=[0, 1])))
def test_empty_frames(empty: Any) -> None:
    rows, columns = empty.shape
    with pytest.raises(MixtureError, match=re.escape(f"Found array with {rows} sample(s) and {columns} feature(s)")):
        mixture(1).fit(empty)


@pytest.mark.parametrize("names", (pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]), [0, 1], [1.5, 2.5]))
def test_names_that_are_no_text_are_as_no_names(names: Any) -> None:
    model = mixture(2).fit(pd.DataFrame(X, columns=names))
    assert not hasattr(model, "feature_names_in_")
    assert_array_equal(model.predict(pd.DataFrame(X, columns=names)), model.predict(X))


def test_names_of_two_kinds() -> None:
    with pytest.raises(TypeError, match="Feature names are only supported if all input features have string names"):
        mixture(2).fit(pd.DataFrame(X, columns=["a", 1]))


FITTED = pd.DataFrame(np.column_stack([X, X[:, 0] ** 2]), columns=["width", "height", "depth"])


@cache
def named(*names: str) -> mx.GaussianMixture:
    """A model of the first columns under these names."""
    return mixture(2).fit(FITTED.iloc[:, : len(names)].set_axis(list(names), axis=1))


@pytest.mark.parametrize(
    ("change", "owed"),
    [
        (
            lambda f: f.rename(columns={"height": "tall"}),
            "unseen at fit time:\n- tall\nFeature names seen at fit time, yet",
        ),
        (lambda f: f[["height", "width", "depth"]], "Feature names must be in the same order as they were in fit."),
        (lambda f: f[["depth", "width"]], "Feature names seen at fit time, yet now missing:\n- height"),
        (lambda f: f.assign(extra=1.0), "Feature names unseen at fit time:\n- extra"),
    ],
    ids=("renamed", "reordered", "missing", "extra"),
)
@pytest.mark.parametrize(
    "library", (lambda f: f, pl.DataFrame, pa.Table.from_pandas), ids=("pandas", "polars", "pyarrow")
)
@pytest.mark.parametrize("method", (*EACH, *SUMS))
def test_predict_with_other_columns_lists_both(method: str, library: Any, change: Any, owed: str) -> None:
    model, given = named(*FITTED.columns), change(FITTED)
    with pytest.raises(MixtureError) as caught:
        getattr(model, method)(library(given))
    said = str(caught.value)
    assert said.startswith("The feature names should match those that were passed during fit.") and owed in said
    assert f"Fitted with: width, height, depth. Given: {', '.join(given.columns)}." in said
    assert said.endswith("Select the columns: X[list(model.feature_names_in_)].")


def test_the_remedy_for_other_columns_works() -> None:
    model = named(*FITTED.columns)
    mixed = FITTED.assign(extra=1.0)[["extra", "depth", "height", "width"]]
    assert_array_equal(model.predict(mixed[list(model.feature_names_in_)]), model.predict(FITTED))


@pytest.mark.parametrize("columns", (1, 3))
def test_predict_with_another_number_of_columns(columns: int) -> None:
    model = mixture(2).fit(X)
    with pytest.raises(ValueError, match=f"X has {columns} features, but GaussianMixture is expecting 2 features"):
        model.predict(groups(d=columns))


def test_many_and_long_names_are_cut_short() -> None:
    frame = pd.DataFrame(groups(d=60)[:, :60], columns=[f"{j} " + 1000 * "x" for j in range(60)])
    model = mixture(1, "diag").fit(frame)
    with pytest.raises(MixtureError, match=r"Fitted with: 0 x+, .*, \.\.\. \(60 in all\)\. Given: 59 x+") as caught:
        model.predict(frame.iloc[:, ::-1])
    assert len(str(caught.value)) < 5000
