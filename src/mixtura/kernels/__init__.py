"""Arrays in, arrays out: one way of computing per file, and `choose` between them."""

from __future__ import annotations

from types import ModuleType

from mixtura.arrays import Array, is_host


def choose(rows: Array) -> ModuleType:
    """The kernel for rows of this kind: a module with `posterior` and `moments`.

    The choice looks at the array's kind alone, never at what happens to be loaded, so that a process repeats its bits.

    Parameters
    ----------
    rows : array of shape (N, D)

    Returns
    -------
    kernel : module
        `blocked` for NumPy arrays, `generic` for every other array-API array.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.kernels import choose
    >>> choose(np.zeros((3, 2))).__name__
    'mixtura.kernels.blocked'
    """
    from mixtura.kernels import blocked, generic

    return blocked if is_host(rows) else generic
