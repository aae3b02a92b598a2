"""Laws of readers: what comes in chunks is what is written, however it is written, split, cut and begun."""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from mixtura.sources.readers import Reader, arrow, blocks, open_reader, scientific
from mixtura.sources.tables import TableOptions, read_table

Writer = Callable[[NDArray[np.float64], Path], None]
SPECIAL = [0.0, -0.0, 0.1, 1e300, -5e-324, 1 / 3, float("nan"), float("inf"), 2.0**53 + 2]


def names(X: NDArray[np.float64]) -> list[str]:
    return [f"c{at}" for at in range(X.shape[1])]


def table(X: NDArray[np.float64]) -> pa.Table:
    cells = [pa.array(column, from_pandas=True) for column in X.T.copy()]  # NaN as null
    return pa.table(dict(zip(names(X), cells, strict=True)))


def text(X: NDArray[np.float64], delimiter: str = ",", end: str = "\n") -> str:
    rows = [["NA" if np.isnan(cell) else repr(cell) for cell in row] for row in X.tolist()]
    return end.join(delimiter.join(row) for row in [names(X), *rows]) + end


def stream(X: NDArray[np.float64], path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table(X).schema) as sink:
        sink.write_table(table(X), max_chunksize=3)


def hdf5(X: NDArray[np.float64], path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("rows", data=X, chunks=(min(2, len(X)), 1))


def store(X: NDArray[np.float64], path: Path, rows: int = 3) -> None:
    array = zarr.open_array(str(path), mode="w", shape=X.shape, dtype=X.dtype, chunks=(rows, 1))
    array[:] = X


def packed(write: Writer) -> Writer:
    def writer(X: NDArray[np.float64], path: Path) -> None:
        write(X, path)
        path.write_bytes(gzip.compress(path.read_bytes(), mtime=0))

    return writer


def csv(X: NDArray[np.float64], path: Path) -> None:
    path.write_text(text(X))


def npy(X: NDArray[np.float64], path: Path) -> None:
    with path.open("wb") as file:  # whatever the path ends in
        np.save(file, X)


KINDS: dict[str, Writer] = {
    "a.csv": csv,
    "a.csv.gz": packed(csv),
    "crlf.csv": lambda X, path: path.write_bytes(text(X, end="\r\n").encode()) and None,
    "cr.csv": lambda X, path: path.write_bytes(text(X, end="\r").encode()) and None,
    "mark.csv": lambda X, path: path.write_bytes(text(X).encode("utf-8-sig")) and None,
    "utf16.csv": lambda X, path: path.write_bytes(text(X).encode("utf-16")) and None,
    "a.tsv": lambda X, path: path.write_text(text(X, "\t")) and None,
    "a.parquet": lambda X, path: parquet.write_table(table(X), path, row_group_size=4),
    "nan.parquet": lambda X, path: parquet.write_table(pa.table(dict(zip(names(X), X.T.copy(), strict=True))), path),
    "a.feather": lambda X, path: feather.write_feather(table(X), str(path), chunksize=3),
    "plain.feather": lambda X, path: feather.write_feather(table(X), str(path), "uncompressed", chunksize=5),
    "a.arrows": stream,
    "a.arrows.gz": packed(stream),
    "a.npy": npy,
    "f.npy": lambda X, path: np.save(path, np.asfortranarray(X)),
    "big.npy": lambda X, path: np.save(path, X.astype(">f8")),
    "a.npy.gz": packed(npy),
    "a.npz": lambda X, path: np.savez(path, rows=X, labels=X[:, 0]),
    "f.npz": lambda X, path: np.savez(path, np.asfortranarray(X)),
    "packed.npz": lambda X, path: np.savez_compressed(path, X),
    "a.h5": hdf5,
    "a.zarr": store,
}
READ_WHOLE = [name for name in KINDS if not name.endswith((".npz", ".h5", ".zarr"))]


def rows_of(reader: Reader, start: int, rows: int) -> NDArray[np.float64]:
    """Read the rest of the rows, seeing that positions run on and that no chunk is too long."""
    at, parts = start, [np.empty((0, len(reader.names)))]
    for chunk in reader.chunks(start, rows):
        assert chunk.start == at and 0 < chunk.n_rows <= rows
        assert chunk.weight is None
        parts.append(chunk.stacked())
        at = chunk.stop
    return np.concatenate(parts)


def same_bits(left: NDArray[np.float64], right: NDArray[np.float64]) -> None:
    for side in (left, right):
        assert side.dtype == np.float64
        side[np.isnan(side)] = np.nan
    assert left.shape == right.shape and left.tobytes() == right.tobytes()


def write(X: NDArray[np.float64], kinds: Sequence[str], folder: Path) -> list[Path]:
    """Write rows to as many files as there are kinds, none of them empty."""
    paths = []
    for number, (part, kind) in enumerate(zip(np.array_split(X, len(kinds)), kinds, strict=True)):
        (folder / str(number)).mkdir()
        paths.append(folder / str(number) / kind)
        KINDS[kind](part, paths[-1])
    return paths


TABLES = st.tuples(st.integers(1, 30), st.integers(1, 3)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.sampled_from(SPECIAL) | st.floats(width=64))
)


@pytest.mark.parametrize("kind", KINDS)
@given(X=TABLES, rows=st.integers(1, 12), start=st.integers(0, 30), piece=st.integers(1, 90))
@settings(max_examples=12, deadline=None)
def test_any_chunks_of_any_kind(
    tmp_path_factory: pytest.TempPathFactory, kind: str, X: NDArray[np.float64], rows: int, start: int, piece: int
) -> None:
    path = write(X, [kind], tmp_path_factory.mktemp("rows"))[0]
    with patch.object(blocks, "PIECE", piece), patch.object(arrow, "_LARGE", piece % 2 << 20):
        reader = open_reader(path)
        same_bits(rows_of(reader, start, rows), X[start:].copy())
        assert reader.count() == reader.n_rows == len(X)
        same_bits(rows_of(reader, 0, rows), X.copy())
        same_bits(rows_of(reader, start, rows), X[start:].copy())
        backwards = open_reader(path, reader.names[::-1])
        same_bits(rows_of(backwards, 0, rows), X[:, ::-1].copy())


@given(
    X=arrays(np.float64, (24, 2), elements=st.floats(allow_nan=False)),
    kinds=st.one_of(
        st.lists(st.sampled_from([name for name in READ_WHOLE if "npy" not in name]), min_size=1, max_size=6),
        st.lists(st.sampled_from([name for name in KINDS if name.endswith((".npy", ".npz", ".h5"))]), min_size=2),
    ),
    rows=st.integers(1, 12),
    start=st.integers(0, 24),
)
@settings(max_examples=40, deadline=None)
def test_any_files_of_any_kinds(
    tmp_path_factory: pytest.TempPathFactory, X: NDArray[np.float64], kinds: list[str], rows: int, start: int
) -> None:
    paths = write(X, kinds[:6], tmp_path_factory.mktemp("rows"))
    reader = open_reader(paths)
    same_bits(rows_of(reader, start, rows), X[start:].copy())
    assert reader.files == tuple(map(str, paths)) and reader.count() == 24
    lengths = [len(part) for part in np.array_split(X, len(paths))]
    for row in (0, lengths[0] - 1, 23):
        file = int(np.searchsorted(np.cumsum(lengths), row, side="right"))
        assert reader.place(row).startswith(f"{paths[file]}, ")


@pytest.mark.parametrize("kind", READ_WHOLE)
def test_the_same_as_reading_the_whole(tmp_path: Path, kind: str) -> None:
    X = np.random.default_rng(0).normal(size=(500, 4)) ** 9
    X[7, 2] = np.nan
    path = write(X, [kind], tmp_path)[0]
    whole = read_table([path])
    with patch.object(blocks, "PIECE", 1000):
        reader = open_reader(path, whole.names[1:])
        assert (reader.names, reader.named) == (whole.names[1:], whole.named)
        cells = np.column_stack([whole.cells(name).values for name in reader.names])
        same_bits(rows_of(reader, 0, 64), cells)
        assert [reader.place(row) for row in (0, 77, 499)] == [whole.place(row) for row in (0, 77, 499)]
        assert [reader.cell(row, whole.names[2]) for row in (0, 499)] == [
            whole.cell(row, whole.names[2]) for row in (0, 499)
        ]


CELLS = st.sampled_from(
    ["1", " 2.5 ", "-.5", "5.", "+3", "1e5", "NA", "nan", " NA", "", "null", "-999", " -999", "1E-3", "inf", "x", "1,5"]
)


@given(
    cells=st.lists(CELLS, min_size=1, max_size=12),
    na=st.sampled_from([(), ("-999",), ("x",), ("-999", "x")]),
    decimal=st.sampled_from([".", ","]),
    quote=st.booleans(),
    piece=st.integers(1, 60),
)
@settings(max_examples=150, deadline=None)
def test_cells_mean_what_they_mean_in_a_whole_table(
    tmp_path_factory: pytest.TempPathFactory,
    cells: list[str],
    na: tuple[str, ...],
    decimal: str,
    quote: bool,
    piece: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "cells.csv"
    path.write_text("a;b\n" + "".join(f'"{cell}";1\n' if quote else f"{cell};1\n" for cell in cells))
    options = TableOptions(delimiter=";", na=na, decimal=decimal)
    whole = read_table([path], options).cells("a")
    with patch.object(blocks, "PIECE", piece):
        reader = open_reader(path, ["a"], options=options)
        if whole.bad is None:
            same_bits(rows_of(reader, 0, 5), whole.values[:, np.newaxis].copy())
        else:
            with pytest.raises(ValueError, match=rf"line {int(np.argmax(whole.bad)) + 2}, column 'a'"):
                rows_of(reader, 0, 5)


@pytest.mark.parametrize("stride", [1, 40, 1 << 26])
def test_slices_of_large_chunks(tmp_path: Path, stride: int) -> None:
    X = np.arange(60.0).reshape(20, 3)
    store(X, tmp_path / "a.zarr", rows=7)
    with patch.object(scientific, "_LARGE", stride):
        same_bits(rows_of(open_reader(tmp_path / "a.zarr", ["x2", "x3"]), 5, 3), X[5:, 1:].copy())
