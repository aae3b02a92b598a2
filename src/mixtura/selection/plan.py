"""What every candidate of a search is asked for, and the rows that all of them are fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mixtura import kernels, start
from mixtura.estimators import initial, solve
from mixtura.hierarchy import Hierarchy
from mixtura.hierarchy import of as hierarchy_of
from mixtura.outcome import MixtureError
from mixtura.problem import Look, Problem, Settings
from mixtura.selection.grid import Candidate
from mixtura.sources.memory import Memory

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
    """

    settings: Settings
    init_params: Any
    n_init: int
    seed: int
    dtype: type[np.floating]
    n_threads: int | None

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
class Rows:
    """Rows with what all candidates share on them.

    Parameters
    ----------
    source : Memory
        In the user's units, with weights and threads.
    look : Look
    plan : Plan
    """

    source: Memory
    look: Look
    plan: Plan

    @classmethod
    def of(cls, source: Memory, plan: Plan) -> Rows:
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
        return Problem.pose(replace(self.source, block=block), settings, self.look)

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """The one tree that all candidates begin from."""
        first = Candidate(1, 0, "full")
        return hierarchy_of(self.problem(first).ground(), self.plan.random(first))

    def labels(self, candidate: Candidate) -> Any:
        """The labels of all rows that a candidate's only start begins from; None where it begins otherwise."""
        asked = self._asked(candidate)
        if self.plan.n_init > 1 and isinstance(asked, str):
            return None
        if isinstance(asked, str):
            named = asked == "hierarchical" and self.hierarchy.positions is None
            return self._clusters(candidate.n_components) if named else None
        given = np.asarray(asked)
        if given.ndim != 1:
            return None
        self.starts(candidate)  # refuses labels that do not fit
        return given.astype(np.int64)

    def _clusters(self, n_clusters: int) -> Any:
        """The tree's labels, which all families begin from."""
        if n_clusters not in self._known:
            self._known[n_clusters] = self.hierarchy.labels(n_clusters)
        return self._known[n_clusters]

    @cached_property
    def _known(self) -> dict[int, Any]:
        return {}

    def starts(self, candidate: Candidate) -> list[start.Start]:
        """Where a candidate begins.

        Raises
        ------
        MixtureError
            For labels or responsibilities that do not fit.
        """
        asked, n = self._asked(candidate), self.source.shape[0]
        if not isinstance(asked, str):
            noisy = self.look.noise is not None
            return [initial.named_or_given(asked, n, candidate.n_components, noisy)]
        if asked != "hierarchical":
            return [start.STARTS[asked]] * self.plan.n_init
        return [start.rooted(self.hierarchy), *[start.STARTS[FURTHER]] * (self.plan.n_init - 1)]

    def _asked(self, candidate: Candidate) -> Any:
        asked = self.plan.init_params
        if not isinstance(asked, Mapping):
            return asked
        if candidate.n_components not in asked:
            raise MixtureError(f"init_params has no entry for {candidate.n_components} components.")
        return asked[candidate.n_components]
