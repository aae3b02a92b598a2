"""Arrow (Feather) files and streams, a record batch after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.sources.binary import damage_told, refuse_twins
from mixtura.sources.raw import ARROW_FILE, GZIP_ERRORS, refuse_gzip

from .encoded import unpacked
from .file import File
from .numbers import dtype_of

if TYPE_CHECKING:
    import pyarrow as pa

# A record batch is read whole. Where they are larger than this, on average, only what is looked at is, through a map.
_LARGE = 1 << 26
_LEAD = 8  # bytes before what is a stream in a file too


class _Arrow(File):
    """What files and streams share: columns by their schema."""

    path: str
    schema: pa.Schema

    @property
    def names(self) -> tuple[str, ...]:  # type: ignore[override]
        """All columns."""
        return tuple(self.schema.names)

    def stored(self, name: str) -> np.dtype[Any] | None:
        """Give the dtype of a column's type."""
        return dtype_of(self.schema.field(name).type)


@dataclass(eq=False)
class ArrowFile(_Arrow):
    """Record batches with an index of them at the end of the file."""

    path: str
    schema: pa.Schema
    counted: int
    mapped: bool

    @classmethod
    def open(cls, path: str) -> ArrowFile:
        """Read the schema, and count the rows."""
        with damage_told(path, "arrow"):
            whole = _mapped(path)
            reader = _file(whole, None)
            refuse_twins(reader.schema.names, path)
            numbers = range(reader.num_record_batches)
            in_place = all(_lies_in(reader.get_batch(number), whole) for number in numbers[:1])
            counted = sum(reader.get_batch(number).num_rows for number in numbers) if in_place else _count(path)
            return cls(path, reader.schema, counted, in_place and whole.size > _LARGE * len(numbers))

    @property
    def n_rows(self) -> int:
        """The rows of all record batches."""
        return self.counted

    def batches(self, names: Sequence[str], start: int, rows: int) -> Iterator[list[Any]]:
        """Read the chosen columns, a record batch at a time; of large ones the part wanted."""
        fields = sorted(self.positions(names))
        with damage_told(self.path, "arrow"):
            parts = self._parts(start, rows) if self.mapped else self._batches(fields, start, rows)
            for part in parts:
                yield [part.column(name) for name in names]

    def _batches(self, fields: list[int], start: int, rows: int) -> Iterator[Any]:
        import pyarrow as pa

        row = 0
        with pa.OSFile(self.path) as file:
            reader = _file(file, fields)
            for number in range(reader.num_record_batches):
                held = reader.get_batch(number)
                yield from _slices(held, start - row, rows)
                row += held.num_rows

    def _parts(self, start: int, rows: int) -> Iterator[Any]:
        """Give each part a map of its own: pages once looked at count as long as their map lives."""
        n_batches, row = _file(_mapped(self.path), None).num_record_batches, 0
        for number in range(n_batches):
            n_held = _file(_mapped(self.path), None).get_batch(number).num_rows
            for at in range(max(start - row, 0), n_held, rows):
                yield _file(_mapped(self.path), None).get_batch(number).slice(at, rows)
            row += n_held


@dataclass(eq=False)
class ArrowStream(_Arrow):
    """Record batches that follow one another, with no word of how many."""

    path: str
    schema: pa.Schema
    packed: bool
    lead: int
    counted: int | None = None

    @classmethod
    def open(cls, path: str, packed: bool, head: bytes) -> ArrowStream:
        """Read the schema."""
        lead = _LEAD if head.startswith(ARROW_FILE) else 0
        with _stream(path, packed, lead) as reader:
            refuse_twins(reader.schema.names, path)
            return cls(path, reader.schema, packed, lead)

    @property
    def n_rows(self) -> int | None:
        """How many rows there are, known once they have been read."""
        return self.counted

    def batches(self, names: Sequence[str], start: int, rows: int) -> Iterator[list[Any]]:
        """Read batch after batch, those before the first row wanted too."""
        row = 0
        with _stream(self.path, self.packed, self.lead) as reader:
            for held in reader:
                for part in _slices(held, start - row, rows):
                    yield [part.column(name) for name in names]
                row += held.num_rows
        self.counted = row


def _slices(batch: Any, start: int, rows: int) -> Iterator[Any]:
    for at in range(max(start, 0), batch.num_rows, rows):
        yield batch.slice(at, rows)


def _mapped(path: str) -> Any:
    import pyarrow as pa

    with pa.memory_map(path) as file:
        return file.read_buffer()


def _file(source: Any, fields: list[int] | None) -> Any:
    import pyarrow as pa

    return pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(use_threads=False, included_fields=fields))


@contextmanager
def _stream(path: str, packed: bool, lead: int) -> Iterator[Any]:
    import pyarrow as pa

    try:
        with damage_told(path, "arrow" if lead else "stream"), unpacked(path, packed) as file:
            file.read(lead)
            yield pa.ipc.open_stream(file, options=pa.ipc.IpcReadOptions(use_threads=False))
    except GZIP_ERRORS as error:
        raise refuse_gzip(path, error) from error


def _lies_in(batch: Any, whole: Any) -> bool:
    """Whether a batch is a view of a map, and not unpacked: then its rows are counted without reading them."""
    buffers = [buffer for column in batch.columns for buffer in column.buffers() if buffer is not None and buffer.size]
    return all(whole.address <= buffer.address < whole.address + whole.size for buffer in buffers)


def _count(path: str) -> int:
    import pyarrow.dataset

    return int(pyarrow.dataset.dataset(path, format="ipc", partitioning=None).count_rows())
