"""Arrays in HDF5 files and in Zarr stores, read slice by slice through h5py and zarr."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.sources.binary import check_shape
from mixtura.sources.faults import TableError
from mixtura.sources.paths import INSIDE
from mixtura.sources.raw import title

from .inside import pick
from .plain import Layout, Unnamed, chosen, native

# Bytes of a chunk of a file up to which it is unpacked once and held.
_LARGE = 1 << 26


@dataclass(frozen=True, eq=False)
class Scientific(Unnamed):
    """An array that a library slices."""

    path: str
    layout: Layout
    opened: Callable[[], AbstractContextManager[Any]]
    kind: str
    by_column = False

    def batches(self, names: Sequence[str], start: int, rows: int) -> Iterator[NDArray[Any]]:
        """Slice the rows in turn, from the first to the last column wanted."""
        columns = self.positions(names)
        first, stop = min(columns), max(columns) + 1
        with _damage_told(self.path, self.kind), self.opened() as array:
            begin, stride = start, _stride(array, rows)
            while begin < self.n_rows:
                end = min((begin // stride + 1) * stride, self.n_rows)
                part = array[begin:end] if array.ndim == 1 else array[begin:end, first:stop]
                held = native(np.asarray(part).reshape(-1, stop - first))
                for at in range(0, end - begin, rows):
                    yield chosen(held[at : at + rows], [column - first for column in columns])
                begin = end


def _stride(array: Any, rows: int) -> int:
    """How many rows to read at once: a chunk of the file whole, which would else be unpacked for every part of it."""
    stored = array.chunks[0] if array.chunks else 1
    size = stored * array.dtype.itemsize * (array.shape[1] if array.ndim == 2 else 1)
    return max(stored, rows // stored * stored) if size <= _LARGE else rows


def open_hdf5(path: str) -> Scientific:
    """
    Open a data set of an HDF5 file: the one named after ``::``, or the only one of two dimensions.

    Raises
    ------
    TableError
        Without h5py; where there are several, with their names.
    """
    outer, _, wanted = path.partition(INSIDE)
    with _lack_told(path, "an HDF5 file", "hdf5"):
        import h5py
    shapes: dict[str, tuple[int, ...]] = {}

    def see(name: str, thing: Any) -> None:
        if isinstance(thing, h5py.Dataset) and thing.shape is not None:
            shapes["/" + name] = thing.shape

    with _damage_told(path, "HDF5"), h5py.File(outer, "r") as file:
        file.visititems(see)
    return _opened(path, partial(_data_set, outer, pick(path, shapes, wanted)), "HDF5")


def open_zarr(path: str) -> Scientific:
    """
    Open an array of a Zarr store: the one named after ``::``, or the only one of two dimensions.

    Raises
    ------
    TableError
        Without zarr; where there are several, with their names.
    """
    outer, _, wanted = path.partition(INSIDE)
    with _lack_told(path, "a Zarr store", "zarr"):
        import zarr
    with _damage_told(path, "Zarr"):
        store: Any = zarr.open(outer, mode="r")
        if isinstance(store, zarr.Array):
            return _opened(path, partial(_array, outer, None), "Zarr")
        members = dict(sorted(store.members(max_depth=None)))
        shapes = {name: tuple(thing.shape) for name, thing in members.items() if isinstance(thing, zarr.Array)}
    return _opened(path, partial(_array, outer, pick(path, shapes, wanted)), "Zarr")


def _opened(path: str, opened: Callable[[], AbstractContextManager[Any]], kind: str) -> Scientific:
    with _damage_told(path, kind), opened() as array:
        dtype, shape = np.dtype(array.dtype), tuple(array.shape)
    check_shape(dtype, shape, path)
    layout = Layout(dtype, shape[0], shape[1] if len(shape) == 2 else 1, 0, True)
    return Scientific(path, layout, opened, kind)


@contextmanager
def _data_set(path: str, name: str) -> Iterator[Any]:
    import h5py

    with h5py.File(path, "r") as file:
        yield file[name]


@contextmanager
def _array(path: str, name: str | None) -> Iterator[Any]:
    import zarr

    store: Any = zarr.open(path, mode="r")
    yield store if name is None else store[name]


@contextmanager
def _lack_told(path: str, what: str, extra: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise TableError(
            f"{title(path)} is {what}, and the library that reads it is not there. Install it with: "
            f"pip install 'mixtura[{extra}]'"
        ) from error


@contextmanager
def _damage_told(path: str, kind: str) -> Iterator[None]:
    try:
        yield
    except TableError:
        raise
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TableError(f"{title(path)} is a damaged or cut-off {kind} file ({reason}). Write it again.") from error
