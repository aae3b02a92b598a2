"""Clusters of components: their entropy, what was merged, and which cluster a row belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from numbers import Integral
from typing import Any

import numpy as np

from mixtura import assess
from mixtura.arrays import Array, Float, back
from mixtura.block import Block
from mixtura.density import Density
from mixtura.em import Kernel
from mixtura.estimators.answers import Answers
from mixtura.merging import words
from mixtura.merging.passes import Clusters, gathered, joined, label
from mixtura.outcome import MixtureError
from mixtura.sources.source import Source, Wording


@dataclass(frozen=True, eq=False)
class MergedComponents:
    """The components of a mixture as 1 to K clusters; ``print`` it.

    Parameters
    ----------
    entropy_ : array of shape (K,)
        Entropy of g clusters at index g - 1, in nats, over all rows: it rises with g from 0 (from the entropy of the
        noise, where there is one).
    merges_ : integer array of shape (K - 1, 2)
        At index g - 1 the labels, among g + 1 clusters, of the two that are one of g clusters. It has the first of the
        two labels; labels above the second move down by one.
    merged_rows_ : array of shape (K - 1,)
        At index g - 1 the rows, or their weight, in the two clusters that are one of g clusters: those whose most
        probable cluster, among g + 1, is one of the two.
    elbow_ : int
        The number of clusters at the bend of the entropy against the number of clusters; K where K is at most 2.
    rescaled_elbow_ : int
        The same of the entropy against the rows merged so far, the rule of the paper.
    weight : float
        Rows, or their weight.
    model : GaussianMixture
    X : array-like or DataFrame
        The rows, as they were given.

    Examples
    --------
    >>> import mixtura as mx
    >>> model = mx.GaussianMixture.from_parameters([0.5, 0.2, 0.3], [[0.0], [1.5], [6.0]], [[1.0]] * 3, "diag")
    >>> print(mx.merge_components(model, [[0.0], [1.0], [2.0], [5.0], [6.0]]))
    clusters     entropy       drop  drop a row   components merged
           3     1.6255
           2*  0.020892     1.6046     0.53486   0 + 1
           1          0   0.020892   0.0041784   0 1 + 2
    The elbow is at 2 clusters: merging 3 components into 2 takes away 99% of their
    entropy. With three components an elbow can be nowhere else.
    """

    entropy_: Float
    merges_: Any
    merged_rows_: Float
    elbow_: int
    rescaled_elbow_: int
    weight: float
    model: Answers = field(repr=False)
    X: Any = field(repr=False)

    @property
    def n_components(self) -> int:
        """Number of components K, the most clusters there are."""
        return len(self.entropy_)

    @property
    def drops_(self) -> Float:
        """What each merge takes from the entropy, shape (K - 1,): index g - 1 is from g + 1 clusters to g."""
        return np.diff(self.entropy_)

    @property
    def drops_a_row_(self) -> Float:
        """The same a row in the two clusters, shape (K - 1,): 0 where there is none."""
        return np.divide(self.drops_, self.merged_rows_, out=np.zeros_like(self.drops_), where=self.merged_rows_ > 0)

    def clusters(self, n_clusters: int) -> Any:
        """The cluster of each component.

        Parameters
        ----------
        n_clusters : int
            From 1 to K.

        Returns
        -------
        labels : integer array of shape (K,)
            From 0 to n_clusters - 1, numbered by the first component of each.

        Raises
        ------
        MixtureError
            For another number of clusters.
        """
        found = np.empty(self.n_components, dtype=np.int64)
        for at, members in enumerate(self.members(n_clusters)):
            found[list(members)] = at
        return found

    def members(self, n_clusters: int) -> Clusters:
        """The components of each cluster: `clusters` the other way round, a tuple a cluster."""
        k = self.n_components
        whole = isinstance(n_clusters, Integral) and not isinstance(n_clusters, bool)
        if not whole or not 1 <= n_clusters <= k:
            raise MixtureError(
                f"n_clusters is {n_clusters!r} and must be a whole number from 1 to {k}, the number of components."
            )
        clusters: Clusters = tuple((component,) for component in range(k))
        for i, j in self.merges_[n_clusters - 1 :][::-1]:
            clusters = joined(clusters, int(i), int(j))
        return clusters

    def labels(self, n_clusters: int) -> Any:
        """The cluster of each row that was given to `merge_components`, read again: ``predict(X, n_clusters)``.

        Rows of weight 0 are labeled like all others, so they must hold numbers here.

        Parameters
        ----------
        n_clusters : int
            From 1 to K.

        Returns
        -------
        labels : integer array of shape (N,)
        """
        return self.predict(self.X, n_clusters)

    def predict(self, X: Any, n_clusters: int) -> Any:
        """The most probable cluster of each row.

        It is not always the cluster of the most probable component: probabilities are summed first.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
        n_clusters : int
            From 1 to K; K clusters are the components.

        Returns
        -------
        labels : integer array of shape (N,)
            From 0 to n_clusters - 1, -1 for noise.
        """
        members = self.members(n_clusters)
        if len(members) == self.n_components:
            return self.model.predict(X)

        def find(source: Source, density: Density, kernel: Kernel) -> Any:
            out = np.empty(source.shape[0], dtype=np.int64)
            source.map_rows(_each_block(density, kernel, source.words, members, lambda *found: (label(*found),)), out)
            return out

        return back(self.model._each(X, find, by_row=True), X)

    def predict_proba(self, X: Any, n_clusters: int) -> Array:
        """The probability of each cluster for each row, the sum of its components'.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
        n_clusters : int
            From 1 to K.

        Returns
        -------
        probabilities : array of shape (N, n_clusters), or (N, n_clusters + 1) with the noise last
        """
        members = self.members(n_clusters)
        if len(members) == self.n_components:
            return self.model.predict_proba(X)

        def find(source: Source, density: Density, kernel: Kernel) -> Float:
            out = np.empty((source.shape[0], len(members) + (density.floor is not None)))

            def columns(together: Float, noise: Float) -> tuple[Float]:
                return (np.column_stack([together.T, noise])[:, : out.shape[1]],)

            source.map_rows(_each_block(density, kernel, source.words, members, columns), out)
            return out

        return back(self.model._each(X, find, by_row=True), X)

    def verdict(self) -> str:
        """What the entropy curve suggests, in plain words."""
        return words.verdict(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        arrays = {name: getattr(self, f"{name}_").tolist() for name in ("entropy", "merges", "merged_rows")}
        elbows = {"elbow": self.elbow_, "rescaled_elbow": self.rescaled_elbow_}
        clusters = [self.clusters(g).tolist() for g in range(1, self.n_components + 1)]
        return {**arrays, **elbows, "clusters": clusters, "verdict": self.verdict()}

    def __str__(self) -> str:
        return words.table(self)

    def _repr_html_(self) -> str:
        rows = [words.HEADINGS, *(line.cells for line in words.lines(self))]
        cells = ("".join(f'<td style="text-align:right">{escape(cell)}</td>' for cell in row) for row in rows)
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table><p>{escape(self.verdict())}</p>"


def _each_block(
    density: Density, kernel: Kernel, words: Wording, members: Clusters, what: Callable[..., Any]
) -> Callable[[Block], Any]:
    """A function of a block's rows: `what` of the probabilities of clusters (G, n) and of the noise (n,)."""

    def find(block: Block) -> Any:
        shares, noise = assess.posterior(block, density, kernel, words)
        return what(gathered(shares, members), noise)

    return find
