"""Criteria for choosing a model: pure functions of a log-likelihood, a number of parameters and a number of rows.

Lower is better everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


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


def aicc(log_likelihood: float, n_parameters: int, n: float) -> float:
    """AIC corrected for few rows, ``AIC + 2 df (df + 1) / (n - df - 1)``; infinite where n <= df + 1.

    References
    ----------
    C. M. Hurvich and C.-L. Tsai (1989), Regression and time series model selection in small samples, Biometrika 76,
    297-307.

    Examples
    --------
    >>> from mixtura.criteria import aicc
    >>> aicc(-100.0, 5, 16), aicc(-100.0, 5, 6)
    (216.0, inf)
    """
    room = n - n_parameters - 1.0
    return aic(log_likelihood, n_parameters) + 2.0 * n_parameters * (n_parameters + 1) / room if room > 0 else math.inf


def clc(log_likelihood: float, entropy: float) -> float:
    """Classification likelihood criterion ``-2 log L + 2 E`` with E the entropy of the responsibilities.

    Parameters
    ----------
    log_likelihood : float
    entropy : float
        ``-sum_n w_n sum_k r_nk log r_nk``, not below 0.

    References
    ----------
    C. Biernacki and G. Govaert (1997), Using the classification likelihood to choose the number of clusters, Computing
    Science and Statistics 29, 451-457.

    Examples
    --------
    >>> from mixtura.criteria import clc
    >>> clc(-100.0, 3.0)
    206.0
    """
    return -2.0 * log_likelihood + 2.0 * entropy


def nec(log_likelihood: float, entropy: float, log_likelihood_of_one: float) -> float:
    """Normalized entropy criterion ``E / (log L - log L_1)``, with log L_1 that of one component of the same family.

    It is 1 for one component; where more components gain no likelihood it is infinite.

    References
    ----------
    C. Biernacki, G. Celeux and G. Govaert (1999), An improvement of the NEC criterion for assessing the number of
    clusters in a mixture model, Pattern Recognition Letters 20, 267-272.

    Examples
    --------
    >>> from mixtura.criteria import nec
    >>> nec(-100.0, 3.0, -160.0), nec(-160.0, 0.0, -160.0)
    (0.05, inf)
    """
    gain = log_likelihood - log_likelihood_of_one
    return entropy / gain if gain > 0 else math.inf


@dataclass(frozen=True)
class Evidence:
    """What criteria are made of.

    Parameters
    ----------
    n_components, n_parameters : int
    n : float
        Number of rows: the sum of their weights.
    log_likelihood : float
        Of all rows, in nats.
    log_max : float
        ``sum_n w_n log max_k r_nk``.
    entropy : float
        ``-sum_n w_n sum_k r_nk log r_nk``.
    log_likelihood_of_one : float, optional
        That of one component of the same family; None where it could not be fitted.
    held_out : float, optional
        Sum of the log densities of rows under models fitted to the others; None where it was not asked for.
    """

    n_components: int
    n_parameters: int
    n: float
    log_likelihood: float
    log_max: float
    entropy: float
    log_likelihood_of_one: float | None = None
    held_out: float | None = None


def _nec(of: Evidence) -> float | None:
    if of.n_components == 1:
        return 1.0
    one = of.log_likelihood_of_one
    return None if one is None else nec(of.log_likelihood, of.entropy, one)


# Every criterion of a search by its name: lower is better; None where there is nothing to make it of.
TABLE: dict[str, Callable[[Evidence], float | None]] = {
    "bic": lambda of: bic(of.log_likelihood, of.n_parameters, of.n),
    "icl": lambda of: icl(of.log_likelihood, of.n_parameters, of.n, of.log_max),
    "aic": lambda of: aic(of.log_likelihood, of.n_parameters),
    "aicc": lambda of: aicc(of.log_likelihood, of.n_parameters, of.n),
    "clc": lambda of: clc(of.log_likelihood, of.entropy),
    "nec": _nec,
    "cv": lambda of: None if of.held_out is None else -2.0 * of.held_out,
}
