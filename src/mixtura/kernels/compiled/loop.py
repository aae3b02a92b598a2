"""The EM loop of one small fit, compiled: plain, or with SQUAREM, step by step what `em` and `acceleration` do."""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from mixtura.kernels.compiled.jit import inlined
from mixtura.kernels.compiled.leaps import leap, step_length
from mixtura.kernels.compiled.models import (
    complete,
    is_pooled,
    is_turned,
    model_at,
    order_of,
    sums_at,
)
from mixtura.kernels.compiled.passes import TRACE, gather, log_rho, normalize

# How a job ended. LEFT: to the ordinary way; STOPPED: the caller's flag was raised.
CONVERGED, UNSETTLED, LEFT, STOPPED = 0, 1, 2, 3
# A fall of the objective a row beyond this part of its size is no rounding (as in em); and beyond this one there is
# nothing to climb, so leaping ends. Before the first leap come passes of plain EM (as in acceleration).
FALL, ENOUGH, PLAIN_FIRST = 1e-7, 1e-10, 5
# Gains that must be small one after the other: with leaps, one says little about the next.
PLAIN_CYCLE, LEAP_CYCLE = 1, 3
# Models at hand: the present one, a whole leap, half of it, and the plain step; sums of three passes and of a leap.
SLOTS, HISTORY = 4, 3


class Rows(NamedTuple):
    """The rows of a job across memory (D, n), their weights, room for responsibilities (K, n) and for two columns."""

    x: Any
    w: Any
    p: Any
    one: Any
    two: Any
    n: Any
    weight: Any
    weighted: Any


class Task(NamedTuple):
    """The rule of a job's family, its ridge and log unit in its frame, and our unit in those of the ordinary way."""

    rule: Any
    ridge: Any
    log_unit: Any
    scale: Any


class Stacks(NamedTuple):
    """Models and sums at hand, and room for a factor."""

    models: Any
    sums: Any
    factor: Any
    offset: Any


@inlined()
def expect(rows, order, model):
    """Responsibilities of all rows under a model; the log-likelihood a unit of weight."""
    for c in range(len(rows.p)):
        log_rho(rows.x, rows.n, model.mean[c], model.factor[c], model.offset[c], order, rows.one, rows.p[c])
    return normalize(rows.p, rows.n, rows.w, rows.weighted, rows.one, rows.two) / rows.weight


@inlined()
def update(shapes, axes, task, weight, equal, sums, fresh, before, after):
    """The M step from sums: whether there is one with a density. The model before may be the one after."""
    k, d = after.mean.shape
    for c in range(k):
        after.share[c] = 1.0 / k if equal else sums.mass[c] / weight
        after.logs[c] = before.logs[c]
        for i in range(d):
            after.mean[c, i] = sums.mean[c, i]
            for j in range(i + 1):
                after.covariance[c, i, j] = sums.scatter[c, i, j]
            if order_of(task.rule) != TRACE:
                after.covariance[c, i, i] += sums.mass[c] * task.ridge
        if order_of(task.rule) == TRACE:
            after.covariance[c, 0, 0] += sums.mass[c] * task.ridge * d
    mass, scatter, logs = sums.mass, after.covariance, after.logs
    if is_turned(task.rule):
        there = axes(task.rule, mass, scatter, before.axes, after.axes, logs, fresh, shapes)
    else:
        there = shapes(task.rule, mass, scatter, before.axes, after.axes, logs, fresh)
    return there and complete(task.rule, after)


@inlined()
def _step(shapes, axes, rows, task, goal, stacks, at, here, leaping, fresh):
    """The next model from the sums at `here`, by a leap from all three: its place, and how many stand behind it.

    Those are what to fall back to, one after the other, the plain step last. A place of -1: there is no plain step.
    """
    k, count, length = len(rows.p), 0, -1.0
    before = model_at(stacks.models, at, k)
    one, two, three = sums_at(stacks.sums, 0, k), sums_at(stacks.sums, 1, k), sums_at(stacks.sums, 2, k)
    sums, far = sums_at(stacks.sums, here, k), sums_at(stacks.sums, HISTORY, k)
    if leaping:
        length = step_length(task.rule, rows.weight, task.scale, one, two, three)
    for trial in range(0 if length < -1.0 else 2, 3):
        plain = trial == 2
        if not plain:
            if not leap(task.rule, rows.weight, length, one, two, three, far, stacks.factor, stacks.offset):
                length = 0.5 * (length - 1.0)
                continue
            length = 0.5 * (length - 1.0)
        after = model_at(stacks.models, (at + 1 + count) % SLOTS if leaping else at, k)
        source = sums if plain else far
        there = update(shapes, axes, task, rows.weight, goal.equal_weights, source, fresh, before, after)
        if plain and not there:
            return -1, 0
        count += there and not plain
    return (at + 1) % SLOTS if leaping else at, count


@inlined()
def iterate(shapes, axes, rows, task, goal, stop, stacks, fresh, path):
    """EM until it settles: how it ended, passes, steps accepted, falls, and the place of the last model.

    A `fresh` fit begins with the M step of the responsibilities at hand, another one with an E step of the first model.
    """
    order, pooled, k = order_of(task.rule), is_pooled(task.rule), len(rows.p)
    previous, floor, change = -np.inf, -np.inf, np.inf
    at, waiting, history, kept, falls, settled, leaping = 0, 0, 0, 0, 0, 0, goal.squarem
    for passes in range(0 if fresh else 1, goal.max_iter + 1):
        if stop[0] != 0:
            return STOPPED, passes, kept, falls, at
        model, value = model_at(stacks.models, at, k), 0.0
        if passes > 0:
            value = expect(rows, order, model)
            if not isfinite(value):
                return LEFT, passes, kept, falls, at
            if waiting > 0 and not value >= floor:
                at, waiting = (at + 1) % SLOTS, waiting - 1
                continue
        history = history if leaping and history < HISTORY else 0
        here, sums = history, sums_at(stacks.sums, history, k)
        if not gather(
            rows.x, rows.n, rows.p, rows.weight, order, pooled, model.mean, sums.mass, sums.mean, sums.scatter
        ):
            return LEFT, passes, kept, falls, at
        if passes > 0:
            path[kept] = value - task.log_unit
            kept, change, previous = kept + 1, value - previous, value
            fell = kept > 1 and change < -FALL * (1.0 + abs(value))
            falls, settled = falls + fell, settled + 1 if abs(change) < goal.tol else 0
            if fell and task.ridge == 0.0:
                return LEFT, passes, kept, falls, at
            leaping, floor = leaping and not value < floor - ENOUGH * abs(floor), value
            history += leaping and kept > PLAIN_FIRST
        at, waiting = _step(
            shapes, axes, rows, task, goal, stacks, at, here, leaping and history == HISTORY, passes == 0
        )
        if at < 0:
            return LEFT, passes, kept, falls, 0
        if settled >= (LEAP_CYCLE if goal.squarem else PLAIN_CYCLE):
            return CONVERGED, passes, kept, falls, (at + waiting) % SLOTS
    return UNSETTLED, goal.max_iter, kept, falls, (at + waiting) % SLOTS
