"""How a fit went, as numbers that print in plain words."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from html import escape
from typing import Any

from mixtura.outcome import Outcome


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
        """Number of starts that came within 1e-6 of the best objective, relatively."""
        top = self.starts[self.best].objective if self.starts else None
        if top is None:
            return 0
        near = [s for s in self.starts if s.objective is not None and s.outcome.ok]
        return sum(abs(s.objective - top) <= 1e-6 * (1.0 + abs(top)) for s in near if s.objective is not None)

    def reordered(self, order: list[int]) -> FitReport:
        """The report of the same model with its components in another order, in its sentences too."""
        place = {old: new for new, old in enumerate(order)}
        return replace(
            self,
            mass=tuple(self.mass[i] for i in order),
            conditions=tuple(self.conditions[i] for i in order),
            spurious=tuple(sorted(place[i] for i in self.spurious)),
            warnings=tuple(_renumbered(sentence, place) for sentence in self.warnings),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; outcomes by name."""
        plain = asdict(self)
        plain["outcome"] = self.outcome.name
        plain["starts"] = [{**start, "outcome": start["outcome"].name} for start in plain["starts"]]
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> FitReport:
        """The report that `to_dict` described."""
        plain = dict(plain)
        plain["outcome"] = Outcome[plain["outcome"]]
        plain["starts"] = tuple(
            StartReport(**{**start, "outcome": Outcome[start["outcome"]], "reseeded": tuple(start["reseeded"])})
            for start in plain["starts"]
        )
        for name in ("path", "mass", "conditions", "spurious", "warnings"):
            plain[name] = tuple(plain[name])
        return cls(**plain)

    def lines(self) -> list[tuple[str, str]]:
        """The report as (heading, sentence) pairs."""
        weighted = "" if self.weight == self.n_rows else f" of total weight {self.weight:g}"
        components = _counted(self.n_components, "component")
        found = [
            ("model", f"{components} of family {self.family}, {_counted(self.n_parameters, 'free parameter')}"),
            ("data", f"{self.n_rows} rows{weighted}, {_counted(self.n_features, 'feature')}"),
            ("ended", self.outcome.value),
            ("passes", f"{self.passes} in {self.seconds:.2g} s"),
            ("log-likelihood", f"{self.log_likelihood:.6f} ({self.log_likelihood / self.weight:.6f} a row)"),
        ]
        if len(self.starts) > 1:
            found.append(("starts", self._starts()))
        sure = f"{1 - self.uncertainty:.3f} on average; {self.doubtful:.1%} of the rows below 0.8"
        found.append(("largest probability", sure))
        found += [("note", sentence) for sentence in self.warnings]
        return found

    def _starts(self) -> str:
        outdone = sum(s.outcome is Outcome.OUTDONE for s in self.starts)
        failed = [s for s in self.starts if not s.outcome.ok and s.outcome is not Outcome.OUTDONE]
        told = f"{self.agreeing} of {len(self.starts)} reached the best optimum"
        told = f"{told}; {outdone} not continued after a sample of the rows" if outdone else told
        return told if not failed else f"{told}; {len(failed)} failed ({failed[0].reason or failed[0].outcome.value})"

    def __str__(self) -> str:
        import textwrap

        shown = []
        for heading, sentence in self.lines():
            shown += textwrap.wrap(sentence, 78, initial_indent=f"{heading:<21}", subsequent_indent=" " * 21)
        return "\n".join(shown)

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th style="text-align:left">{escape(h)}</th><td style="text-align:left">{escape(s)}</td></tr>'
            for h, s in self.lines()
        )
        return f"<table>{cells}</table>"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _renumbered(sentence: str, place: dict[int, int]) -> str:
    """A sentence on components, with their new numbers."""

    def renamed(found: re.Match[str]) -> str:
        return found[1] + ", ".join(map(str, sorted(place[int(old)] for old in found[2].split(", "))))

    return re.sub(r"^(Components? )(\d+(?:, \d+)*)", renamed, sentence)
