"""What every kind of file can do for a reader."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.sources.faults import TableError
from mixtura.sources.paths import INSIDE
from mixtura.sources.raw import refuse_unreadable, title


class File(ABC):
    """
    One file, read in order and in parts.

    Attributes
    ----------
    path : str
        As it was named, with ``::`` and the name of a thing inside where one was given.
    names : tuple of str
        All its columns.
    named : bool
        Whether the names come from the file and not from counting.
    by_column : bool
        Whether a batch is a sequence of columns, and not an array of rows.
    """

    path: str
    names: tuple[str, ...]
    named: bool = True
    by_column: bool = True

    @property
    @abstractmethod
    def n_rows(self) -> int | None:
        """How many rows it holds, None where that shows only once it has been read."""

    @abstractmethod
    def stored(self, name: str) -> np.dtype[Any] | None:
        """Give the dtype in which a column is kept, None where it is text or no number."""

    @abstractmethod
    def batches(self, names: Sequence[str], start: int, rows: int) -> Iterator[Any]:
        """
        Go through the rows.

        Parameters
        ----------
        names
            Columns, in the order in which they are wanted.
        start
            The first row wanted, from 0.
        rows
            The most rows wanted at a time.

        Yields
        ------
        (n, len(names)) array, or a list of len(names) Arrow arrays
            In order, without a gap, n >= 1.

        Raises
        ------
        TableError
            With the file and the place.
        """

    def positions(self, names: Sequence[str]) -> list[int]:
        """Where columns stand among all; there may be a hundred thousand of them."""
        places = {name: at for at, name in enumerate(self.names)}
        return [places[name] for name in names]

    def written(self, names: Sequence[str], start: int, rows: int) -> Iterator[Any]:
        """Go through the rows as `batches` does, but give cells of text as they were written."""
        return self.batches(names, start, rows)

    def check_whole(self) -> None:  # noqa: B027
        """Raise where a file is damaged in a way that shows only at its end."""

    def place(self, row: int) -> str:
        """Say where a row (from 0) is."""
        return f"{title(self.path)}, row {row + 1}"

    def cell(self, row: int, name: str) -> str:
        """Give what is written in a cell."""
        batch = next(iter(self.batches([name], row, 1)))
        return str(batch[0][0].as_py() if self.by_column else batch[0, 0])


@dataclass(frozen=True)
class Stamp:
    """
    By what a file is known again: its name and place, size, time of last change and inode.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("a,b")
    >>> stamp = Stamp.of(str(path))
    >>> stamp.size, stamp == Stamp.of(str(path))
    (3, True)
    """

    name: str
    path: str
    size: int
    changed: int
    inode: int

    @classmethod
    def of(cls, path: str) -> Stamp:
        """Look at a file, or at all files in a folder that is one array."""
        real = os.path.realpath(path.partition(INSIDE)[0])
        try:
            seen = [os.stat(file) for file in _files_of(real)]
        except OSError as error:
            raise refuse_unreadable(path, error) from error
        return cls(path, real, sum(s.st_size for s in seen), max(s.st_mtime_ns for s in seen), seen[0].st_ino)

    def check(self) -> None:
        """Raise where the file is no longer what it was."""
        try:
            same = Stamp.of(self.name) == self
        except TableError:
            same = False
        if not same:
            gone = "" if os.path.exists(self.path) else " or taken away"
            raise TableError(
                f"{title(self.name)} was changed{gone} while it was read, so its rows are no longer those that were "
                "read before. Let nothing write to it, and run again."
            )


def _files_of(path: str) -> Iterator[str]:
    yield path
    if os.path.isdir(path):
        for folder, _, files in os.walk(path):
            yield from (os.path.join(folder, file) for file in files)
