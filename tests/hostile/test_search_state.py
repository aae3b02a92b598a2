"""What a search keeps: through Ctrl-C, kill -9, damaged files, threads and forks."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura as mx
from mixtura.outcome import MixtureError, ModelFileError

FAITHFUL = mx.datasets.load_faithful().data

CODE = """
import os, signal, sys, threading, time
import numpy as np
import mixtura as mx
from mixtura import pools
from mixtura.selection import keeper, small

way, path = sys.argv[1:]
if way == "ordinary":
    small.SMALL = 0
keeper.EVERY = 0.0
rng = np.random.default_rng(0)
X = np.concatenate([rng.normal(size=(600, 3)), rng.standard_t(4, size=(600, 3)) + 3])
families = ["EEE", "VVI", "VVV", "EII"]
mx.MixtureSearch((1, 2), covariance_types=families).fit(X[::8])  # compiles and loads what a search does

def search(many=range(1, 10)):
    return mx.MixtureSearch(many, covariance_types=families, tol=1e-9)

sent = []
def interrupt():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

found = search()
timer = threading.Timer(0.3, interrupt)
timer.start()
print("begun", flush=True)
try:
    found.fit(X, checkpoint=path)
except KeyboardInterrupt:
    heard = time.perf_counter() - sent[0]
else:
    raise SystemExit("the search ended by itself")
assert not [name for name in vars(found) if name.endswith("_")], "half a search is left"
assert not [t.name for t in threading.enumerate() if t.name.startswith("mixtura")], "a thread goes on"
assert pools.fits() == 0, "pools are not given back"
print(heard)
"""


def bits(search: mx.MixtureSearch) -> list[Any]:
    """Return the table but for seconds, and the winner's arrays."""
    best = search.best_estimator_
    rows = [replace(row, seconds=0.0) for row in search.results_]
    return [rows, search.verdict_, best.weights_.tolist(), best.means_.tolist(), best.covariances_.tolist()]


def search(**settings: Any) -> mx.MixtureSearch:
    return mx.MixtureSearch((1, 2, 3), **{"covariance_types": ["EEE", "VVV"], **settings})


@pytest.mark.parametrize("way", ["compiled", "ordinary"])
def test_an_interrupt_is_heard_and_leaves_nothing_half_done(way: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, way, str(tmp_path / "search")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    assert float(run.stdout.split()[-1]) < 5.0
    assert [path for path in tmp_path.iterdir() if path.name != "search"] == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_killed_search_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "search"
    code = CODE.replace("timer.start()", "")
    child = subprocess.Popen([sys.executable, "-c", code, "ordinary", str(path)], stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            if path.exists() or child.poll() is not None:
                break
            time.sleep(0.05)
    finally:
        child.kill()
        child.wait()
    assert path.exists()
    with pytest.raises(ModelFileError, match="other rows or with other settings"):  # it is whole, but not of these
        search().fit(FAITHFUL, checkpoint=path)


# Checkpoints ---------------------------------------------------------------------------------------------------------


def test_a_checkpoint_does_not_know_layout_or_threads(tmp_path: Path) -> None:
    first = search().fit(FAITHFUL, checkpoint=tmp_path / "search")
    again = search(n_threads=1, verbose=0).fit(np.asfortranarray(FAITHFUL), checkpoint=str(tmp_path / "search"))
    assert bits(first) == bits(again)


@pytest.mark.parametrize("keep", [0, 1, 10, 100, 0.5, -1])
def test_a_checkpoint_that_was_cut_short_is_refused_and_left(keep: float, tmp_path: Path) -> None:
    path = tmp_path / "search"
    search().fit(FAITHFUL, checkpoint=path)
    whole = path.read_bytes()
    cut = whole[: int(len(whole) * keep)] if isinstance(keep, float) else whole[:keep]
    path.write_bytes(cut)
    with pytest.raises(ModelFileError, match="Name another file, or remove this one"):
        search().fit(FAITHFUL, checkpoint=path)
    assert path.read_bytes() == cut


def test_a_path_that_is_no_checkpoint_is_refused_and_left(tmp_path: Path) -> None:
    model, table = tmp_path / "model", tmp_path / "table.csv"
    mx.save(search().fit(FAITHFUL).best_estimator_, model)
    table.write_text("a,b\n1,2\n" * 99)
    for path in (model, table, tmp_path):
        before = path.read_bytes() if path.is_file() else None
        with pytest.raises(ModelFileError, match="is no checkpoint"):
            search().fit(FAITHFUL, checkpoint=path)
        assert before is None or path.read_bytes() == before
    with pytest.raises(MixtureError, match="path of a file"):
        search().fit(FAITHFUL, checkpoint=3)


def test_priors_that_differ_in_one_number_are_not_taken_for_one(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(80, 33))
    scale, other = np.eye(33), np.eye(33)
    other[16, 16] = 100.0  # where a printed matrix of this size has dots
    nearby = scale * (1 + 1e-12)
    settings: dict[str, Any] = {"covariance_types": "VVV"}
    mx.MixtureSearch([1], prior=mx.NormalInverseWishart(scale=scale), **settings).fit(rows, checkpoint=tmp_path / "a")
    for each in (other, nearby):
        with pytest.raises(ModelFileError, match="other settings"):
            mx.MixtureSearch([1], prior=mx.NormalInverseWishart(scale=each), **settings).fit(
                rows, checkpoint=tmp_path / "a"
            )


# Threads and processes -----------------------------------------------------------------------------------------------


def test_searches_in_two_threads_at_once() -> None:
    alone = bits(search().fit(FAITHFUL))
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: bits(search().fit(FAITHFUL)), range(3)))
    assert found == [alone] * 3


def _bic(_: int) -> float:
    return float(search().fit(FAITHFUL).best_score_)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_searches_in_forked_children() -> None:
    alone = _bic(0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(_bic, range(2)).get(timeout=120) == [alone, alone]


def test_a_second_search_with_the_same_checkpoint_at_once(tmp_path: Path) -> None:
    alone, path = bits(search().fit(FAITHFUL)), tmp_path / "search"
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: bits(search().fit(FAITHFUL, checkpoint=path)), range(2)))
    assert found == [alone, alone] == [bits(search().fit(FAITHFUL, checkpoint=path))] * 2
    assert [one.name for one in tmp_path.iterdir()] == ["search"]
