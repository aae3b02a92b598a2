"""Rows in files that weigh nothing or lack a cell: every answer is the row's own, and sums of nothing are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mixtura as mx
from mixtura.sources import opened
from mixtura.sources.faults import TableError

NAMES = ["a", "b", "c"]
BY_ROW = ("predict", "predict_proba", "score_samples", "uncertainty")


@pytest.fixture(autouse=True, params=["held", "streamed"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows in memory, and rows that are read at every pass."""
    if request.param == "streamed":
        monkeypatch.setattr(opened, "LEAST", 1000)


def rows(n_rows: int = 3000, dtype: Any = np.float64) -> Any:
    rng = np.random.default_rng(0)
    centers = np.array([[0, 0, 0], [4, 1, 0], [0, 5, 3]])
    return (centers[rng.integers(3, size=n_rows)] + rng.normal(size=(n_rows, 3))).astype(dtype)


def file(path: Path, X: Any, **columns: Any) -> Path:
    pd.DataFrame(X, columns=NAMES).assign(**columns).to_parquet(path, row_group_size=400)
    return path


def fitted() -> Any:
    return mx.GaussianMixture(3, random_state=0).fit(pd.DataFrame(rows(), columns=NAMES))


@pytest.mark.parametrize("answer", BY_ROW)
def test_answers_a_row_do_not_depend_on_its_weight(tmp_path: Path, answer: str) -> None:
    X, model = rows(), fitted()
    path = file(tmp_path / "x.parquet", X, w=np.arange(len(X)) % 3)
    expected = getattr(model, answer)(pd.DataFrame(X, columns=NAMES))
    assert np.array_equal(getattr(model, answer)(mx.open(path, memory=1, weights="w")), expected)


def test_merged_clusters_do_not_depend_on_weights(tmp_path: Path) -> None:
    X = pd.DataFrame(rows(), columns=NAMES)
    path = file(tmp_path / "x.parquet", rows(), w=np.arange(len(X)) % 3)
    merged = mx.merge_components(fitted(), X)
    assert np.array_equal(merged.predict(mx.open(path, memory=1, weights="w"), 2), merged.predict(X, 2))


@pytest.mark.parametrize("answer", BY_ROW)
def test_a_row_that_lacks_a_cell_has_no_answer(tmp_path: Path, answer: str) -> None:
    X = rows()
    X[2900, 1] = np.nan
    data = mx.open(file(tmp_path / "x.parquet", X), memory=1, missing="drop")
    with pytest.raises(mx.MixtureError, match=r"NaN: .*x\.parquet, row 2901, column 'b'\. Drop or fill"):
        getattr(fitted(), answer)(data)


@pytest.mark.parametrize("ask", ["score", "bic", "aic", "icl", "fit", "search"])
def test_weights_that_are_all_zero(tmp_path: Path, ask: str) -> None:
    data = mx.open(file(tmp_path / "x.parquet", rows(), w=np.zeros(3000)), memory=1, weights="w")
    with pytest.raises(TableError, match=r"x\.parquet: every weight in 'w' is 0"):
        asked(ask, data)


@pytest.mark.parametrize("ask", ["score", "icl", "fit", "search"])
def test_nothing_left_where_every_row_is_dropped(tmp_path: Path, ask: str) -> None:
    X = rows()
    X[::2, 0] = X[1::2, 2] = np.nan
    with pytest.raises(TableError, match=r"x\.parquet: every row has an empty cell"):
        asked(ask, mx.open(file(tmp_path / "x.parquet", X), memory=1, missing="drop"))


@pytest.mark.parametrize("weight", [1e-310, 1e305])
def test_weights_beyond_what_sums_can_hold(tmp_path: Path, weight: float) -> None:
    data = mx.open(file(tmp_path / "x.parquet", rows(), w=np.full(3000, weight)), memory=1, weights="w")
    with pytest.raises(TableError, match=r"x\.parquet: the weights in 'w' sum to .*Divide them by their mean"):
        fitted().fit(data)


def asked(ask: str, data: Any) -> Any:
    if ask == "search":
        return mx.MixtureSearch([1, 2]).fit(data)
    return getattr(fitted(), ask)(data)


def test_a_first_file_of_which_every_row_is_dropped(tmp_path: Path) -> None:
    X, weight = rows(), np.ones(3000)
    X[:1000, 1], weight[:1000] = np.nan, 0.0
    file(tmp_path / "1.parquet", X[:1000])
    pd.DataFrame(X[1000:], columns=NAMES).to_csv(tmp_path / "2.csv", index=False)
    model = mx.GaussianMixture(3, random_state=0)
    expected = model.fit(rows(), sample_weight=weight).covariances_
    assert np.array_equal(model.fit(mx.open(tmp_path, memory=1, missing="drop")).covariances_, expected)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.float32, ">f8", ">f4"], ids=str)
def test_every_dtype_gives_the_bits_and_the_dtype_of_memory(tmp_path: Path, dtype: Any) -> None:
    X = (np.abs(rows()) > 1).astype(dtype) if dtype is bool else np.abs(5 * rows()).astype(dtype)
    model = mx.GaussianMixture(2, covariance_type="diag", random_state=0)
    expected = model.fit(X).means_
    np.save(tmp_path / "x.npy", X)
    paths = [tmp_path / "x.npy"]
    if X.dtype.isnative:
        paths.append(file(tmp_path / "x.parquet", X))
    for path in paths:
        found = model.fit(mx.open(path, memory=1)).means_
        assert np.array_equal(found, expected) and found.dtype == expected.dtype


def test_files_of_other_dtypes_and_orders_of_columns(tmp_path: Path) -> None:
    X = rows().round(3)
    parts = [X[:1000].astype(np.float32), X[1000:2000].round(), X[2000:]]
    pd.DataFrame(parts[0], columns=NAMES).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame(parts[1].astype(np.int64), columns=NAMES)[["c", "a", "b"]].to_parquet(tmp_path / "2.parquet")
    pd.DataFrame(parts[2], columns=NAMES)[["b", "c", "a"]].to_csv(tmp_path / "3.csv", index=False)
    model = mx.GaussianMixture(3, random_state=0)
    expected = model.fit(np.concatenate([part.astype(np.float64) for part in parts])).means_
    found = model.fit(mx.open(tmp_path, memory=1)).means_
    assert np.array_equal(found, expected) and found.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double", "single"])
@pytest.mark.parametrize("change", ["offset 1e7", "offset 1e8", "scale 1e150", "scale 1e-150"])
def test_far_and_tiny_numbers_give_the_bits_of_memory(tmp_path: Path, dtype: Any, change: str) -> None:
    kind, size = change.split()
    power = float(size) if dtype is np.float64 or kind == "offset" else float(size) ** 0.1
    X = (rows() * power if kind == "scale" else 100 * rows() + power).astype(dtype)
    model = mx.GaussianMixture(3, random_state=0, reg_covar=0)
    expected = model.fit(X)
    means, covariances = expected.means_, expected.covariances_
    found = model.fit(mx.open(file(tmp_path / "x.parquet", X), memory=1))
    assert np.array_equal(found.means_, means) and np.array_equal(found.covariances_, covariances)
    assert np.isfinite(covariances).all()


@pytest.mark.parametrize("init", ["k-means++", "random", "random_from_data", "hierarchical", "labels", "shares"])
def test_every_start_is_that_of_memory(tmp_path: Path, init: str) -> None:
    X, rng = rows(900), np.random.default_rng(1)
    arrays = {"labels": rng.integers(3, size=900), "shares": rng.dirichlet([1, 1, 1], size=900)}
    model = mx.GaussianMixture(3, random_state=0, init_params=arrays.get(init, init), n_init=3)
    expected = model.fit(X).means_
    path = file(tmp_path / "x.parquet", X)
    assert np.array_equal(model.fit(mx.open(path, memory=1)).means_, expected)
    model.set_params(max_iter=0, tol=0.0)
    expected = model.fit(X).means_
    assert np.array_equal(model.fit(mx.open(path, memory=1)).means_, expected)
