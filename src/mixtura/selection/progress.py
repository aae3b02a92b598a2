"""What a search tells while it runs: how far it is, and about how long it will still take."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from mixtura.kernels import count_features
from mixtura.selection.attempt import Trial
from mixtura.selection.grid import Candidate


class Watch:
    """Told of every candidate; says nothing itself.

    Work is measured in components times features: what a pass over the rows costs.
    """

    def __init__(self) -> None:
        self.total, self.ready, self.count, self.of = 0.0, 0.0, 0, 0
        self._awaited: set[Candidate] = set()
        self._features = 1
        self._begun = perf_counter()

    def begin(self, candidates: Sequence[Candidate], shape: tuple[int, int]) -> None:
        """The search begins."""
        self._features, self._begun, self.of = shape[1], perf_counter(), len(candidates)
        self.total, self._awaited = sum(self._work(one) for one in candidates), set(candidates)

    def done(self, trial: Trial) -> None:
        """A candidate has been tried; a second time counts no more."""
        if trial.candidate in self._awaited:
            self._awaited.remove(trial.candidate)
            self.ready += self._work(trial.candidate)
            self.count += 1
            self.show()

    def show(self) -> None:
        """Say how far the search is."""

    @property
    def left(self) -> float:
        """Seconds that are probably left."""
        spent = perf_counter() - self._begun
        return spent * (self.total - self.ready) / max(self.ready, 1e-9)

    def _work(self, candidate: Candidate) -> float:
        order = candidate.family(self._features).order
        return float(candidate.n_components * (count_features(self._features, order) + 8))


class Printed(Watch):
    """Prints a line every second."""

    def __init__(self) -> None:
        super().__init__()
        self._last = perf_counter()

    def show(self) -> None:
        """Print how far the search is, if the last line is a second old, or it is at its end."""
        now = perf_counter()
        if now - self._last >= 1.0 or self.count == self.of:
            self._last = now
            print(f"{self.count} of {self.of} candidates, about {self.left:.0f} s left")


def of(verbose: int) -> Watch:
    """The watch that `verbose` asks for."""
    return Printed() if verbose else Watch()
