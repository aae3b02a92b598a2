"""The stages of many small fits, compiled: labels by k-means, EM from labels, one more reading under what is published.

Each goes over all jobs of a batch and writes what it finds by the job's number.
"""

from __future__ import annotations

from math import isfinite, log
from typing import Any, NamedTuple

import numpy as np
from numba import types

from mixtura.kernels.compiled.clusters import kmeans
from mixtura.kernels.compiled.framed import frame
from mixtura.kernels.compiled.jit import compiled, inlined
from mixtura.kernels.compiled.passes import DENSE, SINGULAR, TRACE, estimate, factorize, log_rho, normalize

# How a job ended. LEFT: to the ordinary way; STOPPED: the caller's flag was raised.
CONVERGED, UNSETTLED, LEFT, STOPPED = 0, 1, 2, 3
# A fall of the objective a row beyond this part of its size is no rounding (as in em).
FALL = 1e-7
# A column that keeps no more than this share of its variance beside the others may be collinear with them.
COLLINEAR = 1e-10


class Goal(NamedTuple):
    """What every job of a batch is asked for.

    Parameters
    ----------
    tol : float
    max_iter : int
        At least 1.
    reg_covar : float
        In the user's units.
    equal_weights : bool
    single : bool
        Whether parameters are published in single precision.
    """

    tol: float
    max_iter: int
    reg_covar: float
    equal_weights: bool = False
    single: bool = False


class Climbed(NamedTuple):
    """The arrays of a Climb, as compiled code takes them."""

    status: Any
    passes: Any
    falls: Any
    weights: Any
    means: Any
    covariances: Any
    path: Any


class Measured(NamedTuple):
    """The arrays of a Measure, as compiled code takes them."""

    bound: Any
    mass: Any
    deviation: Any
    labels: Any


class _Model(NamedTuple):
    """A model in frame coordinates."""

    share: Any
    mean: Any
    covariance: Any
    factor: Any
    offset: Any


@inlined()
def _longest(jobs):
    longest = 0
    for j in range(len(jobs)):
        longest = max(longest, jobs[j, 1] - jobs[j, 0])
    return longest


@inlined()
def _blank(k, d):
    """Room for a model."""
    return _Model(np.ones(k), np.zeros((k, d)), np.zeros((k, d, d)), np.zeros((k, d, d)), np.zeros(k))


@inlined()
def _clear(model, k):
    """A model of k components without means and factors."""
    for c in range(k):
        for i in range(model.mean.shape[1]):
            model.mean[c, i] = 0.0
            for j in range(model.mean.shape[1]):
                model.factor[c, i, j] = 0.0


def _seed_jobs(rows, weight, jobs, stop, seeds, labels):
    n, k, d = _longest(jobs), 1, rows.shape[1]
    for j in range(len(jobs)):
        k = max(k, jobs[j, 2])
    x, flat, origin, deviation = np.empty((d, n)), np.empty((5, n)), np.empty(d), np.empty(d)
    centers, kept = np.empty((k, d)), np.empty((k, d))
    w, one, two, three, four, state = flat[0], flat[1], flat[2], flat[3], flat[4], np.empty(1, np.uint64)
    for j in range(len(jobs)):
        n, k, place = jobs[j, 1] - jobs[j, 0], jobs[j, 2], jobs[j, 4]
        label, state[0] = labels[place : place + n], seeds[j]
        unit, _, count = frame(rows, jobs[j, 0], jobs[j, 1], weight, x, w, origin, deviation)
        whole = unit > 0.0 and count >= k and stop[0] == 0
        if whole and k > 1:
            variance = 0.0
            for i in range(d):
                variance += deviation[i] * deviation[i] / (unit * unit * d)
            whole = kmeans(x, n, w, variance, centers[:k], kept[:k], state, label, one, two, three, four)
        for r in range(n if k == 1 or not whole else 0):
            label[r] = 0 if whole else -1


@inlined()
def _constant(deviation, order):
    """Whether a column is constant, where the family minds."""
    constant = False
    for i in range(len(deviation)):
        constant |= order != TRACE and not deviation[i] > 0.0
    return constant


@inlined()
def _collinear(model, ridge):
    """Whether a column may be a combination of others: from what the components say of the covariance of all rows."""
    k, d = model.mean.shape
    total, factor = np.zeros((d, d)), np.zeros((d, d))
    for i in range(d):
        mean = 0.0
        for c in range(k):
            mean += model.share[c] * model.mean[c, i]
        for c in range(k):
            apart = model.mean[c, i] - mean
            for j in range(i + 1):
                total[i, j] += model.share[c] * (model.covariance[c, i, j] + apart * model.mean[c, j])
        total[i, i] -= ridge
    return not factorize(1.0, total, DENSE, COLLINEAR, factor, model.offset[:1])


@inlined()
def _density(order, shared, model):
    """Factors and offsets of a model: whether it has a density."""
    k, d = model.mean.shape
    for c in range(1 if shared else k):
        if not factorize(
            model.share[c], model.covariance[c], order, SINGULAR * d, model.factor[c], model.offset[c : c + 1]
        ):
            return False
    for c in range(1, k if shared else 1):
        for i in range(d):
            for j in range(d):
                model.factor[c, i, j] = model.factor[0, i, j]
        model.offset[c] = model.offset[0] + log(model.share[c] / model.share[0])
    return True


@inlined()
def _iterate(x, n, p, w, weight, one, two, order, shared, ridge, log_unit, weighted, goal, stop, model, path):
    """EM from responsibilities until it settles: how it ended, passes made, and how often the objective fell."""
    previous, falls, change = -np.inf, 0, np.inf
    for passes in range(goal.max_iter + 1):
        if stop[0] != 0:
            return STOPPED, passes, falls
        if passes > 0:
            for c in range(len(p)):
                log_rho(x, n, model.mean[c], model.factor[c], model.offset[c], order, one, p[c])
            value = normalize(p, n, w, weighted, one, two) / weight
            path[passes - 1] = value - log_unit
            change, previous = value - previous, value
            fell = change < -FALL * (1.0 + abs(value))
            falls += fell
            if not isfinite(value) or (fell and ridge == 0.0):
                return LEFT, passes, falls
        if not estimate(x, n, p, weight, order, shared, ridge, model.share, model.mean, model.covariance):
            return LEFT, passes, falls
        for c in range(len(p) if goal.equal_weights else 0):
            model.share[c] = 1.0 / len(p)
        if not _density(order, shared, model):
            return LEFT, passes, falls
        if abs(change) < goal.tol:
            return CONVERGED, passes, falls
    return UNSETTLED, goal.max_iter, falls


@inlined()
def _round(value, single):
    """A number as it is published."""
    return np.float64(np.float32(value)) if single else value


@inlined()
def _publish(origin, unit, single, model, weights, means, covariances):
    """Write a model in the user's units, rounded."""
    k, d = model.mean.shape
    total = 0.0
    for c in range(k):
        total += model.share[c]
    for c in range(k):
        weights[c] = _round(model.share[c] / total, single)
        for i in range(d):
            means[c, i] = _round(model.mean[c, i] * unit + origin[i], single)
            for j in range(d):
                covariances[c, i, j] = _round(model.covariance[c, i, j] * unit * unit, single)


@inlined()
def _read_back(origin, unit, model, weights, means, covariances):
    """The model that was published: the one that is measured."""
    k, d = model.mean.shape
    for c in range(k):
        model.share[c] = weights[c]
        for i in range(d):
            model.mean[c, i] = (means[c, i] - origin[i]) / unit
            for j in range(d):
                model.covariance[c, i, j] = covariances[c, i, j] / unit / unit


def _climb_jobs(rows, weight, jobs, stop, labels, goal, found):
    longest, most, d = _longest(jobs), found.weights.shape[1], rows.shape[1]
    x, room, flat = np.empty((d, longest)), np.empty((most, longest)), np.empty((3, longest))
    w, one, two, origin, deviation, whole = flat[0], flat[1], flat[2], np.empty(d), np.empty(d), _blank(most, d)
    for j in range(len(jobs)):
        n, k, order, shared = jobs[j, 1] - jobs[j, 0], jobs[j, 2], jobs[j, 3] // 2, jobs[j, 3] % 2 == 1
        label, p = labels[jobs[j, 4] : jobs[j, 4] + n], room[:k]
        model = _Model(whole.share[:k], whole.mean[:k], whole.covariance[:k], whole.factor[:k], whole.offset[:k])
        unit, total, count = frame(rows, jobs[j, 0], jobs[j, 1], weight, x, w, origin, deviation)
        _clear(whole, k)
        found.status[j] = STOPPED if stop[0] != 0 else LEFT
        if unit == 0.0 or count < k or stop[0] != 0 or _constant(deviation, order):
            continue
        for c in range(k):
            pc = p[c]
            for r in range(n):
                pc[r] = w[r] if label[r] == c else 0.0
        ridge, log_unit = goal.reg_covar / unit / unit, log(unit) * d
        found.status[j], found.passes[j], found.falls[j] = _iterate(
            x, n, p, w, total, one, two, order, shared, ridge, log_unit, len(weight) > 0, goal, stop, model,
            found.path[j],
        )  # fmt: skip
        if order == DENSE and ridge > 0.0 and _collinear(model, ridge):
            found.status[j] = LEFT
        _publish(origin, unit, goal.single, model, found.weights[j], found.means[j], found.covariances[j])


@inlined()
def _label(x, n, p, w, order, best, most, white, model, removed, label):
    """The most probable component of every row, or of those of weight 0 alone; log rho stays in `p`."""
    for r in range(n):
        most[r], best[r] = -np.inf, -1.0
    for c in range(len(p)):
        pc = p[c]
        log_rho(x, n, model.mean[c], model.factor[c], model.offset[c], order, white, pc)
        for r in range(n):
            best[r] = c if pc[r] > most[r] else best[r]
            most[r] = max(most[r], pc[r])
    for r in range(n):
        if w[r] == 0.0 or not removed:
            label[r] = int(best[r])


def _measure_jobs(rows, weight, jobs, stop, found, measured):
    longest, most, d = _longest(jobs), found.weights.shape[1], rows.shape[1]
    x, room, flat = np.empty((d, longest)), np.empty((most, longest)), np.empty((4, longest))
    w, one, two, three, origin, whole = flat[0], flat[1], flat[2], flat[3], np.empty(d), _blank(most, d)
    for j in range(len(jobs)):
        n, k, order, shared = jobs[j, 1] - jobs[j, 0], jobs[j, 2], jobs[j, 3] // 2, jobs[j, 3] % 2 == 1
        label, p = measured.labels[jobs[j, 4] : jobs[j, 4] + n], room[:k]
        if found.status[j] >= LEFT or stop[0] != 0:
            continue
        unit, total, _ = frame(rows, jobs[j, 0], jobs[j, 1], weight, x, w, origin, measured.deviation[j])
        model = _Model(whole.share[:k], whole.mean[:k], whole.covariance[:k], whole.factor[:k], whole.offset[:k])
        _clear(whole, k)
        _read_back(origin, unit, model, found.weights[j], found.means[j], found.covariances[j])
        if not _density(order, shared, model):
            found.status[j] = LEFT
            continue
        for removed in range(2 if len(weight) > 0 else 1):
            # the second time for rows of weight 0 alone, which the first time lay at the origin
            for r in range(n if removed else 0):
                for i in range(d if w[r] == 0.0 else 0):
                    x[i, r] = (rows[jobs[j, 0] + r, i] - origin[i]) / unit
            _label(x, n, p, w, order, one, two, three, model, removed == 1, label)
            if removed == 0:
                value = normalize(p, n, w, len(weight) > 0, one, two) / total - log(unit) * d
                measured.bound[j] = value
                found.status[j] = found.status[j] if isfinite(value) else LEFT
                for c in range(k):
                    pc, held = p[c], 0.0
                    for r in range(n):
                        held += pc[r]
                    measured.mass[j, c] = held


def _signatures() -> tuple[Any, Any, Any]:
    """The one signature of each stage: rows and weights may be read-only."""

    def array(kind: Any, ndim: int, writable: bool = True) -> Any:
        return types.Array(kind, ndim, "C", readonly=not writable)

    double, whole = types.float64, types.int64
    first = array(double, 2, False), array(double, 1, False), array(whole, 2), array(whole, 1)
    numbers = array(whole, 1), array(whole, 1), array(whole, 1)
    found = types.NamedTuple((*numbers, *(array(double, ndim) for ndim in (2, 3, 4, 2))), Climbed)
    measured = types.NamedTuple((array(double, 1), array(double, 2), array(double, 2), array(whole, 1)), Measured)
    goal = types.NamedTuple((double, whole, double, types.boolean, types.boolean), Goal)
    return (
        types.void(*first, array(types.uint64, 1), array(whole, 1)),
        types.void(*first, array(whole, 1, False), goal, found),
        types.void(*first, found, measured),
    )


seed, climb, measure = (
    compiled(function, signature)
    for function, signature in zip((_seed_jobs, _climb_jobs, _measure_jobs), _signatures(), strict=True)
)
