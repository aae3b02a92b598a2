"""What a published model stands for: its recipe, in its own frame, and the statistics of rows that it fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance import Covariance, Family, published
from mixtura.frame import Frame, power_of_two
from mixtura.mixture import Mixture, Recipe
from mixtura.moments import Moments
from mixtura.online.stream import RESTING, resting
from mixtura.parameters import Parameters
from mixtura.problem import Settings


def framed(parameters: Parameters, family: Family, settings: Settings) -> tuple[Mixture, Frame]:
    """A published model with the recipe for its next, in a frame that is a function of the model alone.

    The origin lies on the grid of the units, so that it is the same wherever a last bit differs.
    """
    values = published.read_back(parameters.arrays.covariances, parameters.layout).values
    variances = np.diagonal(values, axis1=-2, axis2=-1) if values.ndim == 3 else values
    d = parameters.shape[1]
    unit = power_of_two(np.broadcast_to(np.sqrt(variances.max(axis=0)), (d,)))
    unit = unit if family.scales else np.full(d, unit.max())
    weights, means = (np.asarray(part, dtype=np.float64) for part in (parameters.weights, parameters.means))
    middle = (weights[:, None] * means).sum(axis=0) / weights.sum()
    frame = Frame(np.rint(middle / unit) * unit, unit)
    volume = None if parameters.noise is None else parameters.noise.log_volume - frame.log_unit
    ridge = settings.reg_covar / unit / unit
    prior = _prior(parameters, values, family, settings, frame)
    recipe = Recipe(family, ridge, prior, settings.equal_weights, volume)
    return parameters.mixture(recipe, frame), frame


def _prior(parameters: Parameters, values: Float, family: Family, settings: Settings, frame: Frame) -> Any:
    """The prior with what it takes from the rows taken from the model's own mean and covariance."""
    if settings.prior is None:
        return None
    k, d = parameters.shape
    weights, means = (np.asarray(part, dtype=np.float64) for part in (parameters.weights, parameters.means))
    share = weights / weights.sum()
    mean = share @ means
    apart = means - mean
    within = np.einsum("k,kij->ij", share, Covariance(values).dense(k, d))
    covariance = within + (share[:, None] * apart).T @ apart
    return settings.prior.resolve(family.order, k, mean, covariance).framed(frame)


def implied(model: Mixture, weight: float, log_likelihood: float) -> Moments:
    """The statistics that a model stands for: those of `weight` rows of which it is the maximum likelihood fit.

    Parameters
    ----------
    model : Mixture
    weight : float
    log_likelihood : float
        Of all those rows, in frame coordinates.
    """
    mass = weight * model.proportions
    second = _second(model, mass)
    first = np.zeros_like(model.means)
    return Moments(model.order, model.means, mass, first, second, weight * model.noise, log_likelihood, weight)


def _second(model: Mixture, mass: Float) -> Float:
    """Scatter of each component that has its covariance, at the order of the model."""
    (k, d), values = model.means.shape, model.covariance.values
    if model.order == "trace":
        return np.asarray(mass * d * values)
    if model.order == "diagonal":
        return np.asarray(mass[:, None] * values)
    dense = model.covariance.dense(k, d)
    return np.asarray(np.einsum("k,kij->ij", mass, dense) if model.order == "pooled" else mass[:, None, None] * dense)


def rested(moments: Moments, model: Mixture) -> Moments:
    """Statistics in which a component without rows keeps the mean and the covariance that it has in a model."""
    there = implied(model, moments.weight, 0.0).about(moments.anchor)
    return resting(moments, there, RESTING * moments.weight)
