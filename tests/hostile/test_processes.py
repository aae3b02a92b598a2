"""Fits in forked children, in threads, under joblib: they work, agree to the bit, and keep the threads limited."""

import multiprocessing
import threading
from typing import Any

import joblib
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from mixtura import threads
from mixtura.kernels import blocked
from tests.hostile.cases import mixture

ROWS = np.random.RandomState(0).standard_normal((40_000, 4))
ROWS[:20_000] += 3


def bits(n_threads: int | None = None, k: int = 4) -> bytes:
    """A fit on all threads that it may use, and its log densities, as bytes."""
    model = mixture(k, n_threads=n_threads, tol=0.05, init_params=np.arange(len(ROWS)) % k).fit(ROWS)
    return b"".join(
        np.ascontiguousarray(a).tobytes() for a in (model.means_, model.covariances_, model.score_samples(ROWS))
    )


@pytest.fixture(autouse=True)
def two_threads_for_blas() -> Any:
    """More than one, so that a limit that stays is seen."""
    with threadpool_limits(2, user_api="blas"):
        yield


def blas() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def send(to: Any) -> None:
    to.put((bits(2), blas(), threads.available()))


@pytest.mark.parametrize("method", ("fork", "spawn"))
def test_fit_in_a_child(method: str) -> None:
    owed, context = bits(2), multiprocessing.get_context(method)
    answer = context.Queue()
    child = context.Process(target=send, args=(answer,))
    child.start()
    found, _, available = answer.get(timeout=120)
    child.join(timeout=30)
    assert child.exitcode == 0
    assert found == owed and available == threads.available()


def test_fit_in_a_child_forked_inside_a_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two passes of the parent, when its limits are set and its lock is in use."""
    owed, moments, context, answers = bits(1), blocked.moments, multiprocessing.get_context("fork"), []

    def forking(*args: Any, **kwargs: Any) -> Any:
        if not answers:
            answers.append(context.Queue())
            child = context.Process(target=lambda: answers[0].put(bits(2)))
            child.start()
            answers.append(answers[0].get(timeout=120))
            child.join(timeout=30)
        return moments(*args, **kwargs)

    monkeypatch.setattr(blocked, "moments", forking)
    assert bits(1) == owed == answers[1]


def test_fits_in_threads_agree_and_give_the_limits_back() -> None:
    before, owed, found = blas(), [bits(1, k) for k in (2, 3, 4, 5)], {}
    workers = [threading.Thread(target=lambda k=k: found.update({k: bits(2, k)})) for k in (2, 3, 4, 5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert [found[k] for k in (2, 3, 4, 5)] == owed
    assert blas() == before


def test_blas_is_held_to_one_thread_during_a_fit_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    before, moments, during = blas(), blocked.moments, []

    def watched(*args: Any, **kwargs: Any) -> Any:
        during.append((blas(), threading.active_count()))
        return moments(*args, **kwargs)

    monkeypatch.setattr(blocked, "moments", watched)
    alone = threading.active_count()
    bits(2)
    assert {n for limits, _ in during for n in limits} == {1}
    assert max(count for _, count in during) <= alone + 2
    assert blas() == before and threading.active_count() == alone


def test_the_limits_come_back_after_a_fit_that_fails() -> None:
    before = blas()
    with pytest.raises(ValueError, match="Input X contains NaN"):
        mixture(2).fit(np.where(ROWS > 5, np.nan, ROWS))
    assert blas() == before


def worker(n: int) -> tuple[bytes, int]:
    return bits(None, n), threads.available()


def test_fits_under_joblib_share_the_cores() -> None:
    found = joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(worker)(k) for k in (2, 3))
    assert [bits_ for bits_, _ in found] == [bits(1, 2), bits(1, 3)]
    assert all(available == max(1, joblib.cpu_count() // 2) for _, available in found)


def test_fits_under_joblibs_threads() -> None:
    found = joblib.Parallel(n_jobs=2, backend="threading")(joblib.delayed(worker)(k) for k in (2, 3))
    assert [bits_ for bits_, _ in found] == [bits(1, 2), bits(1, 3)]


@pytest.mark.parametrize("n_threads", (1, 2, 3, None))
def test_the_bits_do_not_depend_on_the_threads(n_threads: int | None) -> None:
    assert bits(n_threads) == bits(1)
