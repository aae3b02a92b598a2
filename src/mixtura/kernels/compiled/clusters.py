"""Compiled k-means of the columns of one small data set: seeds far from each other, then Lloyd's passes.

Rows lie across memory: feature i of all rows is ``x[i]``, so that every inner loop runs over neighbors.
"""

from __future__ import annotations

from math import log

import numpy as np

from mixtura.kernels.compiled.jit import inlined

# Lloyd's passes at most, and the squared shift of all centers, in mean variances of a column, at which they rest:
# scikit-learn's figures.
LLOYD, REST = 300, 1e-4
# Runs of k-means for more than two clusters, of which the best is kept. Of 300 fits of three components in five
# columns 12, 3 and 1 ended lower than scikit-learn's with one, two and three; for two components more change nothing.
REPEATS = 2
# Sebastiano Vigna's splitmix64: a step and two multipliers.
STEP, FIRST, SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
A, B, C, E = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@inlined()
def draw(state):
    """A number in [0, 1) and one step of the generator whose state is `state[0]`."""
    state[0] += STEP
    z = state[0]
    z = (z ^ (z >> A)) * FIRST
    z = (z ^ (z >> B)) * SECOND
    return float((z ^ (z >> C)) >> E) * 2.0**-53


@inlined()
def copy(source, n, target):
    """Copy n numbers; a loop compiles in a tenth of the time that an assignment of slices takes."""
    for r in range(n):
        target[r] = source[r]


@inlined()
def distances(x, n, row, found):
    """Squared distances of all rows to one of them."""
    for i in range(x.shape[0]):
        xi, center = x[i], x[i, row]
        if i == 0:
            for r in range(n):
                found[r] = (xi[r] - center) * (xi[r] - center)
        else:
            for r in range(n):
                found[r] += (xi[r] - center) * (xi[r] - center)


@inlined()
def pick(shares, n, target):
    """The first row at which the running sum of shares exceeds `target`; the last of positive share if none does."""
    total, last = 0.0, 0
    for r in range(n):
        if shares[r] > 0.0:
            total += shares[r]
            last = r
            if total > target:
                return r
    return last


@inlined()
def seeds(x, n, w, centers, state, nearest, trial, best, shares):
    """Greedy k-means++: of a few rows drawn in proportion to their squared distance, the one that lowers it most."""
    d, k = centers.shape[1], centers.shape[0]
    total = 0.0
    for r in range(n):
        total += w[r]
    row = pick(w, n, draw(state) * total)
    for i in range(d):
        centers[0, i] = x[i, row]
    distances(x, n, row, nearest)
    for c in range(1, k):
        total = 0.0
        for r in range(n):
            shares[r] = nearest[r] * w[r]
            total += shares[r]
        least, chosen = np.inf, 0
        for _ in range(2 + int(log(k))):
            row = pick(shares, n, draw(state) * total)
            distances(x, n, row, trial)
            left = 0.0
            for r in range(n):
                trial[r] = min(trial[r], nearest[r])
                left += trial[r] * w[r]
            if left < least:
                least, chosen = left, row
                copy(trial, n, best)
        copy(best, n, nearest)
        for i in range(d):
            centers[c, i] = x[i, chosen]


@inlined()
def assign(x, n, centers, label, best, trial):
    """The nearest center of every row, the first of equals: the largest ``c x - |c|^2 / 2``."""
    for c in range(centers.shape[0]):
        half = 0.0
        for i in range(x.shape[0]):
            half -= 0.5 * centers[c, i] * centers[c, i]
        for i in range(x.shape[0]):
            xi, at = x[i], centers[c, i]
            if i == 0:
                for r in range(n):
                    trial[r] = xi[r] * at + half
            else:
                for r in range(n):
                    trial[r] += xi[r] * at
        if c == 0:
            copy(trial, n, best)
            for r in range(n):
                label[r] = 0
        else:
            for r in range(n):
                label[r] = c if trial[r] > best[r] else label[r]
                best[r] = max(trial[r], best[r])


@inlined()
def move(x, n, w, centers, label, share):
    """Put the centers at the means of their rows: the sum of squared shifts, or infinity where one has no row."""
    shift = 0.0
    for c in range(centers.shape[0]):
        mass = 0.0
        for r in range(n):
            share[r] = w[r] if label[r] == c else 0.0
            mass += share[r]
        if not mass > 0.0:
            return np.inf
        for i in range(x.shape[0]):
            xi, total = x[i], 0.0
            for r in range(n):
                total += share[r] * xi[r]
            step = total / mass - centers[c, i]
            centers[c, i] += step
            shift += step * step
    return shift


@inlined()
def settle(x, n, w, variance, centers, label, best, trial, share):
    """Lloyd's passes from given centers, and how well they fit; -inf where one has lost its rows.

    Up to a constant and a factor that is minus the sum of squared distances.
    """
    for _ in range(LLOYD):
        assign(x, n, centers, label, best, trial)
        shift = move(x, n, w, centers, label, share)
        if shift == np.inf:
            return -np.inf
        if shift <= REST * variance:
            break
    assign(x, n, centers, label, best, trial)
    fit = 0.0
    for r in range(n):
        fit += w[r] * best[r]
    return fit


@inlined()
def kmeans(x, n, w, variance, centers, kept, state, label, nearest, trial, best, shares):
    """Labels of the rows by k-means: whether every cluster has kept rows. `variance` is the mean over columns."""
    k, d, top = centers.shape[0], centers.shape[1], -np.inf
    times = REPEATS if k > 2 else 1
    for _ in range(times):
        seeds(x, n, w, centers, state, nearest, trial, best, shares)
        fit = settle(x, n, w, variance, centers, label, best, trial, shares)
        if fit > top:
            top = fit
            for c in range(k):
                copy(centers[c], d, kept[c])
    if times > 1 and top > -np.inf:
        assign(x, n, kept, label, best, trial)
    return top > -np.inf
