"""Growing batches: EM on nested random samples, each twice as large as the last, before the passes over all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import numpy as np

from mixtura import acceleration, criteria, start
from mixtura.arrays import Float, is_float32
from mixtura.em import Goal, Run
from mixtura.ground import FEWEST_ROWS
from mixtura.outcome import ComponentError
from mixtura.problem import Problem
from mixtura.sources.memory import Memory

# The smallest sample has at least so many rows, and so many a free parameter: fewer say too little of a covariance.
LEAST, A_PARAMETER = 2**12, 4
# The largest sample is this part of the rows, and no more bytes: beyond, a pass over all rows is the better next step.
PART, BYTES = 8, 2**27
# So many rows at most, of one column.
LARGEST = BYTES // 4
# k-means may see FEWEST_ROWS rows, or so many a component: EM on the sample makes up for the rest.
A_COMPONENT = 2**6
# A sample has settled when a pass gains less than this part of what its own size leaves unknown, and is left anyway
# after so many passes.
SETTLED, MOST = 0.005, 200


@dataclass(frozen=True)
class Samples:
    """Nested random samples of a problem's rows: the first `sizes[i]` of one sample in random order.

    Parameters
    ----------
    problem : Problem
    rows : array of shape (m, D)
        The largest sample, in the user's units.
    weight : array of shape (m,)
    positions : array of shape (m,)
        Where these rows stand in the problem's.
    sizes : tuple of int
        Rising.
    """

    problem: Problem
    rows: Float
    weight: Float
    positions: Any
    sizes: tuple[int, ...]

    @classmethod
    def draw(cls, problem: Problem) -> Samples | None:
        """Samples of rows of positive weight, or None where there are too few rows to gain by them."""
        source = problem.source
        item = 4 if is_float32(source.kind) else 8
        sizes = sample_sizes(source.count()[0], source.shape[1], n_parameters(problem), item)
        if not sizes:
            return None
        drawn = source.sample(sizes[-1])
        weight = np.ones(len(drawn)) if drawn.weight is None else drawn.weight
        return cls(problem, drawn.rows, weight, drawn.positions, sizes)

    def stage(self, index: int) -> Problem:
        """The problem on one of the samples, which weighs as much as all rows do, so that a prior keeps its part."""
        size, source = self.sizes[index], self.problem.source
        weight = self.weight[:size] * (self.problem.summary.weight / self.weight[:size].sum())
        sample = Memory(self.rows[:size], weight, source.frame, source.mapper, names=source.names, seed=source.seed)
        return replace(self.problem, source=sample)


@dataclass
class Climber:
    """A start on its way up the samples: its run on the last of them, and its passes on each."""

    index: int
    run: Run
    passes: list[int] = field(default_factory=list)

    @property
    def rank(self) -> tuple[bool, int, float, int]:
        """Highest for the best: alive, on more samples, of higher objective there, earlier."""
        return self.run.outcome.ok and self.run.model is not None, len(self.passes), self.run.objective, -self.index

    def told(self, samples: Samples) -> str:
        """What was done, in a sentence."""
        sizes = samples.sizes[: len(self.passes)]
        of = samples.problem.source.shape[0]
        return (
            f"It began on random samples of {_listed(sizes)} of the {of} rows, with {_listed(self.passes)} passes: "
            f"the reading of {self.read(samples):.1f} passes over all."
        )

    def read(self, samples: Samples) -> float:
        """Rows that were read, in passes over all of them."""
        rows = sum(size * passes for size, passes in zip(samples.sizes, self.passes, strict=False))
        return rows / samples.problem.source.shape[0]


def climb(samples: Samples, starts: Sequence[start.Start], seed: start.Seed) -> list[Climber]:
    """Every start on the smallest sample, the better half of them on each next; the best first.

    They are compared by their objectives on one sample; of equals the earlier goes on.
    """
    climbers = [Climber(index, _begun(samples, begin, seed)) for index, begin in enumerate(starts)]
    going = climbers
    for index in range(len(samples.sizes)):
        stage, going = samples.stage(index), [c for c in going if c.rank[0]]
        for climber in going:
            climber.run = _settled(stage, climber.run, seed, index > 0)
            climber.passes.append(climber.run.passes)
        going = sorted(going, key=lambda c: c.rank, reverse=True)[: ceil(len(going) / 2)]
    return sorted(climbers, key=lambda c: c.rank, reverse=True)


def _begun(samples: Samples, begin: start.Start, seed: start.Seed) -> Run:
    """A start on the smallest sample."""
    most = max(FEWEST_ROWS, A_COMPONENT * samples.problem.settings.n_components)
    ground = replace(samples.stage(0).ground(), positions=samples.positions[: samples.sizes[0]], most=most)
    try:
        return Run(begin(ground, seed))
    except ComponentError as error:
        return Run(None, outcome=error.outcome, reason=str(error))


def _settled(stage: Problem, before: Run, seed: start.Seed, near: bool) -> Run:
    """EM on a sample until it gains less than its size leaves unknown; `near` where a smaller one has been."""
    assert before.model is not None
    unknown = 0.5 * n_parameters(stage) / stage.source.shape[0]
    goal = Goal(max(stage.settings.tol, SETTLED * unknown), MOST)
    return stage.advance(before.model, seed, goal, acceleration.Squarem(patient=near))


def n_parameters(problem: Problem) -> int:
    """Free parameters of the problem's mixture."""
    k, d = problem.settings.n_components, problem.source.shape[1]
    covariance = problem.family.free_parameters(k, d)
    return criteria.n_parameters(k, d, covariance, problem.noise is not None, problem.settings.equal_weights)


def sample_sizes(n_rows: int, n_features: int, n_parameters: int, item: int = 8) -> tuple[int, ...]:
    """Rows of the samples: halves of the largest while they are enough for the parameters; none where no sample is.

    The largest is bounded by its bytes, at `item` a number.

    Examples
    --------
    >>> from mixtura.growing import sample_sizes
    >>> sample_sizes(400_000, n_features=8, n_parameters=719)
    (6250, 12500, 25000, 50000)
    >>> sample_sizes(10_000, n_features=2, n_parameters=5)
    ()
    """
    largest = min(n_rows // PART, BYTES // (item * n_features))
    least = max(LEAST, A_PARAMETER * n_parameters)
    sizes = []
    while largest >= least:
        sizes.append(largest)
        largest //= 2
    return tuple(reversed(sizes))


def _listed(numbers: Sequence[int]) -> str:
    *others, last = map(str, numbers)
    return f"{', '.join(others)} and {last}" if others else last
