"""The sweeps, compiled for rows of each precision: one signature takes every layout, writable or not."""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import Any

from numba import types

from mixtura.kernels.compiled import fused, quadratic
from mixtura.kernels.compiled.jit import compiled

REAL, WHOLE = types.float64, types.int64
_ROWS = {4: types.float32, 8: types.float64}
_lock = threading.Lock()


def _given(dimensions: int, item: Any = REAL, layout: str = "C") -> Any:
    return types.Array(item, dimensions, layout, readonly=True)


def _filled(dimensions: int, item: Any = REAL, layout: str = "C") -> Any:
    return types.Array(item, dimensions, layout)


_FRAME = [_given(1, layout="A"), _given(1), _given(1)]  # weight, origin, inverse
_ANSWERS = types.Tuple([_filled(1, layout="A"), _filled(1, layout="A"), _filled(2, layout="A")])
_MEASURES = types.Tuple([_filled(1), _filled(1, WHOLE), _filled(1), _filled(1)])
_STORES = types.Tuple([_filled(3), _filled(2), _filled(1, WHOLE), _filled(2)])


def _after_fork() -> None:
    """A forked child holds none of its parent's locks."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def fused_sweep(itemsize: int, n_features: int) -> Any:
    """`fused.sweep` for rows of doubles (8) or singles (4) with so many features."""
    with _lock:  # threads that come together compile once
        return _fused(itemsize, n_features)


def quadratic_sweep(itemsize: int) -> Any:
    """`quadratic.sweep` for rows of doubles (8) or singles (4)."""
    with _lock:
        return _quadratic(itemsize)


def add_about() -> Any:
    """`quadratic.add_about`, compiled."""
    with _lock:
        return _add_about()


@cache
def _add_about() -> Any:
    return compiled(quadratic.add_about, types.void(_given(2), _given(2), _filled(3)))


@cache
def _fused(itemsize: int, n_features: int) -> Any:
    density = [_given(2), _given(2), _given(1), REAL, types.UniTuple(WHOLE, n_features), _given(2)]
    results = [_filled(2), _filled(1), _ANSWERS, _MEASURES]
    return compiled(fused.sweep, types.void(_given(2, _ROWS[itemsize], "A"), *_FRAME, *density, *results))


@cache
def _quadratic(itemsize: int) -> Any:
    features = [WHOLE, _given(2), _given(2), _given(1, WHOLE), _given(1, WHOLE)]
    density = [_given(2), _given(3), _given(1), REAL, _given(2)]
    results = [_filled(2), _filled(2), _STORES, _filled(3), _filled(1), _ANSWERS, _MEASURES]
    return compiled(
        quadratic.sweep, types.void(_given(2, _ROWS[itemsize], "A"), *_FRAME, *features, *density, *results)
    )
