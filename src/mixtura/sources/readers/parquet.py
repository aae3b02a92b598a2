"""Parquet, a row group after the other, the pages of a row group after each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.sources.binary import damage_told, refuse_twins

from .file import File
from .numbers import dtype_of

if TYPE_CHECKING:
    import pyarrow as pa

# Bytes read ahead of each column. Without it a whole column of a row group is held, however long that is.
_AHEAD = 1 << 18


@dataclass(frozen=True, eq=False)
class Parquet(File):
    """One file, its schema and the rows of each of its row groups."""

    path: str
    schema: pa.Schema
    groups: tuple[int, ...]

    @classmethod
    def open(cls, path: str) -> Parquet:
        """Read the footer."""
        with _open(path) as file:
            schema, metadata = file.schema_arrow, file.metadata
            groups = tuple(metadata.row_group(at).num_rows for at in range(metadata.num_row_groups))
        refuse_twins(schema.names, path)
        return cls(path, schema, groups)

    @property
    def names(self) -> tuple[str, ...]:  # type: ignore[override]
        """All columns."""
        return tuple(self.schema.names)

    @property
    def n_rows(self) -> int:
        """The rows of all row groups."""
        return sum(self.groups)

    def stored(self, name: str) -> np.dtype[Any] | None:
        """Give the dtype of a column's type."""
        return dtype_of(self.schema.field(name).type)

    def batches(self, names: Sequence[str], start: int, rows: int) -> Iterator[list[Any]]:
        """Decode the chosen columns from the row group that holds the first row wanted."""
        first, skipped = self._seek(start)
        with _open(self.path) as file, damage_told(self.path, "parquet"):
            groups = range(first, len(self.groups))
            for batch in file.iter_batches(batch_size=rows, row_groups=groups, columns=list(names), use_threads=False):
                part = batch.slice(skipped)
                skipped = max(skipped - len(batch), 0)
                if len(part):
                    yield [part.column(name) for name in names]

    def _seek(self, start: int) -> tuple[int, int]:
        """The row group of a row, and how many rows of it come before."""
        for at, held in enumerate(self.groups):
            if start < held:
                return at, start
            start -= held
        return len(self.groups), 0


def _open(path: str) -> Any:
    import pyarrow.parquet as pq

    with damage_told(path, "parquet"):
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=_AHEAD)
