"""How functions are compiled: without the interpreter's lock, once a machine, and also where nothing can be kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache

LOG = logging.getLogger("mixtura")
# Sums may be taken in the order that suits vectors, and products fused into sums; NaN and infinity keep their meaning.
FAST = {"contract", "reassoc"}
# For arithmetic whose roundings are meant as written.
EXACT = {"contract"}


def inlined(fast: set[str] = FAST) -> Callable[[Any], Any]:
    """Compile a function that compiled functions alone call; it is kept with its callers.

    What Python would need to call it is left out, which saves a fifth of the time.
    """
    decorate: Callable[[Any], Any] = numba.njit(
        fastmath=fast, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
    )
    return decorate


def compiled(function: Any, *signatures: Any, fast: set[str] = FAST) -> Any:
    """The function compiled for these signatures, from the disk where an earlier process has left it.

    numba keeps machine code beside the source, or in the user's cache folder where that cannot be written. Where none
    can be, it is compiled again in every process.
    """
    dispatcher = numba.njit(fastmath=fast, nogil=True, error_model="numpy")(function)
    try:
        dispatcher._cache = _Cache(function)
        _compile(dispatcher, signatures)
    except (OSError, RuntimeError):  # no folder for it, or none with room
        dispatcher = numba.njit(fastmath=fast, nogil=True, error_model="numpy")(function)
        _compile(dispatcher, signatures)
    return dispatcher


def _compile(dispatcher: Any, signatures: tuple[Any, ...]) -> None:
    for signature in signatures:
        dispatcher.compile(signature)
    dispatcher.disable_compile()


class _Cache(FunctionCache):  # type: ignore[misc]
    """Machine code on the disk, told apart by all our sources.

    numba looks at the date of the file of the compiled function alone, not at what that calls; and the files of a wheel
    may all have one date.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The machine code that an earlier process has left; said once where there is none, for it takes a while."""
        found = super().load_overload(sig, target_context)
        if found is None:
            _announce()
        return found

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), _sources())


@cache
def _announce() -> None:
    """Say once that compiling takes a while."""
    LOG.warning("mixtura compiles its kernels for this machine: up to a minute, this once.")


@cache
def _sources() -> str:
    """A digest of the compiled code's sources: this folder and the batch beside it."""
    folder = Path(__file__).parent
    digest = sha256()
    for path in sorted([*folder.glob("*.py"), *folder.parent.glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()
