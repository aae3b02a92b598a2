"""Volumes and shapes of covariances from their scatter, compiled: the rules of `mixtura.covariance`, in place.

A scatter (K, D, D) becomes the covariances of its family. Diagonal families, and those turned along their axes, have
their numbers on the diagonals. Each function says whether the maximum exists; where not, the ordinary way says why.
"""

from __future__ import annotations

from math import exp, log

import numpy as np

from mixtura.density import LOG_2PI
from mixtura.kernels.compiled.eigen import jacobi, turn
from mixtura.kernels.compiled.jit import inlined
from mixtura.kernels.compiled.models import EQUAL, NONE
from mixtura.kernels.compiled.passes import DENSE, SINGULAR, factorize
from mixtura.kernels.compiled.volumes import equal_shape


def estimate(rule, mass, scatter, before, axes, logs, fresh):
    """Covariances in place of scatter: whether there are any; common axes of own shapes are `axes.estimate`'s.

    `logs` holds log volumes to start from unless `fresh`, and then the new ones.
    """
    shape, orientation, own = rule // 3 % 3, rule % 3, rule >= 9
    d = scatter.shape[1]
    if shape == NONE:
        _round(own, mass, scatter)
        return True
    if orientation in (NONE, shape):
        return ruled(orientation != NONE, own, shape, mass, scatter, logs, fresh)
    vectors, along = np.empty(scatter.shape), np.empty(d)
    for c in range(len(mass)):
        mirror(scatter[c])
        jacobi(scatter[c], vectors[c])
    if not ruled(False, own, shape, mass, scatter, logs, fresh):
        return False
    for c in range(len(mass)):
        turn(scatter[c], vectors[c], along)
    return True


@inlined()
def mirror(matrix):
    """Copy the lower triangle to the upper."""
    for i in range(len(matrix)):
        for j in range(i):
            matrix[j, i] = matrix[i, j]


@inlined()
def ruled(dense, own, shape, mass, scatter, logs, fresh):
    """Volume and shape: own or equal volumes, of own or equal shapes."""
    if shape == EQUAL:
        if own:
            return equal_shape(dense, mass, scatter, logs, fresh)
        _one(dense, mass, scatter)
        return True
    if own:
        for c in range(len(mass)):
            _scale(dense, 1.0 / mass[c], scatter[c])
        return True
    return _equal_volume(dense, mass, scatter)


@inlined()
def _scale(dense, factor, matrix):
    """Multiply a diagonal, or a lower triangle."""
    for i in range(len(matrix)):
        for j in range(i if dense else 0):
            matrix[i, j] *= factor
        matrix[i, i] *= factor


@inlined()
def _round(own, mass, scatter):
    """Multiples of the identity from traces."""
    k, d = len(mass), scatter.shape[1]
    trace, total = 0.0, 0.0
    for c in range(k):
        trace, total = trace + scatter[c, 0, 0], total + mass[c]
    for c in range(k):
        variance = (scatter[c, 0, 0] / mass[c] if own else trace / total) / d
        for i in range(d):
            scatter[c, i, i] = variance


@inlined()
def _one(dense, mass, scatter):
    """One covariance for all: ``sum_k W_k / sum_k mass_k``."""
    k, d, total = len(mass), scatter.shape[1], 0.0
    for c in range(k):
        total += mass[c]
    for i in range(d):
        for j in range(0 if dense else i, i + 1):
            entry = 0.0
            for c in range(k):
                entry += scatter[c, i, j]
            for c in range(k):
                scatter[c, i, j] = entry / total


@inlined()
def _equal_volume(dense, mass, scatter):
    """``Sigma_k = v W_k / |W_k|^(1/D)`` with ``v = sum_k |W_k|^(1/D) / sum_k mass_k`` (Celeux & Govaert, 1995)."""
    k, d, total, top = len(mass), scatter.shape[1], 0.0, -np.inf
    logs = np.empty(k)
    factor, offset = np.zeros((d, d)), np.empty(1)
    for c in range(k):
        logs[c] = 0.0
        if dense:
            if not factorize(1.0, scatter[c], DENSE, SINGULAR * d, factor, offset):
                return False
            logs[c] = -2.0 * offset[0] / d - LOG_2PI
        for i in range(0 if dense else d):
            if not scatter[c, i, i] > 0.0:
                return False
            logs[c] += log(scatter[c, i, i]) / d
        total += mass[c]
        top = max(top, logs[c])
    volumes = 0.0
    for c in range(k):
        volumes += exp(logs[c] - top)
    for c in range(k):
        _scale(dense, exp(top + log(volumes / total) - logs[c]), scatter[c])
    return True
