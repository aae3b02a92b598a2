"""Candidates on few rows: whole fits in compiled code, spread over threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mixtura import criteria, threads
from mixtura.arrays import Float, is_elsewhere
from mixtura.covariance import published
from mixtura.criteria import Evidence
from mixtura.estimators.many.small import arranged, ready
from mixtura.kernels import count_features
from mixtura.outcome import MixtureError, Outcome
from mixtura.parameters import Parameters
from mixtura.selection.attempt import Attempt, Draft
from mixtura.selection.grid import Candidate
from mixtura.selection.plan import Rows

if TYPE_CHECKING:
    from mixtura.kernels.batch import Begin, Climb, Measure

# Rows times components times features P up to which a candidate's whole fit is one thread's work.
SMALL = 2**23
# Turns a thread: few enough to cost nothing, enough to share evenly, to be interrupted and to be kept.
TURNS = 8
# Variances between this and its inverse have precisions that are numbers.
TINY = 1e-100
# Passes that a compiled fit may make, for it records its path; one that needs more begins again in the ordinary way.
PASSES = 2**14


@dataclass(frozen=True)
class Job:
    """One start of a candidate: the labels it begins from, or the parameters; neither where the start failed."""

    candidate: Candidate
    start: int
    labels: NDArray[np.int64] | None = None
    parameters: Parameters | None = None

    @property
    def failed(self) -> bool:
        """Whether there is nothing to begin from."""
        return self.labels is None and self.parameters is None


@dataclass(frozen=True)
class Done:
    """What came of a job; no attempt where compiled code could not end it after so many passes."""

    job: Job
    attempt: Attempt | None
    evidence: Evidence | None = None
    seconds: float = 0.0
    passes: int = 0


def fits(rows: Rows, candidate: Candidate) -> bool:
    """Whether a candidate is small, and nothing is asked of it that compiled fits cannot do."""
    settings, (n, d) = rows.plan.settings, rows.source.shape
    plain = rows.look.noise is None and settings.prior is None and settings.acceleration in (None, "squarem")
    plain = plain and not rows.plan.alone
    work = n * candidate.n_components * count_features(d, candidate.family(d).order)
    return plain and settings.max_iter > 0 and work <= SMALL and not is_elsewhere(rows.source.kind) and ready()


def climb(rows: Rows, turns: Iterable[Sequence[Job]]) -> Iterator[list[Done]]:
    """Fit jobs on all threads, a turn at a time; turns may be thought of while the first are at work.

    Which thread fits what changes no bit. An interrupt stops the threads at their next pass.
    """
    stop = np.zeros(1, dtype=np.int64)
    data = np.ascontiguousarray(rows.source.take(slice(None)))
    pool = ThreadPoolExecutor(_threads(rows), thread_name_prefix="mixtura")
    try:
        for found in pool.map(partial(_fit, rows, data, stop), turns):
            yield _told(rows, *found)
    finally:
        stop[0] = 1
        pool.shutdown(wait=True, cancel_futures=True)


def _threads(rows: Rows) -> int:
    return threads.available() if rows.plan.n_threads is None else rows.plan.n_threads


def shared(rows: Rows, candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Candidates in parts of about equal work, those of many components first."""
    order = sorted(candidates, key=lambda one: (-one.n_components, one))
    count = max(1, min(TURNS * _threads(rows), len(order)))
    return [order[i::count] for i in range(count)]


def alike(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """Jobs in turns: those from labels, and those from parameters."""
    parts: tuple[list[Job], list[Job]] = ([], [])
    for one in jobs:
        parts[one.labels is None].append(one)
    return (part for part in parts if part)


def before_the_end(rows: Rows, done: Done) -> Attempt | None:
    """How a job that could not be ended stood one pass before; None where that was at its beginning."""
    if done.passes < 2:
        return None
    data, stop = np.ascontiguousarray(rows.source.take(slice(None))), np.zeros(1, dtype=np.int64)
    (found,) = _told(rows, *_fit(rows, data, stop, [done.job], done.passes - 1))
    return found.attempt


def _fit(
    rows: Rows, data: Float, stop: NDArray[np.int64], turn: Sequence[Job], passes: int = PASSES
) -> tuple[Sequence[Job], Climb, Measure, float]:
    """One turn: its jobs, how they ended, what their published parameters measure, seconds."""
    from mixtura.kernels import batch

    begun, settings, (n, d) = perf_counter(), rows.plan.settings, rows.source.shape
    families = [one.candidate.family(d) for one in turn]
    rules = [batch.rule(family.volume, family.shape, family.orientation) for family in families]
    kinds = np.array([[one.candidate.n_components, rule] for one, rule in zip(turn, rules, strict=True)])
    spans = np.tile(np.array([0, n], dtype=np.int64), (len(turn), 1))
    jobs = batch.Batch.of(data, rows.source.weight, spans, kinds, stop)
    single, leaps = rows.plan.dtype is np.float32, settings.acceleration == "squarem"
    most = min(settings.max_iter, passes)
    goal = batch.Goal(settings.tol, most, settings.reg_covar, settings.equal_weights, single, leaps)
    climbed = batch.climb(jobs, _begin(turn, d), goal)
    if passes == PASSES and most < settings.max_iter:
        climbed.status[climbed.status == batch.UNSETTLED] = batch.LEFT
    return turn, climbed, batch.measure(jobs, climbed), perf_counter() - begun


def _begin(turn: Sequence[Job], d: int) -> NDArray[np.int64] | Begin:
    from mixtura.kernels import batch

    labels = [one.labels for one in turn if one.labels is not None]
    if labels:
        return np.concatenate(labels)
    k = max(one.candidate.n_components for one in turn)
    begin = batch.Begin(np.zeros((len(turn), k)), np.zeros((len(turn), k, d)), np.zeros((len(turn), k, d, d)))
    for j, one in enumerate(turn):
        given, own = one.parameters, one.candidate.n_components
        assert given is not None
        begin.weights[j, :own], begin.means[j, :own] = given.weights, given.means
        begin.covariances[j, :own] = published.read_back(given.arrays.covariances, given.layout).dense(own, d)
    return begin


def _told(rows: Rows, turn: Sequence[Job], climbed: Climb, measured: Measure, seconds: float) -> list[Done]:
    """What came of the jobs of a turn."""
    work = climbed.passes * np.array([one.candidate.n_components for one in turn])
    share = seconds * work / max(float(work.sum()), 1.0)
    return [_done(rows, one, climbed, measured, j, float(share[j])) for j, one in enumerate(turn)]


def _done(rows: Rows, one: Job, climbed: Climb, measured: Measure, j: int, seconds: float) -> Done:
    from mixtura.kernels import batch

    if climbed.status[j] >= batch.LEFT:
        return Done(one, None, passes=int(climbed.passes[j]))
    try:
        attempt = _attempt(rows, one.candidate, climbed, j, int(climbed.status[j]) == batch.CONVERGED)
    except MixtureError:  # the published numbers are no density, or no numbers
        return Done(one, None)
    return Done(one, attempt, _evidence(rows, one.candidate, measured, j), seconds)


def _attempt(rows: Rows, candidate: Candidate, climbed: Climb, j: int, settled: bool) -> Attempt:
    k, d, dtype = candidate.n_components, rows.source.shape[1], rows.plan.dtype
    layout = candidate.layout(d)
    covariances = arranged(climbed.covariances[j : j + 1, :k], layout)[0].astype(dtype)
    weights, means = (array[j, :k].astype(dtype) for array in (climbed.weights, climbed.means))
    outcome = Outcome.CONVERGED if settled else Outcome.MAX_ITER
    path = climbed.path[j, : climbed.accepted[j]].copy()
    passes, falls = int(climbed.passes[j]), int(climbed.falls[j])
    draft = Draft(weights, means, np.ascontiguousarray(covariances), layout)
    ordinary = climbed.covariances[j, :k].diagonal(axis1=1, axis2=2)
    plain = ordinary.min() > TINY and ordinary.max() < 1.0 / TINY
    return Attempt(outcome, "", passes, falls, path, draft if plain else draft.parameters())


def _evidence(rows: Rows, candidate: Candidate, measured: Measure, j: int) -> Evidence:
    k, d = candidate.n_components, rows.source.shape[1]
    weight, free = rows.look.summary.weight, candidate.family(d).free_parameters(k, d)
    return Evidence(
        n_components=k,
        n_parameters=criteria.n_parameters(k, d, free, False, rows.plan.settings.equal_weights),
        n=weight,
        log_likelihood=float(measured.bound[j]) * weight,
        log_max=float(measured.log_max[j]),
        entropy=float(measured.entropy[j]),
    )
