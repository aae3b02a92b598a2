"""What is no checkpoint of this fit is refused by name and left as it is; so is a disk that takes no more."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mixtura as mx
from mixtura import journal
from mixtura.journal.records import Records
from mixtura.outcome import MixtureError, ModelFileError
from mixtura.sources import opened as files
from mixtura.sources import source as sources
from mixtura.sources.memory import Memory
from mixtura.sources.stream import Stream
from mixtura.start import STARTS
from tests.journal.cases import BLOCK, D, K, N, bits, ends, fitted, rows, stream


def refusal(path: Any, X: Any = None, **asked: Any) -> str:
    before = Path(path).read_bytes() if Path(path).is_file() else b""
    with pytest.raises(ModelFileError) as told:
        fitted(rows() if X is None else X, path, **asked)
    assert not Path(path).is_file() or Path(path).read_bytes() == before
    return str(told.value)


def test_a_checkpoint_of_another_fit_says_what_differs(path: Path) -> None:
    fitted(rows(), path, n_threads=1, verbose=0)
    fitted(rows(), path, n_threads=2, verbose=0)
    remedy = "Name another file, or remove this one to begin anew."
    told = refusal(path, n_components=4, tol=1e-4)
    assert "n_components was 3, and is 4" in told and "tol was 0.0, and is 0.0001" in told
    assert str(path) in told and told.endswith(remedy)
    assert "random_state was 0, and is 1" in refusal(path, random_state=1)
    assert "init_params was 'kmeans', and is ndarray of shape (600,)" in refusal(path, init_params=np.arange(N) % K)
    assert "sample_weight was None, and is ndarray" in refusal(path, sample_weight=np.ones(N))
    assert "prior was None, and is 'default'" in refusal(path, prior="default")
    assert "the number of rows was 600, and is 599" in refusal(path, rows()[1:])
    assert "; their type was 'float64', and is 'float32'" in refusal(path, rows().astype(np.float32))
    assert "the content of the rows differs" in refusal(
        path, np.where(np.arange(N * D).reshape(N, D) == 5, 9.0, rows())
    )
    assert "'a', 'b', 'c'" in refusal(path, pd.DataFrame(rows(), columns=["a", "b", "c"]))


def test_a_file_that_changed_is_other_data(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X = stream(monkeypatch, tmp_path, rows())
    fitted(X, path)
    np.save(tmp_path / "rows.npy", rows(1))
    os.utime(tmp_path / "rows.npy", ns=(1, 1))
    assert "the state of the files" in refusal(path, X)
    np.save(tmp_path / "rows.npy", rows())
    assert "the number of rows kept in memory was" in refusal(
        path, files.open_rows(tmp_path / "rows.npy", memory="400 MB")
    )


def test_a_finished_fit_reads_nothing_of_its_files(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X = stream(monkeypatch, tmp_path, rows())
    owed = bits(fitted(X, path, noise=True))
    read: list[int] = []
    cut = Stream._cut

    def counted(self: Any, start: int) -> Iterator[Any]:
        for block in cut(self, start):
            read.append(len(block))
            yield block

    monkeypatch.setattr(Stream, "_cut", counted)
    assert bits(fitted(X, path, noise=True)) == owed
    assert sum(read) <= 4 * BLOCK  # the first rows, where distinct ones are counted


@pytest.mark.parametrize("seed", [None, np.random.RandomState(0), True])
def test_a_fit_that_does_not_repeat_itself_has_no_checkpoint(seed: Any, path: Path) -> None:
    with pytest.raises(MixtureError, match="give random_state an integer"):
        fitted(rows(), path, random_state=seed)
    assert not path.exists()


def test_other_files_are_told_apart(path: Path, tmp_path: Path) -> None:
    mx.save(mx.GaussianMixture(K, random_state=0).fit(rows()), path)
    assert "it is no checkpoint, but a model" in refusal(path)
    path.unlink()
    mx.MixtureSearch([1, 2], random_state=0).fit(rows(), checkpoint=path)
    assert "it is no checkpoint of a fit, but one of a search" in refusal(path)
    path.unlink()
    np.save(tmp_path / "rows.npy", rows())
    assert "but a NumPy array" in refusal(tmp_path / "rows.npy")
    path.write_text("name,height\n")
    assert "it is no checkpoint of a fit. Name" in refusal(path)
    path.write_text("")
    assert "it is empty" in refusal(path)
    assert "a folder, a pipe or a device" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "a folder, a pipe or a device" in refusal(tmp_path / "pipe")


def test_a_checkpoint_is_no_model_and_no_search(path: Path) -> None:
    fitted(rows(), path)
    with pytest.raises(ModelFileError, match="a checkpoint of a fit"):
        mx.load(path)
    with pytest.raises(ModelFileError, match="a checkpoint of a fit"):
        mx.MixtureSearch([1, 2], random_state=0).fit(rows(), checkpoint=path)


def test_later_formats_and_versions_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted(rows(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:16] + b"\2" + whole[17:])
    assert "it is of format 2, and this version reads format 1: a newer one wrote it" in refusal(path)
    path.write_bytes(whole)
    monkeypatch.setattr("mixtura.journal.belonging.__version__", "9.9")
    assert f"mixtura '{mx.__version__}' wrote it, and this is 9.9" in refusal(path)


def test_other_bits_before_a_pass_are_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As k-means of another version may give."""
    fitted(rows(), path)
    monkeypatch.setitem(STARTS, "kmeans", STARTS["k-means++"])
    assert "came out in other bits than when it was written" in refusal(path)


def test_two_fits_on_one_checkpoint(path: Path) -> None:
    with journal.kept(Memory.of(rows()), path, mx.GaussianMixture(K, random_state=0)):
        told = refusal(path)
    assert "another fit is writing it" in told


def test_a_path_that_cannot_be_written_is_told_before_the_first_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources.Source, "reduce", None)
    for path in (tmp_path / "missing" / "fit", tmp_path / "a.txt" / "fit"):
        (tmp_path / "a.txt").write_text("")
        with pytest.raises(OSError, match="fit"):
            fitted(rows(), path)
    with pytest.raises(MixtureError, match="must be the path of a file"):
        fitted(rows(), 3)


@pytest.mark.parametrize("after", [0, 100, 1000])
def test_a_full_disk_stops_the_fit_and_spoils_nothing(after: int, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owed, writes = bits(fitted(rows())), [0]
    put = Records._put

    def full(self: Any, at: int, content: bytes) -> None:
        writes[0] += 1
        if writes[0] > 5:
            put(self, at, content[:after])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        put(self, at, content)

    monkeypatch.setattr(Records, "_put", full)
    with pytest.raises(OSError, match="No space left") as told:
        fitted(rows(), path)
    assert told.value.filename == str(path)
    monkeypatch.setattr(Records, "_put", put)
    assert len(ends(path)) == 6
    assert bits(fitted(rows(), path)) == owed
