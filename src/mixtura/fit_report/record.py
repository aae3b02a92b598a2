"""How a fit went: its numbers."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.diagnostics import overlaps
from mixtura.fit_report import words
from mixtura.outcome import Outcome
from mixtura.parameters import Parameters


@dataclass(frozen=True)
class StartReport:
    """One start.

    Parameters
    ----------
    objective : float or None
        Last mean log-likelihood a row (penalized under a prior); None when the start failed before its first pass.
    passes : int
    outcome : Outcome
    reason : str
        What went wrong, with its numbers; empty when nothing did.
    reseeded : tuple of int
        Components that lost all their rows once and were seeded again.
    falls : int
        Passes on which the objective fell, which a ridge makes possible.
    """

    objective: float | None
    passes: int
    outcome: Outcome
    reason: str = ""
    reseeded: tuple[int, ...] = ()
    falls: int = 0


@dataclass(frozen=True)
class FitReport:
    """The record of a fit; ``print`` it.

    What follows from the parameters alone is computed when it is asked for, so that a fit does not wait for it and a
    saved model need not hold it: the report refers to its parameters, which `about` gives it, and is equal to another
    by its fields.

    Parameters
    ----------
    outcome : Outcome
        How the best start ended; its ``value`` is a sentence with the remedy.
    family : str
        Code of the covariance family.
    n_components, n_features, n_rows : int
        Rows of positive weight.
    weight : float
        Sum of the row weights.
    n_parameters : int
    log_likelihood : float
        Of all rows, at the published parameters.
    starts : tuple of StartReport
    best : int
        Index of the start that was kept.
    path : tuple of float
        Objective a row of the kept start, pass by pass.
    seconds : float
    mass : tuple of float
        Effective rows of each component.
    noise_mass : float
    uncertainty : float
        Mean of 1 - max responsibility.
    doubtful : float
        Share of the rows whose largest responsibility is below 0.8.
    entropy : float
        Mean entropy of the responsibilities of a row, in nats.
    conditions : tuple of float
        Condition number of each component's correlation matrix.
    spurious : tuple of int
        Components with fewer rows than a covariance needs, or a tiny volume.
    warnings : tuple of str
        What looks suspicious, a sentence each.
    """

    outcome: Outcome
    family: str
    n_components: int
    n_features: int
    n_rows: int
    weight: float
    n_parameters: int
    log_likelihood: float
    starts: tuple[StartReport, ...]
    best: int
    path: tuple[float, ...]
    seconds: float
    mass: tuple[float, ...]
    noise_mass: float
    uncertainty: float
    doubtful: float
    entropy: float
    conditions: tuple[float, ...]
    spurious: tuple[int, ...]
    warnings: tuple[str, ...] = field(default=())

    @property
    def passes(self) -> int:
        """Passes over the rows of the kept start."""
        return self.starts[self.best].passes if self.starts else 0

    @property
    def agreeing(self) -> int:
        """Number of starts that came to the best optimum: as near its objective as the stopping rule can tell."""
        return len(self._ends()[0])

    @property
    def gap(self) -> float | None:
        """How far the log-likelihood (penalized under a prior) of the second-best optimum found is below the best.

        In total, not a row; None where every start that converged came to the best.
        """
        best, others = self._ends()
        return (max(best) - max(others)) * self.weight if others else None

    def _ends(self) -> tuple[list[float], list[float]]:
        """Objectives of the starts that came to the best optimum, and of those that converged to another."""
        kept = self.starts[self.best] if self.starts else None
        if kept is None or kept.objective is None:
            return [], []
        top, gain = kept.objective, 0.0
        if kept.outcome is Outcome.CONVERGED and len(self.path) > 1:
            gain = abs(self.path[-1] - self.path[-2])
        # a start stops a few last gains before its optimum: some ten where EM is as slow as it often is
        near = max(1e-6 * (1.0 + abs(top)), 10.0 * gain)
        ended = [(s.objective, s.outcome) for s in self.starts if s.objective is not None and s.outcome.ok]
        best = [value for value, _ in ended if abs(value - top) <= near]
        return best, [value for value, how in ended if value < top - near and how is Outcome.CONVERGED]

    def about(self, parameters: Parameters) -> FitReport:
        """The same report, which from now on knows the parameters it is of."""
        told = replace(self)
        told.__dict__["_parameters"] = replace(parameters)  # without what it may have computed
        return told

    @cached_property
    def overlaps(self) -> Float | None:
        """Probability that a row of component i lies where component j is denser, (K, K): `diagnostics.overlaps`.

        None for a report that was not told its parameters.
        """
        parameters: Parameters | None = self.__dict__.get("_parameters")
        return None if parameters is None else overlaps(parameters.density()[0])

    def reordered(self, order: list[int]) -> FitReport:
        """The report of the same model with its components in another order, in its sentences too."""
        place = {old: new for new, old in enumerate(order)}
        moved = replace(
            self,
            mass=tuple(self.mass[i] for i in order),
            conditions=tuple(self.conditions[i] for i in order),
            spurious=tuple(sorted(place[i] for i in self.spurious)),
            warnings=tuple(_renumbered(sentence, place) for sentence in self.warnings),
        )
        parameters: Parameters | None = self.__dict__.get("_parameters")
        return moved if parameters is None else moved.about(parameters.reordered(np.array(order)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; outcomes by name, with what follows from them and the parameters."""
        plain = asdict(self)
        plain["outcome"] = self.outcome.name
        plain["starts"] = [{**start, "outcome": start["outcome"].name} for start in plain["starts"]]
        found = self.overlaps if self.n_components <= words.COMPONENTS else None
        return {**plain, "gap": self.gap, "overlaps": None if found is None else found.tolist()}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> FitReport:
        """The report that `to_dict` described."""
        plain = {name: value for name, value in plain.items() if name != "gap"}
        found = plain.pop("overlaps", None)
        plain["outcome"] = Outcome[plain["outcome"]]
        plain["starts"] = tuple(
            StartReport(**{**start, "outcome": Outcome[start["outcome"]], "reseeded": tuple(start["reseeded"])})
            for start in plain["starts"]
        )
        for name in ("path", "mass", "conditions", "spurious", "warnings"):
            plain[name] = tuple(plain[name])
        report = cls(**plain)
        report.__dict__["overlaps"] = None if found is None else np.array(found)
        return report

    def lines(self) -> list[tuple[str, str]]:
        """The report as (heading, sentence) pairs."""
        return words.lines(self)

    def __str__(self) -> str:
        return words.text(self.lines())

    def _repr_html_(self) -> str:
        return words.table(self.lines())


def _renumbered(sentence: str, place: dict[int, int]) -> str:
    """A sentence on components, with their new numbers."""

    def renamed(found: re.Match[str]) -> str:
        return found[1] + ", ".join(map(str, sorted(place[int(old)] for old in found[2].split(", "))))

    return re.sub(r"^(Components? )(\d+(?:, \d+)*)", renamed, sentence)
