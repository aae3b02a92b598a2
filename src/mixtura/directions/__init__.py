"""The plane in which the components of a mixture differ most."""

from __future__ import annotations

from copy import copy
from numbers import Real
from typing import Any

import numpy as np

from mixtura.covariance import published
from mixtura.directions.plane import Directions
from mixtura.directions.solve import solve, unit_length
from mixtura.estimators.answers import Answers
from mixtura.estimators.chosen import chosen
from mixtura.outcome import MixtureError

__all__ = ["Directions", "discriminant_directions"]


def discriminant_directions(model: Any, *, balance: float = 1.0, normalized: bool = True) -> Directions:
    r"""The directions in which the components of a mixture differ most, for pictures of many features.

    With :math:`\Sigma_B = \sum_k \pi_k (\mu_k - \mu)(\mu_k - \mu)^T` between the components,
    :math:`\Sigma_W = \sum_k \pi_k \Sigma_k` within them, and the marginal covariance
    :math:`\Sigma = \Sigma_B + \Sigma_W`, they are the generalized eigenvectors

    .. math::
        M v = l \Sigma v, \quad M = 2 \lambda \, \Sigma_B \Sigma^{-1} \Sigma_B
            + 2 (1 - \lambda) \sum_k \pi_k (\Sigma_k - \Sigma_W) \Sigma^{-1} (\Sigma_k - \Sigma_W)

    [1]_ [2]_, as in mclust's ``MclustDR``. Everything follows from the parameters: where ``MclustDR`` takes the
    covariance of the rows for :math:`\Sigma`, this is the covariance of the fitted mixture. By maximum likelihood they
    are the same for the families VVV (full) and EEE (tied), and near each other elsewhere. A noise component is left
    out.

    Parameters
    ----------
    model : GaussianMixture or MixtureSearch
        Fitted; of a search its best model is meant.
    balance : float, default=1.0
        The :math:`\lambda` between 0 and 1: 1 looks for differences of the means alone, 0 of the covariances alone,
        0.5 for both alike.
    normalized : bool, default=True
        Whether columns of the basis have length 1, as in ``MclustDR``; else rows have variance 1 in each direction
        under the model, and the basis does not depend on the units of the features.

    Returns
    -------
    Directions
        As many as the rank of M: with ``balance=1`` at most min(D, K - 1). In each column of ``standardized_`` the
        entry of largest size is positive.

    Raises
    ------
    MixtureError
        Components that do not differ in what was asked for: one component, equal means (use ``balance=0.5``), or
        equal covariances (use ``balance=1``).
    NotFittedError
        A model without parameters: fit it first.

    References
    ----------
    .. [1] L. Scrucca (2010), Dimension reduction for model-based clustering, Statistics and Computing 20, 471-484.
    .. [2] L. Scrucca (2014), Graphical tools for model-based mixture discriminant analysis, Advances in Data Analysis
       and Classification 8, 147-165.

    Examples
    --------
    >>> import mixtura as mx
    >>> iris = mx.datasets.load_iris()
    >>> model = mx.GaussianMixture(3, random_state=0).fit(iris.data)
    >>> plane = mx.discriminant_directions(model)
    >>> plane.transform(iris.data).shape
    (150, 2)
    >>> plane.eigenvalues_.round(2)
    array([1.88, 0.07])
    """
    best = chosen(model)
    if isinstance(balance, bool) or not isinstance(balance, Real) or not 0 <= balance <= 1:
        raise MixtureError(f"balance is {balance!r} and must lie between 0 (covariances alone) and 1 (means alone).")
    parameters = best._parameters()
    k, d = parameters.shape
    covariances = published.read_back(parameters.arrays.covariances, parameters.layout).dense(k, d)
    shares, means = np.asarray(parameters.weights, dtype=np.float64), np.asarray(parameters.means, dtype=np.float64)
    shares = shares / shares.sum()
    center = shares @ means
    basis, values, spread = solve(shares, means - center, covariances, float(balance))
    standardized = unit_length(basis * spread[:, None])
    if normalized:
        basis = unit_length(basis)
    return Directions(
        basis_=basis,
        standardized_=standardized,
        eigenvalues_=values,
        center_=center,
        means_=(means - center) @ basis,
        covariances_=basis.T @ covariances @ basis,
        names=_names(best, d),
        model=copy(best),
    )


def _names(model: Answers, n_features: int) -> tuple[str, ...]:
    names = getattr(model, "feature_names_in_", None)
    return tuple(f"x{at}" for at in range(n_features)) if names is None else tuple(str(name) for name in names)
