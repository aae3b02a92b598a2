"""Figures of discriminant analysis and semi-supervised learning against mclust's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mixtura.classification import MixtureClassifier
from tests.classification.reference import SETS, hidden, rows, told

CELLS = [(name, family) for name in SETS for family in told(name)["edda"]]
# M-steps that iterate stop in mclust at its tolerance, VVE's short of the maximum.
ITERATED = {"VEI": 1e-7, "VEE": 1e-4, "EVE": 1e-3, "VEV": 1e-7, "VVE": 25.0}


@pytest.mark.parametrize(("name", "family"), CELLS)
def test_one_gaussian_a_class(name: str, family: str) -> None:
    X, y = rows(name)
    theirs, shares = told(name)["edda"][family], len(told(name)["classes"]) - 1
    model = MixtureClassifier("edda", covariance_types=family).fit(X, y)
    assert model.n_parameters_ == theirs["df"] + shares  # theirs lacks the class proportions
    slack = ITERATED.get(family, 1e-9 * abs(theirs["joint"]))
    assert -1e-9 * abs(theirs["joint"]) <= model.log_likelihood_ - theirs["joint"] <= slack
    if family in ITERATED:
        return
    assert model.score_samples(X).sum() == pytest.approx(theirs["loglik"], rel=1e-9)
    assert model.bic(X) == pytest.approx(-theirs["bic"] + shares * math.log(len(X)), rel=1e-9)
    assert model.bic_ == model.bic(X, y) == pytest.approx(-2 * theirs["joint"] + model.n_parameters_ * math.log(len(X)))


@pytest.mark.parametrize("name", SETS)
def test_the_family_and_the_predictions(name: str) -> None:
    X, y = rows(name)
    theirs = told(name)
    model = MixtureClassifier("edda").fit(X, y)
    assert model.family_ == theirs["edda_best"]
    assert (model.predict(X) == theirs["edda_predicted"]).all()
    columns = [model.classes_.tolist().index(c) for c in theirs["classes"]]
    np.testing.assert_allclose(model.predict_proba(X)[::10, columns], theirs["edda_z"], atol=1e-5)
    assert [row.evidence is not None for row in model.results_] == [True] * 14


@pytest.mark.parametrize(("name", "family"), CELLS)
def test_rows_without_a_class(name: str, family: str) -> None:
    X, y = rows(name)[0], hidden(name)
    theirs = told(name)["ssc"][family]
    model = MixtureClassifier("edda", covariance_types=family, unlabeled=np.nan, tol=1e-12).fit(X, y)
    assert model.converged_
    assert model.n_parameters_ == theirs["df"]
    better = model.log_likelihood_ - theirs["loglik"]
    assert -1e-7 <= better <= (25.0 if family == "VVE" else 1e-3)
    assert model.bic_ == pytest.approx(-theirs["bic"] - 2 * better, rel=1e-12)
    if family == "VVE":
        return
    np.testing.assert_allclose(model.priors_, theirs["pro"], atol=2e-4)
    means = np.array([mixture.means_[0] for mixture in model.mixtures_])
    np.testing.assert_allclose((means - theirs["mean"]) / X.std(axis=0), 0, atol=2e-3)
    unknown = np.array(told(name)["hidden"]) - 1  # the others keep their class there
    assert np.mean(model.predict(X[unknown]) == np.array(theirs["classification"])[unknown]) > 0.98


@pytest.mark.parametrize("name", SETS)
def test_the_family_with_rows_without_a_class(name: str) -> None:
    model = MixtureClassifier("edda", unlabeled=np.nan).fit(rows(name)[0], hidden(name))
    assert model.family_ == told(name)["ssc_best"]


@pytest.mark.filterwarnings("ignore::mixtura.outcome.DataWarning")
@pytest.mark.parametrize("name", SETS)
def test_the_mixtures_that_mclust_chose(name: str) -> None:
    """A search over the cell that mclust chose for each class reaches its likelihood, and adds up as it should."""
    X, y = rows(name)
    theirs = told(name)["mclustda"]
    found = []
    for c, family, n_components in zip(told(name)["classes"], theirs["models"], theirs["G"], strict=True):
        kind = {"n_components": n_components, "covariance_types": "VVV" if family == "XXX" else family}
        found.append((c, MixtureClassifier(**kind).fit(X, y).mixtures_[sorted(told(name)["classes"]).index(c)]))
    for (c, mixture), theirs_of_class in zip(found, theirs["class_loglik"], strict=True):
        assert mixture.score_samples(X[y == c]).sum() >= theirs_of_class - 1e-6
    assert sum(mixture.n_parameters_ for _, mixture in found) == theirs["df"]
