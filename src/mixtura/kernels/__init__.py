"""Arrays in, arrays out: one way of computing per file, and `choose` between them."""

from __future__ import annotations

from types import ModuleType

from mixtura.arrays import Array, is_elsewhere, is_on_accelerator
from mixtura.moments import Order

# Up to this product of rows, columns and components calls of NumPy cost more than their arithmetic.
FEW = 2**14
# From this many rows times (components + features / 8) on, a fit of thirty passes saves more than loading compiled
# code costs (0.6 s; once a machine, 3 to 10 s to compile it).
MANY = 2**21
# Rows a block: at least WORTH_CALLING multiplications each, at most WORTH_WAITING, so that an interrupt is heard.
WORTH_CALLING, WORTH_WAITING = 2**23, 2**30
LEAST_ROWS, MOST_ROWS = 2**9, 2**16
# Bytes of the responsibilities, or of the framed rows, of a block on an accelerator; and its most rows.
THERE, MOST_THERE = 2**28, 2**21
# As many blocks as share well among threads, of whole tiles.
SHARED, TILE = 32, 256
# A responsibility costs about as much as this many features.
EXPONENTIAL = 16


def choose(rows: Array, n_components: int, order: Order) -> ModuleType:
    """The kernel for rows of this kind and shape: a module with `moments`, `posterior`, `log_densities`, `measure`.

    The choice looks at kind, shape and order alone, never at what happens to be loaded, so that a process repeats its
    bits. How the compiled kernel goes about a density is chosen in `plans.plan`, by the shape of the density.

    Parameters
    ----------
    rows : array of shape (N, D)
        Of the kind that blocks hold.
    n_components : int
    order : {"trace", "diagonal", "dense", "pooled"}
        How much of the second moment a model of this kind asks for.

    Returns
    -------
    kernel : module
        `generic` for arrays of another namespace than NumPy's; else `direct` for few rows, `native` for many, and
        `blocked` between them, or where numba cannot be loaded.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.kernels import choose
    >>> choose(np.zeros((3, 2)), 2, "dense").__name__
    'mixtura.kernels.direct'
    """
    from mixtura.kernels import blocked, direct, generic

    if is_elsewhere(rows):
        return generic
    n_rows, n_features = rows.shape
    # components of one dense whitening differ far out by less than the digits of a length: features leave it out
    if n_rows * n_features * n_components <= FEW and order != "pooled":
        return direct
    if n_rows * (n_components + count_features(n_features, order) / 8) >= MANY:
        try:
            from mixtura.kernels import native
        except ImportError:  # numba lags behind the newest Python and NumPy
            return blocked
        return native
    return blocked


def count_features(n_features: int, order: Order) -> int:
    """Number of features P of a row of D columns: 1, x, and what the order keeps of their products.

    Examples
    --------
    >>> from mixtura.kernels import count_features
    >>> [count_features(3, order) for order in ("trace", "diagonal", "dense", "pooled")]
    [5, 7, 10, 4]
    """
    products = {"trace": 1, "diagonal": n_features, "dense": n_features * (n_features + 1) // 2, "pooled": 0}
    return 1 + n_features + products[order]


def rows_a_block(n_rows: int, n_features: int, n_components: int, order: Order, kind: Array = None) -> int:
    """Rows of a block, the unit of work of a thread: by shape alone, so that sums do not depend on the threads.

    Where the `kind` of the rows is an array on an accelerator, blocks are as large as its memory holds with ease: one
    thread works on them all, and once a block the density goes there and moments come home.

    Examples
    --------
    >>> from mixtura.kernels import rows_a_block
    >>> rows_a_block(1_000_000, 2, 4, "dense"), rows_a_block(50_000, 128, 32, "dense")
    (65536, 1792)
    """
    if kind is not None and is_on_accelerator(kind):
        return max(min(THERE // (8 * max(n_components, n_features)), MOST_THERE) // TILE * TILE, TILE)
    work = n_components * (count_features(n_features, order) + EXPONENTIAL)
    least, most = max(WORTH_CALLING // work, LEAST_ROWS), max(WORTH_WAITING // work, LEAST_ROWS)
    rows = min(max(n_rows // SHARED, least), most, MOST_ROWS)
    return -(-rows // TILE) * TILE
