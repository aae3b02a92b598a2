"""What a hierarchy says of its leaves for every number of clusters: a tree, or quantiles on a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.hierarchy.coordinates import as_counts
from mixtura.kernels.agglomeration import agglomerate

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Tree:
    """Leaves joined two at a time.

    Parameters
    ----------
    merges : array of shape (L - 1, 2) of int64
        The clusters joined, in order, each by its lowest leaf; the lower first.
    rises : array of shape (L - 1,)
        By how much each merge raised the criterion.
    """

    merges: Labels
    rises: Float

    @property
    def n_leaves(self) -> int:
        """Number of leaves L."""
        return len(self.merges) + 1

    def labels(self, n_clusters: int) -> Labels:
        """The cluster of each leaf, shape (L,), when the merges down to `n_clusters` were made."""
        root = np.arange(self.n_leaves)
        lower, higher = self.merges[: self.n_leaves - n_clusters].T
        root[higher] = lower
        while (above := root[root]).tobytes() != root.tobytes():  # twice as far up each time
            root = above
        return numbered(root)


@dataclass(frozen=True)
class Quantiles:
    """Classes of a single column between its quantiles, as equal in weight as leaves allow.

    Parameters
    ----------
    values : array of shape (L,)
        Distinct.
    weight : array of shape (L,)
    """

    values: Float
    weight: Float

    @property
    def n_leaves(self) -> int:
        """Number of leaves L."""
        return len(self.values)

    def labels(self, n_clusters: int) -> Labels:
        """The class of each leaf, shape (L,): none is empty."""
        order = np.argsort(self.values)
        values, ends = self.values[order], np.cumsum(self.weight[order])
        place = (ends[-1] - 1.0) * np.arange(n_clusters) / n_clusters
        low, high = (np.searchsorted(ends, np.floor(place) + step, side="right") for step in (0, 1))
        low, high = np.minimum(low, len(values) - 1), np.minimum(high, len(values) - 1)
        cuts = values[low] + (place - np.floor(place)) * (values[high] - values[low])
        first = np.searchsorted(values, cuts)
        steps = np.arange(n_clusters)
        first = np.maximum.accumulate(first - steps) + steps  # each class begins after the one before
        first = np.minimum(first, len(values) - n_clusters + steps)
        found = np.empty(len(values), dtype=np.int64)
        found[order] = np.searchsorted(first, np.arange(len(values)), side="right")
        return numbered(found)


def grow(rows: Float, weight: Float | None = None) -> Tree:
    """The tree whose leaves are these rows, by the criterion of `agglomerate`.

    Parameters
    ----------
    rows : array of shape (L, r)
        Coordinates as `scaled` makes them.
    weight : array of shape (L,), optional
        Positive.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.hierarchy import grow
    >>> tree = grow(np.array([[0.0, 0.0], [9.0, 9.0], [1.0, 0.0], [8.0, 9.0]]))
    >>> tree.labels(2)
    array([0, 1, 0, 1])
    """
    if len(rows) == 1:
        return Tree(np.empty((0, 2), dtype=np.int64), np.empty(0))
    return Tree(*agglomerate(rows, np.ones(len(rows)) if weight is None else as_counts(weight)))


def numbered(groups: Labels) -> Labels:
    """The same groups, numbered by first appearance."""
    _, first, index = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[index]
