"""From rows to the leaves of a tree: equal rows as one, in coordinates that know neither units nor correlations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float

# A tree takes time of the cube of its directions: beyond, the leading ones.
MOST_DIRECTIONS = 32
# A direction whose singular value is no more than this part of the largest is rounding.
ROUNDING = 1e-12


def leaves(rows: Float, weight: Float | None) -> tuple[NDArray[np.int64], NDArray[np.int64], Float]:
    """Equal rows as one: the first of each, the leaf of each row, the weight of each leaf."""
    _, first, leaf = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    leaf = np.argsort(order)[leaf.ravel()]
    return first[order], leaf, np.bincount(leaf, weight).astype(np.float64)


def as_counts(weight: Float) -> Float:
    """Weights of a mean of 1 at least."""
    return weight * max(1.0, len(weight) / float(weight.sum()))


def standardized(rows: Float, weight: Float) -> Float:
    """The columns that are not constant, of mean 0 and variance 1 (divisor: total weight - 1)."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    there = low < high
    middle = (0.5 * low + 0.5 * high)[there]
    apart = rows[:, there] - middle
    apart /= np.abs(apart).max(axis=0)  # no square runs over
    weight = as_counts(weight)
    total = weight.sum()
    apart -= weight @ apart / total
    return np.asarray(apart / np.sqrt(weight @ (apart * apart) / (total - 1.0)))


def scaled(rows: Float, weight: Float | None = None) -> Float:
    r"""Coordinates in which a tree is grown: the scaled singular value decomposition of the standardized columns.

    .. math:: Z = U S V^\top \mapsto Z V S^{-1/2}

    Parameters
    ----------
    rows : array of shape (n, D)
    weight : array of shape (n,), optional
        Positive. A row of weight 2 counts as two.

    Returns
    -------
    coordinates : array of shape (n, r)
        r <= min(D, MOST_DIRECTIONS): without constant columns, and without directions that only rounding fills.

    References
    ----------
    .. [1] L. Scrucca and A. E. Raftery (2015), Improved initialisation of model-based clustering using Gaussian
       hierarchical partitions, Advances in Data Analysis and Classification 9, 447-460, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.hierarchy import scaled
    >>> scaled(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])) / 2**0.25  # the second column is constant
    array([[-0.707],
           [ 0.   ],
           [ 0.707]])
    """
    weight = np.ones(len(rows)) if weight is None else as_counts(weight)
    columns = standardized(rows, weight)
    if not columns.size:
        return columns
    _, values, axes = np.linalg.svd(np.sqrt(weight)[:, None] * columns, full_matrices=False)
    kept = np.flatnonzero(values > ROUNDING * values[0])[:MOST_DIRECTIONS]
    axes = axes[kept].T * np.sign(axes[kept].sum(axis=1) + (axes[kept].sum(axis=1) == 0))
    return np.asarray(columns @ axes / np.sqrt(values[kept]))
