"""The public arrays of a mixture, and what follows from them alone: the model that is saved, assigned and measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance import Layout, published
from mixtura.density import Density, gaussian_offset
from mixtura.frame import Frame, power_of_two
from mixtura.mixture import Mixture, Recipe
from mixtura.noise import Noise
from mixtura.outcome import MixtureError


@dataclass(frozen=True)
class Parameters:
    """A mixture in the user's units, rounded to its public arrays.

    Parameters
    ----------
    weights : array of shape (K,)
        Proportions; with the noise weight they sum to 1.
    means : array of shape (K, D)
    arrays : published.Published
        Covariances, precisions and their Cholesky factors in the shapes of `layout`.
    layout : {"full", "tied", "diag", "spherical", "dense"}
    noise_weight : float
    noise : Noise or None
    """

    weights: Any
    means: Any
    arrays: published.Published
    layout: Layout
    noise_weight: float = 0.0
    noise: Noise | None = None

    @classmethod
    def publish(
        cls, mixture: Mixture, frame: Frame, layout: Layout, noise: Noise | None, dtype: Any = np.float64
    ) -> Parameters:
        """Round a mixture in frame coordinates to its public arrays of a float `dtype`."""
        k = len(mixture.means)
        weights = mixture.proportions / mixture.proportions.sum() * (1.0 - mixture.noise)
        with np.errstate(over="ignore"):
            means = frame.undo(mixture.means).astype(dtype)
        if not np.isfinite(means).all():
            raise MixtureError("A mean is beyond the largest number of its dtype. Divide the columns by their scale.")
        covariance = type(mixture.covariance)(frame.variances_out(mixture.covariance.values))
        arrays = published.publish(covariance, layout, k, dtype, n_features=means.shape[1])
        return cls(weights.astype(dtype), means, arrays, layout, float(mixture.noise), noise)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of components and of features."""
        return int(self.means.shape[0]), int(self.means.shape[1])

    def frame(self) -> Frame:
        """The coordinates in which these parameters are measured: a function of them alone."""
        weights, means = _float(self.weights), _float(self.means)
        whitening = published.whitening(self.arrays.precisions_cholesky, self.layout)
        factor = whitening.factor
        if whitening.kind == "dense":
            deviation = np.sqrt(np.square(np.linalg.inv(factor)).sum(axis=1)).max(axis=0)
        else:
            deviation = np.broadcast_to((1.0 / factor).max(axis=0), means.shape[1:])
        if whitening.kind == "scalar":
            deviation = np.full(means.shape[1], deviation.max())
        return Frame(weights @ means / weights.sum(), power_of_two(deviation))

    def density(self) -> tuple[Density, Frame]:
        """The log density in the user's units, as a function of rows in the returned frame."""
        return self._density

    @cached_property
    def _density(self) -> tuple[Density, Frame]:
        frame = self.frame()
        whitening = published.whitening(self.arrays.precisions_cholesky, self.layout)
        offset = gaussian_offset(_float(self.weights), whitening, self.shape[1])
        means = (_float(self.means) - frame.origin) / frame.unit
        return Density(means, type(whitening)(_in_frame(whitening.factor, frame)), offset, self._floor()), frame

    def _floor(self) -> float | None:
        if self.noise is None:
            return None
        with np.errstate(divide="ignore"):
            return float(np.log(self.noise_weight)) - self.noise.log_volume

    def mixture(self, recipe: Recipe, frame: Frame) -> Mixture:
        """The model in the coordinates of a frame, to go on from."""
        covariance = recipe.family.own(published.read_back(self.arrays.covariances, self.layout))
        framed = type(covariance)(frame.variances_in(covariance.values))
        means = (_float(self.means) - frame.origin) / frame.unit
        return Mixture(recipe, _float(self.weights), means, framed, self.noise_weight)

    def reordered(self, order: Any) -> Parameters:
        """The same mixture with its components in another order."""
        arrays = self.arrays.reordered(order, self.layout)
        return Parameters(self.weights[order], self.means[order], arrays, self.layout, self.noise_weight, self.noise)


def _float(array: Any) -> Float:
    return np.asarray(array, dtype=np.float64)


def _in_frame(factor: Float, frame: Frame) -> Float:
    """A whitening factor of rows in the user's units as one of rows in the frame; units are powers of two, so exact."""
    if factor.ndim == 1:
        return _float(factor * frame.unit[0])
    return _float(factor * frame.unit if factor.ndim == 2 else frame.unit[:, None] * factor)
