"""What every form does to a tile of rows: read it into columns, normalize log densities, write the answers.

A tile is at most `width` rows, held as columns: a feature or a component in a row, so that inner loops run over rows.
"""

from __future__ import annotations

import numpy as np

from mixtura.kernels.compiled.arithmetic import SMALLEST, exp, log
from mixtura.kernels.compiled.jit import inlined


@inlined()
def load(rows, weight, origin, inverse, begin, n, x, w):
    """Rows ``begin`` to ``begin + n`` in frame coordinates as columns x (D, width), and their weights w (width,).

    Rows of weight 0 lie at the origin, so that nothing in their cells can matter.
    """
    for j in range(x.shape[0]):
        for b in range(n):
            x[j, b] = (rows[begin + b, j] - origin[j]) * inverse[j]
    if len(weight) == 0:
        for b in range(n):
            w[b] = 1.0
        return
    for b in range(n):
        w[b] = weight[begin + b]
        if w[b] == 0.0:
            for j in range(x.shape[0]):
                x[j, b] = 0.0


@inlined()
def normalize(v, n, floor, common, noise, log_density, scale, entropy):
    """Turn ``log rho`` v (K, width), less a `common` part, into responsibilities but for a `scale` (width,).

    Fills the noise's responsibility, the log density, the scale and, where it has any length, the entropy of the
    responsibilities. A floor of -inf is no noise. A row that nothing reaches has log density -inf and no
    responsibilities.
    """
    top, total = np.empty(n), scale
    for b in range(n):
        top[b] = floor
    for k in range(len(v)):
        for b in range(n):
            value = v[k, b]
            top[b] = value if value > top[b] else top[b]
    for b in range(n):
        top[b] = top[b] if top[b] > -np.inf else 0.0
        noise[b] = exp(floor - top[b])
        total[b] = noise[b]
        if len(entropy) > 0:
            entropy[b] = noise[b] * max(floor - top[b], SMALLEST)
    for k in range(len(v)):
        if len(entropy) > 0:
            _exponentials_and_entropy(v[k], n, top, total, entropy)
        else:
            _exponentials(v[k], n, top, total)
    for b in range(n):
        reached = total[b] > 0.0
        whole = total[b] if reached else 1.0
        log_whole = log(whole)
        log_density[b] = top[b] + log_whole + common[b] if reached else -np.inf
        total[b] = 1.0 / whole
        if len(entropy) > 0:
            entropy[b] = log_whole - entropy[b] * total[b]
        noise[b] *= total[b]


@inlined()
def _exponentials(v, n, top, total):
    for b in range(n):
        v[b] = exp(v[b] - top[b])
        total[b] += v[b]


@inlined()
def _exponentials_and_entropy(v, n, top, total, entropy):
    """Also ``sum_k e^g g`` with ``g = log rho - top``: by a row's scale, its entropy less the log of its whole."""
    for b in range(n):
        gap = max(v[b] - top[b], SMALLEST)
        v[b] = exp(v[b] - top[b])
        total[b] += v[b]
        entropy[b] += v[b] * gap


@inlined()
def apply(v, n, scale):
    """Multiply the columns of v (K, width) by a scale (width,)."""
    for k in range(len(v)):
        for b in range(n):
            v[k, b] *= scale[b]


@inlined()
def tally(w, n, noise, log_density, totals):
    """Add the noise's mass, the log-likelihood and the weight of a tile to `totals` (3,)."""
    mass, value, weight = 0.0, 0.0, 0.0
    for b in range(n):
        mass += w[b] * noise[b]
        # a weight of 0 removes the row, whatever its density
        value += w[b] * log_density[b] if w[b] > 0.0 else 0.0
        weight += w[b]
    totals[0] += mass
    totals[1] += value
    totals[2] += weight


@inlined()
def answer(v, begin, n, noise, log_density, answers):
    """Write log densities, noise and responsibilities of a tile into their rows of the (n,), (n,) and (n, K) asked for.

    What is not asked for has no rows.
    """
    log_densities, noises, shares = answers
    for b in range(n):
        log_densities[begin + b] = log_density[b]
        noises[begin + b] = noise[b]
    if len(shares) > 0:
        for b in range(n):
            for k in range(len(v)):
                shares[begin + b, k] = v[k, b]


@inlined()
def measure(v, w, begin, n, noise, entropy, measures):
    """Write the largest responsibility (n,), its component (n,) and the entropy (n,) of a tile; add to mass (K,)."""
    largest, label, entropies, mass = measures
    if len(largest) == 0:
        return
    best, place = np.empty(n), np.empty(n)
    for b in range(n):
        best[b] = -1.0
        place[b] = 0.0
    for k in range(len(v)):
        held = 0.0
        for b in range(n):
            share = v[k, b]
            place[b] = float(k) if share > best[b] else place[b]
            best[b] = share if share > best[b] else best[b]
            held += w[b] * share
        mass[k] += held
    for b in range(n):
        largest[begin + b] = max(best[b], noise[b])
        label[begin + b] = int(place[b]) if best[b] >= noise[b] else -1
        entropies[begin + b] = entropy[b]
