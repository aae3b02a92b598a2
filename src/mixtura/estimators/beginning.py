"""Which starts a fit makes: from the last fit, from given parameters, or from `init_params`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura import fitting, start
from mixtura.estimators import conversion, initial
from mixtura.mixture import Mixture
from mixtura.parameters import Parameters
from mixtura.problem import Problem


@dataclass(frozen=True)
class Beginning:
    """Where a fit begins.

    Parameters
    ----------
    starts : sequence of callable
        As many as shall be made.
    before : float
        The objective in frame coordinates that a warm start goes on from, else -inf.
    given : Given
        Parameters that stay as they are when no pass changes them.
    exact : Parameters or None
        The whole model to begin from, where it is known.
    by_distance : bool
        Whether the starts depend on distances between rows, and so on units.
    """

    starts: Sequence[start.Start]
    before: float
    given: initial.Given
    exact: Parameters | None
    by_distance: bool


def begin(estimator: Any, problem: Problem) -> Beginning:
    """The beginning that the estimator's settings, and its last fit, ask for.

    Raises
    ------
    MixtureError
        Given parameters, labels or responsibilities that do not fit, or a warm start of another shape.
    """
    given = initial.Given.check(estimator, problem.layout, problem.source.shape[1])
    if estimator.warm_start and hasattr(estimator, "converged_"):
        conversion.require_same_shape(estimator, problem.source.shape[1])
        last = conversion.parameters_of(estimator)
        return Beginning([_from(last)], _reached(estimator) + problem.frame.log_unit, given, last, False)
    if given.complete:
        whole = given.parameters(problem.layout, problem.noise)
        return Beginning([_from(whole, fresh=True)], -np.inf, given, whole, False)
    n_rows, k, named = problem.source.shape[0], problem.settings.n_components, isinstance(estimator.init_params, str)
    first = initial.named_or_given(estimator.init_params, n_rows, k, problem.noise is not None)
    by_distance = named and estimator.init_params not in start.UNITLESS and not problem.settings.standardize
    times = estimator.n_init if named else 1
    return Beginning([given.start(first, problem)] * times, -np.inf, given, None, by_distance)


def _reached(estimator: Any) -> float:
    """The objective a row at which the last fit stopped, in the user's units."""
    bounds: Any = getattr(estimator, "lower_bounds_", ())
    return float(bounds[-1]) if len(bounds) else -np.inf


def _from(parameters: Parameters, fresh: bool = False) -> start.Start:
    """The start at given parameters; a `fresh` one gives a share to a noise component that was left none."""

    def first(ground: start.Ground, _: start.Seed) -> Mixture:
        mixture = parameters.mixture(ground.recipe, ground.source.frame)
        without = fresh and parameters.noise is not None and parameters.noise_weight <= fitting.WHOLE
        return mixture.with_noise(start.NOISE_START) if without else mixture

    return first
