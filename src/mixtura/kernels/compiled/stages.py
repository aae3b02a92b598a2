"""The compiled stages of many small fits, each with its one signature, and the values that they take.

The stages are compiled one by one, and so are the rules for covariances, which the loop calls by their addresses: all
in one would take several times as long to compile.
"""

from __future__ import annotations

from functools import cache
from threading import RLock
from typing import Any, NamedTuple

import numpy as np
from numba import types

from mixtura.kernels.compiled import axes, jobs, shapes
from mixtura.kernels.compiled.jit import compiled
from mixtura.kernels.compiled.loop import HISTORY, SLOTS, Stacks
from mixtura.kernels.compiled.models import Model, Sums, is_turned


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
    squarem : bool
        Whether steps are lengthened as by `acceleration.Squarem`.
    """

    tol: float
    max_iter: int
    reg_covar: float
    equal_weights: bool = False
    single: bool = False
    squarem: bool = False


class Started(NamedTuple):
    """The arrays of a Begin, as compiled code takes them, and common axes (J, D, D), a row each."""

    weights: Any
    means: Any
    covariances: Any
    axes: Any


class Climbed(NamedTuple):
    """The arrays of a Climb, as compiled code takes them."""

    status: Any
    passes: Any
    accepted: Any
    falls: Any
    weights: Any
    means: Any
    covariances: Any
    path: Any


class Measured(NamedTuple):
    """The arrays of a Measure, as compiled code takes them."""

    bound: Any
    log_max: Any
    entropy: Any
    mass: Any
    deviation: Any
    labels: Any


DOUBLE, WHOLE = types.float64, types.int64


def _array(kind: Any, ndim: int, writable: bool = True) -> Any:
    return types.Array(kind, ndim, "C", readonly=not writable)


def _doubles(*ndims: int) -> tuple[Any, ...]:
    return tuple(_array(DOUBLE, ndim) for ndim in ndims)


def _wholes(count: int) -> tuple[Any, ...]:
    return (_array(WHOLE, 1),) * count


# Rows and weights may be read-only.
FIRST = (_array(DOUBLE, 2, False), _array(DOUBLE, 1, False), _array(WHOLE, 2), _array(WHOLE, 1))
LABELS = _array(WHOLE, 1, False)
GOAL = types.NamedTuple((DOUBLE, WHOLE, DOUBLE, types.boolean, types.boolean, types.boolean), Goal)
BEGIN = types.NamedTuple(_doubles(2, 3, 4, 3), Started)
CLIMBED = types.NamedTuple((*_wholes(4), *_doubles(2, 3, 4, 2)), Climbed)
MEASURED = types.NamedTuple((*_doubles(1, 1, 1, 2, 2), *_wholes(1)), Measured)
MODELS = types.NamedTuple(_doubles(2, 3, 4, 4, 2, 3, 2), Model)
STACKS = types.NamedTuple(
    (MODELS, types.NamedTuple(_doubles(2, 3, 4), Sums), _array(DOUBLE, 2), _array(DOUBLE, 1)), Stacks
)
# The rule, masses, scatter, axes before and after, log volumes, and whether there is nothing before.
UPDATE = (WHOLE, *_doubles(1, 3, 2, 2, 1), types.boolean)
RULE = types.boolean(*UPDATE)
TURNED = types.boolean(*UPDATE, types.FunctionType(RULE))

_lock = RLock()
_measure = compiled(jobs.measure_jobs, types.void(*FIRST, MODELS, CLIMBED, MEASURED))
_climb = compiled(
    jobs.climb_jobs,
    types.void(*FIRST, LABELS, BEGIN, GOAL, types.FunctionType(RULE), types.FunctionType(TURNED), STACKS, CLIMBED),
)
_shapes = compiled(shapes.estimate, RULE)


@cache
def _seed() -> Any:
    """k-means, compiled when it is first asked for."""
    return compiled(jobs.seed_jobs, types.void(*FIRST, _array(types.uint64, 1), _array(WHOLE, 1)))


@cache
def _axes() -> Any:
    """The rule of common axes, compiled when a job first has it: it takes as long as all others together."""
    return compiled(axes.estimate, TURNED)


@cache
def _no_axes() -> Any:
    """Stands in its place where no job has it."""
    return compiled(axes.nothing, TURNED)


def seed(rows: Any, weight: Any, what: Any, stop: Any, seeds: Any, labels: Any) -> None:
    """Labels of all jobs by k-means."""
    with _lock:
        run = _seed()
    run(rows, weight, what, stop, seeds, labels)


def climb(
    rows: Any, weight: Any, what: Any, stop: Any, labels: Any, begin: Started, goal: Goal, found: Climbed
) -> None:
    """EM of all jobs from labels, or where there is a `begin` from that."""
    with _lock:
        turned = _axes() if any(is_turned.py_func(rule) for rule in set(what[:, 3].tolist())) else _no_axes()
    _climb(rows, weight, what, stop, labels, begin, goal, _shapes, turned, _stacks(found), found)


def measure(rows: Any, weight: Any, what: Any, stop: Any, found: Climbed, measured: Measured) -> None:
    """One more reading of all jobs under what was found."""
    _measure(rows, weight, what, stop, _models(1, *found.means.shape[1:]), found, measured)


def _models(count: int, k: int, d: int) -> Model:
    """Room for so many models: allocating it in compiled code takes seconds to compile."""
    shapes = (count, k), (count, k, d), (count, k, d, d), (count, k, d, d), (count, k), (count, d, d), (count, k)
    return Model(*(np.empty(shape) for shape in shapes))


def _stacks(found: Climbed) -> Stacks:
    """Room for what EM has at hand."""
    k, d = found.means.shape[1:]
    sums = Sums(*(np.empty((HISTORY + 1, k, *shape)) for shape in ((), (d,), (d, d))))
    return Stacks(_models(SLOTS, k, d), sums, np.zeros((d, d)), np.empty(1))
