"""The kinds of measurement by name, and how one is run: in its own process, failing without taking others along."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import date
from typing import Any

from benchmarks import fresh, ledger
from benchmarks.devices import on_device
from benchmarks.fits import first_fit, fit_many, one_fit, whole_fit
from benchmarks.footprint import peak
from benchmarks.iterations import OURS, THEIRS, answers, iteration, variant
from benchmarks.ledger import Row
from benchmarks.searches import against_a_loop, against_mclust
from benchmarks.streams import out_of_core
from benchmarks.workloads import Workload

KINDS: dict[str, Callable[[Workload], dict[str, Any]]] = {
    "iteration": iteration,
    "score_samples": answers,
    "predict_proba": answers,
    "variant": variant,
    "fit_many": fit_many,
    "one fit": one_fit,
    "whole fit": whole_fit,
    "first fit": first_fit,
    "search": against_mclust,
    "search loop": against_a_loop,
    "device": on_device,
    "out of core": out_of_core,
}
WEIGHED = {"iteration": (OURS, THEIRS), "memory": (OURS,)}


def run(work: Workload, apart: bool) -> Row:
    """One row; `apart` starts a process for each part of it."""
    call = fresh.call if apart else _here
    taken = date.today().isoformat()
    try:
        measured = call(quietly, work) if work.kind in KINDS else {"samples": {}}
        weights = {name: call(peak, name, work.shape) for name in WEIGHED.get(work.kind, ())}
        found = {name: weight for name, weight in weights.items() if weight is not None}
        return ledger.of(work, taken, **measured, megabytes=found)
    except Exception as error:  # one workload that fails is a row that says so
        return ledger.of(work, taken, samples={}, failed=f"{type(error).__name__}: {error}")


def _here(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


def quietly(work: Workload) -> dict[str, Any]:
    """Measure, without what libraries warn of on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return KINDS[work.kind](work)
