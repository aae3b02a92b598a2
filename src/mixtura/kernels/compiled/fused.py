"""Few features: whiten, normalize and accumulate a tile at once, about the means, with no product of features.

Every difference is taken from the component's own mean, so nothing cancels and no component needs a guard. The number
of features is a constant of the compiled code: the quadratic form unrolls into registers.
"""

from __future__ import annotations

import numpy as np

from mixtura.kernels.compiled.jit import inlined
from mixtura.kernels.compiled.tiles import answer, apply, load, measure, normalize, tally

# Rows a tile: what is kept of it stays in the first cache of a core.
WIDTH = 256


def sweep(
    rows, weight, origin, inverse, means, factor, offset, floor, columns, anchor, sums, totals, answers, measures
):
    """One pass over a block: what is asked for by arrays that have rows.

    Parameters
    ----------
    rows : array of shape (n, D), float32 or float64
    weight : array of shape (n,) or (0,)
    origin, inverse : arrays of shape (D,)
        The frame, with the inverse of its unit.
    means : array of shape (K, D)
    factor : array of shape (K, T)
        Dense whitening, ``y_i = sum_(j <= i) factor[T(i) + j] (x - mean)_j``, packed.
    offset : array of shape (K,)
    floor : float
        -inf for none.
    columns : tuple of D integers
        Its length is D, known when compiling.
    anchor : array of shape (K, D)
    sums : array of shape (K, 1 + D + T) or (0, 0)
        Mass, first and packed second moments about the anchor, added to.
    totals : array of shape (3,)
        Mass of the noise, log-likelihood, weight, added to.
    answers, measures : tuples of arrays
        As `tiles.answer` and `tiles.measure` take them.
    """
    d = len(columns)
    x, w = np.empty((d, WIDTH)), np.empty(WIDTH)
    v, pushed = np.empty((len(means), WIDTH)), np.empty((d + 1, WIDTH))
    noise, log_density, common = np.empty(WIDTH), np.empty(WIDTH), np.zeros(WIDTH)
    scale, entropy = np.empty(WIDTH), np.empty(WIDTH if len(measures[0]) > 0 else 0)
    for begin in range(0, len(rows), WIDTH):
        n = min(WIDTH, len(rows) - begin)
        load(rows, weight, origin, inverse, begin, n, x, w)
        _log_rho(x, means, factor, offset, columns, n, v)
        normalize(v, n, floor, common, noise, log_density, scale, entropy)
        tally(w, n, noise, log_density, totals)
        if len(sums) > 0:
            for b in range(n):
                scale[b] *= w[b]
            _accumulate(x, v, scale, anchor, columns, n, pushed, sums)
        if len(answers[0]) > 0:
            apply(v, n, scale)
            answer(v, begin, n, noise, log_density, answers)
            measure(v, w, begin, n, noise, entropy, measures)


@inlined()
def _log_rho(x, means, factor, offset, columns, n, v):
    for k in range(len(means)):
        mean, packed = means[k], factor[k]
        for b in range(n):
            length, p = 0.0, 0
            for i in range(len(columns)):
                white = 0.0
                for j in range(i + 1):
                    white += packed[p] * (x[j, b] - mean[j])
                    p += 1
                length += white * white
            v[k, b] = offset[k] - 0.5 * length


@inlined()
def _accumulate(x, v, scale, anchor, columns, n, pushed, sums):
    for k in range(len(anchor)):
        mean, into = anchor[k], sums[k]
        mass = 0.0
        for b in range(n):
            share = scale[b] * v[k, b]
            pushed[0, b] = share
            mass += share
        into[0] += mass
        p = 1 + len(columns)
        for i in range(len(columns)):
            first = 0.0
            for b in range(n):
                push = pushed[0, b] * (x[i, b] - mean[i])
                pushed[1, b] = push
                first += push
            into[1 + i] += first
            for j in range(0, i, 2):
                one, two = 0.0, 0.0
                for b in range(n):
                    one += pushed[1, b] * (x[j, b] - mean[j])
                    two += pushed[1, b] * (x[j + 1, b] - mean[j + 1])
                into[p + j] += one
                into[p + j + 1] += two
            if i % 2 == 0:
                one = 0.0
                for b in range(n):
                    one += pushed[1, b] * (x[i, b] - mean[i])
                into[p + i] += one
            p += i + 1
