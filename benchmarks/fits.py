"""Fits from nothing: many small ones, one small one, a large one, and the first of a process."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import fresh
from benchmarks.footprint import estimator
from benchmarks.iterations import EXACT, OURS, THEIRS
from benchmarks.problems import fit, gap, pairs, problem, timed
from benchmarks.rounds import Clock, alternate, within
from benchmarks.where import sampled
from benchmarks.workloads import Workload

UNFITTED = -1e300  # the mean log-likelihood of a data set that was not fitted, as far as comparing goes


def fit_many(work: Workload) -> dict[str, Any]:
    """Many small fits at once against scikit-learn one by one, with all threads and with one, which suits it."""
    from threadpoolctl import threadpool_limits

    import mixtura as mx

    sets, k = pairs(work.options["sets"], work.shape), work.shape.components
    fitted: dict[str, Any] = {}

    def ours() -> float:
        seconds, fitted[OURS] = timed(lambda: mx.fit_many(sets, k, random_state=0))
        return seconds

    def theirs() -> float:
        kind = estimator(THEIRS)
        seconds, fitted[THEIRS] = timed(lambda: [kind(k, random_state=0).fit(X) for X in sets])
        return seconds

    ours()
    clocks = {OURS: ours, THEIRS: theirs, f"{THEIRS}, 1 thread": within(lambda: threadpool_limits(1), theirs)}
    samples = alternate(clocks, work.repeats)
    reached = np.nan_to_num(fitted[OURS].lower_bound, nan=UNFITTED)
    short = max(each.score(X) - ours for each, X, ours in zip(fitted[THEIRS], sets, reached, strict=True))
    return {
        "samples": samples,
        "gaps": {THEIRS: max(0.0, float(short))},
        "tolerance": {THEIRS: 1e-3},
        "where": sampled(ours),
    }


def one_fit(work: Workload) -> dict[str, Any]:
    """One small fit with default settings: the mean over several data sets."""
    sets, k = pairs(work.options["sets"], work.shape), work.shape.components
    fitted: dict[str, list[Any]] = {}

    def clock(name: str) -> Clock:
        def all_of_them() -> float:
            kind = estimator(name)
            seconds, fitted[name] = timed(lambda: [kind(k, random_state=0).fit(X) for X in sets])
            return seconds / len(sets)

        return all_of_them

    clocks = {name: clock(name) for name in (OURS, THEIRS)}
    clocks[OURS](), clocks[THEIRS]()
    samples = alternate(clocks, work.repeats)
    return {
        "samples": samples,
        "gaps": {THEIRS: max(map(gap, fitted[OURS], fitted[THEIRS]))},
        "tolerance": {THEIRS: EXACT},
        "where": sampled(clocks[OURS]),
    }


def whole_fit(work: Workload) -> dict[str, Any]:
    """A fit from nothing, its own seeding included, to the likelihood that scikit-learn ends at."""
    X, _ = problem(work.shape)
    k = work.shape.components
    models = {OURS: work.options["ours"], THEIRS: {}}
    fitted: dict[str, Any] = {}

    def clock(name: str) -> Clock:
        def whole() -> float:
            model = estimator(name)(k, random_state=0, **models[name])
            seconds, fitted[name] = timed(lambda: model.fit(X))
            return seconds

        return whole

    fit(estimator(OURS), work.shape, X[: len(X) // 4], 1, random_state=0)  # compiles, and loads what seeds
    clocks = {name: clock(name) for name in models}
    samples = alternate(clocks, work.repeats)
    ends = {name: {"end": float(model.score(X)), "passes": model.n_iter_} for name, model in fitted.items()}
    return {
        "samples": samples,
        "gaps": {THEIRS: max(0.0, ends[THEIRS]["end"] - ends[OURS]["end"])},
        "tolerance": {THEIRS: 1e-4},
        "where": sampled(clocks[OURS]),
        "notes": {"settings": work.options["ours"]} | ends,
    }


def first_fit(work: Workload) -> dict[str, Any]:
    """The first fit of a process, with nothing compiled before; and with the libraries it uses loaded before."""
    clocks: dict[str, Clock] = {
        OURS: lambda: fresh.first_fit("mixtura", work.shape, "scipy.special, sklearn.mixture"),
        "ours, with the import of its libraries": lambda: fresh.first_fit("mixtura", work.shape),
        THEIRS: lambda: fresh.first_fit("sklearn.mixture", work.shape),
    }
    return {"samples": alternate(clocks, work.repeats)}
