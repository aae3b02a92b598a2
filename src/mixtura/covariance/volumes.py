"""Volume and shape of covariances from their scatter: four rules, the same for variances and for matrices.

A scatter is diagonal, shape (K, D), or dense, shape (K, D, D): a dense shape carries its orientation along. Each rule
maximizes ``-1/2 sum_k [mass_k log |Sigma_k| + tr(Sigma_k^-1 scatter_k)]`` over the covariances it allows. All take
(mass, scatter, previous covariances or None).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance.cholesky import REMEDY, cholesky, inverse_factors, log_determinants
from mixtura.covariance.value import require_variances
from mixtura.outcome import DegenerateComponent

# Newton's method on a convex function of K numbers takes about six steps; the cap is for scatter without an optimum.
MAX_STEPS = 100
# The largest change of a log volume in one step: beyond, the quadratic model means nothing.
LONGEST = 4.0
# Log volumes that fall by more than this have no optimum to fall to.
ENDLESS = 60.0
TINY = float(np.finfo(np.float64).tiny)
# The change of a log volume after which, by quadratic convergence, the next would be below rounding.
LAST = 1e-8
# Gains below this share of the mass are below anything that rounding leaves.
NOTHING = 1e-30
# A step this short gains for certain: the objective is convex, and its curvature changes no faster than the volumes.
# Its gain may be hidden by rounding where matrices are long and thin, so the step's own promise is believed.
NEAR = 1e-2


def one(mass: Float, scatter: Float, _: Float | None = None) -> Float:
    """One covariance for all, with a leading 1: ``sum_k scatter_k / sum_k mass_k``."""
    return np.asarray(scatter.sum(axis=0, keepdims=True) / mass.sum())


def separate(mass: Float, scatter: Float, _: Float | None = None) -> Float:
    """Each component its own: ``scatter_k / mass_k``."""
    return np.asarray(scatter / _along(mass, scatter))


def equal_volume(mass: Float, scatter: Float, _: Float | None = None) -> Float:
    """Own shapes of one volume: ``Sigma_k = v W_k / |W_k|^(1/D)`` with ``v = sum_k |W_k|^(1/D) / sum_k mass_k``.

    Celeux & Govaert (1995), Pattern Recognition 28, models [lambda B_k] and [lambda C_k].
    """
    logs = log_volumes(scatter)
    top = logs.max()
    common = top + np.log(np.exp(logs - top).sum() / mass.sum())
    return np.asarray(scatter * _along(np.exp(common - logs), scatter))


def equal_shape(mass: Float, scatter: Float, previous: Float | None = None) -> Float:
    """One shape of own volumes: ``Sigma_k = e^(t_k) C``.

    Given the volumes the best shape is ``C = sum_k e^(-t_k) W_k / sum_k mass_k``. With it put in, what is left to
    minimize is ``1/2 [D sum_k mass_k t_k + mass log |sum_k e^(-t_k) W_k|]``, a convex function of K log volumes.
    Newton's method ends where the alternating steps of Celeux & Govaert (1995) for [lambda_k B], [lambda_k C] and
    [lambda_k D_k A D_k'] would, in fewer of them.

    Parameters
    ----------
    mass : array of shape (K,)
    scatter : array of shape (K, D) or (K, D, D)
    previous : array of shape (K, D) or (K, D, D), optional
        Covariances whose volumes to start from.

    Raises
    ------
    DegenerateComponent
        Where a component has no scatter, or its volume shrinks without end.
    """
    require_scatter(scatter)
    problem = _Problem(mass, scatter)
    start = np.zeros(len(mass)) if previous is None else log_volumes(previous)
    first = point = problem.alternate(problem.at(start))
    before = np.inf
    for _ in range(MAX_STEPS):
        step, gain = problem.newton(point)
        stuck = np.abs(step).max() < NEAR and gain > 0.25 * before
        following = None if stuck or gain < NOTHING * mass.sum() else problem.search(point, step, gain)
        if following is None:
            break
        point, before = following, gain
        if np.abs(step).max() < LAST:
            break
    fallen = first.logs - point.logs
    if fallen.max() > ENDLESS:
        reason = f"its volume shrinks without end beside the shape that all share. {REMEDY}"
        raise DegenerateComponent(int(fallen.argmax()), reason)
    return problem.covariances(point)


RULES = {("E", "E"): one, ("V", "E"): equal_shape, ("E", "V"): equal_volume, ("V", "V"): separate}


def log_volumes(matrices: Float) -> Float:
    """``log |W_k| / D`` of variances (K, D) or matrices (K, D, D), shape (K,)."""
    if matrices.ndim == 3:
        return np.asarray(log_determinants(cholesky(matrices)) / matrices.shape[1])
    require_variances(matrices)
    return np.asarray(np.log(matrices).mean(axis=1))


def require_scatter(scatter: Float) -> None:
    """Raise DegenerateComponent for the first component whose scatter is zero."""
    size = scatter if scatter.ndim == 2 else np.diagonal(scatter, axis1=1, axis2=2)
    nothing = ~(size.max(axis=1) > 0.0)
    if nothing.any():
        reason = f"its rows coincide, so its covariance is zero. {REMEDY}"
        raise DegenerateComponent(int(np.argmax(nothing)), reason)


def _require_extent(total: Float) -> None:
    if not (total > 0.0).all():
        axis = int(np.argmin(total))
        raise DegenerateComponent(0, f"the shape that all components share is flat along axis {axis}. {REMEDY}")


@dataclass(frozen=True)
class _Point:
    """Log volumes t; ``log |S|`` of ``S = sum_k e^(-t_k) W_k``; its parts, whitened by S, a row each; their traces."""

    logs: Float
    log_det: float
    parts: Float
    shares: Float


@dataclass(frozen=True)
class _Problem:
    """Masses and scatter of the components that share a shape."""

    mass: Float
    scatter: Float

    def at(self, logs: Float) -> _Point:
        """The point at log volumes, moved to mean zero: a factor common to all volumes changes nothing."""
        logs = logs - self.mass @ logs / self.mass.sum()
        scaled = self.scatter * _along(np.exp(-logs), self.scatter)
        total = scaled.sum(axis=0, keepdims=True)
        if scaled.ndim == 2:
            _require_extent(total[0])
            parts = scaled / total
            return _Point(logs, float(np.log(total).sum()), parts, parts.sum(axis=1))
        lower = cholesky(total)
        upper = inverse_factors(lower)
        parts = np.swapaxes(upper, 1, 2) @ scaled @ upper
        shares = np.maximum(np.trace(parts, axis1=1, axis2=2), TINY)
        return _Point(logs, float(log_determinants(lower)[0]), parts.reshape(len(logs), -1), shares)

    def alternate(self, point: _Point) -> _Point:
        """The best volumes for the shape at hand: a good first step from anywhere, and never a loss."""
        return self.at(point.logs + np.log(point.shares / self.mass))

    def newton(self, point: _Point) -> tuple[Float, float]:
        """Newton's step, and twice the gain that it promises.

        The gradient is ``1/2 (D mass_k - mass shares_k)``, the Hessian ``1/2 mass (diag(shares) - parts parts^T)``. In
        units of ``sqrt(shares)`` its eigenvalues lie in [0, 1]; the one 0 is the common factor, and is made 1.
        """
        unit = np.sqrt(point.shares)
        half = 0.5 * self.mass.sum()
        gradient = half * (self.scatter.shape[1] * self.mass / self.mass.sum() - point.shares) / unit
        parts = point.parts / unit[:, None]
        hessian = np.eye(len(unit)) * (1.0 + 1e-12) - parts @ parts.T + np.outer(unit, unit) / point.shares.sum()
        step = np.linalg.solve(half * hessian, -gradient)
        return step / unit, float(-gradient @ step)

    def search(self, point: _Point, step: Float, gain: float) -> _Point | None:
        """The first of the halved steps that gains, or None where none does."""
        half = 0.5 * self.mass.sum()
        longest = float(np.abs(step).max())
        length = min(1.0, LONGEST / longest)
        while length * gain > NOTHING * half:
            following = self.at(point.logs + length * step)
            # The log volumes have mean zero, so the objective is the log determinant alone.
            if longest < NEAR or half * (following.log_det - point.log_det) <= -1e-4 * length * gain:
                return following
            length *= 0.5
        return None

    def covariances(self, point: _Point) -> Float:
        """The shape that the volumes imply, then the best volumes for it."""
        shape = (self.scatter * _along(np.exp(-point.logs), self.scatter)).sum(axis=0)
        volumes = np.exp(point.logs) * point.shares / (self.mass * self.scatter.shape[1])
        return np.asarray(_along(volumes, self.scatter) * shape)


def _along(numbers: Float, scatter: Float) -> Float:
    """(K,) numbers in a shape that multiplies a (K, D) or (K, D, D) scatter component by component."""
    return numbers.reshape(-1, *([1] * (scatter.ndim - 1)))
