"""Tables of results to files and to standard output, a block at a time."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from mixtura.cli.outputs import output
from mixtura.sources.cells import is_number
from mixtura.sources.paths import plain_suffix

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet", ".arrow", ".feather")
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")

Write = Callable[["pa.Table"], None]


@contextmanager
def table_writer(path: str | None, force: bool) -> Iterator[Write]:
    """
    Open a table for writing in blocks that all have the same columns.

    Parameters
    ----------
    path
        Its ending says how: CSV, TSV (either packed by .gz), Parquet or Arrow; None is CSV on standard output.
    force
        Whether an existing file may be replaced.

    Yields
    ------
    function
        Takes a block, a pyarrow Table.
    """
    if path is None:
        with _text_writer(sys.stdout.buffer, ",") as write:
            yield write
        return
    with output(path, force) as file, _writer(path, file) as write:
        yield write


@contextmanager
def _writer(path: str, file: IO[bytes]) -> Iterator[Write]:
    kind = plain_suffix(path)
    if kind in (".parquet", ".arrow", ".feather"):
        with _binary_writer(file, kind) as write:
            yield write
    elif path.lower().endswith(".gz"):
        with (
            gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
            _text_writer(packed, _mark(kind)) as write,
        ):
            yield write
    else:
        with _text_writer(file, _mark(kind)) as write:
            yield write


def _mark(kind: str) -> str:
    return "\t" if kind == ".tsv" else ","


@contextmanager
def _text_writer(file: Any, delimiter: str) -> Iterator[Write]:
    """Write numbers so that they read back as the same, and text so that no spreadsheet runs it."""
    begun = False

    def write(block: pa.Table) -> None:
        nonlocal begun
        if not begun:
            file.write(_heading(block.column_names, delimiter))
            begun = True
        file.write(_lines(block, delimiter))

    yield write
    file.flush()


def _heading(names: list[str], delimiter: str) -> bytes:
    import pyarrow as pa

    cells = _quoted(pa.array([harmless(name) for name in names], pa.large_string()), delimiter)
    return (delimiter.join(cells.to_pylist()) + "\n").encode()


def _lines(block: pa.Table, delimiter: str) -> Any:
    """Rows as text, a line each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = [_written(column, delimiter) for column in block.columns]
    mark, nothing, end = (pa.scalar(text, pa.large_string()) for text in (delimiter, "", "\n"))
    rows = pc.binary_join_element_wise(*cells, mark, null_handling="replace", null_replacement="")
    ended = pc.binary_join_element_wise(rows, nothing, end)
    _, offsets, text = ended.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[ended.offset : ended.offset + len(ended) + 1]
    return text.slice(int(ends[0]), int(ends[-1] - ends[0])) if len(ended) else b""


def _written(column: pa.ChunkedArray, delimiter: str) -> Any:
    """A column as text: numbers with the fewest digits that read back as the same, and quotes where there must be."""
    import pyarrow as pa
    import pyarrow.types as kinds

    cells = pa.concat_arrays([chunk.cast(pa.string()).cast(pa.large_string()) for chunk in column.chunks])
    if kinds.is_floating(column.type) or kinds.is_integer(column.type):
        return cells
    return _quoted(_harmless(cells), delimiter)


def _harmless(cells: Any) -> Any:
    """Cells as `harmless` leaves them, of which few have to be looked at."""
    import pyarrow as pa
    import pyarrow.compute as pc

    doubtful = pc.fill_null(pc.match_substring_regex(cells, "^[=+\\-@\t\r]"), False)
    if not pc.any(doubtful).as_py():
        return cells
    mended = pa.array([harmless(cell) for cell in cells.filter(doubtful).to_pylist()], cells.type)
    return pc.replace_with_mask(cells, doubtful, mended)


def _quoted(cells: Any, delimiter: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    needed = pc.fill_null(pc.match_substring_regex(cells, f'["\r\n{delimiter}]'), False)
    if not pc.any(needed).as_py():
        return cells
    quote, nothing = pa.scalar('"', cells.type), pa.scalar("", cells.type)
    doubled = pc.replace_substring(cells, '"', '""')
    return pc.if_else(needed, pc.binary_join_element_wise(quote, doubled, quote, nothing), cells)


def harmless(cell: str) -> str:
    """
    Put an apostrophe before a text that a spreadsheet would run; numbers stay as they are.

    Examples
    --------
    >>> [harmless(cell) for cell in ("=cmd()", "-5.2", "+31 6 12", "@x", "plain")]
    ["'=cmd()", '-5.2', "'+31 6 12", "'@x", 'plain']
    """
    return "'" + cell if cell.startswith(_RUN_BY_SPREADSHEETS) and not is_number(cell) else cell


@contextmanager
def _binary_writer(file: IO[bytes], kind: str) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    opened: list[Any] = []

    def write(block: pa.Table) -> None:
        if not opened:
            make = pq.ParquetWriter if kind == ".parquet" else pa.ipc.new_file
            opened.append(make(file, block.schema))
        opened[0].write_table(block)

    try:
        yield write
    finally:
        for writer in opened:
            writer.close()
