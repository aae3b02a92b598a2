"""Which columns of data that are not in memory are fitted: judged by the first rows, refused for what all rows hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mixtura.sources.cells import Cells
from mixtura.sources.columns import Choice, ColumnsRefused
from mixtura.sources.readers import Reader, open_reader
from mixtura.sources.readers.opening import open_file
from mixtura.sources.tables import Table, TableOptions
from mixtura.sources.tables_in_parts import head
from mixtura.sources.traits import Kind, Trait, judge_numbers

# Rows, and cells, by which columns are judged.
FIRST, CELLS = 100_000, 2**23
# What fewer rows than this look like says nothing against what more look like.
ENOUGH = 1000
# Values that are more than a code has.
VALUES = 3


def any_column(files: Sequence[str], options: TableOptions) -> Reader:
    """A reader for which no column has been chosen."""
    return open_reader(files, open_file(files[0], options).names[:1], options=options)


def first_rows(reader: Reader) -> Table:
    """The rows by which columns are judged."""
    return head(reader, max(min(FIRST, CELLS // len(reader.volumes[0].names)), ENOUGH))


@dataclass
class Doubt:
    """What the first rows of a column look like, and whether the others do."""

    trait: Trait
    values: set[float] = field(default_factory=set)
    cleared: bool = False

    def see(self, values: np.ndarray) -> None:
        """Look at more rows."""
        present = values[~np.isnan(values)]
        if self.trait.kind is Kind.EMPTY:
            self.cleared = bool(len(present))
        elif self.trait.kind is Kind.CODE:
            self.values.update(np.unique(present)[:VALUES].tolist())
            self.cleared = len(self.values) >= VALUES
        elif len(present) >= ENOUGH:
            self.cleared = judge_numbers(self.trait.name, Cells(present)).kind is Kind.MEASUREMENT


def choose(choosing: Callable[[Sequence[str]], Choice], table: Table, reader: Reader) -> Choice:
    """
    Choose columns by the first rows, and again without doubt about those that other rows show to be measurements.

    Parameters
    ----------
    choosing
        Gives the choice where some columns are known to be measurements.
    table
        The first rows.
    reader
        All rows.
    """
    try:
        return choosing(())
    except ColumnsRefused as error:
        if reader.n_rows is not None and table.n_rows >= reader.n_rows:
            raise
        cleared = _cleared(error.refused, reader)
        if not cleared:
            raise
        return choosing(cleared)


def _cleared(refused: Iterable[Trait], reader: Reader) -> list[str]:
    """The columns that are measurements if all rows are looked at; no further than it takes."""
    doubts = [Doubt(trait) for trait in refused if trait.kind in (Kind.CODE, Kind.COUNTER, Kind.EMPTY)]
    if not doubts:
        return []
    names = [doubt.trait.name for doubt in doubts]
    again = open_reader(reader.files, names, options=reader.options)
    for chunk in again.chunks():
        columns = chunk.columns if isinstance(chunk.columns, tuple) else tuple(chunk.columns.T)
        for doubt, values in zip(doubts, columns, strict=True):
            if not doubt.cleared:
                doubt.see(np.asarray(values, dtype=np.float64))
        if all(doubt.cleared for doubt in doubts):
            break
    return [doubt.trait.name for doubt in doubts if doubt.cleared]
