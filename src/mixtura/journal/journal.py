"""A journal of the sums that a fit has asked for: the fit runs again, and what was summed is not read again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, TypeVar, cast

from mixtura.block import Block
from mixtura.journal.belonging import asked_of, header, question, require_same
from mixtura.journal.records import Records, opened
from mixtura.journal.strangers import Damage, naming
from mixtura.journal.values import pack, unpack
from mixtura.outcome import MixtureError
from mixtura.sources.source import Source

# Seconds between two writings of the sum of a pass under way; and the least worth a writing when a fit is interrupted.
EVERY, LEAST = 30.0, 1.0

T = TypeVar("T")
S = TypeVar("S", bound=Source)


class Journal:
    """Answers, in the order in which they were asked for, and the file that they are kept in.

    A fit is a function of its settings, its seed and the sums over rows that it asked for. So on a second run every sum
    that was written down is given without a row being read; what lies between them is computed again, to the same
    bits.

    Parameters
    ----------
    records : Records
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._asked = 0

    def fold(self, source: Source, kernel: Callable[[Block], T]) -> T:
        """The sum over all blocks of a source, from the file as far as it is there."""
        asked = question(source, kernel)
        if self._asked < len(self._records):
            return cast(T, self._again(asked))
        total: T | None = self._summed(source, kernel, asked, *self._under_way(asked))
        if total is None:
            raise MixtureError("There are no rows to read.")
        return self._written(asked, total)

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, from the file where it is there."""
        if self._asked < len(self._records):
            return cast(T, self._again(name))
        return self._written(name, make())

    def _again(self, asked: str) -> Any:
        """The next answer of the file.

        Raises
        ------
        Damage
            Where it answers another question.
        """
        with naming(self._records.path):
            told, value = _read(self._records.read(self._asked))
            if told != asked:
                raise Damage(
                    f"what was computed before its record {self._asked + 1} came out in other bits than when it was "
                    "written, as other versions of NumPy, SciPy or scikit-learn, or another kind of machine, let it"
                )
        self._asked += 1
        return value

    def _written(self, asked: str, value: T) -> T:
        """Put an answer on the disk; what counts is what was written."""
        content = pack((asked, value))
        self._records.add(content)
        self._asked += 1
        return cast(T, unpack(content)[1])

    def _under_way(self, asked: str) -> tuple[int, Any]:
        """How many blocks of this pass are done, and their sum."""
        with naming(self._records.path):
            latest = self._records.latest()
            if latest is None:
                return 0, None
            length = int.from_bytes(latest[:8], "little")
            index, told, done, total = _read(latest[8 : 8 + length])
        return (done, total) if (index, told) == (self._asked, asked) else (0, None)

    def _summed(self, source: Source, kernel: Callable[[Block], T], asked: str, done: int, total: T | None) -> T | None:
        """Go on with a pass, and write its sum down now and then, and when it is interrupted."""
        begun = written = perf_counter()
        now = (done, total)
        try:
            for now in source.sums(kernel, done, total):
                if perf_counter() - written >= EVERY:
                    self._hold(asked, *now)
                    written = perf_counter()
        except KeyboardInterrupt:
            if now[0] > done and perf_counter() - begun > LEAST:
                self._hold(asked, *now)
            raise
        return now[1]

    def _hold(self, asked: str, done: int, total: Any) -> None:
        content = pack((self._asked, asked, done, total))
        self._records.hold(len(content).to_bytes(8, "little") + content)


def _read(raw: bytes) -> Any:
    try:
        return unpack(raw)
    except (ValueError, TypeError, KeyError, LookupError, RecursionError) as error:
        raise Damage(f"a record of it is none ({type(error).__name__})") from error


@contextmanager
def kept(source: S, path: Any, estimator: Any, **others: Any) -> Iterator[S]:
    """A source whose sums are kept in a file, and are not taken again when the same fit is run again.

    It is wanted before the first pass over the rows, so before `surveyed`.

    Parameters
    ----------
    source : Source
        With its weights, its seed and its names.
    path : str or path or None
        None keeps nothing.
    estimator : GaussianMixture
        Whose settings the fit has; `random_state` must be an integer.
    **others
        What the fit depends on beside them, by name: the weights that were given, for one.

    Raises
    ------
    MixtureError
        For a fit that would not repeat itself.
    ModelFileError
        For a file that is no checkpoint of this fit, is damaged or in use, with what differs.
    OSError
        For a file that cannot be written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> import mixtura as mx
    >>> from mixtura.frame import Summary
    >>> from mixtura.journal import kept
    >>> from mixtura.sources.memory import Memory
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "fit.checkpoint"
    >>> rows, model = Memory.of(np.arange(6.0).reshape(3, 2)), mx.GaussianMixture(random_state=0)
    >>> with kept(rows, file, model) as source:
    ...     source.summary().mean
    array([2., 3.])
    >>> with kept(rows, file, model) as source:
    ...     source.reduce(print)  # not read again
    Traceback (most recent call last):
    mixtura.outcome.ModelFileError: The checkpoint ...
    """
    if path is None:
        yield source
        return
    if not isinstance(path, str | os.PathLike) or os.fspath(path) in ("", b"") or "\0" in str(path):
        raise MixtureError(f"checkpoint is {path!r}, and must be the path of a file.")
    settings = {**asked_of(estimator), **others}
    records = _opened(path, header(source, settings))
    try:
        journal = Journal(records)
        keeping = {"keep": journal.keep} if hasattr(source, "keep") else {}
        yield source.having(fold=journal.fold, **keeping)
    finally:
        records.close()


def _opened(path: str | os.PathLike[str], text: bytes) -> Records:
    """The records of the fit that a text tells of."""
    with naming(path):
        try:
            records = opened(path, text)
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        try:
            require_same(records.text, text)
        except Damage:
            records.close()
            raise
    return records
