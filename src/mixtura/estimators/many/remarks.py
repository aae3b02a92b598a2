"""What looks wrong with a fit of the batch: the sentences that the ordinary way would say."""

from __future__ import annotations

from typing import Any

from mixtura import notes
from mixtura.arrays import Float
from mixtura.estimators import solve
from mixtura.estimators.many.sets import Ready
from mixtura.problem import Problem
from mixtura.sources.memory import Memory


def of(estimator: Any, ready: Ready, mass: Float) -> tuple[str, ...]:
    """Sentences on scales of columns and on components with too few rows, after a fit from k-means."""
    source = Memory.of(ready.rows, ready.weight, names=ready.names)
    problem = Problem.pose(source, solve.settings(estimator, False))
    return (*notes.scales(problem, unit_bound=True), *notes.starved(problem, mass))
