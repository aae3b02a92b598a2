"""What must hold of every classifier: names, weights, labels, priors, and the classical discriminant analyses."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis

from mixtura.classification import MixtureClassifier
from tests.classification.reference import rows

X, Y = rows("diabetes")
FAMILIES = ["VII", "VEI", "EEE", "VVE", "VVV"]
SMALL: dict[str, Any] = {"kind": "mixture", "n_components": [1, 2], "covariance_types": ["VII", "EEE"]}
KINDS: list[dict[str, Any]] = [{"kind": "edda", "covariance_types": FAMILIES}, SMALL]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["kind"])
WEIGHT = np.random.RandomState(1).randint(0, 4, len(X)).astype(float)


def same(ours: MixtureClassifier, theirs: MixtureClassifier, rtol: float = 1e-9) -> None:
    np.testing.assert_allclose(ours.class_log_densities(X), theirs.class_log_densities(X), rtol=rtol)
    np.testing.assert_allclose(ours.priors_, theirs.priors_, rtol=rtol)
    assert ours.log_likelihood_ == pytest.approx(theirs.log_likelihood_, rel=rtol)
    assert ours.bic_ == pytest.approx(theirs.bic_, rel=rtol)


def partly(seed: int = 0, share: float = 0.5, value: Any = "?") -> np.ndarray:
    """Classes, of which a share is hidden."""
    classes = Y.astype(object)
    classes[np.random.RandomState(seed).uniform(size=len(Y)) < share] = value
    return classes


@each_kind
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_names_of_classes_mean_nothing(kind: dict[str, Any], share: float) -> None:
    named = partly(share=share)
    numbers = np.array([{"Chemical": 7, "Normal": 8, "Overt": 30, "?": -1}[name] for name in named])
    ours = MixtureClassifier(**kind, unlabeled="?").fit(X, named)
    theirs = MixtureClassifier(**kind, unlabeled=-1).fit(X, numbers)
    same(ours, theirs, 1e-12)
    assert theirs.classes_.tolist() == [7, 8, 30]
    assert (theirs.predict(X) == np.array([7, 8, 30])[np.searchsorted(ours.classes_, ours.predict(X))]).all()


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_weight_is_a_repeated_row_and_weight_zero_none(share: float) -> None:
    named = partly(share=share)
    often = np.repeat(np.arange(len(X)), WEIGHT.astype(int))
    kind = KINDS[0]
    weighted = MixtureClassifier(**kind, unlabeled="?", tol=1e-12).fit(X, named, WEIGHT)
    repeated = MixtureClassifier(**kind, unlabeled="?", tol=1e-12).fit(X[often], named[often])
    assert weighted.family_ == repeated.family_
    same(weighted, repeated, 1e-6 if share else 1e-9)
    kept = WEIGHT > 0
    rotten = np.where(kept[:, None], X, np.nan)
    cleaned = MixtureClassifier(**kind, unlabeled="?", tol=1e-12).fit(rotten, named, WEIGHT)
    same(cleaned, weighted, 1e-9)


def test_a_class_without_weight_is_none() -> None:
    weight = np.where(Y == "Overt", 0.0, 1.0)
    model = MixtureClassifier("edda").fit(X, Y, weight)
    assert model.classes_.tolist() == ["Chemical", "Normal"]
    same(model, MixtureClassifier("edda").fit(X[Y != "Overt"], Y[Y != "Overt"]))


@each_kind
def test_unlabeled_changes_nothing_when_every_row_has_a_class(kind: dict[str, Any]) -> None:
    same(MixtureClassifier(**kind, unlabeled="?").fit(X, Y), MixtureClassifier(**kind).fit(X, Y), 1e-15)


@pytest.mark.parametrize("value", [None, np.nan, float("nan")])
def test_missing_values_are_unlabeled_whatever_they_are(value: Any) -> None:
    expected = MixtureClassifier("edda", unlabeled="?", covariance_types="VVI").fit(X, partly())
    same(MixtureClassifier("edda", unlabeled=np.nan, covariance_types="VVI").fit(X, partly(value=value)), expected)


def test_numbers_among_missing_values_stay_numbers() -> None:
    classes = np.unique(Y, return_inverse=True)[1].astype(object)
    classes[partly() == "?"] = pd.NA
    model = MixtureClassifier("edda", unlabeled=np.nan, covariance_types="VVI").fit(X, classes)
    assert model.classes_.dtype.kind == "i"
    same(model, MixtureClassifier("edda", unlabeled="?", covariance_types="VVI").fit(X, partly()))


@each_kind
def test_probabilities(kind: dict[str, Any]) -> None:
    model = MixtureClassifier(**kind, unlabeled="?").fit(X, partly())
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), proba, rtol=1e-12)
    joint = model.class_log_densities(X) + np.log(model.priors_)
    np.testing.assert_allclose(model.score_samples(X), np.logaddexp.reduce(joint, axis=1), rtol=1e-13)
    assert (model.predict(X) == model.classes_[joint.argmax(axis=1)]).all()
    by_class = [mixture.score_samples(X) for mixture in model.mixtures_]
    np.testing.assert_allclose(model.class_log_densities(X), np.transpose(by_class), rtol=1e-13)


@settings(max_examples=15)
@given(st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3))
def test_priors_move_posteriors_by_bayes_rule(weights: list[float]) -> None:
    priors = np.array(weights) / np.sum(weights)
    plain = MixtureClassifier("edda", covariance_types="VVV").fit(X, Y)
    moved = MixtureClassifier("edda", covariance_types="VVV", priors=dict(zip(plain.classes_, priors, strict=True)))
    moved.fit(X, Y)
    expected = plain.predict_proba(X) / plain.priors_ * priors
    np.testing.assert_allclose(moved.predict_proba(X), expected / expected.sum(axis=1, keepdims=True), rtol=1e-9)
    assert moved.n_parameters_ == plain.n_parameters_ - 2


@each_kind
def test_given_priors_stay_when_rows_without_a_class_disagree(kind: dict[str, Any]) -> None:
    priors = np.array([0.2, 0.5, 0.3])
    model = MixtureClassifier(**kind, unlabeled="?", priors=priors).fit(X, partly())
    np.testing.assert_allclose(model.priors_, priors, rtol=1e-12)
    free = MixtureClassifier(**kind, unlabeled="?").fit(X, partly())
    assert free.log_likelihood_ > model.log_likelihood_


def test_quadratic_discriminant_analysis() -> None:
    """Its covariances are these up to their divisor, which is N - 1 or N by the version of scikit-learn."""
    model = MixtureClassifier("edda", covariance_types="VVV").fit(X, Y)
    theirs = QuadraticDiscriminantAnalysis(store_covariance=True).fit(X, Y)
    for c, mixture in enumerate(model.mixtures_):
        own = X[model.classes_[c] == Y]
        np.testing.assert_allclose(mixture.covariances_[0], np.cov(own.T, bias=True), rtol=1e-10)
        ratio = mixture.covariances_[0] / theirs.covariance_[c]
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-9)
        assert min(abs(ratio[0, 0] - 1), abs(ratio[0, 0] - (len(own) - 1) / len(own))) < 1e-9
    np.testing.assert_allclose([mixture.means_[0] for mixture in model.mixtures_], theirs.means_, rtol=1e-12)
    assert (model.predict(X) == theirs.predict(X)).mean() > 0.98


def test_linear_discriminant_analysis() -> None:
    """Its least-squares solver has the pooled covariance with divisor N, as maximum likelihood."""
    model = MixtureClassifier("edda", covariance_types="EEE").fit(X, Y)
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(X, Y)
    np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(X), rtol=1e-7, atol=1e-12)


def test_rows_without_a_class_help() -> None:
    """Labels of five rows a class and the rest of the rows say more than the five."""
    rng = np.random.RandomState(3)
    truth = rng.randint(0, 2, 600)
    points = rng.normal(size=(600, 2)) * [1.0, 0.4] + np.where(truth == 1, 2.0, 0.0)[:, None]
    known = np.where(np.arange(600) < 12, truth, -1)
    few = MixtureClassifier("edda", covariance_types="VVV").fit(points[:12], truth[:12])
    many = MixtureClassifier("edda", covariance_types="VVV", unlabeled=-1).fit(points, known)
    assert many.score(points, truth) > few.score(points, truth)
    assert many.score(points, truth) > 0.95


def test_one_component_a_class_is_one_gaussian_a_class() -> None:
    """Two ways to the same maximum: families of their own that hold all matrices, and one that does."""
    alone = MixtureClassifier(n_components=1, covariance_types="VVV", unlabeled="?", tol=1e-12).fit(X, partly())
    shared = MixtureClassifier("edda", covariance_types="VVV", unlabeled="?", tol=1e-12).fit(X, partly())
    assert alone.n_parameters_ == shared.n_parameters_
    same(alone, shared, 1e-5)
    assert alone.log_likelihood_ == pytest.approx(shared.log_likelihood_, rel=1e-11)


def test_rows_without_a_class_move_a_mixture_up() -> None:
    kind = SMALL | {"n_components": 2, "covariance_types": "EEE"}
    model = MixtureClassifier(**kind, unlabeled="?").fit(X, partly())
    start = MixtureClassifier(**kind).fit(X[partly() != "?"], Y[partly() != "?"])
    start.unlabeled = "?"
    reached = -0.5 * (start.bic(X, partly()) - start.n_parameters_ * np.log(len(X)))
    assert model.log_likelihood_ > reached
    assert [m.n_components for m in model.mixtures_] == [2, 2, 2]


def test_a_mixture_that_comes_apart_is_searched_again() -> None:
    rows_, names = rows("iris")
    codes = names.astype(object)
    codes[np.r_[np.arange(0, 150, 2), np.arange(50, 60)]] = "?"
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        model = MixtureClassifier(n_components=[1, 5], covariance_types="VEV", unlabeled="?").fit(rows_, codes)
    assert np.isfinite(model.log_likelihood_)
    assert model.score(rows_, names) > 0.9
    assert any("searched for again" in str(one.message) for one in heard)
