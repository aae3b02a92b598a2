"""Fits to rows that are not in memory: few readings of them, because most of the way is gone on random samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from mixtura.assess import Assessment
from mixtura.cli import asked, screen
from mixtura.cli.gathering import Streamed
from mixtura.cli.models import calm, in_options
from mixtura.cli.requests import Settings
from mixtura.cli.words import NAMED, shorten
from mixtura.criteria import TABLE, Evidence
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.solve import Door
from mixtura.selection.table import Row
from mixtura.sources.rows import Rows

# A search sees so many rows at most, unless more are asked for, and no fewer than these.
SEARCHED, FEWEST = 100_000, 1000
# Criteria that one reading gives.
MEASURED = ("bic", "icl", "aic", "aicc", "clc")


def grown(of: Streamed, k: int, family: str, how: Settings, checkpoint: str | None = None) -> Any:
    """A mixture of one family, as a search of this one candidate would fit it, but from growing samples."""
    model = GaussianMixture(
        k,
        covariance_type=family,
        tol=how.tol,
        reg_covar=how.reg_covar,
        max_iter=how.max_iter,
        n_init=how.n_init,
        init_params=asked.start(how.init),
        random_state=how.seed,
        noise=how.noise,
        prior="default" if how.prior else None,
        acceleration="growing",
        n_threads=how.threads,
    )
    door = Door(standardize=True, names=of.names)
    with calm(), in_options():
        return model._fit(of.opened, None, door, checkpoint).sort_components()


@contextmanager
def shown(of: Streamed, quiet: bool) -> Iterator[None]:
    """Show on the terminal how far each reading is."""
    with screen.bar(shorten(of.table.title, NAMED), quiet=quiet) as bar:
        of.opened.meter.bar = bar
        try:
            yield
        finally:
            of.opened.meter.bar = None


def sample(of: Streamed, size: int | None, seed: int) -> Rows:
    """Rows drawn at random by the first reading, in their order: so many, or all if they are fewer."""
    most = size or min(SEARCHED, max(of.opened.room // (16 * len(of.choice.features)), FEWEST))
    source = of.opened.source().having(seed=seed)
    drawn = source.having(kept=most) if hasattr(source, "kept") else source
    some = drawn.surveyed(most).sample(most).rising()
    return Rows(np.asarray(some.rows, dtype=np.float64), some.weight)


def row_of(model: Any, found: Assessment, like: Row, seconds: float) -> Row:
    """A fitted model as a row of a table."""
    report = model.fit_report_
    evidence = Evidence(
        n_components=report.n_components,
        n_parameters=report.n_parameters,
        n=found.weight,
        log_likelihood=found.log_likelihood,
        log_max=found.log_max,
        entropy=found.entropy,
    )
    values: dict[str, Any] = {name: rule(evidence) if name in MEASURED else None for name, rule in TABLE.items()}
    values = {name: value if value is not None and np.isfinite(value) else None for name, value in values.items()}
    return replace(
        like,
        **values,
        log_likelihood=found.log_likelihood,
        n_parameters=report.n_parameters,
        passes=report.passes,
        converged=bool(model.converged_),
        outcome=report.outcome.value,
        seconds=seconds,
    )


def refit(of: Streamed, row: Row, how: Settings) -> tuple[Any, Row]:
    """A candidate that did well on a sample, fitted to all rows, and its row of the table."""
    begun = perf_counter()
    model = grown(of, row.n_components, row.family, how)
    found = model._assessed(of.opened, None)
    return model, row_of(model, found, row, perf_counter() - begun)


def criterion(asked_for: str) -> str:
    """The criterion by which models are compared on all rows: BIC where one reading cannot give what was asked for."""
    return asked_for if asked_for in MEASURED else "bic"
