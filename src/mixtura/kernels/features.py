"""Quadratic features: a log density as one matrix product, on the host.

With ``phi(x) = [1, x, x_i x_j (i <= j)]`` the E-step is ``log rho = Theta phi`` and the M-step's sums are ``R phi^T``:
4 K P floating point operations a row, P = 1 + D + D (D + 1) / 2, as large products. Diagonal families need
``[1, x, x^2]``, spherical ones ``[1, x, |x|^2]``, and a covariance common to all components only ``[1, y]`` of the
whitened row y, since the common quadratic cancels in the responsibilities.

Products of features lose digits when a component is far from the origin in its own metric. Such a component
(`sharp`) is computed about its mean instead, as `generic` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.density import Density
from mixtura.kernels import count_features, generic
from mixtura.moments import Order

# eps times this, a feature, is what a log density may lose before its component is computed about its mean.
GUARD = 1000.0
# Rows that matter to a component lie within this many of its standard deviations.
REACH = 4.0
# Doubles a tile may take: it should stay in the cache of one core.
TILE = 2**16


@dataclass(frozen=True)
class Form:
    """The linear form ``Theta`` of a density, and which components it serves well enough."""

    density: Density

    @property
    def order(self) -> Order:
        """The order of moments that this density's features sum to."""
        return self.density.order

    @cached_property
    def linear(self) -> bool:
        """Whether one dense whitening serves all components, so that log rho is linear in the whitened row."""
        return self.order == "pooled"

    @cached_property
    def tile(self) -> int:
        """Rows a tile: a power of two between 128 and 4096."""
        doubles = self.n_features + 2 * self.density.n_components + self.density.n_features
        return 1 << min(max((TILE // doubles).bit_length() - 1, 7), 12)

    @cached_property
    def n_features(self) -> int:
        """Number of features P of a row."""
        return count_features(self.density.n_features, self.order)

    @cached_property
    def theta(self) -> Float:
        """Coefficients of the features, shape (K, P)."""
        means, factor = self.density.means, self.density.whitening.factor
        if self.linear:
            white = means @ factor[0]
            return np.column_stack([self.density.offset - 0.5 * np.einsum("kd,kd->k", white, white), white])
        if self.order == "dense":
            precision = self.density.precision
            linear = np.einsum("kij,kj->ki", precision, means)
            rows, columns = triangle(means.shape[1])
            quadratic = precision[:, rows, columns] * np.where(rows == columns, -0.5, -1.0)
        else:
            scale = (factor * factor).reshape(len(factor), -1)
            linear, quadratic = scale * means, np.broadcast_to(-0.5 * scale, (len(means), scale.shape[1]))
        constant = self.density.offset - 0.5 * np.einsum("kd,kd->k", linear, means)
        return np.column_stack([constant, linear, quadratic])

    @cached_property
    def sharp(self) -> list[int]:
        """Components whose products of features could lose more than GUARD eps a feature, by the sum of their sizes.

        The bound is ``sum_ij |Lambda_ij| r_i r_j`` with ``r = |mean| + REACH sd``, the largest row that matters.
        """
        means, whitening = np.abs(self.density.means), self.density.whitening
        if self.linear:
            bound = np.square(np.abs(self.theta[:, 1:]) + REACH).sum(axis=1)
        elif self.order == "dense":
            reach = means + REACH * self._deviation()
            bound = np.einsum("ki,kij,kj->k", reach, np.abs(self.density.precision), reach)
        else:
            factor = whitening.factor.reshape(len(whitening.factor), -1)
            bound = np.square(means * factor + REACH).sum(axis=1)
        return [int(k) for k in np.flatnonzero(~(bound <= GUARD * means.shape[1]))]

    def _deviation(self) -> Float:
        """Standard deviation of each column of each component, from the dense whitening."""
        inverse = np.linalg.inv(self.density.whitening.factor)
        return np.asarray(np.sqrt(np.square(inverse).sum(axis=1)))

    def log_rho(self, columns: Float, features: Float) -> Float:
        """``log rho`` less what is `common`, of framed columns (D, n) with their features (P, n), shape (K, n)."""
        values = self.theta @ features
        for k in self.sharp:
            values[k] = self.density.offset[k] - 0.5 * generic.squared_length(columns.T, self.density, k)
        return values

    def common(self, features: Float) -> Float | float:
        """What the components' log rho share: of one whitening, -1/2 the squared length of each whitened row, (n,).

        It is added last: far out it would swallow the differences between components.
        """
        return -0.5 * np.einsum("dn,dn->n", features[1:], features[1:]) if self.linear else 0.0

    def features(self, columns: Float) -> Float:
        """The features of framed columns (D, n), shape (P, n)."""
        d, n = columns.shape
        features = np.empty((self.n_features, n))
        features[0] = 1.0
        if self.linear:
            np.matmul(self.density.whitening.factor[0].T, columns, out=features[1:])
            return features
        features[1 : d + 1] = columns
        if self.order == "trace":
            np.einsum("dn,dn->n", columns, columns, out=features[d + 1])
        elif self.order == "diagonal":
            np.square(columns, out=features[d + 1 :])
        else:
            begin = d + 1
            for i in range(d):
                np.multiply(columns[i], columns[i:], out=features[begin : begin + d - i])
                begin += d - i
        return features


@cache
def triangle(n_features: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of each quadratic feature ``x_i x_j (i <= j)``, in their order."""
    rows, columns = np.triu_indices(n_features)
    return rows, columns
