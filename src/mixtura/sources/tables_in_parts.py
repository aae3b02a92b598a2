"""Tables of any length in parts: a few rows at a time, with everything that stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .faults import TableError
from .readers import Reader
from .readers.file import File
from .tables import Part, Table

if TYPE_CHECKING:
    import pyarrow as pa

# Cells of a part at most, and rows.
CELLS, ROWS, FEWEST = 2**22, 2**16, 2**10


@dataclass(frozen=True, eq=False)
class Piece(Part):
    """Consecutive rows of one file, the first of them being its row `start`, from 0."""

    file: File | None = None
    start: int = 0

    def place(self, row: int) -> str:
        """Say where a row is, in the file."""
        assert self.file is not None
        return self.file.place(self.start + row)


@dataclass(frozen=True, eq=False)
class Numbers:
    """
    The features of a part of a table.

    Attributes
    ----------
    kept : (n,) bool
        Which rows are complete.
    values : (m, D) float64
        These rows.
    missing : (D,) int
        Empty cells by column.
    """

    kept: NDArray[np.bool_]
    values: NDArray[np.float64]
    missing: NDArray[np.int64]


def rows_a_part(n_columns: int) -> int:
    """
    Give the number of rows of a part.

    Examples
    --------
    >>> rows_a_part(8), rows_a_part(1000)
    (65536, 4194)
    """
    return max(min(CELLS // n_columns, ROWS), FEWEST)


def tables(reader: Reader, rows: int | None = None) -> Iterator[Table]:
    r"""
    Go through all columns of files, those that were not chosen too.

    Parameters
    ----------
    reader
        The files.
    rows
        Rows of every table but the last; None is `rows_a_part`.

    Yields
    ------
    Table
        Text as it was written. A column that not all files hold as the same type becomes text.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from mixtura.sources.readers import open_reader
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = file.write_text("name,height\nAnn,1.80\nBo,1.75\nCy,1.60\n")
    >>> [part.text("height").to_pylist() for part in tables(open_reader(file, ["height"]), rows=2)]
    [['1.80', '1.75'], ['1.60']]
    """
    size = rows or rows_a_part(len(reader.volumes[0].names))
    held: list[Piece] = []
    missing = size
    reader.check()
    for piece in _pieces(reader, size):
        start = 0
        while start < piece.n_rows:
            some = _slice(piece, start, missing)
            held.append(some)
            start, missing = start + some.n_rows, missing - some.n_rows
            if not missing:
                yield Table(tuple(held), reader.options)
                held, missing = [], size
    reader.check()
    if held:
        yield Table(tuple(held), reader.options)


def head(reader: Reader, rows: int) -> Table:
    """Give the first rows, so many at most, as a table."""
    first = next(tables(reader, rows), None)
    if first is None:
        raise TableError(f"{reader.title} holds no rows.")
    return first


def _slice(piece: Piece, start: int, most: int) -> Piece:
    columns = tuple(column.slice(start, most) for column in piece.columns)
    return Piece(piece.path, piece.names, piece.named, columns, None, piece.file, piece.start + start)


def _pieces(reader: Reader, rows: int) -> Iterator[Piece]:
    """The files in batches, their columns in the order of the first, of one type in all."""
    names, mixed = reader.volumes[0].names, _mixed(reader)
    for file in reader.volumes:
        row = 0
        for batch in file.written(names, 0, rows):
            cells = zip(names, _columns(batch), strict=True)
            columns = tuple(_settled(column, name in mixed) for name, column in cells)
            piece = Piece(file.path, names, reader.named, columns, None, file, row)
            row += piece.n_rows
            yield piece


def _columns(batch: Any) -> list[Any]:
    import pyarrow as pa

    if isinstance(batch, np.ndarray):
        return [pa.array(np.ascontiguousarray(column)) for column in batch.T]
    return list(batch)


def _settled(column: Any, mixed: bool) -> pa.ChunkedArray:
    import pyarrow as pa

    chunks = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    return chunks.cast(pa.string()) if mixed else chunks


def _mixed(reader: Reader) -> set[str]:
    """The columns that not all files hold as the same type."""
    names, first, *others = reader.volumes[0].names, *reader.volumes
    if not others:
        return set()
    types = [_types(file, names) for file in (first, *others)]
    return {name for at, name in enumerate(names) if len({found[at] for found in types}) > 1}


def _types(file: File, names: Sequence[str]) -> tuple[str, ...]:
    schema = getattr(file, "schema", None)
    if schema is not None:
        return tuple(str(schema.field(name).type) for name in names)
    batch = next(iter(file.written(names, 0, 1)))
    return tuple(str(column.type) for column in _columns(batch))


def numbers_of(part: Table, features: Sequence[str], reader: Reader) -> Numbers:
    """
    Read the features of a part as numbers.

    Raises
    ------
    TableError
        For a cell that is no number; for the first infinity; for an empty cell, unless such rows are dropped. The last
        two count what there is of that kind in all files.
    """
    values = np.empty((part.n_rows, len(features)))
    for at, name in enumerate(features):
        cells = part.cells(name)
        if cells.bad is not None:
            raise part.refuse_cell(int(np.argmax(cells.bad)), name)
        values[:, at] = cells.values
    empty = np.isnan(values)
    if np.isinf(values).any() or (empty.any() and not reader.drop):
        raise reader.refuse()
    kept: NDArray[np.bool_] = ~np.logical_or.reduce(empty, axis=1)
    return Numbers(kept, values if kept.all() else values[kept], empty.sum(axis=0))
