"""Files of rows as a user names them: in memory where they are few, read anew at every pass where they are many."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mixtura.outcome import MixtureError
from mixtura.sources.faults import plural, show_all
from mixtura.sources.memory import Memory
from mixtura.sources.readers import Reader, open_reader
from mixtura.sources.readers.opening import Paths
from mixtura.sources.source import Source
from mixtura.sources.stream import Stream, held
from mixtura.sources.tables import TableOptions

# What the program itself takes of the memory that is allowed, and the least that is left for rows.
PROGRAM, LEAST = 384 * 10**6, 16 * 10**6
# Samples of the first pass are for seeding and for growing batches: at least this many rows, at most so many bytes.
FEWEST, BYTES = 2**14, 2**27
SEEDING_ROWS, SEEDING_NUMBERS = 2**16, 2**22

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?\s*$", re.IGNORECASE)


def size_of(memory: str | float) -> int:
    """Bytes from a number, or from words such as "500 MB", "1.5GB", "2 GiB".

    Raises
    ------
    MixtureError
        For what is no such size.

    Examples
    --------
    >>> from mixtura.sources.opened import size_of
    >>> size_of("1.5 GB"), size_of("2 KiB"), size_of(1e6)
    (1500000000, 2048, 1000000)
    """
    found = _SIZE.match(f"{memory:.0f}" if isinstance(memory, int | float) else str(memory))
    if found is None or float(found[1]) == 0:
        raise MixtureError(f"memory is {memory!r}, and must be a size such as '500 MB' or '2 GB', or bytes.")
    base = _UNITS[found[2].upper()]
    return int(float(found[1]) * (1024 ** (len(str(base)) // 3) if found[3] else base))


@dataclass(frozen=True, eq=False)
class Opened:
    """Rows of files, for `fit`, `predict` and everything else that takes rows; made by `open_rows`.

    Parameters
    ----------
    paths : str, path or sequence of such
    columns : tuple of str or None
    weights : str or None
    drop : bool
    memory : int
        Bytes.
    options : TableOptions
    """

    paths: Paths
    columns: tuple[str, ...] | None
    weights: str | None
    drop: bool
    memory: int
    options: TableOptions
    _known: dict[Any, Memory] = field(default_factory=dict, repr=False)

    def reader(self, names: Sequence[str] | None = None) -> Reader:
        """A reader of the columns that were asked for, or else of these."""
        columns = names if self.columns is None else self.columns
        return open_reader(self.paths, columns, weights=self.weights, options=self.options, drop=self.drop)

    def source(self, names: Sequence[str] | None = None, streams: bool = True) -> Source:
        """The rows as a source; unless `streams`, in memory.

        Raises
        ------
        MixtureError
            For rows that have to be in memory and are too many.
        """
        reader = self.reader(names)
        if reader.fingerprint in self._known:
            return self._known[reader.fingerprint]
        few = held(reader, self.room // 2)
        if few is not None:
            self._known.clear()  # what is held once is what the memory allows
            self._known[reader.fingerprint] = few
            return few
        if not streams:
            raise MixtureError(
                f"{reader.title} holds more rows than {self.memory / 1e9:g} GB of memory are meant to hold, and this "
                "needs all of them in memory. Open the data with more: mx.open(..., memory='16 GB')."
            )
        return Stream.of(reader, self._kept(reader))

    @property
    def room(self) -> int:
        """Bytes that rows may take."""
        return max(self.memory - PROGRAM, LEAST)

    def _kept(self, reader: Reader) -> int:
        """Rows that the first pass keeps."""
        d, item = len(reader.names), reader.dtype.itemsize
        seeding = min(max(SEEDING_NUMBERS // d, FEWEST), SEEDING_ROWS)
        return max(min(self.room // 4, BYTES) // (d * item), seeding)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle holds: where rows are, and no rows."""
        return {**vars(self), "_known": {}}

    def __str__(self) -> str:
        reader = self.reader()
        rows = "rows not yet counted" if reader.n_rows is None else plural(reader.n_rows, "row")
        return f"{reader.title}: {rows} of {plural(len(reader.names), 'column')}: {show_all(reader.names)}"


def open_rows(
    paths: Paths,
    columns: Sequence[str] | None = None,
    weights: str | None = None,
    *,
    missing: Literal["error", "drop"] = "error",
    memory: str | float = "1 GB",
    delimiter: str | None = None,
    decimal: str = ".",
    encoding: str | None = None,
    na: Sequence[str] = (),
    header: bool = True,
) -> Opened:
    r"""Open files of rows of any size, to be passed wherever rows are.

    Parquet, Arrow (Feather), CSV and TSV (gzip too), .npy, .npz, HDF5 and Zarr, told apart by their first bytes. Few
    rows are read into memory once; many are read anew at every pass, block by block, the next while the last is
    computed. The numbers are the same, to the bit.

    Parameters
    ----------
    paths : str, path or sequence of such
        Files, folders and globs.
    columns : sequence of str, optional
        The features, in order. Default: those of the model, or all columns, which must then hold numbers.
    weights : str, optional
        A column of row weights, at least 0. Sums count by it; answers a row, such as `predict`, do not depend on it.
    missing : {"error", "drop"}, default="error"
        Whether rows with an empty cell are refused, or left out of sums (they then have weight 0). Answers a row refuse
        them always: there is none.
    memory : str or float, default="1 GB"
        About the most memory that a fit may take, the program's own 0.4 GB included: "500 MB", "8 GB" or bytes. More
        memory holds more rows at once, and larger samples.
    delimiter, decimal, encoding, na, header
        How text is read: the mark between cells (default: a comma, or a tab for .tsv), the decimal mark, a codec,
        further words for a missing value, whether the first line holds names.

    Returns
    -------
    rows : Opened

    Raises
    ------
    MixtureError
        For paths, columns or options that cannot be used, with the remedy.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import mixtura as mx
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "heights.csv"
    >>> _ = file.write_text("name,height\nAnn,1.8\nBo,1.6\nCy,1.7\nDi,1.9\n")
    >>> model = mx.GaussianMixture(random_state=0).fit(mx.open(file, columns=["height"]))
    >>> round(float(model.means_[0, 0]), 3)
    1.75
    """
    if missing not in ("error", "drop"):
        raise MixtureError(f"missing is {missing!r}, and must be 'error' or 'drop'.")
    _require_words(columns=columns, na=na)
    _require_marks(delimiter, decimal, encoding)
    if columns is not None and len(columns) == 0:
        raise MixtureError("columns names no column. Name some, or leave it out for all.")
    if not isinstance(weights, str | None):
        raise MixtureError(f"weights is {weights!r}, and must be the name of a column. An array is sample_weight.")
    options = TableOptions(delimiter, decimal, encoding, tuple(na), header)
    chosen = None if columns is None else tuple(columns)
    found = Opened(paths, chosen, weights, missing == "drop", size_of(memory), options)
    if chosen is not None:
        found.reader()
    return found


def _require_words(**given: Any) -> None:
    """Raise for what is no sequence of names."""
    for what, words in given.items():
        if isinstance(words, str):
            raise MixtureError(f"{what} is {words!r}, and must be a sequence of names: {what}=[{words!r}].")
        wrong = [word for word in (() if words is None else words) if not isinstance(word, str)]
        if wrong:
            raise MixtureError(f"{what} holds {wrong[0]!r}, and must hold names: of text, in quotes.")


def _require_marks(delimiter: str | None, decimal: str, encoding: str | None) -> None:
    """Raise for ways to read text that are none."""
    for what, mark in (("delimiter", "," if delimiter is None else delimiter), ("decimal", decimal)):
        if not (isinstance(mark, str) and len(mark) == 1 and mark not in '"\r\n\0'):
            raise MixtureError(f"{what} is {mark!r}, and must be one character, and no quote or end of a line.")
    if encoding is None:
        return
    try:
        "".encode(encoding)  # LookupError for codecs that are of no text
    except (LookupError, TypeError, ValueError) as error:
        told = f"encoding is {encoding!r}, and must be that of a text: 'utf-8', 'utf-16', 'cp1252', 'latin-1', ..."
        raise MixtureError(told) from error


def is_path(X: Any) -> bool:
    """Whether `X` names files; a list of names does too, for rows are no words."""
    if isinstance(X, list | tuple):
        return len(X) > 0 and all(isinstance(one, str | os.PathLike) for one in X)
    return isinstance(X, str | os.PathLike)
