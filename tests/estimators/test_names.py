"""Columns by name: kept, compared, and told apart when they do not fit; and input that is no table of numbers."""

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_array

import mixtura as mx
from mixtura.outcome import MixtureError
from tests.estimators.cases import fitted, groups

X = groups()
FRAMES: dict[str, Any] = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}
each_frame = pytest.mark.parametrize("library", FRAMES)


def frame(library: str, *names: str) -> Any:
    return FRAMES[library]({name: X[:, i % 2] for i, name in enumerate(names)})


@each_frame
def test_names_are_kept(library: str) -> None:
    model = fitted(X=frame(library, "width", "height"))
    assert model.feature_names_in_.tolist() == ["width", "height"]
    assert model.feature_names_in_.dtype == object
    assert model.n_features_in_ == 2
    assert np.array_equal(model.predict(frame(library, "width", "height")), fitted().predict(X))


@each_frame
@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("height", "width"), "must be in the same order"),
        (("width",), "yet now missing:\n- height"),
        (("width", "height", "depth"), "unseen at fit time:\n- depth"),
        (
            ("width", "depth"),
            "unseen at fit time:\n- depth\nFeature names seen at fit time, yet now missing:\n- height",
        ),
    ],
    ids=["reordered", "missing", "extra", "renamed"],
)
def test_other_names(library: str, names: tuple[str, ...], told: str) -> None:
    model, other = fitted(X=frame(library, "width", "height")), frame(library, *names)
    for method in (model.predict, model.score_samples, model.predict_proba, model.score, model.bic):
        with pytest.raises(MixtureError, match=re.escape(told)) as error:
            method(other)
        both = f"Fitted with: width, height. Given: {', '.join(names)}. Select the columns"
        assert both in str(error.value)


@each_frame
def test_one_side_without_names(library: str) -> None:
    named, plain = frame(library, "width", "height"), fitted()
    with pytest.warns(UserWarning, match="X does not have valid feature names, but GaussianMixture was fitted with"):
        fitted(X=named).predict(X)
    with pytest.warns(UserWarning, match="X has feature names, but GaussianMixture was fitted without"):
        plain.predict(named)


def test_a_second_fit_forgets_the_names_of_the_first() -> None:
    model = fitted(X=frame("pandas", "width", "height"))
    model.fit(X)
    assert not hasattr(model, "feature_names_in_")
    with pytest.raises(ValueError, match="X has 3 features, but GaussianMixture is expecting 2 features"):
        model.predict(groups(d=3))


def test_numbered_columns_are_no_names() -> None:
    assert not hasattr(fitted(X=pd.DataFrame(X)), "feature_names_in_")
    with pytest.raises(TypeError, match="Feature names are only supported if all input features have string names"):
        fitted(X=pd.DataFrame(X, columns=[0, "a"]))


def test_names_reach_the_sentences() -> None:
    table = pd.DataFrame({"width": X[:, 0], "visit": np.arange(len(X)), "flag": X[:, 1] > 0})
    told = " ".join(fitted(X=table, n_components=1).fit_report_.warnings)
    assert "Column 'visit' is evenly rising like a row counter" in told
    assert "Column 'flag' is limited to fewer than three distinct values" in told
    with pytest.raises(MixtureError, match="row 3, column 'width'"):
        fitted(X=table.assign(width=table.width.where(table.index != 3)))


TWICE = pd.DataFrame(np.c_[X, X[:, :1]], columns=["a", "b", "a"])
HOSTILE: dict[str, tuple[Any, str]] = {
    "masked": (np.ma.masked_array(X, X > 3), "123 masked cells .* its mask would be lost. Fill them"),
    "sparse": (csr_array(X), r"Sparse data was passed for X, but dense data is required. Use '.toarray\(\)'"),
    "complex": (X * 1j, "Complex data not supported: use real and imaginary parts as columns"),
    "dates": (np.array([["2020-01-01"], ["2021-01-01"]], dtype="M8[D]"), "dates or durations. Turn them into numbers"),
    "durations": (np.array([[1], [2]], dtype="m8[s]"), "dates or durations"),
    "text": (np.array([["a", "b"], ["c", "d"]]), "holds <U1, not numbers .*astype"),
    "text among objects": (
        np.array([[1.0, "b"], [2.0, "d"]], dtype=object),
        "Row 0, column 1 of X holds 'b', not a number",
    ),
    "one-dimensional": (X[:, 0], "Expected 2D array, got 1D array instead"),
    "three-dimensional": (X[None], "Found array with dim 3"),
    "ragged": ([[1.0, 2.0], [3.0]], "row 0 has 2 values and row 1 has 1"),
    "a series": (pd.Series(X[:, 0]), "Expected 2D array, got 1D array instead"),
    "no rows": (X[:0], r"Found array with 0 sample\(s\)"),
    "one row": (X[:1], r"Found array with 1 sample\(s\)"),
    "no columns": (X[:, :0], r"Found array with 0 feature\(s\)"),
    "no rows in a frame": (pd.DataFrame(X[:0]), r"Found array with 0 sample\(s\)"),
    "nothing": (None, "Expected 2D array, got scalar array"),
    "categories": (pd.DataFrame({"a": pd.Categorical(["x", "y"]), "b": [1.0, 2.0]}), "Column 'a' holds Categorical"),
    "text in a frame": (pl.DataFrame({"a": ["x", "y"], "b": [1.0, 2.0]}), "Column 'a' holds String, not numbers. Drop"),
    "dates in a frame": (pd.DataFrame({"b": [1.0, 2.0], "a": pd.to_datetime(["2020", "2021"])}), "'a' holds Datetime"),
    "one name twice": (TWICE, "Two columns of X have one name: a, b, a. Rename one"),
    "nothing in a cell": (pl.DataFrame({"a": [1.0, None, 2.0], "b": [1.0, 2.0, 5.0]}), "NaN: row 1, column 'a'"),
    "NaN": (np.where(np.arange(240).reshape(120, 2) == 7, np.nan, X), "NaN: row 3, column 1. Drop or fill"),
    "infinity": (np.where(np.arange(240).reshape(120, 2) == 8, -np.inf, X), "infinity: row 4, column 0"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_table_of_numbers(kind: str) -> None:
    rows, told = HOSTILE[kind]
    with pytest.raises((ValueError, TypeError), match=told):
        mx.GaussianMixture().fit(rows)
    if kind not in ("one row", "one name twice", "nothing in a cell"):
        model = fitted()
        with pytest.raises((ValueError, TypeError)), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            model.predict(rows)


@pytest.mark.parametrize("method", ["predict", "score_samples", "predict_proba", "uncertainty", "score", "bic", "icl"])
def test_a_bad_cell_is_found_by_every_method(method: str) -> None:
    rows = X.copy()
    rows[77, 1] = np.nan
    with pytest.raises(MixtureError, match="NaN: row 77, column 1"):
        getattr(fitted(), method)(rows)


WEIGHTS: dict[str, tuple[Any, str]] = {
    "negative": (np.where(np.arange(120) == 5, -1.0, 1.0), r"row 5 has weight -1\."),
    "NaN": (np.where(np.arange(120) == 6, np.nan, 1.0), "row 6 has weight nan"),
    "infinite": (np.where(np.arange(120) == 7, np.inf, 1.0), "row 7 has weight inf"),
    "too few": (np.ones(119), r"sample_weight.shape == \(119,\), expected \(120,\)"),
    "two-dimensional": (np.ones((120, 1)), "must be 1D array or scalar"),
    "all zero": (np.zeros(120), "All sample weights are zero"),
    "too large": (np.full(120, 1e308), "sum to inf.* Divide"),
    "masked": (np.ma.masked_array(np.ones(120), np.arange(120) > 100), "mask would be lost"),
    "text": (["one"] * 120, "holds <U3, not numbers"),
}


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("method", ["fit", "fit_predict", "score", "bic", "aic", "icl"])
def test_no_weights(kind: str, method: str) -> None:
    weight, told = WEIGHTS[kind]
    with pytest.raises(ValueError, match=told):
        getattr(fitted(), method)(X, sample_weight=weight)
