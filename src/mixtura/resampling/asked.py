"""What a bootstrap is asked for: a fitted model, its rows, and how to resample them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance import resolve
from mixtura.estimators import GaussianMixture, inputs, solve
from mixtura.estimators.many.run import seed_of
from mixtura.outcome import MixtureError
from mixtura.problem import survey
from mixtura.resampling.draws import KINDS, Draws
from mixtura.resampling.refits import Task, settled


@dataclass(frozen=True)
class Asked:
    """A bootstrap that can be made.

    Parameters
    ----------
    task : Task
    draws : Draws
    level : float
    weight : array of shape (N,) or None
        As the user gave it.
    features : tuple of str
        Names of the columns, or their numbers.
    """

    task: Task
    draws: Draws
    level: float
    weight: Float | None
    features: tuple[str, ...]


def read(
    model: Any,
    X: Any,
    kind: str,
    n_resamples: Any,
    level: Any,
    random_state: Any,
    n_threads: int | None,
    sample_weight: Any,
) -> Asked:
    """Check everything that a bootstrap is given.

    Raises
    ------
    NotFittedError, MixtureError
        As `bootstrap`.
    """
    model = mixture_of(model)
    if kind not in KINDS:
        raise MixtureError(f"kind is {kind!r}. Use one of {', '.join(KINDS)}.")
    require_count("n_resamples", n_resamples, 2)
    require_share("level", level)
    parameters = model._parameters()
    source = inputs.source_of(model, X, reset=False)
    d = source.shape[1]
    if d != parameters.shape[1]:
        raise MixtureError(f"X has {d} features, but the model has {parameters.shape[1]}.")
    weight = inputs.weight_of(sample_weight, source.shape[0])
    counts = np.ones(source.shape[0]) if weight is None else weight
    draws = Draws(kind, counts, parameters, seed_of(random_state), int(n_resamples))
    draws.require()
    survey(replace(source, weight=weight))  # names the first cell that is no number
    family, _ = resolve(model.covariance_type, d)
    settings = replace(solve.settings(model, False), n_components=parameters.shape[0])
    task = Task(source, family, settled(settings, draws.total, kind), parameters, n_threads)
    return Asked(task, draws, float(level), weight, _features(source.names, d))


def mixture_of(model: Any) -> GaussianMixture:
    """The mixture itself, or the best of a search."""
    found = getattr(model, "best_estimator_", model)
    if not isinstance(found, GaussianMixture):
        remedy = "Use mx.GaussianMixture.from_sklearn(model) for a mixture of scikit-learn."
        raise MixtureError(f"model is a {type(found).__name__}, not a fitted mx.GaussianMixture. {remedy}")
    return found


def _features(names: tuple[str, ...] | None, d: int) -> tuple[str, ...]:
    return tuple(map(str, range(d))) if names is None else names


def require_count(name: str, given: Any, least: int) -> None:
    """Raise for what is not a whole number of at least `least`."""
    if not isinstance(given, Integral) or isinstance(given, bool) or given < least:
        raise MixtureError(f"{name} is {given!r} and must be a whole number, at least {least}.")


def require_share(name: str, given: Any) -> None:
    """Raise for what is not strictly between 0 and 1."""
    if not isinstance(given, Real) or not 0.0 < float(given) < 1.0:
        raise MixtureError(f"{name} is {given!r} and must lie between 0 and 1, such as 0.95.")
