"""Generalized eigenvectors of what differs between components, against their marginal covariance."""

from __future__ import annotations

import numpy as np

from mixtura.arrays import Float
from mixtura.outcome import MixtureError

# Directions whose singular value is below this share of the largest carry nothing but rounding.
NOTHING = float(np.sqrt(np.finfo(np.float64).eps))
# Components differ by rounding where the largest singular value, of covariances whitened to 1, is below this.
ALIKE = 1e-12


def solve(shares: Float, offsets: Float, covariances: Float, balance: float) -> tuple[Float, Float, Float]:
    r"""The directions of Scrucca's kernel matrix M, from a factor of it, so that its rank is not blurred by squares.

    Where the marginal covariance is whitened to 1, :math:`M = F F^T` with
    :math:`F = [\sqrt{2 \lambda} \, \Sigma_B, \sqrt{2 (1 - \lambda) \pi_k} \, (\Sigma_k - \Sigma_W), \ldots]`: its
    eigenvectors are the left singular vectors of F, its eigenvalues their squared singular values.

    Parameters
    ----------
    shares : array of shape (K,)
        Of sum 1.
    offsets : array of shape (K, D)
        Means less the mean of the mixture.
    covariances : array of shape (K, D, D)
    balance : float
        The lambda, from 0 to 1.

    Returns
    -------
    basis : array of shape (D, d)
        With variance 1 in each direction.
    eigenvalues : array of shape (d,)
    spread : array of shape (D,)
        Standard deviation of each feature.

    Raises
    ------
    MixtureError
        Components that do not differ, or a covariance that is singular to rounding.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.directions.solve import solve
    >>> basis, values, spread = solve(np.full(2, 0.5), np.array([[-1.0, 0], [1, 0]]), np.array([np.eye(2)] * 2), 1.0)
    >>> values, basis.T, spread
    (array([0.5]), array([[0.70710678, 0.        ]]), array([1.41421356, 1.        ]))
    """
    offsets, covariances, spread = _standardized(shares, offsets, covariances)
    within = np.einsum("k,kij->ij", shares, covariances)
    lower = _cholesky((offsets.T * shares) @ offsets + within)
    means, matrices = np.linalg.solve(lower, offsets.T), _both_sides(lower, covariances - within)
    between = (means * shares) @ means.T
    shapes = np.sqrt(2.0 * (1.0 - balance) * shares)[:, None, None] * matrices
    left, singular, _ = np.linalg.svd(np.hstack([np.sqrt(2.0 * balance) * between, *shapes]), full_matrices=False)
    rank = _rank(singular, len(shares), balance)
    basis = np.linalg.solve(lower.T, left[:, :rank])
    largest = np.abs(basis).argmax(axis=0)
    basis *= np.sign(basis[largest, np.arange(rank)])
    return basis / spread[:, None], singular[:rank] ** 2, spread


def unit_length(basis: Float) -> Float:
    """The columns of a basis, of length 1 whatever their units."""
    safe = basis / np.abs(basis).max(axis=0)
    return np.asarray(safe / np.linalg.norm(safe, axis=0), dtype=np.float64)


def _standardized(shares: Float, offsets: Float, covariances: Float) -> tuple[Float, Float, Float]:
    """Offsets and covariances in units of the standard deviation of each feature, and these deviations."""
    deviations = np.sqrt(np.einsum("k,kdd->d", shares, covariances))
    size = np.maximum(np.abs(offsets).max(axis=0), deviations)  # so that no square overflows
    spread = size * np.sqrt(shares @ np.square(offsets / size) + np.square(deviations / size))
    return offsets / spread, covariances / spread[:, None] / spread, spread


def _cholesky(marginal: Float) -> Float:
    try:
        return np.asarray(np.linalg.cholesky(marginal), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise MixtureError(
            "The covariance of the mixture is singular to rounding, so it has no directions. Drop columns that are "
            "combinations of others."
        ) from None


def _both_sides(lower: Float, matrices: Float) -> Float:
    """``L^-1 A L^-T`` of symmetric matrices (K, D, D)."""
    half = np.linalg.solve(lower, matrices)
    return np.asarray(np.linalg.solve(lower, np.swapaxes(half, 1, 2)), dtype=np.float64)


def _rank(singular: Float, n_components: int, balance: float) -> int:
    """The number of directions; raises where components do not differ in what was asked for."""
    if n_components == 1:
        raise MixtureError("One component has nothing to differ from, so it has no directions. Fit two or more.")
    if singular[0] <= ALIKE:
        what = "means and covariances" if 0 < balance < 1 else "means" if balance else "covariances"
        remedy = {"means": "Use balance=0.5.", "covariances": "Use balance=1."}.get(what, "Fit fewer components.")
        raise MixtureError(f"All components have the same {what}, so nothing separates them by these. {remedy}")
    rank = int((singular > NOTHING * singular[0]).sum())
    return min(rank, n_components - 1) if balance == 1 else rank
