"""Why rows cannot be fitted: infinities and missing cells, found in one reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mixtura.sources.faults import TableError
from mixtura.sources.rows import refuse_all_incomplete, refuse_infinity, refuse_missing

from .chunk import Chunk
from .numbers import incomplete

if TYPE_CHECKING:
    from .reader import Reader


@dataclass
class _Found:
    """What was met: by column the missing cells, the infinite ones and the first row of these."""

    missing: dict[str, int] = field(default_factory=dict)
    infinite: dict[str, int] = field(default_factory=dict)
    first_infinite: dict[str, int] = field(default_factory=dict)
    first_incomplete: int | None = None
    n_incomplete: int = 0
    n_rows: int = 0

    def see(self, chunk: Chunk, names: tuple[str, ...]) -> None:
        """Count a chunk in."""
        columns = chunk.columns if isinstance(chunk.columns, tuple) else tuple(chunk.columns.T)
        for name, column in zip(names, columns, strict=True):
            _add(self.missing, name, int(np.isnan(column).sum()))
            infinite = np.isinf(column)
            if infinite.any():
                self.first_infinite.setdefault(name, chunk.start + int(np.argmax(infinite)))
                _add(self.infinite, name, int(infinite.sum()))
        lost = incomplete(chunk.columns)
        if lost.any() and self.first_incomplete is None:
            self.first_incomplete = chunk.start + int(np.argmax(lost))
        self.n_incomplete += int(lost.sum())
        self.n_rows = chunk.stop


def _add(counts: dict[str, int], name: str, count: int) -> None:
    if count:
        counts[name] = counts.get(name, 0) + count


def refusal(reader: Reader) -> TableError:
    """
    Describe what keeps the rows from being fitted.

    Returns
    -------
    TableError
        For the first column with an infinity: its place, what is written there, how many there are. Else for what is
        missing: the cells by column and the first place. To be raised by who asked.
    """
    found = _Found()
    for chunk in reader.chunks():
        found.see(chunk, reader.names)
    for name in reader.names:
        if name in found.infinite:
            row = found.first_infinite[name]
            return refuse_infinity(reader.place(row), name, reader.cell(row, name), found.infinite[name])
    missing = {name: found.missing[name] for name in reader.names if name in found.missing}
    if found.first_incomplete is None:
        return TableError(f"{reader.title}: every cell is a finite number now. Was a file changed? Run again.")
    if reader.drop and found.n_incomplete == found.n_rows:
        return refuse_all_incomplete(reader.title, missing)
    place = reader.place(found.first_incomplete)
    shown = place.rpartition(", ")[2] if len(reader.files) == 1 else place
    return refuse_missing(reader.title, missing, found.n_incomplete, found.n_rows, shown)
