"""SQUAREM on the sums of three passes, compiled: the arithmetic of `mixtura.acceleration`."""

from __future__ import annotations

import numpy as np

from mixtura.kernels.compiled.jit import inlined
from mixtura.kernels.compiled.models import is_pooled, order_of
from mixtura.kernels.compiled.passes import DENSE, TRACE, factorize
from mixtura.moments import EMPTY


@inlined()
def step_length(rule, weight, scale, one, two, three):
    """``-|r^T v| / v^T v`` of shares, means and covariances; -1, the plain step, where the path does not bend.

    Columns are measured in the units of the ordinary way, `scale` of which are one of ours.
    """
    k, d = one.mean.shape
    order, pooled = order_of(rule), is_pooled(rule)
    along, bend = 0.0, 0.0
    for c in range(k):
        r, v = _bend(one.mass[c] / weight, two.mass[c] / weight, three.mass[c] / weight)
        along, bend = along + r * v, bend + v * v
        for i in range(d):
            r, v = _bend(one.mean[c, i], two.mean[c, i], three.mean[c, i])
            along, bend = along + scale[i] ** 2 * r * v, bend + scale[i] ** 2 * v * v
    for c in range(1 if pooled else k):
        a, b, e = one.mass[c], two.mass[c], three.mass[c]
        if pooled:
            a, b, e = weight, weight, weight
        for i in range(1 if order == TRACE else d):
            for j in range(0 if order == DENSE else i, i + 1):
                r, v = _bend(one.scatter[c, i, j] / a, two.scatter[c, i, j] / b, three.scatter[c, i, j] / e)
                times = (1.0 if i == j else 2.0) * (scale[i] * scale[j]) ** 2
                along, bend = along + times * r * v, bend + times * v * v
    return -abs(along) / bend if bend > 0.0 else -1.0


@inlined()
def _bend(a, b, c):
    """First and second difference."""
    return b - a, c - 2.0 * b + a


@inlined()
def leap(rule, weight, length, one, two, three, far, factor, offset):
    """One extrapolation ``M0 - 2 alpha r + alpha^2 v`` of the moments: whether they are those that rows could have.

    Moments about the means of the third pass; then mass, mean and scatter of their sum.
    """
    k, d = far.mean.shape
    order, pooled = order_of(rule), is_pooled(rule)
    a, b, e = (1.0 + length) ** 2, -2.0 * length * (1.0 + length), length * length
    for c in range(k):
        for i in range(d):
            for j in range(i + 1):
                far.scatter[c, i, j] = 0.0
    for c in range(k):
        u, v = a * one.mass[c], b * two.mass[c]
        mass, place = u + v + e * three.mass[c], 0 if pooled else c
        far.mass[c] = mass
        if not mass > EMPTY * weight:
            return False
        for i in range(d):
            shift = (u * _apart(one, three, c, i) + v * _apart(two, three, c, i)) / mass
            far.mean[c, i] = three.mean[c, i] + shift
        for i in range(d):
            p, q, f = _apart(one, three, c, i), _apart(two, three, c, i), _apart(far, three, c, i)
            for j in range(0 if order == DENSE else i, i + 1):
                moved = u * p * _apart(one, three, c, j) + v * q * _apart(two, three, c, j)
                row, column = (0, 0) if order == TRACE else (i, j)
                far.scatter[place, row, column] += moved - mass * f * _apart(far, three, c, j)
        for i in range(1 if order == TRACE else d):
            for j in range(0 if order == DENSE else i, i + 1):
                far.scatter[c, i, j] += a * one.scatter[c, i, j] + b * two.scatter[c, i, j] + e * three.scatter[c, i, j]
    return _in_cone(order, pooled, far.scatter, factor, offset)


@inlined()
def _apart(sums, anchor, c, i):
    """How far a mean lies from another."""
    return sums.mean[c, i] - anchor.mean[c, i]


@inlined()
def _in_cone(order, pooled, scatter, factor, offset):
    """Whether scatters are positive definite."""
    for c in range(1 if pooled else len(scatter)):
        if order == TRACE:
            if not (scatter[c, 0, 0] > 0.0 and scatter[c, 0, 0] < np.inf):
                return False
        elif not factorize(1.0, scatter[c], order, 0.0, factor, offset):
            return False
    return True
