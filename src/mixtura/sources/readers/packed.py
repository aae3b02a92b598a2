"""Arrays of NumPy in packed files and in archives."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.sources.binary import numpy_reason
from mixtura.sources.faults import TableError
from mixtura.sources.paths import INSIDE
from mixtura.sources.raw import GZIP_ERRORS, title

from .encoded import unpacked
from .file import File
from .inside import pick
from .plain import Layout, Plain, Unnamed, chosen, native

_ERRORS = (*GZIP_ERRORS, zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, eq=False)
class Packed(Unnamed):
    """An array that is unpacked from its beginning at every reading."""

    path: str
    layout: Layout
    opened: Callable[[], AbstractContextManager[IO[bytes]]]
    by_column = False

    @classmethod
    def open(cls, path: str, opened: Callable[[], AbstractContextManager[IO[bytes]]]) -> Packed:
        """Read the header."""
        with _damage_told(path), opened() as file:
            layout = Layout.read(file, path)
        if not layout.by_row:
            raise TableError(
                f"{title(path)} is packed and holds an array column by column, which cannot be read row by row. "
                "Save it unpacked (numpy.save or numpy.savez), or in C order."
            )
        return cls(path, layout, opened)

    def batches(self, names: Sequence[str], start: int, rows: int) -> Iterator[NDArray[Any]]:
        """Unpack the rows in turn."""
        columns, width, dtype = self.positions(names), self.layout.width, self.layout.dtype
        with _damage_told(self.path), self.opened() as file:
            file.seek(self.layout.begin + start * width * dtype.itemsize)  # unpacks what comes before
            for begin in range(start, self.n_rows, rows):
                size = min(rows, self.n_rows - begin) * width * dtype.itemsize
                data = file.read(size)
                if len(data) < size:
                    raise TableError(f"{title(self.path)}: {numpy_reason('it ends before its last row')}")
                yield chosen(native(np.frombuffer(data, dtype).reshape(-1, width)), columns)


def open_packed(path: str) -> Packed:
    """Open an .npy file packed with gzip."""
    return Packed.open(path, partial(unpacked, path, True))


def open_archive(path: str) -> File:
    """
    Open an array in an .npz archive: the one named after ``::``, or the only one of two dimensions.

    Raises
    ------
    TableError
        Where there are several, with their names.
    """
    outer, _, wanted = path.partition(INSIDE)
    with _damage_told(path), zipfile.ZipFile(outer) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        shapes = {name: _shape(archive, info, path) for name, info in members.items()}
    info = members[pick(path, shapes, wanted)]
    if info.compress_type == zipfile.ZIP_STORED:
        return Plain.open(path, _begin(outer, info), outer)
    return Packed.open(path, partial(_member, outer, info.filename))


def _shape(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> tuple[int, ...]:
    with archive.open(info) as file:
        if file.read(6) != np.lib.format.MAGIC_PREFIX:
            return ()
        file.seek(0)
        version = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
        return header(file)[0]


def _begin(path: str, info: zipfile.ZipInfo) -> int:
    """The byte where an unpacked member begins, after its name and what the archive adds to it."""
    with open(path, "rb") as file:
        file.seek(info.header_offset + 26)
        name, extra = np.frombuffer(file.read(4), "<u2")
    return info.header_offset + 30 + int(name) + int(extra)


@contextmanager
def _member(path: str, name: str) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(path) as archive, archive.open(name) as file:
        yield file


@contextmanager
def _damage_told(path: str) -> Iterator[None]:
    try:
        yield
    except TableError:
        raise
    except (*_ERRORS, ValueError) as error:
        raise TableError(f"{title(path)}: {numpy_reason(str(error) or 'unreadable')}") from error
