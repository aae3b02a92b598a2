"""The conjugate prior of a Gaussian component (Fraley & Raftery 2007): it acts on an M-step by changing its moments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mixtura.arrays import Float
from mixtura.frame import Frame
from mixtura.moments import Moments, Order
from mixtura.outcome import MixtureError

if TYPE_CHECKING:
    from mixtura.covariance.value import Covariance


@dataclass(frozen=True)
class NormalInverseWishart:
    r"""Prior of every component: mean given covariance normal, covariance inverse Wishart.

    .. math:: \mu_k \mid \Sigma_k \sim N(m, \Sigma_k / \kappa), \qquad \Sigma_k \sim \mathrm{IW}(\nu, \Lambda)

    Diagonal families take the diagonal of :math:`\Lambda` (an inverse gamma prior a variance), spherical ones its mean;
    a covariance common to all components has one prior, not K. What is None is taken from the data as Fraley and
    Raftery do.

    Parameters
    ----------
    mean : array-like of shape (D,), optional
        Prior mean m, in the data's units; default the mean of the rows.
    shrinkage : float, default=0.01
        :math:`\kappa \ge 0`: the prior mean counts as this many rows.
    dof : float, optional
        :math:`\nu > D - 1`; default D + 2.
    scale : array-like of shape (D, D) or (D,), or float, optional
        :math:`\Lambda`, in squared units of the data, positive definite; default the covariance of the rows divided by
        :math:`K^{2/D}` (for diagonal and spherical families its mean variance).

    References
    ----------
    C. Fraley and A. E. Raftery (2007), Bayesian regularization for normal mixture estimation and model-based
    clustering, Journal of Classification 24, 155-181.

    Examples
    --------
    >>> import numpy as np
    >>> import mixtura as mx
    >>> X = np.array([[0.0], [0.0], [0.0], [5.0], [6.0], [7.0]])
    >>> model = mx.GaussianMixture(2, reg_covar=0, prior=mx.NormalInverseWishart(scale=1.0), random_state=0).fit(X)
    >>> bool((model.covariances_ > 0.1).all())
    True
    """

    mean: ArrayLike | None = None
    shrinkage: float = 0.01
    dof: float | None = None
    scale: ArrayLike | float | None = None

    def resolve(self, order: Order, n_components: int, mean: Float, covariance: Float) -> Prior:
        """The prior for one order of moments, with what was left open taken from the rows.

        Parameters
        ----------
        order : {"trace", "diagonal", "dense", "pooled"}
        n_components : int
        mean : array of shape (D,)
            Mean of the rows.
        covariance : array of shape (D, D)
            Covariance of the rows.
        """
        d = len(mean)
        dof = d + 2.0 if self.dof is None else float(self.dof)
        if not dof > d - 1:
            raise MixtureError(f"prior: dof is {dof:g} and must exceed the number of features less one, {d - 1}.")
        if not (self.shrinkage >= 0 and np.isfinite(self.shrinkage)):
            raise MixtureError(f"prior: shrinkage is {self.shrinkage} and must be a number not below 0.")
        center = mean if self.mean is None else _numbers("mean", self.mean)
        if center.shape != (d,) or not np.isfinite(center).all():
            raise MixtureError(f"prior: mean must be {d} finite numbers, one a feature.")
        if self.scale is None:
            scale = _default_scale(order, covariance) / n_components ** (2.0 / d)
        else:
            scale = _given_scale(self.scale, d)
        return Prior(order, center, float(self.shrinkage), dof, _at_order(order, scale), 0.0)


@dataclass(frozen=True)
class Prior:
    """A prior at one order of moments, in the coordinates of a frame."""

    order: Order
    mean: Float
    shrinkage: float
    dof: float
    scale: Float  # () for trace, (D,) for diagonal, (D, D) for dense and pooled
    log_unit: float

    def framed(self, frame: Frame) -> Prior:
        """The prior in frame coordinates."""
        scale = frame.variances_in(self.scale[None])[0]
        return replace(self, mean=(self.mean - frame.origin) / frame.unit, scale=scale, log_unit=frame.log_unit)

    @property
    def _count(self) -> float:
        """Pseudo-count of one covariance: minus twice the power of its determinant in the prior, a feature."""
        d = len(self.mean)
        return {"trace": (self.dof + 2.0) / d, "diagonal": self.dof + 2.0}.get(self.order, self.dof + d + 1.0)

    def absorb(self, moments: Moments, shared: bool) -> tuple[Float, Float, Float]:
        """Masses (K,), means (K, D) and scatter of the M-step that maximizes the posterior.

        ``mean = (kappa m + n xbar) / (kappa + n)``; the scatter gains Lambda and ``kappa n / (kappa + n) d d^T`` with
        ``d = xbar - m``; the mass gains the prior's pseudo-counts. A covariance that is `shared` has one prior in all.
        """
        n, k = moments.mass[:, None], len(moments.mass)
        observed = moments.mean()
        pull = self.shrinkage + n if self.shrinkage > 0 else np.ones_like(n)
        means = (self.shrinkage * self.mean + n * observed) / pull if self.shrinkage > 0 else observed
        gap = np.sqrt(self.shrinkage * n / pull) * (observed - self.mean)
        part = 1.0 / k if shared else 1.0
        mass = moments.mass + part * self._count + (1.0 if self.shrinkage > 0 else 0.0)
        if self.order == "trace":
            scatter = np.einsum("kd,kd->k", gap, gap) + part * self.scale
        elif self.order == "diagonal":
            scatter = gap * gap + part * self.scale
        elif self.order == "pooled":
            scatter = gap.T @ gap + self.scale
        else:
            scatter = gap[:, :, None] * gap[:, None, :] + part * self.scale
        return mass, means, moments.scatter() + scatter

    def log_density(self, means: Float, covariance: Covariance, shared: bool) -> float:
        """Log prior density in the user's units, up to constants that no parameter changes."""
        k, d = means.shape
        whitening = covariance.whitening()
        times = 1 if shared else k
        factor = whitening.factor[:times]
        log_det = np.broadcast_to(-2.0 * whitening.log_det(d), (k,)) + 2.0 * self.log_unit
        if self.order == "trace":
            spread = factor * factor * self.scale
        elif self.order == "diagonal":
            spread = (factor * factor * self.scale).sum(axis=1)
        else:
            spread = np.einsum("kij,il,klj->k", factor, self.scale, factor)
        total = -0.5 * (self._count * log_det[:times] + spread).sum()
        if self.shrinkage > 0:
            diff = means - self.mean
            white = np.einsum("kd,kde->ke", diff, np.broadcast_to(whitening.dense(d), (k, d, d)))
            total += -0.5 * (log_det + self.shrinkage * np.einsum("kd,kd->k", white, white)).sum()
        return float(total)


def _default_scale(order: Order, covariance: Float) -> Float:
    if order in ("dense", "pooled"):
        return covariance
    return np.diag(np.full(len(covariance), np.trace(covariance) / len(covariance)))


def _numbers(name: str, given: ArrayLike) -> Float:
    """What was given for a field, as numbers."""
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise MixtureError(f"prior: {name} is {given!r} and must be numbers in the data's units.") from None


def _given_scale(scale: ArrayLike, d: int) -> Float:
    given = _numbers("scale", scale)
    matrix = np.diag(np.broadcast_to(given, (d,))) if given.ndim < 2 and given.size in (1, d) else given
    if matrix.shape != (d, d) or not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        raise MixtureError(f"prior: scale must be a number, {d} variances or a symmetric matrix of shape ({d}, {d}).")
    if np.linalg.eigvalsh(matrix).min() <= 0:
        raise MixtureError("prior: scale is not positive definite.")
    return matrix


def _at_order(order: Order, scale: Float) -> Float:
    if order == "trace":
        return np.asarray(np.trace(scale) / len(scale))
    return np.diagonal(scale).copy() if order == "diagonal" else scale
