"""Whose array is this: namespace, device, dtype, to host. The only place that asks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = Any  # an array of any array-API namespace
Float = NDArray[np.float64]


def is_host(array: Array) -> bool:
    """Whether `array` is a plain NumPy array (a memory map is one too)."""
    return isinstance(array, np.ndarray)


def is_elsewhere(value: Any) -> bool:
    """Whether `value` is an array of another array-API namespace than NumPy's, neither lazy nor sparse."""
    if isinstance(value, np.ndarray | np.generic | list | tuple) or not hasattr(value, "shape"):
        return False
    import array_api_compat as compat

    known = compat.is_array_api_obj(value) and not is_host(value)
    return bool(known and not compat.is_lazy_array(value) and not compat.is_pydata_sparse_array(value))


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
    import array_api_compat

    on_host = array_api_compat.to_device(without_gradients(array), _host_of(array))
    return np.asarray(on_host.__array__() if _is_strict(array) else on_host, dtype=np.float64)


def _host_of(array: Array) -> Any:
    """The device of the host, as the library of an array calls it."""
    return namespace(array).__array_namespace_info__().default_device() if _is_strict(array) else "cpu"


def _is_strict(array: Array) -> bool:
    """array-api-strict has made-up devices whose host is not called "cpu"."""
    return type(array).__module__.startswith("array_api_strict")
