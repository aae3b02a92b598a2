"""Text files as a stream of UTF-8: unpacked, without a mark, checked or translated, a piece at a time."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, cast

from mixtura.sources.raw import (
    GZIP_ERRORS,
    mark_of,
    refuse_byte,
    refuse_codec,
    refuse_gzip,
    refuse_nuls,
    refuse_unreadable,
    refuse_utf8,
)


def unpacked(path: str, packed: bool) -> IO[bytes]:
    """Open a file, through gzip where it is packed."""
    return cast(IO[bytes], gzip.open(path, "rb")) if packed else open(path, "rb")


@contextmanager
def unpacked_told(path: str, packed: bool = True) -> Iterator[IO[bytes]]:
    """Open a file, and say of one that cannot be unpacked or read which it is."""
    try:
        with unpacked(path, packed) as file:
            yield file
    except GZIP_ERRORS as error:
        raise refuse_gzip(path, error) from error
    except OSError as error:
        raise refuse_unreadable(path, error) from error


def head_of(path: str, packed: bool, count: int) -> bytes:
    """Read the first bytes, unpacked."""
    with unpacked_told(path, packed) as file:
        return file.read(count)


@dataclass(frozen=True)
class Encoded:
    """
    How the bytes of a text file become UTF-8.

    Attributes
    ----------
    path : str
        The file.
    packed : bool
        Whether it is packed with gzip.
    mark : int
        The length of its byte order mark.
    encoding : str or None
        What is translated; None for what is UTF-8 already.
    """

    path: str
    packed: bool
    mark: int
    encoding: str | None

    @classmethod
    def of(cls, path: str, head: bytes, packed: bool, encoding: str | None) -> Encoded:
        """Judge by the first bytes, and by the user's word."""
        mark, marked = mark_of(head)
        if encoding is not None:
            return cls(path, packed, 0, encoding)
        if marked not in (None, "utf-8"):
            return cls(path, packed, len(mark), marked)
        refuse_nuls(head[len(mark) :], path)
        return cls(path, packed, len(mark), None)

    @property
    def seekable(self) -> bool:
        """Whether a piece from the middle can be read without what comes before."""
        return not self.packed and self.encoding is None

    def pieces(self, size: int, begin: int = 0, line: int = 1) -> Iterator[bytes]:
        """
        Go through the text.

        Parameters
        ----------
        size
            Bytes to read at a time; pieces of a seekable text begin at multiples of it.
        begin, line
            Of a seekable text, the byte and its line to begin with, where a character begins.

        Raises
        ------
        TableError
            With the line, or the byte, that is not in the encoding; for a damaged gzip file.
        """
        translate = _Check(self.path, line) if self.encoding is None else _Recode(self.path, self.encoding)
        with unpacked_told(self.path, self.packed) as file:
            file.seek(self.mark + begin)
            data = file.read(size - begin % size)
            while data:
                yield translate(data)
                data = file.read(size)
        yield translate(b"")


class _Check:
    """Passes UTF-8 on."""

    def __init__(self, path: str, line: int) -> None:
        self.path, self.line = path, line
        self.decoder = codecs.getincrementaldecoder("utf-8")()

    def __call__(self, data: bytes) -> bytes:
        """Check the next bytes; none is the end."""
        if not (data and data.isascii() and not self.decoder.getstate()[0]):
            self._check(data)
        self.line += data.count(b"\n")
        return data

    def _check(self, data: bytes) -> None:
        try:
            self.decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line = self.line + bytes(error.object).count(b"\n", 0, error.start)
            raise refuse_utf8(self.path, line, error.object[error.start]) from error


class _Recode:
    """Translates another encoding."""

    def __init__(self, path: str, encoding: str) -> None:
        self.path, self.encoding, self.n_read, self.at_start = path, encoding, 0, True
        try:
            self.decoder = codecs.getincrementaldecoder(encoding)()
        except LookupError as error:
            raise refuse_codec(encoding) from error

    def __call__(self, data: bytes) -> bytes:
        """Translate the next bytes; none is the end."""
        self.n_read += len(data)
        try:
            text = self.decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            before = self.n_read - len(error.object)
            raise refuse_byte(self.path, before + error.start + 1, error.object[error.start], self.encoding) from error
        if self.at_start and text:
            self.at_start, text = False, text.removeprefix("\ufeff")
        return text.encode()
