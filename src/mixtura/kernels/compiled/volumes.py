"""Own volumes of one shape, compiled: Newton's method on log volumes, as in `mixtura.covariance.volumes`.

The objective ``1/2 mass log |S|``, ``S = sum_k e^(-t_k) W_k`` with log volumes t of mean zero, is convex, so whatever
climbs to its end ends at the same maximum.
"""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np

from mixtura.density import LOG_2PI
from mixtura.kernels.compiled.jit import inlined
from mixtura.kernels.compiled.passes import DENSE, SINGULAR, factorize

# Newton's method takes two or three steps from the last volumes; the cap is for scatter without an optimum.
MAX_STEPS = 100
# The largest change of a log volume in one step, and the largest fall of one from where it began.
LONGEST, ENDLESS = 4.0, 60.0
# The change of a log volume after which, by quadratic convergence, the next would be near rounding.
LAST = 1e-6
# Gains below this share of the mass are below anything that rounding leaves.
NOTHING = 1e-30
# A step this short gains for certain, though rounding may hide it.
NEAR = 1e-2
TINY = float(np.finfo(np.float64).tiny)


@inlined()
def equal_shape(dense, mass, scatter, logs, fresh):
    """``Sigma_k = e^(t_k) C`` in place of scatter: whether there is a maximum. Log volumes start from `logs`."""
    k, d = len(mass), scatter.shape[1]
    if fresh and not _from_traces(mass, scatter, logs):
        return False
    parts, shares, shape = np.empty((k, d * (d + 1) // 2 if dense else d)), np.empty(k), np.zeros((d, d))
    step, trial, first = np.empty(k), np.empty(k), np.empty(k)
    level = _whiten(dense, mass, scatter, logs, parts, shares, shape)
    for c in range(k):
        first[c] = logs[c]
    before = np.inf
    for _ in range(MAX_STEPS):
        if not np.isfinite(level):
            return False
        gain, longest, total = _newton(mass, d, parts, shares, step)
        if not gain >= NOTHING * total or (longest < NEAR and gain > 0.25 * before):
            break
        length, found = min(1.0, LONGEST / longest), False
        while not found and length * gain > NOTHING * total:
            for c in range(k):
                trial[c] = logs[c] + length * step[c]
            reached = _whiten(dense, mass, scatter, trial, parts, shares, shape)
            found = longest < NEAR or 0.5 * total * (reached - level) <= -1e-4 * length * gain
            length *= 0.5
        if not found:
            level = _whiten(dense, mass, scatter, logs, parts, shares, shape)
            break
        for c in range(k):
            logs[c] = trial[c]
        level, before = reached, gain
        if longest < LAST:
            break
    return np.isfinite(level) and _put(dense, mass, first, logs, shares, scatter, shape)


@inlined()
def _from_traces(mass, scatter, logs):
    """Log volumes of round components: whether each has scatter."""
    for c in range(len(mass)):
        trace = 0.0
        for i in range(scatter.shape[1]):
            trace += scatter[c, i, i]
        if not trace > 0.0:
            return False
        logs[c] = log(trace / mass[c])
    return True


@inlined()
def _whiten(dense, mass, scatter, logs, parts, shares, shape):
    """``log |S|``, NaN where it is singular; S in `shape`, its parts whitened by S, a row each, and their traces.

    The log volumes are moved to mean zero first: a factor common to all changes nothing.
    """
    k, d = len(mass), scatter.shape[1]
    mean, total, level = 0.0, 0.0, 0.0
    for c in range(k):
        mean, total = mean + mass[c] * logs[c], total + mass[c]
    for i in range(d):
        for j in range(0 if dense else i, i + 1):
            shape[i, j] = 0.0
    for c in range(k):
        logs[c] -= mean / total
        shares[c] = exp(-logs[c])
        for i in range(d):
            for j in range(0 if dense else i, i + 1):
                shape[i, j] += shares[c] * scatter[c, i, j]
    if dense:
        return _whiten_dense(scatter, parts, shares, shape)
    for i in range(d):
        if not shape[i, i] > 0.0:
            return np.nan
        level += log(shape[i, i])
    for c in range(k):
        share = 0.0
        for i in range(d):
            parts[c, i] = shares[c] * scatter[c, i, i] / shape[i, i]
            share += parts[c, i]
        shares[c] = max(share, TINY)
    return level


@inlined()
def _whiten_dense(scatter, parts, shares, shape):
    """The same of matrices; `shares` holds ``e^(-t_k)`` at first. Entries beside the diagonal count twice."""
    k, d = len(shares), len(shape)
    factor, offset, half = np.zeros((d, d)), np.empty(1), np.empty(d)
    if not factorize(1.0, shape, DENSE, SINGULAR * d, factor, offset):
        return np.nan
    for c in range(k):
        share, place = 0.0, 0
        for j in range(d):
            for i in range(d):
                half[i] = 0.0
                for m in range(j + 1):
                    entry = scatter[c, i, m] if m <= i else scatter[c, m, i]
                    half[i] += entry * factor[m, j]
            for i in range(j + 1):
                entry = 0.0
                for m in range(i + 1):
                    entry += factor[m, i] * half[m]
                entry *= shares[c]
                parts[c, place] = entry if i == j else sqrt(2.0) * entry
                share += entry if i == j else 0.0
                place += 1
        shares[c] = max(share, TINY)
    return -2.0 * offset[0] - d * LOG_2PI


@inlined()
def _newton(mass, d, parts, shares, step):
    """Newton's step, twice the gain it promises, its longest entry, and the mass.

    In units of ``sqrt(shares)`` the eigenvalues of the Hessian lie in [0, 1]; the one 0 is the common factor, and is
    made 1 (see `mixtura.covariance.volumes`).
    """
    k = len(mass)
    hessian, gradient, total, whole = np.empty((k, k)), np.empty(k), 0.0, 0.0
    for c in range(k):
        total, whole = total + mass[c], whole + shares[c]
    half = 0.5 * total
    for c in range(k):
        unit = sqrt(shares[c])
        gradient[c] = half * (d * mass[c] / total - shares[c]) / unit
        for e in range(c + 1):
            inner = 0.0
            for i in range(parts.shape[1]):
                inner += parts[c, i] * parts[e, i]
            both = unit * sqrt(shares[e])
            hessian[c, e] = half * (both / whole - inner / both + (1.0 + 1e-12 if c == e else 0.0))
    _solve(hessian, gradient, step)
    gain, longest = 0.0, 0.0
    for c in range(k):
        gain += gradient[c] * step[c]
        step[c] = -step[c] / sqrt(shares[c])
        longest = max(longest, abs(step[c]))
    return gain, longest, total


@inlined()
def _solve(matrix, given, found):
    """Solve a positive definite system by Cholesky's factors, which take the matrix's place."""
    k = len(given)
    for i in range(k):
        for j in range(i + 1):
            entry = matrix[i, j]
            for m in range(j):
                entry -= matrix[i, m] * matrix[j, m]
            matrix[i, j] = sqrt(max(entry, 1e-300)) if i == j else entry / matrix[j, j]
        found[i] = given[i]
        for m in range(i):
            found[i] -= matrix[i, m] * found[m]
        found[i] /= matrix[i, i]
    for i in range(k - 1, -1, -1):
        for m in range(i + 1, k):
            found[i] -= matrix[m, i] * found[m]
        found[i] /= matrix[i, i]


@inlined()
def _put(dense, mass, first, logs, shares, scatter, shape):
    """The shape that the volumes imply, under the best volumes for it; whether none has shrunk without end."""
    d = len(shape)
    for c in range(len(mass)):
        if first[c] - logs[c] > ENDLESS:
            return False
        volume = exp(logs[c]) * shares[c] / (mass[c] * d)
        for i in range(d):
            for j in range(0 if dense else i, i + 1):
                scatter[c, i, j] = volume * shape[i, j]
    return True
