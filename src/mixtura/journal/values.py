"""Sums as bytes and back, exact to the bit: only values of a table of types, and nothing is run to read them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np

from mixtura.assess import Assessment
from mixtura.diagnostics.columns import Columns, Second
from mixtura.frame import Summary
from mixtura.moments import Moments
from mixtura.noise import Extent

# Bytes that say how long the text is.
_LENGTH = 8
_REAL = ("<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1")
_DTYPES = {name: np.dtype(name) for name in _REAL}
# Rows of an array that are taken at a time into a digest.
PIECE = 2**14


@cache
def types() -> dict[str, type]:
    """The values that passes over rows end in, by name: whoever makes a new kind of sum adds it here."""
    from mixtura.sources.lots import Sample
    from mixtura.sources.surveyed import Survey

    found = (Moments, Summary, Assessment, Columns, Second, Extent, Survey, Sample)
    return {kind.__name__: kind for kind in found}


def pack(value: Any) -> bytes:
    """The bytes of a value: a number, a text, an array, a tuple, or one of `types` that is made of such.

    Raises
    ------
    TypeError
        For any other type: an error of the program, as `types` lacks it.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.journal.values import pack, unpack
    >>> unpack(pack((0.1, np.arange(3.0), None)))
    (0.1, array([0., 1., 2.]), None)
    """
    arrays: list[bytes] = []
    text = json.dumps(_told(value, arrays), allow_nan=False, separators=(",", ":")).encode()
    return b"".join([len(text).to_bytes(_LENGTH, "little"), text, *arrays])


def unpack(raw: bytes | bytearray) -> Any:
    """The value of some bytes.

    Raises
    ------
    ValueError, TypeError, KeyError
        For bytes that `pack` did not make.
    """
    begin = _LENGTH + int.from_bytes(raw[:_LENGTH], "little")
    if begin > len(raw):
        raise ValueError("its text is longer than all of it")
    reading = _Reading(memoryview(raw)[begin:])
    value = reading.value(json.loads(bytes(raw[_LENGTH:begin])))
    if reading.at != len(raw) - begin:
        raise ValueError("its numbers are not as many as it says")
    return value


def _told(value: Any, arrays: list[bytes]) -> Any:
    """A value as JSON; the numbers of arrays are put aside."""
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return {"float": value.hex()}
    if isinstance(value, np.generic) and value.dtype.str in _DTYPES:
        return {"number": [value.dtype.str, value.tobytes().hex()]}
    if type(value) is np.ndarray and value.dtype.str in _DTYPES:
        axes = _axes(value)
        arrays.append(value.transpose(axes).tobytes())
        return {"array": [value.dtype.str, value.shape, axes]}
    if type(value) is tuple:
        return {"tuple": [_told(part, arrays) for part in value]}
    if types().get(type(value).__name__) is type(value) and is_dataclass(value):
        parts = {field.name: _told(getattr(value, field.name), arrays) for field in fields(value)}
        return {"value": [type(value).__name__, parts]}
    raise TypeError(f"a checkpoint has no way to keep {type(value).__name__}; mixtura.journal.values.types lacks it")


def _axes(array: Any) -> list[int]:
    """The axes from the slowest to the fastest in memory, so that the copy lies as the array did."""
    if array.flags.c_contiguous:
        return list(range(array.ndim))
    return sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))


class _Reading:
    """Values on their way out of bytes; `at` bytes of numbers are read."""

    def __init__(self, numbers: memoryview) -> None:
        self._numbers = numbers
        self.at = 0

    def value(self, told: Any) -> Any:
        """The value that was told."""
        if not isinstance(told, dict):
            return told
        ((kind, content),) = told.items()
        if kind == "float":
            return float.fromhex(content)
        if kind == "number":
            return np.frombuffer(bytes.fromhex(content[1]), _DTYPES[content[0]])[0]
        if kind == "array":
            return self._array(*content)
        if kind == "tuple":
            return tuple(self.value(part) for part in content)
        return self._made(*content) if kind == "value" else self._unknown(kind)

    def _array(self, dtype: str, shape: list[int], axes: list[int]) -> Any:
        kind, shape = _DTYPES[dtype], [int(size) for size in shape]
        size = math.prod(shape) * kind.itemsize
        if any(length < 0 for length in shape) or self.at + size > len(self._numbers):
            raise ValueError("an array is larger than what there is of it")
        flat = np.frombuffer(self._numbers[self.at : self.at + size], kind).copy()
        self.at += size
        return flat.reshape([shape[axis] for axis in axes]).transpose(np.argsort(axes).tolist())

    def _made(self, name: str, parts: dict[str, Any]) -> Any:
        return types()[name](**{key: self.value(part) for key, part in parts.items()})

    @staticmethod
    def _unknown(kind: str) -> Any:
        raise ValueError(f"it holds what is not known: {kind}")


def canonical(value: Any) -> Iterator[bytes | memoryview]:
    """The bytes by which two values are the same, for a digest; numbers are the same whatever their types.

    Raises
    ------
    TypeError
        For what cannot be told, such as an open generator of random numbers.
    """
    yield type(value).__name__.encode() if is_dataclass(value) else b""
    if value is None or isinstance(value, str | bool | np.bool_):
        yield f"{type(value).__name__[:4]} {value};".encode()
    elif isinstance(value, int | float | np.integer | np.floating):
        yield f"number {float(value).hex() if float(value) == value else value};".encode()
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from canonical(str(key))
            yield from canonical(value[key])
    elif is_dataclass(value):
        yield from canonical({field.name: getattr(value, field.name) for field in fields(value)})
    elif isinstance(value, tuple | list) and not _numbers(value):
        yield f"{len(value)} of;".encode()
        for part in value:
            yield from canonical(part)
    else:
        yield from _of_array(value)


def _numbers(values: Any) -> bool:
    try:
        return np.asarray(values).dtype.kind in "biuf"
    except (TypeError, ValueError):
        return False


def _of_array(value: Any) -> Iterator[bytes | memoryview]:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{type(value).__name__} cannot be told")
    yield f"array {array.shape};".encode()
    for begin in range(0, len(array) if array.ndim else 1, PIECE):
        piece = array[begin : begin + PIECE] if array.ndim else array
        yield np.ascontiguousarray(piece, dtype=np.float64).tobytes()
