"""Threads: how many, in which order, shared among fits, and none left over."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import mixtura as mx
from mixtura import pools as pools_of_others
from mixtura import threads
from mixtura.pools import single_threaded_pools
from mixtura.sources.memory import BLOCK, Memory
from mixtura.threads import WORTH_THREADS, available, workers
from tests.test_pools import SECONDS, pools, two_threads_a_pool  # noqa: F401  a fixture


def helpers():
    """Threads of ours that are alive."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("mixtura")]


@pytest.fixture(autouse=True)
def _nothing_is_left_over():
    yield
    assert not helpers()
    assert not threads._crews


@pytest.mark.parametrize("asked", ["1", "1,4", "1000000", "0", "-3", "", "many"])
def test_available_threads(monkeypatch, asked):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    allowed = available()
    assert 1 <= allowed <= len(os.sched_getaffinity(0))
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert available() == (1 if asked.startswith("1") and asked != "1000000" else allowed)


def test_results_come_in_order_and_few_at_a_time():
    waiting, most, lock = 0, 0, threading.Lock()

    def blocks():
        nonlocal waiting, most
        for i in range(50):
            with lock:
                waiting += 1
                most = max(most, waiting)
            yield i

    def slow(i):
        time.sleep(0.002 * (i % 3))
        return i, threading.current_thread().name

    found = []
    with workers(3, np.inf) as mapper:
        for result in mapper(slow, blocks()):
            with lock:
                waiting -= 1
            found.append(result)
    assert [i for i, _ in found] == list(range(50))
    names = {name for _, name in found}
    assert threading.current_thread().name in names and 1 < len(names) <= 3
    assert {name.partition("_")[0] for name in names - {threading.current_thread().name}} == {"mixtura"}
    assert most <= 7


@pytest.mark.parametrize(("n_threads", "work"), [(1, np.inf), (4, WORTH_THREADS - 1), (None, 0.0)])
def test_small_work_and_one_thread_stay_where_they_are(n_threads, work):
    with workers(n_threads, work) as mapper:
        names = set(mapper(lambda _: threading.current_thread().name, range(10)))
        assert set(pools().values()) == {1}
    assert names == {threading.current_thread().name}


def test_all_threads_that_may_be_used_are(monkeypatch):
    monkeypatch.setattr(threads, "available", lambda: 3)
    barrier = threading.Barrier(3, timeout=SECONDS)
    with workers(None, WORTH_THREADS) as mapper:
        assert len(set(mapper(lambda _: barrier.wait(), range(3)))) == 3


def test_pools_hold_one_thread_inside_and_in_the_workers():
    with workers(2, np.inf) as mapper:
        assert set(pools().values()) == {1}
        assert all(set(found.values()) == {1} for found in mapper(lambda _: pools(), range(4)))
        with workers(2, np.inf):
            assert set(pools().values()) == {1}
        assert set(pools().values()) == {1}, "the first to leave is not the last"


@pytest.mark.parametrize(("n_fits", "most"), [(1, 3), (2, 3), (3, 3), (5, 5)])
def test_fits_in_several_threads_share_what_the_process_may_use(monkeypatch, n_fits, most):
    """Three threads for all of them; more fits than that have one each, their own."""
    monkeypatch.setattr(threads, "available", lambda: 3)
    lock, at_work, found = threading.Lock(), 0, []
    everyone_is_in = threading.Barrier(n_fits, timeout=SECONDS)

    def function(i):
        nonlocal at_work
        with lock:
            at_work += 1
            found.append(at_work)
        time.sleep(0.002)
        with lock:
            at_work -= 1
        return i

    def fit(_):
        with workers(None, np.inf) as mapper:
            for _ in range(3):
                everyone_is_in.wait()
                assert list(mapper(function, range(20))) == list(range(20))

    with ThreadPoolExecutor(n_fits, thread_name_prefix="caller") as pool:
        list(pool.map(fit, range(n_fits)))
    assert max(found) == most


def test_threads_that_are_asked_for_are_given_whoever_else_works(monkeypatch):
    monkeypatch.setattr(threads, "available", lambda: 1)
    barrier = threading.Barrier(3, timeout=SECONDS)
    with workers(None, np.inf), workers(3, np.inf) as mapper:
        assert len(set(mapper(lambda _: barrier.wait(), range(3)))) == 3


def test_a_worker_of_a_pool_of_processes_has_one_thread():
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(available) == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_ends_the_work_and_gives_the_pools_back(error):
    done = []

    def fail(i):
        if i == 3:
            raise error("here")
        time.sleep(0.001)
        done.append(i)

    with pytest.raises(error, match="here"), workers(2, np.inf) as mapper:
        list(mapper(fail, range(1000)))
    assert len(done) < 20


def test_an_error_in_the_caller_gives_the_pools_back():
    with pytest.raises(KeyboardInterrupt), workers(2, np.inf) as mapper:
        for i in mapper(lambda i: i, range(1000)):
            if i == 5:
                raise KeyboardInterrupt


def rows(n_rows):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_rows, 4)) + 3.0 * (np.arange(n_rows) % 3)[:, None]


def parameters(X, **settings):
    """A fit of three passes on several threads."""
    labels = np.arange(len(X)) % 3
    model = mx.GaussianMixture(3, init_params=labels, max_iter=100, tol=1e-4, n_threads=2, **settings).fit(X)
    return model.means_, model.covariances_, np.array(model.lower_bounds_)


BIG = rows(3 * BLOCK)
assert BIG.size * 3 < WORTH_THREADS


@pytest.fixture
def many_threads(monkeypatch):
    """Threads however little there is to do."""
    monkeypatch.setattr(threads, "WORTH_THREADS", 0)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.usefixtures("many_threads")
def test_several_fits_at_once_give_the_bits_of_each_alone():
    alone = parameters(BIG)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: parameters(BIG), range(4)))
    assert all(same(one, alone) for one in found)


def _fit_in_child(queue, X):
    found = parameters(X)
    queue.put((found, set(pools().values())))


def in_child(X):
    """A fit in a forked child, which must not hang."""
    context = get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_fit_in_child, args=(queue, X), daemon=True)
    child.start()
    child.join(SECONDS)
    if child.exitcode is None:
        child.kill()
        pytest.fail("the child hangs")
    assert child.exitcode == 0
    return queue.get()


@pytest.mark.usefixtures("many_threads")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_forked_child_fits_as_its_parent_did():
    expected = parameters(BIG)
    found, held = in_child(BIG)
    assert same(found, expected)
    assert held == {2}


@pytest.mark.usefixtures("many_threads")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_child_forked_in_the_middle_of_a_fit_fits_too():
    """The parent's fit holds the pools, and its lock at the moment of the fork."""
    expected = parameters(BIG)
    with single_threaded_pools(), threads._lock, pools_of_others._lock:
        found, held = in_child(BIG)
    assert same(found, expected)
    assert held == {1}, "what the child found is what it leaves"


def test_working_reads_a_source_with_its_weights_on_threads():
    X, weight = rows(100), np.arange(100.0)
    with threads.working(Memory.of(X, block=10), weight, 2, np.inf) as ready:
        assert ready.weight is weight and ready.rows is X
        barrier = threading.Barrier(2, timeout=SECONDS)
        names = ready.reduce(lambda block: [barrier.wait() is not None and threading.current_thread().name])
        assert len(names) == 10 and {name.partition("_")[0] for name in names} == {"MainThread", "mixtura"}
