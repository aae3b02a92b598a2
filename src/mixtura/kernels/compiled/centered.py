"""About the means: rows are gathered for one component at a time and whitened, or summed, as differences from its mean.

No digits are lost however far a component lies from the origin. For sums it is also the shorter way where few
responsibilities of a row matter: only those rows are gathered.
"""

from __future__ import annotations

import numpy as np

from mixtura.kernels.compiled.jit import inlined

# Responsibilities below this, a component, add less than a rounding to a row's whole.
NEGLIGIBLE = 2.0**-53
# Up to so many features the sums of a store are taken one by one: for BLAS they are too small.
SHORT = 24
# Doubles between columns whose distance is a power of two, which would share few lines of the first cache.
PAD = 8


@inlined()
def log_rho(x, sharp, means, factor, offset, n, v):
    """``log rho`` of some components, into their rows of v, from x (D, width)."""
    if len(sharp) == 0:
        return
    d, width = x.shape
    diff, white, length = np.empty((d, width)), np.empty((d, width)), np.empty(width)
    for s in range(len(sharp)):
        k = sharp[s]
        for j in range(d):
            for b in range(width):
                diff[j, b] = x[j, b] - means[k, j]
        if factor.shape[1] == d:
            np.dot(factor[s], diff, white)
        else:
            for j in range(d):
                for b in range(width):
                    white[j, b] = factor[s, 0, j] * diff[j, b]
        for b in range(width):
            length[b] = 0.0
        for j in range(d):
            for b in range(width):
                length[b] += white[j, b] * white[j, b]
        for b in range(n):
            v[k, b] = offset[k] - 0.5 * length[b]


@inlined()
def share_out(v, n, scale):
    """Multiply the columns of v by a scale; how many of the responsibilities that makes are not negligible."""
    least, found = NEGLIGIBLE / len(v), 0
    for k in range(len(v)):
        for b in range(n):
            share = v[k, b] * scale[b]
            v[k, b] = share
            found += share > least
    return found


@inlined()
def put(rows, share, w, n, k, anchor, stores, second):
    """Put the rows (width, D) of a tile that matter to component k into its store; a full store is added up.

    `stores` are the differences from the anchor (K, CAPACITY, D), their weighted responsibilities (K, CAPACITY), how
    many there are (K,), and the mass and first moments (K, 1 + D) that were added up.
    """
    diffs, shares, held, _ = stores
    capacity, d = diffs.shape[1:]
    least = NEGLIGIBLE / len(anchor)
    for b in range(n):
        if share[b] > least:
            at = held[k]
            for j in range(d):
                diffs[k, at, j] = rows[b, j] - anchor[k, j]
            shares[k, at] = w[b] * share[b]
            held[k] = at + 1
            if at + 1 == capacity:
                _add_up(k, stores, second)


@inlined()
def empty(stores, second):
    """Add up what is left in all stores."""
    for k in range(len(second)):
        if stores[2][k] > 0:
            _add_up(k, stores, second)


@inlined()
def _add_up(k, stores, second):
    diffs, shares, held, first = stores
    n, d = held[k], diffs.shape[2]
    held[k] = 0
    columns, pushed = np.empty((d, n + PAD)), np.empty((d, n + PAD))
    for b in range(n):
        first[k, 0] += shares[k, b]
        for j in range(d):
            columns[j, b] = diffs[k, b, j]
    for j in range(d):
        total = 0.0
        for b in range(n):
            pushed[j, b] = shares[k, b] * columns[j, b]
            total += pushed[j, b]
        first[k, 1 + j] += total
    if second.shape[1] == d and d > SHORT:
        for j in range(d):
            for b in range(n, n + PAD):
                columns[j, b] = 0.0
                pushed[j, b] = 0.0
        product = np.dot(pushed, columns.T)
        for i in range(d):
            for j in range(d):
                second[k, i, j] += product[i, j]
    elif second.shape[1] == d:
        for i in range(d):
            _add_row(i, pushed[i], columns, n, second[k])
    else:
        for j in range(d):
            second[k, 0, j] += _dot(pushed[j], columns[j], n)


@inlined()
def _add_row(i, pushed, columns, n, second):
    """Add the products of one pushed column with the columns up to its own, four at a time, to both halves."""
    for first in range(0, i + 1, 4):
        a, b, c, d = first, min(first + 1, i), min(first + 2, i), min(first + 3, i)
        one, two, three, four = 0.0, 0.0, 0.0, 0.0
        for row in range(n):
            push = pushed[row]
            one += push * columns[a, row]
            two += push * columns[b, row]
            three += push * columns[c, row]
            four += push * columns[d, row]
        second[i, a] += one
        if b > a:
            second[i, b] += two
        if c > b:
            second[i, c] += three
        if d > c:
            second[i, d] += four
    for j in range(i):
        second[j, i] = second[i, j]


@inlined()
def _dot(a, b, n):
    total = 0.0
    for i in range(n):
        total += a[i] * b[i]
    return total
