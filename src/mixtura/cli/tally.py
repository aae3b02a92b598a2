"""How many rows there were, and how many were left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tally:
    """
    What a whole reading counted.

    Attributes
    ----------
    n_rows, n_lost : int
        Rows, and those that an empty cell has left out.
    missing : mapping
        Empty cells by column, where there are any.

    Examples
    --------
    >>> Tally(272, 30, {"eruptions": 30}).n_used
    242
    """

    n_rows: int
    n_lost: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_used(self) -> int:
        """How many rows are left."""
        return self.n_rows - self.n_lost

    def __add__(self, other: Tally) -> Tally:
        missing = dict(self.missing)
        for name, n in other.missing.items():
            missing[name] = missing.get(name, 0) + n
        return Tally(self.n_rows + other.n_rows, self.n_lost + other.n_lost, missing)
