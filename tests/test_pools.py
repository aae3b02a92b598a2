"""Pools of other libraries: held to one thread for exactly as long as a fit lasts."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from mixtura.pools import fits, single_threaded_openmp, single_threaded_pools

SECONDS = 60.0


def pools(user_api="blas"):
    """Threads of each BLAS that is loaded."""
    return {pool["filepath"]: pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == user_api}


@pytest.fixture(autouse=True)
def two_threads_a_pool():
    """Every test begins with pools of two and must leave them so."""
    with single_threaded_pools():  # loads every BLAS that a fit will use
        pass
    with threadpool_limits(2, user_api="blas"):
        assert set(pools().values()) == {2}
        yield
        assert set(pools().values()) == {2}
        assert fits() == 0


def test_pools_are_held_once_however_deep():
    with single_threaded_pools():
        assert set(pools().values()) == {1} and fits() == 1
        with pytest.raises(KeyboardInterrupt), single_threaded_pools():
            assert fits() == 1
            raise KeyboardInterrupt
        assert set(pools().values()) == {1} and fits() == 1


def test_openmp_is_held_and_given_back():
    import sklearn.cluster  # noqa: F401  brings an OpenMP of its own

    with threadpool_limits(2, user_api="openmp"):
        before = pools("openmp")
        with single_threaded_openmp():
            assert set(pools("openmp").values()) == {1}
            assert set(pools().values()) == {2}
        assert pools("openmp") == before and set(before.values()) == {2}


def test_the_last_of_several_to_leave_gives_the_pools_back():
    """Two fits that overlap: in, in, out, out."""
    first_in, second_in, first_out = (threading.Event() for _ in range(3))

    def first():
        with single_threaded_pools():
            first_in.set()
            assert second_in.wait(SECONDS)
        first_out.set()

    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(first)
        assert first_in.wait(SECONDS)
        with single_threaded_pools():
            second_in.set()
            assert first_out.wait(SECONDS)
            assert set(pools().values()) == {1}
        ended.result()
