"""Log-likelihood, df, BIC and ICL of the same parameters are mclust's, with the sign of BIC and ICL turned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mixtura as mx
from tests.mclust.reference import GOLDEN, rows_of, told

FIGURES = told("tight/criteria")
KINDS = ("plain", "equal", "noise")


def cases(kind: str) -> list[Any]:
    found = [one for one in FIGURES["cases"] if one["kind"] == kind]
    return [pytest.param(one, id=f"{one['dataset']}-{one['modelName']}") for one in found]


def rows(one: dict[str, Any]) -> np.ndarray:
    return np.array(FIGURES["noisy"]["rows"]) if one["Vinv"] else rows_of(GOLDEN / f"data/{one['dataset']}.csv")


def of_parameters(one: dict[str, Any]) -> mx.GaussianMixture:
    """The model of given parameters: its start, nothing fitted."""
    k, X = one["G"], rows(one)
    labels = np.arange(len(X)) % k
    settings = {"init_params": labels, "max_iter": 0, "reg_covar": 0, "equal_weights": one["kind"] == "equal"}
    if one["Vinv"]:
        settings |= {"noise": 1.0 / one["Vinv"], "init_params": np.where(np.arange(len(X)) % 7 == 0, -1, labels)}
    model = mx.GaussianMixture(k, covariance_type=one["modelName"], **settings).fit(X)
    model.weights_ = np.array(one["pro"][:k]) / sum(one["pro"][:k])
    model.means_, model.covariances_ = np.array(one["mean"]), np.array(one["sigma"])
    model.precisions_cholesky_ = np.array([np.linalg.inv(np.linalg.cholesky(s)).T for s in model.covariances_])
    if one["Vinv"]:
        model.noise_weight_ = one["pro"][k]
        model.weights_ = np.array(one["pro"][:k])
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_a_case_a_family(kind: str) -> None:
    assert len({one["modelName"] for one in FIGURES["cases"] if one["kind"] == kind}) == (14 if kind == "noise" else 16)


@pytest.mark.parametrize("one", [case for kind in KINDS for case in cases(kind)])
def test_criteria_of_given_parameters(one: dict[str, Any]) -> None:
    model, X = of_parameters(one), rows(one)
    assert model.n_parameters_ == one["df"]
    assert model.score(X) * len(X) == pytest.approx(one["loglik"], rel=1e-9)
    assert model.bic(X) == pytest.approx(-one["bic"], rel=1e-9)
    assert model.icl(X) == pytest.approx(-one["icl"], rel=1e-9)


@pytest.mark.parametrize("one", cases("noise"))
def test_em_with_noise_ends_where_mclust_ends(one: dict[str, Any]) -> None:
    labels = np.array(FIGURES["noisy"]["labels"]) - 1
    settings = {"init_params": labels, "reg_covar": 0, "tol": 1e-12, "max_iter": 5000, "noise": 1.0 / one["Vinv"]}
    X = rows(one)
    model = mx.GaussianMixture(one["G"], covariance_type=one["modelName"], **settings).fit(X)
    ours, theirs = model.score(X) * len(X), one["end"]
    if one["modelName"] in ("VVE", "EVE"):
        assert ours >= theirs - 1e-8 * abs(theirs)
    else:
        assert ours == pytest.approx(theirs, rel=1e-8)
