"""kill -9 at any moment of a fit of files, and of writing a model: the same bits when run again, and no half file.

`MIXTURA_KILLS=20` kills that often; the suite less.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

KILLS = int(os.environ.get("MIXTURA_KILLS", "2"))
ROWS = np.random.default_rng(0).normal(size=(2000, 3)) + np.arange(2000)[:, None] % 3 * 3.0

# One process loads all, and forks those that are killed: most of the time is then spent where it is to be killed.
FORKING = """
import itertools, os, signal, sys, threading, time, traceback, warnings
from pathlib import Path
import numpy as np
import pyarrow.parquet
import mixtura as mx
from mixtura import fitting, kernels
from mixtura.journal import journal, records
from mixtura.sources import opened, source, stream

def forked(action):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return child

def ended(child):
    assert os.waitpid(child, 0)[1] == 0, "a child failed"
"""

FITS = (
    FORKING
    + """
folder, kills = Path(sys.argv[1]), int(sys.argv[2])
warnings.simplefilter("ignore")
# always streamed, in small blocks; every sum is written down, in three steps
opened.held, stream.BLOCK, source.BLOCK, journal.EVERY = lambda *_: None, 250, 250, 0.0
kernels.rows_a_block = lambda *_: 250
cut, moments, last = stream.Stream._cut, itertools.count(1), None

def moment():
    now = next(moments)
    if now == last:  # a little later, wherever that may be
        threading.Timer(0.003 * np.random.default_rng(now).random(), os.kill, (os.getpid(), signal.SIGKILL)).start()

def counted_cut(self, start):
    for block in cut(self, start):
        moment()
        yield block

def counted_put(self, at, content):
    self._file.seek(at)
    for begin, end in ((0, 30), (30, len(content) // 2), (max(30, len(content) // 2), len(content))):
        self._file.write(content[begin:end])
        moment()
        time.sleep(0.0002)

stream.Stream._cut, records.Records._put = counted_cut, counted_put

def fit(model, checkpoint, until=None):
    global last
    last = until
    found = mx.GaussianMixture(3, random_state=0, tol=0.0, max_iter=4, noise=True, n_threads=1)
    found.fit(str(folder / "rows.parquet"), checkpoint=checkpoint)
    mx.save(found, folder / model, overwrite=True)
    (folder / "moments").write_text(str(next(moments)))

def bits(file):
    model = mx.load(folder / file)
    names = "weights_", "means_", "covariances_", "lower_bounds_"
    return [np.asarray(getattr(model, name)).tobytes() for name in names]

def left(path):
    if not path.exists():
        return "nothing"
    size = path.stat().st_size
    found = records.opened(path, b"")
    count, torn = len(found), size > found._end
    found.close()
    return "torn" if torn else f"{count:02d}"

ended(forked(lambda: fit("owed", None)))
ended(forked(lambda: fit("kept", folder / "whole")))
most, owed, random, seen = int((folder / "moments").read_text()), bits("owed"), np.random.default_rng(0), []
assert bits("kept") == owed
mx.save(mx.load(folder / "owed").reorder([1, 0, 2]), folder / "model")
other, old = bits("model"), (folder / "model").read_bytes()
for i in range(kills):
    path = folder / f"{i}.checkpoint"
    first = most * (i + random.random()) / kills if i else 4  # in the survey
    for until in (int(first), int(most * random.random() / 2)):
        child = forked(lambda: fit("model", path, until))
        if os.waitpid(child, 0)[1]:
            seen.append(left(path))
            assert bits("model") in (other, owed), "half a model"
    ended(forked(lambda: fit("model", path)))
    assert bits("model") == owed, f"other bits after kill {i}: {seen}"
    (folder / "model").write_bytes(old)
print(most, len(seen), *sorted(seen))
"""
)

SAVES = (
    FORKING
    + """
folder, kills = Path(sys.argv[1]), int(sys.argv[2])
random, path = np.random.default_rng(0), folder / "model"
X = random.normal(size=(500, 2))
models = [mx.GaussianMixture(k, random_state=0, max_iter=5, tol=0.1).fit(X) for k in (1, 3)]
means = [model.means_.tobytes() for model in models]
mx.save(models[0], path)
fsync, replace = os.fsync, Path.replace

def slow(action):
    def slowly(*arguments):
        time.sleep(0.002)
        action(*arguments)
        time.sleep(0.002)
    return slowly

os.fsync, Path.replace = slow(fsync), slow(replace)

def save_again_and_again(first):
    for model in itertools.cycle((models[first], models[1 - first])):
        mx.save(model, path, overwrite=True)

seen = []
for i in range(kills):
    child = forked(lambda: save_again_and_again(i // 2 % 2))
    time.sleep(0.01 + 0.1 * random.random())
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    seen.append(means.index(mx.load(path).means_.tobytes()))
print(len(seen), *seen)
"""
)


def told(code: str, *args: object) -> list[str]:
    """What a script in a fresh process prints."""
    run = subprocess.run([sys.executable, "-c", code, *map(str, args)], capture_output=True, text=True, timeout=500)
    assert run.returncode == 0, run.stdout + run.stderr
    print(run.stdout)
    return run.stdout.split()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks the processes that are killed")
def test_a_fit_of_files_that_is_killed_at_random_moments_ends_in_the_same_bits(tmp_path: Path) -> None:
    table = pa.table({name: ROWS[:, j] for j, name in enumerate("abc")})
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=600)
    _, count, *seen = told(FITS, tmp_path, KILLS)
    assert KILLS - 1 <= int(count) <= 2 * KILLS
    if KILLS >= 20:  # it died before and while the file was written, and after many passes
        assert len(set(seen)) > 8 and "torn" in seen


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks the processes that are killed")
def test_a_model_that_is_written_when_the_process_is_killed_is_the_old_or_the_new(tmp_path: Path) -> None:
    count, *seen = told(SAVES, tmp_path, 3 * KILLS)
    assert int(count) == 3 * KILLS and set(seen) <= {"0", "1"}
