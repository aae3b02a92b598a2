"""Whether data are read into memory or streamed: decided once, by their size, before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mixtura.cli.endings import Code, Stop

if TYPE_CHECKING:
    from mixtura.cli.inputs import Reading

# What may be used, unless --memory says otherwise.
USUAL = "1 GB"
# Bytes in memory for a byte of text (its cells as written, and as numbers), for one that is packed, for one of .npy.
TEXT, PACKED, ARRAY = 6, 4, 3
# Bytes in memory for a cell of Parquet or Arrow: as it is stored, and as a number.
CELL = 24
# Kinds that are read in parts only.
PARTS_ONLY = (".npz", ".h5", ".hdf5", ".zarr")


def size_of(memory: str) -> int:
    """Read ``--memory``."""
    from mixtura.outcome import MixtureError
    from mixtura.sources import opened

    try:
        return opened.size_of(memory)
    except MixtureError as error:
        raise Stop(Code.USAGE, f"--memory takes a size such as 500MB or 2GB, not {memory!r}.") from error


def streams(files: Sequence[str], reading: Reading) -> bool:
    """Whether files take more memory, with all that is made of them, than they may, or are read by a cluster.

    Text takes 6 times its size, 24 times where it is packed, Parquet and Arrow 24 bytes a cell, and .npy 3 times its
    size; beside that the program itself takes 0.4 GB. What can be read only once goes into memory, whatever its size.
    """
    from mixtura.sources.opened import PROGRAM
    from mixtura.sources.paths import INSIDE, plain_suffix

    room = size_of(reading.memory) - PROGRAM
    if reading.dask is not None:
        return True
    if any(plain_suffix(path.partition(INSIDE)[0]) in PARTS_ONLY for path in files):
        return True
    if not all(Path(path).is_file() for path in files):
        return False
    total = 0.0
    for path in files:
        total += needed(path)
        if total > room:
            return True
    return False


def needed(path: str) -> float:
    """Bytes that a file takes in memory, with all that is made of it: what it says of itself, else a rule of thumb."""
    from mixtura.sources.binary import kind_of
    from mixtura.sources.raw import GZIP, peek

    head, size = peek(path), Path(path).stat().st_size
    if head.startswith(GZIP):
        return size * PACKED * TEXT
    kind = kind_of(head, path)
    if kind == "parquet":
        from mixtura.sources.readers.parquet import Parquet

        file = Parquet.open(path)
        return CELL * file.n_rows * len(file.names)
    return size * {None: TEXT, "numpy": ARRAY}.get(kind, CELL // 8)
