"""Writing: the whole old file or the whole new one, whoever is killed, whoever else writes, whatever the disk says."""

import errno
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura as mx
from mixtura.files import header
from tests.files.cases import same_bits, small

OLD_MEANS = small().means_


def other(n_features: int = 40) -> mx.GaussianMixture:
    means, covariances = np.ones((2, n_features)), np.stack([np.eye(n_features)] * 2)
    return mx.GaussianMixture.from_parameters([0.5, 0.5], means, covariances)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is there already."""
    mx.save(small(), tmp_path / "a.mixtura")
    return tmp_path / "a.mixtura"


def require_old(path: Path) -> None:
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert same_bits(mx.load(path).means_, OLD_MEANS)


def test_replaced_only_when_asked(path: Path) -> None:
    with pytest.raises(FileExistsError):
        mx.save(other(), path, overwrite=False)
    require_old(path)
    mx.save(other(), str(path))
    assert mx.load(str(path)).means_.shape == (2, 40)
    mx.save(small(), path.with_name("b"), overwrite=False)
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["a.mixtura", "b"]


def test_permissions_stay_and_links_are_followed(path: Path) -> None:
    path.chmod(0o640)
    link = path.with_name("link")
    link.symlink_to(path)
    mx.save(other(), link)
    assert link.is_symlink() and stat.S_IMODE(path.stat().st_mode) == 0o640
    assert mx.load(path).means_.shape == mx.load(link).means_.shape == (2, 40)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """A real limit of the system, which fails a write after so many bytes as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)


def test_a_write_that_breaks_off(path: Path) -> None:
    for size in (0, 1, 5000, 30_000):
        with largest_file(size), pytest.raises(OSError):
            mx.save(other(), path)
        require_old(path)


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_full_disk(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*((os, "fsync") if name == "fsync" else (Path, "replace")), full)
    with pytest.raises(OSError, match="No space left"):
        mx.save(other(), path)
    monkeypatch.undo()
    require_old(path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_device_that_is_full() -> None:
    with pytest.raises(OSError, match="No space left"):
        mx.save(small(), "/dev/full")


def test_interrupted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        mx.save(other(), path)
    monkeypatch.undo()
    require_old(path)


def test_a_model_that_cannot_be_saved_leaves_the_old_one(path: Path) -> None:
    broken = other()
    broken.covariances_ = -broken.covariances_
    with pytest.raises(mx.MixtureError):
        mx.save(broken, path)
    require_old(path)


def test_a_folder_that_takes_no_files(path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        mx.save(small(), path.parent)
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        mx.save(small(), path / "b")
    with pytest.raises(FileNotFoundError):
        mx.save(small(), path.with_name("missing") / "b")
    with pytest.raises(OSError):
        mx.save(small(), "/proc/self/b.mixtura")
    require_old(path)


@contextmanager
def nobody() -> Iterator[None]:
    """What root may do shows nothing."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    path.chmod(0o644)
    path.parent.chmod(0o555)
    try:
        with nobody():
            with pytest.raises(PermissionError):
                mx.save(other(), path.name)
            assert same_bits(mx.load(path.name).means_, OLD_MEANS)
    finally:
        path.parent.chmod(0o755)
    require_old(path)


def test_two_writers_and_a_reader_at_once(path: Path) -> None:
    models = [small(), other()]
    failures: list[BaseException] = []

    def write(model: mx.GaussianMixture) -> None:
        try:
            for _ in range(40):
                mx.save(model, path)
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=(model,)) for model in models]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert mx.load(path).means_.shape in ((2, 1), (2, 40))
    for writer in writers:
        writer.join()
    assert not failures
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


WRITERS = """
import os, sys, time
import numpy as np
import mixtura as mx

def write(d):
    model = mx.GaussianMixture.from_parameters([0.5, 0.5], np.full((2, d), d), np.stack([np.eye(d)] * 2))
    mx.save(model, sys.argv[1], extra={"d": d})
    begun = time.monotonic()
    while time.monotonic() < begun + 30:
        mx.save(model, sys.argv[1], extra={"d": d})

children = []
for d in sys.argv[2:]:
    children.append(os.fork())
    if children[-1] == 0:
        write(int(d))
        os._exit(0)
print(*children, flush=True)
for child in children:
    os.waitpid(child, 0)
"""


def test_killed_while_writing(path: Path) -> None:
    """Several processes write one file over and over; each is killed at some moment, and the file is always whole."""
    sizes = (5, 60, 110)
    command = [sys.executable, "-c", WRITERS, str(path), *map(str, sizes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout is not None
        alive = [int(word) for word in parent.stdout.readline().split()]
        assert len(alive) == len(sizes)
        try:
            while mx.load(path).n_features_in_ == 1:
                time.sleep(0.01)
            while alive:
                for _ in range(10):
                    require_one_of(path, sizes)
                    time.sleep(random.random() * 0.02)
                os.kill(alive.pop(), signal.SIGKILL)
                require_one_of(path, sizes)
        finally:
            for child in alive:
                os.kill(child, signal.SIGKILL)
    assert parent.returncode == 0


def require_one_of(path: Path, sizes: tuple[int, ...]) -> None:
    model = mx.load(path)
    assert model.n_features_in_ in sizes and (model.means_ == model.n_features_in_).all()
    assert header(path).extra["d"] in sizes
