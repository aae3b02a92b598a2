"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[IO[bytes]]:
    r"""
    Write a file so that at any moment its name means the whole old file or the whole new one.

    The bytes go to a temporary file of a unique name in the same folder, are flushed to the disk, and the file is then
    renamed. After an error or an interrupt the temporary file is gone and the old file is as it was.

    Parameters
    ----------
    path
        The file. A symbolic link is followed; a device or a pipe is written as it is.
    overwrite
        Whether an existing file may be replaced. If not, it is not even when it appears meanwhile.

    Yields
    ------
    binary file

    Raises
    ------
    FileExistsError
        Where the file exists and `overwrite` is False.
    OSError
        Where the folder or the disk does not take the file.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_write(target) as file:
    ...     _ = file.write(b"whole\n")
    >>> target.read_text()
    'whole\n'
    >>> with atomic_write(target) as file:
    ...     pass
    Traceback (most recent call last):
    FileExistsError: [Errno 17] File exists: ...
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if target.exists() and not target.is_file():
        with target.open("wb") as device:
            yield device
        return
    if target.exists() and not overwrite:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    unique = target.with_name(f".mixtura-{secrets.token_hex(8)}.tmp")
    try:
        with unique.open("xb") as file:
            yield file
            _settle(file, target)
        _rename(unique, target, overwrite)
    finally:
        unique.unlink(missing_ok=True)
    _flush_folder(target.parent)


def _settle(file: IO[bytes], target: Path) -> None:
    """Put the bytes on the disk, and keep the permissions of the file to be replaced."""
    file.flush()
    os.fsync(file.fileno())
    if target.exists():
        Path(file.name).chmod(stat.S_IMODE(target.stat().st_mode))


def _rename(unique: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        unique.replace(target)
        return
    try:
        os.link(unique, target)  # unlike a rename, fails where the target has appeared meanwhile
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _rename_without_links(unique, target)


def _rename_without_links(unique: Path, target: Path) -> None:
    """Take the name first, empty, then put the file in its place: for file systems without hard links."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    unique.replace(target)


def _flush_folder(folder: Path) -> None:
    """Put the new name itself on the disk, where the system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
