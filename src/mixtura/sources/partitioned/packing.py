"""Values on their way between machines: of matrices that are triangular or symmetric, half is enough."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Half:
    """Square matrices of which one half says everything.

    Parameters
    ----------
    shape : tuple of int
        (..., D, D).
    kind : {"symmetric", "upper", "lower"}
    values : array of shape (..., D (D + 1) / 2)
    """

    shape: tuple[int, ...]
    kind: str
    values: NDArray[Any]

    def whole(self) -> NDArray[Any]:
        """The matrices."""
        out = np.zeros(self.shape, self.values.dtype)
        rows, columns = _corner(self.shape[-1], self.kind == "upper")
        if self.kind == "symmetric":
            out[..., columns, rows] = self.values
        out[..., rows, columns] = self.values
        return out


@dataclass(frozen=True, eq=False)
class Shell:
    """A dataclass, field by field, or a partial."""

    of: Any
    values: Any


def packed(value: Any) -> Any:
    """A value in which matrices are halved where that loses nothing: dataclasses, partials, dicts and tuples within.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.sources.partitioned.packing import packed, unpacked, weigh
    >>> value = {"second": np.ones((3, 16, 16))}
    >>> weigh(value), weigh(packed(value)), bool((unpacked(packed(value))["second"] == value["second"]).all())
    (6144, 3344, True)
    """
    if isinstance(value, np.ndarray):
        return _halved(value)
    if isinstance(value, partial):
        return Shell(partial, (value.func, packed(value.args), packed(value.keywords)))
    if isinstance(value, dict):
        return {key: packed(item) for key, item in value.items()}
    if type(value) is tuple:
        return tuple(map(packed, value))
    if is_dataclass(value) and not isinstance(value, type) and type(value).__reduce__ is object.__reduce__:
        return Shell(type(value), {each.name: packed(getattr(value, each.name)) for each in fields(value)})
    return value


def unpacked(value: Any) -> Any:
    """The value that was packed, to the bit."""
    if isinstance(value, Half):
        return value.whole()
    if isinstance(value, Shell) and value.of is partial:
        function, arguments, named = value.values
        return partial(function, *unpacked(arguments), **unpacked(named))
    if isinstance(value, Shell):
        made = object.__new__(value.of)
        for name, item in value.values.items():
            object.__setattr__(made, name, unpacked(item))
        return made
    if isinstance(value, dict):
        return {key: unpacked(item) for key, item in value.items()}
    return tuple(map(unpacked, value)) if type(value) is tuple else value


def weigh(value: Any) -> int:
    """Bytes of the arrays in a packed value, and a few for each thing that is none."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, Half):
        return 80 + int(value.values.nbytes)
    if isinstance(value, Shell):
        return 16 + weigh(value.values)
    if isinstance(value, dict):
        return sum(map(weigh, value.values()))
    return sum(map(weigh, value)) if type(value) is tuple else 16


def _halved(array: NDArray[Any]) -> Any:
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] < 3:
        return array
    for kind in ("symmetric", "upper", "lower"):
        half = Half(array.shape, kind, array[(..., *_corner(array.shape[-1], kind == "upper"))])
        if np.array_equal(half.whole(), array):
            return half
    return array


def _corner(size: int, upper: bool) -> Any:
    return np.triu_indices(size) if upper else np.tril_indices(size)
