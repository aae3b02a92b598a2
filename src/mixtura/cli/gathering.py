"""What is to be fitted: the table, its columns and its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixtura.cli import sizing
from mixtura.cli.endings import Code, Rerun, Stop
from mixtura.cli.inputs import Reading, Sources, find_sources, join_names, note, report_missing
from mixtura.cli.outputs import check_output
from mixtura.cli.requests import Choosing, Saying
from mixtura.cli.tally import Tally
from mixtura.cli.words import count, listed
from mixtura.sources.columns import Choice, ColumnsRefused, choose_columns
from mixtura.sources.rows import Rows, read_rows
from mixtura.sources.tables import Table

if TYPE_CHECKING:
    from mixtura.cli.watched import Watched


@dataclass(frozen=True, eq=False)
class Gathered:
    """What is to be fitted, in memory: a table, the columns that are fitted and those that are not, rows as numbers."""

    sources: Sources
    reading: Reading
    choice: Choice
    table: Table
    rows: Rows

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the features; None where the data have none and all are used."""
        return _names(self.choice, self.table)

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

    @property
    def weighted(self) -> bool:
        """Whether rows have weights."""
        return self.rows.weight is not None


@dataclass(frozen=True, eq=False)
class Streamed:
    """The same for rows that are not in memory, with the first of them as a table."""

    sources: Sources
    reading: Reading
    choice: Choice
    table: Table
    opened: Watched

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the features; None where the data have none and all are used."""
        return _names(self.choice, self.table)

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

    @property
    def weighted(self) -> bool:
        """Whether rows have weights."""
        return self.opened.weights is not None


def _names(choice: Choice, table: Table) -> tuple[str, ...] | None:
    whole = len(choice.features) == len(table.names)
    return choice.features if table.named or not whole else None


def gather(data: Sequence[str], reading: Reading, choosing: Choosing, saying: Saying) -> Gathered | Streamed:
    """Check the output, choose the columns and take the rows, or open them where they are too many for memory."""
    try:
        return _gather(data, reading, choosing, saying)
    except ColumnsRefused as error:
        raise Stop(Code.INPUT, str(error), *_offers(error)) from error


def _gather(data: Sequence[str], reading: Reading, choosing: Choosing, saying: Saying) -> Gathered | Streamed:
    sources = find_sources(data)
    check_output(saying.output, saying.force, [*sources.words, *sources.files])
    weights = choosing.weights or sources.weight_column
    if sizing.streams(sources.files, reading):
        return _open(sources, reading, choosing, weights, note(saying.quiet))
    table = sources.read(reading)
    choice = _choose(table, sources, choosing, weights)
    rows = read_rows(table, choice.features, weights, drop=reading.drop)
    found = Gathered(sources, reading, choice, table, rows)
    report_missing(found.tally, note(saying.quiet))
    return found


def _open(
    sources: Sources, reading: Reading, choosing: Choosing, weights: str | None, say: Callable[[str], None]
) -> Streamed:
    from mixtura.cli import judging
    from mixtura.cli.watched import watched

    if choosing.by is not None:
        raise Stop(Code.USAGE, f"--by needs all rows in memory, more than --memory {reading.memory} holds. Raise it.")
    reader = judging.any_column(sources.files, reading.options())
    table = judging.first_rows(reader)
    some = reader.n_rows is None or reader.n_rows > table.n_rows
    seen = f"Judged by the first {count(table.n_rows)} rows." if some else ""
    choice = judging.choose(lambda trusted: _choose(table, sources, choosing, weights, trusted, seen), table, reader)
    if some and not choosing.columns:
        say(f"The first {count(table.n_rows)} rows told which columns are measurements.")
    return Streamed(sources, reading, choice, table, watched(sources.files, reading, choice.features, weights))


def _choose(
    table: Table,
    sources: Sources,
    choosing: Choosing,
    weights: str | None,
    trusted: Sequence[str] = (),
    seen: str = "",
) -> Choice:
    purposes = {sources.class_column: "known class", choosing.by: "crossed with the result", weights: "weights"}
    aside = {name: purpose for name, purpose in purposes.items() if name is not None}
    columns, exclude = choosing.columns, choosing.exclude
    try:
        return choose_columns(table, columns=columns, exclude=exclude, aside=aside, trusted=trusted)
    except ColumnsRefused as error:
        error.args = (f"{error} {seen}".strip(),)
        raise


def _offers(error: ColumnsRefused) -> list[Rerun]:
    """The commands that would run."""
    refused = [trait.name for trait in error.refused]
    numeric = [trait.name for trait in error.refused if trait.numeric]
    offers = []
    if error.features:
        offers.append(Rerun(f"To fit {listed(error.features)}:", ("--exclude", join_names(refused))))
    if numeric:
        everything = join_names([*error.features, *numeric])
        also = " too" if error.features else " all the same"
        offers.append(Rerun(f"To fit {listed(numeric)}{also}:", ("--columns", everything)))
    return offers
