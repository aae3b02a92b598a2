"""Arrays in, arrays out: one way of computing per file, and `choose` between them."""

from __future__ import annotations

from types import ModuleType

from mixtura.arrays import Array, is_elsewhere


def choose(rows: Array) -> ModuleType:
    """The kernel for rows of this kind: a module with `posterior` and `moments`.

    The choice looks at the array's kind alone, never at what happens to be loaded, so that a process repeats its bits.

    Parameters
    ----------
    rows : array or frame of shape (N, D)

    Returns
    -------
    kernel : module
        `blocked` for NumPy arrays and what is turned into them, `generic` for arrays of another namespace.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.kernels import choose
    >>> choose(np.zeros((3, 2))).__name__
    'mixtura.kernels.blocked'
    """
    from mixtura.kernels import blocked, generic

    return generic if is_elsewhere(rows) else blocked
