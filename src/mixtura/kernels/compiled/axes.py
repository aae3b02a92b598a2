"""Common axes of covariances that differ in shape, compiled: starts and escapes, as `mixtura.covariance.orientation`.

There are local optima, so several starts are compared, and a stationary point is left for any turn within a plane of
two axes that gains.
"""

from __future__ import annotations

from math import cos, exp, log1p, pi, sin, sqrt

import numpy as np

from mixtura.kernels.compiled import arithmetic
from mixtura.kernels.compiled.eigen import jacobi
from mixtura.kernels.compiled.jit import inlined
from mixtura.kernels.compiled.models import EQUAL
from mixtura.kernels.compiled.passes import SINGULAR
from mixtura.kernels.compiled.rotation import Point, Problem, change, copy, copy_axes, descend, orthonormalize, place

# Gain, a unit of mass, for which a stationary point is left.
ESCAPE = 1e-9
# Angles tried within each plane; after a quarter turn the axes come back, exchanged.
ANGLES = np.arange(1, 16) * (pi / 32)
DOUBLE_SINES, DOUBLE_COSINES = np.sin(2.0 * ANGLES), np.cos(2.0 * ANGLES)
# Components whose own axes are starts, the heaviest; and how many starts are run to their ends, the best first.
HEAVIEST, BEST = 5, 8
# Room for all: of the sum and of the heaviest, the columns, those of one shape, those under one volume, and the last.
STARTS = HEAVIEST + 5
# Own volumes of one shape, which has its axes.
ONE_SHAPE = 9 + 3 * EQUAL + EQUAL
TINY = float(np.finfo(np.float64).tiny)


def nothing(rule, mass, scatter, before, axes, logs, fresh, shapes):
    """Stands for `estimate` where no family has common axes."""
    return False


def estimate(rule, mass, scatter, before, axes, logs, fresh, shapes):
    """Covariances of common axes in place of scatter: whether there are any. The axes before may be those after.

    From the axes before, the result is never worse; a `fresh` estimate runs several starts to their ends. `shapes`
    estimates the families of one shape.
    """
    k, d = len(mass), scatter.shape[1]
    factors, total = np.zeros((k, d, d)), 0.0
    for c in range(k):
        total += mass[c]
        if not _cholesky(scatter[c], factors[c]):
            return False
    room, starts = np.empty((6, d, d)), np.empty((STARTS, d, d))
    points = np.empty((3, d, d)), np.empty((3, k, d, d)), np.empty((3, k, d)), np.empty((3, k, d)), np.empty((3, k))
    point, trial, best = _point(points, 0), _point(points, 1), _point(points, 2)
    cross, ratios = np.empty((k, d, d)), np.empty((k, d))
    count = _principal_axes(mass, scatter, room, starts)
    if fresh:
        if not _shaped_axes(mass, scatter, axes, logs, shapes, starts[count:]):
            return False
        count += 2
    copy_axes(before, starts[count])
    # own volumes begin fresh with the axes under one volume besides
    for first in range(1 if fresh and rule >= 9 else 0, -1, -1):
        problem = Problem(mass, factors, total, rule < 9 or first == 1, cross, ratios, room)
        _explore(problem, starts, count, fresh, point, trial, best)
        copy_axes(best.axes, starts[count])
        count += 1
    _write(rule, mass, total, best, scatter, axes)
    return True


@inlined()
def _point(points, i):
    """A point at its place."""
    return Point(points[0][i], points[1][i], points[2][i], points[3][i], points[4][i])


@inlined()
def _cholesky(matrix, lower):
    """The lower triangular factor: whether every column keeps something of its variance beside those before it."""
    d = len(matrix)
    for i in range(d):
        for j in range(i + 1):
            entry = matrix[i, j]
            for m in range(j):
                entry -= lower[i, m] * lower[j, m]
            if i > j:
                lower[i, j] = entry / lower[j, j]
            elif entry > SINGULAR * d * matrix[i, i] and entry < np.inf:
                lower[i, i] = sqrt(entry)
            else:
                return False
    return True


@inlined()
def _principal_axes(mass, scatter, room, starts):
    """Axes of the summed scatter, and of that of the heaviest components: how many."""
    k, d = len(mass), scatter.shape[1]
    used = np.zeros(k)
    for start in range(1 + min(k, HEAVIEST)):
        chosen = -1
        for c in range(k if start > 0 else 0):
            if used[c] == 0.0 and (chosen < 0 or mass[c] > mass[chosen]):
                chosen = c
        for i in range(d):
            for j in range(i + 1):
                entry = 0.0
                for c in range(k if start == 0 else 0):
                    entry += scatter[c, i, j]
                room[0, i, j] = room[0, j, i] = entry if start == 0 else scatter[chosen, i, j]
        if start > 0:
            used[chosen] = 1.0
        jacobi(room[0], starts[start])
    return 1 + min(k, HEAVIEST)


@inlined()
def _shaped_axes(mass, scatter, axes, logs, shapes, starts):
    """The columns, and the axes of the family of one shape: whether it has a maximum.

    From the axes of a family within, a wider one is never the worse.
    """
    d = scatter.shape[1]
    shaped = scatter.copy()
    if not shapes(ONE_SHAPE, mass, shaped, axes, axes, logs, True):
        return False
    for i in range(d):
        for j in range(d):
            starts[0, i, j] = 1.0 if i == j else 0.0
            shaped[0, j, i] = shaped[0, max(i, j), min(i, j)]
    jacobi(shaped[0], starts[1])
    return True


@inlined()
def _start(problem, axes, point):
    """A point at these axes."""
    copy_axes(axes, point.axes)
    orthonormalize(point.axes)
    place(problem, point)


@inlined()
def _explore(problem, starts, count, fresh, point, trial, best):
    """The best point that the best starts lead to; or the last start does, unless a better rival leads elsewhere.

    The last start, after all others, is where axes stood before; there is none where the search is `fresh`.
    """
    levels, chosen, first = np.empty(count), count, 0 if fresh else 1
    if fresh:
        _start(problem, starts[0], best)
    for turn in range(min(count, BEST) if fresh else 2):
        if turn == first:
            for start in range(count):
                _start(problem, starts[start], point)
                levels[start] = change(problem, best, point)
        if turn >= first:
            chosen = 0
            for start in range(count):
                chosen = start if levels[start] < levels[chosen] else chosen
            if not fresh and not levels[chosen] < -ESCAPE * problem.total:
                break
            levels[chosen] = np.inf
        _start(problem, starts[chosen], point)
        _settle(problem, point, trial)
        if turn == 0 or change(problem, best, point) < 0.0:
            copy(point, best)


@inlined()
def _settle(problem, point, trial):
    """Move to a point that no small rotation improves, and no turn within a plane of two axes."""
    for _ in range(len(point.axes) + 1):
        descend(problem, point, trial)
        gain, left, right, angle = _best_turn(problem, point)
        if not gain < -ESCAPE * problem.total:
            break
        for m in range(len(point.axes)):
            one, two = point.axes[left, m], point.axes[right, m]
            point.axes[left, m] = cos(angle) * one + sin(angle) * two
            point.axes[right, m] = cos(angle) * two - sin(angle) * one
        place(problem, point)


@inlined()
def _best_turn(problem, point):
    """The turn within a plane that gains most: what it changes, its two axes, its angle.

    In units of the axes' lengths a turn changes ``d_i d_j = 1`` to ``1 - r^2 + r'^2``, where r is the off-diagonal
    entry ``(O^T W_k O)_ij`` and r' the turned one.
    """
    k, d = point.along.shape
    gains, turned = np.empty(len(ANGLES)), np.empty(len(ANGLES))
    best, left, right, angle = np.inf, 0, 0, 0.0
    for i in range(d):
        for j in range(i + 1, d):
            for a in range(len(ANGLES)):
                gains[a] = 0.0
            for c in range(k):
                entry = 0.0
                for m in range(d):
                    entry += point.roots[c, i, m] * point.roots[c, j, m]
                unit = 1.0 / sqrt(point.along[c, i] * point.along[c, j])
                r, skewness = entry * unit, 0.5 * (point.along[c, i] - point.along[c, j]) * unit
                left_over = max(1.0 - r * r, TINY)
                for a in range(len(ANGLES)):
                    now = r * DOUBLE_COSINES[a] - skewness * DOUBLE_SINES[a]
                    turned[a] = arithmetic.log(left_over + now * now)
                if problem.equal:
                    for a in range(len(ANGLES)):
                        turned[a] = arithmetic.exp(turned[a] / d) - 1.0  # far from where it would overflow
                for a in range(len(ANGLES)):
                    gains[a] += point.weights[c] * turned[a]
            for a in range(len(ANGLES)):
                if gains[a] < best:
                    best, left, right, angle = gains[a], i, j, ANGLES[a]
    if problem.equal:
        return 0.5 * problem.total * d * log1p(best / problem.total), left, right, angle
    return 0.5 * best, left, right, angle


@inlined()
def _write(rule, mass, total, best, scatter, axes):
    """The best variances along the axes, of own or equal volumes, as covariances."""
    k, d = best.along.shape
    volumes = 0.0
    for c in range(k):
        volume = 0.0
        for j in range(d):
            volume += best.logs[c, j] / d
        best.weights[c] = exp(volume)
        volumes += best.weights[c]
    for c in range(k):
        divisor = mass[c] if rule >= 9 else best.weights[c] * total / volumes
        for i in range(d):
            for j in range(i + 1):
                entry = 0.0
                for m in range(d):
                    entry += best.axes[m, i] * best.along[c, m] * best.axes[m, j]
                scatter[c, i, j] = entry / divisor
    copy_axes(best.axes, axes)
