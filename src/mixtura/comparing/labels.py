"""From labels of any kind to whole numbers, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import is_elsewhere, to_host
from mixtura.outcome import MixtureError

Codes = NDArray[np.int64]


def coded(labels: Any, name: str) -> tuple[Codes, tuple[Any, ...]]:
    """Number labels by their order.

    Parameters
    ----------
    labels : array-like of shape (N,)
    name : str
        What errors call them.

    Returns
    -------
    codes : integer array of shape (N,)
        Positions in `distinct`.
    distinct : tuple
        The different labels, sorted; where they have no order, by their types and texts.

    Raises
    ------
    MixtureError
        Labels that are not one a row, are missing, or cannot be told apart.

    Examples
    --------
    >>> from mixtura.comparing.labels import coded
    >>> coded(["b", "a", "b"], "labels")
    (array([1, 0, 1]), ('a', 'b'))
    """
    array = _array(labels, name)
    if array.dtype.kind == "O":
        return _objects(array.tolist(), name)
    if array.dtype.kind in "fcmM":
        missing = np.isnat(array) if array.dtype.kind in "mM" else np.isnan(array)
        if missing.any():
            raise _missing(int(np.argmax(missing)), name)
    distinct, codes = np.unique(array, return_inverse=True)
    # a date's plain value may be a number of nanoseconds
    plain = list(distinct) if array.dtype.kind in "mM" else distinct.tolist()
    return codes.astype(np.int64).reshape(-1), tuple(plain)


def _array(labels: Any, name: str) -> NDArray[Any]:
    if isinstance(labels, np.ma.MaskedArray):
        raise MixtureError(f"{name} is a masked array, and its mask would be lost. Drop the rows that it masks.")
    if is_elsewhere(labels):
        array = to_host(labels)
    else:
        try:
            array = np.asarray(labels)
        except ValueError as error:
            raise MixtureError(f"{name} is no list of labels: {error}. Give one label a row.") from None
    if array.ndim != 1:
        raise MixtureError(f"{name} has shape {array.shape} and must hold one label a row. Pass one column.")
    if not len(array):
        raise MixtureError(f"{name} is empty: there is nothing to compare.")
    # NumPy makes texts of numbers beside texts
    return np.array(labels, dtype=object) if array.dtype.kind in "US" and isinstance(labels, list | tuple) else array


def _objects(values: Sequence[Any], name: str) -> tuple[Codes, tuple[Any, ...]]:
    seen: dict[Any, int] = {}
    for row, value in enumerate(values):
        if _is_missing(value):
            raise _missing(row, name)
        try:
            seen.setdefault(value, len(seen))
        except TypeError:
            held = type(value).__name__
            raise MixtureError(
                f"Row {row} of {name} holds a {held}, which is no label. Use numbers or texts."
            ) from None
    try:
        distinct = sorted(seen)
    except TypeError:
        distinct = sorted(seen, key=lambda label: (type(label).__name__, str(label)))
    place = {label: at for at, label in enumerate(distinct)}
    return np.fromiter((place[value] for value in values), dtype=np.int64, count=len(values)), tuple(distinct)


def _is_missing(value: Any) -> bool:
    """Whether a value is None, or one that does not equal itself."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA is neither
        return True
    except ValueError:  # an array
        return False


def _missing(row: int, name: str) -> MixtureError:
    return MixtureError(
        f"Row {row} of {name} has no label. Drop such rows from both, or give them one, such as 'none'."
    )
