"""Compiled passes over one small data set, whose responsibilities all fit in the cache.

Rows lie across memory: feature i of all rows is ``x[i]``, responsibilities of component k are ``p[k]``. Second moments
are summed about the new means, so nothing cancels.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from mixtura.density import LOG_2PI
from mixtura.kernels.compiled import arithmetic
from mixtura.kernels.compiled.jit import inlined
from mixtura.moments import EMPTY

# How much of a covariance is estimated.
TRACE, DIAGONAL, DENSE = 0, 1, 2
# A squared pivot at most this share (and D times) of its diagonal entry is rounding: as in the covariance families.
SINGULAR = 4.0 * float(np.finfo(np.float64).eps)
# So many sums of exponentials, each at least 1 and at most K, are multiplied before a logarithm is taken of them.
TOGETHER = 64


@inlined()
def factorize(share, covariance, order, least, factor, offset):
    """Factor and offset of one component: whether each column keeps more than `least` of its variance."""
    d = covariance.shape[0]
    offset[0] = log(share) - 0.5 * d * LOG_2PI
    for i in range(d):
        left = covariance[i, i]
        for j in range(i if order == DENSE else 0):
            entry = covariance[i, j]
            for m in range(j):
                entry -= factor[i, m] * factor[j, m]
            entry *= factor[j, j]  # diagonals are kept inverted
            factor[i, j] = entry
            left -= entry * entry
        if not (left > least * covariance[i, i] * (order == DENSE) and left < np.inf):
            return False
        factor[i, i] = 1.0 / sqrt(left)
        offset[0] += log(factor[i, i])
    if order == DENSE:
        _invert(factor)
    return True


@inlined()
def _invert(factor):
    """Turn a lower triangle, with inverted diagonal, into its inverse transpose: the upper triangle."""
    d = factor.shape[0]
    for j in range(d):
        for i in range(j + 1, d):
            total = 0.0
            for m in range(j, i):
                total += factor[i, m] * factor[j, m]
            factor[j, i] = -total * factor[i, i]
    for i in range(d):
        for j in range(i):
            factor[i, j] = 0.0


@inlined()
def log_rho(x, n, mean, factor, offset, order, white, out):
    """``offset - |F^T (x - mean)|^2 / 2`` of all rows."""
    d = x.shape[0]
    if d == 2:
        _log_rho_of_two(x[0], x[1], n, mean, factor, offset, out)
        return
    for r in range(n):
        out[r] = offset
    for i in range(d):
        xi, at, scale = x[i], mean[i], factor[i, i]
        for r in range(n):
            white[r] = (xi[r] - at) * scale
        for j in range(i if order == DENSE else 0):
            xj, at, scale = x[j], mean[j], factor[j, i]
            for r in range(n):
                white[r] += (xj[r] - at) * scale
        for r in range(n):
            out[r] -= 0.5 * white[r] * white[r]


@inlined()
def _log_rho_of_two(first, second, n, mean, factor, offset, out):
    """The same for two columns, in one loop."""
    a, b, c, one, two = factor[0, 0], factor[0, 1], factor[1, 1], mean[0], mean[1]
    for r in range(n):
        u = first[r] - one
        v = u * b + (second[r] - two) * c
        u *= a
        out[r] = offset - 0.5 * (u * u + v * v)


@inlined()
def normalize(p, n, w, weighted, top, total):
    """Turn log rho (K, n) into weighted responsibilities in place: the log-likelihood."""
    k = p.shape[0]
    if k == 1:
        likelihood, first = 0.0, p[0]
        for r in range(n):
            likelihood += first[r] * w[r]
            first[r] = w[r]
        return likelihood
    if k == 2:
        _normalize_two(p[0], p[1], n, w, top, total)
    else:
        _normalize_many(p, n, w, top, total)
    likelihood = 0.0
    for r in range(n):
        likelihood += top[r] * w[r]
    return likelihood + (_weighted_logs(total, n, w) if weighted else _logs(total, n))


@inlined()
def _normalize_two(first, second, n, w, top, total):
    """Two components need one exponential: the larger one's is 1."""
    for r in range(n):
        a, b = first[r], second[r]
        top[r] = max(a, b)
        less = arithmetic.exp(-abs(a - b))
        total[r] = 1.0 + less
        unit = w[r] / total[r]
        first[r] = unit if a >= b else less * unit
        second[r] = less * unit if a >= b else unit


@inlined()
def _normalize_many(p, n, w, top, total):
    k = p.shape[0]
    for r in range(n):
        top[r] = max(p[0, r], p[1, r])
        total[r] = 0.0
    for c in range(2, k):
        pc = p[c]
        for r in range(n):
            top[r] = max(top[r], pc[r])
    for c in range(k):
        pc = p[c]
        for r in range(n):
            pc[r] = arithmetic.exp(pc[r] - top[r])
            total[r] += pc[r]
    for c in range(k):
        pc = p[c]
        for r in range(n):
            pc[r] *= w[r] / total[r]


@inlined()
def _logs(total, n):
    """Sum of logarithms, one a product of many."""
    found = 0.0
    for begin in range(0, n, TOGETHER):
        product = 1.0
        for r in range(begin, min(begin + TOGETHER, n)):
            product *= total[r]
        found += log(product)
    return found


@inlined()
def _weighted_logs(total, n, w):
    found = 0.0
    for r in range(n):
        found += w[r] * arithmetic.log(total[r])
    return found


@inlined()
def gather(x, n, p, weight, order, pooled, anchor, mass, mean, scatter):
    """Mass, mean and scatter of each component, first moments about an anchor: whether each holds rows.

    A trace stands in the first entry; pooled scatter is that of the first component.
    """
    k, d = mean.shape
    for c in range(k):
        for i in range(d):
            mean[c, i] = anchor[c, i]
            for j in range(i + 1):
                scatter[c, i, j] = 0.0
    for c in range(k):
        mass[c] = _center(x, n, p[c], weight, mean[c])
        if not mass[c] > EMPTY * weight:
            return False
        _add_scatter(x, n, p[c], mean[c], order, scatter[0 if pooled else c])
    return True


@inlined()
def _center(x, n, p, weight, mean):
    """Move a mean to that of its rows; its mass."""
    mass = 0.0
    for r in range(n):
        mass += p[r]
    if mass > EMPTY * weight:
        for i in range(x.shape[0]):
            xi, at, total = x[i], mean[i], 0.0
            for r in range(n):
                total += p[r] * (xi[r] - at)
            mean[i] = at + total / mass
    return mass


@inlined()
def _add_scatter(x, n, p, mean, order, scatter):
    """Add the second moment about the mean at its order; a trace stands in the first entry."""
    d = x.shape[0]
    for i in range(d):
        xi, at = x[i], mean[i]
        for j in range(i if order == DENSE else 0):
            xj, beside, total = x[j], mean[j], 0.0
            for r in range(n):
                total += p[r] * (xi[r] - at) * (xj[r] - beside)
            scatter[i, j] += total
        total = 0.0
        for r in range(n):
            total += p[r] * (xi[r] - at) * (xi[r] - at)
        entry = 0 if order == TRACE else i
        scatter[entry, entry] += total
