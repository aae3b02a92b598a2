"""Ctrl-C in the middle of a fit: heard within a second, and nothing of ours goes on."""

import subprocess
import sys

import pytest

CODE = """
import os, signal, sys, threading, time, warnings
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits
import mixtura as mx
from mixtura import pools

n_rows, n_features, k, n_threads = map(int, sys.argv[1:5])
where = sys.argv[5]
X = np.random.default_rng(0).normal(size=(n_rows, n_features))
labels = np.arange(n_rows) % k
settings = {"tol": 0.0, "max_iter": 10**6, "n_threads": n_threads, "random_state": 0}
warnings.simplefilter("ignore")
mx.GaussianMixture(2, init_params=np.arange(100) % 2, n_threads=2).fit(X[:100])  # loads what a fit loads
if where == "passes":
    settings["init_params"] = labels
    mx.GaussianMixture(k, **(settings | {"max_iter": 1})).fit(X)  # compiles what a fit compiles

def blas():
    return sorted(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")

sent = []
def interrupt():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

slowest = 0.0
with threadpool_limits(2, user_api="blas"):
    for delay in (0.35, 0.5, 0.77):
        model, timer = mx.GaussianMixture(k, **settings), threading.Timer(delay, interrupt)
        before = dict(vars(model))
        timer.start()
        try:
            model.fit(X)
        except KeyboardInterrupt:
            slowest = max(slowest, time.perf_counter() - sent[-1])
        else:
            raise SystemExit("the fit ended by itself")
        timer.join()
        assert vars(model).keys() == before.keys(), "half a model is left"
        assert not [t.name for t in threading.enumerate() if t.name.startswith("mixtura")], "a thread goes on"
        assert pools.fits() == 0 and set(blas()) == {2}, "pools are not given back"
print(slowest)
"""


def slowest(*args: object) -> float:
    """Seconds until the slowest of three interrupts of a fit in a fresh process was heard."""
    run = subprocess.run([sys.executable, "-c", CODE, *map(str, args)], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    return float(run.stdout)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize(("n_rows", "n_features", "k"), [(400_000, 2, 4), (2**14, 96, 32)])
def test_an_interrupt_in_a_pass_is_heard_within_a_second(n_rows: int, n_features: int, k: int, n_threads: int) -> None:
    assert slowest(n_rows, n_features, k, n_threads, "passes") < 1.0


def test_an_interrupt_during_the_seeding_is_heard_within_a_second() -> None:
    assert slowest(2**16, 16, 64, 2, "seeding") < 1.0
