"""Tables of results to files and to standard output, a block at a time."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

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
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    rows = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    begun = False

    def write(block: pa.Table) -> None:
        nonlocal begun
        if not begun:
            rows.writerow([harmless(name) for name in block.column_names])
            begun = True
        rows.writerows(zip(*(_written(column) for column in block.columns), strict=True))

    try:
        yield write
        text.flush()
    finally:
        text.detach()


def _written(column: pa.ChunkedArray) -> list[Any]:
    """A column as text: numbers with the fewest digits that read back as the same."""
    import pyarrow as pa
    import pyarrow.types as kinds

    cells = column.cast(pa.string()).to_pylist()
    if kinds.is_floating(column.type) or kinds.is_integer(column.type):
        return list(cells)
    return [None if cell is None else harmless(cell) for cell in cells]


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
