"""What a file is that should be a checkpoint of a fit and is none, and the one error that says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from mixtura.outcome import ModelFileError
from mixtura.sources.faults import show

REMEDY = "Name another file, or remove this one to begin anew."
# So much of a foreign file is looked at.
LOOK = 2**16
_OTHERS = (
    (b"PK\x03\x04", "a zip archive, as .npz files are"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x1f\x8b", "gzip"),
    (b"PAR1", "a Parquet file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"ARROW1", "an Arrow file"),
    (b"\x80", "a pickle"),
)


class Damage(Exception):
    """Why a file cannot be used as a checkpoint; continues a sentence that begins with "it"."""


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what is wrong with a checkpoint into an error that names it."""
    try:
        yield
    except Damage as damage:
        name = show(os.fspath(path), longest=200)
        raise ModelFileError(f"The checkpoint {name} cannot be used: {damage}. {REMEDY}") from damage
    except MemoryError as error:
        name = show(os.fspath(path), longest=200)
        raise ModelFileError(f"The checkpoint {name} asks for more memory than there is. {REMEDY}") from error


def stranger(file: IO[bytes], first: bytes) -> str:
    """Say what a file is that begins in another way than a checkpoint; `first` was read of it.

    Examples
    --------
    >>> from io import BytesIO
    >>> from mixtura.journal.strangers import stranger
    >>> stranger(BytesIO(b""), b"PAR1....")
    'it is no checkpoint of a fit, but a Parquet file'
    """
    if not first:
        return "it is empty"
    for magic, what in _OTHERS:
        if first.startswith(magic):
            return f"it is no checkpoint of a fit, but {what}"
    if first[8:9] == b"{":
        text = first + file.read(LOOK)
        if b'"search":"{' in text:
            return "it is no checkpoint of a fit, but one of a search"
        if b'"mixtura":"' in text:
            return "it is no checkpoint, but a model"
    return "it is no checkpoint of a fit"
