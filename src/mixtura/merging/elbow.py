"""The elbow of an entropy curve: where a line with one bend fits it best."""

from __future__ import annotations

import numpy as np

from mixtura.arrays import Float

# Bends whose misfits differ by less, relative to what a level line leaves, are equally good.
EQUAL = 1e-12
_TINY = float(np.finfo(np.float64).tiny)


def elbow(entropy: Float, at: Float | None = None) -> int:
    r"""The number of clusters at which two straight lines fit the entropy curve best.

    For each number of clusters c from 2 to K - 1 a line is fitted by least squares to the points 1 to c of the curve
    and another to its points c to K; the elbow is the c that leaves the smallest sum of squares, the smaller of equal
    ones (Baudry, Raftery, Celeux, Lo and Gottardo 2010, J. Comput. Graph. Stat. 19, 332-353).

    Parameters
    ----------
    entropy : array of shape (K,)
        Of 1 to K clusters, not falling.
    at : array of shape (K,), optional
        Where the points are drawn, not falling: 1 to K unless given.

    Returns
    -------
    int
        From 2 to K - 1; K where K is at most 2, since two points have no elbow.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.merging.elbow import elbow
    >>> elbow(np.array([0.0, 1.0, 2.0, 12.0, 22.0]))
    3
    """
    k = len(entropy)
    if k < 3:
        return k
    x = np.arange(1.0, k + 1.0) if at is None else at
    x, y = x / max(x[-1], _TINY), entropy / max(entropy[-1], _TINY)
    left = np.array([misfit(x[:c], y[:c]) + misfit(x[c - 1 :], y[c - 1 :]) for c in range(2, k)])
    level = float(np.square(y - y.mean()).sum())
    return 2 + int(np.argmax(left <= left.min() + EQUAL * level))


def rescaled(merged_rows: Float) -> Float:
    """Where the points of the rescaled curve are drawn, shape (K,): at the rows merged from g clusters down to one.

    A step among many rows takes more entropy than one among few; drawn so, it is not steeper for that.

    Parameters
    ----------
    merged_rows : array of shape (K - 1,)
        Rows involved in the merge to 1, ..., K - 1 clusters.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.merging.elbow import rescaled
    >>> rescaled(np.array([100.0, 60.0, 30.0]))
    array([  0., 100., 160., 190.])
    """
    return np.concatenate([[0.0], np.cumsum(merged_rows)])


def misfit(x: Float, y: Float) -> float:
    """The sum of squares that a straight line through points leaves; a level one where all have the same x.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.merging.elbow import misfit
    >>> misfit(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0]))
    0.0
    """
    x, y = x - x.mean(), y - y.mean()
    across = float(x @ x)
    slope = float(x @ y) / across if across > 0 else 0.0
    return float(np.square(y - slope * x).sum())
