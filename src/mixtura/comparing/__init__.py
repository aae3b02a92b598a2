"""Two partitions of the same rows: how they cross, and how far they agree."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.comparing.comparison import Comparison
from mixtura.comparing.labels import coded
from mixtura.comparing.tables import adjusted_rand_index, cross_table, matching
from mixtura.estimators.inputs import weight_of
from mixtura.outcome import MixtureError

__all__ = ["Comparison", "compare_labels"]

# A table of more cells is no comparison of groups, and would fill the memory.
MOST_CELLS = 10_000_000


def compare_labels(a: Any, b: Any, sample_weight: Any = None) -> Comparison:
    r"""Cross two partitions of the same rows, and say how far they agree.

    With :math:`n_{ij}` rows that are in group i of `a` and j of `b`, the adjusted Rand index [1]_ is

    .. math::
        \frac{\sum_{ij} \binom{n_{ij}}{2} - \sum_i \binom{n_{i.}}{2} \sum_j \binom{n_{.j}}{2} / \binom{n}{2}}
        {\frac{1}{2} [\sum_i \binom{n_{i.}}{2} + \sum_j \binom{n_{.j}}{2}]
        - \sum_i \binom{n_{i.}}{2} \sum_j \binom{n_{.j}}{2} / \binom{n}{2}}

    the share of pairs of rows on which both agree, adjusted for chance. It does not ask which group is called what;
    nor does the error rate, the share of rows outside the best one-to-one matching of groups (mclust's
    ``classError``).

    Parameters
    ----------
    a, b : array-like of shape (N,)
        Labels of any kind that can be told apart: numbers, texts, dates, a column of a DataFrame. The label -1 of
        noise is a group like any other.
    sample_weight : array-like of shape (N,), optional
        Counts of the rows: 2 is the row twice, 0 the row removed.

    Returns
    -------
    Comparison

    Raises
    ------
    MixtureError
        Partitions of different lengths, labels that are missing, or so many different ones that they are no groups.

    References
    ----------
    .. [1] L. Hubert and P. Arabie (1985), Comparing partitions, Journal of Classification 2, 193-218, equation 5.

    Examples
    --------
    >>> import mixtura as mx
    >>> found = mx.compare_labels([1, 1, 0, 0, 0], ["x", "x", "y", "y", "x"])
    >>> found.table
    array([[1, 2],
           [2, 0]])
    >>> round(found.adjusted_rand_index, 4), found.error_rate
    (0.1667, 0.2)
    """
    (rows, row_labels), (columns, column_labels) = coded(a, "a"), coded(b, "b")
    if len(rows) != len(columns):
        raise MixtureError(
            f"a has {len(rows)} labels and b has {len(columns)}: compare two partitions of the same rows."
        )
    weight = weight_of(sample_weight, len(rows))
    if len(row_labels) * len(column_labels) > MOST_CELLS:
        different = f"a has {len(row_labels)} different labels and b {len(column_labels)}"
        raise MixtureError(f"{different}, too many for groups. Compare labels, not identifiers or measurements.")
    table = cross_table(rows, columns, (len(row_labels), len(column_labels)), weight)
    there, here = np.flatnonzero(table.any(axis=1)), np.flatnonzero(table.any(axis=0))  # where a weight is above 0
    table, row_labels = table[np.ix_(there, here)], tuple(row_labels[i] for i in there)
    column_labels = tuple(column_labels[j] for j in here)
    pairs, error = matching(table)
    return Comparison(
        table=table,
        rows=row_labels,
        columns=column_labels,
        adjusted_rand_index=adjusted_rand_index(table),
        matching=tuple((row_labels[i], column_labels[j]) for i, j in pairs),
        error_rate=error,
    )
