"""Dask arrays and DataFrames as rows: what may be fitted, and answers that stay lazy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any, cast

import numpy as np

from mixtura.frame import Frame
from mixtura.outcome import MixtureError
from mixtura.sources.frames import numeric
from mixtura.sources.partitioned.partitions import Partitions
from mixtura.sources.partitioned.parts import Parts
from mixtura.sources.partitioned.runs import parts_of
from mixtura.sources.partitioned.works import length


def partitions_of(X: Any) -> Partitions:
    """The rows of a Dask array or DataFrame, in the user's units.

    Where the numbers of rows of the partitions are not known they are counted, which computes the collection once.
    Every pass computes it again: persist it (``X = X.persist()``) where the memory of the workers allows that.

    Parameters
    ----------
    X : dask array or DataFrame of shape (N, D)
        Real numbers; partitions may be empty.

    Raises
    ------
    MixtureError
        For what holds no rows of real numbers; text columns by their names.

    Examples
    --------
    >>> import dask.array as da
    >>> from mixtura.sources.partitioned.dask_rows import partitions_of
    >>> partitions_of(da.ones((10, 2), chunks=4)).lengths
    (4, 4, 2)
    """
    names = columns_of(X)
    if names is None:
        X = X.rechunk({1: -1}) if X.numblocks[1] > 1 else X
        dtype, known = X.dtype, X.chunks[0]
    else:
        kinds = {str(kind) for kind in numeric(X._meta).schema.values()}
        dtype, known = np.dtype(np.float32 if kinds == {"Float32"} else np.float64), (np.nan,)
    parts, d = Parts.of(X), int(X.shape[1])
    return Partitions(parts, _lengths(parts, known), d, dtype, Frame(np.zeros(d), np.ones(d)), names=names)


def _lengths(parts: Parts, known: tuple[Any, ...]) -> tuple[int, ...]:
    if not np.isnan(known).any():
        return tuple(int(rows) for rows in known)
    return tuple(parts.each(length, None, dict.fromkeys(range(len(parts)))))


def columns_of(X: Any) -> tuple[str, ...] | None:
    """Names of the columns of a DataFrame, None for an array; of anything else the error."""
    if hasattr(type(X), "columns"):
        return tuple(str(name) for name in numeric(X._meta).columns)
    if not hasattr(type(X), "chunks"):
        kind = f"{type(X).__module__.partition('.')[0]} {type(X).__name__}"
        raise MixtureError(f"X is a {kind}, not rows of numbers. Pass a Dask array or DataFrame of two dimensions.")
    if X.ndim != 2:
        raise MixtureError(
            f"Expected 2D array, got {X.ndim}D array instead. Reshape your data: X[:, None] is a column."
        )
    if X.dtype.kind not in "biuf":
        raise MixtureError(f"X holds {X.dtype}, not real numbers. Convert it first.")
    if not isinstance(X._meta, np.ndarray) or isinstance(X._meta, np.ma.MaskedArray):
        kind = type(X._meta).__name__
        raise MixtureError(f"The chunks of X are of the kind {kind}. Make them NumPy arrays first: X.map_blocks(...).")
    if np.isnan(X.shape[1]):
        raise MixtureError("The number of columns of X is not known. Compute it first: X.compute_chunk_sizes().")
    if X.shape[1] < 1:
        raise MixtureError(f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required.")
    return None


def each_row(X: Any, function: Callable[..., Any], value: Any, width: int | None, dtype: Any) -> Any:
    """A lazy Dask array of ``function(value, number, start, rows)`` of every partition.

    Parameters
    ----------
    X : dask array or DataFrame of shape (N, D)
    function : callable
        Gives an array of shape (n,), or (n, width); `start` is the position of the partition's first row, None where
        lengths are not known.
    value : object
        Travels once to each worker.
    width : int or None
    dtype : dtype
    """
    import dask
    import dask.array

    delayed, da = cast(Any, dask).delayed, cast(Any, dask.array)
    X = X.rechunk({1: -1}) if hasattr(X, "chunks") and X.numblocks[1] > 1 else X
    parts = X.to_delayed(optimize_graph=False)
    parts = parts.ravel().tolist() if isinstance(parts, np.ndarray) else list(parts)
    lengths = X.chunks[0] if hasattr(X, "chunks") else (np.nan,) * len(parts)
    starts = [None if np.isnan(start) else start for start in accumulate(lengths, initial=0)]
    shared, task = delayed(value, pure=False), delayed(function, pure=False)
    more = () if width is None else (width,)
    answers = [
        da.from_delayed(task(shared, number, starts[number], part), (rows, *more), dtype)
        for number, (part, rows) in enumerate(zip(parts, lengths, strict=True))
    ]
    return da.concatenate(answers, allow_unknown_chunksizes=True)


def from_files(reader: Any, rows: int | None = None) -> Partitions:
    """The rows of files that all workers can open, as partitions: each pass reads them anew, at the workers.

    Parameters
    ----------
    reader : Reader
        Of paths that mean the same files at every worker.
    rows : int, optional
        Rows a partition; by default as many as take 64 MB.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from mixtura.sources.partitioned.dask_rows import from_files
    >>> from mixtura.sources.readers import open_reader
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a.npy"
    >>> np.save(file, np.ones((10, 2)))
    >>> from_files(open_reader(file), rows=4).lengths
    (4, 4, 2)
    """
    parts, lengths = parts_of(reader, rows)
    d, names = len(reader.names), reader.names if reader.named else None
    return Partitions(parts, lengths, d, reader.dtype, Frame(np.zeros(d), np.ones(d)), names=names, files=reader)
