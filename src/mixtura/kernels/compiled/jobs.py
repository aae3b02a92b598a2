"""The stages of many small fits, compiled: labels by k-means, EM to its end, one more reading under what is published.

Each goes over all jobs of a batch and writes what it finds by the job's number.
"""

from __future__ import annotations

from math import frexp, isfinite, ldexp, log

import numpy as np

from mixtura.kernels.compiled.arithmetic import log as log_of_many
from mixtura.kernels.compiled.clusters import kmeans
from mixtura.kernels.compiled.framed import frame
from mixtura.kernels.compiled.jit import inlined
from mixtura.kernels.compiled.loop import LEFT, SLOTS, STOPPED, Rows, Task, iterate
from mixtura.kernels.compiled.models import clear, complete, is_scaled, model_at, order_of, publish, read_back
from mixtura.kernels.compiled.passes import DENSE, TRACE, factorize, log_rho, normalize

# A column that keeps no more than this share of its variance beside the others may be collinear with them.
COLLINEAR = 1e-10


@inlined()
def _longest(jobs):
    longest = 0
    for j in range(len(jobs)):
        longest = max(longest, jobs[j, 1] - jobs[j, 0])
    return longest


def seed_jobs(rows, weight, jobs, stop, seeds, labels):
    """Labels of every job by k-means."""
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


def climb_jobs(rows, weight, jobs, stop, labels, begin, goal, shapes, axes, stacks, found):
    """EM of every job."""
    longest, most, d = _longest(jobs), found.weights.shape[1], rows.shape[1]
    x, room, flat, scale = np.empty((d, longest)), np.empty((most, longest)), np.empty((3, longest)), np.empty(d)
    w, origin, deviation = flat[0], np.empty(d), np.empty(d)
    fresh = len(begin.weights) == 0
    for j in range(len(jobs)):
        n, k, rule, place = jobs[j, 1] - jobs[j, 0], jobs[j, 2], jobs[j, 3], jobs[j, 4]
        unit, total, count = frame(rows, jobs[j, 0], jobs[j, 1], weight, x, w, origin, deviation)
        found.status[j] = STOPPED if stop[0] != 0 else LEFT
        if unit == 0.0 or count < k or stop[0] != 0 or _constant(deviation, order_of(rule)):
            continue
        data = Rows(x, w, room[:k], flat[1], flat[2], n, total, len(weight) > 0)
        task = Task(rule, goal.reg_covar / unit / unit, log(unit) * d, scale)
        for i in range(d):
            scale[i] = unit / ldexp(1.0, frexp(deviation[i])[1] - 1) if is_scaled(rule) and deviation[i] > 0.0 else 1.0
        for i in range(SLOTS):
            clear(model_at(stacks.models, i, k))
        first = model_at(stacks.models, 0, k)
        if fresh:
            _responsible(labels[place : place + n], n, w, data.p)
        else:
            read_back(origin, unit, first, begin.weights[j], begin.means[j], begin.covariances[j])
            if not _resume(rule, first, begin.axes[j]):
                continue
        found.status[j], found.passes[j], found.accepted[j], found.falls[j], at = iterate(
            shapes, axes, data, task, goal, stop, stacks, fresh, found.path[j]
        )
        last = model_at(stacks.models, at, k)
        if order_of(rule) == DENSE and task.ridge > 0.0 and found.status[j] < LEFT and _collinear(last, task.ridge):
            found.status[j] = LEFT
        publish(origin, unit, goal.single, last, found.weights[j], found.means[j], found.covariances[j])


@inlined()
def _responsible(label, n, w, p):
    """Responsibilities of 1 for the labels: a row of another label belongs to no component."""
    for c in range(len(p)):
        pc = p[c]
        for r in range(n):
            pc[r] = w[r] if label[r] == c else 0.0


@inlined()
def _resume(rule, model, axes):
    """Complete a given model with its axes and log volumes: whether it has a density."""
    k, d = model.mean.shape
    if not complete(rule, model):
        return False
    for c in range(k):
        for i in range(d):
            model.logs[c] -= 2.0 / d * log(model.factor[c, i, i])
    for i in range(d):
        for j in range(d):
            model.axes[i, j] = axes[i, j]
    return True


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


def measure_jobs(rows, weight, jobs, stop, stack, found, measured):
    """One reading of the rows of every job under what was published."""
    longest, most, d = _longest(jobs), found.weights.shape[1], rows.shape[1]
    x, room, flat = np.empty((d, longest)), np.empty((most, longest)), np.empty((4, longest))
    w, one, two, three, origin = flat[0], flat[1], flat[2], flat[3], np.empty(d)
    for j in range(len(jobs)):
        n, k, rule, place = jobs[j, 1] - jobs[j, 0], jobs[j, 2], jobs[j, 3], jobs[j, 4]
        label, p, model = measured.labels[place : place + n], room[:k], model_at(stack, 0, k)
        if found.status[j] >= LEFT or stop[0] != 0:
            continue
        unit, total, _ = frame(rows, jobs[j, 0], jobs[j, 1], weight, x, w, origin, measured.deviation[j])
        clear(model)
        read_back(origin, unit, model, found.weights[j], found.means[j], found.covariances[j])
        if not complete(rule, model):
            found.status[j] = LEFT
            continue
        for removed in range(2 if len(weight) > 0 else 1):
            # the second time for rows of weight 0 alone, which the first time lay at the origin
            for r in range(n if removed else 0):
                for i in range(d if w[r] == 0.0 else 0):
                    x[i, r] = (rows[jobs[j, 0] + r, i] - origin[i]) / unit
            _label(x, n, p, w, order_of(rule), one, two, three, model, removed == 1, label)
            if removed == 0:
                value = normalize(p, n, w, len(weight) > 0, one, two) / total - log(unit) * d
                found.status[j] = found.status[j] if isfinite(value) else LEFT
                measured.bound[j] = value
                measured.log_max[j], measured.entropy[j] = _doubt(p, n, w, one, two, measured.mass[j])


@inlined()
def _doubt(p, n, w, most, entropy, mass):
    """``sum_n w_n log max_k r_nk``, the entropy of the responsibilities, and the masses, from weighted ones."""
    for r in range(n):
        most[r], entropy[r] = 0.0, 0.0
    for c in range(len(p)):
        pc, held = p[c], 0.0
        for r in range(n):
            held += pc[r]
            share = pc[r] / w[r] if w[r] > 0.0 else 0.0
            most[r] = max(most[r], share)
            entropy[r] -= share * log_of_many(max(share, 1e-300))
        mass[c] = held
    log_max, doubt = 0.0, 0.0
    for r in range(n):
        log_max += w[r] * log_of_many(most[r]) if w[r] > 0.0 else 0.0
        doubt += w[r] * entropy[r]
    return log_max, doubt
