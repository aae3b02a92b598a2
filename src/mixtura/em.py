"""The one EM loop, how it ends, and the best of several starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from mixtura.arrays import Float
from mixtura.density import Density
from mixtura.mixture import Mixture
from mixtura.moments import CANCELLATION, Moments
from mixtura.outcome import ComponentError, EmptyComponent, NotFinite, Outcome

# A fall of the objective a row beyond this part of its size is no rounding.
FALL = 1e-7


class Rows(Protocol):
    """A source, as the loop sees it."""

    def reduce(self, kernel: Callable[[Any], Any]) -> Any:
        """Sum over all blocks of what the kernel makes of each."""


class Kernel(Protocol):
    """A kernel, as the loop sees it."""

    def moments(self, block: Any, density: Density, order: Any, anchor: Float | None = None) -> Moments:
        """Moments of a block of rows under a density."""

    def posterior(self, block: Any, density: Density, out: Any = None) -> tuple[Any, Any, Any]:
        """Log density, responsibilities (a kernel may write them in `out`) and noise responsibility of each row."""

    def log_densities(self, block: Any, density: Density) -> tuple[Any, Any]:
        """Log density and noise responsibility of each row of a block."""

    def measure(self, block: Any, density: Density) -> Any:
        """What each row's responsibilities amount to: its `Measures`."""


class Step(NamedTuple):
    """One pass: a model, its objective (log-likelihood plus log prior) and the moments gathered under it."""

    model: Mixture
    objective: float
    moments: Moments


class Rule(Protocol):
    """From a pass to the next model."""

    @property
    def cycle(self) -> int:
        """Steps over which the objective must have settled before the loop may stop."""

    @property
    def surer(self) -> Mixture | None:
        """The M-step from the last accepted step, where what was to follow is a leap that no pass has measured."""

    def __call__(self, step: Step) -> tuple[Mixture, bool]:
        """The next model, and whether the model of this step is accepted."""


class Plain:
    """Plain EM: every step is the M-step from the last moments."""

    cycle = 1
    surer = None

    def __call__(self, step: Step) -> tuple[Mixture, bool]:
        """The M-step; every step is accepted."""
        return step.model.update(step.moments), True


def read(source: Rows, model: Mixture, kernel: Kernel) -> Moments:
    """One pass: the moments under a model; a second about the new means where sums about the old ones lost digits."""
    gather = partial(kernel.moments, density=model.density(), order=model.order)
    moments: Moments = source.reduce(gather)
    if moments.cancellation() > CANCELLATION:
        moments = source.reduce(partial(gather, anchor=moments.mean()))
    return moments


def iterate(
    source: Rows, model: Mixture, kernel: Kernel, rule: Rule | None = None
) -> Iterator[tuple[Step, bool, Mixture]]:
    """EM without an end: every pass as (step, accepted, next model).

    The objective of a step is that of the model yielded with it.
    """
    rule = Plain() if rule is None else rule
    while True:
        moments = read(source, model, kernel)
        step = Step(model, moments.log_likelihood + model.penalty(), moments)
        model, accepted = rule(step)
        yield step, accepted, model


@dataclass
class Run:
    """One start, from its first pass to its end.

    Parameters
    ----------
    model : Mixture or None
        The last M-step's model; None when the start failed before its first.
    path : list of float
        Objective a unit of weight of the models that were accepted, in frame coordinates.
    passes : int
        Passes over the rows, with those of leaps that were taken back.
    outcome : Outcome
    reseeded : list of int
        Components that lost their rows and were seeded again.
    falls : int
        Steps on which the objective fell (possible under a ridge only).
    reason : str
        What went wrong, with its numbers.
    failed : int or None
        The component that went wrong.
    before : str
        What was done on samples of the rows before the first pass.
    """

    model: Mixture | None
    path: list[float] = field(default_factory=list)
    passes: int = 0
    outcome: Outcome = Outcome.MAX_ITER
    reseeded: list[int] = field(default_factory=list)
    falls: int = 0
    reason: str = ""
    failed: int | None = None
    before: str = ""

    @property
    def objective(self) -> float:
        """The last objective a unit of weight."""
        return self.path[-1] if self.path else -np.inf


@dataclass(frozen=True)
class Goal:
    """When to stop: `tol` on the change of the objective a unit of weight, and at most `max_iter` passes."""

    tol: float
    max_iter: int
    before: float = -np.inf  # the objective that a warm start continues from


Reseed = Callable[[Step, int], Mixture]
Watch = Callable[[Run], None]


def run(
    source: Rows, model: Mixture, kernel: Kernel, goal: Goal, rule: Rule, reseed: Reseed, watch: Watch | None = None
) -> Run:
    """EM from one start until it settles, fails or has made `max_iter` passes; failing is an outcome, no exception."""
    record = Run(model)
    try:
        _advance(record, source, kernel, goal, rule, reseed, watch)
        _given(record.model).density()  # the last M-step has met no row yet; what it made may be singular
    except ComponentError as error:
        record.outcome, record.reason, record.failed = error.outcome, str(error), error.component
    except NotFinite as error:
        record.outcome, record.reason = error.outcome, str(error)
    return record


def _advance(
    record: Run, source: Rows, kernel: Kernel, goal: Goal, rule: Rule, reseed: Reseed, watch: Watch | None
) -> None:
    """Iterate into `record`; a component without rows is seeded again once."""
    settled, previous = 0, goal.before
    guarded = _Reseeding(rule, record, reseed)
    for step, accepted, following in iterate(source, _given(record.model), kernel, guarded):
        record.passes += 1
        value = step.objective / step.moments.weight
        if not np.isfinite(value):
            raise NotFinite(f"The log-likelihood a row is {value} after {record.passes} passes.")
        if accepted:
            record.model = following
            record.path.append(value)
            change, previous = value - previous, value
            _watch_falls(record, change, value, step.model)
            settled = settled + 1 if abs(change) < goal.tol else 0
        if watch is not None:
            watch(record)
        if record.outcome is Outcome.FELL or settled >= rule.cycle:
            record.outcome = Outcome.CONVERGED if settled else record.outcome
        if record.outcome is not Outcome.MAX_ITER or record.passes >= goal.max_iter:
            record.model = guarded.surer or record.model
            return


def _given(model: Mixture | None) -> Mixture:
    assert model is not None
    return model


def _watch_falls(record: Run, change: float, value: float, model: Mixture) -> None:
    if change < -FALL * (1.0 + abs(value)) and len(record.path) > 1:
        record.falls += 1
        if model.recipe.exact and not record.reseeded:
            record.outcome = Outcome.FELL
            record.reason = f"The objective a row fell by {-change:.3g} to {value:.6g} on pass {record.passes}."


@dataclass
class _Reseeding:
    """A rule that answers a component without rows: seeded again the first time, a failure the second."""

    rule: Rule
    record: Run
    reseed: Reseed
    seeded: bool = False

    @property
    def cycle(self) -> int:
        """That of the rule within."""
        return self.rule.cycle

    @property
    def surer(self) -> Mixture | None:
        """That of the rule within, unless the last step seeded a component."""
        return None if self.seeded else self.rule.surer

    def __call__(self, step: Step) -> tuple[Mixture, bool]:
        """The rule's answer, or a model in which the empty components begin again."""
        empty = step.moments.empty()
        self.seeded = bool(empty)
        if not empty:
            return self.rule(step)
        if self.record.reseeded:
            left = step.moments.mass[empty[0]]
            raise EmptyComponent(empty[0], f"it holds a mass of {left:.3g} rows after a second seed.")
        self.record.reseeded.extend(empty)
        model = step.model
        for component in empty:
            model = self.reseed(Step(model, step.objective, step.moments), component)
        return model, True


def best(runs: list[Run]) -> int | None:
    """Index of the start with the highest objective, the first of equals; None when all failed."""
    alive = [i for i, r in enumerate(runs) if r.outcome.ok and r.model is not None]
    return max(alive, key=lambda i: (runs[i].objective, -i), default=None)
