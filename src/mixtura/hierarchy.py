"""The hierarchical start: rows agglomerated by the classification likelihood, one tree for every number of clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.ground import Ground, Seed
from mixtura.kernels.agglomeration import agglomerate
from mixtura.outcome import EmptyComponent
from mixtura.sources.memory import Memory

# A tree takes memory and time of the square of its rows and of the cube of its directions: beyond, a sample and the
# leading ones.
MOST_ROWS, MOST_DIRECTIONS = 2000, 32
# A direction whose singular value is no more than this part of the largest is rounding.
ROUNDING = 1e-12

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
        for lower, higher in self.merges[: self.n_leaves - n_clusters][::-1]:
            root[higher] = root[lower]  # where a cluster went is known before it is asked for
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


@dataclass(frozen=True)
class Hierarchy:
    """What is known of some rows for every number of clusters.

    Parameters
    ----------
    rows : array of shape (n, D)
        In the user's units.
    weight : array of shape (n,) or None
    positions : array of shape (n,) or None
        Where these rows stand among all, rising; None where they are all.
    leaf : array of shape (n,) of int64
        The leaf of each row, equal rows sharing one; -1 for noise.
    tree : Tree or Quantiles
        Quantiles where the rows lie on a line.
    """

    rows: Float
    weight: Float | None
    positions: Any
    leaf: Labels
    tree: Tree | Quantiles

    def labels(self, n_clusters: int) -> Labels:
        """The cluster of each row, shape (n,), numbered by first appearance; -1 for noise.

        Raises
        ------
        EmptyComponent
            When there are more clusters than distinct rows.
        """
        if n_clusters > self.tree.n_leaves:
            raise EmptyComponent(self.tree.n_leaves, self._too_few(n_clusters))
        found = self.tree.labels(n_clusters)
        return np.where(self.leaf < 0, -1, found[self.leaf])

    def _too_few(self, n_clusters: int) -> str:
        there = f"the {len(self.rows)} rows" if self.positions is None else f"a sample of {len(self.rows)} rows"
        return (
            f"the hierarchical start finds {self.tree.n_leaves} distinct among {there}, too few for {n_clusters} "
            "clusters. Use fewer components."
        )

    def source(self, whole: Memory) -> Memory:
        """These rows as a source, weighing as much as all do, so that a prior keeps its part."""
        weight = self.weight
        if self.positions is not None:
            total = whole.shape[0] if whole.weight is None else whole.weight.sum()
            weight = np.ones(len(self.rows)) if weight is None else weight
            weight = weight * (total / weight.sum())
        return Memory(self.rows, weight, whole.frame, names=whole.names)


def of(ground: Ground, seed: Seed) -> Hierarchy:
    """The hierarchy of the rows of positive weight; beyond MOST_ROWS, of a random sample of them.

    Equal rows are one leaf, and a row of weight 3 is three equal rows. Weights of a mean below 1 are no counts: they
    are taken relative to it.
    """
    rows, weight, positions = replace(ground, most=MOST_ROWS).rows(seed)
    rows = np.asarray(rows, dtype=np.float64)
    first, leaf, count = leaves(rows, weight)
    coordinates = scaled(rows[first], count)
    one_line = coordinates.shape[1] == 1
    tree = Quantiles(coordinates[:, 0], count) if one_line else grow(coordinates, count)
    return Hierarchy(rows, weight, positions, leaf, tree)


def leaves(rows: Float, weight: Float | None) -> tuple[Labels, Labels, Float]:
    """Equal rows as one: the first of each, the leaf of each row, the weight of each leaf, 1 or more on the average."""
    _, first, leaf = np.unique(rows + 0.0, axis=0, return_index=True, return_inverse=True)  # minus zero is zero
    order = np.argsort(first)
    leaf = np.argsort(order)[leaf.ravel()]
    count = np.bincount(leaf, weight).astype(np.float64)
    return first[order], leaf, count * max(1.0, len(count) / count.sum())


def standardized(rows: Float, weight: Float) -> Float:
    """The columns that are not constant, of mean 0 and variance 1 (divisor: total weight - 1)."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    there = low < high
    middle = (0.5 * low + 0.5 * high)[there]
    apart = rows[:, there] - middle
    apart /= np.abs(apart).max(axis=0)  # no square runs over
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
        Of sum above 1. A row of weight 2 counts as two.

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
    weight = np.ones(len(rows)) if weight is None else weight
    columns = standardized(rows, weight)
    if not columns.size:
        return columns
    _, values, axes = np.linalg.svd(np.sqrt(weight)[:, None] * columns, full_matrices=False)
    kept = np.flatnonzero(values > ROUNDING * values[0])[:MOST_DIRECTIONS]
    axes = axes[kept].T * np.sign(axes[kept].sum(axis=1) + (axes[kept].sum(axis=1) == 0))
    return np.asarray(columns @ axes / np.sqrt(values[kept]))


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
    return Tree(*agglomerate(rows, np.ones(len(rows)) if weight is None else weight))


def numbered(groups: Labels) -> Labels:
    """The same groups, numbered by first appearance."""
    _, first, index = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[index]
