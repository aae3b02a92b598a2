"""Rows of one file or of many, in order, in chunks, however many there are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mixtura.sources.cells import explain
from mixtura.sources.faults import TableError, show
from mixtura.sources.raw import refuse_unreadable, title
from mixtura.sources.tables import TableOptions

from .chunk import Chunk
from .file import File, Stamp
from .numbers import incomplete, numbers
from .refusal import refusal

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Reader:
    """
    Rows that are read again at every pass; `open_reader` makes one.

    Attributes
    ----------
    volumes : tuple of File
        The files, in order.
    names : tuple of str
        The D columns chosen, in order.
    weights : str or None
        The column of weights.
    options : TableOptions
        How text is read.
    drop : bool
        Whether a row with a missing cell weighs 0; else it is passed on as it is.
    stamps : tuple of Stamp
        What the files were like when they were opened.
    """

    volumes: tuple[File, ...]
    names: tuple[str, ...]
    weights: str | None
    options: TableOptions
    drop: bool
    stamps: tuple[Stamp, ...]

    @property
    def named(self) -> bool:
        """Whether the names come from the data and not from counting."""
        return self.volumes[0].named

    @cached_property
    def by_column(self) -> bool:
        """Whether chunks come in columns."""
        return any(file.by_column for file in self.volumes)

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """float32 where that holds every chosen column as it is stored, else float64."""
        kept = {file.stored(name) for file in self.volumes for name in self.names}
        return np.dtype(np.float32 if kept == {np.dtype(np.float32)} else np.float64)

    @property
    def files(self) -> tuple[str, ...]:
        """The paths, in order."""
        return tuple(file.path for file in self.volumes)

    @property
    def title(self) -> str:
        """The data in a few words."""
        first = title(self.files[0])
        return first if len(self.files) == 1 else f"{first} and {len(self.files) - 1} more"

    @property
    def n_rows(self) -> int | None:
        """How many rows there are in all; None where that shows only once they have been read."""
        held = [file.n_rows for file in self.volumes]
        return None if None in held else sum(rows for rows in held if rows is not None)

    @cached_property
    def fingerprint(self) -> str:
        """A name, 64 hexadecimal digits, for what is read: files, columns and options."""
        files = [(stamp.path, stamp.size, stamp.changed) for stamp in self.stamps]
        what = (self.files, files, self.names, self.weights, self.options, self.drop)
        return hashlib.sha256(repr(what).encode()).hexdigest()

    def count(self) -> int:
        """Count the rows, reading through files that do not say."""
        for file, stamp in zip(self.volumes, self.stamps, strict=True):
            if file.n_rows is None:
                for _ in _unchanged(file.batches(file.names[:1], 0, 1 << 16), file, stamp):
                    pass
        return self.n_rows or 0

    def chunks(self, start: int = 0, rows: int = 2**16) -> Iterator[Chunk]:
        """
        Go through the rows in order.

        Parameters
        ----------
        start
            The position of the first row wanted, from 0.
        rows
            The most rows of a chunk.

        Raises
        ------
        TableError
            With the file and the place: a cell that is no number, a weight that is none, a row that does not fit,
            a damaged file, one that was changed since it was opened.
        """
        begin = 0
        for file, stamp in zip(self.volumes, self.stamps, strict=True):
            first = max(start - begin, 0)
            if file.n_rows is None or first < file.n_rows:
                yield from _unchanged(self._of(file, begin, first, rows), file, stamp)
            begin += file.n_rows or 0

    def place(self, row: int) -> str:
        """Say where a row, by its position, is: the file, and the line or the row in it, from 1."""
        file, within = self._find(row)
        return file.place(within)

    def cell(self, row: int, name: str) -> str:
        """Give what is written in a cell."""
        file, within = self._find(row)
        return file.cell(within, name)

    def check(self) -> None:
        """Raise a `TableError` where a file is no longer what it was when it was opened."""
        for stamp in self.stamps:
            stamp.check()

    def refuse(self) -> TableError:
        """Read through, and describe the first infinity or what is missing, by column; to be raised by the caller."""
        return refusal(self)

    def refuse_weights(self, total: float) -> TableError:
        """Describe weights whose sum is 0, or too small or large to divide by; to be raised by the caller."""
        column = "" if self.weights is None else f" in {show(self.weights)}"
        if total != 0:
            needed = "sums of squares need it between 1e-300 and 1e+304. Divide them by their mean"
            return TableError(f"{self.title}: the weights{column} sum to {total:g}, and {needed}.")
        if not self.drop:
            return TableError(f"{self.title}: every weight{column} is 0, so no row counts.")
        return TableError(f"{self.title}: every row has an empty cell or the weight 0{column}, so none is left.")

    def _find(self, row: int) -> tuple[File, int]:
        self.count()
        for file in self.volumes:
            held = file.n_rows or 0
            if row < held:
                return file, row
            row -= held
        raise IndexError(row)

    def _of(self, file: File, begin: int, row: int, rows: int) -> Iterator[Chunk]:
        """The rows of a file, whose first is at position `begin`, from a row of it on."""
        for batch in file.batches([*self.names, *([self.weights] if self.weights is not None else [])], row, rows):
            chunk = self._chunk(file, batch, begin, row)
            yield chunk
            row += chunk.n_rows

    def _chunk(self, file: File, batch: Any, begin: int, row: int) -> Chunk:
        """Turn a batch into numbers; its first row is `row` of the file, whose first row is at `begin`."""
        d = len(self.names)
        features: Any = batch
        if file.by_column:
            wanted = [*self.names, self.weights]
            features = tuple(self._numbers(file, name, cells, row) for name, cells in zip(wanted, batch, strict=False))
        elif self.by_column:
            features = tuple(batch.T)
        weight = None
        if self.weights is not None:
            weight = self._weight(file, features[-1] if self.by_column else batch[:, -1], row)
            features = features[:d] if self.by_column else batch[:, :d]
        return Chunk(begin + row, features, self._dropped(features, weight))

    def _numbers(self, file: File, name: str | None, column: Any, row: int) -> NDArray[Any]:
        values, bad = numbers(column, self.options)
        if bad is not None:
            at = row + int(np.argmax(bad))
            reason = explain(file.cell(at, str(name)), self.options.decimal)
            raise TableError(f"{file.place(at)}, column {show(name)}: {reason}")
        return values

    def _weight(self, file: File, weight: NDArray[Any], row: int) -> NDArray[np.float64]:
        held = np.asarray(weight, dtype=np.float64)
        wrong = ~((held >= 0) & (held < np.inf) | (np.isnan(held) & self.drop))
        if wrong.any():
            at = int(np.argmax(wrong))
            raise TableError(f"{file.place(row + at)}, column {show(self.weights)}: {_complaint(held[at])}")
        return held

    def _dropped(self, features: Any, weight: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        """Weights in which incomplete rows count for nothing, where they are to be dropped."""
        if not self.drop:
            return weight
        lost = incomplete(features) if weight is None else incomplete(features) | np.isnan(weight)
        if not lost.any():
            return weight
        return np.where(lost, 0.0, 1.0 if weight is None else weight)


def _complaint(weight: float) -> str:
    if np.isnan(weight):
        return "the weight is missing. Fill it in, or add --missing drop to leave such rows out."
    if weight < 0:
        return f"the weight {weight:g} is negative. Weights count rows."
    return "the weight is infinite. Weights count rows."


def _unchanged(parts: Iterator[T], file: File, stamp: Stamp) -> Iterator[T]:
    """Pass on what is read; what is found in a file that was changed, or is damaged, counts for nothing."""
    stamp.check()
    try:
        yield from parts
    except (TableError, OSError) as error:
        stamp.check()
        file.check_whole()
        raise error if isinstance(error, TableError) else refuse_unreadable(file.path, error) from error
    stamp.check()
