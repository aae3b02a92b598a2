"""What a kernel eats: means, whitening, log offsets and the floor of a uniform noise component."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from mixtura.arrays import Float
from mixtura.moments import Order

LOG_2PI = float(np.log(2.0 * np.pi))

Kind = Literal["scalar", "diagonal", "dense"]


@dataclass(frozen=True)
class Whitening:
    """A factor that makes the rows of a component white: ``|whiten(x - mean)|^2`` is the squared Mahalanobis length.

    Parameters
    ----------
    factor : array of shape (K,), (K, D) or (K, D, D)
        Scalar, diagonal or dense upper triangular factors; a leading 1 means one factor shared by all components.
        Applied as ``diff * factor``, ``diff * factor`` or ``diff @ factor``.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.density import Whitening
    >>> Whitening(np.array([[2.0, 4.0]])).log_det(2)
    array([2.07944154])
    """

    factor: Float

    @property
    def kind(self) -> Kind:
        """Which of the three shapes the factor has."""
        kinds: tuple[Kind, Kind, Kind] = ("scalar", "diagonal", "dense")
        return kinds[self.factor.ndim - 1]

    @property
    def shared(self) -> bool:
        """Whether one factor is given (it serves every component)."""
        return len(self.factor) == 1

    def log_det(self, n_features: int) -> Float:
        """Log determinant of each factor, shape (K,) or (1,)."""
        if self.kind == "scalar":
            return n_features * np.log(self.factor)
        diagonal = self.factor if self.kind == "diagonal" else np.diagonal(self.factor, axis1=1, axis2=2)
        return np.asarray(np.log(diagonal).sum(axis=1), dtype=np.float64)

    def dense(self, n_features: int) -> Float:
        """The factors as matrices, shape (K, D, D) or (1, D, D)."""
        if self.kind == "dense":
            return self.factor
        diagonal = np.broadcast_to(self.factor.reshape(len(self.factor), -1), (len(self.factor), n_features))
        return diagonal[:, :, None] * np.eye(n_features)

    def take(self, components: slice) -> Whitening:
        """The factors of some components (a shared factor stays shared)."""
        return self if self.shared else Whitening(self.factor[components])


@dataclass(frozen=True, eq=False)
class Density:
    """A mixture density, reduced to what a kernel needs.

    ``log rho[n, k] = offset[k] - 1/2 |whiten_k (x_n - mean_k)|^2``, and the density of a row is
    ``sum_k rho[n, k] + exp(floor)``.

    Parameters
    ----------
    means : array of shape (K, D)
    whitening : Whitening
    offset : array of shape (K,)
        Log proportion plus log normalizing constant of each component.
    floor : float or None
        Log proportion minus log volume of a uniform noise component, or None when there is none.
    """

    means: Float
    whitening: Whitening
    offset: Float
    floor: float | None = None

    @property
    def n_components(self) -> int:
        """Number of Gaussian components K."""
        return int(self.means.shape[0])

    @property
    def n_features(self) -> int:
        """Number of features D."""
        return int(self.means.shape[1])

    @property
    def order(self) -> Order:
        """How much of the second moment of rows is of use to a density of this kind."""
        if self.whitening.kind == "dense":
            return "pooled" if self.whitening.shared else "dense"
        return "trace" if self.whitening.kind == "scalar" else "diagonal"

    @cached_property
    def precision(self) -> Float:
        """Precision matrices ``F F^T`` of a dense whitening, shape (K, D, D) or (1, D, D)."""
        factor = self.whitening.dense(self.n_features)
        return factor @ np.swapaxes(factor, 1, 2)


def gaussian_offset(proportions: Float, whitening: Whitening, n_features: int) -> Float:
    """Log proportion plus log normalizing constant: ``log pi_k + log det F_k - D/2 log 2 pi``, shape (K,)."""
    with np.errstate(divide="ignore"):  # a component without a share has offset -inf, and no rows
        log_proportions = np.log(proportions)
    return np.asarray(log_proportions + whitening.log_det(n_features) - 0.5 * n_features * LOG_2PI)
