"""The families that were tried for Gaussians of all classes, a row each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mixtura.criteria import TABLE, Evidence
from mixtura.outcome import Outcome

# What one Gaussian a class can be chosen by: the others compare numbers of components, or refit.
CRITERIA = ("bic", "icl", "aic", "aicc")


@dataclass(frozen=True)
class Row:
    """One family.

    Parameters
    ----------
    family : str
    evidence : Evidence or None
        What criteria are made of; None where the family could not be fitted.
    passes : int
    outcome : Outcome
    reason : str
        What went wrong, with its numbers.
    """

    family: str
    evidence: Evidence | None
    passes: int
    outcome: Outcome
    reason: str = ""

    def criterion(self, name: str) -> float | None:
        """A criterion, lower is better; None where the family could not be fitted."""
        return None if self.evidence is None else TABLE[name](self.evidence)

    def as_dict(self) -> dict[str, Any]:
        """The row as plain values."""
        found = self.evidence
        told = {
            "family": self.family,
            "log_likelihood": None if found is None else found.log_likelihood,
            "n_parameters": None if found is None else found.n_parameters,
        }
        told |= {name: self.criterion(name) for name in CRITERIA}
        return told | {"passes": self.passes, "outcome": self.reason or self.outcome.value}


@dataclass(frozen=True)
class Families:
    """A row a family, best first by a criterion; those that could not be fitted come last, with their reasons.

    Parameters
    ----------
    rows : tuple of Row
    by : str
    """

    rows: tuple[Row, ...]
    by: str

    @classmethod
    def ranked(cls, rows: list[Row], by: str) -> Families:
        """Rows by their criterion, the first of equals first."""

        def key(row: Row) -> float:
            found = row.criterion(by)
            return float("inf") if found is None else found

        return cls(tuple(sorted(rows, key=key)), by)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, family: str) -> Row:
        return next(row for row in self.rows if row.family == family)

    def to_dict(self) -> dict[str, list[Any]]:
        """Columns by their names; ``pandas.DataFrame(results.to_dict())`` is the same as a frame."""
        told = [row.as_dict() for row in self.rows]
        return {name: [row[name] for row in told] for name in told[0]}

    def __str__(self) -> str:
        columns = ("log_likelihood", "n_parameters", *CRITERIA)
        lines = ["family " + " ".join(f"{name.replace('_', ' '):>14}" for name in columns)]
        for row in self.rows:
            told = row.as_dict()
            if row.evidence is None:
                lines.append(f"{row.family:<6} {told['outcome']}")
            else:
                lines.append(f"{row.family:<6} " + " ".join(f"{told[name]:>14.10g}" for name in columns))
        return "\n".join(lines)
