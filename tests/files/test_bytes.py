"""Any bytes load to a model, or one sentence says why not: nothing run, no memory taken."""

import gzip
import io
import os
import pickle
import socket
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mixtura as mx
from mixtura.files import archive, header
from mixtura.outcome import ModelFileError
from tests.files.cases import (
    parts,
    raw,
    refused,
    same_bits,
    small,
)


def test_cut_short_anywhere(path: Path) -> None:
    mx.save(small(), path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError, match=r"cut short|does not begin as a model|empty"):
            mx.load(path)
        with pytest.raises(ModelFileError):
            header(path)
    path.write_bytes(data + b"\0")
    refused(path, "cut short or damaged")


def test_every_byte_counts(path: Path) -> None:
    model = small()
    mx.save(model, path)
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    loaded = 0
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        try:
            found = mx.load(path)
        except ModelFileError:
            continue
        loaded += 1
        assert same_bits(found.means_, model.means_) and same_bits(found.covariances_, model.covariances_)
    assert loaded < 10


@given(st.data())
@settings(max_examples=150)
def test_any_damage_is_refused(whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    broken = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    path = tmp_path_factory.getbasetemp() / "damaged.mixtura"
    path.write_bytes(broken)
    try:
        mx.load(path)
    except ModelFileError:
        return
    assert parts(path)[0] == parts(whole)[0]


@given(st.binary(max_size=300) | st.binary(max_size=200).map(raw))
@settings(max_examples=150)
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.mixtura"
    path.write_bytes(data)
    with pytest.raises(ModelFileError):
        mx.load(path)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("exploded"),)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("x", "y")
    return buffer.getvalue()


def dumped(write: Any, *values: Any) -> bytes:
    buffer = io.BytesIO()
    write(buffer, *values)
    return buffer.getvalue()


OTHER_FILES = {
    "empty": (b"", "empty"),
    "short": (b"abc", "does not begin"),
    "text": (b"hello, world\n" * 9, "does not begin.*hello"),
    "zeros": (bytes(4096), "does not begin"),
    "JSON": (b'{"weights": [1.0]}', "JSON text"),
    "JSON garbage": (raw(b'{"a": [1, 2'), "JSON"),
    "a list": (raw(b"[]"), "does not begin"),
    "a CSV": (b"a,b\n1,2\n" * 20, "does not begin"),
    "zip": (zipped(), "zip"),
    "npz": (dumped(lambda f: np.savez(f, a=np.ones(3))), "zip"),
    "npy": (dumped(np.save, np.ones(3)), "NumPy"),
    "gzip": (gzip.compress(b"x" * 99, mtime=0), "gzip"),
    **{f"pickle {p}": (pickle.dumps(Bomb(), protocol=p), "pickle|does not begin") for p in range(6)},
    "joblib": (dumped(lambda f: joblib.dump(Bomb(), f)), "pickle"),
    "joblib zlib": (dumped(lambda f: joblib.dump(Bomb(), f, compress=3)), "zlib"),
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_other_files(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    data, words = OTHER_FILES[name]
    path.write_bytes(data)
    assert "Models are written by mixtura.save" in refused(path, words) or name == "JSON garbage"
    assert not Path("exploded").exists()


def test_what_is_no_file(tmp_path: Path) -> None:
    refused(tmp_path, "it is a folder")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "pipe or a device")
    with socket.socket(socket.AF_UNIX) as open_socket:
        open_socket.bind(str(tmp_path / "socket"))
        refused(tmp_path / "socket", "pipe or a device")
    refused(Path("/dev/zero"), "device")
    with pytest.raises(FileNotFoundError):
        mx.load(tmp_path / "missing")


def test_a_name_that_drives_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a\n\x1b[31m"
    path.write_bytes(b"")
    assert "\x1b" not in refused(path)


def test_memory_that_is_not_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError

    mx.save(small(), path)
    monkeypatch.setattr(archive.np, "empty", full)
    with pytest.raises(ModelFileError, match="more memory than there is"):
        mx.load(path)


def test_a_file_that_shrinks_while_it_is_read(path: Path) -> None:
    mx.save(small(), path)
    with archive.opened(path) as (file, size):
        index = archive.read_index(file, size)
        short = io.BytesIO(path.read_bytes()[-size:-1])
        short.seek(file.tell())
        with pytest.raises(Exception, match="cut short while it was read"):
            archive.read_tensors(short, index)
        with pytest.raises(Exception, match="within its header"):
            archive.read_index(io.BytesIO(path.read_bytes()[:90]), size)
