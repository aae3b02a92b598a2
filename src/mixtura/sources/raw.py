"""Bytes of a file: where they come from, what they are, and how they become UTF-8."""

from __future__ import annotations

import codecs
import gzip
import os
import sys
import zlib

from .faults import TableError, show
from .paths import CHECKPOINT, STDIN

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
ARROW_FILE = b"ARROW1"
ARROW_STREAM = b"\xff\xff\xff\xff"
NUMPY = b"\x93NUMPY"
HDF5 = b"\x89HDF"
ZIP = b"PK\x03\x04"
GZIP_ERRORS = (EOFError, gzip.BadGzipFile, zlib.error)
NULS_LOOKED_FOR_IN = 4096

# Longest marks first: the mark of UTF-32 begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_EXPORT = "Export the sheet as CSV (Excel: File, Save As, CSV UTF-8; LibreOffice: Save As, Text CSV) and give that."
_STRANGERS = (
    (ZIP, "a zip file", "Unpack it first; if it is a spreadsheet: export the sheet as CSV."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", _EXPORT),
    (b"BZh", "compressed with bzip2", "Unpack it first (bunzip2); gzip is read as it is."),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it first (unxz); gzip is read as it is."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it first (unzstd); gzip is read as it is."),
    (HDF5, "an HDF5 file", "Write the table you want as CSV or Parquet."),
    (b"SQLite format 3", "an SQLite database", "Write the table you want as CSV."),
    (b"FEA1", "a Feather file of version 1", "Write it again as Feather version 2 or Parquet."),
    (b"RDX", "an R data file", "In R: write.csv(x, 'data.csv', row.names = FALSE)."),
    (b"%PDF", "a PDF document", "Give the table as CSV."),
    (CHECKPOINT, "the checkpoint of a fit, not data", "Name the data."),
    (b"\x80\x04\x95", "a Python pickle, which is never opened", "Write the table as CSV or Parquet."),
    (b"\x80\x05\x95", "a Python pickle, which is never opened", "Write the table as CSV or Parquet."),
)
_SHEETS = (".xlsx", ".xlsm", ".xlsb", ".ods")


def fetch(path: str) -> bytes:
    """Read a file or standard input whole, unpacking gzip."""
    try:
        data = sys.stdin.buffer.read() if path == STDIN else _slurp(path)
    except OSError as error:
        raise refuse_unreadable(path, error) from error
    return unpack(data, path) if data.startswith(GZIP) else data


def peek(path: str, count: int = 16) -> bytes:
    """Read the first bytes of a file."""
    try:
        with open(path, "rb") as file:
            return file.read(count)
    except OSError as error:
        raise refuse_unreadable(path, error) from error


def refuse_unreadable(path: str, error: OSError) -> TableError:
    """Describe a file that the system does not give."""
    return TableError(f"{title(path)} cannot be read: {error.strerror or error}.")


def _slurp(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def title(path: str) -> str:
    """
    Name a source of bytes in a sentence.

    Examples
    --------
    >>> title("-"), title("a.csv")
    ('standard input', 'a.csv')
    """
    if path == STDIN:
        return "standard input"
    return path if path.isprintable() and len(path) <= 200 else show(path, 200)


def unpack(data: bytes, path: str) -> bytes:
    """Unpack gzip, telling a damaged file from a whole one."""
    try:
        return gzip.decompress(data)
    except GZIP_ERRORS as error:
        raise refuse_gzip(path, error) from error


def refuse_gzip(path: str, error: Exception) -> TableError:
    """Describe a gzip file that cannot be unpacked."""
    return TableError(f"{title(path)} is a damaged or cut-off gzip file ({error}). Get it again.")


def refuse_strangers(data: bytes, path: str) -> None:
    """Raise for files that are no table, naming what they are and the way out."""
    if os.path.splitext(path.lower())[1] in _SHEETS:
        raise TableError(f"{title(path)} is a spreadsheet, which is not read. {_EXPORT}")
    for mark, what, remedy in _STRANGERS:
        if data.startswith(mark):
            raise TableError(f"{title(path)} is {what}. {remedy}")
    if data[8:10] == b'{"' and b"mixtura" in data[:4096]:
        raise TableError(f"{title(path)} is a model, not data. See what is in it with: mixtura inspect {title(path)}")


def to_utf8(data: bytes, path: str, encoding: str | None = None) -> bytes:
    """
    Turn the bytes of a text file into UTF-8 without a byte order mark.

    Parameters
    ----------
    data
        The file.
    path
        Its name, for messages.
    encoding
        Any codec of Python; None reads UTF-8, and UTF-16 or UTF-32 that begin with their mark.

    Raises
    ------
    TableError
        With the line and the byte that do not fit the encoding.
    """
    mark, marked = mark_of(data)
    if encoding is not None:
        return _recode(data, path, encoding)
    if marked not in (None, "utf-8"):
        return _recode(data[len(mark) :], path, str(marked))
    data = data[len(mark) :]
    refuse_nuls(data, path)
    if not data.isascii():
        _check_utf8(data, path)
    return data


def mark_of(data: bytes) -> tuple[bytes, str | None]:
    r"""
    Give the byte order mark that a text begins with and the encoding that it stands for.

    Examples
    --------
    >>> mark_of(b"\xff\xfea\0"), mark_of(b"a,b")
    ((b'\xff\xfe', 'utf-16-le'), (b'', None))
    """
    return next(((mark, name) for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), (b"", None))


def refuse_nuls(data: bytes, path: str) -> None:
    """Raise for text that begins as no UTF-8 does."""
    if b"\0" in data[:NULS_LOOKED_FOR_IN]:
        raise TableError(_nul_message(data, path))


def _recode(data: bytes, path: str, encoding: str) -> bytes:
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeDecodeError as error:
        raise refuse_byte(path, error.start + 1, data[error.start], encoding) from error
    except LookupError as error:
        raise refuse_codec(encoding) from error


def refuse_byte(path: str, number: int, byte: int, encoding: str) -> TableError:
    """Describe a byte, counted from 1, that is not in the encoding that was named."""
    return TableError(
        f"{title(path)}: byte {number} (0x{byte:02x}) is not {encoding}: "
        "the file is cut off or in another encoding. Try another --encoding."
    )


def refuse_codec(encoding: str) -> TableError:
    """Describe an encoding that does not exist."""
    said = f"No text encoding is called {show(encoding)}. Common ones: utf-8, utf-16, cp1252, latin-1."
    return TableError(said)


def _check_utf8(data: bytes, path: str) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refuse_utf8(path, line, data[error.start]) from error


def refuse_utf8(path: str, line: int, byte: int) -> TableError:
    """Describe a byte that is not in UTF-8."""
    return TableError(
        f"{title(path)}, line {line}: byte 0x{byte:02x} is not UTF-8. "
        "A file from an older Windows program is often read with --encoding cp1252."
    )


def _nul_message(data: bytes, path: str) -> str:
    head = data[:NULS_LOOKED_FOR_IN]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        pairs = len(head) // 2
        if pairs > 1 and head[offset::2].count(0) > 0.8 * pairs and head[1 - offset :: 2].count(0) < 0.2 * pairs:
            return f"{title(path)} looks like UTF-16 without a byte order mark. Add --encoding {name}."
    return f"{title(path)} is a binary file of an unknown kind. Give CSV, TSV, Parquet, Arrow or .npy."
