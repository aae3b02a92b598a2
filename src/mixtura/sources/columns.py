"""Which columns of a table are fitted: the user's word, or none that only look like measurements."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .faults import TableError, plural, show, show_all
from .tables import Table
from .traits import Kind, Trait, judge


@dataclass(frozen=True)
class Choice:
    """The features, in order, and for every other column why it is not one."""

    features: tuple[str, ...]
    unused: Mapping[str, str]


class NoSuchColumn(TableError):
    """A column that was asked for and is not there."""


class ColumnsRefused(TableError):
    """
    Columns that must not be fitted without the user's word.

    Attributes
    ----------
    refused : tuple of Trait
        These columns, with what they seem to hold.
    features : tuple of str
        The columns that would be left.
    """

    def __init__(self, table: Table, refused: Sequence[Trait], features: Sequence[str]) -> None:
        said = "; ".join(f"{show(trait.name)} ({trait.reason})" for trait in refused[:8])
        rest = f"; and {len(refused) - 8} more" if len(refused) > 8 else ""
        seem = "does not look like a measurement" if len(refused) == 1 else "do not look like measurements"
        super().__init__(f"{table.title}: {plural(len(refused), 'column')} {seem}: {said}{rest}.")
        self.refused = tuple(refused)
        self.features = tuple(features)


def choose_columns(
    table: Table,
    *,
    columns: Sequence[str] = (),
    exclude: Sequence[str] = (),
    aside: Mapping[str, str] | None = None,
    trusted: Sequence[str] = (),
) -> Choice:
    """
    Choose the columns to fit.

    Parameters
    ----------
    table
        D or more columns.
    columns
        Names to fit; naming a numeric column is consent. Empty: all that are left and look like measurements.
    exclude
        Names not to fit.
    aside
        Columns with another purpose (weights, a known class) and that purpose in words.
    trusted
        Columns that are measurements whatever these rows look like.

    Returns
    -------
    Choice
        At least one feature.

    Raises
    ------
    NoSuchColumn
        A name that is not there, with the names that are.
    ColumnsRefused
        A text, a date, a row counter or a column with fewer than three values, and no word about it.
    TableError
        Where a cell of a column of numbers is none, or no column is left.
    """
    aside = dict(aside or {})
    if table.n_rows < 2:
        raise TableError(f"{table.title} holds 1 row. A mixture needs more rows than it has components.")
    require(table, [*columns, *exclude, *aside])
    if columns:
        return Choice(named_columns(columns, exclude, aside), _unused(table, columns, exclude, aside))
    left = [name for name in table.names if name not in exclude and name not in aside]
    traits = [judge(table, name) for name in left]
    refused = [trait for trait in traits if trait.kind is not Kind.MEASUREMENT and trait.name not in trusted]
    features = [trait.name for trait in traits if trait not in refused]
    if refused:
        raise ColumnsRefused(table, refused, features)
    if not features:
        raise TableError(f"{table.title}: no column is left to fit of {show_all(table.names)}.")
    return Choice(tuple(features), _unused(table, features, exclude, aside))


def named_columns(columns: Sequence[str], exclude: Sequence[str], aside: Mapping[str, str]) -> tuple[str, ...]:
    """Give the columns that the user named, each once and for nothing else."""
    for name in columns:
        if columns.count(name) > 1:
            raise NoSuchColumn(f"--columns names {show(name)} twice. Name it once.")
        if name in exclude:
            raise NoSuchColumn(f"{show(name)} is in --columns and in --exclude. Leave it out of one.")
        if name in aside:
            raise NoSuchColumn(f"{show(name)} is in --columns but serves as {aside[name]}. Leave it out of one.")
    return tuple(columns)


def _unused(table: Table, features: Iterable[str], exclude: Sequence[str], aside: Mapping[str, str]) -> dict[str, str]:
    used = set(features)
    why = {name: "excluded" if name in exclude else "not named" for name in table.names if name not in used}
    return why | {name: purpose for name, purpose in aside.items() if name not in used}


class Columns(Protocol):
    """Data with a title and named columns."""

    @property
    def title(self) -> str:
        """The data in a few words."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""


def require(table: Columns, names: Iterable[str]) -> None:
    """Raise for the first name that is no column, with those that are."""
    for name in names:
        if name not in table.names:
            close = difflib.get_close_matches(name, table.names, n=1)
            meant = f" Is {show(close[0])} meant?" if close else ""
            raise NoSuchColumn(f"{table.title} has no column {show(name)}.{meant} It has {show_all(table.names)}.")


def pick_columns(table: Table, names: Sequence[str] | None, count: int, columns: Sequence[str] = ()) -> tuple[str, ...]:
    """
    Find the columns that a fitted model needs.

    Parameters
    ----------
    table
        Columns in any order, and others beside them.
    names
        The model's feature names, or None where it has none; then the count must match.
    count
        D, the number of the model's features.
    columns
        For a model without names: which columns to take, in the model's order.

    Raises
    ------
    TableError
        Naming what the model needs and what the data have.
    """
    if names is None:
        return _pick_by_count(table, count, columns)
    if columns:
        raise NoSuchColumn(f"The model finds its columns by name ({show_all(names)}). Leave --columns out.")
    missing = [name for name in names if name not in table.names]
    if missing:
        raise TableError(
            f"{table.title} lacks {plural(len(missing), 'column')} of the model: {show_all(missing)}. The model needs "
            f"{show_all(names)}; the data have {show_all(table.names)}."
        )
    return tuple(names)


def _pick_by_count(table: Table, count: int, columns: Sequence[str]) -> tuple[str, ...]:
    chosen = tuple(columns) or table.names
    require(table, chosen)
    if len(chosen) != count:
        raise TableError(
            f"The model has {plural(count, 'feature')} without names, but {table.title} gives "
            f"{plural(len(chosen), 'column')}: {show_all(chosen)}. Name the {count} to use with --columns, in the "
            "model's order."
        )
    return chosen
