"""Arrays of NumPy, read part by part: what is read is held, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.sources.binary import check_shape, numpy_reason
from mixtura.sources.faults import TableError
from mixtura.sources.raw import title

from .file import File


@dataclass(frozen=True)
class Layout:
    """How an array lies in a file: its dtype, rows and columns, the byte where it begins, and which index runs last."""

    dtype: np.dtype[Any]
    n_rows: int
    width: int
    begin: int
    by_row: bool

    @classmethod
    def read(cls, file: IO[bytes], path: str) -> Layout:
        """
        Read the header of an .npy file.

        Raises
        ------
        TableError
            For pickles, complex numbers, dates, more than two dimensions, and damaged headers.
        """
        start = file.tell()
        try:
            major, _ = np.lib.format.read_magic(file)
            header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
            shape, in_columns, dtype = header(file)
        except (ValueError, EOFError, OSError) as error:
            raise TableError(f"{title(path)}: {numpy_reason(str(error))}") from error
        if dtype.hasobject:
            raise TableError(f"{title(path)}: {numpy_reason('allow_pickle')}")
        check_shape(dtype, shape, path)
        width = shape[1] if len(shape) == 2 else 1
        return cls(dtype, shape[0], width, file.tell() - start, not in_columns or width == 1)

    @property
    def size(self) -> int:
        """How many bytes the numbers take."""
        return self.n_rows * self.width * self.dtype.itemsize

    @property
    def held(self) -> np.dtype[Any]:
        """In which precision rows are kept: float32 stays so; all else is float64, half precision as in memory too."""
        return np.dtype(np.float32 if self.dtype.kind == "f" and self.dtype.itemsize == 4 else np.float64)


class Unnamed(File):
    """A file that holds one array, whose columns are counted; a base class."""

    layout: Layout
    named = False

    @property
    def names(self) -> tuple[str, ...]:  # type: ignore[override]
        """Columns without names are counted."""
        return counted(self.layout.width)

    @property
    def n_rows(self) -> int:
        """The first length of the array."""
        return self.layout.n_rows

    def stored(self, name: str) -> np.dtype[Any]:
        """All columns are kept alike."""
        return self.layout.held


@dataclass(frozen=True, eq=False)
class Plain(Unnamed):
    """An array that lies as it is in a file, from some byte on."""

    path: str
    layout: Layout
    offset: int = 0
    inside: str | None = None
    by_column = False

    @classmethod
    def open(cls, path: str, offset: int = 0, inside: str | None = None) -> Plain:
        """Read the header, and see that the numbers are all there."""
        with open(inside or path, "rb") as file:
            file.seek(offset)
            layout = Layout.read(file, path)
            there = os.fstat(file.fileno()).st_size - offset - layout.begin
        if there < layout.size:
            lacking = f"{layout.size - there} bytes are lacking at the end"
            raise TableError(f"{title(path)}: {numpy_reason(lacking)}")
        return cls(path, layout, offset, inside)

    def batches(self, names: Sequence[str], start: int, rows: int) -> Iterator[NDArray[Any]]:
        """Read the rows in turn, from a file in columns only those wanted."""
        columns = self.positions(names)
        with open(self.inside or self.path, "rb") as file:
            for begin in range(start, self.n_rows, rows):
                count = min(rows, self.n_rows - begin)
                if self.layout.by_row:
                    yield chosen(native(self._rows(file, begin, count)), columns)
                else:
                    yield native(self._columns(file, begin, count, columns))

    def _rows(self, file: IO[bytes], begin: int, count: int) -> NDArray[Any]:
        width = self.layout.width
        return self._numbers(file, begin * width, count * width).reshape(count, width)

    def _columns(self, file: IO[bytes], begin: int, count: int, columns: Sequence[int]) -> NDArray[Any]:
        out = np.empty((count, len(columns)), self.layout.dtype, order="F")
        for to, column in enumerate(columns):
            out[:, to] = self._numbers(file, column * self.n_rows + begin, count)
        return out

    def _numbers(self, file: IO[bytes], at: int, count: int) -> NDArray[Any]:
        """Some numbers, read and not mapped: a file that shrinks under a map would end the process."""
        file.seek(self.offset + self.layout.begin + at * self.layout.dtype.itemsize)
        found = np.fromfile(file, self.layout.dtype, count)
        if len(found) < count:
            raise TableError(f"{title(self.path)}: {numpy_reason('it ends before its last row')}")
        return found


def native(array: NDArray[Any]) -> NDArray[Any]:
    """Turn numbers into the machine's order of bytes, and into floats of at most 8 bytes."""
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def chosen(array: NDArray[Any], columns: Sequence[int]) -> NDArray[Any]:
    """Give some columns of rows: the array itself where it is all of them in order."""
    return array if list(columns) == list(range(array.shape[1])) else array[:, columns]


def counted(width: int) -> tuple[str, ...]:
    """
    Count columns that have no names.

    Examples
    --------
    >>> counted(2)
    ('x1', 'x2')
    """
    return tuple(f"x{number}" for number in range(1, width + 1))
