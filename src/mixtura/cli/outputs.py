"""Files that commands write: checked before the work, written whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mixtura.cli.endings import Code, Stop


def check_output(path: str | None, force: bool, inputs: Sequence[str], suffixes: Sequence[str] = ()) -> None:
    """
    Raise now for what would keep an output from being written after the work.

    Parameters
    ----------
    path
        The output; None is standard output, which needs no check.
    force
        Whether an existing file may be replaced.
    inputs
        Files that are read, which the output must not be.
    suffixes
        Endings that the output may have; empty is any.

    Raises
    ------
    Stop
        2 where the file exists without `force`, is an input or has another ending; 5 where it cannot be written.
    """
    if path is None:
        return
    if path == "-":
        raise Stop(Code.USAGE, "-o takes the name of a file here: only tables go to standard output.")
    target = Path(path)
    if suffixes and not path.lower().endswith(tuple(suffixes)) and not _is_special(target):
        raise Stop(Code.USAGE, f"{path!r} should end in one of {', '.join(suffixes)}.")
    if any(_same(path, word) for word in inputs):
        raise Stop(Code.USAGE, f"{path!r} is read by this command, so it cannot be its output. Give another name.")
    if target.is_dir():
        raise Stop(Code.USAGE, f"{path!r} is a folder. Give the name of a file.")
    if target.is_file() and not force:
        raise Stop(Code.USAGE, f"{path!r} exists. Add --force to replace it, or give another name.")
    _check_folder(path, target.absolute().parent)


def _is_special(target: Path) -> bool:
    return target.exists() and not target.is_file() and not target.is_dir()


def _same(path: str, word: str) -> bool:
    with suppress(OSError):
        if Path(path).samefile(word):
            return True
    return Path(word).is_dir() and _is_read_from(Path(path), Path(word))


def _is_read_from(path: Path, folder: Path) -> bool:
    """Whether a path, new or not, lies in a folder that is read and would be read with it next time."""
    from mixtura.sources.paths import is_data

    return is_data(path) and folder.resolve() in path.resolve().parents


def _check_folder(path: str, folder: Path) -> None:
    if not folder.is_dir():
        raise Stop(Code.OUTPUT, f"{path!r} cannot be written: there is no folder {str(folder)!r}.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Stop(Code.OUTPUT, f"{path!r} cannot be written: the folder {str(folder)!r} takes no files.")


@contextmanager
def output(path: str, force: bool) -> Iterator[IO[bytes]]:
    """Open an output that appears whole or not at all."""
    from mixtura.atomic import atomic_write

    with writing(path), atomic_write(path, overwrite=force) as file:
        yield file


@contextmanager
def writing(path: str) -> Iterator[None]:
    """Tell in one line what keeps a file from being written."""
    try:
        yield
    except FileExistsError as error:
        raise Stop(Code.USAGE, f"{path!r} has appeared meanwhile. Add --force to replace it.") from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Stop(Code.OUTPUT, _reason(path, error)) from error


def _reason(path: str, error: OSError) -> str:
    whole = " Nothing was changed." if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else ""
    return f"{path!r} cannot be written: {error.strerror or error}.{whole}"


def size(path: str) -> str:
    """
    Say how large a file is.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     _ = file.write(bytes(2500))
    ...     file.flush()
    ...     size(file.name)
    '2.5 kB'
    """
    count = float(Path(path).stat().st_size)
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
