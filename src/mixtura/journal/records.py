r"""The file of a checkpoint: a header, then records that are only ever added, each with its digest.

    magic, format, length and digest of the header's text; the text
    kind, length, check of these two; digest; so many bytes        (again and again)

A record is the last of a chain: its digest is that of the one before and of its own bytes, so that none can be changed,
lost or moved unseen. What a killed writer left at the end is cut off. Two slots hold sums of a pass under way; they are
written over by turns, so that one of them is always whole, and no record depends on them.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from mixtura.atomic import atomic_write
from mixtura.journal.strangers import Damage, stranger

MAGIC = b"mixtura fit\n\x00\x00\x00\x00"
FORMAT = 1
LONGEST_HEADER = 2**24
_HEAD = struct.Struct("<16sII32s")
_FRAME = struct.Struct("<4sQ8s32s")
RECORD, SLOT = b"sums", b"part"
# Bytes that are read at a time to check a digest.
PIECE = 2**20


@dataclass
class _Place:
    """Where the bytes of a record or slot lie, and of a slot the turn in which it was written."""

    begin: int
    length: int
    turn: int = 0


class Records:
    """The records of one file, which this process alone may add to; `opened` makes one.

    Parameters
    ----------
    file : binary file
        Open for reading and writing, locked, behind its header.
    path : Path
    text : bytes
        Of the header.
    """

    def __init__(self, file: IO[bytes], path: Path, text: bytes) -> None:
        self._file, self.path, self.text = file, path, text
        self._root = self._chain = sha256(text).digest()
        self._places: list[_Place] = []
        self._slots: list[_Place] = []
        self._end = _HEAD.size + len(text)
        self._scan()

    def __len__(self) -> int:
        return len(self._places)

    def read(self, index: int) -> bytes:
        """The bytes of a record."""
        return self._bytes(self._places[index])

    def latest(self) -> bytes | None:
        """The bytes that `hold` was given last, with zeros behind them."""
        newest = max(self._slots, key=lambda place: place.turn, default=None)
        return None if newest is None or newest.turn == 0 else self._bytes(newest)[8:]

    def add(self, content: bytes) -> None:
        """Add a record; when this returns it is on the disk.

        Raises
        ------
        OSError
            Naming the file, which then holds the records that it held.
        """
        digest = sha256(self._chain + content).digest()
        self._append(RECORD, digest, content)
        self._places.append(_Place(self._end - len(content), len(content)))
        self._chain = digest

    def hold(self, content: bytes) -> None:
        """Put the sum of a pass under way into a slot, and leave the last one in the other."""
        newest = max((place.turn for place in self._slots), default=0)
        content = (newest + 1).to_bytes(8, "little") + content
        free = [place for place in self._slots if place.length >= len(content) and (place.turn < newest or not newest)]
        if not free:
            content += bytes(len(content) // 8)  # room for a sum that needs a little more
            self._append(SLOT, sha256(self._root + content).digest(), content)
            free = [_Place(self._end - len(content), len(content))]
            self._slots.append(free[0])
        else:
            content += bytes(free[0].length - len(content))
            free[0].turn = 0
            self._put(free[0].begin - 32, sha256(self._root + content).digest() + content)
        free[0].turn = newest + 1

    def close(self) -> None:
        """Close the file, which gives its lock back."""
        self._file.close()

    def _append(self, kind: bytes, digest: bytes, content: bytes) -> None:
        try:
            self._put(self._end, _framed(kind, digest, len(content), self._end) + content)
        except BaseException:  # an interrupt, too, may leave half of it
            with suppress(OSError):
                self._file.truncate(self._end)
            raise
        self._end += _FRAME.size + len(content)

    def _put(self, at: int, content: bytes) -> None:
        try:
            self._file.seek(at)
            view = memoryview(content)
            while view:
                view = view[self._file.write(view) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def _bytes(self, place: _Place) -> bytes:
        self._file.seek(place.begin)
        return _exactly(self._file, place.length)

    def _scan(self) -> None:
        """Find the records, check each, and cut off what a killed writer left."""
        size = os.fstat(self._file.fileno()).st_size
        while self._end < size and self._next(size):
            pass
        if self._end < size:
            self._file.truncate(self._end)

    def _next(self, size: int) -> bool:
        """Take one record or slot in; False for one that was never finished.

        Raises
        ------
        Damage
            For a record that is not what was written.
        """
        begin = self._end + _FRAME.size
        self._file.seek(self._end)
        frame = self._file.read(_FRAME.size)
        if len(frame) < _FRAME.size or (not any(frame) and self._zeros(size)):
            return False
        kind, length, _, digest = _FRAME.unpack(frame)
        if frame != _framed(kind, digest, length, self._end) or kind not in (RECORD, SLOT):
            raise Damage(f"its record at byte {self._end} is not what was written")
        if begin + length > size:
            return False
        sound = self._digest(self._chain if kind == RECORD else self._root, begin, length) == digest
        if kind == RECORD and not sound:
            if begin + length == size:
                return False
            raise Damage(f"its record at byte {self._end} is not what was written")
        place = _Place(begin, length)
        if kind == RECORD:
            self._places.append(place)
            self._chain = digest
        else:
            place.turn = int.from_bytes(self._bytes(_Place(begin, 8)), "little") if sound else 0
            self._slots.append(place)
        self._end = begin + length
        return True

    def _digest(self, before: bytes, begin: int, length: int) -> bytes:
        found = sha256(before)
        for at in range(begin, begin + length, PIECE):
            found.update(self._bytes(_Place(at, min(PIECE, begin + length - at))))
        return found.digest()

    def _zeros(self, size: int) -> bool:
        """Whether nothing but zeros follows: a disk that lost its power may leave a file longer than what is in it."""
        return not any(any(self._bytes(_Place(at, min(PIECE, size - at)))) for at in range(self._end, size, PIECE))


def _framed(kind: bytes, digest: bytes, length: int, at: int) -> bytes:
    """What stands before the bytes of a record: its check tells a damaged length from one that was cut short."""
    check = sha256(struct.pack("<4sQQ", kind, length, at)).digest()[:8]
    return _FRAME.pack(kind, length, check, digest)


def _exactly(file: IO[bytes], length: int) -> bytes:
    """So many bytes; one call of the system may give fewer."""
    raw = file.read(length)
    while len(raw) < length:
        more = file.read(length - len(raw))
        if not more:
            raise Damage("it became shorter while it was read")
        raw += more
    return raw


def opened(path: str | os.PathLike[str], text: bytes) -> Records:
    """Open a checkpoint, or begin one with a header of this text.

    Raises
    ------
    Damage
        For a file that is no checkpoint of a fit, is damaged, or is in use.
    OSError
        For a file that cannot be written.
    """
    target = Path(os.path.realpath(path))
    if not target.exists():
        with suppress(FileExistsError), atomic_write(target) as begun:  # another process may have been faster
            begun.write(_HEAD.pack(MAGIC, FORMAT, len(text), sha256(text).digest()) + text)
    if not stat.S_ISREG(target.stat().st_mode):
        raise Damage("it is a folder, a pipe or a device, not a file")
    file = target.open("r+b", buffering=0)
    try:
        _lock(file)
        return Records(file, target, _header(file))
    except BaseException:
        file.close()
        raise


def _header(file: IO[bytes]) -> bytes:
    first = file.read(_HEAD.size)
    if not first.startswith(MAGIC[: len(first)]) or not first:
        raise Damage(stranger(file, first))
    if len(first) < _HEAD.size:
        raise Damage("it ends within its header")
    _, version, length, digest = _HEAD.unpack(first)
    if version > FORMAT:
        raise Damage(f"it is of format {version}, and this version reads format {FORMAT}: a newer one wrote it")
    if version != FORMAT or length > LONGEST_HEADER:
        raise Damage("its header is not what was written")
    text = file.read(length)
    if len(text) < length:
        raise Damage("it ends within its header")
    if sha256(text).digest() != digest:
        raise Damage("its header is not what was written")
    return text


def _lock(file: IO[bytes]) -> None:
    """Keep other fits out for as long as the file is open, where the system and the disk know locks."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return
    take: Callable[[Any, int], None] = flock
    try:
        take(file, LOCK_EX | LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise Damage("another fit is writing it") from error
