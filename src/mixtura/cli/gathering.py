"""What is to be fitted: the table, its columns and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixtura.cli.endings import Code, Rerun, Stop
from mixtura.cli.inputs import Reading, Sources, find_sources, join_names, note, report_missing
from mixtura.cli.outputs import check_output
from mixtura.cli.requests import Choosing, Saying
from mixtura.cli.words import listed
from mixtura.sources.columns import Choice, ColumnsRefused, choose_columns
from mixtura.sources.rows import Rows, read_rows
from mixtura.sources.tables import Table


@dataclass(frozen=True, eq=False)
class Gathered:
    """A table, the columns that are fitted and those that are not, and the rows as numbers."""

    sources: Sources
    table: Table
    choice: Choice
    rows: Rows
    reading: Reading

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the features; None where the data have none and all are used."""
        whole = len(self.choice.features) == len(self.table.names)
        return self.choice.features if self.table.named or not whole else None


def gather(data: Sequence[str], reading: Reading, choosing: Choosing, saying: Saying) -> Gathered:
    """Check the output, read the data, choose the columns and take the rows."""
    sources = find_sources(data)
    check_output(saying.output, saying.force, [*sources.words, *sources.files])
    table = sources.read(reading)
    weights = choosing.weights or sources.weight_column
    choice = _choose(table, sources, choosing, weights)
    rows = read_rows(table, choice.features, weights, drop=reading.drop)
    report_missing(table, rows, note(saying.quiet))
    return Gathered(sources, table, choice, rows, reading)


def _choose(table: Table, sources: Sources, choosing: Choosing, weights: str | None) -> Choice:
    purposes = {sources.class_column: "known class", choosing.by: "crossed with the result", weights: "weights"}
    aside = {name: purpose for name, purpose in purposes.items() if name is not None}
    try:
        return choose_columns(table, columns=choosing.columns, exclude=choosing.exclude, aside=aside)
    except ColumnsRefused as error:
        raise Stop(Code.INPUT, str(error), *_offers(error)) from error


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
