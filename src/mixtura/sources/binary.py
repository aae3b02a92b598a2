"""Tables in binary files: Parquet, Arrow and NumPy."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .faults import TableError, show
from .raw import ARROW_FILE, ARROW_STREAM, NUMPY, PARQUET, title

if TYPE_CHECKING:
    import pyarrow as pa


def kind_of(head: bytes, path: str) -> str | None:
    """
    Tell a binary table by its first bytes: parquet, arrow, stream, numpy, or None for anything else.

    Examples
    --------
    >>> kind_of(b"PAR1....", "a.bin"), kind_of(b"a,b", "a.csv")
    ('parquet', None)
    """
    if head.startswith(ARROW_STREAM):
        return "stream"
    marks = ((PARQUET, "parquet"), (ARROW_FILE, "arrow"), (NUMPY, "numpy"))
    return next((kind for mark, kind in marks if head.startswith(mark)), None)


def read_arrow(data: bytes | None, path: str, kind: str) -> pa.Table:
    """
    Read Parquet or Arrow, from bytes or, where these are None, from the path itself.

    Raises
    ------
    TableError
        Where the file is damaged or names two columns alike.
    """
    import pyarrow as pa

    with damage_told(path, kind):
        table = _read_arrow(path if data is None else pa.BufferReader(data), kind)
    refuse_twins(table.column_names, path)
    return table


@contextmanager
def damage_told(path: str, kind: str) -> Iterator[None]:
    """Say of a file that Arrow cannot read which it is and what it should be."""
    import pyarrow as pa

    try:
        yield
    except TableError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TableError(f"{title(path)} is a damaged or cut-off {kind} file ({reason}). Write it again.") from error


def refuse_twins(names: Sequence[str], path: str) -> None:
    """Raise where two columns have one name."""
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise TableError(f"{title(path)}: two columns are called {show(twice[0])}. Rename one of them.")


def _read_arrow(source: Any, kind: str) -> pa.Table:
    import pyarrow as pa

    if kind == "parquet":
        import pyarrow.parquet as pq

        return pq.read_table(source, partitioning=None)  # folders are no columns
    if kind == "stream":
        with pa.ipc.open_stream(pa.OSFile(source) if isinstance(source, str) else source) as reader:
            return reader.read_all()
    with pa.ipc.open_file(pa.memory_map(source) if isinstance(source, str) else source) as reader:
        return reader.read_all()


def read_numpy(data: bytes | None, path: str) -> NDArray[Any]:
    """
    Read an array of rows and features; one of one dimension is a single feature.

    Returns
    -------
    (N, D) array of numbers
        Mapped from the file where it is not packed.

    Raises
    ------
    TableError
        For arrays of objects, of complex numbers, of dates, of more than two dimensions.
    """
    try:
        array = np.load(path, mmap_mode="r") if data is None else np.load(io.BytesIO(data))
    except (ValueError, EOFError, OSError) as error:
        raise TableError(f"{title(path)}: {numpy_reason(str(error))}") from error
    check_shape(array.dtype, array.shape, path)
    array = array[:, np.newaxis] if array.ndim == 1 else array
    native: NDArray[Any] = array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    return native


def check_shape(dtype: np.dtype[Any], shape: tuple[int, ...], path: str) -> None:
    """Raise for what are no real numbers in rows."""
    if dtype.kind not in "fiub":
        raise TableError(f"{title(path)} holds {dtype}, not numbers. Save it as .astype(float).")
    if len(shape) not in (1, 2):
        raise TableError(f"{title(path)} has the shape {shape}. Save an array of rows by features.")


def numpy_reason(reason: str) -> str:
    """Say why an array cannot be opened."""
    if "allow_pickle" in reason or "Python objects" in reason:
        return "an array of Python objects is a pickle, which is never opened. Save it as .astype(float)."
    return f"a damaged or cut-off .npy file ({reason.splitlines()[0]}). Save it again."
