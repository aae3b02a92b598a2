"""The common axes of covariances that differ in shape: the local part, Newton's method on rotations.

With orthonormal axes O and ``d_kj = (O^T W_k O)_jj`` the best variances along the axes are ``d_kj / mass_k`` (own
volumes) or, with one volume, proportional to ``d_kj / p_k``, ``p_k = prod_j d_kj^(1/D)``. Put in, what is left to
minimize over O is

    own volumes   1/2 sum_k mass_k sum_j log d_kj
    one volume    1/2 mass D log sum_k p_k

(Flury, 1984; Celeux & Govaert, 1995). Both change to first order by ``1/2 sum_k w_k sum_j (change of d_kj) / d_kj``,
with weights w_k = mass_k or ``mass p_k / sum p``, so one Newton method serves both: conjugate gradients with the
Hessian of commuting matrices as preconditioner, and no step uphill.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mixtura.arrays import Float

MAX_STEPS = 200
# Squared length of the gradient, in units of the curvature and a unit of mass, below which a point is stationary.
STATIONARY = 1e-26
# A step that promises less than this is taken unless the objective rises by more than its rounding.
ROUNDING = 1e-11
# The longest step, in radians: beyond, the quadratic model means nothing.
LONGEST = 0.5


@dataclass(frozen=True)
class Point:
    """Axes O, the roots ``L_k^T O``, the scatter d along the axes, its logarithm, and the weights w."""

    axes: Float
    roots: Float
    scatter: Float
    logs: Float
    weights: Float


@dataclass(frozen=True)
class Problem:
    """The objective over orthonormal axes, up to a constant."""

    mass: Float
    factors: Float
    equal_volume: bool

    @cached_property
    def total(self) -> float:
        """Mass of all components."""
        return float(self.mass.sum())

    def at(self, axes: Float) -> Point:
        """The point at some axes."""
        roots = np.swapaxes(self.factors, 1, 2) @ axes
        scatter = (roots * roots).sum(axis=1)
        logs = np.log(scatter)
        return Point(axes, roots, scatter, logs, self._weights(logs))

    def _weights(self, logs: Float) -> Float:
        if not self.equal_volume:
            return self.mass
        means = logs.mean(axis=1)
        volumes = np.exp(means - means.max())
        return np.asarray(self.total * volumes / volumes.sum())

    def level(self, point: Point) -> float:
        """The objective, for ranking starts."""
        if not self.equal_volume:
            return float(0.5 * self.mass @ point.logs.sum(axis=1))
        return float(0.5 * self.total * point.logs.shape[1] * np.logaddexp.reduce(point.logs.mean(axis=1)))

    def change(self, old: Point, new: Point) -> float:
        """New objective minus old, from the ratios of scatter: digits that the difference of levels would lose."""
        return float(self.gain(old, (new.logs - old.logs).sum(axis=1)))

    def gain(self, point: Point, ratios: Float) -> Float:
        """Change of the objective when ``sum_j log d_kj`` changes by ratios (K, ...), shape (...)."""
        if not self.equal_volume:
            return np.asarray(0.5 * np.tensordot(self.mass, ratios, 1))
        n_features = len(point.axes)
        growth = np.tensordot(point.weights, np.expm1(ratios / n_features), 1) / self.total
        return np.asarray(0.5 * self.total * n_features * np.log1p(growth))

    def curvature(self, point: Point) -> Curvature:
        """Gradient and Hessian at a point."""
        return Curvature(self, point)

    def descend(self, point: Point) -> Point:
        """Newton's method with a line search, to a stationary point."""
        before = np.inf
        for _ in range(MAX_STEPS):
            curvature = self.curvature(point)
            slope = curvature.slope / self.total
            if slope < STATIONARY or (slope < ROUNDING and slope > 0.25 * before):
                break
            following = self._search(point, curvature.step(min(0.1, slope**0.5)), curvature)
            if following is None:
                break
            point, before = following, slope
        return point

    def _search(self, point: Point, step: Float, curvature: Curvature) -> Point | None:
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


class Curvature:
    """Gradient and Hessian of the objective in the skew matrices X of rotations ``O exp(X)``, at one point.

    With ``B_k = O^T W_k O`` and ``C_k = B_k diag(1 / d_k)`` the gradient is ``G - G^T``, ``G = sum_k w_k C_k``. The
    Hessian takes X to ``S - S^T``, ``S = sum_k w_k [B_k X diag(1 / d_k) - 2 C_k diag(r_k)] - 1/2 (G + G^T) X``, where
    r_k is the diagonal of ``B_k X diag(1 / d_k)``. With one volume S gains ``sum_k w_k l_k C_k``, where l_k is the mean
    of 2 r_k over the axes, less its mean over the components.
    """

    def __init__(self, problem: Problem, point: Point) -> None:
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


def _rotation(skew: Float) -> Float:
    """Cayley's transform: orthogonal, and ``exp(skew)`` to second order."""
    identity = np.eye(len(skew))
    return np.asarray(np.linalg.solve(identity - 0.5 * skew, identity + 0.5 * skew))
