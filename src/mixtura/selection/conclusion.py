"""From the trials of a search to its table, its winner as a fitted model, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura import fitting, notes
from mixtura.criteria import TABLE
from mixtura.estimators import solve
from mixtura.fit_report import FitReport
from mixtura.outcome import Outcome
from mixtura.selection import verdict, warm
from mixtura.selection.attempt import Trial
from mixtura.selection.ordinary import value
from mixtura.selection.plan import Rows
from mixtura.selection.table import Results, Row

# Of fewer rows than this, and than two more than columns, no component is to be believed.
FEW = 5
# Spreads of columns this far apart are a difference in scale.
APART = 3.0


@dataclass(frozen=True)
class Conclusion:
    """What a search found.

    Parameters
    ----------
    results : Results
    model : GaussianMixture
        The winner, fitted.
    margin : float or None
    score : float
        The winner's criterion.
    verdict : str
    warnings : list of str
    unsettled : str
        The sentence for a winner that did not converge, or an empty one.
    """

    results: Results
    model: Any
    margin: float | None
    score: float
    verdict: str
    warnings: list[str]
    unsettled: str


def winner(trials: Sequence[Trial], criterion: str) -> int | None:
    """Index of the candidate with the lowest criterion among those followed to their ends; None where all failed.

    Of equals the one with fewer parameters wins, then the first.
    """

    def rank(i: int) -> tuple[int, int]:
        evidence = trials[i].evidence
        return 0 if evidence is None else evidence.n_parameters, i

    alive = [i for i, one in enumerate(trials) if one.kept is not None and one.kept.outcome is not Outcome.HOPELESS]
    least = min((value(trials[i], criterion) for i in alive), default=np.inf)
    near = least + verdict.EQUAL * (1.0 + abs(least))
    alive = [i for i in alive if least < np.inf and value(trials[i], criterion) <= near]
    return min(alive, key=rank, default=None)


def failure(trials: Sequence[Trial]) -> str:
    """One text for a search in which no candidate could be fitted, or compared."""
    ends = [(one.outcome, one.reason) for trial in trials for one in trial.attempts if one.model is None]
    reasons = dict.fromkeys(trial.reason for trial in trials if trial.reason)
    told = [*list(reasons)[:3], *([notes.failures(ends)] if ends else [])]
    none = f"None of the {len(trials)} candidates could be fitted and compared."
    return " ".join(told if told and len(trials) == 1 else [none, *told])


def conclude(rows: Rows, trials: Sequence[Trial], best: int, criterion: str, model: Any, seconds: float) -> Conclusion:
    """The table, the winner as a fitted `model`, and the verdict."""
    trial = trials[best]
    kept = trial.kept
    assert kept is not None and kept.parameters is not None and trial.best is not None
    problem = rows.problem(trial.candidate)
    measured = fitting.measure(rows.source, kept.parameters)
    runs = [one.run(problem) for one in trial.attempts]
    solution = solve.noted(problem, runs, trial.best, measured, notes.flat_columns(problem), False)
    solve.adopt(model, solution, seconds)
    fitted = model.sort_components(by="weight")
    results = table(rows, _measured(trials, best, measured), best, criterion)
    suspicious = _suspicious(fitted.fit_report_, rows.source.shape[1])
    facts = verdict.Facts(
        results,
        measured.assessment.weight,
        problem.family.scales,
        _apart(problem.summary.deviation),
        suspicious,
        _safer(trials, results, rows.source.shape[1]) if suspicious else None,
    )
    told = verdict.paragraphs(verdict.sentences(facts))
    score = float(getattr(results[best], criterion))
    loud = list(fitted.fit_report_.warnings[: len(solution.warnings)])  # numbered as the components now are
    return Conclusion(results, fitted, verdict.margin(results), score, told, loud, solution.unsettled)


def _suspicious(report: FitReport, n_features: int) -> tuple[int, ...]:
    """Components that hold few rows, or a tiny volume."""
    least = max(n_features + 2, FEW) if report.n_components > 1 else 0
    few = {k for k, mass in enumerate(report.mass) if mass < least}
    return tuple(sorted(few | set(report.spurious)))


def _safer(trials: Sequence[Trial], results: Results, n_features: int) -> Row | None:
    """The best candidate in which every component holds rows enough and none has a tiny volume."""
    values = zip(trials, results.rows, results.values, strict=True)
    ended = [(value, row, trial) for trial, row, value in values if value is not None and row.converged]
    sound = [(value, row) for value, row, trial in ended if warm.sound(trial, n_features, max(n_features + 2, FEW))]
    return min(sound, key=lambda pair: pair[0], default=(None, None))[1]


def _apart(deviation: Any) -> bool:
    spread = deviation[deviation > 0]
    return len(spread) > 1 and bool(spread.max() > APART * spread.min())


def _measured(trials: Sequence[Trial], best: int, measured: fitting.Measured) -> list[Trial]:
    """The trials, the winner's figures being those of its published model to the bit."""
    evidence, found = trials[best].evidence, measured.assessment
    assert evidence is not None
    exact = replace(evidence, log_likelihood=found.log_likelihood, log_max=found.log_max, entropy=found.entropy)
    return [replace(one, evidence=exact) if i == best else one for i, one in enumerate(trials)]


def table(rows: Rows, trials: Sequence[Trial], best: int, criterion: str) -> Results:
    """The table of the trials."""
    d = rows.source.shape[1]
    codes = tuple(trial.candidate.family(d).name for trial in trials)
    return Results(tuple(_row(trial) for trial in trials), criterion, best, codes)


def _row(trial: Trial) -> Row:
    evidence, kept = trial.evidence, trial.kept
    values = {name: None if evidence is None else rule(evidence) for name, rule in TABLE.items()}
    outcome = trial.reason or (_ended(trial) if kept is None else kept.outcome.value)
    return Row(
        family=trial.candidate.covariance_type,
        n_components=trial.candidate.n_components,
        log_likelihood=None if evidence is None else evidence.log_likelihood,
        n_parameters=None if evidence is None else evidence.n_parameters,
        **{name: found if found is not None and np.isfinite(found) else None for name, found in values.items()},
        passes=0 if kept is None else kept.passes,
        seconds=trial.seconds,
        converged=kept is not None and kept.outcome is Outcome.CONVERGED,
        outcome=outcome,
    )


def _ended(trial: Trial) -> str:
    """Why all starts of a candidate failed, each reason once."""
    return " ".join(dict.fromkeys(one.reason or one.outcome.value for one in trial.attempts))
