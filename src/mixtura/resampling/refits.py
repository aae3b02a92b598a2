"""Refits of a model to resamples of its rows, each by EM from the model itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura import acceleration, kernels, start, threads
from mixtura.arrays import Float
from mixtura.covariance import Family, published
from mixtura.em import Goal
from mixtura.outcome import MixtureError, Outcome
from mixtura.parameters import Parameters
from mixtura.problem import Look, Problem, Settings, survey
from mixtura.sources.memory import Memory
from mixtura.sources.source import Source

# A refit ends when a pass gains less than this part of a nat over all rows. What is left to gain is then some hundred
# times as much at most, and parameters that lack g nats of the maximum lie within sqrt(2 g) standard errors of it.
GAIN = 1e-6
# Passes that a refit may make.
PASSES = 2**12
# Changes of the mean log-likelihood a row below this are rounding.
ROUNDING = 1e-13


@dataclass(frozen=True)
class Task:
    """What every resample is refitted with.

    Parameters
    ----------
    source : Memory
        The rows, in the user's units.
    family : Family
    settings : Settings
        The model's own, but for `tol`, `max_iter` and `acceleration`.
    start : Parameters
        The model, from which every refit begins.
    n_threads : int or None
    """

    source: Memory
    family: Family
    settings: Settings
    start: Parameters
    n_threads: int | None


def settled(settings: Settings, total: float, kind: str) -> Settings:
    """Settings under which refits converge so far that what they lack is nothing beside a standard error.

    Leaving out one row of n moves parameters by a standard error over sqrt(n) only, so the jackknife asks for gains n
    times as small.
    """
    gain = GAIN / total if kind == "jackknife" else GAIN
    tol = max(min(settings.tol, gain / total), ROUNDING)
    return replace(settings, tol=tol, max_iter=PASSES, acceleration="squarem")


@dataclass(frozen=True)
class Refits:
    """Parameters of B refits in the user's units; entries of one that failed mean nothing.

    Parameters
    ----------
    weights : array of shape (B, K)
    means : array of shape (B, K, D)
    covariances : array of shape (B, K, D, D)
    noise : array of shape (B,)
    log_likelihood : array of shape (B,)
        A unit of weight.
    sound, converged : arrays of bool of shape (B,)
    """

    weights: Float
    means: Float
    covariances: Float
    noise: Float
    log_likelihood: Float
    sound: NDArray[np.bool_]
    converged: NDArray[np.bool_]

    @classmethod
    def blank(cls, b: int, k: int, d: int) -> Refits:
        """Room for so many refits, none of them sound."""
        weights, means, covariances = np.zeros((b, k)), np.zeros((b, k, d)), np.zeros((b, k, d, d))
        ends = np.zeros(b, dtype=bool), np.zeros(b, dtype=bool)
        return cls(weights, means, covariances, np.zeros(b), np.full(b, -np.inf), *ends)

    @classmethod
    def joined(cls, parts: Iterable[Refits]) -> Refits:
        """Refits after refits."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*(vars(part).values() for part in parts), strict=True)))

    def take(self, which: Any) -> Refits:
        """Some of the refits."""
        return Refits(*(array[which] for array in vars(self).values()))

    def put(self, which: Any, others: Refits) -> None:
        """Write other refits in these places."""
        for mine, other in zip(vars(self).values(), vars(others).values(), strict=True):
            mine[which] = other

    def reordered(self, order: Any) -> Refits:
        """The same refits with their components in the orders (B, K)."""
        at = np.arange(len(order))[:, None], order
        weights, means, covariances = self.weights[at], self.means[at], self.covariances[at]
        return replace(self, weights=weights, means=means, covariances=covariances)


def refit(
    task: Task, rows: Float | None, weight: Float | None, n_threads: int | None, begin: start.Start | None = None
) -> Refits:
    """One refit through the loop that every model takes, on `rows` or, with other weights, on those of the task.

    It begins at the task's model unless another beginning is given.
    """
    source = task.source if rows is None else Memory.of(rows, names=task.source.names)
    k, (n, d) = task.settings.n_components, source.shape
    block = kernels.rows_a_block(n, d, k, task.family.order)
    found = Refits.blank(1, k, d)
    with threads.working(replace(source, block=block), weight, n_threads, float(n) * k * d) as ready:
        try:
            _climb(task, ready, begin, found)
        except MixtureError:  # the resample has no spread, or its refit no covariance that can be told
            found.sound[0] = False
    return found


def _climb(task: Task, source: Source, begin: start.Start | None, out: Refits) -> None:
    """EM to its end, published in the user's units."""
    problem = Problem.pose(source, task.settings, Look(survey(source), task.start.noise))
    seed = np.random.RandomState(0)
    first = begin(problem.ground(), seed) if begin else task.start.mixture(problem.recipe, problem.frame)
    goal = Goal(task.settings.tol, task.settings.max_iter)
    rule = acceleration.rule(task.settings.acceleration)
    run = problem.advance(first, seed, goal, rule)
    if run.model is None or not run.outcome.ok or run.reseeded:  # one seeded again estimates another component
        return
    parameters = Parameters.publish(run.model, problem.frame, problem.layout, problem.noise)
    out.weights[0], out.means[0] = parameters.weights, parameters.means
    out.covariances[0] = dense(parameters)
    out.noise[0], out.log_likelihood[0] = parameters.noise_weight, run.objective - problem.frame.log_unit
    out.sound[0], out.converged[0] = True, run.outcome is Outcome.CONVERGED


def dense(parameters: Parameters) -> Float:
    """The covariances of published parameters as matrices, shape (K, D, D)."""
    return published.read_back(parameters.arrays.covariances, parameters.layout).dense(*parameters.shape)
