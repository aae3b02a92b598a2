"""From paths to a reader: what each file is, which columns are read, whether the files belong together."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mixtura.sources.binary import kind_of
from mixtura.sources.columns import named_columns, require
from mixtura.sources.faults import TableError, show_all
from mixtura.sources.paths import INSIDE, STDIN, expand, plain_suffix
from mixtura.sources.raw import GZIP, HDF5, ZIP, peek, refuse_strangers, title
from mixtura.sources.tables import TableOptions

from .arrow import ArrowFile, ArrowStream
from .encoded import head_of
from .file import File, Stamp
from .packed import open_archive, open_packed
from .parquet import Parquet
from .plain import Plain
from .reader import Reader
from .scientific import open_hdf5, open_zarr
from .text import Text
from .texts import refuse_texts

_is_index = re.compile(r"__index_level_\d+__$").match

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def open_reader(
    paths: Paths,
    columns: Sequence[str] | None = None,
    *,
    weights: str | None = None,
    options: TableOptions | None = None,
    drop: bool = False,
) -> Reader:
    r"""
    Open files for reading in chunks, again and again.

    Parameters
    ----------
    paths
        Files, folders and globs; several files hold the same columns, in any order.
    columns
        The features, in order; None is all columns, which must then be numbers, but the weights and what pandas keeps
        of an index without a name.
    weights
        A column of row weights, at least 0.
    options
        How text is read; None is the usual way.
    drop
        Whether rows with a missing cell weigh 0; else they are passed on with NaN.

    Returns
    -------
    Reader
        That has read no more than what the files say about themselves.

    Raises
    ------
    TableError
        With the file, the place and the remedy.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = file.write_text("name,height\nAnn,1.80\nBo,1.75\nCy,1.60\n")
    >>> reader = open_reader(file, ["height"])
    >>> [(chunk.start, chunk.stacked().tolist()) for chunk in reader.chunks(rows=2)]
    [(0, [[1.8], [1.75]]), (2, [[1.6]])]
    >>> reader.n_rows
    3
    """
    options = options or TableOptions()
    words = paths if isinstance(paths, Sequence) and not isinstance(paths, str | bytes) else [paths]
    files = _filled([open_file(path, options) for path in expand(words)])
    _refuse_misfits(files)
    offer = _Offer(files[0].names, title(files[0].path) + (f" and {len(files) - 1} more" if len(files) > 1 else ""))
    aside = {} if weights is None else {weights: "the weights"}
    require(offer, [*(columns or ()), *aside])
    names = named_columns(columns, (), aside) if columns else _unnamed(offer.names, aside)
    if not names:
        raise TableError(f"{offer.title}: no column is left to fit of {show_all(offer.names)}.")
    reader = Reader(tuple(files), names, weights, options, drop, tuple(Stamp.of(file.path) for file in files))
    if not columns:
        refuse_texts(reader)
    return reader


def _unnamed(names: Iterable[str], aside: Iterable[str]) -> tuple[str, ...]:
    """Take all columns but those with another purpose."""
    return tuple(name for name in names if name not in aside and not _is_index(name))


@dataclass(frozen=True)
class _Offer:
    names: tuple[str, ...]
    title: str


def open_file(path: str, options: TableOptions) -> File:
    """Open one file by what its first bytes say."""
    outer = path.partition(INSIDE)[0]
    _refuse_pipes(outer)
    if os.path.isdir(outer):
        return open_zarr(path)
    packed = peek(outer, 2) == GZIP
    head = head_of(outer, packed, 4096)
    if head.startswith(HDF5):
        return open_hdf5(path)
    if head.startswith(ZIP) and plain_suffix(outer) == ".npz":
        return open_archive(path)
    refuse_strangers(head, path)
    kind = kind_of(head, path)
    if kind is None:
        return Text.open(path, head, packed, options)
    return _open_packed(path, kind, head) if packed else _open_plain(path, kind, head)


def _open_plain(path: str, kind: str, head: bytes) -> File:
    if kind == "parquet":
        return Parquet.open(path)
    if kind == "numpy":
        return Plain.open(path)
    return ArrowFile.open(path) if kind == "arrow" else ArrowStream.open(path, False, head)


def _open_packed(path: str, kind: str, head: bytes) -> File:
    if kind == "parquet":
        raise TableError(
            f"{title(path)} is a Parquet file packed with gzip, whose parts cannot be read alone. Unpack it first "
            "(gunzip); Parquet is compressed already."
        )
    return open_packed(path) if kind == "numpy" else ArrowStream.open(path, True, head)


def _refuse_pipes(path: str) -> None:
    if path == STDIN or not (os.path.isfile(path) or os.path.isdir(path)):
        raise TableError(
            f"{title(path)} can be read only once, and rows that are not held in memory are read at every pass. "
            "Write the rows to a file first and name that."
        )


def _filled(files: list[File]) -> list[File]:
    """Leave out files without rows, as other programs write them beside full ones."""
    filled = [file for file in files if file.n_rows != 0]
    if not filled:
        raise TableError(f"{title(files[0].path)} holds no rows.")
    return filled


def _refuse_misfits(files: Iterable[File]) -> None:
    first, *others = files
    for other in others:
        if set(other.names) != set(first.names):
            raise TableError(
                f"{title(other.path)} has the columns {show_all(other.names)}, but {title(first.path)} has "
                f"{show_all(first.names)}. Files read together need the same columns."
            )
