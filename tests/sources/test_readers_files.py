"""Readers of binary files: dtypes, views, choices, damage, weights, missing rows, and files that change."""

import errno
import gzip
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest
import zarr

from mixtura.sources.faults import TableError
from mixtura.sources.readers import Reader, blocks, open_reader
from mixtura.sources.tables import TableOptions
from tests.sources.test_tables_binary import COLUMNS

X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
NUMBERS = ["f8", "f4", "i8", "money", "flag", "code", "nothing"]


def read(reader: Reader, rows: int = 2**16) -> np.ndarray:
    return np.concatenate([chunk.stacked() for chunk in reader.chunks(rows=rows)])


def refusal(path: Path | str, columns: list[str] | None = None, **options: object) -> str:
    with pytest.raises(TableError) as caught:
        read(open_reader(path, columns, **options))  # type: ignore[arg-type]
    return str(caught.value)


def frame(path: Path, **columns: object) -> Path:
    parquet.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("name", ["a.parquet", "a.feather"])
def test_typed_columns(tmp_path: Path, name: str) -> None:
    if name == "a.parquet":
        parquet.write_table(COLUMNS, tmp_path / name)
    else:
        feather.write_feather(COLUMNS, str(tmp_path / name))
    reader = open_reader(tmp_path / name, NUMBERS)
    expected = [
        [1.5, np.nan, 2.5, np.nan],
        np.array([0.1, 0.2, 0.3, 0.4], np.float32),
        [1, 2.0**53, np.nan, 4],
        [1, 2, 3, 5],
        [1, 0, 1, 1],
        [1.5, 2.5, 3.5, 9],
        [np.nan] * 4,
    ]
    for rows in (1, 3, 9):
        np.testing.assert_array_equal(read(reader, rows), np.column_stack(expected))
    assert reader.dtype == np.float64 and open_reader(tmp_path / name, ["f4"]).dtype == np.float32
    assert "column 'name' holds no numbers but 'x'" in refusal(tmp_path / name)
    assert "row 1, column 'day': '1970-01-02' is not a number" in refusal(tmp_path / name, ["f8", "day"])
    assert "row 1, column 'list'" in refusal(tmp_path / name, ["list"])


def test_numbers_without_gaps_are_views(tmp_path: Path) -> None:
    path = frame(tmp_path / "a.parquet", a=X[:, 0], i=np.arange(50), h=X[:, 1].astype(np.float16))
    (chunk,) = open_reader(path).chunks()
    assert [column.dtype for column in chunk.columns] == [np.float32, np.int64, np.float16]
    assert not any(column.flags.owndata for column in chunk.columns)
    assert open_reader(path, ["a", "h"]).dtype == np.float64  # as of a frame in memory


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ">f4", "i8", "u1", "?", ">i2", "g"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays(tmp_path: Path, dtype: str, order: str) -> None:
    values = np.asarray(np.array([[0, 1], [1, 1], [3, 0.5]]).astype(dtype), order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "a.npy", values)
    reader = open_reader(tmp_path / "a.npy")
    chunk = next(reader.chunks(1, 1))
    assert isinstance(chunk.columns, np.ndarray) and chunk.columns.dtype.isnative
    assert chunk.columns.tolist() == values[1:2].astype(float).tolist()
    assert reader.dtype == (np.float32 if dtype in ("f4", ">f4") else np.float64)
    assert (reader.names, reader.named, reader.by_column, reader.n_rows) == (("x1", "x2"), False, False, 3)
    assert read(open_reader(tmp_path / "a.npy", ["x2"])).tolist() == values[:, 1:].astype(float).tolist()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([1, "a"], dtype=object), "array of Python objects is a pickle, which is never opened"),
        (np.ones((2, 2), complex), "holds complex128, not numbers"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "not numbers"),
        (np.ones((2, 2, 2)), "has the shape (2, 2, 2). Save an array of rows by features"),
        (np.ones((0, 2)), "holds no rows"),
        (np.ones((2, 0)), "no column is left"),
    ],
)
def test_arrays_that_are_no_table(tmp_path: Path, array: np.ndarray, words: str) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    assert words in refusal(tmp_path / "a.npy")
    (tmp_path / "a.npy.gz").write_bytes(gzip.compress((tmp_path / "a.npy").read_bytes()))
    assert words in refusal(tmp_path / "a.npy.gz")


def write_all(folder: Path) -> list[Path]:
    table = pa.table({"a": X[:, 0], "b": X[:, 1]})
    frame(folder / "a.parquet", a=X[:, 0], b=X[:, 1])
    feather.write_feather(table, str(folder / "a.feather"), "uncompressed", chunksize=20)
    feather.write_feather(table, str(folder / "b.feather"), "lz4", chunksize=20)
    with pa.OSFile(str(folder / "a.arrows"), "wb") as file, pa.ipc.new_stream(file, table.schema) as sink:
        sink.write_table(table, max_chunksize=20)
    np.save(folder / "a.npy", X)
    np.savez(folder / "a.npz", X)
    np.savez_compressed(folder / "b.npz", X)
    with h5py.File(folder / "a.h5", "w") as store:
        store["x"] = X
    for name in ("a.npy", "a.arrows"):
        (folder / (name + ".gz")).write_bytes(gzip.compress((folder / name).read_bytes()))
    return sorted(folder.iterdir())


def test_damaged_files(tmp_path: Path) -> None:
    for path in write_all(tmp_path):
        whole = path.read_bytes()
        assert len(read(open_reader(path))) == 50
        for kept in (12, len(whole) // 2, len(whole) - 9):
            path.write_bytes(whole[:kept])
            said = refusal(path)
            assert path.name in said and "damaged or cut-off" in said, (path, kept, said)


def test_files_that_change_while_they_are_read(tmp_path: Path) -> None:
    for path in write_all(tmp_path):
        whole = path.read_bytes()
        reader = open_reader(path)
        reader.check()
        chunks = reader.chunks(rows=10)
        next(chunks)
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(TableError, match=rf"{path.name} was changed while it was read.*run again"):
            list(chunks)
        path.unlink()
        for act in (reader.check, lambda reader=reader: next(reader.chunks()), reader.refuse):
            with pytest.raises(TableError, match=rf"{path.name} was changed or taken away while it was read"):
                act()


def test_a_file_that_the_disk_does_not_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    np.save(tmp_path / "a.npy", X)
    reader = open_reader(tmp_path / "a.npy")
    monkeypatch.setattr(np, "fromfile", fails)
    with pytest.raises(TableError, match=r"a\.npy cannot be read: Input/output error"):
        read(reader)


def test_a_file_that_another_takes_the_place_of(tmp_path: Path) -> None:
    for name in ("a.npy", "b.npy"):
        np.save(tmp_path / name, X)
        os.utime(tmp_path / name, ns=(0, 0))
    reader = open_reader(tmp_path / "a.npy")
    (tmp_path / "b.npy").replace(tmp_path / "a.npy")
    with pytest.raises(TableError, match="was changed"):
        reader.check()


def test_a_text_that_grows_between_passes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n2\n")
    reader = open_reader(path)
    assert reader.count() == 2
    with path.open("a") as file:
        file.write("x\n")
    with pytest.raises(TableError, match="was changed"):  # and not what is wrong with the new line
        read(reader)


def test_fingerprints(tmp_path: Path) -> None:
    path = frame(tmp_path / "a.parquet", a=X[:, 0], b=X[:, 1])
    seen = {
        open_reader(path).fingerprint,
        open_reader(path, ["b", "a"]).fingerprint,
        open_reader(path, ["a"]).fingerprint,
        open_reader(path, ["a"], weights="b").fingerprint,
        open_reader(path, drop=True).fingerprint,
        open_reader(path, options=TableOptions(na=("-",))).fingerprint,
    }
    assert len(seen) == 6 and all(len(print_) == 64 for print_ in seen)
    assert open_reader(str(path)).fingerprint == open_reader(path).fingerprint
    os.utime(path, ns=(1, 1))
    assert open_reader(path).fingerprint not in seen


def test_what_is_missing_is_counted_by_column(tmp_path: Path) -> None:
    path = frame(tmp_path / "a.parquet", a=[1.0, None, 3.0, None], b=[1.0, np.nan, 2.0, 3.0])
    said = str(open_reader(path).refuse())
    assert "a.parquet: 3 empty cells in 2 of 4 rows ('a' 2, 'b' 1; the first in row 2). Add --missing drop" in said
    (tmp_path / "b.csv").write_text("b,a\n1,2\n3,4\n5,inf\n")
    both = open_reader(tmp_path)
    assert "b.csv, line 4, column 'a': 'inf' is infinite (1 infinite value in this column)" in str(both.refuse())
    (tmp_path / "b.csv").write_text("b,a\n1,2\n3,\n")
    both = open_reader(tmp_path)
    assert "4 empty cells in 3 of 6 rows ('a' 3, 'b' 1; the first in " in str(both.refuse())
    assert "a.parquet, row 2)" in str(both.refuse())


def test_an_infinity_is_told_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "1,\n" * 100 + "2,1e999\n3,-inf\n")
    with patch.object(blocks, "PIECE", 50):
        reader = open_reader(tmp_path / "a.csv")
        assert np.isinf(read(reader)[100, 1])
        assert "line 102, column 'b': '1e999' is infinite (2 infinite values" in str(reader.refuse())
    np.save(tmp_path / "a.npy", np.array([[1, 2], [3, -np.inf]]))
    assert "a.npy, row 2, column 'x2': '-inf' is infinite" in str(open_reader(tmp_path / "a.npy").refuse())


def test_incomplete_rows_weigh_nothing_when_they_are_dropped(tmp_path: Path) -> None:
    path = frame(tmp_path / "a.parquet", a=[1.0, None, 3.0, 4.0], b=[1.0, 2.0, 3.0, np.nan], w=[1.5, 2.0, None, 1.0])
    (chunk,) = open_reader(path, ["a", "b"], drop=True).chunks()
    assert chunk.weight is not None and chunk.weight.tolist() == [1, 0, 1, 0]
    (chunk,) = open_reader(path, weights="w", drop=True).chunks()
    assert chunk.weight is not None and chunk.weight.tolist() == [1.5, 0, 0, 0]
    np.testing.assert_array_equal(chunk.stacked(), [[1, 1], [np.nan, 2], [3, 3], [4, np.nan]])
    (chunk,) = open_reader(path, ["a"], drop=True).chunks(2)
    assert chunk.weight is None
    whole = open_reader(frame(tmp_path / "b.parquet", a=[None, 1.0], b=[1.0, None]), drop=True)
    assert "every row has an empty cell ('a' 1, 'b' 1), so none is left" in str(whole.refuse())


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        ("-2", "the weight -2 is negative"),
        ("", "the weight is missing"),
        ("inf", "the weight is infinite"),
        ("x", "'x'"),
    ],
)
def test_weights_that_are_none(tmp_path: Path, weight: str, said: str) -> None:
    (tmp_path / "a.csv").write_text("w,a\n" + "1,2\n" * 50 + f"{weight},3\n")
    with patch.object(blocks, "PIECE", 20):
        assert f"a.csv, line 52, column 'w': {said}" in refusal(tmp_path / "a.csv", weights="w")


def test_weights_beside_rows_and_columns(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.abs(X))
    reader = open_reader(tmp_path / "a.npy", weights="x2")
    assert reader.names == ("x1", "x3")
    chunk = next(reader.chunks(7, 5))
    np.testing.assert_array_equal(chunk.stacked(), np.abs(X)[7:12, [0, 2]])
    assert chunk.weight is not None and chunk.weight.dtype == np.float64
    np.testing.assert_array_equal(chunk.weight, np.abs(X)[7:12, 1])


def test_arrays_and_text_without_names_together(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    (tmp_path / "b.csv").write_text("1,2,3\n4,5,6\n")
    reader = open_reader(tmp_path, options=TableOptions(header=False), weights=None)
    assert reader.by_column
    np.testing.assert_array_equal(read(reader, 20), np.vstack([X, [[1, 2, 3], [4, 5, 6]]]))


def test_empty_parts_beside_full_ones(tmp_path: Path) -> None:
    frame(tmp_path / "1.parquet", a=pa.array([], pa.float64()))
    assert "1.parquet holds no rows" in refusal(tmp_path)
    frame(tmp_path / "2.parquet", a=[1.0, 2.0])
    assert read(open_reader(tmp_path)).tolist() == [[1], [2]]


def test_the_index_of_pandas_is_no_feature(tmp_path: Path) -> None:
    path = frame(tmp_path / "a.parquet", a=[1.0, 2.0], __index_level_0__=[0, 2])
    assert open_reader(path).names == ("a",)
    assert read(open_reader(path, ["__index_level_0__"])).tolist() == [[0], [2]]


def test_names_with_points(tmp_path: Path) -> None:
    path = frame(tmp_path / "a.parquet", **{"a.b": [1.0], "a": [2.0], "__": [3.0], 'x"\n': [4.0]})
    for at, name in enumerate(("a.b", "a", "__", 'x"\n'), 1):
        assert read(open_reader(path, [name])).tolist() == [[at]]


GROWTH = """
import pathlib, sys
import pyarrow.dataset, pyarrow.parquet
from mixtura.sources.readers import open_reader

def peak():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) >> 10

before = peak()
for path in sys.argv[1:]:
    print(path, sum(chunk.n_rows for chunk in open_reader(path).chunks()), peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is told in other ways")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    n_rows = 40_000_000
    for name, in_columns in {"a.npy": False, "b.npy": True}.items():  # with holes, which take no place on the disk
        header = {"descr": "<f4", "fortran_order": in_columns, "shape": (n_rows // 8, 8)}
        with (tmp_path / name).open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(file.tell() + 4 * n_rows)
    column = pa.array(np.zeros(n_rows, np.float32))
    plain = {"row_group_size": n_rows, "use_dictionary": False, "compression": "none"}
    parquet.write_table(pa.table({"a": column}), tmp_path / "a.parquet", **plain)
    feather.write_feather(pa.table({"a": column}), str(tmp_path / "a.feather"), "uncompressed", chunksize=n_rows)
    paths = [str(tmp_path / name) for name in ("a.npy", "b.npy", "a.parquet", "a.feather")]
    done = subprocess.run([sys.executable, "-c", GROWTH, *paths], capture_output=True, text=True, check=True)
    assert float(done.stdout.split()[-1]) < 60, done.stdout  # of 160 each


def test_a_name_twice(tmp_path: Path) -> None:
    twice = pa.table([pa.array([1.0]), pa.array([2.0])], names=["a", "a"])
    parquet.write_table(twice, tmp_path / "a.parquet")
    feather.write_feather(pa.table({"a": [1.0]}), str(tmp_path / "b.feather"))
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file, pa.ipc.new_file(file, twice.schema) as sink:
        sink.write_table(twice)
    for name in ("a.parquet", "a.arrow"):
        assert "two columns are called 'a'" in refusal(tmp_path / name)


def test_which_array_of_several(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", first=X, second=X[:, :2], names=np.array(["a"], dtype=object))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["g/first"], file["g/second"], file["y"] = X, X[:, :2], X[:, 0]
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    for name, array in {"first": X, "second": X[:, :2]}.items():
        group.create_array(name, data=array)
    for path, prefix in {"a.npz": "", "a.h5": "/g/", "a.zarr": ""}.items():
        said = refusal(tmp_path / path)
        assert "first" in said and "second" in said and f"{path}::{prefix}first" in said
        for choice, expected in {"first": X, "second": X[:, :2]}.items():
            np.testing.assert_array_equal(read(open_reader(f"{tmp_path / path}::{prefix}{choice}")), expected)
        assert "there is no array 'third'" in refusal(f"{tmp_path / path}::third")
    np.testing.assert_array_equal(read(open_reader(f"{tmp_path / 'a.h5'}::y"))[:, 0], X[:, 0])
    assert "never opened" in refusal(f"{tmp_path / 'a.npz'}::names")


def test_a_folder_of_arrays(tmp_path: Path) -> None:
    zarr.save(str(tmp_path / "1.zarr"), X)
    np.savez(tmp_path / "2.npz", X)
    with h5py.File(tmp_path / "3.hdf5", "w") as file:
        file["x"] = X
    for paths in (tmp_path, str(tmp_path / "*")):
        reader = open_reader(paths)
        assert [Path(file).name for file in reader.files] == ["1.zarr", "2.npz", "3.hdf5"]
        np.testing.assert_array_equal(read(reader, 7), np.vstack([X, X, X]))


def test_a_zarr_store_that_changes(tmp_path: Path) -> None:
    zarr.save(str(tmp_path / "a.zarr"), X)
    reader = open_reader(tmp_path / "a.zarr")
    reader.check()
    zarr.open(str(tmp_path / "a.zarr"), mode="r+")[0, 0] = 7
    with pytest.raises(TableError, match="was changed"):
        reader.check()


@pytest.mark.parametrize(("name", "library"), [("a.h5", "h5py"), ("a.zarr", "zarr")])
def test_a_library_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    path = tmp_path / name
    path.mkdir() if name == "a.zarr" else path.write_bytes(b"\x89HDF\r\n\x1a\n")
    extra = "zarr" if library == "zarr" else "hdf5"
    assert refusal(path).endswith(f"Install it with: pip install 'mixtura[{extra}]'")


def test_packed_files_that_cannot_be_read_in_parts(tmp_path: Path) -> None:
    frame(tmp_path / "a.parquet", a=X[:, 0])
    np.save(tmp_path / "a.npy", np.asfortranarray(X))
    for name, said in {"a.parquet": "Unpack it first (gunzip)", "a.npy": "or in C order"}.items():
        (tmp_path / (name + ".gz")).write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        assert said in refusal(tmp_path / (name + ".gz"))
