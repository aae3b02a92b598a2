"""The public arrays of a model's covariances: C, then P from C, then L from P.

``covariances_`` is C, ``precisions_`` is ``P = C^-1``, and ``precisions_cholesky_`` is L with ``P = L L^T``, upper
triangular. L is computed from P alone, so giving P back gives the same density to the bit. Each array is computed in
float64 from the one before it as published, that is after rounding to float32 where that is asked for. Shapes are
scikit-learn's for its layouts: full (K, D, D), tied (D, D), diag (K, D), spherical (K,); and (K, D, D) for dense.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mixtura.arrays import Float
from mixtura.covariance import Layout, holds_one_matrix
from mixtura.covariance.checks import Public, floating, require_positive, require_range, require_shape
from mixtura.covariance.cholesky import cholesky, inverse_factors
from mixtura.covariance.value import Covariance
from mixtura.density import Whitening
from mixtura.outcome import DegenerateComponent


@dataclass(frozen=True)
class Published:
    """The three public arrays, of one shape and type.

    Parameters
    ----------
    covariances, precisions, precisions_cholesky : array
        float32 or float64, in the shape of their layout.
    """

    covariances: Public
    precisions: Public
    precisions_cholesky: Public

    def reordered(self, order: Any, layout: Layout) -> Published:
        """The arrays of the same components in another order; one common matrix stays as it is."""
        return self if holds_one_matrix(layout) else Published(*(array[order] for array in vars(self).values()))


def publish(
    covariance: Covariance, layout: Layout, n_components: int, dtype: DTypeLike = np.float64, *, n_features: int
) -> Published:
    """The public arrays of covariances in the user's units.

    Where C has no Cholesky factor after rounding to float32, P and L come from C before rounding.

    Parameters
    ----------
    covariance : Covariance
    layout : {"full", "tied", "diag", "spherical", "dense"}
    n_components, n_features : int
        K and D.
    dtype : float32 or float64

    Returns
    -------
    Published

    Raises
    ------
    MixtureError
        Where a covariance or its inverse overflows or vanishes: scale the columns.
    DegenerateComponent
        Where a covariance is numerically singular; use fewer components, a family with fewer parameters, reg_covar or
        a prior.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.covariance import Covariance
    >>> from mixtura.covariance.published import publish
    >>> public = publish(Covariance(np.array([4.0, 16.0])), "spherical", n_components=2, n_features=3)
    >>> public.precisions
    array([0.25  , 0.0625])
    >>> public.precisions_cholesky
    array([0.5 , 0.25])
    """
    exact = _shaped(covariance, layout, n_components, n_features)
    with np.errstate(over="ignore", under="ignore"):
        rounded: Public = exact.astype(dtype)
    require_range(rounded, layout, "variance")
    try:
        return _chain(rounded, rounded, layout)
    except DegenerateComponent:
        if rounded.dtype == np.float64:
            raise
        return _chain(rounded, exact, layout)


def from_covariances(
    array: Any, layout: Layout, n_components: int | None = None, n_features: int | None = None
) -> Published:
    """The public arrays of given covariances, which are kept as they are.

    Parameters
    ----------
    array : array
        Covariances in the shape of the layout; float32 stays so, anything else becomes float64.
    layout : {"full", "tied", "diag", "spherical", "dense"}
    n_components, n_features : int, optional
        K and D, to check the array's shape against.

    Raises
    ------
    MixtureError
        Where the shape is another, or a covariance is not finite, not symmetric or not positive definite.

    Examples
    --------
    >>> from mixtura.covariance.published import from_covariances
    >>> from_covariances([[4.0, 1.0]], "diag").precisions
    array([[0.25, 1.  ]])
    """
    covariances = floating(array)
    require_shape(covariances, layout, "covariance", n_components, n_features)
    require_positive(covariances, layout, "covariance")
    return _chain(covariances, covariances, layout)


def from_precisions(
    array: Any, layout: Layout, n_components: int | None = None, n_features: int | None = None
) -> Published:
    """The public arrays of given precisions, which are kept as they are: L from P, and C its inverse.

    Parameters
    ----------
    array : array
        Precisions in the shape of the layout; float32 stays so, anything else becomes float64.
    layout : {"full", "tied", "diag", "spherical", "dense"}
    n_components, n_features : int, optional
        K and D, to check the array's shape against.

    Raises
    ------
    MixtureError
        Where the shape is another, or a precision is not finite, not symmetric or not positive definite.

    Examples
    --------
    >>> from mixtura.covariance.published import from_precisions
    >>> from_precisions([[4.0, 1.0], [1.0, 1.0]], "tied").precisions_cholesky
    array([[1.73205081, 1.        ],
           [0.        , 1.        ]])
    """
    precisions = floating(array)
    require_shape(precisions, layout, "precision", n_components, n_features)
    require_positive(precisions, layout, "precision")
    with np.errstate(all="ignore"):
        factors = _each(_upper_factors, precisions, layout)
        covariances = _each(_inverse_squares, factors, layout).astype(precisions.dtype)
    require_range(covariances, layout, "variance")
    return Published(covariances, precisions, factors.astype(precisions.dtype))


def from_factors(array: Any, layout: Layout) -> Published:
    """The public arrays of given factors L, upper or lower triangular, which are kept: ``P = L L^T`` and ``C = P^-1``.

    Parameters
    ----------
    array : array
        Factors in the shape of the layout; float32 stays so, anything else becomes float64.
    layout : {"full", "tied", "diag", "spherical", "dense"}

    Raises
    ------
    MixtureError
        Where the shape is another, or a covariance or a precision is beyond the range of the array's type.

    Examples
    --------
    >>> from mixtura.covariance.published import from_factors
    >>> from_factors([[2.0, 0.0], [1.0, 1.0]], "tied").precisions
    array([[4., 2.],
           [2., 2.]])
    """
    factors = floating(array)
    require_shape(factors, layout, "precision Cholesky")
    with np.errstate(all="ignore"):
        precisions = _each(_squares, factors, layout).astype(factors.dtype)
        covariances = _each(_inverses, precisions, layout).astype(factors.dtype)
    require_range(precisions, layout, "precision")
    require_range(covariances, layout, "variance")
    return Published(covariances, precisions, factors)


def whitening(precisions_cholesky: Any, layout: Layout) -> Whitening:
    """The whitening of published factors.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.covariance.published import whitening
    >>> whitening(np.eye(2), "tied").factor.shape
    (1, 2, 2)
    """
    factors = np.asarray(precisions_cholesky, dtype=np.float64)
    return Whitening(factors[None] if holds_one_matrix(layout) else factors)


def read_back(covariances: Any, layout: Layout) -> Covariance:
    """Published covariances as a Covariance.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.covariance.published import read_back
    >>> read_back(np.eye(2), "tied").values.shape
    (1, 2, 2)
    """
    values = np.asarray(covariances, dtype=np.float64)
    return Covariance(values[None] if holds_one_matrix(layout) else values)


def _chain(covariances: Public, source: Public, layout: Layout) -> Published:
    """P from `source` (C itself, or C before rounding), and L from P, or from `source` where P has no factor."""
    with np.errstate(all="ignore"):
        precisions = _each(_inverses, source, layout).astype(covariances.dtype)
    require_range(precisions, layout, "precision")
    try:
        factors = _each(_upper_factors, precisions, layout)
    except DegenerateComponent:
        factors = _each(_whitening_factors, source, layout)
    return Published(covariances, precisions, factors.astype(covariances.dtype))


def _each(function: Callable[[Float], Float], array: Public, layout: Layout) -> Float:
    """A function of variances or of a stack of matrices, in float64, for an array in its layout."""
    values = array.astype(np.float64)
    return np.asarray(function(values[None])[0]) if holds_one_matrix(layout) else function(values)


def _inverses(covariances: Float) -> Float:
    if covariances.ndim < 3:
        return np.asarray(1.0 / covariances)
    factors = _whitening_factors(covariances)
    return _symmetric(factors @ np.swapaxes(factors, 1, 2))


def _whitening_factors(covariances: Float) -> Float:
    """Upper triangular L with ``L L^T = C^-1``, from C."""
    return inverse_factors(cholesky(covariances)) if covariances.ndim == 3 else np.asarray(1.0 / np.sqrt(covariances))


def _upper_factors(precisions: Float) -> Float:
    """Upper triangular L with ``L L^T = P``: Cholesky's factor with rows and columns in reverse order."""
    if precisions.ndim < 3:
        return np.asarray(np.sqrt(precisions))
    backwards = cholesky(np.ascontiguousarray(precisions[:, ::-1, ::-1]))
    return np.ascontiguousarray(backwards[:, ::-1, ::-1])


def _squares(factors: Float) -> Float:
    return np.asarray(factors**2.0) if factors.ndim < 3 else _symmetric(factors @ np.swapaxes(factors, 1, 2))


def _inverse_squares(factors: Float) -> Float:
    """``(L L^T)^-1`` from upper triangular L."""
    if factors.ndim < 3:
        return np.asarray(factors**-2.0)
    inverses = inverse_factors(np.swapaxes(factors, 1, 2))
    return _symmetric(np.swapaxes(inverses, 1, 2) @ inverses)


def _symmetric(matrices: Float) -> Float:
    return np.asarray(0.5 * (matrices + np.swapaxes(matrices, 1, 2)))


def _shaped(covariance: Covariance, layout: Layout, n_components: int, n_features: int) -> Float:
    """Covariances in the shape of a layout; scikit-learn's vectors hold a family's values as they are."""
    if layout == "spherical":
        return covariance.values
    if layout == "diag":
        return covariance.values.reshape(n_components, n_features)
    if holds_one_matrix(layout):
        return np.asarray(_symmetric(covariance.dense(1, n_features))[0])
    return _symmetric(covariance.dense(n_components, n_features))
