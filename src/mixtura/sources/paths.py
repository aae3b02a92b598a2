"""From the words on a command line to the files they mean."""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Sequence
from pathlib import Path

from .faults import TableError, show

STDIN = "-"
TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
BINARY_SUFFIXES = (".parquet", ".pq", ".arrow", ".feather", ".ipc", ".npy")
SCIENTIFIC_SUFFIXES = (".npz", ".h5", ".hdf5", ".zarr")
SUFFIXES = TEXT_SUFFIXES + BINARY_SUFFIXES + SCIENTIFIC_SUFFIXES
CHECKPOINT = b"mixtura fit\n"
INSIDE = "::"  # between a file and the array in it that is meant


def expand(words: Sequence[str | os.PathLike[str]]) -> list[str]:
    """
    Turn files, folders, globs and ``-`` into a list of files, each once.

    Parameters
    ----------
    words
        Paths as typed. An existing path wins over its meaning as a glob; a folder stands for the data files
        in it and below it, in order of name; hidden files and those that start with ``_`` are left out.

    Returns
    -------
    list of str
        At least one file; ``-`` is standard input.

    Raises
    ------
    TableError
        Where a path is none or does not exist, a glob or folder holds no data, or a file would be read twice.
    """
    files = [file for word in words for file in _found(word)]
    if not files:
        raise TableError("No data were named. Give a file, a folder, a glob, or - for standard input.")
    seen: set[str] = set()
    for file in files:
        real = file if file == STDIN else os.path.realpath(file)
        if real in seen:
            raise TableError(f"{show(file)} is named twice, so its rows would count twice. Name it once.")
        seen.add(real)
    return files


def _found(word: str | os.PathLike[str]) -> list[str]:
    if not isinstance(word, str | os.PathLike) or not isinstance(os.fspath(word), str):
        raise TableError(f"{show(word)} is no path but {type(word).__name__}. Name a file, a folder or a glob.")
    try:
        return _files_of(os.fspath(word))
    except OSError as error:  # as for a name that is too long, or a folder that may not be looked into
        raise TableError(f"{show(os.fspath(word), 200)} cannot be read: {error.strerror or error}.") from error


def _files_of(word: str) -> list[str]:
    if not word:
        raise TableError("A path is empty. Give a file, a folder, a glob, or . for this folder.")
    if word == STDIN:
        return [word]
    path = Path(word)
    if _is_store(path) or _is_inside(word):
        return [word]
    if path.is_dir():
        return _files_in(path)
    if path.exists():
        return [word]
    if glob.has_magic(word):
        return _files_matching(word)
    if path.is_symlink():
        raise TableError(f"{show(word, 200)} is a link to {show(os.readlink(path), 200)}, which is not there.")
    raise TableError(f"{show(word, 200)} does not exist.{_near(path)}")


def _files_in(folder: Path) -> list[str]:
    files = [
        str(path)
        for path in sorted(folder.rglob("*"))
        if is_data(path) and _holds_rows(path) and not _is_left_out(path, folder)
    ]
    if not files:
        raise TableError(
            f"The folder {show(folder, 200)} holds no data file. Such files end in {', '.join(SUFFIXES)} or .gz."
        )
    return files


def _files_matching(pattern: str) -> list[str]:
    found = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]
    files = [str(path) for path in found if _holds_rows(path)]
    if not files:
        raise TableError(f"No file matches {show(pattern, 200)}.")
    return files


def is_data(path: Path) -> bool:
    """
    Whether a file in a folder is data, by its name.

    Examples
    --------
    >>> is_data(Path("rows.CSV.gz")), is_data(Path("README.md"))
    (True, False)
    """
    return plain_suffix(path.name) in SUFFIXES


def _holds_rows(path: Path) -> bool:
    """Whether what a folder or a glob led to may be data: a store, or a file that is not the checkpoint of a fit."""
    if not path.is_file():
        return _is_store(path)
    try:
        with path.open("rb") as file:
            return file.read(len(CHECKPOINT)) != CHECKPOINT
    except OSError:  # is told when it is to be read
        return True


def plain_suffix(name: str) -> str:
    """
    Give the ending of a file's name in small letters, ``.gz`` set aside.

    Examples
    --------
    >>> plain_suffix("rows.TSV.gz")
    '.tsv'
    """
    lower = name.lower()
    return os.path.splitext(lower.removesuffix(".gz"))[1]


def _is_left_out(path: Path, folder: Path) -> bool:
    """Whether a path in a folder is hidden, or a part of an array that is a folder itself."""
    within = path.relative_to(folder)
    return any(part.startswith((".", "_")) for part in within.parts) or any(
        _is_store(folder / above) for above in list(within.parents)[:-1]
    )


def _is_store(path: Path) -> bool:
    return path.suffix.lower() == ".zarr" and path.is_dir()


def _is_inside(word: str) -> bool:
    outer, mark, _ = word.partition(INSIDE)
    return bool(mark) and not os.path.exists(word) and os.path.exists(outer)


def _near(path: Path) -> str:
    try:
        names = os.listdir(path.parent)
    except OSError:
        return f" Neither does the folder {show(path.parent, 200)}."
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.75)
    return f" Is {show(path.with_name(close[0]), 200)} meant?" if close else ""
