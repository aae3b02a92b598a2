"""Cross tables of two partitions, and what they amount to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.outcome import MixtureError


def cross_table(rows: Any, columns: Any, shape: tuple[int, int], weight: Float | None = None) -> NDArray[Any]:
    """Count the rows, or add their weights, of each pair of groups.

    Parameters
    ----------
    rows, columns : integer arrays of shape (N,)
        Groups, from 0.
    shape : (R, C)
        Number of groups of each partition.
    weight : array of shape (N,), optional

    Returns
    -------
    table : array of shape (R, C)
        Whole numbers without weights.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.comparing.tables import cross_table
    >>> cross_table(np.array([0, 0, 1]), np.array([2, 2, 0]), (2, 3))
    array([[0, 0, 2],
           [1, 0, 0]])
    """
    flat = np.bincount(rows * shape[1] + columns, weights=weight, minlength=shape[0] * shape[1])
    return flat.reshape(shape)


def adjusted_rand_index(table: NDArray[Any]) -> float:
    """The adjusted Rand index of a cross table: 1 for the same partition, 0 on average for one by chance.

    Parameters
    ----------
    table : array of shape (R, C)

    Raises
    ------
    MixtureError
        Weights so small that there are no pairs of rows: weights are counts.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.comparing.tables import adjusted_rand_index
    >>> adjusted_rand_index(np.array([[0, 7], [5, 0]])), round(adjusted_rand_index(np.array([[2, 2], [2, 2]])), 4)
    (1.0, -0.1667)
    """
    if ((table > 0).sum(axis=0) <= 1).all() and ((table > 0).sum(axis=1) <= 1).all():
        return 1.0
    counts = table.astype(np.float64)
    both, rows, columns = (_pairs(counts), _pairs(counts.sum(axis=1)), _pairs(counts.sum(axis=0)))
    every = _pairs(counts.sum())
    expected = rows * columns / every if every > 0 else np.inf
    most = 0.5 * (rows + columns)
    if not most > expected:
        raise MixtureError(
            f"The weights sum to {counts.sum():.3g} and are too small for pairs of rows, which the adjusted Rand index "
            "counts. Give weights that are counts of rows."
        )
    return float((both - expected) / (most - expected))


def _pairs(counts: Any) -> float:
    """Pairs of rows within groups of these sizes."""
    return float((counts * (counts - 1.0)).sum() / 2.0)


def matching(table: NDArray[Any]) -> tuple[list[tuple[int, int]], float]:
    """The one-to-one matching of groups that holds most rows, and the share of the rows outside it.

    Parameters
    ----------
    table : array of shape (R, C)

    Returns
    -------
    pairs : list of (row, column)
        At most min(R, C), those that hold a row.
    error_rate : float

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.comparing.tables import matching
    >>> matching(np.array([[1, 2], [2, 0]]))
    ([(0, 1), (1, 0)], 0.2)
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table, maximize=True)
    pairs = [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if table[i, j] > 0]
    outside = table.copy()
    outside[rows, columns] = 0
    return pairs, float(outside.sum() / table.sum())
