"""What every candidate of a search is asked for, and the rows that all of them are fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from mixtura import hierarchy, kernels, start
from mixtura.estimators import initial, solve
from mixtura.hierarchy import Hierarchy
from mixtura.outcome import MixtureError
from mixtura.problem import Look, Problem, Settings
from mixtura.selection.grid import Candidate
from mixtura.sources.source import Source

# Starts after the first of one that always begins alike.
FURTHER = "k-means++"


@dataclass(frozen=True)
class Plan:
    """What every candidate is asked for.

    Parameters
    ----------
    settings : Settings
        But for the family and the number of components, which are each candidate's.
    init_params : str, array or mapping
        A name, labels or responsibilities, or a mapping from numbers of components to such.
    n_init : int
    seed : int
    dtype : float32 or float64
        In which parameters are published.
    n_threads : int or None
    alone : bool
        Whether there is one candidate only: it is fitted sooner than compiled code is loaded.
    """

    settings: Settings
    init_params: Any
    n_init: int
    seed: int
    dtype: type[np.floating]
    n_threads: int | None
    alone: bool = False

    def of(self, candidate: Candidate) -> Settings:
        """The settings of a candidate."""
        k, name = candidate.n_components, candidate.covariance_type
        return replace(self.settings, n_components=k, covariance_type=name)

    def random(self, candidate: Candidate, start: int = 0) -> np.random.RandomState:
        """Where a start of a candidate draws from: it depends on nothing else, so that the order of work does not."""
        words = [self.seed, candidate.n_components, start, *candidate.covariance_type.encode()]
        return np.random.RandomState(np.random.SeedSequence(words).generate_state(8))


def settings_of(model: Any) -> Settings:
    """The settings of an estimator, for starts on standardized columns."""
    return solve.settings(model, standardize=True)


@dataclass(frozen=True)
class Beginning:
    """Where a start begins, and the labels (N,) of all rows where that is all it begins from."""

    start: start.Start
    labels: Any = None


@dataclass(frozen=True)
class Rows:
    """Rows with what all candidates share on them.

    Parameters
    ----------
    source : Source
        In the user's units, with weights and threads.
    look : Look
    plan : Plan
    """

    source: Source
    look: Look
    plan: Plan

    @classmethod
    def of(cls, source: Source, plan: Plan) -> Rows:
        """Look at the rows."""
        return cls(source, Look.at(source, plan.settings.noise), plan)

    def problem(self, candidate: Candidate) -> Problem:
        """The problem of a candidate.

        Raises
        ------
        MixtureError
            Where the spread of the columns is beyond all doubles, or a prior cannot be made.
        """
        settings = self.plan.of(candidate)
        family = candidate.family(self.source.shape[1])
        block = kernels.rows_a_block(*self.source.shape, candidate.n_components, family.order)
        return Problem.pose(self.source.having(block=block), settings, self.look)

    @cached_property
    def trees(self) -> tuple[Hierarchy, ...]:
        """The trees that all candidates begin from: equal rows as one leaf, and, where there are any, as several."""
        first = Candidate(1, 0, "full")
        ground, seed = self.problem(first).ground(), partial(self.plan.random, first)
        other = hierarchy.apart(ground, seed())
        one = hierarchy.of(ground, seed())
        return (one,) if other is None else (one, other)

    def begin(self, candidate: Candidate, small: bool) -> list[Beginning]:
        """Where a candidate begins; a `small` one from all trees.

        Raises
        ------
        MixtureError
            For labels or responsibilities that do not fit.
        """
        asked, n = self._asked(candidate), self.source.shape[0]
        if not isinstance(asked, str):
            given, noisy = np.asarray(asked), self.look.noise is not None
            begin = initial.named_or_given(asked, n, candidate.n_components, noisy)
            return [Beginning(begin, given.astype(np.int64) if given.ndim == 1 else None)]
        if asked != "hierarchical":
            return [Beginning(start.STARTS[asked])] * self.plan.n_init
        trees = self.trees if small else self.trees[:1]
        found = [self._rooted(at, candidate.n_components) for at in range(len(trees))]
        return [*found, *[Beginning(start.STARTS[FURTHER])] * (self.plan.n_init - 1)]

    def _rooted(self, at: int, n_clusters: int) -> Beginning:
        """A tree's labels, which all families begin from."""
        if (at, n_clusters) not in self._known:
            tree = self.trees[at]
            labels = tree.labels(n_clusters) if tree.positions is None else None
            self._known[at, n_clusters] = Beginning(start.rooted(tree), labels)
        return self._known[at, n_clusters]

    @cached_property
    def _known(self) -> dict[tuple[int, int], Beginning]:
        return {}

    def _asked(self, candidate: Candidate) -> Any:
        asked = self.plan.init_params
        if not isinstance(asked, Mapping):
            return asked
        if candidate.n_components not in asked:
            raise MixtureError(f"init_params has no entry for {candidate.n_components} components.")
        return asked[candidate.n_components]
