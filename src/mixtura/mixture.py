"""The Gaussian mixture as a Model: a density out, moments in, by maximum likelihood or with a conjugate prior."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mixtura.arrays import Float
from mixtura.density import Density, gaussian_offset
from mixtura.moments import Moments, Order

if TYPE_CHECKING:
    from mixtura.covariance import Family
    from mixtura.covariance.value import Covariance
    from mixtura.prior import Prior


@dataclass(frozen=True)
class Recipe:
    """How moments become a mixture: everything about a model but its parameters, in frame coordinates.

    Parameters
    ----------
    family : Family
        The covariance family.
    ridge : array of shape (D,)
        Added to every variance after the M-step (scikit-learn's reg_covar). The scatter is given ``mass * ridge``
        before the family's estimate: the same for scikit-learn's families, and the others stay within their family.
    prior : Prior or None
    equal_weights : bool
        Whether all components have the same proportion.
    log_volume : float or None
        Log volume of the uniform noise component, or None when there is none.
    """

    family: Family
    ridge: Float
    prior: Prior | None = None
    equal_weights: bool = False
    log_volume: float | None = None

    @property
    def exact(self) -> bool:
        """Whether an M-step maximizes a fixed objective, so that a fall of it is a defect."""
        return not np.any(self.ridge > 0)

    @property
    def supported(self) -> bool:
        """Whether covariances stay positive whatever the rows: with a ridge or a prior."""
        return self.prior is not None or not self.exact

    def estimate(self, moments: Moments, previous: Covariance | None = None) -> Mixture:
        """The M-step: the mixture that maximizes the expected complete log-likelihood plus the log prior."""
        mass, means, scatter = self._absorbed(moments)
        covariance = self.family.estimate(mass, scatter + self._ridge(moments), previous)
        noise = moments.noise / moments.weight if self.log_volume is not None else 0.0
        proportions = moments.mass / moments.weight
        if self.equal_weights:
            proportions = np.full(len(mass), (1.0 - noise) / len(mass))
        return Mixture(self, proportions, means, covariance, noise)

    def _absorbed(self, moments: Moments) -> tuple[Float, Float, Float]:
        if self.prior is None:
            return moments.mass, moments.mean(), moments.scatter()
        return self.prior.absorb(moments, self.family.shared)

    def _ridge(self, moments: Moments) -> Float:
        if moments.order == "trace":
            return np.asarray(moments.mass * self.ridge.sum())
        if moments.order == "diagonal":
            return np.asarray(moments.mass[:, None] * self.ridge)
        if moments.order == "pooled":
            return np.diag(moments.mass.sum() * self.ridge)
        return np.asarray(moments.mass[:, None, None] * np.diag(self.ridge))


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture in frame coordinates.

    Parameters
    ----------
    recipe : Recipe
    proportions : array of shape (K,)
        Positive; with the noise proportion they sum to 1.
    means : array of shape (K, D)
    covariance : Covariance
    noise : float
        Proportion of the uniform component, 0 when there is none.
    """

    recipe: Recipe
    proportions: Float
    means: Float
    covariance: Covariance
    noise: float = 0.0

    @property
    def order(self) -> Order:
        """The order of moments that `update` asks for."""
        return self.recipe.family.order

    def density(self) -> Density:
        """What a kernel needs of this mixture."""
        whitening = self.covariance.whitening()
        offset = gaussian_offset(self.proportions, whitening, self.means.shape[1])
        return Density(self.means, whitening, offset, self._floor())

    def _floor(self) -> float | None:
        if self.recipe.log_volume is None:
            return None
        with np.errstate(divide="ignore"):
            return float(np.log(self.noise)) - self.recipe.log_volume

    def penalty(self) -> float:
        """Log density of the prior at these parameters, 0 without a prior."""
        prior = self.recipe.prior
        return 0.0 if prior is None else prior.log_density(self.means, self.covariance, self.recipe.family.shared)

    def update(self, moments: Moments) -> Mixture:
        """The M-step from moments gathered under this mixture."""
        return self.recipe.estimate(moments, self.covariance)

    def with_noise(self, proportion: float) -> Mixture:
        """The same components, with the uniform component taking `proportion` of the rows."""
        total = self.proportions.sum()
        return replace(self, proportions=self.proportions / total * (1.0 - proportion), noise=proportion)
