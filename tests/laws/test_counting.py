"""Parameters are counted as what moves the density, and wider families reach more."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.exceptions import ConvergenceWarning

from mixtura import start
from mixtura.covariance import MCLUST, UNIVARIATE
from tests.covariance import letters
from tests.laws.members import MEMBERS, N_COMPONENTS, OPTIONS, Member, estimator, fit, rows

K = N_COMPONENTS


def log_densities(member, X, parameters):
    """Log density of each row from redundant numbers: shares, volume of the noise, means, covariances."""
    d, code = member.n_features, {"E": "EII", "V": "VII"}.get(member.name, member.name)
    noisy = bool(OPTIONS[member.option].get("noise", False))
    shares, volume, means, rest = np.split(parameters, np.cumsum([K + 1, 1, K * d]))
    shares = np.concatenate([np.zeros(K), shares[-1:]]) if "equal_weights" in OPTIONS[member.option] else shares
    shares = np.exp(shares) if noisy else np.exp(shares) * (np.arange(K + 1) < K)
    shares = shares / shares.sum()
    covariances = letters.covariances(code, rest, K, d)
    diffs = X[:, None, :] - means.reshape(K, d)
    lengths = np.einsum("nkd,kde,nke->nk", diffs, np.linalg.inv(covariances), diffs)
    densities = shares[:K] * np.exp(-0.5 * lengths) / np.sqrt(np.linalg.det(2.0 * np.pi * covariances))
    return np.log(densities.sum(axis=1) + shares[K] * np.exp(-volume[0]))


@pytest.mark.parametrize(
    "member", [m for m in MEMBERS if m.name in MCLUST + UNIVARIATE and (not m.option or m.name == "VVV")], ids=str
)
def test_free_parameters_are_the_rank_of_the_density(member):
    """Derivatives of many log densities by every number the model may be written with, by complex steps."""
    X, labels = rows(member)
    d = member.n_features
    point = 0.5 * np.random.default_rng(5).normal(size=K + 2 + K * d + letters.size(K, d))
    slopes = [log_densities(member, X, point + 1e-30j * unit).imag / 1e-30 for unit in np.eye(len(point))]
    assert len(slopes) < len(X)
    sizes = np.linalg.svd(np.array(slopes), compute_uv=False)
    rank = int((sizes > 1e-9 * sizes[0]).sum())
    assert rank < len(point)
    with pytest.warns(ConvergenceWarning):
        assert estimator(member, labels).fit(X).n_parameters_ == rank


def complete_log_likelihood(fitted, X, shares):
    """``sum_nk r_nk log(weight_k N(x_n | mean_k, covariance_k))``."""
    parameters = fitted.parameters
    parts = [
        np.log(weight) + multivariate_normal(mean, covariance).logpdf(X)
        for weight, mean, covariance in zip(parameters.weights, parameters.means, fitted.covariances, strict=True)
    ]
    return float((shares * np.array(parts).T).sum())


@pytest.mark.parametrize("soft", [False, True], ids=["labels", "responsibilities"])
def test_one_m_step_orders_nested_families(soft):
    X, labels = rows(Member("VVV"))
    shares = np.random.default_rng(4).dirichlet(np.ones(K), len(X)) if soft else np.eye(K)[labels]
    begin = start.responsibilities(shares)
    fits = {code: fit(Member(code), X, labels, begin=begin, max_iter=0) for code in MCLUST}
    reached = {code: complete_log_likelihood(found, X, shares) for code, found in fits.items()}
    for narrow, wide in letters.contained():
        assert reached[narrow] <= reached[wide] + 1e-9, (narrow, wide)
    assert reached["EII"] < reached["VVV"] - 1.0
