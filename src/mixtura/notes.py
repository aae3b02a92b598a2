"""What to tell the user about data and fit: sentences that name the thing, the number and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from mixtura import diagnostics
from mixtura.arrays import Float
from mixtura.covariance.cholesky import REMEDY
from mixtura.em import Run
from mixtura.frame import Summary
from mixtura.outcome import MixtureError, Outcome
from mixtura.problem import Problem
from mixtura.sources.source import Source

# Below this many times reg_covar the ridge, not the data, decides a column's variance.
RIDGE = 100.0
# Spreads of columns this far apart are most likely units.
APART = 1000.0
# From this mean uncertainty on, one label in five is wrong by the model's own account.
UNSURE = 0.2
# So many things are named one by one; of more, in one sentence.
MANY = 10
FEWER = "Use fewer components, a family with fewer parameters, or a prior."


def failures(ends: Sequence[tuple[Outcome, str]], suspicious: Sequence[str] = ()) -> str:
    """One text for starts that have all failed: each end once, with its reasons, then what looks wrong in the data."""
    told = ["The only start failed." if len(ends) == 1 else f"All {len(ends)} starts failed."]
    for outcome in dict.fromkeys(outcome for outcome, _ in ends):
        reasons = dict.fromkeys(reason.removesuffix(REMEDY).strip() for end, reason in ends if end is outcome)
        told += [outcome.value, *reasons]
    return " ".join(part for part in [*told, *suspicious] if part)


def require_rows(source: Source, summary: Summary, n_components: int) -> None:
    """Raise for fewer (distinct) rows than components."""
    if summary.rows < n_components:
        raise MixtureError(
            f"Expected n_samples >= n_components but got n_components = {n_components}, n_samples = {summary.rows}. "
            f"Use n_components={max(summary.rows, 1)} or fewer."
        )
    distinct = diagnostics.distinct_rows(source, n_components)
    if distinct < n_components:
        found = "is only 1 distinct row" if distinct == 1 else f"are only {distinct} distinct rows"
        raise MixtureError(f"There {found} for {n_components} components. Use n_components={distinct} or fewer.")


def flat_columns(problem: Problem) -> list[str]:
    """A sentence on constant and collinear columns, where the family has a covariance for them.

    Raises
    ------
    MixtureError
        Where neither reg_covar nor a prior holds that covariance up.
    """
    family, constant = problem.family, problem.summary.constant
    d = family.n_features
    if family.order == "trace" and len(constant) < d:
        return []
    crossed = family.order in ("dense", "pooled")
    dependent = diagnostics.dependent_columns(problem.source) if crossed else []
    if not constant and not dependent:
        return []
    told = _flat(problem, constant, dependent)
    if crossed and d > 1:
        told += f" The {d} columns have rank {d - len(constant) - len(dependent)}."
    if not _held_up(problem):
        raise MixtureError(f"{told} {_remedy(problem, bool(constant))}")
    return [told]


def _flat(problem: Problem, constant: list[int], dependent: list[int]) -> str:
    source, rows = problem.source, problem.summary.rows
    told = [f"{_columns(source, constant)} constant: variance 0."] if constant else []
    if dependent and rows <= source.shape[1]:
        told.append(f"There are only {rows} rows for {source.shape[1]} columns.")
    elif dependent:
        told.append(f"{_columns(source, dependent)} a linear combination of the others.")
    return " ".join(told)


def _held_up(problem: Problem) -> bool:
    """Whether a ridge, or a prior that does not itself come from these columns, keeps the covariances positive."""
    prior = problem.settings.prior
    if prior is None or not problem.recipe.exact:
        return not problem.recipe.exact
    return prior.scale is not None or (problem.family.order == "diagonal" and bool(problem.summary.deviation.any()))


def _remedy(problem: Problem, constant: bool) -> str:
    prior = "a prior" if problem.settings.prior is None else "a prior with a scale of its own"
    if len(problem.summary.constant) == problem.family.n_features:
        return f"Use reg_covar > 0 or {prior}."
    families = "'spherical'" if constant else "'diag' or 'spherical'"
    singular = f"for {problem.family.name} is singular here"
    few = not constant and problem.summary.rows <= problem.family.n_features
    fewer = "Use fewer columns," if few else "Drop such columns, or use"
    return f"{fewer} reg_covar > 0, {prior} or covariance_type {families}, {singular}."


def odd_columns(source: Source) -> list[str]:
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
    reg_covar, constant = problem.settings.reg_covar, problem.summary.constant
    told = []
    with np.errstate(over="ignore"):
        swamped = deviation * deviation < RIDGE * reg_covar
    if problem.family.order != "trace":
        swamped[constant] = False  # said already
    if swamped.any():
        told.append(
            f"{_columns(source, np.flatnonzero(swamped))} of variance below {RIDGE:g} times reg_covar={reg_covar:g}, "
            "which then decides it. Scale such columns, or lower reg_covar."
        )
    large = int(np.argmax(deviation))
    narrow = np.flatnonzero((deviation > 0) & (deviation < deviation[large] / APART))
    if unit_bound and len(narrow):
        told.append(
            f"{_columns(source, narrow)} more than a thousandfold narrower than column {source.name(large)} "
            f"(spread {deviation[narrow].min():.3g} against {deviation[large]:.3g}), and this fit depends on units. "
            "Scale the columns."
        )
    return told


def starving(problem: Problem, mass: Float) -> list[int]:
    """Components that hold fewer rows than a covariance of their own needs; none where it is shared."""
    return [] if problem.family.shared else diagnostics.starved(mass, _needed(problem))


def _needed(problem: Problem) -> int:
    """Rows that a covariance needs: D + 1, or two where it is one variance."""
    return 2 if problem.family.order == "trace" else problem.family.n_features + 1


def starved(problem: Problem, mass: Float) -> list[str]:
    """Sentences on components with too few rows for their covariance, unless a prior makes up for them."""
    d, k = problem.family.n_features, len(mass)
    if problem.settings.prior is not None:
        return []
    left = mass.sum() - k
    if problem.family.shared and left < (d if problem.family.order == "pooled" else 1):
        return [
            f"{mass.sum():.3g} rows for {k} components leave {max(left, 0.0):.3g} for the covariance that they share. "
            f"{FEWER}"
        ]
    found = starving(problem, mass)
    if len(found) > MANY:
        which, least, most = ", ".join(map(str, found)), mass[found].min(), mass[found].max()
        return [
            f"Components {which} hold masses of {least:.3g} to {most:.3g} rows for {d} features, too few for "
            f"covariances of their own ({_needed(problem)}). {FEWER}"
        ]
    return [
        f"Component {c} holds a mass of {mass[c]:.3g} rows for {d} features, too few for a covariance of its own "
        f"({_needed(problem)}). {FEWER}"
        for c in found
    ]


def meager(problem: Problem, mass: Float) -> list[str]:
    """A sentence on components that hold fewer rows than they have parameters of their own, but are not starved."""
    d, k = problem.family.n_features, len(mass)
    own = problem.family.free_parameters(k, d) - problem.family.free_parameters(k - 1, d) + d + 1
    found = [c for c in diagnostics.starved(mass, own) if c not in starving(problem, mass)]
    if k == 1 or not found or problem.settings.prior is not None:
        return []
    held = f"holds {mass[found[0]]:.3g}" if len(found) == 1 else f"hold {mass[found].min():.3g} and more"
    return [f"{_components(found)} {held} rows for {own} parameters of {_theirs(found)} own. {FEWER}"]


def ill(conditions: Float) -> list[str]:
    """A sentence on components that are nearly flat."""
    found = np.flatnonzero(conditions > diagnostics.ILL).tolist()
    if not found:
        return []
    are, worst = "is" if len(found) == 1 else "are", conditions[found].max()
    almost = f"in {_theirs(found)} rows a column is almost a linear combination of others"
    return [f"{_components(found)} {are} nearly flat: {almost} (condition number {worst:.2g}). {FEWER}"]


def _components(found: list[int]) -> str:
    return f"Component{'s' * (len(found) > 1)} {', '.join(map(str, found))}"


def _theirs(found: list[int]) -> str:
    return "its" if len(found) == 1 else "their"


def unsure(uncertainty: float) -> list[str]:
    """A sentence where the model itself expects many labels to be wrong."""
    told = f"By the model itself {uncertainty:.0%} of the labels are wrong: use the probabilities, not the labels."
    return [told] if uncertainty > UNSURE else []


def starved_of(problem: Problem, run: Run) -> str:
    """Why a covariance became singular, where its component held too few rows for one."""
    if run.failed is None or run.outcome is not Outcome.SINGULAR or run.model is None:
        return ""
    mass, d = run.model.proportions * problem.summary.weight, problem.family.n_features
    if run.failed not in starving(problem, mass):
        return ""
    held = f"holds a mass of {mass[run.failed]:.3g} rows for {d} features"
    return f"Component {run.failed} {held}, so its covariance is singular."


def history(run: Run) -> list[str]:
    """Sentences on what happened on the way: components seeded again, falls of the objective."""
    told = [run.before] if run.before else []
    told += [f"Component {k} lost all its rows once and was seeded again." for k in run.reseeded]
    if run.falls:
        count = "one pass" if run.falls == 1 else f"{run.falls} passes"
        told.append(
            f"The log-likelihood fell on {count}: under reg_covar > 0 a step need not raise it. "
            "With reg_covar=0 or a prior it does."
        )
    return told


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


def _columns(source: Source, columns: Sequence[int] | NDArray[np.int64]) -> str:
    more = f", ... ({len(columns)} in all)" if len(columns) > MANY else ""
    names = ", ".join(source.name(j) for j in columns[:MANY]) + more
    return f"Column {names} is" if len(columns) == 1 else f"Columns {names} are each"
