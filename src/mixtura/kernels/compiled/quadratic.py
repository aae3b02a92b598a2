"""More features: log densities and sums as two large products a tile, with what BLAS loses done about the means.

``log rho = Theta phi(x)`` and ``sums = phi R^T`` with the features of `mixtura.kernels.features`, built a chunk at a
time so that a tile stays in a core's cache at any number of features. Components that would lose digits (`sharp`), and
tiles whose responsibilities are concentrated on few components, go through `centered` instead.
"""

from __future__ import annotations

import numpy as np

from mixtura.kernels.compiled import centered
from mixtura.kernels.compiled.jit import inlined
from mixtura.kernels.compiled.tiles import WIDTH, answer, load, measure, normalize, tally

# What the quadratic features are: of one dense whitening none are needed.
TRACE, DIAGONAL, DENSE, LINEAR = 0, 1, 2, 3
# A tile is concentrated when this share of its responsibilities matters at most.
CONCENTRATED = 0.25


def sweep(
    rows, weight, origin, inverse, form, theta, shared, chunks, sharp, means, factor, offset, floor,
    anchor, sums, pooled, stores, second, totals, answers, measures,
):  # fmt: skip
    """One pass over a block: what is asked for by arrays that have rows.

    Parameters
    ----------
    rows, weight, origin, inverse, floor, totals, answers, measures
        As in `fused.sweep`.
    form : int
    theta : array of shape (P, K)
        Coefficients of the features.
    shared : array of shape (D, D) or (0, 0)
        The one dense whitening of the linear form, transposed.
    chunks : array of shape (C + 1,)
        Quadratic features belong to columns i; a chunk is those of ``chunks[c] <= i < chunks[c + 1]``.
    sharp : array of shape (S,)
        Components that are whitened about their means.
    means, offset : arrays of shape (K, D) and (K,)
    factor : array of shape (S, D, D) or (S, 1, D)
        Whitening of the sharp components, transposed.
    anchor : array of shape (K, D)
    sums : array of shape (P, K) or (0, 0)
        Sums of the features about the frame's origin, added to.
    pooled : array of shape (D, D) or (0, 0)
        Second moment of all rows about the frame's origin, added to; for the linear form.
    stores : tuple of arrays
        As `centered.put` takes them.
    second : array of shape (K, D, D) or (K, 1, D)
        Second moments about the anchor of what went through the stores, added to.
    """
    k, d = means.shape
    x, white, w = np.empty((d, WIDTH)), np.empty((d, WIDTH)), np.empty(WIDTH)
    v, part = np.empty((k, WIDTH)), np.empty((k, WIDTH))
    phi = np.empty((_most_features(form, d, chunks), WIDTH))
    product, square = np.empty((len(phi), k)), np.empty((len(pooled), len(pooled)))
    noise, log_density, common = np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH)
    for begin in range(0, len(rows), WIDTH):
        n = min(WIDTH, len(rows) - begin)
        load(rows, weight, origin, inverse, begin, n, x, w)
        _clear(x, w, noise, n)
        _whiten(x, form, shared, white, common)
        _log_rho(white, form, theta, chunks, phi, part, v)
        if floor > -np.inf:
            _add_common(v, common)
        centered.log_rho(x, sharp, means, factor, offset, n, v)
        normalize(v, n, floor, common, noise, log_density)
        tally(w, n, noise, log_density, totals)
        if len(sums) > 0:
            _weigh(v, w, n)
            if len(pooled) > 0:
                _add_pooled(x, w, noise, white, square, pooled)
            whole = form == LINEAR or centered.count(v, n) > CONCENTRATED * n * k
            _put(x, v, n, sharp, whole, anchor, stores, second)
            if whole:
                _add_products(x, v, form, chunks, phi, product, sums)
        if len(answers[0]) > 0:
            answer(v, begin, n, noise, log_density, answers)
            measure(v, w, begin, n, noise, measures)
    if len(sums) > 0:
        centered.empty(stores, second)


@inlined()
def _most_features(form, d, chunks):
    """The largest number of features in a chunk; the first also holds 1 and x."""
    most = 1 + d
    for c in range(len(chunks) - 1):
        most = max(most, _n_features(form, d, chunks[c], chunks[c + 1], c == 0))
    return most


@inlined()
def _n_features(form, d, first, last, with_rows):
    count = 1 + d if with_rows else 0
    if form == DENSE:
        return count + (last - first) * d - (last * (last - 1) - first * (first - 1)) // 2
    return count + last - first


@inlined()
def _clear(x, w, noise, n):
    """Products run over whole tiles: beyond the last row all is 0."""
    for b in range(n, WIDTH):
        w[b] = 0.0
        noise[b] = 0.0
        for j in range(len(x)):
            x[j, b] = 0.0


@inlined()
def _whiten(x, form, shared, white, common):
    """The rows whose features are taken, and what the components' log rho share.

    In the linear form that is -1/2 the squared length of the whitened row. It is added last, for far out it would
    swallow the differences between components.
    """
    for b in range(WIDTH):
        common[b] = 0.0
    if form != LINEAR:
        for j in range(len(x)):
            for b in range(WIDTH):
                white[j, b] = x[j, b]
        return
    np.dot(shared, x, white)
    for j in range(len(x)):
        for b in range(WIDTH):
            common[b] -= 0.5 * white[j, b] * white[j, b]


@inlined()
def _features(x, form, first, last, with_rows, phi):
    """Fill phi with one chunk of the features of x; their number."""
    d, p = len(x), 0
    if with_rows:
        for b in range(WIDTH):
            phi[0, b] = 1.0
        for j in range(d):
            for b in range(WIDTH):
                phi[1 + j, b] = x[j, b]
        p = 1 + d
    for i in range(first, last):
        for j in range(i, d if form == DENSE else i + 1):
            for b in range(WIDTH):
                phi[p, b] = x[i, b] * x[j, b]
            p += 1
    if form == TRACE:
        for i in range(1, d):
            for b in range(WIDTH):
                phi[p - 1, b] += x[i, b] * x[i, b]
    return p


@inlined()
def _log_rho(x, form, theta, chunks, phi, part, v):
    p = 0
    for c in range(len(chunks) - 1):
        count = _features(x, form, chunks[c], chunks[c + 1], c == 0, phi)
        np.dot(theta[p : p + count].T, phi[:count], part)
        for k in range(len(v)):
            for b in range(WIDTH):
                v[k, b] = part[k, b] if c == 0 else v[k, b] + part[k, b]
        p += count


@inlined()
def _add_common(v, common):
    """Next to a floor, log rho has to be whole."""
    for k in range(len(v)):
        for b in range(WIDTH):
            v[k, b] += common[b]
    for b in range(WIDTH):
        common[b] = 0.0


@inlined()
def _weigh(v, w, n):
    for k in range(len(v)):
        for b in range(n):
            v[k, b] *= w[b]
        for b in range(n, WIDTH):
            v[k, b] = 0.0


@inlined()
def _put(x, v, n, sharp, whole, anchor, stores, second):
    """Gather a tile for its sharp components, which leave the products, or for all where it is concentrated."""
    for s in range(len(sharp) if whole else len(v)):
        k = sharp[s] if whole else s
        centered.put(x, v[k], n, k, anchor, stores, second)
        for b in range(n):
            v[k, b] = 0.0


@inlined()
def _add_products(x, v, form, chunks, phi, product, sums):
    p, count = 0, len(phi)
    for c in range(len(chunks) - 1):
        if len(chunks) > 2 or form == LINEAR:  # a single chunk is still there, unless of whitened rows
            count = _features(x, form, chunks[c], chunks[c + 1], c == 0, phi)
        np.dot(phi[:count], v.T, product[:count])
        for i in range(count):
            for k in range(len(v)):
                sums[p + i, k] += product[i, k]
        p += count


@inlined()
def _add_pooled(x, w, noise, pushed, square, pooled):
    for i in range(len(x)):
        for b in range(WIDTH):
            pushed[i, b] = x[i, b] * w[b] * (1.0 - noise[b])
    np.dot(pushed, x.T, square)
    for i in range(len(x)):
        for j in range(len(x)):
            pooled[i, j] += square[i, j]
