"""The same numbers give the same bits, whatever holds them."""

from pathlib import Path
from typing import Any

import array_api_strict
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mixtura as mx
from tests.estimators.cases import TYPES, arrays, fitted, groups, same_bits

X = groups()
WEIGHT = np.random.RandomState(1).uniform(0.5, 2.0, len(X))
COLUMNS = {"a": X[:, 0], "b": X[:, 1]}


def strided() -> Any:
    wide = np.full((2 * len(X), 5), np.nan)
    wide[::2, 1:4:2] = X
    return wide[::2, 1:4:2]


def backwards() -> Any:
    return np.ascontiguousarray(X[::-1])[::-1]


HOLDERS: dict[str, Any] = {
    "fortran": lambda _: np.asfortranarray(X),
    "strided": lambda _: strided(),
    "backwards": lambda _: backwards(),
    "big-endian": lambda _: X.astype(">f8"),
    "list": lambda _: X.tolist(),
    "object": lambda _: X.astype(object),
    "pandas": lambda _: pd.DataFrame(COLUMNS),
    "pandas, numbered": lambda _: pd.DataFrame(X),
    "pandas, nullable": lambda _: pd.DataFrame(COLUMNS).convert_dtypes(),
    "polars": lambda _: pl.DataFrame(COLUMNS),
    "pyarrow": lambda _: pa.table(COLUMNS),
}


def of_file(folder: Path) -> Any:
    np.save(folder / "rows.npy", X)
    return np.load(folder / "rows.npy", mmap_mode="r")


HOLDERS["memory map"] = of_file


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("init_params", ["kmeans", "random"])
def test_same_bits(holder: str, init_params: str, tmp_path: Path) -> None:
    held = HOLDERS[holder](tmp_path)
    for covariance_type in TYPES:
        plain = fitted(covariance_type, init_params=init_params)
        other = fitted(covariance_type, held, init_params=init_params)
        assert all(same_bits(array, arrays(other)[name]) for name, array in arrays(plain).items())
        assert other.lower_bounds_ == plain.lower_bounds_
        for method in ("score_samples", "predict", "predict_proba", "uncertainty"):
            assert same_bits(getattr(other, method)(held), getattr(plain, method)(X))
        assert other.bic(held) == plain.bic(X)


@pytest.mark.parametrize("holder", HOLDERS)
def test_weights_change_no_bits_either(holder: str, tmp_path: Path) -> None:
    held = HOLDERS[holder](tmp_path)
    plain = mx.GaussianMixture(2, random_state=0).fit(X, sample_weight=WEIGHT)
    for weight in (WEIGHT.tolist(), WEIGHT.astype(">f8"), pd.Series(WEIGHT), pl.Series(WEIGHT)):
        other = mx.GaussianMixture(2, random_state=0).fit(held, sample_weight=weight)
        assert all(same_bits(array, arrays(other)[name]) for name, array in arrays(plain).items())
        assert other.score(held, sample_weight=weight) == plain.score(X, sample_weight=WEIGHT)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64", "float16", "float32", ">i4", ">f4"])
def test_other_numbers_are_those_numbers(dtype: str) -> None:
    whole = np.round(8 * X).astype(dtype)
    exact = whole.astype(np.float64)
    for covariance_type in TYPES:
        plain, other = fitted(covariance_type, exact), fitted(covariance_type, whole)
        single = dtype in ("float32", ">f4")
        assert {array.dtype for array in arrays(other).values()} == {np.dtype(np.float32 if single else np.float64)}
        for name, array in arrays(plain).items():
            np.testing.assert_allclose(arrays(other)[name], array, rtol=1e-5 if single else 1e-9, atol=1e-6)
        for method in ("score_samples", "predict_proba", "bic"):
            assert same_bits(getattr(plain, method)(whole), getattr(plain, method)(exact))


def test_truth_values_are_numbers() -> None:
    coins = np.random.RandomState(0).uniform(size=(60, 2)) < [0.3, 0.6]
    model = mx.GaussianMixture.from_parameters([1.0], [[0.5, 0.5]], [[1.0, 2.0]], "diag")
    assert same_bits(model.score_samples(coins), model.score_samples(coins.astype(float)))


def test_single_precision_is_summed_in_double() -> None:
    away = (X + 1000.0).astype(np.float32)
    for covariance_type in TYPES:
        single, double = fitted(covariance_type, away), fitted(covariance_type, away.astype(np.float64))
        for name, array in arrays(double).items():
            np.testing.assert_allclose(arrays(single)[name], array, rtol=1e-6)
        assert single.score_samples(away).dtype == np.float64
        assert single.n_iter_ == double.n_iter_


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_of_single_precision(frame: Any) -> None:
    model = fitted(X=frame({name: column.astype(np.float32) for name, column in COLUMNS.items()}))
    assert {array.dtype for array in arrays(model).values()} == {np.dtype(np.float32)}
    mixed = fitted(X=frame({"a": X[:, 0].astype(np.float32), "b": X[:, 1]}))
    assert {array.dtype for array in arrays(mixed).values()} == {np.dtype(np.float64)}


@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data"])
def test_arrays_of_another_namespace(init_params: str) -> None:
    rows, weight = array_api_strict.asarray(X.copy()), array_api_strict.asarray(WEIGHT)
    plain = mx.GaussianMixture(2, random_state=0, init_params=init_params).fit(X, sample_weight=WEIGHT)
    other = mx.GaussianMixture(2, random_state=0, init_params=init_params).fit(rows, sample_weight=weight)
    assert other.n_iter_ == plain.n_iter_
    for name, array in arrays(plain).items():
        np.testing.assert_allclose(arrays(other)[name], array, rtol=1e-10)
    np.testing.assert_allclose(other.score_samples(rows), plain.score_samples(X), rtol=1e-10)
    assert np.array_equal(other.predict(rows), plain.predict(X))
    assert other.predict_proba(rows).shape == (len(X), 2)
    assert fitted(X=array_api_strict.asarray(X, dtype=array_api_strict.float32)).means_.dtype == np.float32


def test_threads_change_no_bits() -> None:
    many = np.tile(X, (1000, 1)) + np.random.RandomState(2).standard_normal((1000 * len(X), 2))
    one, two = (fitted(X=many, n_threads=count, max_iter=3, tol=1.0) for count in (1, 2))
    assert all(same_bits(array, arrays(two)[name]) for name, array in arrays(one).items())
    assert same_bits(one.score_samples(many), two.score_samples(many))


def test_rows_are_not_changed() -> None:
    rows, weight = X.copy(), WEIGHT.copy()
    mx.GaussianMixture(2, random_state=0, noise=True).fit(rows, sample_weight=weight).predict(rows)
    assert np.array_equal(rows, X)
    assert np.array_equal(weight, WEIGHT)
