"""Arrays in, arrays out: one way of computing per file, and `choose` between them."""

from __future__ import annotations

from types import ModuleType

from mixtura.arrays import Array, is_elsewhere

# Up to this product of rows, columns and components calls of NumPy cost more than their arithmetic.
FEW = 2**14


def choose(rows: Array, n_components: int) -> ModuleType:
    """The kernel for rows of this kind and shape: a module with `posterior` and `moments`.

    The choice looks at kind and shape alone, never at what happens to be loaded, so that a process repeats its bits.

    Parameters
    ----------
    rows : array of shape (N, D)
        Of the kind that blocks hold.
    n_components : int

    Returns
    -------
    kernel : module
        `generic` for arrays of another namespace than NumPy's; else `direct` for few rows and `blocked` for more.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.kernels import choose
    >>> choose(np.zeros((3, 2)), 2).__name__
    'mixtura.kernels.direct'
    """
    from mixtura.kernels import blocked, direct, generic

    if is_elsewhere(rows):
        return generic
    n_rows, n_features = rows.shape
    return direct if n_rows * n_features * n_components <= FEW else blocked
