"""The hierarchical start: rows agglomerated by the classification likelihood, one tree for every number of clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.cleaning import noisy_rows
from mixtura.ground import Ground, Seed
from mixtura.hierarchy.coordinates import as_counts, leaves, scaled, standardized
from mixtura.hierarchy.trees import Labels, Quantiles, Tree, grow
from mixtura.outcome import TooFewRows
from mixtura.sources.memory import Memory
from mixtura.sources.source import Source

__all__ = ["Hierarchy", "Quantiles", "Tree", "apart", "grow", "of", "scaled"]

# A tree takes memory and time of the square of its rows.
MOST_ROWS = 2000


@dataclass(frozen=True)
class Hierarchy:
    """What is known of some rows for every number of clusters.

    Parameters
    ----------
    rows : array of shape (n, D)
        In the user's units.
    weight : array of shape (n,) or None
    positions : array of shape (n,) or None
        Where these rows stand among all, rising (a row may stand several times); None where they are all.
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
        TooFewRows
            When there are more clusters than distinct rows.
        """
        if n_clusters > self.tree.n_leaves:
            raise TooFewRows(self.tree.n_leaves, self._too_few(n_clusters))
        found = self.tree.labels(n_clusters)
        return np.where(self.leaf < 0, -1, found[self.leaf])

    def _too_few(self, n_clusters: int) -> str:
        there = f"the {len(self.rows)} rows" if self.positions is None else f"a sample of {len(self.rows)} rows"
        return (
            f"The hierarchical start finds {self.tree.n_leaves} distinct among {there}, too few for {n_clusters} "
            "clusters. Use fewer components."
        )

    def source(self, whole: Source) -> Memory:
        """These rows as a source, weighing as much as all do, so that a prior keeps its part."""
        weight = self.weight
        if self.positions is not None:
            weight = np.ones(len(self.rows)) if weight is None else weight
            weight = weight * (whole.count()[1] / weight.sum())
        return Memory(self.rows, weight, whole.frame, names=whole.names)


def of(ground: Ground, seed: Seed, together: bool = True) -> Hierarchy:
    """The hierarchy of the rows of positive weight; beyond MOST_ROWS, of a random sample of them.

    Equal rows are one leaf, and a row of weight 3 is three equal rows. Weights of a mean below 1 a leaf are no counts:
    they are taken relative to it. Where the mixture has noise, rows that look like it are left out of the tree.
    Without `together` equal rows are leaves of their own, as in mclust 6, where the first of them that meet draw in
    their neighbors: another tree, and another start.
    """
    rows, weight, positions = replace(ground, most=MOST_ROWS).rows()
    rows = np.asarray(rows, dtype=np.float64)
    first, leaf, count = leaves(rows, weight)
    if not together and len(first) > 1:
        first = leaf = np.arange(len(rows))
        count = np.ones(len(rows)) if weight is None else weight
    kept = ~_noisy(ground, rows[first], count)
    coordinates = scaled(rows[first[kept]], count[kept])
    one_line = coordinates.shape[1] == 1
    tree = Quantiles(coordinates[:, 0], as_counts(count[kept])) if one_line else grow(coordinates, count[kept])
    return Hierarchy(rows, weight, positions, np.where(kept, np.cumsum(kept) - 1, -1)[leaf], tree)


def apart(ground: Ground, seed: Seed) -> Hierarchy | None:
    """The hierarchy in which equal rows are leaves of their own, and a row of weight 3 is three of them.

    None where that would be no other tree, or none that can be grown: all rows differ or lie on a line, weights are no
    whole numbers, or rows are too many.
    """
    rows, weight, positions = replace(ground, most=MOST_ROWS).rows()
    times = np.ones(len(rows)) if weight is None else weight
    if (times != np.rint(times)).any() or not times.sum() <= MOST_ROWS or ground.source.shape[0] > MOST_ROWS:
        return None
    there = np.repeat(np.arange(len(rows)) if positions is None else positions, times.astype(np.int64))
    every = Memory(ground.source.take(there), None, ground.source.frame)
    found = of(replace(ground, source=every), seed, together=False)
    if isinstance(found.tree, Quantiles) or len(leaves(every.rows, None)[0]) == len(there):
        return None
    return found if weight is None and positions is None else replace(found, positions=there)


def _noisy(ground: Ground, rows: Float, count: Float) -> NDArray[np.bool_]:
    """Which leaves look like noise, where the mixture has some: never so many that too few are left for the others."""
    noisy = np.zeros(len(rows), dtype=bool)
    if ground.recipe.log_volume is not None:
        noisy = noisy_rows(standardized(rows, count), as_counts(count))
    return noisy if (~noisy).sum() > max(ground.n_components, rows.shape[1]) else np.zeros_like(noisy)
