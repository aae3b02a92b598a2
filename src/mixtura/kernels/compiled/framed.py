"""The rows of one small data set in a frame of their own, lying across memory: feature i of all rows is ``x[i]``."""

from __future__ import annotations

from math import frexp, ldexp, sqrt

from mixtura.kernels.compiled.jit import inlined

# Deviations between which squares of squares are ordinary numbers.
SMALLEST, LARGEST = 1e-60, 1e60


@inlined()
def frame(rows, begin, end, weight, x, w, origin, deviation):
    """Frame rows `begin` to `end`: the unit (0 where none can be found), the total weight, the rows of positive weight.

    The origin is the mean, the unit the power of two below the largest deviation of a column. Rows of weight 0 lie at
    the origin, so that nothing in their cells can matter. An empty `weight` means 1 each.
    """
    n, first, total, count = end - begin, begin, 0.0, 0
    for r in range(n):
        w[r] = weight[begin + r] if len(weight) > 0 else 1.0
        if w[r] > 0.0:
            first = begin + r if count == 0 else first
            total += w[r]
            count += 1
    largest = 0.0
    for i in range(len(origin)):
        deviation[i] = _center(rows, begin, n, first, i, x[i], w, total, origin)
        largest = max(largest, deviation[i])
        if not deviation[i] < LARGEST:
            return 0.0, total, count
    if largest < SMALLEST:
        return 0.0, total, count
    unit = ldexp(1.0, frexp(largest)[1] - 1)
    for i in range(len(origin)):
        xi = x[i]
        for r in range(n):
            xi[r] /= unit
    return unit, total, count


@inlined()
def _center(rows, begin, n, first, i, xi, w, total, origin):
    """One column about its mean, which is found about the first row; its deviation."""
    mean, square, near = 0.0, 0.0, rows[first, i]
    for r in range(n):
        if w[r] > 0.0:
            mean += w[r] * (rows[begin + r, i] - near)
    origin[i] = near + mean / total
    for r in range(n):
        xi[r] = rows[begin + r, i] - origin[i] if w[r] > 0.0 else 0.0
        square += w[r] * xi[r] * xi[r]
    return sqrt(square / total)
