"""Passes over rows that find which two clusters to merge: what each pair would save in entropy, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from typing import Any

import numpy as np
from scipy.special import xlogy

from mixtura import assess
from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.density import Density
from mixtura.em import Kernel
from mixtura.sources.source import Source, Wording

# Components of each cluster, in rising order; clusters are in the order of their first components.
Clusters = tuple[tuple[int, ...], ...]

# Rows a tile, so that the pairs of a cluster stay in the cache.
TILE = 2**11


@dataclass(frozen=True)
class Overlap:
    """How much clusters overlap in some rows; overlaps of blocks add.

    Parameters
    ----------
    saved : array of shape (G, G)
        What merging a pair would take from the entropy, in the entries that were asked for.
    rows : array of shape (G,)
        Weight of the rows that belong to each cluster most probably.
    apart : float
        Entropy of belonging to the noise or to any cluster, which no merging takes away.
    weight : float
        Weight of the rows.
    """

    saved: Float
    rows: Float
    apart: float
    weight: float

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(**{name: value + getattr(other, name) for name, value in vars(self).items()})


@dataclass(frozen=True)
class Hierarchy:
    """What was merged from K clusters down to one; index g - 1 is g clusters.

    Parameters
    ----------
    entropy : array of shape (K,)
    merges : integer array of shape (K - 1, 2)
        Labels, among g + 1 clusters, of the two that are one of g clusters.
    merged_rows : array of shape (K - 1,)
        Weight of the rows whose label, among g + 1 clusters, is one of these two.
    weight : float
    """

    entropy: Float
    merges: Any
    merged_rows: Float
    weight: float


def mixing(a: Float, b: Float) -> Float:
    r"""What merging two clusters takes from a row's entropy, :math:`\varphi(a + b) - \varphi(a) - \varphi(b)`.

    With :math:`\varphi(t) = t \log t` and r the smaller over the larger it is
    ``larger * ((1 + r) log(1 + r) - r log r)``, in which nothing cancels: never below 0, and right to rounding where a
    probability is 1e-300.

    Parameters
    ----------
    a, b : arrays of probabilities that broadcast

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.merging.passes import mixing
    >>> mixing(np.array([0.5, 1.0]), np.array([0.5, 0.0])) / np.log(2)
    array([1., 0.])
    """
    larger, smaller = np.maximum(a, b), np.minimum(a, b)
    ratio = np.divide(smaller, larger, out=np.zeros_like(larger), where=larger > 0)
    return np.asarray(larger * ((1.0 + ratio) * np.log1p(ratio) - xlogy(ratio, ratio)))


def gathered(shares: Float, clusters: Clusters) -> Float:
    """Probabilities of the clusters, shape (G, n), from responsibilities (n, K)."""
    by_component = np.ascontiguousarray(shares.T)
    if len(clusters) == len(by_component):
        return by_component
    return np.stack([by_component[list(members)].sum(axis=0) for members in clusters])


def label(together: Float, noise: Float) -> Any:
    """The most probable cluster of each row (the first of equal ones), -1 where the noise is more probable."""
    return np.where(noise > together.max(axis=0), -1, together.argmax(axis=0))


def overlap(
    block: Block, density: Density, kernel: Kernel, words: Wording, clusters: Clusters, of: int | None
) -> Overlap:
    """The overlap of all pairs of clusters (above the diagonal), or of one cluster with all (in its row)."""
    shares, noise = assess.posterior(block, density, kernel, words)
    weight = np.ones(len(block)) if block.weight is None else block.weight
    tiles = (slice(begin, begin + TILE) for begin in range(0, len(block), TILE))
    return reduce(add, (_of_tile(gathered(shares[at], clusters), noise[at], weight[at], of) for at in tiles))


def _of_tile(together: Float, noise: Float, weight: Float, of: int | None) -> Overlap:
    g = len(together)
    saved = np.zeros((g, g))
    for i in range(g) if of is None else [of]:
        others = slice(i + 1, g) if of is None else slice(0, g)
        saved[i, others] = (mixing(together[i], together[others]) * weight).sum(axis=1)
    found = label(together, noise)
    there = found >= 0
    rows = np.bincount(found[there], weights=weight[there], minlength=g).astype(np.float64)
    apart = float((mixing(noise, together.sum(axis=0)) * weight).sum())
    return Overlap(saved, rows, apart, float(weight.sum()))


def joined(clusters: Clusters, first: int, second: int) -> Clusters:
    """The clusters after two of them were merged into the first.

    Examples
    --------
    >>> from mixtura.merging.passes import joined
    >>> joined(((0,), (1, 3), (2,)), 0, 2)
    ((0, 2), (1, 3))
    """
    together = tuple(sorted(clusters[first] + clusters[second]))
    return tuple(together if at == first else one for at, one in enumerate(clusters) if at != second)


def hierarchy(source: Source, density: Density, kernel: Kernel) -> Hierarchy:
    """Merge the components of a density over the rows of a source: one pass for all pairs, one for each new cluster."""
    block = partial(overlap, density=density, kernel=kernel, words=source.words)

    def look(clusters: Clusters, of: int | None) -> Overlap:
        return source.reduce(partial(block, clusters=clusters, of=of))

    start: Clusters = tuple((k,) for k in range(density.n_components))
    first = look(start, None)
    steps = list(_steps(start, first, look))[::-1]
    drops = [drop for _, drop, _ in steps]
    # summed upwards from what is exact, so that it never falls and small values keep their digits
    entropy = np.cumsum([first.apart, *drops])
    merges = np.array([pair for pair, _, _ in steps], dtype=np.int64).reshape(-1, 2)
    return Hierarchy(entropy, merges, np.array([rows for _, _, rows in steps]), first.weight)


def _steps(
    clusters: Clusters, found: Overlap, look: Callable[[Clusters, int], Overlap]
) -> Iterator[tuple[tuple[int, int], float, float]]:
    """Each merge from K clusters to one: the pair, what it saves, the rows involved."""
    saved = found.saved + found.saved.T
    for g in range(len(clusters) - 1, 0, -1):
        i, j = _best(saved)
        yield (i, j), float(saved[i, j]), float(found.rows[i] + found.rows[j])
        clusters = joined(clusters, i, j)
        if g > 1:
            found = look(clusters, i)
            saved = np.delete(np.delete(saved, j, axis=0), j, axis=1)
            saved[i, :] = saved[:, i] = found.saved[i]


def _best(saved: Float) -> tuple[int, int]:
    """The pair above the diagonal with the largest entry, the first of equal ones."""
    at = int(np.where(np.triu(np.ones(saved.shape, dtype=bool), 1), saved, -1.0).argmax())
    return at // len(saved), at % len(saved)
