"""The common axes of covariances that differ in shape: the global part, starts and escapes.

The axes are the common principal components of Flury (1984). The steps of Flury & Gautschi (1986) or Browne &
McNicholas (2014) lead to a stationary point of the M step's objective in many small steps; `rotation` does in few.
There are local optima, so several starts are compared, and a stationary point is left for any turn within a plane of
two axes that gains.
"""

from __future__ import annotations

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance.rotation import Point, Problem
from mixtura.covariance.volumes import equal_shape

# Gain, a unit of mass, for which a stationary point is left.
ESCAPE = 1e-9
# Angles tried within each plane; after a quarter turn the axes come back, exchanged.
ANGLES = np.arange(1, 16) * (np.pi / 32)
# Components whose own axes are starts, the heaviest.
HEAVIEST = 5
# Numbers held at a time while planes are searched.
CHUNK = 2**17
TINY = float(np.finfo(np.float64).tiny)


def common_axes(mass: Float, factors: Float, equal_volume: bool, previous: Float | None = None) -> tuple[Float, Float]:
    """The best common axes of several scatter matrices.

    Parameters
    ----------
    mass : array of shape (K,)
    factors : array of shape (K, D, D)
        Lower triangular L_k with scatter ``W_k = L_k L_k^T``: lengths of ``L_k^T O`` keep twice the digits of the
        diagonal of ``O^T W_k O``.
    equal_volume : bool
        Whether the covariances have one volume.
    previous : array of shape (D, D), optional
        Axes to start from. The result is never worse. Without them several starts are run to their ends.

    Returns
    -------
    axes : array of shape (D, D)
        Orthonormal columns.
    scatter : array of shape (K, D)
        ``(O^T W_k O)_jj``, positive.
    """
    problem = Problem(mass, factors, equal_volume)
    scatter = factors @ np.swapaxes(factors, 1, 2)
    if previous is None:
        axes = [*_principal_axes(mass, scatter), *_axes_of_narrower_families(mass, scatter, problem)]
        starts = sorted((problem.at(start) for start in axes), key=problem.level)
        best = min((_minimum(problem, start) for start in starts[: _n_starts(scatter.shape[1])]), key=problem.level)
        return best.axes, best.scatter
    best = _minimum(problem, problem.at(_orthonormal(previous)))
    rival = min((problem.at(axes) for axes in _principal_axes(mass, scatter)), key=problem.level)
    if problem.change(best, rival) < -ESCAPE * problem.total:
        best = _minimum(problem, rival)
    return best.axes, best.scatter


def _n_starts(n_features: int) -> int:
    """How many starts are run to their ends, the best first: a search takes a second where there are 200 columns."""
    return 8 if n_features <= 32 else 2


def _minimum(problem: Problem, point: Point) -> Point:
    """A point that no small rotation improves, and no turn within a plane of two axes."""
    for _ in range(len(point.axes) + 1):
        point = problem.descend(point)
        turned = problem.at(_turned(point.axes, *_best_turn(problem, point)))
        if problem.change(point, turned) >= -ESCAPE * problem.total:
            break
        point = turned
    return point


def _best_turn(problem: Problem, point: Point) -> tuple[int, int, float]:
    """The two axes and the angle whose turn gains most.

    In units of the axes' lengths a turn changes ``d_i d_j = 1`` to ``1 - r^2 + r'^2``, where r is the off-diagonal
    entry ``(O^T W_k O)_ij`` and r' the turned one.
    """
    left, right = np.triu_indices(len(point.axes), 1)
    units = point.roots / np.sqrt(point.scatter)[:, None, :]
    correlation = (np.swapaxes(units, 1, 2) @ units)[:, left, right]
    skewness = np.sinh(0.5 * (point.logs[:, left] - point.logs[:, right]))
    best, turn = np.inf, (0, 0, 0.0)
    for planes in np.array_split(np.arange(len(left)), 1 + correlation.size * len(ANGLES) // CHUNK):
        r = correlation[:, planes, None]
        turned = r * np.cos(2.0 * ANGLES) - skewness[:, planes, None] * np.sin(2.0 * ANGLES)
        gains = problem.gain(point, np.log(np.maximum(1.0 - r * r, TINY) + turned * turned))
        plane, angle = divmod(int(np.argmin(gains)), len(ANGLES))
        if gains[plane, angle] < best:
            best = float(gains[plane, angle])
            turn = (int(left[planes[plane]]), int(right[planes[plane]]), float(ANGLES[angle]))
    return turn


def _turned(axes: Float, left: int, right: int, angle: float) -> Float:
    """The axes with two of them turned within their plane."""
    turned = axes.copy()
    turned[:, left] = np.cos(angle) * axes[:, left] + np.sin(angle) * axes[:, right]
    turned[:, right] = np.cos(angle) * axes[:, right] - np.sin(angle) * axes[:, left]
    return turned


def _principal_axes(mass: Float, scatter: Float) -> Float:
    """Axes of the summed scatter, and of that of the heaviest components, stacked."""
    heaviest = np.argsort(-mass, kind="stable")[:HEAVIEST]
    return np.asarray(np.linalg.eigh(np.concatenate([scatter.sum(axis=0, keepdims=True), scatter[heaviest]]))[1])


def _axes_of_narrower_families(mass: Float, scatter: Float, problem: Problem) -> list[Float]:
    """Axes of the families that these contain: from them the wider family is never the worse one.

    They are the columns, the axes of one shape, and for own volumes the common axes under one volume.
    """
    axes = [np.eye(scatter.shape[1]), np.asarray(np.linalg.eigh(equal_shape(mass, scatter)[0])[1])]
    return axes if problem.equal_volume else [*axes, common_axes(mass, problem.factors, equal_volume=True)[0]]


def _orthonormal(axes: Float) -> Float:
    """Nearly orthonormal axes made so to rounding (one step of Newton's iteration for the polar factor)."""
    return np.asarray(1.5 * axes - 0.5 * axes @ (axes.T @ axes))
