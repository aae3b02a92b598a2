"""Delimited text to columns of text; every cell keeps what was written in it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .faults import TableError, plural
from .header import Record, check_delimiter, check_header, split, take
from .misfits import misfit, walk
from .raw import title

if TYPE_CHECKING:
    import pyarrow as pa

ENDS = b"\r\n\x1a"
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
class Head:
    """What the first line says: names, delimiter, cells a row, and where the rows begin (byte, line from 1)."""

    names: tuple[str, ...]
    delimiter: str
    width: int
    start: int
    line: int


@dataclass(frozen=True)
class Body:
    """Rows below the header: where they lie in the text, their first line's number, and how to cut them."""

    data: bytes
    start: int
    stop: int
    line: int
    delimiter: str
    width: int
    path: str
    is_top: bool = True

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
    head = read_head(data, path, dialect)
    stop = end_of(data)
    if head.start >= stop:
        raise refuse_header_alone(head, path)
    return _grid(head.names, Body(data, head.start, stop, head.line, head.delimiter, head.width, path))


def read_head(data: bytes, path: str, dialect: Dialect) -> Head:
    """Read the first line of a text that holds at least the first two, where it has two."""
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
    return Head(names, delimiter, len(fields), start, line)


def refuse_header_alone(head: Head, path: str) -> TableError:
    """Describe a text without rows."""
    return TableError(f"{title(path)} has a header ({plural(len(head.names), 'name')}) but no rows.")


def _names(fields: list[str], first: Record, dialect: Dialect, path: str) -> tuple[str, ...]:
    if not dialect.header:
        return tuple(f"x{number}" for number in range(1, len(fields) + 1))
    names = tuple(name.strip() for name in fields)
    check_header(names, first.line, path)
    return names


def end_of(data: bytes) -> int:
    """Where the text ends, line ends and the end mark of old systems left off."""
    stop = len(data)
    while stop and data[stop - 1] in ENDS:
        stop -= 1
    return stop


def _by_name(path: str) -> str:
    return "\t" if re.search(r"\.(tsv|tab)(\.gz)?$", path.lower()) else ","


def _grid(names: tuple[str, ...], body: Body) -> Grid:
    quoted = body.holds(b'"') > 0
    if quoted:
        check_rows(body)
    columns = _columns(body, quoted)
    one_line_a_row = not quoted and body.holds(b"\n") + 1 == len(columns[0])
    if one_line_a_row:
        return Grid(names, columns, body.line.__add__)  # keeps no text alive
    return Grid(names, columns, partial(find_line, body))


def _columns(body: Body, quoted: bool) -> tuple[pa.ChunkedArray, ...]:
    import pyarrow as pa

    try:
        return cut(body, quoted, _BLOCK)
    except pa.ArrowInvalid as error:
        check_rows(body)
        if "block" in str(error):  # a row longer than a block
            return cut(body, quoted, body.stop - body.start + 1)
        raise TableError(f"{title(body.path)}: {error}") from error


def cut(
    body: Body,
    quoted: bool,
    block: int,
    only: Sequence[int] | None = None,
    numbers: Mapping[str, Any] | None = None,
) -> tuple[pa.ChunkedArray, ...]:
    """
    Cut rows into columns, some or all, as text or, with Arrow's options for these, as numbers.

    Raises
    ------
    pyarrow.ArrowInvalid
        Where a row does not fit, is longer than a block, or a cell should be a number and is not.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [str(number) for number in range(body.width)]
    wanted = names if only is None else [names[number] for number in only]
    kind = pa.string() if numbers is None else pa.float64()
    table = arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(body.data).slice(body.start, body.stop - body.start)),
        read_options=arrow_csv.ReadOptions(column_names=names, block_size=block),
        parse_options=arrow_csv.ParseOptions(
            delimiter=body.delimiter,
            newlines_in_values=quoted,
            ignore_empty_lines=body.width > 1,  # in a single column an empty line is an empty cell
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, kind),
            include_columns=wanted,
            strings_can_be_null=False,
            check_utf8=False,
            **(numbers or {}),
        ),
    )
    return tuple(table.columns)


def check_rows(body: Body) -> None:
    """Raise at the first row that does not fit, slowly but with its line."""
    for row in walk(_open(body), body.delimiter, body.line, body.path):
        if row.cells and len(row.cells) != body.width:
            raise misfit(row, body.width, body.delimiter, body.path, is_first=body.is_top and row.line == body.line)


def find_line(body: Body, wanted: int) -> int:
    """Give the line in which a row (from 0) begins."""
    rows = (row for row in walk(_open(body), body.delimiter, body.line, body.path) if row.cells or body.width == 1)
    return next(row.line for number, row in enumerate(rows) if number == wanted)


def _open(body: Body) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(body.data[body.start : body.stop]), encoding="utf-8", newline="")
