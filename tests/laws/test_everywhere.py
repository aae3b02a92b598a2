"""One fit through the public door from rows in every place: 1e-10 in every parameter, the same bits from files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import array_api_strict
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest

import mixtura as mx
from mixtura.sources import opened

NAMES = ["a", "b", "c"]
N = 70_000  # more rows than k-means sees


def rows() -> Any:
    rng = np.random.default_rng(3)
    centers = np.array([[0, 0, 0], [4, 1, 0], [0, 5, 3], [-3, 2, 1]])
    return centers[rng.integers(4, size=N)] + rng.normal(size=(N, 3)) * [1.0, 0.5, 2.0]


X = rows()
TABLE = pd.DataFrame(X, columns=NAMES)


def _parquet(folder: Path) -> Any:
    for i, part in enumerate(np.array_split(np.arange(N), 3)):
        TABLE.iloc[part].to_parquet(folder / f"{i}.parquet", row_group_size=9_999)
    return mx.open(folder, memory=1)


def _written(write: Callable[[Path], Any], name: str) -> Callable[[Path], Any]:
    def made(folder: Path) -> Any:
        write(folder / name)
        return mx.open(folder / name, memory=1)

    return made


def _torch(_: Path) -> Any:
    torch = pytest.importorskip("torch")
    return torch.from_numpy(X)


FILES = {
    "parquet": _parquet,
    "csv": _written(lambda path: TABLE.to_csv(path, index=False), "x.csv"),
    "csv.gz": _written(lambda path: TABLE.to_csv(path, index=False), "x.csv.gz"),
    "feather": _written(lambda path: TABLE.to_feather(path), "x.feather"),
    "npy": _written(lambda path: np.save(path, X), "x.npy"),
}
ELSEWHERE = {
    "pandas": lambda _: TABLE,
    "polars": lambda _: pl.DataFrame(X, schema=NAMES),
    "array-api-strict": lambda _: array_api_strict.asarray(X),
    "dask array": lambda _: da.from_array(X, chunks=(8_192, 3)),
    "dask array, other chunks": lambda _: da.from_array(X, chunks=(10_007, 3)),
    "dask dataframe": lambda _: dd.from_pandas(TABLE, npartitions=3),
}
PLACES = [*FILES, *ELSEWHERE, pytest.param("torch", marks=pytest.mark.torch)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("acceleration", [None, "growing"])
def test_the_same_fit_from_rows_in_every_place(
    place: str, acceleration: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "LEAST", 10**5)
    given = (FILES | ELSEWHERE | {"torch": _torch})[place](tmp_path)
    settings: dict[str, Any] = {"acceleration": acceleration, "random_state": 0, "tol": 1e-6}
    expected, found = (mx.GaussianMixture(4, **settings).fit(each) for each in (X, given))
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_", "lower_bounds_"):
        ours, theirs = np.asarray(getattr(found, name)), np.asarray(getattr(expected, name))
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * np.abs(theirs).max())
        if place in FILES:
            assert np.array_equal(ours, theirs)
    assert found.n_iter_ == expected.n_iter_
    assert np.array_equal(np.asarray(found.predict(given)), expected.predict(X))
