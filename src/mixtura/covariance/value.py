"""Covariances of all components, in the smallest of three shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance.cholesky import REMEDY, cholesky, inverse_factors
from mixtura.density import Whitening
from mixtura.outcome import DegenerateComponent


@dataclass(frozen=True)
class Covariance:
    """The covariances of all components.

    Parameters
    ----------
    values : array of shape (K,), (K, D) or (K, D, D)
        Variances common to all columns, variances by column, or matrices; a leading 1 means one covariance shared by
        all components.
    orientation : array of shape (D, D), optional
        Common axes (orthonormal columns) of families that share them: where their next estimate starts from.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.covariance import Covariance
    >>> covariance = Covariance(np.array([[4.0, 0.25]]))
    >>> covariance.dense(2, 2)[1]
    array([[4.  , 0.  ],
           [0.  , 0.25]])
    >>> covariance.whitening().factor
    array([[0.5, 2. ]])
    """

    values: Float
    orientation: Float | None = None

    def dense(self, n_components: int, n_features: int) -> Float:
        """The covariances as matrices of shape (K, D, D), one a component also where they are shared."""
        shape = (n_components, n_features, n_features)
        if self.values.ndim == 3:
            return np.broadcast_to(self.values, shape).copy()
        diagonal = np.broadcast_to(self.values.reshape(len(self.values), -1), shape[:2])
        matrices = np.zeros(shape)
        np.einsum("kdd->kd", matrices)[:] = diagonal
        return matrices

    def whitening(self) -> Whitening:
        """The factor F of each covariance, with ``F F^T`` its inverse.

        ``1 / sqrt(values)`` for variances; for matrices ``Sigma = L L^T``, F is the inverse of ``L^T``, upper
        triangular, so that the rows of ``(x - mean) @ F`` have unit covariance.

        Raises
        ------
        DegenerateComponent
            Where a variance is not a positive finite number or a matrix is numerically singular, whatever the units
            of the columns; use fewer components, a family with fewer parameters, reg_covar or a prior.
        """
        if self.values.ndim == 3:
            return Whitening(inverse_factors(cholesky(self.values)))
        require_variances(self.values)
        return Whitening(1.0 / np.sqrt(self.values))


def require_variances(variances: Float) -> None:
    """Raise DegenerateComponent for the first of (K,) or (K, D) variances that is not positive and finite."""
    sound = (variances > 0.0) & np.isfinite(variances)
    if sound.all():
        return
    at = tuple(int(index) for index in np.argwhere(~sound)[0])
    column = f" of column {at[1]}" if variances.ndim == 2 else ""
    raise DegenerateComponent(at[0], f"its variance{column} is {variances[at]:.3g}. {REMEDY}")
