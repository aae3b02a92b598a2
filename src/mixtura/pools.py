"""The thread pools of other libraries, BLAS and OpenMP, held to one thread while fits run."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_lock = threading.Lock()
_inside: dict[int, int] = {}
_before: list[int] = []


def fits() -> int:
    """Number of threads of this process that hold the pools now: as many fits are running."""
    return len(_inside)


@cache
def _controllers(process: int) -> list[Any]:
    """The thread pools of NumPy's and SciPy's BLAS, looked up once a process."""
    import scipy.linalg  # noqa: F401  its BLAS must be loaded before pools are counted
    from threadpoolctl import ThreadpoolController

    found: list[Any] = ThreadpoolController().lib_controllers
    return found


@cache
def _openmp(process: int) -> Any:
    """The OpenMP pools of a process that has loaded the library it is about to use."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="openmp")


def single_threaded_openmp() -> Any:
    """Hold the OpenMP code of a library that is loaded by now to one thread, for the duration of a `with`."""
    return _openmp(os.getpid()).limit(limits=1)


@contextmanager
def single_threaded_pools() -> Iterator[None]:
    """Hold BLAS and OpenMP to one thread: set by the first fit that enters, restored by the last that leaves."""
    thread = threading.get_ident()
    with _lock:
        if not _inside:
            _hold()
        _inside[thread] = _inside.get(thread, 0) + 1
    try:
        yield
    finally:
        with _lock:
            _inside[thread] -= 1
            if not _inside[thread]:
                del _inside[thread]
            if not _inside:
                _restore()


def _hold() -> None:
    pools = _controllers(os.getpid())
    _before[:] = [pool.get_num_threads() for pool in pools]
    with _control(pools):
        for pool in pools:
            pool.set_num_threads(1)


def _restore() -> None:
    pools = _controllers(os.getpid())
    with _control(pools):
        for pool, count in zip(pools, _before, strict=True):
            pool.set_num_threads(count)


@contextmanager
def _control(pools: list[Any]) -> Iterator[None]:
    """The right to change pools that all threads share, for the calling thread.

    threadpoolctl 3.8 gives it to the first thread that asks, and what others ask for is silently not done; but the
    last fit to leave need not be the first that entered, nor the thread that set a limit of its own.
    """
    _free_control(pools)
    try:
        yield
    finally:
        _free_control(pools)


def _free_control(pools: list[Any]) -> None:
    for pool in pools:
        if hasattr(pool, "clear_controlling_thread"):
            pool.clear_controlling_thread(force=True)


def _after_fork() -> None:
    """A forked child holds none of its parent's locks and no fit of its parent's runs in it."""
    global _lock
    _lock = threading.Lock()
    _inside.clear()


os.register_at_fork(after_in_child=_after_fork)
