"""Components of refits put in the order of the model's: by the assignment under which most of the density agrees."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.arrays import Float


def affinities(model: tuple[Float, Float, Float], weights: Float, means: Float, covariances: Float) -> Float:
    r"""Affinity of every component of refits to every component of a model, with the share that they have in common.

    .. math:: \rho_{jk} = \int \sqrt{\pi_j f_j \, \tau_k g_k} = \sqrt{\pi_j \tau_k} \; e^{-\frac18 d^T M^{-1} d}
              \frac{|S_j|^{1/4} |T_k|^{1/4}}{|M|^{1/2}}, \quad M = \tfrac12 (S_j + T_k), \; d = \mu_j - \nu_k

    Bounded by the shares, so that the components of many rows decide: a divergence would let a component of few rows
    that has wandered off turn all others round.

    Parameters
    ----------
    model : arrays of shapes (K,), (K, D) and (K, D, D)
        Shares, means and covariances.
    weights : array of shape (B, K)
    means : array of shape (B, K, D)
    covariances : array of shape (B, K, D, D)

    Returns
    -------
    affinities : array of shape (B, K, K)
        Of component j of the refit (second axis) to component k of the model (third).

    References
    ----------
    K. Matusita (1967), On the notion of affinity of several distributions and some of its applications, Annals of the
    Institute of Statistical Mathematics 19, 181-192.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.resampling.aligned import affinities
    >>> model = np.array([0.5, 0.5]), np.array([[0.0], [4.0]]), np.ones((2, 1, 1))
    >>> affinities(model, np.array([[0.5, 0.5]]), np.array([[[4.0], [1.0]]]), np.ones((1, 2, 1, 1))).round(3)
    array([[[0.068, 0.5  ],
            [0.441, 0.162]]])
    """
    shares, centers, spreads = model
    apart = means[:, :, None, :] - centers
    middle = 0.5 * (covariances[:, :, None] + spreads)
    far = np.einsum("bjkd,bjkd->bjk", apart, np.linalg.solve(middle, apart[..., None])[..., 0])
    own, theirs, both = (np.linalg.slogdet(matrices)[1] for matrices in (spreads, covariances, middle))
    log_overlap = 0.25 * (own + theirs[:, :, None]) - 0.5 * both - 0.125 * far
    return np.asarray(np.sqrt(weights[:, :, None] * shares) * np.exp(log_overlap))


def orders(affinity: Float) -> Any:
    """For each refit the component that stands for each of the model's, shape (B, K): the greatest affinity in all.

    Parameters
    ----------
    affinity : array of shape (B, K, K)
        As `affinities`.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.resampling.aligned import orders
    >>> orders(np.array([[[0.068, 0.5], [0.441, 0.162]]]))
    array([[1, 0]])
    """
    k = affinity.shape[1]
    found = np.tile(np.arange(k), (len(affinity), 1))
    # where every component agrees best with its namesake no other assignment is better
    namesakes = np.einsum("bkk->bk", affinity)
    for b in np.flatnonzero((affinity.max(axis=1) > namesakes).any(axis=1)):
        found[b] = _assigned(affinity[b])
    return found


def _assigned(affinity: Float) -> Any:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(affinity, maximize=True)
    return rows[np.argsort(columns)]
