"""One iteration, whole or with something changed, and the answers of a fitted mixture."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.footprint import estimator
from benchmarks.machine import matrix_product
from benchmarks.problems import fit, gap, problem, timed
from benchmarks.rounds import Clock, alternate, between, within
from benchmarks.where import sampled
from benchmarks.workloads import Shape, Workload

OURS, THEIRS = "ours", "scikit-learn"
EXACT = 1e-8  # how far parameters, paths and answers may be apart, in parts of the largest


class Subject:
    """An estimator on rows, from a start: its clock, and the last it fitted by number of iterations."""

    def __init__(self, name: str, shape: Shape, X: np.ndarray, **settings: Any) -> None:
        self.kind, self.shape, self.X, self.settings = estimator(name), shape, X, settings
        self.fitted: dict[int, Any] = {}

    def fit(self, iterations: int) -> float:
        """Seconds."""
        seconds, self.fitted[iterations] = fit(self.kind, self.shape, self.X, iterations, **self.settings)
        return seconds

    def after(self, iterations: int) -> Any:
        """The estimator after so many iterations."""
        if iterations not in self.fitted:
            self.fit(iterations)
        return self.fitted[iterations]

    def clock(self, steps: int) -> Clock:
        """Seconds of an iteration."""
        return lambda: between(self.fit, steps)


def iteration(work: Workload) -> dict[str, Any]:
    """One iteration, ours and everybody's."""
    from mixtura.threads import available

    X, start = problem(work.shape)
    ours, theirs = (Subject(name, work.shape, X, **start) for name in (OURS, THEIRS))
    ours_steps, theirs_steps = work.options["steps"]
    ours.fit(1)  # compiles, or loads what was compiled
    names = work.options.get("peers", ())
    with peers.serving(names, X, start, work.shape.family, available()) as (serving, missing):
        alive = [peer for peer in serving if peer.is_alive()]
        missing += [f"{peer.name} (failed)" for peer in serving if peer not in alive]
        clocks: dict[str, Clock] = {"matrix product": matrix_product, OURS: ours.clock(ours_steps)}
        clocks[THEIRS] = theirs.clock(theirs_steps)
        clocks |= {peer.name: _peer_clock(peer) for peer in alive}
        samples = alternate(clocks, work.repeats, dict.fromkeys(names, 2))
        scores = {peer.name: peer.score() for peer in alive}
    last = theirs_steps + 1
    gaps = {THEIRS: gap(ours.after(last), theirs.after(last))}
    truth = ours.after(2).score(X) if scores else 0.0
    gaps |= {name: abs(score / truth - 1) for name, score in scores.items()}
    return {
        "samples": samples,
        "gaps": gaps,
        "tolerance": {THEIRS: EXACT} | {name: peers.TOLERANCE[name] for name in scores},
        "missing": missing,
        "where": sampled(lambda: ours.fit(1 + 3 * ours_steps)),
        "notes": {"uncertainty": ours.after(last).fit_report_.uncertainty},
    }


def _peer_clock(peer: peers.Peer) -> Clock:
    return lambda: between(peer.fit, 1)


def answers(work: Workload) -> dict[str, Any]:
    """What a fitted mixture says of each row: both hold the same parameters."""
    X, start = problem(work.shape)
    ours = Subject(OURS, work.shape, X, **start).after(2)
    calls = {OURS: getattr(ours, work.kind), THEIRS: getattr(ours.to_sklearn(), work.kind)}
    said = {name: call(X) for name, call in calls.items()}
    apart = float(np.abs(said[OURS] - said[THEIRS]).max() / np.abs(said[THEIRS]).max())
    clocks: dict[str, Clock] = {name: lambda call=call: timed(lambda: call(X))[0] for name, call in calls.items()}
    return {
        "samples": alternate(clocks, work.repeats),
        "gaps": {THEIRS: apart},
        "tolerance": {THEIRS: EXACT},
        "where": sampled(lambda: calls[OURS](X)),
    }


def variant(work: Workload) -> dict[str, Any]:
    """One iteration with something changed, beside ours as it stands and scikit-learn with the same change."""
    from threadpoolctl import threadpool_limits

    change = work.options["change"]
    X, start = problem(work.shape)
    plain = Subject(OURS, work.shape, X, **start)
    shape, rows, begin, own = _changed(work, X, start)
    ours, theirs = Subject(OURS, shape, rows, **begin, **own), Subject(THEIRS, shape, rows, **begin)
    steps, slow = work.options["steps"]
    plain.fit(1), ours.fit(1)
    clocks = {OURS: ours.clock(steps), "as it stands": plain.clock(steps)}
    if slow:
        limit = (lambda: threadpool_limits(1)) if change == "1 thread" else nullcontext
        clocks[THEIRS] = within(limit, theirs.clock(slow))
    samples = alternate(clocks, work.repeats)
    loose = 1e-3 if change == "float32 rows" else EXACT  # scikit-learn sums in the precision of the rows
    return {
        "samples": samples,
        "gaps": {THEIRS: gap(ours.after(slow + 1), theirs.after(slow + 1))} if slow else {},
        "tolerance": {THEIRS: loose},
        "where": sampled(lambda: ours.fit(1 + 2 * steps)),
        "notes": {"uncertainty": ours.after(2).fit_report_.uncertainty},
    }


def _changed(work: Workload, X: np.ndarray, start: dict[str, Any]) -> tuple[Shape, np.ndarray, dict[str, Any], dict]:
    """Shape, rows, start and our own settings of a variant."""
    change = work.options["change"]
    if change == "overlapping":
        closer = replace(work.shape, reach=work.options["reach"])
        return closer, *problem(closer), {}
    if change == "float32 rows":
        return work.shape, X.astype(np.float32), start, {}
    if change == "row weights":
        return work.shape, X, start, {"sample_weight": np.random.default_rng(2).uniform(0.5, 1.5, len(X))}
    return work.shape, X, start, {"n_threads": 1}
