"""Rows for a model that is already fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mixtura.cli.inputs import Reading, Sources, find_sources, load_model, model_names, note, report_missing
from mixtura.cli.outputs import check_output
from mixtura.cli.requests import Choosing, Saying
from mixtura.sources.columns import pick_columns, require
from mixtura.sources.rows import Rows, read_rows
from mixtura.sources.tables import Table


@dataclass(frozen=True, eq=False)
class Picked:
    """A model, the table, the columns that the model takes from it, and those as rows of numbers."""

    model: Any
    table: Table
    features: tuple[str, ...]
    rows: Rows
    weights: str | None
    sources: Sources

    @property
    def unused(self) -> dict[str, str]:
        """The columns that the model does not take, and why."""
        rest = [name for name in self.table.names if name not in self.features]
        return {name: "weights" if name == self.weights else "not in the model" for name in rest}


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
    table = sources.read(reading)
    weights = (choosing.weights or sources.weight_column) if weighted else None
    features = pick_columns(table, model_names(model), int(model.n_features_in_), choosing.columns)
    require(table, [weights] if weights is not None else [])
    rows = read_rows(table, features, weights, drop=reading.drop)
    report_missing(table, rows, note(saying.quiet))
    return Picked(model, table, features, rows, weights, sources)
