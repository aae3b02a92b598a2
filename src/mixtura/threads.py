"""How many threads a fit may use, a pool of them that keeps the order, and BLAS held to one thread each meanwhile."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from functools import cache
from typing import Any

from mixtura.block import Block
from mixtura.sources.memory import Memory

# Below this many multiplications a pass, starting threads costs more than they save.
WORTH_THREADS = 2_000_000

_lock = threading.Lock()
_inside = 0
_limits: Any = None


def available() -> int:
    """Number of threads that this process may use: its affinity, its cgroup, and OMP_NUM_THREADS."""
    import joblib

    allowed = int(joblib.cpu_count())
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return max(1, min(allowed, int(asked))) if asked.isdigit() and int(asked) > 0 else allowed


@cache
def _controller(process: int) -> Any:
    """The thread pools of NumPy's and SciPy's BLAS, looked up once a process."""
    import scipy.linalg  # noqa: F401  its BLAS must be loaded before pools are counted
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@cache
def _controller_with_openmp(process: int) -> Any:
    """All thread pools of a process that has loaded the library it is about to use."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def single_threaded_openmp() -> Any:
    """Hold the OpenMP code of a library that is loaded by now to one thread, for the duration of a `with`."""
    return _controller_with_openmp(os.getpid()).limit(limits=1)


@contextmanager
def single_threaded_pools() -> Iterator[None]:
    """Hold BLAS and OpenMP to one thread: set by the first fit that enters, restored by the last that leaves."""
    global _inside, _limits
    with _lock:
        if _inside == 0:
            with _control():
                _limits = _controller(os.getpid()).limit(limits=1)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                with _control():
                    _limits.restore_original_limits()
                _limits = None


@contextmanager
def _control() -> Iterator[None]:
    """The right to change pools that all threads share, for the calling thread.

    threadpoolctl 3.8 gives it to the first thread that asks, and what others ask for is silently not done; but the
    last fit to leave need not be the first that entered, nor the thread that set a limit of its own.
    """
    _free_control()
    try:
        yield
    finally:
        _free_control()


def _free_control() -> None:
    for pool in _controller(os.getpid()).lib_controllers:
        if hasattr(pool, "clear_controlling_thread"):
            pool.clear_controlling_thread(force=True)


def _after_fork() -> None:
    """A forked child holds none of its parent's locks and no fit of its parent's runs in it."""
    global _lock, _inside, _limits
    _lock, _inside, _limits = threading.Lock(), 0, None


os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def workers(n_threads: int | None, work: float) -> Iterator[Callable[[Callable[[Block], Any], Iterable[Block]], Any]]:
    """A ``map`` over blocks that runs on threads, keeps the order, and holds few results at a time.

    Parameters
    ----------
    n_threads : int or None
        None means all that the process may use.
    work : float
        Multiplications a pass; small work stays on the calling thread.
    """
    count = available() if n_threads is None else n_threads
    with single_threaded_pools():
        if count == 1 or work < WORTH_THREADS:
            yield map
            return
        pool = ThreadPoolExecutor(count, thread_name_prefix="mixtura")
        try:
            yield lambda function, blocks: _ordered(pool, count, function, blocks)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _ordered(
    pool: ThreadPoolExecutor, count: int, function: Callable[[Block], Any], blocks: Iterable[Block]
) -> Iterator[Any]:
    waiting: deque[Future[Any]] = deque()
    for block in blocks:
        # NumPy's errstate and the filters of warnings belong to the context of the caller
        waiting.append(pool.submit(copy_context().run, function, block))
        if len(waiting) > 2 * count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def working(source: Memory, weight: Any, n_threads: int | None, work: float) -> Iterator[Memory]:
    """A source with its weights, whose blocks are read on threads while the context lasts."""
    with workers(n_threads, work) as mapper:
        yield replace(source, weight=weight, mapper=mapper)
