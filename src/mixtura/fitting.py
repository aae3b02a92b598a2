"""A fit from rows in the user's units to published parameters: frame, recipe, starts, the best, what to note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mixtura import acceleration, assess, diagnostics, em, kernels, notes, start
from mixtura.arrays import to_host
from mixtura.covariance import Family, Layout, resolve
from mixtura.em import Goal, Run
from mixtura.frame import Frame, Summary
from mixtura.mixture import Mixture, Recipe
from mixtura.noise import Box, Extent, Noise
from mixtura.outcome import ComponentError, FitFailed, MixtureError, Outcome
from mixtura.parameters import Parameters
from mixtura.prior import NormalInverseWishart
from mixtura.sources.memory import Memory

# A unit no smaller than this part of the ridge's deviation keeps the ridge a number.
TINY = 1e-30
# Weights that lack no more than this to 1 lack nothing.
WHOLE = 1e-6


@dataclass(frozen=True)
class Settings:
    """What a fit is asked for; the names are the estimator's."""

    n_components: int
    covariance_type: str
    tol: float
    reg_covar: float
    max_iter: int
    noise: bool | float
    prior: NormalInverseWishart | None
    equal_weights: bool
    acceleration: str | None
    standardize: bool = False


@dataclass(frozen=True)
class Problem:
    """Rows read through their frame, and the recipe for the model: what all starts share.

    Parameters
    ----------
    source : Memory
        Framed.
    summary : Summary
        Of the rows, in the user's units.
    family : Family
    layout : str
    recipe : Recipe
    noise : Noise or None
    settings : Settings
    """

    source: Memory
    summary: Summary
    family: Family
    layout: Layout
    recipe: Recipe
    noise: Noise | None
    settings: Settings

    @classmethod
    def pose(cls, source: Memory, settings: Settings) -> Problem:
        """Look at the rows once and lay down frame and recipe.

        Raises
        ------
        MixtureError
            Cells that are not finite numbers, too few rows, no spread where the family needs it.
        """
        summary = survey(source)
        family, layout = resolve(settings.covariance_type, source.shape[1])
        frame = summary.frame(family.scales, TINY * settings.reg_covar**0.5)
        framed = source.framed(frame)
        ridge = settings.reg_covar / frame.unit / frame.unit
        noise = background(framed, settings.noise)
        recipe = Recipe(
            family,
            ridge,
            _prior(framed, family, settings),
            settings.equal_weights,
            None if noise is None else noise.log_volume - frame.log_unit,
        )
        return cls(framed, summary, family, layout, recipe, noise, settings)

    @property
    def frame(self) -> Frame:
        """The coordinates of all models of this problem."""
        return self.source.frame

    def ground(self) -> start.Ground:
        """What starts stand on."""
        metric, deviation = None, self.summary.deviation
        if self.settings.standardize:
            metric = np.where(deviation > 0, deviation, self.frame.unit)
        elif 0 < deviation.max() < self.frame.unit.max():  # the ridge's unit would let distances vanish
            metric = np.full(len(deviation), deviation.max())
        return start.Ground(self.source, self.settings.n_components, self.recipe, metric, self.layout)


def survey(source: Memory) -> Summary:
    """Range, mean and spread of the columns of finite rows; an error names the first cell that is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        summary = source.summary()
    wrong = ~(np.isfinite(summary.low) & np.isfinite(summary.high))
    if summary.rows and wrong.any():
        raise MixtureError(_first_wrong(source))
    return summary


def _first_wrong(source: Memory) -> str:
    for block in source.blocks():
        rows = to_host(block.rows)
        wrong = ~np.isfinite(rows)
        if block.weight is not None:
            wrong[block.weight == 0] = False
        if wrong.any():
            row, column = (int(i) for i in np.argwhere(wrong)[0])
            return assess.non_finite(float(rows[row, column]), block.start + row, source.name(column))
    raise AssertionError("a range is not finite, and every cell is")


def background(source: Memory, asked: bool | float) -> Noise | None:
    """The uniform component that was asked for: none, of a given volume, or filling the smaller of two boxes.

    The boxes are the bounding box of the rows and the one along their principal components (mclust's hypervolume).
    """
    if asked is False:
        return None
    if asked is not True:
        return Noise.given(float(asked))
    d = source.shape[1]
    _, turned = np.linalg.eigh(diagnostics.total_covariance(source))
    boxes = []
    for axes in (np.eye(d), turned):
        extent = source.reduce(partial(Extent.of, axes=axes))
        boxes.append(Box(source.frame, axes, extent.low, extent.high))
    return Noise.around(*boxes)


def _prior(source: Memory, family: Family, settings: Settings) -> Any:
    if settings.prior is None:
        return None
    unit = source.frame.unit
    covariance = diagnostics.total_covariance(source) * unit[:, None] * unit
    resolved = settings.prior.resolve(family.order, settings.n_components, source.frame.origin, covariance)
    return resolved.framed(source.frame)


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
    kernel = kernels.choose(problem.source.kind)
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
    framed, kernel = source.framed(frame), kernels.choose(source.kind)
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
