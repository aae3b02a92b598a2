"""Components that form one cluster: merged step by step by the entropy of who belongs to which."""

from __future__ import annotations

from copy import copy
from typing import Any

from mixtura.estimators.chosen import chosen
from mixtura.merging.elbow import elbow, rescaled
from mixtura.merging.merged import MergedComponents
from mixtura.merging.passes import hierarchy

__all__ = ["MergedComponents", "merge_components"]


def merge_components(model: Any, X: Any, sample_weight: Any = None) -> MergedComponents:
    r"""Merge the components of a mixture into clusters, two at a time, the least distinct first.

    A cluster that is no Gaussian takes several components, so a mixture that fits well can have more components than
    there are clusters. With :math:`t_{ng}` the probability that row n belongs to cluster g, the sum of the
    responsibilities of its components, each step merges the two clusters whose merging leaves the least entropy

    .. math:: -\sum_n w_n \sum_g t_{ng} \log t_{ng}

    [1]_. Merging i and j takes :math:`\sum_n w_n [\varphi(t_{ni} + t_{nj}) - \varphi(t_{ni}) - \varphi(t_{nj})]` from
    it, with :math:`\varphi(t) = t \log t`. The density stays as it is: only what counts as one cluster changes.

    A noise component is never merged: its probability counts in the entropy beside the clusters, and its rows keep
    the label -1. Of steps that are equally good, the one with the first clusters is taken.

    The entropy curve, against the number of clusters or against the rows that were merged, has its elbow where merging
    stops joining what overlaps (`mixtura.merging.elbow.elbow`); both elbows are found, the first as by mclust's
    ``clustCombiOptim``.

    Rows are read in K - 1 passes, a block at a time; no array of rows by components is kept.

    Parameters
    ----------
    model : GaussianMixture or MixtureSearch
        Fitted; of a search its best model is meant.
    X : array-like or DataFrame of shape (N, D)
        The rows, usually those that the model was fitted to. They are kept by reference for ``labels``.
    sample_weight : array-like of shape (N,), optional
        Counts of the rows: 2 is the row twice, 0 the row removed.

    Returns
    -------
    MergedComponents
        The entropy for 1 to K clusters, what was merged, the elbow, and labels for every number of clusters.

    Raises
    ------
    MixtureError
        A model that is no mixture, rows that do not fit it, or cells and weights that cannot be used.
    NotFittedError
        A model without parameters: fit it first.

    References
    ----------
    .. [1] J.-P. Baudry, A. E. Raftery, G. Celeux, K. Lo and R. Gottardo (2010), Combining mixture components for
       clustering, Journal of Computational and Graphical Statistics 19, 332-353.

    Examples
    --------
    A long cluster under two components, and a round one:

    >>> import numpy as np
    >>> import mixtura as mx
    >>> model = mx.GaussianMixture.from_parameters([0.3, 0.3, 0.4], [[0.0], [1.5], [6.0]], [[1.0]] * 3, "diag")
    >>> X = np.array([[-1.0], [0.0], [1.0], [2.0], [5.0], [6.0], [7.0]])
    >>> merged = mx.merge_components(model, X)
    >>> merged.clusters(2)
    array([0, 0, 1])
    >>> merged.labels(2)
    array([0, 0, 0, 0, 1, 1, 1])
    >>> merged.entropy_.round(3)
    array([0.   , 0.023, 1.895])
    """
    best = chosen(model)
    found = best._each(X, hierarchy, sample_weight)
    return MergedComponents(
        entropy_=found.entropy,
        merges_=found.merges,
        merged_rows_=found.merged_rows,
        elbow_=elbow(found.entropy),
        rescaled_elbow_=elbow(found.entropy, rescaled(found.merged_rows)),
        weight=found.weight,
        model=copy(best),
        X=X,
    )
