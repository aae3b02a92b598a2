"""The container: a safetensors file, in which no length is believed before it is checked.

Written by the safetensors library and read here, because its reader lets a later key of the metadata replace an earlier
one, accepts headers of 100 MB, and maps the file, so that one cut short meanwhile ends the process.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.files.faults import MAKE, SHORTEN, Fault
from mixtura.sources.faults import show

Tensor = NDArray[np.floating[Any]]

# The text before the numbers is at most this long, and holds at most so many values: reading it takes below 300 MB.
LONGEST_HEADER = 2**24
MOST_VALUES = 2**20

# Lengths beyond this are lies; safetensors has 64 bits for them.
LARGEST = 2**63

_LENGTH = 8  # bytes that say how long the header is
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
_OTHERS = (
    (b"PK\x03\x04", "a zip archive, as NumPy's .npz and PyTorch's files are"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x1f\x8b", "gzip"),
    (b"\x80", "a pickle, as joblib's files are; one can run any code when it is opened, so it is not"),
    (b"ZF", "a compressed joblib file"),
    (b"\x78", "compressed with zlib, as joblib's files may be"),
    (b"PAR1", "a Parquet file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"{", "JSON text"),
    (b"mixtura ", "a checkpoint of a fit"),
)


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies: its numbers are the bytes from `begin` to `end`, counted from the end of the header."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Index:
    """The header of a file: free text by name, and where the tensors lie, in the order of their bytes."""

    metadata: dict[str, str]
    entries: tuple[Entry, ...]


def pack(metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> bytes:
    """The bytes of a file."""
    from safetensors.numpy import save

    return bytes(save({name: np.asarray(values, order="C") for name, values in tensors.items()}, dict(metadata)))


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[tuple[IO[bytes], int]]:
    """Open a regular file; gives its size too. A pipe or a device would make the reader wait, or never end."""
    target = Path(path)
    mode = target.stat().st_mode
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device, not a file"
        raise Fault(f"it is {what}", f"Give the path of a model file. {MAKE}")
    with target.open("rb") as file:
        yield file, os.fstat(file.fileno()).st_size


def read_index(file: IO[bytes], size: int) -> Index:
    """Read the header of a file of `size` bytes, and check it against that size."""
    first = file.read(_LENGTH)
    if not first:
        raise Fault("it is empty", f"Restore it from a copy. {MAKE}")
    length = int.from_bytes(first, "little")
    if len(first) < _LENGTH or not 2 <= length <= size - _LENGTH:
        raise _not_a_header(first, size)
    if length > LONGEST_HEADER:
        raise Fault(f"its header takes {length} bytes, and at most {LONGEST_HEADER} are read", SHORTEN)
    raw = file.read(length)
    if not raw.startswith(b"{"):
        raise Fault(f"it does not begin as a model file ({show((first + raw[:8]).decode('latin-1'))})", MAKE)
    if len(raw) < length:
        raise Fault(f"it ends within its header, at byte {_LENGTH + len(raw)}")
    content = parse_json(_text(raw))
    metadata = content.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise Fault("its metadata are not text by name")
    return Index(metadata, _in_order([_entry(*item) for item in content.items()], size - _LENGTH - length))


def read_tensors(file: IO[bytes], index: Index) -> dict[str, Tensor]:
    """Read all tensors of a file that stands behind its header, each into memory of its own."""
    _require_memory(index.entries[-1].end if index.entries else 0)
    return {entry.name: _read(file, entry) for entry in index.entries}


def parse_json(text: str) -> dict[str, Any]:
    """Parse one JSON object: no key twice, no NaN, no number beyond the range of a double, no endless nesting."""
    try:
        content = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_in_range)
    except (ValueError, RecursionError) as error:
        raise Fault(f"its header is not sound JSON ({show(error, 80)})") from error
    if not isinstance(content, dict):
        raise Fault("its header is not a JSON object")
    return content


def _not_a_header(first: bytes, size: int) -> Fault:
    """Say what a file is whose first bytes do not announce a header that fits into it."""
    for magic, what in _OTHERS:
        if first.startswith(magic):
            return Fault(f"it does not begin as a model file, but like {what}", MAKE)
    announced = int.from_bytes(first, "little")
    if len(first) == _LENGTH and 2 <= announced <= LONGEST_HEADER:
        return Fault(f"it announces {announced} bytes of header and is {size} bytes long: it was cut short or damaged")
    return Fault(f"it does not begin as a model file ({show(first.decode('latin-1'))})", MAKE)


def _text(raw: bytes) -> str:
    if sum(raw.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise Fault(f"its header holds more than {MOST_VALUES} values", SHORTEN)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Fault(f"byte {_LENGTH + error.start} of its header is not UTF-8") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return content


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON number")


def _in_range(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError("a number is beyond the range of a double")
    return value


def _entry(name: str, told: Any) -> Entry:
    """A tensor's place, if its type, shape and length agree."""
    known = isinstance(told, dict) and told.keys() == {"dtype", "shape", "data_offsets"}
    dtype = _DTYPES.get(str(told["dtype"])) if known else None
    if dtype is None or not _are_counts(told["shape"]) or not _are_counts(told["data_offsets"]):
        raise Fault(f"its tensor {show(name)} is not told as floats with a shape and a place")
    shape, place = tuple(told["shape"]), told["data_offsets"]
    if len(place) != 2 or place[1] - place[0] != math.prod(shape) * dtype.itemsize:
        raise Fault(f"its tensor {show(name)} of shape {shape} does not fill its place in the file")
    return Entry(name, dtype, shape, *place)


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < LARGEST for value in values)


def _in_order(entries: list[Entry], size: int) -> tuple[Entry, ...]:
    """Entries by their place, if they fill `size` bytes without a gap or an overlap."""
    entries.sort(key=lambda entry: (entry.begin, entry.end))
    ends = [0, *(entry.end for entry in entries)]
    if any(entry.begin != end for entry, end in zip(entries, ends, strict=False)):
        raise Fault("its tensors overlap, or leave gaps")
    if ends[-1] != size:
        words = f"its header tells of {ends[-1]} bytes of numbers and it holds {size}"
        raise Fault(f"{words}: it was cut short or damaged")
    return tuple(entries)


def _read(file: IO[bytes], entry: Entry) -> Tensor:
    buffer = np.empty(entry.end - entry.begin, dtype=np.uint8)
    if file.readinto(buffer.data) < len(buffer):  # type: ignore[attr-defined]
        raise Fault(f"it ends within its tensor {show(entry.name)}: it was cut short while it was read")
    values = buffer.view(entry.dtype).reshape(entry.shape)
    return np.asarray(values, dtype=entry.dtype.newbyteorder("="))


def _require_memory(needed: int) -> None:
    """Refuse what cannot fit: a sparse file takes no room on the disk, but fills the memory when it is read."""
    if not hasattr(os, "sysconf"):
        return
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if 0 < there < needed:
        words = f"it holds {needed / 1e9:.3g} GB of numbers, and this machine has {there / 1e9:.3g} GB of memory"
        raise Fault(words, "Load it where there is more.")
