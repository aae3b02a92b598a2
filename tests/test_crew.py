"""A pass over blocks by several threads: in order, few at a time, the same error whichever thread meets it."""

import _thread
import faulthandler
import random
import threading
import time

import pytest

from mixtura.crew import Pass
from mixtura.sources.ahead import ahead

SECONDS = 60.0


def helped(work, count):
    """Helpers at work on a pass."""
    threads = [threading.Thread(target=work.help, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def gone(threads):
    for thread in threads:
        thread.join(SECONDS)
    return not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
@pytest.mark.parametrize("n_blocks", [0, 1, 2, 100])
def test_results_come_in_the_order_of_the_blocks(count, n_blocks):
    def slow_at_times(i):
        time.sleep(0.001 * (i % 7 == 0))
        return i * i

    work = Pass(slow_at_times, range(n_blocks), ahead=2 * count + 1)
    threads = helped(work, count)
    assert list(work.results()) == [i * i for i in range(n_blocks)]
    assert gone(threads)


def test_no_block_is_taken_far_ahead_of_the_result_that_is_owed():
    taken = []
    work = Pass(lambda i: i, (taken.append(i) or i for i in range(100)), ahead=5)
    threads = helped(work, 3)
    for given, result in enumerate(work.results()):
        time.sleep(0.0005)
        assert result == given and len(taken) <= given + 1 + 5
    assert gone(threads)


def test_a_block_that_takes_long_holds_up_its_followers_and_no_more():
    """A helper is stuck with the first block; the caller makes what it may ahead, then waits."""
    begun, go_on, made = threading.Event(), threading.Event(), []

    def function(i):
        if i == 0:
            begun.set()
            assert go_on.wait(SECONDS)
        made.append(i)
        if len(made) == 4:
            threading.Timer(0.05, go_on.set).start()
        return i

    work = Pass(function, range(20), ahead=5)
    threads = helped(work, 1)
    assert begun.wait(SECONDS)
    assert list(work.results()) == list(range(20))
    assert made[:4] == [1, 2, 3, 4] and made[4] == 0
    assert gone(threads)


@pytest.mark.parametrize("count", [0, 1, 7])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_error_of_the_first_block_is_raised_and_the_rest_is_left(count, error):
    seen = []

    def function(i):
        seen.append(i)
        if i == 5:
            time.sleep(0.02)
        if i >= 5:
            raise error(f"block {i}")
        return i

    for _ in range(5):
        seen.clear()
        work, found = Pass(function, range(1000), ahead=16), []
        threads = helped(work, count)
        with pytest.raises(error, match="block 5"):
            found.extend(work.results())
        assert gone(threads)
        assert len(seen) <= 5 + 1 + 16


@pytest.mark.parametrize("count", [0, 1, 7])
def test_blocks_that_cannot_be_read_are_an_error_in_their_turn(count):
    def blocks():
        yield from range(3)
        raise OSError("no more")

    work, found = Pass(lambda i: i, blocks(), ahead=16), []
    threads = helped(work, count)
    with pytest.raises(OSError, match="no more"):
        for result in work.results():
            found.append(result)
    assert found == [0, 1, 2]
    assert gone(threads)


def test_a_pass_that_is_left_sends_its_helpers_home():
    work = Pass(lambda i: i, range(10**9), ahead=3)
    threads = helped(work, 2)
    results = work.results()
    assert next(results) == 0
    results.close()
    assert gone(threads)
    assert list(work.results()) == []


def test_a_pass_that_is_stopped_without_being_read_sends_its_helpers_home():
    work = Pass(lambda i: i, range(10**9), ahead=3)
    threads = helped(work, 2)
    time.sleep(0.01)
    work.stop()
    assert gone(threads)


def test_no_interrupt_leaves_a_lock_behind():
    """Two hundred interrupts at random moments of passes, read ahead and not: each pass ends, or is ended by one."""
    rng, heard = random.Random(0), 0
    faulthandler.dump_traceback_later(60.0, exit=True)  # a lock that is held for good would hold this test as well
    for turn in range(200):
        blocks = ahead(range(2000)) if turn % 2 else iter(range(2000))
        work = Pass(abs, blocks, ahead=4)
        helper = threading.Thread(target=work.help, daemon=True)
        timer = threading.Timer(rng.uniform(0.0, 0.01), _thread.interrupt_main)
        helper.start()
        try:
            timer.start()
            assert list(work.results()) == list(range(2000))
            timer.join()
            time.sleep(0.01)
        except KeyboardInterrupt:
            heard += 1
        work.stop()
        helper.join(10.0)
        assert not helper.is_alive()
    faulthandler.cancel_dump_traceback_later()
    assert heard > 150
