"""Tables from files: columns by name, cells as written, and the way back from a row to its line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .binary import kind_of, read_arrow, read_numpy
from .cells import Cells, explain, parse
from .delimited import Dialect, read_grid
from .faults import TableError, show, show_all
from .paths import expand
from .raw import GZIP, fetch, peek, refuse_strangers, title, to_utf8

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class TableOptions:
    """
    How files are read.

    Attributes
    ----------
    delimiter : str or None
        Between cells; None is a comma, or a tab for .tsv and .tab.
    decimal : str
        The decimal mark, ``.`` or ``,``.
    encoding : str or None
        A codec of Python; None reads UTF-8, and UTF-16 that says so.
    na : tuple of str
        Words for a missing value, beside the usual ones.
    header : bool
        Whether the first line of text holds the names.
    """

    delimiter: str | None = None
    decimal: str = "."
    encoding: str | None = None
    na: tuple[str, ...] = ()
    header: bool = True


@dataclass(frozen=True, eq=False)
class Part:
    """One file of a table: its columns and, for text, the line of each row (rows from 0, lines from 1)."""

    path: str
    names: tuple[str, ...]
    named: bool
    columns: tuple[pa.ChunkedArray, ...]
    line_of: Callable[[int], int] | None = None

    @property
    def n_rows(self) -> int:
        """How many rows the file holds."""
        return len(self.columns[0]) if self.columns else 0

    def place(self, row: int) -> str:
        """Say where a row is."""
        where = f"row {row + 1}" if self.line_of is None else f"line {self.line_of(row)}"
        return f"{title(self.path)}, {where}"

    def cell(self, row: int, column: int) -> str:
        """Give what is written in a cell."""
        return str(self.columns[column][row].as_py())


@dataclass(frozen=True, eq=False)
class Table:
    """
    Rows from one file or several with the same columns.

    Attributes
    ----------
    parts : tuple of Part
        The files, in order, their columns in the order of the first.
    options : TableOptions
        How they were read.
    """

    parts: tuple[Part, ...]
    options: TableOptions = field(default_factory=TableOptions)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return self.parts[0].names

    @property
    def named(self) -> bool:
        """Whether the names come from the data and not from counting."""
        return self.parts[0].named

    @property
    def title(self) -> str:
        """The data in a few words."""
        first = title(self.parts[0].path)
        return first if len(self.parts) == 1 else f"{first} and {len(self.parts) - 1} more"

    @cached_property
    def n_rows(self) -> int:
        """How many rows there are in all."""
        return sum(part.n_rows for part in self.parts)

    def text(self, name: str) -> pa.ChunkedArray:
        """Give a column as it stands, the files one after the other."""
        import pyarrow as pa

        at = self.names.index(name)
        columns = [part.columns[at] for part in self.parts]
        if len({column.type for column in columns}) > 1:
            columns = [column.cast(pa.string()) for column in columns]
        return pa.chunked_array([chunk for column in columns for chunk in column.chunks], type=columns[0].type)

    def cells(self, name: str) -> Cells:
        """Give a column read as numbers."""
        at = self.names.index(name)
        pieces = [parse(part.columns[at], self.options.na, self.options.decimal) for part in self.parts]
        if len(pieces) == 1:
            return pieces[0]
        values = np.concatenate([piece.values for piece in pieces])
        if all(piece.bad is None for piece in pieces):
            return Cells(values)
        return Cells(values, np.concatenate([_bad_of(piece) for piece in pieces]))

    def place(self, row: int) -> str:
        """Say where a row is: the file and the line."""
        part, within = self._find(row)
        return part.place(within)

    def cell(self, row: int, name: str) -> str:
        """Give what is written in a cell."""
        part, within = self._find(row)
        return part.cell(within, self.names.index(name))

    def refuse_cell(self, row: int, name: str) -> TableError:
        """Describe a cell that should be a number and is not."""
        reason = explain(self.cell(row, name), self.options.decimal)
        return TableError(f"{self.place(row)}, column {show(name)}: {reason}")

    def _find(self, row: int) -> tuple[Part, int]:
        for part in self.parts:
            if row < part.n_rows:
                return part, row
            row -= part.n_rows
        raise IndexError(row)


def _bad_of(cells: Cells) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.zeros(len(cells.values), dtype=bool) if cells.bad is None else cells.bad


def read_table(paths: Sequence[str | os.PathLike[str]], options: TableOptions | None = None) -> Table:
    r"""
    Read files as one table.

    CSV, TSV, Parquet, Arrow (Feather) and .npy, packed with gzip or not, told apart by their first bytes; folders,
    globs and ``-`` for standard input.

    Parameters
    ----------
    paths
        What `mixtura.sources.paths.expand` takes.
    options
        How to read text; None is the usual way.

    Returns
    -------
    Table
        Text stays as it was written until a column is read as numbers.

    Raises
    ------
    TableError
        With the file, the line and the remedy.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = file.write_text("height,name\n1.80,Ann\n1.75,Bo\n")
    >>> table = read_table([file])
    >>> table.names, table.n_rows, table.cells("height").values.tolist(), table.cell(0, "height")
    (('height', 'name'), 2, [1.8, 1.75], '1.80')
    """
    options = options or TableOptions()
    parts = [_read(path, options) for path in expand(paths)]
    return Table(tuple(_matched(parts)), options)


def _read(path: str, options: TableOptions) -> Part:
    data = _bytes_of(path)
    head = peek(path) if data is None else data[:4096]
    refuse_strangers(head, path)
    kind = kind_of(head, path)
    if kind is None:
        return _read_text(data or b"", path, options)
    part = _read_array(data, path) if kind == "numpy" else _read_columns(data, path, kind)
    if part.n_rows == 0:
        raise TableError(f"{title(path)} holds no rows.")
    return part


def _bytes_of(path: str) -> bytes | None:
    """The whole file where it is text, packed, or a pipe that can be read only once; None for files read in place."""
    if not os.path.isfile(path):
        return fetch(path)
    head = peek(path)
    refuse_strangers(head, path)
    return fetch(path) if head.startswith(GZIP) or kind_of(head, path) is None else None


def _read_text(data: bytes, path: str, options: TableOptions) -> Part:
    text = to_utf8(data, path, options.encoding)
    grid = read_grid(text, path, Dialect(options.delimiter, options.header))
    return Part(path, grid.names, options.header, grid.columns, grid.line_of)


def _read_columns(data: bytes | None, path: str, kind: str) -> Part:
    table = read_arrow(data, path, kind)
    return Part(path, tuple(table.column_names), True, tuple(table.columns))


def _read_array(data: bytes | None, path: str) -> Part:
    import pyarrow as pa

    array = read_numpy(data, path)
    names = tuple(f"x{number}" for number in range(1, array.shape[1] + 1))
    columns = tuple(pa.chunked_array([pa.array(np.ascontiguousarray(column))]) for column in array.T)
    return Part(path, names, False, columns)


def _matched(parts: list[Part]) -> Iterator[Part]:
    first = parts[0]
    for part in parts:
        if set(part.names) != set(first.names):
            raise TableError(
                f"{title(part.path)} has the columns {show_all(part.names)}, but {title(first.path)} has "
                f"{show_all(first.names)}. Files read together need the same columns."
            )
        order = [part.names.index(name) for name in first.names]
        yield Part(part.path, first.names, first.named, tuple(part.columns[at] for at in order), part.line_of)
