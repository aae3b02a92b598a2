"""Refits to all resamples: small ones in compiled code, a turn of them a thread; others one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np

from mixtura import threads
from mixtura.arrays import Float
from mixtura.resampling import compiled
from mixtura.resampling.compiled import Stop
from mixtura.resampling.draws import Draws
from mixtura.resampling.refits import Refits, Task, refit

# Rows times components, and passes to be written down, that a thread takes at a time.
TURN, WRITTEN = 2**16, 2**19

Turn = Sequence[int]
T = TypeVar("T")


def refits(task: Task, draws: Draws) -> Iterator[Refits]:
    """The refits to all resamples, in order, a turn at a time."""
    n = draws.size if draws.kind == "parametric" else task.source.shape[0]
    if not compiled.compact(task, n):
        for i in range(len(draws)):
            yield _ordinary(task, draws, i, task.n_threads)
        return
    # of a source that is no array, one is made here once
    rows = None if draws.kind == "parametric" else np.ascontiguousarray(task.source.take(slice(None)))
    yield from spread(partial(_turn, task, draws, rows), turns(len(draws), n, task), task.n_threads)


def turns(count: int, n_rows: int, task: Task) -> list[range]:
    """Data sets of so many rows in turns of about equal work."""
    size = max(min(TURN // (n_rows * task.settings.n_components), WRITTEN // task.settings.max_iter), 1)
    return [range(i, min(i + size, count)) for i in range(0, count, size)]


def spread(function: Callable[[Turn, Stop], T], turns: Sequence[Turn], n_threads: int | None) -> Iterator[T]:
    """What a function makes of every turn, in order, on threads; an interrupt stops them at their next pass.

    Which thread takes which turn changes no bit.
    """
    stop = np.zeros(1, dtype=np.int64)
    count = threads.available() if n_threads is None else n_threads
    pool = ThreadPoolExecutor(min(count, len(turns)), thread_name_prefix="mixtura")
    try:
        yield from pool.map(lambda turn: function(turn, stop), turns)
    finally:
        stop[0] = 1
        pool.shutdown(wait=True, cancel_futures=True)


def _ordinary(task: Task, draws: Draws, i: int, n_threads: int | None) -> Refits:
    rows = draws.rows(i)
    return refit(task, rows, draws.weights(i) if rows is None else None, n_threads)


def _turn(task: Task, draws: Draws, rows: Float | None, turn: Turn, stop: Stop) -> Refits:
    """The refits of a turn; what compiled code could not end goes the ordinary way."""
    count, weight = len(turn), None
    if rows is None:
        data = np.concatenate([drawn for drawn in map(draws.rows, turn) if drawn is not None])
    else:
        data, weight = np.tile(rows, (count, 1)), np.concatenate([draws.weights(i) for i in turn])
    where, first = compiled.spans(count, len(data) // count), compiled.begin(task, count)
    found = compiled.climb(task, data, weight, where, first, stop)
    for j in np.flatnonzero(~found.sound).tolist():
        if stop[0] == 0:
            found.put([j], _ordinary(task, draws, turn[j], 1))
    return found
