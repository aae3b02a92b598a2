"""A fit of a posed problem: every start, the best of them, and what its published parameters measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from mixtura import acceleration, assess, em, growing, kernels, notes, start
from mixtura.em import Goal, Run
from mixtura.frame import Frame
from mixtura.mixture import Mixture
from mixtura.outcome import ComponentError, FitFailed, Outcome
from mixtura.parameters import Parameters
from mixtura.problem import Problem
from mixtura.sources.source import Source

# Weights that lack no more than this to 1 lack nothing.
WHOLE = 1e-6


def run_starts(
    problem: Problem, starts: Sequence[start.Start], seed: start.Seed, before: float = -np.inf, watch: Any = None
) -> list[Run]:
    """Every start, from its beginning to its end; those that fail say why.

    With growing batches all starts begin on samples of the rows, and the best of them there goes on; a warm start,
    which goes on from an objective `before`, has nothing to learn from samples.
    """
    samples = None
    if problem.settings.acceleration == "growing" and problem.settings.max_iter > 0 and before == -np.inf:
        samples = growing.Samples.draw(problem)
    runs = None if samples is None else _grown(problem, samples, starts, seed, watch)
    if runs is None:
        runs = [_watched(watch, i, _one, problem, begin, seed, before, watch) for i, begin in enumerate(starts)]
    return runs


def _watched(watch: Any, index: int, action: Callable[..., Run], *arguments: Any) -> Run:
    """A run between words of its beginning and its end."""
    if watch is not None:
        watch.begin(index)
    run = action(*arguments)
    if watch is not None:
        watch.end(run)
    return run


def _one(problem: Problem, begin: start.Start, seed: start.Seed, before: float, watch: Any) -> Run:
    try:
        model = begin(problem.ground(), seed)
        if problem.settings.max_iter == 0:
            model.density()
            return Run(model, outcome=Outcome.GIVEN)
    except ComponentError as error:
        return Run(None, outcome=error.outcome, reason=str(error))
    return _all_rows(problem, model, seed, before, watch)


def _all_rows(problem: Problem, model: Mixture, seed: start.Seed, before: float, watch: Any) -> Run:
    goal = Goal(problem.settings.tol, problem.settings.max_iter, before)
    run = problem.advance(model, seed, goal, acceleration.rule(problem.settings.acceleration), watch)
    run.reason = notes.starved_of(problem, run) or run.reason
    return run


def _grown(
    problem: Problem, samples: growing.Samples, starts: Sequence[start.Start], seed: start.Seed, watch: Any
) -> list[Run] | None:
    """Starts that began on samples: the best goes on, should it fail the next; None when none came through them."""
    found: dict[int, Run] = {}
    for climber in growing.climb(samples, starts, seed):
        done = any(run.outcome.ok for run in found.values())
        found[climber.index] = _watched(watch, climber.index, _risen, problem, samples, climber, done, seed, watch)
    return [found[i] for i in range(len(starts))] if any(run.outcome.ok for run in found.values()) else None


def _risen(
    problem: Problem, samples: growing.Samples, climber: growing.Climber, done: bool, seed: start.Seed, watch: Any
) -> Run:
    """The passes over all rows of a start that comes from samples, unless it failed there or a better one is `done`."""
    last, told = climber.run, climber.told(samples) if climber.passes else ""
    if last.model is None or not last.outcome.ok:
        return Run(None, outcome=last.outcome, reason=f"{last.reason} {told}".strip())
    if done:
        return Run(None, outcome=Outcome.OUTDONE, reason=told)
    run = _all_rows(problem, last.model, seed, -np.inf, watch)
    run.passes += ceil(climber.read(samples))
    run.before = told
    return run


def choose(problem: Problem, runs: list[Run]) -> int:
    """Index of the best start.

    Raises
    ------
    FitFailed
        When every start failed, with each reason once and what looks wrong in the columns.
    """
    best = em.best(runs)
    if best is None:
        raise FitFailed(notes.failures([(r.outcome, r.reason) for r in runs], notes.scales(problem, unit_bound=True)))
    return best


@dataclass(frozen=True)
class Measured:
    """Published parameters, measured as such on the rows they came from."""

    parameters: Parameters
    assessment: assess.Assessment
    quantiles: assess.Quantiles


def measure(source: Source, parameters: Parameters) -> Measured:
    """One more pass (and a sample): sums and the distribution of the log density under the published arrays."""
    density, frame = parameters.density()
    framed, kernel = source.framed(frame), kernels.choose(source.kind, density.n_components, density.order)
    return Measured(parameters, assess.assess(framed, density, kernel), assess.Quantiles.of(framed, density, kernel))


def override(mixture: Mixture, frame: Frame, weights: Any, means: Any, given: Any) -> Mixture:
    """A start with some of its parameters replaced by given ones, in the user's units.

    Under a noise component, what weights lack to 1 is its own; where they lack nothing it keeps the share it has.
    """
    if weights is not None:
        weights = np.asarray(weights, dtype=np.float64)
        rest = 1.0 - float(weights.sum())
        noise = rest if mixture.noise > 0 and rest > WHOLE else mixture.noise
        mixture = replace(mixture, proportions=weights if noise == rest else weights * (1.0 - noise), noise=noise)
    if means is not None:
        mixture = replace(mixture, means=(np.asarray(means, dtype=np.float64) - frame.origin) / frame.unit)
    if given is not None:
        mixture = replace(mixture, covariance=type(given)(frame.variances_in(given.values)))
    return mixture
