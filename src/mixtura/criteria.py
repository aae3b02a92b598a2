"""Criteria for choosing a model: pure functions of a log-likelihood, a number of parameters and a number of rows.

Lower is better everywhere.
"""

from __future__ import annotations

import math


def bic(log_likelihood: float, n_parameters: int, n: float) -> float:
    """Bayesian information criterion ``-2 log L + df log n`` (Schwarz 1978).

    Parameters
    ----------
    log_likelihood : float
        Of all rows, in nats.
    n_parameters : int
        Free parameters.
    n : float
        Number of rows: the sum of their weights.

    Examples
    --------
    >>> from mixtura.criteria import bic
    >>> round(bic(-100.0, 5, 20), 4)
    214.9787
    """
    return -2.0 * log_likelihood + n_parameters * math.log(n)


def aic(log_likelihood: float, n_parameters: int) -> float:
    """Akaike information criterion ``-2 log L + 2 df`` (Akaike 1974).

    Examples
    --------
    >>> from mixtura.criteria import aic
    >>> aic(-100.0, 5)
    210.0
    """
    return -2.0 * log_likelihood + 2.0 * n_parameters


def icl(log_likelihood: float, n_parameters: int, n: float, log_max: float) -> float:
    """Integrated completed likelihood ``BIC - 2 sum_n w_n log max_k r_nk`` (Biernacki, Celeux & Govaert 2000).

    Parameters
    ----------
    log_likelihood, n_parameters, n
        As for `bic`.
    log_max : float
        ``sum_n w_n log max_k r_nk``, not above 0.

    Examples
    --------
    >>> from mixtura.criteria import bic, icl
    >>> icl(-100.0, 5, 20, -3.0) - bic(-100.0, 5, 20)
    6.0
    """
    return bic(log_likelihood, n_parameters, n) - 2.0 * log_max


def n_parameters(n_components: int, n_features: int, covariance: int, noise: bool, equal_weights: bool) -> int:
    """Free parameters of a mixture: proportions, means, covariances, and two for a uniform noise component.

    Examples
    --------
    >>> from mixtura.criteria import n_parameters
    >>> n_parameters(3, 2, covariance=9, noise=False, equal_weights=False)
    17
    """
    proportions = 0 if equal_weights else n_components - 1
    return proportions + n_components * n_features + covariance + (2 if noise else 0)
