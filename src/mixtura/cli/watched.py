"""Files that are read again and again, with an eye on every reading: how far it is, and what is missing in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.cli.endings import Code, Stop
from mixtura.cli.sizing import size_of
from mixtura.cli.tally import Tally
from mixtura.cli.words import count, duration
from mixtura.sources.faults import TableError
from mixtura.sources.opened import Opened
from mixtura.sources.readers import Reader
from mixtura.sources.readers.chunk import Chunk
from mixtura.sources.rows import refuse_all_incomplete
from mixtura.sources.source import Source

if TYPE_CHECKING:
    from mixtura.cli.inputs import Reading
    from mixtura.cli.screen import Bar


class Meter:
    """Counts rows of one reading after the other, and moves a bar if there is one."""

    def __init__(self) -> None:
        self.bar: Bar | None = None
        self.tally: Tally | None = None
        self.readings, self._begun, self._from = 0, 0.0, 0
        self._n_lost, self._missing = 0, dict[str, int]()

    def begin(self, start: int) -> None:
        """A reading begins at a row."""
        self.readings += 1
        self._begun, self._from = perf_counter(), start
        self._n_lost, self._missing = 0, {}

    def lose(self, columns: Mapping[str, Any]) -> None:
        """A reading has come to columns of numbers, NaN where a cell is empty."""
        empty = {name: np.isnan(values) for name, values in columns.items()}
        for name, cells in empty.items():
            if cells.any():
                self._missing[name] = self._missing.get(name, 0) + int(cells.sum())
        self._n_lost += int(np.logical_or.reduce(list(empty.values())).sum())

    def end(self, row: int) -> None:
        """A reading has come to its end; the first from the beginning has counted."""
        if self.tally is None and self._from == 0:
            self.tally = Tally(row, self._n_lost, self._missing)

    def move(self, row: int, n_rows: int | None) -> None:
        """A reading has come to a row."""
        if self.bar is not None:
            told = self._told(row, n_rows)
            self.bar.read(row, n_rows, told)

    def _told(self, row: int, n_rows: int | None) -> str:
        reading = f"reading {self.readings}"
        if n_rows is None or row >= n_rows:
            return f"{reading}, {rough(row)} rows" + (" done" if n_rows is not None else "")
        spent, done = perf_counter() - self._begun, max(row - self._from, 1)
        left = duration(max(round(spent * (n_rows - row) / done), 1))
        return f"{reading}, {rough(row)} of {rough(n_rows)} rows, {left} left in it"


def rough(rows: int) -> str:
    """
    Write a large number of rows in three digits.

    Examples
    --------
    >>> rough(272), rough(65_536), rough(41_234_567), rough(2_000_000_000)
    ('272', '65 536', '41.2 M', '2 000 M')
    """
    if rows < 10**6:
        return count(rows)
    return f"{rows / 1e6:.3g} M" if rows < 10**9 else f"{count(round(rows / 1e6))} M"


@dataclass(frozen=True, eq=False)
class WatchedReader(Reader):
    """A reader whose meter is told of every reading."""

    meter: Meter

    def chunks(self, start: int = 0, rows: int = 2**16) -> Iterator[Chunk]:
        """Go through the rows in order."""
        self.meter.begin(start)
        row = start
        for chunk in super().chunks(start, rows):
            row = chunk.stop
            self.meter.move(row, self.n_rows)
            yield chunk
        self.meter.end(row)

    def _dropped(self, features: Any, weight: Any) -> Any:
        if self.drop and self.meter.tally is None:
            columns = features if isinstance(features, tuple) else tuple(features.T)
            named = dict(zip(self.names, columns, strict=True))
            self.meter.lose(named if weight is None else named | {str(self.weights): weight})
        return super()._dropped(features, weight)


@dataclass(frozen=True, eq=False)
class Watched(Opened):
    """Opened files with a meter, which are opened once; or files that the workers of a cluster open."""

    meter: Meter = field(default_factory=Meter)
    at_workers: bool = False

    def source(self, names: Sequence[str] | None = None, streams: bool = True) -> Source:
        """The rows as a source."""
        if not self.at_workers:
            return super().source(names, streams)
        from mixtura.sources.partitioned.dask_rows import from_files

        found = from_files(super().reader())
        self.meter.tally = Tally(found.shape[0])
        return found

    def reader(self, names: Sequence[str] | None = None) -> Reader:
        """The one reader of the columns that were asked for."""
        return self._reader

    def refuse_nothing(self) -> TableError:
        """Describe rows of which none counts."""
        tally = self.meter.tally
        if tally is not None and tally.n_used == 0:
            return refuse_all_incomplete(self.reader().title, tally.missing)
        return TableError(f"{self.reader().title}: every weight in {self.weights!r} is 0, so no row counts.")

    @cached_property
    def _reader(self) -> Reader:
        return WatchedReader(**vars(super().reader()), meter=self.meter)


def watched(files: Sequence[str], reading: Reading, features: Sequence[str], weights: str | None) -> Watched:
    """Open files for a command."""
    memory = size_of(reading.memory)
    if reading.dask is not None and reading.drop:
        raise Stop(Code.USAGE, "--dask does not count what --missing drop leaves out. Write complete rows first.")
    at_workers = reading.dask is not None
    return Watched(files, tuple(features), weights, reading.drop, memory, reading.options(), at_workers=at_workers)


@contextmanager
def cluster(reading: Reading) -> Iterator[None]:
    """The cluster that was asked for, for the duration of a `with`."""
    if reading.dask is None:
        yield
        return
    from mixtura.sources.partitioned.clusters import connected

    with connected(reading.dask):
        yield
