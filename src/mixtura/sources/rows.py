"""From the columns of a table to rows of numbers, with what is missing counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .faults import TableError, plural, show
from .tables import Table


@dataclass(frozen=True, eq=False)
class Rows:
    """
    Complete rows of numbers.

    Attributes
    ----------
    values : (N, D) float64
        The features of the rows that are complete.
    weight : (N,) float64 or None
        Their weights.
    kept : (M,) bool or None
        Which of the table's M rows these are; None is all.
    missing : mapping
        Empty cells by column, where there are any.
    """

    values: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None
    kept: NDArray[np.bool_] | None = None
    missing: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_lost(self) -> int:
        """How many rows were left out."""
        return 0 if self.kept is None else int((~self.kept).sum())


def read_rows(table: Table, features: Sequence[str], weights: str | None = None, *, drop: bool = False) -> Rows:
    """
    Read features, and weights, as numbers.

    Parameters
    ----------
    table
        M rows.
    features
        D columns, in this order.
    weights
        A column of weights, at least 0.
    drop
        Whether rows with an empty cell are left out; else they are an error.

    Returns
    -------
    Rows
        N <= M complete rows.

    Raises
    ------
    TableError
        With the line and the column: a cell that is no number, an infinity, an empty cell, a negative weight.
    """
    columns = [*features, *([weights] if weights is not None else [])]
    values = np.empty((table.n_rows, len(columns)))
    empty = np.zeros(table.n_rows, dtype=bool)
    missing: dict[str, int] = {}
    for at, name in enumerate(columns):
        cells = table.cells(name)
        if cells.bad is not None:
            raise table.refuse_cell(int(np.argmax(cells.bad)), name)
        _refuse_infinity(table, name, cells.values)
        values[:, at] = cells.values
        if cells.n_missing:
            missing[name] = cells.n_missing
            empty |= cells.missing
    if missing and not drop:
        raise _refuse_missing(table, missing, empty)
    if weights is not None:
        _check_weights(table, weights, values[:, -1])
    return _rows(table, values, len(features), empty if missing else None, missing)


def _rows(
    table: Table, values: NDArray[np.float64], d: int, empty: NDArray[np.bool_] | None, missing: dict[str, int]
) -> Rows:
    if empty is not None:
        values = values[~empty]
    if len(values) == 0:
        raise refuse_all_incomplete(table.title, missing)
    weight = np.ascontiguousarray(values[:, d]) if values.shape[1] > d else None
    return Rows(values[:, :d], weight, None if empty is None else ~empty, missing)


def _refuse_infinity(table: Table, name: str, values: NDArray[np.float64]) -> None:
    infinite = np.isinf(values)
    if infinite.any():
        row = int(np.argmax(infinite))
        raise refuse_infinity(table.place(row), name, table.cell(row, name), int(infinite.sum()))


def refuse_infinity(place: str, name: str, cell: str, count: int) -> TableError:
    """Describe the first infinite cell of a column that has `count` of them."""
    return TableError(
        f"{place}, column {show(name)}: {show(cell)} is infinite "
        f"({plural(count, 'infinite value')} in this column). Mend or remove such rows; a mixture needs finite numbers."
    )


def _refuse_missing(table: Table, missing: Mapping[str, int], empty: NDArray[np.bool_]) -> TableError:
    place = table.place(int(np.argmax(empty))).rpartition(", ")[2]
    return refuse_missing(table.title, missing, int(empty.sum()), table.n_rows, place)


def refuse_missing(title: str, missing: Mapping[str, int], n_incomplete: int, n_rows: int, place: str) -> TableError:
    """Describe empty cells by column, in how many rows they are, and where the first of these rows is."""
    cells = plural(sum(missing.values()), "empty cell")
    return TableError(
        f"{title}: {cells} in {n_incomplete} of {plural(n_rows, 'row')} ({_counted(missing)}; the "
        f"first in {place}). Add --missing drop (in Python: missing='drop') to leave these rows out, or --exclude such "
        "columns."
    )


def refuse_all_incomplete(title: str, missing: Mapping[str, int]) -> TableError:
    """Describe data of which no row is complete."""
    return TableError(f"{title}: every row has an empty cell ({_counted(missing)}), so none is left.")


def _counted(missing: Mapping[str, int]) -> str:
    shown = list(missing.items())[:12]
    rest = f", and {len(missing) - 12} more columns" if len(missing) > 12 else ""
    return ", ".join(f"{show(name)} {count}" for name, count in shown) + rest


def _check_weights(table: Table, name: str, weight: NDArray[np.float64]) -> None:
    negative = weight < 0
    if negative.any():
        row = int(np.argmax(negative))
        said = f"the weight {weight[row]:g} is negative. Weights count rows."
        raise TableError(f"{table.place(row)}, column {show(name)}: {said}")
    if not (weight > 0).any():
        raise TableError(f"{table.title}: every weight in {show(name)} is 0, so no row counts.")
