"""EM run to its end from mclust's partitions reaches mclust's log-likelihoods (tests/golden/README.md)."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura as mx

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = [
    (steps, name)
    for steps in ("iris_G3", "banknote_G3", "acidity_G2", "acidity_G3")
    for name in json.loads((GOLDEN / "steps" / f"{steps}.json").read_text())["models"]
]
# mclust's VVE stops short of the maximum: what an exact M-step reaches from the same partition, to four decimals.
EXACT_VVE = {"iris_G3": -214.0532, "banknote_G3": -662.8039}


def rows_of(data: str) -> np.ndarray:
    with (GOLDEN / "data" / f"{data}.csv").open() as file:
        header, *rows = list(csv.reader(file))
    columns = [j for j, name in enumerate(header) if name != "class"]
    return np.array([[float(row[j]) for j in columns] for row in rows])


def reference(steps: str, name: str) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    told = json.loads((GOLDEN / "steps" / f"{steps}.json").read_text())
    return rows_of(told["dataset"]), np.array(told["start_labels"]) - 1, told["models"][name]


@pytest.mark.parametrize("acceleration", [None, "squarem"])
@pytest.mark.parametrize(("steps", "name"), CASES)
def test_em_ends_where_mclust_ends(steps: str, name: str, acceleration: str | None) -> None:
    X, labels, told = reference(steps, name)
    model = mx.GaussianMixture(
        int(labels.max()) + 1,
        covariance_type=name,
        init_params=labels,
        reg_covar=0,
        tol=1e-12,
        max_iter=5000,
        acceleration=acceleration,
    ).fit(X)
    assert model.converged_
    assert model.n_parameters_ == told["me"]["df"]
    ours, theirs = model.lower_bound_ * len(X), told["me"]["loglik"]
    if name == "VVE":
        assert ours >= EXACT_VVE[steps] - 5e-5 > theirs
    elif name == "EVE":
        assert ours >= theirs - 1e-8 * abs(theirs)
    else:
        assert ours == pytest.approx(theirs, rel=1e-8)
        assert model.bic(X) == pytest.approx(-told["me"]["bic"], rel=1e-8)


@pytest.mark.parametrize("data", ["acidity", "banknote", "faithful", "iris"])
def test_the_best_model_is_mclusts_to_the_last_digits(data: str) -> None:
    told = json.loads((GOLDEN / "fits" / f"{data}.json").read_text())
    best, X = told["best_bic"], rows_of(data)
    start = told["init"]["labels"][told["init"]["G"].index(best["G"])]
    model = mx.GaussianMixture(
        best["G"],
        covariance_type=best["modelName"],
        init_params=np.array(start) - 1,
        reg_covar=0,
        tol=1e-13,
        max_iter=5000,
    ).fit(X)
    tight = told["best_bic_tight"]
    assert model.n_parameters_ == best["df"]
    if best["modelName"] == "VVE":
        assert model.lower_bound_ * len(X) >= tight["loglik"] - 1e-8 * abs(tight["loglik"])
        return
    assert model.lower_bound_ * len(X) == pytest.approx(tight["loglik"], rel=1e-10)
    # the log-likelihood is flat at its top: parameters agree to the square root of what it does
    np.testing.assert_allclose(model.means_, tight["parameters"]["mean"], rtol=1e-4)
    np.testing.assert_allclose(model.weights_, tight["parameters"]["pro"], rtol=1e-4)
    np.testing.assert_allclose(model.covariances_, tight["parameters"]["sigma"], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("data", ["acidity", "banknote", "faithful", "iris"])
def test_criteria_are_mclusts_with_the_sign_turned(data: str) -> None:
    best = json.loads((GOLDEN / "fits" / f"{data}.json").read_text())["best_bic"]
    parameters, X = best["parameters"], rows_of(data)
    model = mx.GaussianMixture.from_parameters(
        parameters["pro"], parameters["mean"], parameters["sigma"], covariance_type=best["modelName"]
    )
    # mclust reports the log-likelihood of the parameters before its last M-step on faithful and acidity
    slack = {"faithful": 1e-2, "acidity": 1e-4}.get(data, 1e-8)
    assert model.score(X) * len(X) == pytest.approx(best["loglik"], abs=slack)
    assert model.bic(X) == pytest.approx(-best["bic"], abs=2 * slack)
    assert model.icl(X) == pytest.approx(-best["icl"], abs=100 * slack)
    assert model.uncertainty(X).sum() == pytest.approx(best["uncertainty_sum"], rel=1e-2)
