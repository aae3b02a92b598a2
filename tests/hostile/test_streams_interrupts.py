"""Ctrl-C in each pass over files, forked children, threads that share opened rows, and few files that may be open."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mixtura as mx
from mixtura.sources import opened
from mixtura.sources.stream import Stream

NAMES = ["a", "b", "c"]


@pytest.fixture(autouse=True)
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """No room for rows: all files are streamed."""
    monkeypatch.setattr(opened, "LEAST", 1000)


def rows(n_rows: int) -> Any:
    rng = np.random.default_rng(0)
    centers = np.array([[0, 0, 0], [4, 1, 0], [0, 5, 3]])
    return centers[rng.integers(3, size=n_rows)] + rng.normal(size=(n_rows, 3))


def model(**settings: Any) -> Any:
    return mx.GaussianMixture(3, random_state=0, **settings)


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("mixtura")]


def gone(seconds: float) -> bool:
    """Whether no thread of ours is left after some seconds."""
    end = time.perf_counter() + seconds
    while readers() and time.perf_counter() < end:
        time.sleep(0.01)
    return not readers()


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("at", [1, 2, 4])
@pytest.mark.parametrize("name", ["x.csv", "x.npy"])
def test_an_interrupt_in_each_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, at: int, n_threads: int
) -> None:
    X, path, read, passes = rows(40_000), tmp_path / name, Stream._read, 0
    np.save(path, X) if name == "x.npy" else pd.DataFrame(X, columns=NAMES).to_csv(path, index=False)

    def reading(self: Any, start: int) -> Any:
        nonlocal passes
        passes += 1
        this = passes
        for block in read(self, start):
            if this == at and block.start == 0:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.02)
            yield block

    fitted = model(n_threads=n_threads).fit(X[:500])
    before = dict(vars(fitted))
    gc.collect()
    gc.disable()
    try:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Stream, "_read", reading)
            fitted.fit(mx.open(path, memory=1))
        assert gone(1.0), "a thread goes on until the garbage is collected"
    finally:
        gc.enable()
    assert all(vars(fitted)[key] is value for key, value in before.items())
    assert np.array_equal(fitted.fit(mx.open(path, memory=1)).means_, model().fit(X).means_)


@pytest.mark.parametrize("name", ["x.csv", "x.npy"])
def test_fits_in_threads_on_the_same_opened_rows(tmp_path: Path, name: str) -> None:
    X, path = rows(20_000), tmp_path / name
    np.save(path, X) if name == "x.npy" else pd.DataFrame(X, columns=NAMES).to_csv(path, index=False)
    data, expected = mx.open(path, memory=1), model().fit(X).means_
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: model().fit(data).means_, range(4)))
    assert all(np.array_equal(means, expected) for means in found)


FORKED = """
import os, signal, sys
import numpy as np
import mixtura as mx
from mixtura.sources import opened
opened.LEAST = 1000
data = mx.open(sys.argv[1], memory=1)
model = mx.GaussianMixture(3, random_state=0)
expected = model.fit(data).means_
child = os.fork()
if child == 0:
    signal.alarm(60)
    os._exit(0 if np.array_equal(model.fit(data).means_, expected) else 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is nothing to fork with")
def test_a_fit_in_a_forked_child(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", rows(40_000))
    subprocess.run([sys.executable, "-c", FORKED, str(tmp_path / "x.npy")], check=True, timeout=120)


def test_more_files_than_may_be_open(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    X = rows(800)
    for at in range(200):
        part = pd.DataFrame(X[at * 4 : at * 4 + 4], columns=NAMES)
        part.to_csv(tmp_path / f"{at:03}.csv", index=False) if at % 2 else part.to_parquet(
            tmp_path / f"{at:03}.parquet"
        )
    expected = model(max_iter=3, tol=10.0).fit(X).means_
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    listed = Path("/proc/self/fd")
    there = len(list(listed.iterdir())) if listed.is_dir() else 64
    resource.setrlimit(resource.RLIMIT_NOFILE, (there + 16, most))
    try:
        found = model(max_iter=3, tol=10.0).fit(mx.open(tmp_path, memory=1)).means_
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    assert np.array_equal(found, expected)


FULL = """
import resource, signal, sys
import numpy as np
import mixtura as mx
from mixtura.sources import opened
opened.LEAST = 1000
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
data, soft = mx.open(sys.argv[1], memory=1), resource.getrlimit(resource.RLIMIT_FSIZE)
expected = mx.GaussianMixture(3, random_state=0).fit(data).means_
for limit in (10, 3000, 100_000):
    checkpoint = f"{sys.argv[2]}/{limit}.fit"
    model = mx.GaussianMixture(3, random_state=0).fit(np.load(sys.argv[1])[:500])
    before = model.means_
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, soft[1]))
    try:
        model.fit(data, checkpoint=checkpoint)
    except OSError as error:
        assert checkpoint in str(error) and model.means_ is before
    else:
        raise SystemExit("the disk was not full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, soft)
    assert np.array_equal(model.fit(data, checkpoint=checkpoint).means_, expected)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files have no limit there")
def test_a_full_disk_under_a_checkpoint(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", rows(3000))
    subprocess.run([sys.executable, "-c", FULL, str(tmp_path / "x.npy"), str(tmp_path)], check=True, timeout=120)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10.fit", "100000.fit", "3000.fit", "x.npy"]
