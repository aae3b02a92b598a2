"""Components of refits put in the order of the model's: by the assignment of least divergence."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.arrays import Float


def divergences(model: tuple[Float, Float], means: Float, covariances: Float) -> Float:
    r"""Symmetric Kullback-Leibler divergence of every component of refits to every component of a model.

    .. math:: J = \tfrac12 [tr(S^{-1} T) + tr(T^{-1} S) + d^T (S^{-1} + T^{-1}) d] - D, \quad d = \mu - \nu

    Parameters
    ----------
    model : arrays of shapes (K, D) and (K, D, D)
        Means and covariances.
    means : array of shape (B, K, D)
    covariances : array of shape (B, K, D, D)

    Returns
    -------
    divergences : array of shape (B, K, K)
        Of component j of the refit (second axis) to component k of the model (third).

    References
    ----------
    S. Kullback and R. A. Leibler (1951), On information and sufficiency, Annals of Mathematical Statistics 22, 79-86.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.bootstrap.aligned import divergences
    >>> model = np.array([[0.0], [4.0]]), np.ones((2, 1, 1))
    >>> divergences(model, np.array([[[4.0], [1.0]]]), np.ones((1, 2, 1, 1)))
    array([[[16.,  0.],
            [ 1.,  9.]]])
    """
    own_inverse, inverse = np.linalg.inv(model[1]), np.linalg.inv(covariances)
    traces = np.einsum("kil,bjli->bjk", own_inverse, covariances) + np.einsum("bjil,kli->bjk", inverse, model[1])
    apart = means[:, :, None, :] - model[0]
    far = np.einsum("bjkd,kde,bjke->bjk", apart, own_inverse, apart)
    far += np.einsum("bjkd,bjde,bjke->bjk", apart, inverse, apart)
    return np.asarray(0.5 * (traces + far) - means.shape[-1])


def orders(cost: Float) -> Any:
    """For each refit the component that stands for each of the model's, shape (B, K): the assignment of least cost.

    Parameters
    ----------
    cost : array of shape (B, K, K)
        As `divergences`.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.bootstrap.aligned import orders
    >>> orders(np.array([[[16.0, 0.0], [1.0, 9.0]]]))
    array([[1, 0]])
    """
    k = cost.shape[1]
    found = np.tile(np.arange(k), (len(cost), 1))
    # where every component is nearest to its namesake no other assignment costs less
    for b in np.flatnonzero((cost.argmin(axis=1) != np.arange(k)).any(axis=1)):
        found[b] = _assigned(cost[b])
    return found


def _assigned(cost: Float) -> Any:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(cost)
    return rows[np.argsort(columns)]
