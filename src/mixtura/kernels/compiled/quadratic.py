"""More features: log densities and sums as two large products a tile, with what BLAS loses done about the means.

``log rho = Theta phi(x)`` and ``sums = phi R^T`` with the features of `mixtura.kernels.features`, built a chunk at a
time so that a tile stays in a core's cache at any number of features. Components that would lose digits (`sharp`), and
tiles whose responsibilities are concentrated on few components, go through `centered` instead.
"""

from __future__ import annotations

import numpy as np

from mixtura.kernels.compiled import centered
from mixtura.kernels.compiled.jit import inlined
from mixtura.kernels.compiled.tiles import answer, apply, load, measure, normalize, tally

# What the quadratic features are: of one dense whitening none are needed.
TRACE, DIAGONAL, DENSE, LINEAR = 0, 1, 2, 3
# Rows a tile at most and at least, and how many responsibilities it may hold: products like wide tiles.
WIDEST, NARROWEST, TILE = 256, 64, 2**18
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
    width = tile_width(k)
    x, white, v = np.empty((d, width)), np.empty((d, width)), np.empty((k, width))
    part = np.empty((k if len(chunks) > 2 else 0, width))
    phi = np.empty((_most_features(form, d, chunks), width))
    product, square = np.empty((len(phi), k)), np.empty((len(pooled), len(pooled)))
    turned = np.empty((width, d))
    w, scale, common = np.empty(width), np.empty(width), np.empty(width)
    noise, log_density, entropy = np.empty(width), np.empty(width), np.empty(width if len(measures[0]) > 0 else 0)
    for begin in range(0, len(rows), width):
        n = min(width, len(rows) - begin)
        load(rows, weight, origin, inverse, begin, n, x, w)
        _clear(x, w, noise, n)
        _whiten(x, form, shared, white, common)
        _log_rho(white, form, theta, chunks, phi, part, v)
        if floor > -np.inf:
            _add_common(v, common)
        centered.log_rho(x, sharp, means, factor, offset, n, v)
        normalize(v, n, floor, common, noise, log_density, scale, entropy)
        tally(w, n, noise, log_density, totals)
        active = centered.share_out(v, n, scale)
        if len(sums) > 0:
            if len(pooled) > 0:
                _add_pooled(x, w, noise, white, square, pooled)
            whole = form == LINEAR or active > CONCENTRATED * n * k
            _put(x, turned, v, w, n, sharp, whole, anchor, stores, second)
            if whole:
                _weigh(v, w, n, len(weight) > 0)
                _add_products(x, v, form, chunks, phi, product, sums)
        if len(answers[0]) > 0:
            answer(v, begin, n, noise, log_density, answers)
            measure(v, w, begin, n, noise, entropy, measures)
    if len(sums) > 0:
        centered.empty(stores, second)


def add_about(sums, anchor, second):
    """Add dense second moments about an anchor to `second` (K, D, D), from sums of features about the frame's origin.

    ``sum (x - a)(x - a)^T = sum x x^T - a f^T - f a^T + m a a^T`` with the first moments f and masses m.
    """
    k, d = anchor.shape
    p = 1 + d
    for i in range(d):
        for j in range(i, d):
            for c in range(k):
                moved = sums[0, c] * anchor[c, i] - sums[1 + i, c]
                value = sums[p, c] + moved * anchor[c, j] - anchor[c, i] * sums[1 + j, c]
                second[c, i, j] += value
                if i != j:
                    second[c, j, i] += value
            p += 1


@inlined()
def tile_width(n_components):
    """Rows a tile: its responsibilities stay in the second cache of a core."""
    width = WIDEST
    while width > NARROWEST and width * n_components > TILE:
        width //= 2
    return width


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
    for b in range(n, len(w)):
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
    width = len(common)
    for b in range(width):
        common[b] = 0.0
    if form != LINEAR:
        for j in range(len(x)):
            for b in range(width):
                white[j, b] = x[j, b]
        return
    np.dot(shared, x, white)
    for j in range(len(x)):
        for b in range(width):
            common[b] -= 0.5 * white[j, b] * white[j, b]


@inlined()
def _features(x, form, first, last, with_rows, phi):
    """Fill phi with one chunk of the features of x; their number."""
    d, width = x.shape
    p = 0
    if with_rows:
        for b in range(width):
            phi[0, b] = 1.0
        for j in range(d):
            for b in range(width):
                phi[1 + j, b] = x[j, b]
        p = 1 + d
    for i in range(first, last):
        for j in range(i, d if form == DENSE else i + 1):
            for b in range(width):
                phi[p, b] = x[i, b] * x[j, b]
            p += 1
    if form == TRACE:
        for i in range(1, d):
            for b in range(width):
                phi[p - 1, b] += x[i, b] * x[i, b]
    return p


@inlined()
def _log_rho(x, form, theta, chunks, phi, part, v):
    p = 0
    for c in range(len(chunks) - 1):
        count = _features(x, form, chunks[c], chunks[c + 1], c == 0, phi)
        if c == 0:
            np.dot(theta[:count].T, phi[:count], v)
        else:
            np.dot(theta[p : p + count].T, phi[:count], part)
            for k in range(len(v)):
                for b in range(v.shape[1]):
                    v[k, b] += part[k, b]
        p += count


@inlined()
def _add_common(v, common):
    """Next to a floor, log rho has to be whole."""
    for k in range(len(v)):
        for b in range(len(common)):
            v[k, b] += common[b]
    for b in range(len(common)):
        common[b] = 0.0


@inlined()
def _weigh(v, w, n, weighted):
    """Products run over whole tiles: beyond the last row responsibilities are 0."""
    if weighted:
        apply(v, n, w)
    for k in range(len(v)):
        for b in range(n, v.shape[1]):
            v[k, b] = 0.0


@inlined()
def _put(x, turned, v, w, n, sharp, whole, anchor, stores, second):
    """Gather a tile for its sharp components, which leave the products, or for all where it is concentrated."""
    if whole and len(sharp) == 0:
        return
    for b in range(n):
        for j in range(len(x)):
            turned[b, j] = x[j, b]
    for s in range(len(sharp) if whole else len(v)):
        k = sharp[s] if whole else s
        centered.put(turned, v[k], w, n, k, anchor, stores, second)
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
        for b in range(len(w)):
            pushed[i, b] = x[i, b] * w[b] * (1.0 - noise[b])
    np.dot(pushed, x.T, square)
    for i in range(len(x)):
        for j in range(len(x)):
            pooled[i, j] += square[i, j]
