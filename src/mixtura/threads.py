"""How many threads a fit may use, and a map over blocks that uses them and keeps the order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from mixtura import pools
from mixtura.arrays import is_on_accelerator, single_threaded
from mixtura.block import Block
from mixtura.crew import Pass
from mixtura.sources.source import Source

# Below this many multiplications a pass, waking threads costs more than they save.
WORTH_THREADS = 2_000_000

_lock = threading.Lock()
_crews: set[Crew] = set()


def available() -> int:
    """Number of threads that this process may use: its affinity, its cgroup, OMP_NUM_THREADS, and its siblings.

    A worker of a pool of processes is one of many that share the cores: it has one thread, as under joblib.
    """
    import multiprocessing

    import joblib

    if multiprocessing.current_process().daemon:
        return 1
    allowed = int(joblib.cpu_count())
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return max(1, min(allowed, int(asked))) if asked.isdigit() and int(asked) > 0 else allowed


class Crew:
    """The helpers of one fit, and its passes under way.

    Parameters
    ----------
    count : int
        Threads at work, the calling one included.
    shared : bool
        Whether all fits of this process share that many threads: then a pass has the helpers that others leave it.
    """

    def __init__(self, count: int, shared: bool) -> None:
        self._count, self._shared = count, shared
        self._helping = 0
        self._passes: list[Pass] = []
        self._pool = ThreadPoolExecutor(count - 1, thread_name_prefix="mixtura")

    def map(self, function: Callable[[Block], Any], blocks: Iterable[Block]) -> Iterator[Any]:
        """What the function makes of every block, in order."""
        work = Pass(function, blocks, ahead=2 * self._count)
        self._passes.append(work)
        try:
            self._engage()
            for _ in range(self._helping):
                # NumPy's errstate and the filters of warnings belong to the context of the caller
                self._pool.submit(copy_context().run, work.help)
            yield from work.results()
        finally:
            work.stop()
            self._passes.remove(work)
            self._helping = 0

    def _engage(self) -> None:
        """Settle how many helpers a pass has: every other fit has a thread at work, and perhaps helpers."""
        wanted = self._count - 1
        with _lock:
            left = self._count - pools.fits() - sum(crew._helping for crew in _crews)
            self._helping = min(wanted, max(left, 0)) if self._shared else wanted

    def end(self) -> None:
        """Stop what is under way, and wait until no helper is at work."""
        for work in list(self._passes):
            work.stop()
        self._pool.shutdown(wait=True)
        with _lock:
            _crews.discard(self)


def _after_fork() -> None:
    """In a forked child no fit of its parent's runs, and nobody holds the lock."""
    global _lock
    _lock = threading.Lock()
    _crews.clear()


os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def workers(n_threads: int | None, work: float) -> Iterator[Callable[[Callable[[Block], Any], Iterable[Block]], Any]]:
    """A ``map`` over blocks that runs on threads, keeps the order, and holds few results at a time.

    Parameters
    ----------
    n_threads : int or None
        None means all that the process may use, shared with the fits that run in its other threads.
    work : float
        Multiplications a pass; small work stays on the calling thread.
    """
    with pools.single_threaded_pools():
        count = 1 if work < WORTH_THREADS else available() if n_threads is None else n_threads
        if count == 1:
            yield map
            return
        crew = Crew(count, shared=n_threads is None)
        with _lock:
            _crews.add(crew)
        try:
            yield crew.map
        finally:
            crew.end()


@contextmanager
def working(source: Source, weight: Any, n_threads: int | None, work: float) -> Iterator[Source]:
    """A source with its weights, whose blocks are read on threads while the context lasts: one feeds an accelerator."""
    count = 1 if is_on_accelerator(source.kind) else n_threads
    with single_threaded(source.kind), workers(count, work) as mapper:
        yield source.having(mapper=mapper) if weight is None else source.having(weight=weight, mapper=mapper)
