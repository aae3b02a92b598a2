"""The search on mclust's data, cell by cell beside mclust's table."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

import mixtura as mx
from mixtura.selection import engine
from tests.mclust.reference import Cell, reference

# Ways to run the search. A path is plain EM to its end from mclust's partition, no candidate beginning again from a
# neighbor: what mclust does. The others are the search as it is, from mclust's partition and from its own.
WAYS: dict[str, dict[str, Any]] = {
    "path": {"acceleration": None, "tol": 1e-12, "max_iter": 10_000},
    "given": {},
    "own": {},
}
# Relative difference below which two values are the same, and the difference in BIC below which it does not matter.
SAME, LITTLE = 1e-6, 0.1


@dataclass(frozen=True)
class Found:
    """What the search says of one data set, with R's sign.

    Parameters
    ----------
    bic, icl : mapping
        By family and number of components; None where a candidate could not be fitted.
    outcome : mapping
        How each ended, in words.
    seconds : float
    """

    bic: Mapping[Cell, float | None]
    icl: Mapping[Cell, float | None]
    outcome: Mapping[Cell, str]
    seconds: float

    def best(self, criterion: str) -> Cell:
        """The cell that wins."""
        table = self.bic if criterion == "bic" else self.icl
        values = {cell: value for cell, value in table.items() if value is not None}
        return max(values, key=lambda cell: values[cell])


@dataclass(frozen=True)
class Difference:
    """One cell: mclust's value and ours, with R's sign; None where there is none."""

    cell: Cell
    theirs: float | None
    ours: float | None

    @property
    def is_lower(self) -> bool:
        """Whether ours is below theirs by more than rounding."""
        return self.theirs is not None and (self.ours is None or self.ours < self.theirs - SAME * abs(self.theirs))

    @property
    def is_far(self) -> bool:
        """Whether ours is below theirs by more than a tenth."""
        return self.theirs is not None and (self.ours is None or self.ours < self.theirs - LITTLE)

    @property
    def is_higher(self) -> bool:
        """Whether ours is above theirs by more than a tenth."""
        return self.theirs is not None and self.ours is not None and self.ours > self.theirs + LITTLE


@cache
def searched(name: str, way: str) -> Found:
    """One data set, searched in one of the `WAYS`, all families with 1 to 9 components."""
    known = reference(name)
    given = "hierarchical" if way == "own" else dict(known.labels)
    return found(known.X, init_params=given, again=way != "path", **WAYS[way])


def found(X: NDArray[np.float64], again: bool = True, n_components: Any = range(1, 10), **settings: Any) -> Found:
    """What a search says; without `again` no candidate begins again from a neighbor."""
    search = mx.MixtureSearch(n_components, **settings)
    begun = perf_counter()
    with warnings.catch_warnings(), patch.object(engine, "ROUNDS", engine.ROUNDS if again else 0):
        warnings.simplefilter("ignore", mx.DataWarning)
        rows = search.fit(X).results_.rows
    seconds = perf_counter() - begun
    cells = [(row.family, row.n_components) for row in rows]
    bic, icl = (
        {cell: None if value is None else -value for cell, value in zip(cells, values, strict=True)}
        for values in ([row.bic for row in rows], [row.icl for row in rows])
    )
    return Found(bic, icl, dict(zip(cells, [row.outcome for row in rows], strict=True)), seconds)


def differences(name: str, way: str) -> list[Difference]:
    """Every cell of a data set's table."""
    ours = searched(name, way).bic
    return [Difference(cell, theirs, ours[cell]) for cell, theirs in reference(name).tight.items()]
