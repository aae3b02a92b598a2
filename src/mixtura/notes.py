"""What to tell the user about data and fit: sentences that name the thing, the number and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mixtura import diagnostics
from mixtura.frame import Summary
from mixtura.outcome import MixtureError, Outcome
from mixtura.sources.memory import Memory

if TYPE_CHECKING:
    from mixtura.fitting import Problem

# Below this many times reg_covar the ridge, not the data, decides a column's variance.
RIDGE = 100.0
# Spreads of columns this far apart are most likely units.
APART = 1000.0


def failures(ends: Iterable[tuple[Outcome, str]]) -> str:
    """One text for starts that have all failed: each reason once."""
    reasons = list(dict.fromkeys(f"{outcome.value} {reason}".strip() for outcome, reason in ends))
    count = "The only start failed" if len(reasons) == 1 else "Every start failed"
    return f"{count}. " + " ".join(reasons)


def require_rows(source: Memory, summary: Summary, n_components: int) -> None:
    """Raise for fewer (distinct) rows than components."""
    if summary.rows < n_components:
        raise MixtureError(
            f"Expected n_samples >= n_components but got n_components = {n_components}, n_samples = {summary.rows}"
        )
    distinct = diagnostics.distinct_rows(source, n_components)
    if distinct < n_components:
        raise MixtureError(
            f"There are only {distinct} distinct rows for {n_components} components. "
            f"Use n_components={distinct} or fewer."
        )


def flat_columns(problem: Problem) -> list[str]:
    """Sentences on constant and collinear columns.

    Raises
    ------
    MixtureError
        Where the family has a variance for them and neither reg_covar nor a prior holds it up.
    """
    family, source = problem.family, problem.source
    if family.order == "trace":
        return []
    told = []
    constant = problem.summary.constant
    if constant:
        told.append(f"{_columns(source, constant)} constant: its variance is 0.")
    if family.order in ("dense", "pooled"):
        told += _collinear(source, constant)
    if told and not problem.recipe.supported:
        remedy = f"Drop it, or use reg_covar > 0, a prior or a family without it ({family.name} is singular here)."
        raise MixtureError(" ".join([*told, remedy]))
    return told


def _collinear(source: Memory, constant: list[int]) -> list[str]:
    n, d = source.shape
    dependent = diagnostics.dependent_columns(source)
    if not dependent:
        return []
    rank = d - len(constant) - len(dependent)
    if n <= d:
        return [f"There are {n} rows for {d} columns, so they span only {rank} dimensions."]
    return [f"{_columns(source, dependent)} a linear combination of the others: the {d} columns have rank {rank}."]


def odd_columns(source: Memory) -> list[str]:
    """Sentences on columns that look like row counters or codes."""
    counters, few = diagnostics.odd_columns(source)
    told = []
    if counters:
        told.append(f"{_columns(source, counters)} evenly rising like a row counter, not a measurement.")
    if few:
        told.append(f"{_columns(source, few)} limited to fewer than three distinct values, like a code.")
    return told


def scales(problem: Problem, unit_bound: bool) -> list[str]:
    """Sentences on units: columns that reg_covar swamps, and spreads a thousandfold apart where that matters."""
    deviation, source = problem.summary.deviation, problem.source
    reg_covar = problem.settings.reg_covar
    told = []
    with np.errstate(over="ignore"):
        swamped = [int(j) for j in np.flatnonzero(deviation * deviation < RIDGE * reg_covar)]
    if swamped:
        told.append(
            f"{_columns(source, swamped)} of variance below {RIDGE:g} times reg_covar={reg_covar:g}, "
            "which then decides it. Scale the column, or lower reg_covar."
        )
    there = deviation > 0
    if unit_bound and there.any() and deviation[there].max() > APART * deviation[there].min():
        small, large = (int(i) for i in (np.argmin(np.where(there, deviation, np.inf)), np.argmax(deviation)))
        told.append(
            f"Spreads of columns differ more than a thousandfold (column {source.name(small)}: {deviation[small]:.3g}, "
            f"column {source.name(large)}: {deviation[large]:.3g}), and this fit depends on units. Scale the columns."
        )
    return told


def starved(mass: Sequence[float], n_features: int) -> list[str]:
    """Sentences on components with fewer rows than a covariance of their own needs."""
    return [
        f"Component {k} holds a mass of {mass[k]:.3g} rows for {n_features} features: its covariance rests on too few. "
        "Use fewer components, a family with fewer parameters, or a prior."
        for k in diagnostics.starved(np.asarray(mass), n_features)
    ]


def narrow(components: Iterable[int]) -> list[str]:
    """Sentences on components of tiny volume."""
    return [
        f"Component {k} is more than {diagnostics.NARROW:g} times narrower than the others: "
        "perhaps repeated rows or rounding, not a group."
        for k in components
    ]


def weights(total: float, rows: int) -> list[str]:
    """A sentence where weights do not sum to the number of rows: they are counts."""
    if abs(total - rows) <= 1e-9 * rows:
        return []
    return [f"Row weights sum to {total:g} for {rows} rows; BIC counts {total:g} rows."]


def _columns(source: Memory, columns: list[int]) -> str:
    names = ", ".join(source.name(j) for j in columns[:10]) + (" ..." if len(columns) > 10 else "")
    return f"Column {names} is" if len(columns) == 1 else f"Columns {names} are each"
