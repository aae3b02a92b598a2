"""One M-step and one E-step of every family against mclust, from stored partitions."""

import json

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixtura.covariance import MCLUST, resolve
from tests.covariance.problems import GOLDEN, ITERATIVE, estimate, sigma, stored_cases, stored_step

STEPS = {name: stored_step(name) for name in ("iris_G3", "banknote_G3", "acidity_G2", "acidity_G3")}
# How close mclust's own iterations come to the maximum. VVE is not among them: its M-step is not a maximum.
TOLERANCE = dict.fromkeys(("VEI", "VEE", "VEV"), 1e-8) | {"EVE": 1e-6}


def figures(name, code):
    model = STEPS[name].models[code]
    return model["mstep_tight" if code in ITERATIVE else "mstep"]


@pytest.mark.parametrize(("name", "code"), stored_cases())
def test_m_step(name, code):
    step, stored = STEPS[name], figures(name, code)
    ours = step.complete_log_likelihood(sigma(code, step.mass, step.scatter))
    theirs = stored["complete_loglik"]
    if code != "VVE":
        assert ours == pytest.approx(theirs, rel=TOLERANCE.get(code, 1e-10))
    assert ours >= theirs - 1e-11 * abs(theirs)


@pytest.mark.parametrize(("name", "gain"), [("iris_G3", 0.46), ("banknote_G3", 0.0105)])
def test_vve_is_a_maximum(name, gain):
    step = STEPS[name]
    ours = step.complete_log_likelihood(sigma("VVE", step.mass, step.scatter))
    assert ours >= figures(name, "VVE")["complete_loglik"] + gain


@pytest.mark.parametrize(("name", "code"), [case for case in stored_cases() if case[1] != "VVE"])
def test_covariances(name, code):
    step = STEPS[name]
    expected = np.array(figures(name, code)["parameters"]["sigma"])
    # VEE and EVE of mclust stop where the likelihood, not the parameters, has settled.
    tolerance = {"VEE": 1e-6, "EVE": 1e-4}.get(code, 1e-10)
    deviations = np.sqrt(np.einsum("kdd->kd", expected))
    difference = (sigma(code, step.mass, step.scatter) - expected) / deviations[:, :, None] / deviations[:, None, :]
    assert np.abs(difference).max() <= tolerance


@pytest.mark.parametrize(("name", "code"), [case for case in stored_cases() if case[1] not in ("VEE", "EVE", "VVE")])
def test_e_step(name, code):
    step, stored = STEPS[name], figures(name, code)
    covariance = estimate(code, step.mass, step.scatter)
    logs = log_joint(step, covariance)
    np.testing.assert_allclose(logsumexp(logs, axis=1).sum(), stored["estep_loglik"], rtol=1e-10)
    responsibilities = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    np.testing.assert_allclose(responsibilities[:5], stored["estep_z_first5"], atol=1e-10)


def log_joint(step, covariance):
    """Log of share times density, by the whitening: it is what the E-step of the library sees."""
    k, d = step.means.shape
    whitening = covariance.whitening()
    factors = np.broadcast_to(whitening.dense(d), (k, d, d))
    white = np.einsum("nkd,kde->nke", step.X[:, None, :] - step.means, factors)
    constant = np.log(step.mass / step.mass.sum()) - 0.5 * d * np.log(2 * np.pi) + whitening.log_det(d)
    return constant - 0.5 * (white**2).sum(axis=2)


@pytest.mark.parametrize("code", MCLUST)
def test_whitening_gives_the_density(code):
    step = STEPS["iris_G3"]
    covariance = estimate(code, step.mass, step.scatter)
    shares, matrices = step.mass / step.mass.sum(), covariance.dense(3, 4)
    components = zip(shares, step.means, matrices, strict=True)
    expected = [np.log(s) + multivariate_normal(m, c).logpdf(step.X) for s, m, c in components]
    np.testing.assert_allclose(log_joint(step, covariance), np.transpose(expected), rtol=1e-11)


def stored_counts():
    return json.loads((GOLDEN / "nparams.json").read_text())["rows"]


def test_parameter_counts():
    compared = 0
    for row in stored_counts():
        code, d, k = row["modelName"], row["d"], row["G"]
        if (d == 1) != (code in ("E", "V")):
            continue
        family, _ = resolve(code, d)
        assert family.free_parameters(k, d) == row["nVarParams"], row
        compared += 1
    assert compared == 4 * 4 * 14 + 4 * 2
