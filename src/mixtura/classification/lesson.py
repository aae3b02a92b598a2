"""What a classifier learns from, and EM over rows with and without a label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura import acceleration, em, kernels
from mixtura.arrays import Float
from mixtura.classification.joined import Joined
from mixtura.classification.targets import Targets
from mixtura.em import Goal, Run, Step
from mixtura.kernels.supervised import Supervised
from mixtura.mixture import Mixture
from mixtura.moments import Order
from mixtura.outcome import EmptyComponent, Outcome
from mixtura.problem import Look, Settings
from mixtura.sources.memory import Memory
from mixtura.sources.source import Source


@dataclass(frozen=True)
class Lesson:
    """Rows, what is known of their classes, and how to learn from them.

    Parameters
    ----------
    source : Memory
        In the user's units, with weights and threads.
    look : Look
    targets : Targets
    priors : array of shape (C,) or None
        Class shares that were given.
    settings : Settings
        But for the family and the number of components.
    dtype : float32 or float64
        In which parameters are published.
    """

    source: Memory
    look: Look
    targets: Targets
    priors: Float | None
    settings: Settings
    dtype: Any

    @property
    def n_classes(self) -> int:
        """Number of classes C."""
        return len(self.targets.classes)

    @property
    def n_shares(self) -> int:
        """How many class shares are free."""
        return self.n_classes - 1 if self.priors is None else 0

    def sized(self, n_components: int, order: Order) -> Memory:
        """The source in blocks that suit a model."""
        return replace(self.source, block=kernels.rows_a_block(*self.source.shape, n_components, order))

    def learn(self, source: Source, model: Joined) -> Run:
        """EM from a model, in the frame of a source; with every row labeled and one component a class it is there."""
        if not self.targets.unlabeled > 0:
            model.density()
            return Run(_as_mixture(model), passes=1, outcome=Outcome.CONVERGED)
        base = kernels.choose(source.kind, len(model.proportions), model.order)
        kernel = Supervised(base, self.targets.codes, tuple(model.members))
        goal = Goal(self.settings.tol, self.settings.max_iter)
        return em.run(source, _as_mixture(model), kernel, goal, acceleration.rule(self.settings.acceleration), _refuse)


def _as_mixture(model: Any) -> Mixture:
    """A joined model does all that the loop asks of a mixture."""
    mixture: Mixture = model
    return mixture


def _refuse(step: Step, component: int) -> Mixture:
    """Seed no component again: the least likely row may be of another class."""
    left = step.moments.mass[component]
    raise EmptyComponent(component, f"it holds a mass of {left:.3g} rows. Use fewer components for its class.")


def slices(counts: Any) -> tuple[slice, ...]:
    """Neighboring slices of these lengths.

    Examples
    --------
    >>> from mixtura.classification.lesson import slices
    >>> slices([2, 1])
    (slice(0, 2, None), slice(2, 3, None))
    """
    ends = np.cumsum(counts).tolist()
    return tuple(slice(end - int(count), end) for end, count in zip(ends, counts, strict=True))
