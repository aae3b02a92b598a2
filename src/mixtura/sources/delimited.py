"""Delimited text to columns of text; every cell keeps what was written in it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .faults import TableError, plural
from .header import Record, check_delimiter, check_header, split, take
from .misfits import misfit, walk
from .raw import title

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1 << 22
_EXCEL_HINT = re.compile(r'"?sep=(.)"?$').match


@dataclass(frozen=True)
class Dialect:
    """How text is cut into cells: the delimiter (None: by the file's name) and whether names come first."""

    delimiter: str | None = None
    header: bool = True


@dataclass(frozen=True, eq=False)
class Grid:
    """Columns of text with their names, and the way from a row (from 0) back to its line (from 1)."""

    names: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]
    line_of: Callable[[int], int]


@dataclass(frozen=True)
class Body:
    """The rows below the header: where they lie in the text, their first line's number, and how to cut them."""

    data: bytes
    start: int
    stop: int
    line: int
    delimiter: str
    width: int
    path: str

    def holds(self, mark: bytes) -> int:
        """How often a mark occurs."""
        return self.data.count(mark, self.start, self.stop)


def read_grid(data: bytes, path: str, dialect: Dialect) -> Grid:
    """
    Cut UTF-8 text into columns.

    Parameters
    ----------
    data
        The text, without a byte order mark.
    path
        The file's name, for messages.
    dialect
        The delimiter, and whether the first line holds names; without names columns are ``x1``, ``x2``, ...

    Raises
    ------
    TableError
        With the line: a wrong delimiter, a row with too many or too few cells, an open quote, a header that
        is data or names two columns alike, no rows.
    """
    if not data or data.isspace():
        raise TableError(f"{title(path)} is empty.")
    first = take(data, Record("", 0, 0, 1), path)
    hint = _EXCEL_HINT(first.text)
    first = take(data, first, path) if hint else first
    delimiter = dialect.delimiter or (hint[1] if hint else _by_name(path))
    fields = split(first, delimiter, path)
    check_delimiter(fields, first, take(data, first, path), delimiter, path)
    names = _names(fields, first, dialect, path)
    start, line = (first.end, first.next_line) if dialect.header else (first.start, first.line)
    stop = _end(data)
    if start >= stop:
        raise TableError(f"{title(path)} has a header ({plural(len(names), 'name')}) but no rows.")
    return _grid(names, Body(data, start, stop, line, delimiter, len(fields), path))


def _names(fields: list[str], first: Record, dialect: Dialect, path: str) -> tuple[str, ...]:
    if not dialect.header:
        return tuple(f"x{number}" for number in range(1, len(fields) + 1))
    names = tuple(name.strip() for name in fields)
    check_header(names, first.line, path)
    return names


def _end(data: bytes) -> int:
    """Where the text ends, line ends and the end mark of old systems left off."""
    stop = len(data)
    while stop and data[stop - 1] in b"\r\n\x1a":
        stop -= 1
    return stop


def _by_name(path: str) -> str:
    return "\t" if re.search(r"\.(tsv|tab)(\.gz)?$", path.lower()) else ","


def _grid(names: tuple[str, ...], body: Body) -> Grid:
    quoted = body.holds(b'"') > 0
    if quoted:
        _check_rows(body)
    columns = _columns(body, quoted)
    one_line_a_row = not quoted and body.holds(b"\n") + 1 == len(columns[0])
    if one_line_a_row:
        return Grid(names, columns, body.line.__add__)  # keeps no text alive
    return Grid(names, columns, partial(_find_line, body))


def _columns(body: Body, quoted: bool) -> tuple[pa.ChunkedArray, ...]:
    import pyarrow as pa

    try:
        return _read(body, quoted, _BLOCK)
    except pa.ArrowInvalid as error:
        _check_rows(body)
        if "block" in str(error):  # a row longer than a block
            return _read(body, quoted, body.stop - body.start + 1)
        raise TableError(f"{title(body.path)}: {error}") from error


def _read(body: Body, quoted: bool, block: int) -> tuple[pa.ChunkedArray, ...]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [str(number) for number in range(body.width)]
    table = arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(body.data).slice(body.start, body.stop - body.start)),
        read_options=arrow_csv.ReadOptions(column_names=names, block_size=block),
        parse_options=arrow_csv.ParseOptions(
            delimiter=body.delimiter,
            newlines_in_values=quoted,
            ignore_empty_lines=body.width > 1,  # in a single column an empty line is an empty cell
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    return tuple(table.columns)


def _check_rows(body: Body) -> None:
    """Raise at the first row that does not fit, slowly but with its line."""
    for row in walk(_open(body), body.delimiter, body.line, body.path):
        if row.cells and len(row.cells) != body.width:
            raise misfit(row, body.width, body.delimiter, body.path, is_first=row.line == body.line)


def _find_line(body: Body, wanted: int) -> int:
    rows = (row for row in walk(_open(body), body.delimiter, body.line, body.path) if row.cells or body.width == 1)
    return next(row.line for number, row in enumerate(rows) if number == wanted)


def _open(body: Body) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(body.data[body.start : body.stop]), encoding="utf-8", newline="")
