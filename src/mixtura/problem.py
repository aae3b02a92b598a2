"""The problem that a fit solves: rows read through their frame, and the recipe for the model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mixtura import diagnostics, em, kernels, start
from mixtura.covariance import Family, Layout, resolve
from mixtura.em import Goal, Rule, Run
from mixtura.frame import Frame, Summary
from mixtura.mixture import Mixture, Recipe
from mixtura.noise import Box, Extent, Noise
from mixtura.outcome import MixtureError
from mixtura.prior import NormalInverseWishart
from mixtura.sources.source import Source

# A unit no smaller than this part of the ridge's deviation keeps the ridge a number.
TINY = 1e-30
# Deviations of columns no farther apart than this can be told in one unit without a loss of digits.
COMMENSURABLE = 1e6


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
class Look:
    """What problems on the same rows share: the summary of the columns, and one uniform component for all of them."""

    summary: Summary
    noise: Noise | None

    @classmethod
    def at(cls, source: Source, noise: bool | float) -> Look:
        """Look at rows in the user's units; the box of the noise is that of columns in one unit, where that is one."""
        summary = survey(source)
        spread = summary.deviation[summary.deviation > 0]
        apart = len(spread) > 0 and spread.max() > COMMENSURABLE * spread.min()
        return cls(summary, background(source.framed(summary.frame(apart)), noise))


@dataclass(frozen=True)
class Problem:
    """Rows read through their frame, and the recipe for the model: what all starts share.

    Parameters
    ----------
    source : Source
        Framed.
    summary : Summary
        Of the rows, in the user's units.
    family : Family
    layout : str
    recipe : Recipe
    noise : Noise or None
    settings : Settings
    """

    source: Source
    summary: Summary
    family: Family
    layout: Layout
    recipe: Recipe
    noise: Noise | None
    settings: Settings

    @classmethod
    def pose(cls, source: Source, settings: Settings, look: Look | None = None) -> Problem:
        """Look at the rows once, unless that was done before, and lay down frame and recipe.

        Raises
        ------
        MixtureError
            Cells that are not finite numbers, too few rows, no spread where the family needs it.
        """
        summary = survey(source) if look is None else look.summary
        family, layout = resolve(settings.covariance_type, source.shape[1])
        frame = summary.frame(family.scales, TINY * settings.reg_covar**0.5)
        framed = source.framed(frame)
        ridge = settings.reg_covar / frame.unit / frame.unit
        noise = background(framed, settings.noise) if look is None else look.noise
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

    def advance(self, model: Mixture, seed: start.Seed, goal: Goal, rule: Rule, watch: Any = None) -> Run:
        """EM on these rows from a model to its end."""
        kernel = kernels.choose(self.source.kind, self.settings.n_components, self.family.order)
        return em.run(self.source, model, kernel, goal, rule, partial(start.reseed, self.source, kernel, seed), watch)


def survey(source: Source) -> Summary:
    """Range, mean and spread of the columns of finite rows; an error names the first cell that is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        summary = source.summary()
    wrong = ~(np.isfinite(summary.low) & np.isfinite(summary.high))
    if summary.rows and wrong.any():
        raise source.refuse()
    return summary


def background(source: Source, asked: bool | float) -> Noise | None:
    """The uniform component that was asked for: none, of a given volume, or filling the smaller of two boxes.

    The boxes are the bounding box of the rows and the one along their principal components (mclust's hypervolume).
    """
    if asked is False:
        return None
    if asked is not True:
        return Noise.given(float(asked))
    d = source.shape[1]
    if diagnostics.dependent_columns(source):
        raise MixtureError("noise: the rows fill no volume, for columns are collinear. Drop such columns.")
    _, turned = np.linalg.eigh(diagnostics.total_covariance(source))
    boxes = []
    for axes in (np.eye(d), turned):
        extent = source.reduce(partial(Extent.of, axes=axes))
        boxes.append(Box(source.frame, axes, extent.low, extent.high))
    return Noise.around(*boxes)


def _prior(source: Source, family: Family, settings: Settings) -> Any:
    if settings.prior is None:
        return None
    unit = source.frame.unit
    covariance = diagnostics.total_covariance(source) * unit[:, None] * unit
    resolved = settings.prior.resolve(family.order, settings.n_components, source.frame.origin, covariance)
    return resolved.framed(source.frame)
