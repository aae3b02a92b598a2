"""Whose array is this: namespace, device, dtype, to host. The only place that asks."""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.outcome import MixtureError

Array = Any  # an array of any array-API namespace
Float = NDArray[np.float64]

_lock = threading.Lock()
_holding: list[Any] = []
_before: list[int] = []


def is_host(array: Array) -> bool:
    """Whether `array` is a plain NumPy array (a memory map is one too)."""
    return isinstance(array, np.ndarray)


def is_elsewhere(value: Any) -> bool:
    """Whether `value` is an array of another array-API namespace than NumPy's, neither lazy nor sparse."""
    if isinstance(value, np.ndarray | np.generic | list | tuple) or not hasattr(value, "shape"):
        return False
    import array_api_compat as compat

    known = compat.is_array_api_obj(value) and not is_host(value)
    lazy = compat.is_lazy_array(value) and not compat.is_jax_array(value)  # which is one only while it is compiled
    return bool(known and not lazy and not compat.is_pydata_sparse_array(value))


def is_real(array: Array) -> bool:
    """Whether an array holds real numbers (booleans count)."""
    xp = namespace(array)
    return bool(xp.isdtype(array.dtype, ("bool", "integral", "real floating")))


def is_float32(value: Any) -> bool:
    """Whether `value` is an array of single precision."""
    if is_elsewhere(value):
        return bool(value.dtype == namespace(value).float32)
    dtype = getattr(value, "dtype", None)
    return isinstance(dtype, np.dtype) and (dtype.kind, dtype.itemsize) == ("f", 4)


def namespace(array: Array) -> Any:
    """The array-API namespace that `array` belongs to."""
    if is_host(array):
        return np
    import array_api_compat

    return array_api_compat.array_namespace(array)


def device(array: Array) -> Any:
    """The device that holds `array`."""
    if is_host(array):
        return "cpu"
    import array_api_compat

    return array_api_compat.device(array)


def like(values: Array, template: Array) -> Array:
    """Numbers of the host, or of `template`'s own namespace, as a float64 array of that namespace on its device."""
    if is_host(template):
        return values
    xp = namespace(template)
    if is_host(values):
        values = np.require(values, requirements="W")  # torch warns of what it cannot write to
    return xp.asarray(values, dtype=xp.float64, device=device(template))


def without_gradients(array: Array) -> Array:
    """The array, without the record of gradients that torch may keep with it and would carry through every sum."""
    import array_api_compat

    return array.detach() if array_api_compat.is_torch_array(array) else array


def to_host(array: Array) -> Float:
    """The numbers of `array` as a float64 NumPy array on the host."""
    if is_host(array):
        return np.asarray(array, dtype=np.float64)
    import array_api_compat as compat

    array = without_gradients(array)
    if compat.is_torch_array(array):
        array = array.cpu().double().resolve_neg()  # NumPy has no bfloat16
    elif not compat.is_jax_array(array):  # NumPy asks JAX itself
        array = compat.to_device(array, _host_of(array))
    return np.asarray(array.__array__() if _is_strict(array) else array, dtype=np.float64)


def all_to_host(arrays: Sequence[Array]) -> list[Float]:
    """The numbers of several float64 arrays of one device, brought to the host in one go: each trip waits for all."""
    if is_host(arrays[0]):
        return [np.asarray(array) for array in arrays]
    xp = namespace(arrays[0])
    flat = to_host(xp.concat([xp.reshape(array, (-1,)) for array in arrays]))
    ends = np.cumsum([math.prod(array.shape) for array in arrays])
    return [part.reshape(array.shape) for part, array in zip(np.split(flat, ends), arrays, strict=False)]


def back(answer: NDArray[Any], template: Any) -> Array:
    """An answer of the host as an array of `template`'s namespace on its device; as it is for what is no array there.

    Examples
    --------
    >>> import array_api_strict
    >>> import numpy as np
    >>> from mixtura.arrays import back
    >>> back(np.array([1, 0]), array_api_strict.ones((2, 3)))
    Array([1, 0], dtype=array_api_strict.int64)
    """
    if not is_elsewhere(template):
        return answer
    xp = namespace(template)
    answer = np.require(answer, requirements="W")  # torch warns of what it cannot write to
    return xp.asarray(answer, dtype=getattr(xp, answer.dtype.name), device=device(template))


def require_usable(array: Array) -> None:
    """Refuse an array of another library whose numbers cannot be summed where they are.

    Raises
    ------
    MixtureError
        A sparse tensor, one without data, or one on a device without float64, each with what to pass instead.
    """
    import array_api_compat

    kind, where = type(array).__name__, device(array)
    if array_api_compat.is_torch_array(array) and str(array.layout) != "torch.strided":
        raise MixtureError(f"X is a {kind} of layout {array.layout}, and must be dense. Pass X.to_dense().")
    if str(where) == "meta":
        raise MixtureError(f"X is a {kind} on the device meta, which holds no data. Pass one that does.")
    if not _has_doubles(array):
        raise MixtureError(
            f"X is a {kind} on {where}, which holds no float64, and sums of many rows need it. "
            'Move X to the CPU: X.cpu(), or under JAX call jax.config.update("jax_enable_x64", True) before X is made.'
        )


def _has_doubles(array: Array) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JAX warns, and makes it float32
        try:
            return bool(like(np.zeros(1), array).dtype == namespace(array).float64)
        except (TypeError, RuntimeError, ValueError):
            return False


def is_on_accelerator(array: Array) -> bool:
    """Whether `array` lies in other memory than the host's."""
    if is_host(array):
        return False
    where = device(array)
    if _is_strict(array):
        return bool(where != _host_of(array))
    kind = getattr(where, "type", None) or getattr(where, "platform", None)  # as torch says it, and JAX
    return kind != "cpu"


@contextmanager
def single_threaded(array: Array) -> Iterator[None]:
    """Hold torch to one thread an operation on arrays of the host: how it shares a product out decides its last bits.

    One thread works on a block, as on blocks of NumPy's arrays. For a library that has no such threads nothing is held.
    """
    torch: Any = namespace(array) if is_elsewhere(array) and not is_on_accelerator(array) else None
    if not hasattr(torch, "set_num_threads"):
        yield
        return
    with _lock:
        if not _holding:
            _before[:] = [torch.get_num_threads()]
        _holding.append(torch)
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _holding.pop()
            torch.set_num_threads(_before[0])


def _host_of(array: Array) -> Any:
    """The device of the host, as the library of an array calls it."""
    return namespace(array).__array_namespace_info__().default_device() if _is_strict(array) else "cpu"


def _is_strict(array: Array) -> bool:
    """array-api-strict has made-up devices whose host is not called "cpu"."""
    return type(array).__module__.startswith("array_api_strict")
