"""Rows for a model that is already fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.cli import screen, sizing
from mixtura.cli.inputs import Reading, Sources, find_sources, load_model, model_names, note, report_missing
from mixtura.cli.outputs import check_output
from mixtura.cli.requests import Choosing, Saying
from mixtura.cli.tally import Tally
from mixtura.cli.words import NAMED, count, shorten
from mixtura.outcome import MixtureError
from mixtura.sources.columns import pick_columns, require
from mixtura.sources.rows import Rows, read_rows
from mixtura.sources.tables import Part, Table

if TYPE_CHECKING:
    from mixtura.cli.watched import Watched


@dataclass(frozen=True, eq=False)
class Some:
    """Consecutive rows: as they stand, which of them are complete, and these as numbers."""

    table: Table
    kept: NDArray[np.bool_]
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Picked:
    """A model, the table, the columns that the model takes from it, and those as rows of numbers."""

    model: Any
    table: Table
    features: tuple[str, ...]
    weights: str | None
    sources: Sources
    rows: Rows

    @property
    def unused(self) -> dict[str, str]:
        """The columns that the model does not take, and why."""
        rest = [name for name in self.table.names if name not in self.features]
        return {name: "weights" if name == self.weights else "not in the model" for name in rest}

    @property
    def data(self) -> Any:
        """The rows, as models take them."""
        return self.rows.values

    @property
    def weight(self) -> Any:
        """Weights beside them."""
        return self.rows.weight

    @property
    def tally(self) -> Tally:
        """Rows that were read and lost."""
        return Tally(self.table.n_rows, self.rows.n_lost, self.rows.missing)

    def shown(self, quiet: bool) -> AbstractContextManager[None]:
        """Show how far a reading is: nothing for rows in memory, which have been read."""
        return nullcontext()

    def report(self, quiet: bool) -> None:
        """Say what was lost: nothing for rows in memory, where it has been said."""

    def parts(self) -> Iterator[Some]:
        """The rows, some at a time."""
        from mixtura.sources.tables_in_parts import rows_a_part

        done, size, n = 0, rows_a_part(len(self.table.names)), self.table.n_rows
        columns = [self.table.text(name) for name in self.table.names]
        for start in range(0, n, size):
            stop = min(start + size, n)
            kept = np.ones(stop - start, bool) if self.rows.kept is None else self.rows.kept[start:stop]
            n_kept = int(kept.sum())
            some = Part(self.table.title, self.table.names, True, tuple(c.slice(start, size) for c in columns))
            yield Some(Table((some,), self.table.options), kept, self.rows.values[done : done + n_kept])
            done += n_kept

    def some_rows(self, size: int) -> tuple[Rows, str]:
        """Rows for a picture, and whether they are not all."""
        return self.rows, ""


@dataclass(frozen=True, eq=False)
class Streamed(Picked):
    """The same for rows that are not in memory; the table holds the first of them."""

    opened: Watched = field(kw_only=True)
    rows: Rows = field(init=False)

    @property
    def data(self) -> Any:
        """The rows, as models take them."""
        return self.opened

    @property
    def weight(self) -> Any:
        """Weights beside them: they are in the files."""
        return None

    @property
    def tally(self) -> Tally:
        """Rows that were read and lost, known once they have been read."""
        tally = self.opened.meter.tally
        assert tally is not None
        return tally

    @contextmanager
    def shown(self, quiet: bool) -> Iterator[None]:
        """Show how far a reading is."""
        with screen.bar(shorten(self.table.title, NAMED), quiet=quiet) as bar:
            self.opened.meter.bar = bar
            try:
                yield
            except MixtureError as error:
                if str(error).startswith("Input X contains"):  # the files have more to say of that
                    raise self.opened.reader().refuse() from error
                raise
            finally:
                self.opened.meter.bar = None

    def report(self, quiet: bool) -> None:
        """Say what was lost."""
        report_missing(self.tally, note(quiet))

    def parts(self) -> Iterator[Some]:
        """The rows, some at a time, the next being read in the background."""
        from mixtura.sources.ahead import ahead

        yield from ahead(self._parts(), depth=1)

    def _parts(self) -> Iterator[Some]:
        from mixtura.sources.rows import refuse_all_incomplete
        from mixtura.sources.tables_in_parts import numbers_of, tables

        reader, total = self.opened.reader(), Tally(0)
        self.opened.meter.begin(0)
        for table in tables(reader):
            found = numbers_of(table, self.features, reader)
            missing = {name: int(n) for name, n in zip(self.features, found.missing, strict=True) if n}
            total = total + Tally(table.n_rows, int((~found.kept).sum()), missing)
            self.opened.meter.move(total.n_rows, reader.n_rows)
            yield Some(table, found.kept, found.values)
        if total.n_used == 0:
            raise refuse_all_incomplete(reader.title, total.missing)
        self.opened.meter.tally = total

    def some_rows(self, size: int) -> tuple[Rows, str]:
        """A random sample of rows for a picture, and that it is one."""
        some = self.opened.source().surveyed(size).sample(size).rising()
        rows = Rows(np.asarray(some.rows, dtype=np.float64), some.weight)
        n, of = len(rows.values), self.tally.n_used
        return rows, "" if n == of else f"Drawn is a random sample of {count(n)} of {count(of)} rows."


def pick(
    path: str,
    data: Sequence[str],
    reading: Reading,
    choosing: Choosing,
    saying: Saying,
    suffixes: Sequence[str] = (),
    *,
    weighted: bool = True,
) -> Picked:
    """Check the output, read the model and the data, and find the model's columns."""
    sources = find_sources(data)
    check_output(saying.output, saying.force, [path, *sources.words, *sources.files], suffixes)
    model = load_model(path)
    weights = (choosing.weights or sources.weight_column) if weighted else None
    streams = sizing.streams(sources.files, reading)
    table = _first(sources, reading) if streams else sources.read(reading)
    features = pick_columns(table, model_names(model), int(model.n_features_in_), choosing.columns)
    require(table, [weights] if weights is not None else [])
    if streams:
        from mixtura.cli.watched import watched

        opened = watched(sources.files, reading, features, weights)
        return Streamed(model, table, features, weights, sources, opened=opened)
    rows = read_rows(table, features, weights, drop=reading.drop)
    picked = Picked(model, table, features, weights, sources, rows)
    report_missing(picked.tally, note(saying.quiet))
    return picked


def _first(sources: Sources, reading: Reading) -> Table:
    """The first rows of files, with all columns."""
    from mixtura.cli import judging
    from mixtura.sources.tables_in_parts import head

    return head(judging.any_column(sources.files, reading.options()), judging.ENOUGH)
