"""Parquet, Arrow and NumPy files."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest

from mixtura.sources.columns import choose_columns
from mixtura.sources.faults import TableError
from mixtura.sources.rows import read_rows
from mixtura.sources.tables import read_table
from mixtura.sources.traits import Kind, judge

COLUMNS = pa.table(
    {
        "f8": pa.array([1.5, None, 2.5, float("nan")]),
        "f4": pa.array([0.1, 0.2, 0.3, 0.4], pa.float32()),
        "i8": pa.array([1, 2**53 + 1, None, 4]),
        "money": pa.array([1, 2, 3, 5]).cast(pa.decimal128(21, 2)),
        "flag": pa.array([True, False, True, True]),
        "name": pa.array(["x", "y", None, "z"]),
        "code": pa.array(["1.5", "2.5", "3.5", "9"]).dictionary_encode(),
        "day": pa.array([1, 2, 3, 4], pa.date32()),
        "list": pa.array([[1], [2], [3], None]),
        "nothing": pa.nulls(4),
    }
)


def write(table: pa.Table, path: Path) -> None:
    if path.suffix == ".parquet":
        parquet.write_table(table, path)
    elif path.suffix == ".feather":
        feather.write_feather(table, str(path), compression="uncompressed")
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table)


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.arrows"])
@pytest.mark.parametrize("packed", [False, True])
def test_typed_columns(tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / name
    write(COLUMNS, path)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    table = read_table([path])
    np.testing.assert_array_equal(table.cells("f8").values, [1.5, np.nan, 2.5, np.nan])
    np.testing.assert_array_equal(table.cells("f4").values, np.array([0.1, 0.2, 0.3, 0.4], np.float32).astype(float))
    np.testing.assert_array_equal(table.cells("i8").values, [1, 2.0**53, np.nan, 4])
    assert table.cells("money").values.tolist() == [1, 2, 3, 5]
    assert table.cells("flag").values.tolist() == [1, 0, 1, 1]
    assert table.cells("code").values.tolist() == [1.5, 2.5, 3.5, 9]
    assert table.cells("f8").missing.tolist() == [False, True, False, True]
    assert table.place(2).endswith("row 3")
    kinds = {n: judge(table, n).kind for n in ("f4", "flag", "name", "day", "list", "nothing", "code")}
    assert kinds == {
        "f4": Kind.MEASUREMENT,
        "flag": Kind.CODE,
        "name": Kind.TEXT,
        "day": Kind.DATE,
        "list": Kind.TEXT,
        "nothing": Kind.EMPTY,
        "code": Kind.MEASUREMENT,
    }


def test_parquet_nulls_are_counted(tmp_path: Path) -> None:
    parquet.write_table(COLUMNS, tmp_path / "a.parquet")
    with pytest.raises(TableError, match=r"3 empty cells in 3 of 4 rows \('f8' 2, 'i8' 1; the first in row 2\)"):
        read_rows(read_table([tmp_path / "a.parquet"]), ["f8", "i8", "f4"])


def test_infinity_in_parquet(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": [1.0, 2.0, -np.inf, np.inf]}), tmp_path / "a.parquet")
    with pytest.raises(TableError, match=r"a\.parquet, row 3, column 'a': '-inf' is infinite \(2 infinite values"):
        read_rows(read_table([tmp_path / "a.parquet"]), ["a"])


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ">f8", ">f4", "i8", "u1", "?", ">i2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays(tmp_path: Path, dtype: str, order: str) -> None:
    values = np.asarray(np.array([[0, 1], [1, 1], [3, 0.5]]).astype(dtype), order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "a.npy", values)
    table = read_table([tmp_path / "a.npy"])
    assert (table.names, table.named) == (("x1", "x2"), False)
    np.testing.assert_array_equal(read_rows(table, ["x1", "x2"]).values, values.astype(float))


def test_a_packed_array_of_one_dimension(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([1.0, 2.5, 4.0]))
    packed = tmp_path / "a.npy.gz"
    packed.write_bytes(gzip.compress((tmp_path / "a.npy").read_bytes()))
    assert read_rows(read_table([packed]), ["x1"]).values.tolist() == [[1.0], [2.5], [4.0]]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([1, "a"], dtype=object), "array of Python objects is a pickle, which is never opened"),
        (np.ones((2, 2), complex), "holds complex128, not numbers"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "not numbers"),
        (np.ones((2, 2, 2)), r"has the shape \(2, 2, 2\)\. Save an array of rows by features"),
        (np.ones((0, 2)), "holds no rows"),
    ],
)
def test_arrays_that_are_no_table(tmp_path: Path, array: np.ndarray, words: str) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(TableError, match=words):
        read_table([tmp_path / "a.npy"])


def test_damaged_files(tmp_path: Path) -> None:
    parquet.write_table(COLUMNS, tmp_path / "a.parquet")
    write(COLUMNS, tmp_path / "a.feather")
    np.save(tmp_path / "a.npy", np.ones((50, 3)))
    for name in ("a.parquet", "a.feather", "a.npy"):
        whole = (tmp_path / name).read_bytes()
        for kept in (9, len(whole) // 2, len(whole) - 1):
            (tmp_path / name).write_bytes(whole[:kept])
            with pytest.raises(TableError, match="damaged or cut-off"):
                read_table([tmp_path / name])


def test_a_name_twice(tmp_path: Path) -> None:
    twice = pa.table([pa.array([1.0]), pa.array([2.0])], names=["a", "a"])
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file, pa.ipc.new_file(file, twice.schema) as sink:
        sink.write_table(twice)
    with pytest.raises(TableError, match=r"two columns are called .a."):
        read_table([tmp_path / "a.arrow"])


def test_text_and_typed_files_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1.50,x\n")
    parquet.write_table(pa.table({"b": ["y"], "a": [2.5]}), tmp_path / "b.parquet")
    table = read_table([tmp_path])
    assert table.cells("a").values.tolist() == [1.5, 2.5]
    assert table.text("a").to_pylist() == ["1.50", "2.5"]


def test_a_date_in_parquet_is_refused(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"day": COLUMNS["day"], "x": [1.5, 2.5, 0.5, 9.0]}), tmp_path / "a.parquet")
    with pytest.raises(TableError, match=r"'day' \(dates: '1970-01-02', '1970-01-03', \.\.\.\)"):
        choose_columns(read_table([tmp_path / "a.parquet"]))
