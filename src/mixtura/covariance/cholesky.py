"""Cholesky factors of covariance matrices, with a test of singularity that does not depend on units."""

from __future__ import annotations

from typing import cast

import numpy as np

from mixtura.arrays import Float
from mixtura.outcome import DegenerateComponent

# Rounding leaves a pivot of an exactly singular matrix at about D eps of its diagonal entry.
SINGULAR = 4.0 * float(np.finfo(np.float64).eps)
REMEDY = "Use fewer components, a family with fewer parameters, reg_covar or a prior."


def cholesky(matrices: Float) -> Float:
    """Lower triangular factors of a stack of positive definite matrices.

    A squared pivot is what is left of the variance of a column beside the columns before it. Where that is at most
    ``4 D eps`` of the variance, the matrix is numerically singular. Scaling a column scales both alike.

    Parameters
    ----------
    matrices : array of shape (K, D, D)
        Symmetric; the lower triangle is read.

    Returns
    -------
    array of shape (K, D, D)

    Raises
    ------
    DegenerateComponent
        For the first matrix that is numerically singular; use fewer components, a family with fewer parameters,
        reg_covar or a prior.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.covariance.cholesky import cholesky
    >>> cholesky(np.array([[[4.0, 2.0], [2.0, 5.0]]]))
    array([[[2., 0.],
            [1., 2.]]])
    """
    try:
        factors = np.asarray(np.linalg.cholesky(matrices), dtype=np.float64)
    except np.linalg.LinAlgError:
        _refuse_first(matrices)
    pivots = np.diagonal(factors, axis1=1, axis2=2)
    left = pivots * pivots
    enough = left > SINGULAR * matrices.shape[1] * np.diagonal(matrices, axis1=1, axis2=2)
    if not enough.all():
        component, column = (int(index) for index in np.argwhere(~enough)[0])
        raise singular(component, column, float(left[component, column] / matrices[component, column, column]))
    return factors


def inverse_factors(lower: Float) -> Float:
    """Upper triangular F with ``F F^T`` the inverse of ``L L^T``: the inverse transpose of each L, shape (K, D, D)."""
    from scipy.linalg.lapack import dtrtri

    factors = np.empty(lower.shape)
    for k, factor in enumerate(lower):
        # In memory, L by rows is its transpose by columns, so LAPACK reads it without a copy.
        factors[k] = cast("tuple[Float, int]", dtrtri(factor.T, lower=0))[0]
    return factors


def log_determinants(lower: Float) -> Float:
    """Log determinant of each ``L L^T``, shape (K,)."""
    return np.asarray(2.0 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1))


def singular(component: int, column: int, left: float) -> DegenerateComponent:
    """The error for a matrix whose column keeps only the share `left` of its variance beside those before it."""
    share = f"keeps {left:.1e} of its variance" if left > 0 else "keeps nothing of its variance"
    what = f"its covariance is singular: column {column} {share} beside the columns before it."
    return DegenerateComponent(component, f"{what} {REMEDY}")


def _refuse_first(matrices: Float) -> None:
    """Name the first matrix, and its column, that Cholesky's recurrence stops at."""
    from scipy.linalg.lapack import dpotrf

    for component, matrix in enumerate(matrices):
        stopped = cast("tuple[Float, int]", dpotrf(matrix, lower=1))[1]
        if stopped:
            raise singular(component, stopped - 1, 0.0)
    raise singular(0, 0, float("nan"))
