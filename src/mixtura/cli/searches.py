"""From rows to the best model: the one way in which ``fit`` and ``select`` fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura.cli import asked, screen, streamed_fits
from mixtura.cli.gathering import Gathered, Streamed
from mixtura.cli.models import calm, in_options
from mixtura.cli.requests import Settings
from mixtura.cli.searched import Board, Sample, Searched
from mixtura.cli.words import count
from mixtura.outcome import FitFailed, MixtureError
from mixtura.selection import verdict
from mixtura.selection.mixture_search import Door, MixtureSearch
from mixtura.selection.progress import Watch
from mixtura.selection.table import Results, Row
from mixtura.sources.rows import Rows

# So many of the best in a sample are fitted to all rows.
REFITTED = 3


@dataclass(frozen=True)
class Wanted:
    """What is to be tried: numbers of components, families and the criterion, and how each is fitted."""

    numbers: tuple[int, ...]
    families: tuple[str, ...]
    criterion: str
    settings: Settings

    def estimator(self) -> MixtureSearch:
        """The search that is asked for."""
        how = self.settings
        return MixtureSearch(
            list(self.numbers),
            covariance_types=list(self.families),
            criterion=self.criterion,
            init_params=asked.start(how.init),
            tol=how.tol,
            max_iter=how.max_iter,
            reg_covar=how.reg_covar,
            noise=how.noise,
            prior="default" if how.prior else None,
            n_init=how.n_init,
            random_state=how.seed,
            n_threads=how.threads,
        )


class Shown(Watch):
    """A watch that moves a bar, if there is one, and tells of the beginning."""

    def __init__(self, bar: screen.Bar | None, begun: Callable[[], None]) -> None:
        super().__init__()
        self._bar, self._told = bar, begun

    def begin(self, candidates: Any, shape: tuple[int, int]) -> None:
        """The search begins: settings, rows and checkpoint are in order."""
        self._told()
        super().begin(candidates, shape)
        self.show()

    def show(self) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.move(self.count, self.of, self.left)


def search(
    of: Gathered | Streamed, rows: Rows, wanted: Wanted, watch: Watch, checkpoint: str | None = None
) -> MixtureSearch:
    """Search on rows, without a word."""
    found = wanted.estimator()
    with calm(), in_options():
        return found._fit(rows.values, rows.weight, checkpoint, Door(names=of.names, watch=watch))


@contextmanager
def watching(n_rows: int, quiet: bool, begun: Callable[[], None] = lambda: None) -> Iterator[Watch]:
    """A watch that moves a bar on the terminal."""
    with screen.bar(f"{count(n_rows)} rows", quiet=quiet) as bar:
        yield Shown(bar, begun)


def board(found: MixtureSearch) -> Board:
    """What a search found, as it is told and kept."""
    return Board(found.results_, tuple(found.verdict_.split("\n")), found.margin_)


def draw(rows: Rows, size: int, seed: int) -> Rows:
    """So many rows drawn at random without replacement, in their order."""
    at = np.sort(np.random.default_rng(seed).choice(len(rows.values), size, replace=False))
    return Rows(rows.values[at], None if rows.weight is None else rows.weight[at])


def on_all_rows(
    of: Gathered | Streamed, wanted: Wanted, sampled: MixtureSearch, size: int, watch: Watch | None = None
) -> tuple[Any, Searched]:
    """Fit the best candidates of a search on a sample to all rows: the best model, and both tables."""
    there: list[tuple[Row, str, Any]] = []
    codes = dict(zip(sampled.results_.rows, sampled.results_.codes, strict=True))
    for row in sampled.results_.ranked[:REFITTED]:
        fitted, told = _refit(of, replace(wanted, numbers=(row.n_components,), families=(row.family,)), watch, row)
        there.append((told, codes[row], fitted))
    criterion = wanted.criterion if isinstance(of, Gathered) else streamed_fits.criterion(wanted.criterion)
    values = [getattr(row, criterion) for row, _, fitted in there if fitted is not None]
    if not values:
        reasons = dict.fromkeys(row.outcome for row, _, _ in there)
        raise FitFailed(f"None of the best {len(there)} could be fitted to all rows. {' '.join(reasons)}")
    rows = tuple(row for row, _, _ in there)
    best = next(i for i, row in enumerate(rows) if getattr(row, criterion) == min(values))
    results = Results(rows, criterion, best, tuple(code for _, code, _ in there))
    refitted = Board(results, tuple(_sentences(results)), verdict.margin(results))
    sample = Sample(size, of.tally.n_used, wanted.settings.seed, refitted)
    return there[best][2], Searched(board(sampled), sample)


def _refit(of: Gathered | Streamed, one: Wanted, watch: Watch | None, row: Row) -> tuple[Any, Row]:
    """A candidate fitted to all rows, None where it cannot be, and its row of the table."""
    try:
        if isinstance(of, Streamed):
            return streamed_fits.refit(of, row, one.settings)
        found = search(of, of.rows, one, watch or Watch())
    except MixtureError as error:
        nothing: dict[str, Any] = {
            name: None for name, value in vars(row).items() if isinstance(value, float) and name != "seconds"
        }
        return None, replace(row, **nothing, n_parameters=None, passes=0, converged=False, outcome=str(error))
    return found.best_estimator_, found.results_[0]


def _sentences(results: Results) -> Iterator[str]:
    """The winner on all rows, and by how much."""
    row, criterion = results[results.best], results.criterion
    yield f"Best by {criterion.upper()} on all rows: {verdict.named(row)} ({getattr(row, criterion):.6g})."
    second, lead = verdict.runner_up(results), verdict.margin(results)
    if second is None or lead is None:
        return
    evidence = "" if criterion != "bic" else f": {verdict.strength(lead)}" + (" evidence" if lead >= 2.0 else "")
    yield f"Next: {verdict.named(second)}, {lead:.3g} behind{evidence}."
