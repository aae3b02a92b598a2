"""Common axes of covariances that differ in shape, compiled: the local part, Newton's method on rotations.

The objective, its gradient and its Hessian are those of `mixtura.covariance.rotation`. Axes are rows here, and so are
the roots ``L_k^T o_j`` of each of them.
"""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any, NamedTuple

import numpy as np

from mixtura.kernels.compiled.jit import inlined

MAX_STEPS = 200
# Squared length of the gradient, in units of the curvature and a unit of mass, below which a point is stationary, and
# below which the step that is taken is the last: the next would be below rounding.
STATIONARY, LAST = 1e-26, 1e-14
# A step that promises less than this is taken unless the objective rises by more than its rounding.
ROUNDING = 1e-11
# The longest step, in radians: beyond, the quadratic model means nothing.
LONGEST = 0.5


class Point(NamedTuple):
    """Axes (D, D), roots (K, D, D), the scatter along the axes (K, D), its logarithm, and the weights (K,)."""

    axes: Any
    roots: Any
    along: Any
    logs: Any
    weights: Any


class Problem(NamedTuple):
    """Masses (K,), factors (K, D, D) of the scatters, the mass of all, whether of one volume, and room.

    The room is for ``O^T W_k O`` (K, D, D), a number for each component and axis (K, D), and six matrices (6, D, D).
    """

    mass: Any
    factors: Any
    total: Any
    equal: Any
    cross: Any
    ratios: Any
    room: Any


@inlined()
def place(problem, point):
    """Complete a point from its axes."""
    k, d = point.along.shape
    for c in range(k):
        for j in range(d):
            length = 0.0
            for m in range(d):
                root = 0.0
                for i in range(m, d):
                    root += problem.factors[c, i, m] * point.axes[j, i]
                point.roots[c, j, m] = root
                length += root * root
            point.along[c, j] = length
            point.logs[c, j] = log(length)
        point.weights[c] = problem.mass[c]
    if problem.equal:
        _weigh(problem, point)


@inlined()
def _weigh(problem, point):
    """Weights in proportion to the volumes."""
    k, d = point.along.shape
    top, volumes = -np.inf, 0.0
    for c in range(k):
        mean = 0.0
        for j in range(d):
            mean += point.logs[c, j] / d
        point.weights[c] = mean
        top = max(top, mean)
    for c in range(k):
        point.weights[c] = exp(point.weights[c] - top)
        volumes += point.weights[c]
    for c in range(k):
        point.weights[c] *= problem.total / volumes


@inlined()
def change(problem, old, new):
    """New objective minus old, from the ratios of scatter: digits that a difference of levels would lose."""
    k, d = old.logs.shape
    found = 0.0
    for c in range(k):
        ratio = 0.0
        for j in range(d):
            ratio += new.logs[c, j] - old.logs[c, j]
        found += old.weights[c] * (expm1(ratio / d) if problem.equal else ratio)
    return 0.5 * problem.total * d * log1p(found / problem.total) if problem.equal else 0.5 * found


@inlined()
def descend(problem, point, trial):
    """Newton's method with a line search, to a stationary point; `trial` is room for another."""
    d, before = len(point.axes), np.inf
    step = problem.room[0]
    for _ in range(MAX_STEPS):
        slope = _curvature(problem, point) / problem.total
        if slope < STATIONARY or (slope < ROUNDING and slope > 0.25 * before):
            break
        promised, longest = _step(problem, point, min(0.1, sqrt(slope)))
        length, found = min(1.0, LONGEST / longest), False
        while not found and length * promised > STATIONARY * problem.total:
            _rotate(step, length, point.axes, trial.axes, problem.room[2])
            place(problem, trial)
            allowed = 1e-14 * d * problem.total if promised < ROUNDING * problem.total else -1e-4 * length * promised
            found = change(problem, point, trial) <= allowed
            length *= 0.5
        if not found:
            break
        copy(trial, point)
        before = slope
        if slope < LAST:
            break


@inlined()
def copy(source, target):
    """Copy a point."""
    k, d = source.along.shape
    for c in range(k):
        target.weights[c] = source.weights[c]
        for i in range(d):
            target.along[c, i] = source.along[c, i]
            target.logs[c, i] = source.logs[c, i]
            for j in range(d):
                target.roots[c, i, j] = source.roots[c, i, j]
    copy_axes(source.axes, target.axes)


@inlined()
def copy_axes(source, target):
    """Copy axes."""
    for i in range(len(source)):
        for j in range(len(source)):
            target[i, j] = source[i, j]


@inlined()
def _curvature(problem, point):
    """``O^T W_k O``, the gradient, the preconditioner and the symmetric part; the squared length of the gradient."""
    k, d = point.along.shape
    gradient, diagonal, symmetric = problem.room[1], problem.room[2], problem.room[3]
    for i in range(d):
        for j in range(d):
            gradient[i, j], diagonal[i, j] = 0.0, 1e-8 * problem.total
    for c in range(k):
        for i in range(d):
            for j in range(i + 1):
                entry = 0.0
                for m in range(d):
                    entry += point.roots[c, i, m] * point.roots[c, j, m]
                problem.cross[c, i, j] = problem.cross[c, j, i] = entry
                one, two = point.along[c, i], point.along[c, j]
                gradient[i, j] += point.weights[c] * entry / two
                gradient[j, i] += point.weights[c] * entry / one if i != j else 0.0
                diagonal[i, j] += point.weights[c] * (one - two) / one * ((one - two) / two)
    slope = 0.0
    for i in range(d):
        for j in range(i + 1):
            diagonal[j, i] = diagonal[i, j]
            one, two = gradient[i, j], gradient[j, i]
            symmetric[i, j] = symmetric[j, i] = 0.5 * (one + two)
            gradient[i, j], gradient[j, i] = one - two, two - one
            slope += (one - two) ** 2 / diagonal[i, j]
    return slope


@inlined()
def _apply(problem, point, skew, image):
    """The Hessian times a skew matrix."""
    k, d = point.along.shape
    symmetric, level = problem.room[3], 0.0
    for c in range(k):
        mean = 0.0
        for j in range(d):
            ratio = 0.0
            for m in range(d):
                ratio += problem.cross[c, j, m] * skew[m, j]
            ratio *= 2.0 / point.along[c, j]
            problem.ratios[c, j] = -ratio
            mean += ratio / d
        for j in range(d if problem.equal else 0):
            problem.ratios[c, j] += mean
        level += point.weights[c] * mean / problem.total
    for i in range(d):
        for j in range(d):
            entry = 0.0
            for m in range(d):
                entry -= symmetric[i, m] * skew[m, j]
            image[i, j] = entry
    for c in range(k):
        for j in range(d):
            weight = point.weights[c] / point.along[c, j]
            times = problem.ratios[c, j] - (level if problem.equal else 0.0)
            for i in range(d):
                entry = problem.cross[c, i, j] * times
                for m in range(d):
                    entry += problem.cross[c, i, m] * skew[m, j]
                image[i, j] += weight * entry
    for i in range(d):
        for j in range(i + 1):
            entry = image[i, j] - image[j, i]
            image[i, j], image[j, i] = entry, -entry


@inlined()
def _step(problem, point, tolerance):
    """Newton's step by conjugate gradients, ended early where the curvature turns negative: its promise and length.

    The preconditioner is the Hessian of matrices that commute.
    """
    d = len(point.axes)
    step, residual, diagonal = problem.room[0], problem.room[1], problem.room[2]
    direction, image = problem.room[4], problem.room[5]
    size, promised, longest = 0.0, 0.0, 0.0
    for i in range(d):
        for j in range(d):
            step[i, j], residual[i, j] = 0.0, -residual[i, j]
            direction[i, j] = residual[i, j] / diagonal[i, j]
            size += residual[i, j] * direction[i, j]
    target = size
    for turn in range(max(8, min(d * d // 2, 100))):
        _apply(problem, point, direction, image)
        curvature, scale = 0.0, 0.0
        for i in range(d):
            for j in range(d):
                curvature += direction[i, j] * image[i, j]
                scale += direction[i, j] ** 2 * diagonal[i, j]
        downward = curvature <= 1e-12 * scale
        if downward and turn > 0:
            break
        length, before, size = 1.0 if downward else size / curvature, size, 0.0
        promised += 0.5 * length * before
        for i in range(d):
            for j in range(d):
                step[i, j] += length * direction[i, j]
                residual[i, j] -= length * image[i, j]
                size += residual[i, j] ** 2 / diagonal[i, j]
        if downward or size <= tolerance**2 * target:
            break
        for i in range(d):
            for j in range(d):
                direction[i, j] = residual[i, j] / diagonal[i, j] + size / before * direction[i, j]
    for i in range(d):
        for j in range(d):
            longest = max(longest, abs(step[i, j]))
    return promised, longest


@inlined()
def _rotate(step, length, axes, turned, room):
    """Axes turned by ``exp(length step)`` to second order, and made orthonormal."""
    d = len(axes)
    for i in range(d):
        for j in range(d):
            entry = 0.0
            for m in range(d):
                entry += step[i, m] * step[m, j]
            room[i, j] = length * step[i, j] + 0.5 * length * length * entry
    for j in range(d):
        for m in range(d):
            entry = axes[j, m]
            for i in range(d):
                entry += room[i, j] * axes[i, m]
            turned[j, m] = entry
    orthonormalize(turned)


@inlined()
def orthonormalize(axes):
    """Gram and Schmidt's rows, of nearly orthonormal ones."""
    d = len(axes)
    for i in range(d):
        for j in range(i):
            inner = 0.0
            for m in range(d):
                inner += axes[i, m] * axes[j, m]
            for m in range(d):
                axes[i, m] -= inner * axes[j, m]
        length = 0.0
        for m in range(d):
            length += axes[i, m] * axes[i, m]
        for m in range(d):
            axes[i, m] /= sqrt(length)
