"""What a fit prints while it runs, when `verbose` asks for it: scikit-learn's lines."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from mixtura.em import Run
from mixtura.outcome import Outcome

ENDS = {
    Outcome.CONVERGED: "converged",
    Outcome.MAX_ITER: "did not converge",
    Outcome.GIVEN: "was returned as it is",
    Outcome.OUTDONE: "was outdone on a sample of the rows",
}


class Silent:
    """Prints nothing."""

    def begin(self, index: int) -> None:
        """A start begins."""

    def __call__(self, run: Run) -> None:
        """A pass has been made."""

    def end(self, run: Run) -> None:
        """A start has ended."""


class Printed(Silent):
    """Prints every `interval`-th pass; with `gains` its gain and time as well.

    Parameters
    ----------
    interval : int
    gains : bool
    log_unit : float
        What objectives in frame coordinates exceed those in the user's units by.
    before : float
        The objective in frame coordinates that the first pass is compared with.
    """

    def __init__(self, interval: int, gains: bool, log_unit: float, before: float) -> None:
        self._interval, self._gains, self._log_unit, self._before = interval, gains, log_unit, before
        self._began = self._last = perf_counter()

    def begin(self, index: int) -> None:
        """Say which start begins."""
        print(f"Initialization {index}")
        self._began = self._last = perf_counter()

    def __call__(self, run: Run) -> None:
        """Say how a pass went."""
        if run.passes % self._interval:
            return
        if not self._gains:
            print(f"  Iteration {run.passes}")
            return
        now = perf_counter()
        gain = run.path[-1] - (run.path[-2] if len(run.path) > 1 else self._before)
        print(f"  Iteration {run.passes}\t time lapse {now - self._last:.5f}s\t ll change {gain:.5f}")
        self._last = now

    def end(self, run: Run) -> None:
        """Say how the start ended."""
        how = ENDS.get(run.outcome, f"failed: {run.reason or run.outcome.value}").rstrip(".")
        if not self._gains or not run.path:
            print(f"Initialization {how}.")
            return
        lower_bound = run.objective - self._log_unit
        lapse = perf_counter() - self._began
        print(f"Initialization {how}. time lapse {lapse:.5f}s\t lower bound {lower_bound:.5f}.")


def of(estimator: Any, log_unit: float, before: float) -> Silent:
    """The printer that an estimator's `verbose` asks for."""
    if not estimator.verbose:
        return Silent()
    return Printed(estimator.verbose_interval, int(estimator.verbose) >= 2, log_unit, before)
