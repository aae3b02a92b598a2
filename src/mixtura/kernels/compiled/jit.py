"""How functions are compiled: without the interpreter's lock, once a machine, and also where nothing can be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

# Sums may be taken in the order that suits vectors, and products fused into sums; NaN and infinity keep their meaning.
FAST = {"contract", "reassoc"}
# For arithmetic whose roundings are meant as written.
EXACT = {"contract"}


def inlined(fast: set[str] = FAST) -> Callable[[Any], Any]:
    """Compile a function that compiled functions call; it is kept with its callers."""
    decorate: Callable[[Any], Any] = numba.njit(fastmath=fast, nogil=True, error_model="numpy")
    return decorate


def compiled(function: Any, *signatures: Any, fast: set[str] = FAST) -> Any:
    """The function compiled for these signatures, from the disk where an earlier process has left it.

    numba keeps machine code beside the source, or in the user's cache folder where that cannot be written. Where none
    can be, it is compiled again in every process.
    """
    options = {"fastmath": fast, "nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(list(signatures), cache=True, **options)(function)
    except (OSError, RuntimeError):  # no folder for it, or none with room
        return numba.njit(list(signatures), **options)(function)
