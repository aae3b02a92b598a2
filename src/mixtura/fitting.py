"""A fit of a posed problem: every start, the best of them, and what its published parameters measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mixtura import acceleration, assess, em, kernels, notes, start
from mixtura.em import Goal, Run
from mixtura.frame import Frame
from mixtura.mixture import Mixture
from mixtura.outcome import ComponentError, FitFailed, Outcome
from mixtura.parameters import Parameters
from mixtura.problem import Problem
from mixtura.sources.memory import Memory

# Weights that lack no more than this to 1 lack nothing.
WHOLE = 1e-6


def run_starts(
    problem: Problem, starts: Sequence[start.Start], seed: start.Seed, before: float = -np.inf, watch: Any = None
) -> list[Run]:
    """Every start, from its beginning to its end; those that fail say why."""
    runs = []
    for index, begin in enumerate(starts):
        if watch is not None:
            watch.begin(index)
        runs.append(_one(problem, begin, seed, before, watch))
        if watch is not None:
            watch.end(runs[-1])
    return runs


def _one(problem: Problem, begin: start.Start, seed: start.Seed, before: float, watch: Any) -> Run:
    try:
        model = begin(problem.ground(), seed)
        if problem.settings.max_iter == 0:
            model.density()
            return Run(model, outcome=Outcome.GIVEN)
    except ComponentError as error:
        return Run(None, outcome=error.outcome, reason=str(error))
    kernel = kernels.choose(problem.source.kind, problem.settings.n_components, problem.family.order)
    goal = Goal(problem.settings.tol, problem.settings.max_iter, before)
    reseed = partial(start.reseed, problem.source, kernel, seed)
    rule = acceleration.rule(problem.settings.acceleration)
    run = em.run(problem.source, model, kernel, goal, rule, reseed, watch)
    run.reason = notes.starved_of(problem, run) or run.reason
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


def measure(source: Memory, parameters: Parameters) -> Measured:
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
