"""What came of one start of a candidate, and of a candidate."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance import Layout, published
from mixtura.criteria import Evidence
from mixtura.em import Run
from mixtura.outcome import Outcome
from mixtura.parameters import Parameters
from mixtura.problem import Problem
from mixtura.selection.grid import Candidate

# Components of no more than this share in all are none.
NOTHING = 1e-12


@dataclass(frozen=True)
class Draft:
    """Published shares, means and covariances, from which precisions follow when they are asked for.

    Parameters
    ----------
    weights : array of shape (K,)
    means : array of shape (K, D)
    covariances : array
        In the shape of `layout`.
    layout : {"full", "tied", "diag", "spherical", "dense"}
    """

    weights: Any
    means: Any
    covariances: Any
    layout: Layout

    def parameters(self) -> Parameters:
        """The model.

        Raises
        ------
        MixtureError
            Where these numbers are no density, or their inverses no numbers.
        """
        arrays = published.from_covariances(self.covariances, self.layout)
        return Parameters(self.weights, self.means, arrays, self.layout)


@dataclass(frozen=True)
class Attempt:
    """One start, from its beginning to its end, in the user's units.

    Parameters
    ----------
    outcome : Outcome
    reason : str
        What went wrong, with its numbers.
    passes, falls : int
    path : array of shape (T,)
        Objective a unit of weight, pass by pass.
    model : Parameters, Draft or None
        As it would be published; None where the start failed.
    reseeded : tuple of int
        Components that lost their rows and were seeded again.
    before : str
        What was done before the first pass.
    """

    outcome: Outcome
    reason: str = ""
    passes: int = 0
    falls: int = 0
    path: Float = field(default_factory=lambda: np.empty(0))
    model: Parameters | Draft | None = None
    reseeded: tuple[int, ...] = ()
    before: str = ""

    @classmethod
    def of(cls, run: Run, problem: Problem, dtype: type[np.floating]) -> Attempt:
        """The attempt that a run was."""
        model = run.model if run.outcome.ok else None
        if model is not None and not 1.0 - model.noise > NOTHING:
            return cls(Outcome.EMPTY, "The noise took every row. Give it a larger volume.", run.passes)
        parameters = None
        if model is not None:
            parameters = Parameters.publish(model, problem.frame, problem.layout, problem.noise, dtype)
        path = np.array(run.path) - problem.frame.log_unit
        told = run.outcome, run.reason, run.passes, run.falls, path, parameters, tuple(run.reseeded), run.before
        return cls(*told)

    @cached_property
    def parameters(self) -> Parameters | None:
        """The model, with its precisions."""
        return self.model.parameters() if isinstance(self.model, Draft) else self.model

    @property
    def objective(self) -> float:
        """The last objective a unit of weight, -inf where there is none or the start failed."""
        return float(self.path[-1]) if self.model is not None and len(self.path) else -np.inf

    def run(self, problem: Problem) -> Run:
        """The run that this attempt was, without its model."""
        path = [float(value) + problem.frame.log_unit for value in self.path]
        told = self.passes, self.outcome, list(self.reseeded), self.falls, self.reason, None, self.before
        return Run(None, path, *told)


@dataclass(frozen=True)
class Trial:
    """A candidate, every start of it, and what criteria are made of.

    Parameters
    ----------
    candidate : Candidate
    attempts : tuple of Attempt
    evidence : Evidence or None
        Of the best start; None where all failed.
    seconds : float
    reason : str
        Why the candidate could not be tried at all.
    """

    candidate: Candidate
    attempts: tuple[Attempt, ...] = ()
    evidence: Evidence | None = None
    seconds: float = 0.0
    reason: str = ""

    @cached_property
    def best(self) -> int | None:
        """Index of the start with the highest objective, the first of equals; None where all failed."""
        alive = [i for i, one in enumerate(self.attempts) if one.model is not None]
        return max(alive, key=lambda i: (self.attempts[i].objective, -i), default=None)

    @property
    def kept(self) -> Attempt | None:
        """The best start."""
        return None if self.best is None else self.attempts[self.best]

    def also(self, attempts: tuple[Attempt, ...], evidence: Evidence | None, seconds: float) -> Trial:
        """The same candidate after more starts."""
        return replace(
            self, attempts=(*self.attempts, *attempts), evidence=evidence, seconds=self.seconds + seconds, reason=""
        )
