"""Held-out log-likelihood by cross-validation: candidates fitted to most of the rows, and the others' density."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.outcome import MixtureError
from mixtura.selection import ordinary
from mixtura.selection.attempt import Trial
from mixtura.selection.plan import Rows
from mixtura.selection.progress import Watch
from mixtura.start import SEEDING_ROWS

if TYPE_CHECKING:
    from mixtura.selection.engine import Search

# Parts of the rows, each held out once.
FOLDS = 5
LOST = (
    "Not compared: without a fifth of the rows it could not be fitted, or the rows held out have no density under it."
)


def held_out(search: Search, trials: list[Trial]) -> list[Trial]:
    """Every trial's evidence with the held-out log-likelihood; None where a fold could not be fitted."""
    weight = search.rows.source.weight
    n = search.rows.source.shape[0]
    weight = np.ones(n) if weight is None else weight
    there = [trial.candidate for trial in trials if trial.evidence is not None]
    totals: dict[Any, float | None] = dict.fromkeys(there, 0.0)
    for number, part in enumerate(parts(weight, search.rows.plan.seed)):
        own = _rows(search.rows, np.where(part, 0.0, weight))
        inner = replace(search, rows=own, keeper=search.keeper.within(f"fold {number}"), watch=Watch())
        others = replace(search.rows, source=search.rows.source.having(weight=np.where(part, weight, 0.0)))
        for trial in inner.fit(there):
            totals[trial.candidate] = _sum(totals[trial.candidate], others, trial)
    return [_with(trial, totals.get(trial.candidate)) for trial in trials]


def parts(weight: Any, seed: int) -> list[Any]:
    """Masks of the rows that are held out together: rows of weight above 0 in random order, dealt out one by one.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.selection.folds import parts
    >>> np.sum(parts(np.array([1.0] * 11 + [0.0]), seed=0), axis=1)
    array([3, 2, 2, 2, 2])
    """
    there = np.flatnonzero(weight > 0)
    order = np.random.RandomState(seed % 2**32).permutation(len(there))
    found = []
    for fold in range(min(FOLDS, len(there))):
        mask = np.zeros(len(weight), dtype=bool)
        mask[there[order[fold::FOLDS]]] = True
        found.append(mask)
    return found


def _rows(rows: Rows, weight: Any) -> Rows:
    """The same rows under other weights."""
    return Rows.of(rows.source.having(weight=weight).surveyed(SEEDING_ROWS), rows.plan)


def _sum(total: float | None, others: Rows, trial: Trial) -> float | None:
    if total is None or trial.kept is None or trial.kept.parameters is None:
        return None
    try:
        return total + ordinary.assess_rows(others, trial.kept.parameters).log_likelihood
    except MixtureError:  # a row so far from all that its density is below the smallest double
        return None


def _with(trial: Trial, total: float | None) -> Trial:
    if trial.evidence is None:
        return trial
    reason = trial.reason or ("" if total is not None else LOST)
    return replace(trial, evidence=replace(trial.evidence, held_out=total), reason=reason)
