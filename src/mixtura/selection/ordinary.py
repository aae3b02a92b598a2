"""Candidates one after the other through the one EM loop, all threads on the rows of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from mixtura import acceleration, assess, criteria, fitting, kernels, notes, start
from mixtura.criteria import Evidence
from mixtura.em import Goal
from mixtura.outcome import Outcome
from mixtura.parameters import Parameters
from mixtura.problem import Problem
from mixtura.selection.attempt import Attempt, Trial
from mixtura.selection.grid import Candidate
from mixtura.selection.plan import Rows

# A candidate first climbs until a pass gains less than this a row; then those go on that can still win.
COARSE = 1e-6
# What is left to climb from there is hardly ever more than so many of such gains.
LEFT = 1000.0
# Of fewer rows than this a gain a row says little: they are taken for so many.
FEWEST = 10_000.0


def climb(rows: Rows, problem: Problem, candidate: Candidate, index: int, begin: start.Start) -> Attempt:
    """One start of a candidate, to the end or, where `tol` asks for more, to a coarse end first."""
    rough = replace(problem, settings=replace(problem.settings, tol=max(problem.settings.tol, COARSE)))
    (run,) = fitting.run_starts(rough, [begin], rows.plan.random(candidate, index))
    return Attempt.of(run, problem, rows.plan.dtype)


def require(problem: Problem) -> None:
    """Raise for rows that are too few or too flat for a candidate."""
    notes.require_rows(problem.source, problem.summary, problem.settings.n_components)
    notes.flat_columns(problem)


def gather(rows: Rows, problem: Problem, kept: Attempt | None) -> Evidence | None:
    """What the criteria of a candidate are made of: one pass under its published parameters."""
    if kept is None or kept.parameters is None:
        return None
    found = assess_rows(rows, kept.parameters)
    settings, d = problem.settings, rows.source.shape[1]
    free = problem.family.free_parameters(settings.n_components, d)
    noisy = rows.look.noise is not None
    return Evidence(
        n_components=settings.n_components,
        n_parameters=criteria.n_parameters(settings.n_components, d, free, noisy, settings.equal_weights),
        n=found.weight,
        log_likelihood=found.log_likelihood,
        log_max=found.log_max,
        entropy=found.entropy,
    )


def assess_rows(rows: Rows, parameters: Parameters) -> assess.Assessment:
    """Sums of what published parameters say of the rows."""
    density, frame = parameters.density()
    kernel = kernels.choose(rows.source.kind, density.n_components, density.order)
    return assess.assess(rows.source.framed(frame), density, kernel)


@dataclass(frozen=True)
class Reach:
    """Which candidates can still win.

    Parameters
    ----------
    criterion : str
    least : float
        The lowest value so far.
    slack : float
        How far a value may fall by what is left to climb.
    """

    criterion: str
    least: float
    slack: float

    @classmethod
    def of(cls, trials: Iterable[Trial], criterion: str, weight: float) -> Reach:
        """Of coarse ends."""
        values = [value(trial, criterion) for trial in trials]
        return cls(criterion, min(values, default=np.inf), 2.0 * LEFT * COARSE * max(weight, FEWEST))

    def __contains__(self, trial: Trial) -> bool:
        return value(trial, self.criterion) <= self.least + self.slack


def value(trial: Trial, criterion: str) -> float:
    """A candidate's criterion, infinite where there is none."""
    found = None if trial.evidence is None else criteria.TABLE[criterion](trial.evidence)
    return np.inf if found is None else found


def finish(rows: Rows, trials: Iterable[Trial], reach: Reach | None) -> Iterator[Trial]:
    """Take candidates from their coarse ends to the end, but for those out of reach."""
    for trial in trials:
        if trial.kept is None:
            yield trial
        elif reach is not None and trial not in reach:
            yield replace(trial, attempts=tuple(_hopeless(one) for one in trial.attempts))
        else:
            yield _finished(rows, trial)


def _hopeless(attempt: Attempt) -> Attempt:
    ended = attempt.outcome is Outcome.CONVERGED
    return replace(attempt, outcome=Outcome.HOPELESS) if ended else attempt


def _finished(rows: Rows, trial: Trial) -> Trial:
    begun = perf_counter()
    problem, least = rows.problem(trial.candidate), max(one.objective for one in trial.attempts) - LEFT * COARSE
    attempts = list(trial.attempts)
    for i, one in enumerate(attempts):
        if one.outcome is Outcome.CONVERGED and one.parameters is not None:
            attempts[i] = go_on(rows, problem, trial.candidate, i, one) if one.objective >= least else _hopeless(one)
    found = replace(trial, attempts=tuple(attempts))
    evidence = gather(rows, problem, found.kept)
    return replace(found, evidence=evidence, seconds=trial.seconds + perf_counter() - begun)


def go_on(rows: Rows, problem: Problem, candidate: Candidate, index: int, done: Attempt) -> Attempt:
    """The same start, from where it stood to its end."""
    assert done.parameters is not None
    settings = problem.settings
    goal = Goal(settings.tol, max(settings.max_iter - done.passes, 1), done.objective + problem.frame.log_unit)
    rule = acceleration.rule(settings.acceleration)
    model = done.parameters.mixture(problem.recipe, problem.frame)
    run = problem.advance(model, rows.plan.random(candidate, index), goal, rule)
    further = Attempt.of(run, problem, rows.plan.dtype)
    if further.parameters is None:
        return replace(further, passes=done.passes + further.passes)
    return replace(
        further,
        passes=done.passes + further.passes,
        falls=done.falls + further.falls,
        path=np.concatenate([done.path, further.path]),
        reseeded=done.reseeded + further.reseeded,
        before=done.before,
    )


def unhurried(rows: Rows) -> bool:
    """Whether the coarse end is the end."""
    return rows.plan.settings.tol >= COARSE
