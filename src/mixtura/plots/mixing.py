"""The mixture of a few of the features: its density, and the regions that hold a share of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

# Points from which the level of a region is found; its share is then good to about 0.3 %.
POINTS = 20_000


@dataclass(frozen=True, eq=False)
class Marginal:
    """
    A mixture of Gaussians in m features; any noise is left out.

    Parameters
    ----------
    shares : (K,) array
    means : (K, m) array
    covariances : (K, m, m) array

    Examples
    --------
    >>> one = Marginal(np.ones(1), np.zeros((1, 1)), np.ones((1, 1, 1)))
    >>> one.log_density(np.zeros((1, 1)))
    array([-0.9189...])
    """

    shares: Float
    means: Float
    covariances: Float

    def take(self, features: Sequence[int]) -> Marginal:
        """The mixture of some of the features."""
        at = list(features)
        return Marginal(self.shares, self.means[:, at], self.covariances[:, at][:, :, at])

    def parts(self, points: Float) -> Float:
        """Log density of each component with its share at each point, (K, n)."""
        roots = np.linalg.cholesky(self.covariances)
        found = np.empty((len(self.shares), len(points)))
        for k, (mean, root) in enumerate(zip(self.means, roots, strict=True)):
            white = np.linalg.solve(root, (points - mean).T)
            found[k] = -0.5 * np.square(white).sum(axis=0) - np.log(np.diagonal(root)).sum()
        with np.errstate(divide="ignore"):  # a component without a share
            scale = np.log(self.shares / self.shares.sum()) - 0.5 * len(self.means[0]) * np.log(2.0 * np.pi)
        return np.asarray(found + scale[:, np.newaxis])

    def log_density(self, points: Float) -> Float:
        """Log density of the mixture at each point, (n,)."""
        parts = self.parts(points)
        top = parts.max(axis=0)
        return np.asarray(top + np.log(np.exp(parts - top).sum(axis=0)))

    def sample(self, n: int = POINTS) -> tuple[Float, Float]:
        """About n points, as many of each component, and what each counts: the same every time."""
        k, m = self.means.shape
        white = np.random.default_rng(0).standard_normal((k, -(-n // k), m))
        points = self.means[:, np.newaxis] + white @ np.swapaxes(np.linalg.cholesky(self.covariances), 1, 2)
        return points.reshape(-1, m), np.repeat(self.shares / self.shares.sum(), white.shape[1]) / white.shape[1]

    def levels(self, held: Sequence[float]) -> Float:
        """
        Find the log densities above which the mixture holds given shares of itself: the smallest regions that do.

        Examples
        --------
        >>> one = Marginal(np.ones(1), np.zeros((1, 2)), np.eye(2)[np.newaxis])
        >>> (one.levels([0.5]) - np.log(0.5 / (2 * np.pi))).round(1) + 0.0  # a disk of radius sqrt(2 log 2)
        array([0.])
        """
        points, weight = self.sample()
        found = self.log_density(points)
        order = np.argsort(-found)
        mass = np.cumsum(weight[order])
        return np.asarray(found[order][np.searchsorted(mass, np.asarray(held) * mass[-1])])
