"""The common axes of covariances that differ in shape: common principal components.

With orthonormal axes O and ``d_kj = (O^T W_k O)_jj`` the best variances along the axes are ``d_kj / mass_k`` (own
volumes) or, with one volume, proportional to ``d_kj / p_k``, ``p_k = prod_j d_kj^(1/D)``. Put in, what is left to
minimize over O is

    own volumes   1/2 sum_k mass_k sum_j log d_kj
    one volume    1/2 mass D log sum_k p_k

(Flury, 1984; Celeux & Govaert, 1995). Both change to first order by ``1/2 sum_k w_k sum_j (change of d_kj) / d_kj``,
with weights w_k = mass_k or ``mass p_k / sum p``, so one Newton method on rotations serves both: conjugate gradients
with the Hessian of commuting matrices as preconditioner, and no step uphill. A stationary point is left for any turn
within a plane of two axes that gains, and several starts are compared, for there are local optima. The steps of
Browne & McNicholas (2014) or Flury & Gautschi (1986) end at stationary points too, after many more passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mixtura.arrays import Float

MAX_STEPS = 200
# Squared length of the gradient, in units of the curvature and a unit of mass, below which a point is stationary.
STATIONARY = 1e-20
# A step that promises less than this is taken unless the objective rises by more than its rounding.
ROUNDING = 1e-11
# The longest step, in radians: beyond, the quadratic model means nothing.
LONGEST = 0.5
# Gain, a unit of mass, for which a stationary point is left.
ESCAPE = 1e-9
# Angles tried within each plane; axes come back, exchanged, after a quarter turn.
ANGLES = np.arange(1, 16) * (np.pi / 32)
# Starts compared when none is given: the axes of the sum, and of this many components.
STARTS = 8


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
    problem = _Problem(mass, factors, equal_volume)
    starts = sorted((problem.at(axes) for axes in _principal_axes(factors)), key=problem.level)
    if previous is None:
        best = min((problem.minimize(start) for start in starts[:STARTS]), key=problem.level)
    else:
        best = problem.minimize(problem.at(_orthonormal(previous)))
        if problem.change(best, starts[0]) < -ESCAPE * mass.sum():
            best = problem.minimize(starts[0])
    return best.axes, best.scatter


@dataclass(frozen=True)
class _Point:
    """Axes O, the roots ``L_k^T O``, the scatter d along the axes, its logarithm, and the weights w."""

    axes: Float
    roots: Float
    scatter: Float
    logs: Float
    weights: Float


@dataclass(frozen=True)
class _Problem:
    """The objective over orthonormal axes, up to a constant."""

    mass: Float
    factors: Float
    equal_volume: bool

    @cached_property
    def total(self) -> float:
        """Mass of all components."""
        return float(self.mass.sum())

    def at(self, axes: Float) -> _Point:
        """The point at some axes."""
        roots = np.swapaxes(self.factors, 1, 2) @ axes
        scatter = (roots * roots).sum(axis=1)
        logs = np.log(scatter)
        return _Point(axes, roots, scatter, logs, self._weights(logs))

    def _weights(self, logs: Float) -> Float:
        if not self.equal_volume:
            return self.mass
        means = logs.mean(axis=1)
        volumes = np.exp(means - means.max())
        return np.asarray(self.total * volumes / volumes.sum())

    def level(self, point: _Point) -> float:
        """The objective, for ranking starts."""
        if not self.equal_volume:
            return float(0.5 * self.mass @ point.logs.sum(axis=1))
        return float(0.5 * self.total * point.logs.shape[1] * np.logaddexp.reduce(point.logs.mean(axis=1)))

    def change(self, old: _Point, new: _Point) -> float:
        """New objective minus old, from the ratios of scatter: digits that the difference of levels would lose."""
        return float(self.gain(old, (new.logs - old.logs).sum(axis=1)))

    def gain(self, point: _Point, ratios: Float) -> Float:
        """Change of the objective when ``sum_j log d_kj`` changes by ratios (K, ...), shape (...)."""
        if not self.equal_volume:
            return np.asarray(0.5 * np.tensordot(self.mass, ratios, 1))
        n_features = len(point.axes)
        growth = np.tensordot(point.weights, np.expm1(ratios / n_features), 1) / self.total
        return np.asarray(0.5 * self.total * n_features * np.log1p(growth))

    def minimize(self, point: _Point) -> _Point:
        """A point that no small rotation improves, and no rotation within a plane of two axes."""
        for _ in range(len(point.axes) + 1):
            point = self.descend(point)
            turned = self.at(_turned(point, *self.best_plane(point)))
            if self.change(point, turned) >= -ESCAPE * self.total:
                break
            point = turned
        return point

    def descend(self, point: _Point) -> _Point:
        """Newton's method with a line search, to a stationary point."""
        before = np.inf
        for _ in range(MAX_STEPS):
            curvature = _Curvature(self, point)
            slope = curvature.slope / self.total
            if slope < STATIONARY or (slope < ROUNDING and slope > 0.25 * before):
                break
            following = self._search(point, curvature.step(min(0.1, slope**0.5)), curvature)
            if following is None:
                break
            point, before = following, slope
        return point

    def _search(self, point: _Point, step: Float, curvature: _Curvature) -> _Point | None:
        """The first of the halved steps that gains, or None where rounding hides every gain."""
        promised = -0.5 * float((curvature.gradient * step).sum())
        length = min(1.0, LONGEST / float(np.abs(step).max()))
        while length * promised > STATIONARY * self.total:
            following = self.at(point.axes @ _rotation(length * step))
            small = promised < ROUNDING * self.total
            allowed = 1e-14 * step.shape[0] * self.total if small else -1e-4 * length * promised
            if self.change(point, following) <= allowed:
                return following
            length *= 0.5
        return None

    def best_plane(self, point: _Point) -> tuple[int, int, float]:
        """The two axes and the angle between them whose turn gains most.

        A turn changes ``d_i d_j`` to ``d_i d_j - B_ij^2 + B'_ij^2``, B' being the turned off-diagonal entry.
        """
        left, right = np.triu_indices(len(point.axes), 1)
        units = point.roots / np.sqrt(point.scatter)[:, None, :]
        correlation = (np.swapaxes(units, 1, 2) @ units)[:, left, right]
        spread = 0.5 * (point.logs[:, left] - point.logs[:, right])
        best, turn = np.inf, (0, 0, 0.0)
        for angle in ANGLES:
            entry = correlation * np.cos(2 * angle) - np.sinh(spread) * np.sin(2 * angle)
            ratios = np.log(np.maximum(1.0 - correlation**2, 1e-300) + entry**2)
            gains = self.gain(point, ratios)
            plane = int(np.argmin(gains))
            if gains[plane] < best:
                best, turn = float(gains[plane]), (int(left[plane]), int(right[plane]), float(angle))
        return turn


class _Curvature:
    """Gradient and Hessian of the objective in the skew matrices X of rotations ``O exp(X)``, at one point.

    With ``B_k = O^T W_k O`` and ``C_k = B_k diag(1 / d_k)`` the gradient is ``G - G^T``, ``G = sum_k w_k C_k``. The
    Hessian takes X to ``S - S^T``, ``S = sum_k w_k [B_k X diag(1 / d_k) - 2 C_k diag(r_k)] - 1/2 (G + G^T) X``, where
    r_k is the diagonal of ``B_k X diag(1 / d_k)``. With one volume S gains ``sum_k w_k l_k C_k``, where l_k is the mean
    of 2 r_k over the axes, less its mean over the components.
    """

    def __init__(self, problem: _Problem, point: _Point) -> None:
        self._problem, self._point = problem, point
        self._cross = np.swapaxes(point.roots, 1, 2) @ point.roots
        self._weighted = point.weights[:, None] / point.scatter
        summed = (self._cross * self._weighted[:, None, :]).sum(axis=0)
        self._symmetric = 0.5 * (summed + summed.T)
        self.gradient: Float = summed - summed.T
        spread = 0.5 * (point.logs[:, :, None] - point.logs[:, None, :])
        # The floor is for planes in which every component is round, where rotations change nothing.
        self._diagonal = np.tensordot(point.weights, 4.0 * np.sinh(spread) ** 2, 1) + 1e-8 * problem.total

    @property
    def slope(self) -> float:
        """Squared length of the gradient in the metric of the preconditioner."""
        return float(0.5 * (self.gradient**2 / self._diagonal).sum())

    def apply(self, skew: Float) -> Float:
        """The Hessian times a skew matrix."""
        point = self._point
        moved = self._cross @ skew
        ratios = np.einsum("kdd->kd", moved) / point.scatter
        change = -2.0 * ratios
        if self._problem.equal_volume:
            means = 2.0 * ratios.mean(axis=1)
            change = change + (means - point.weights @ means / self._problem.total)[:, None]
        summed = ((moved + self._cross * change[:, None, :]) * self._weighted[:, None, :]).sum(axis=0)
        summed = summed - self._symmetric @ skew
        return np.asarray(summed - summed.T)

    def step(self, tolerance: float) -> Float:
        """Newton's step by conjugate gradients, ended early where the curvature turns negative."""
        step = np.zeros_like(self.gradient)
        residual = -self.gradient
        direction = scaled = residual / self._diagonal
        size = target = float((residual * scaled).sum())
        for _ in range(max(8, min(step.size // 2, 100))):
            image = self.apply(direction)
            curvature = float((direction * image).sum())
            if curvature <= 1e-12 * float((direction**2 * self._diagonal).sum()):
                return step if step.any() else direction
            step = step + size / curvature * direction
            residual = residual - size / curvature * image
            scaled = residual / self._diagonal
            before, size = size, float((residual * scaled).sum())
            if size <= tolerance**2 * target:
                break
            direction = scaled + size / before * direction
        return step


def _principal_axes(factors: Float) -> list[Float]:
    """Axes of the summed scatter, and of the scatter of each component."""
    matrices = factors @ np.swapaxes(factors, 1, 2)
    return [np.asarray(axes) for axes in np.linalg.eigh(np.concatenate([matrices.sum(axis=0)[None], matrices]))[1]]


def _orthonormal(axes: Float) -> Float:
    """Nearly orthonormal axes made so to rounding (one step of Newton's iteration for the polar factor)."""
    return 1.5 * axes - 0.5 * axes @ (axes.T @ axes)


def _rotation(skew: Float) -> Float:
    """Cayley's transform: orthogonal, and ``exp(skew)`` to second order."""
    identity = np.eye(len(skew))
    return np.asarray(np.linalg.solve(identity - 0.5 * skew, identity + 0.5 * skew))


def _turned(point: _Point, left: int, right: int, angle: float) -> Float:
    """The axes with two of them turned within their plane."""
    axes = point.axes.copy()
    axes[:, left] = np.cos(angle) * point.axes[:, left] + np.sin(angle) * point.axes[:, right]
    axes[:, right] = np.cos(angle) * point.axes[:, right] - np.sin(angle) * point.axes[:, left]
    return axes
