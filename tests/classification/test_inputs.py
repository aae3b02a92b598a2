"""What users pass: frames, text, single precision, odd classes, settings that cannot be; each error says what to do."""

from __future__ import annotations

import pickle
from typing import Any

import array_api_strict
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score

from mixtura.classification import MixtureClassifier
from mixtura.outcome import MixtureError
from tests.classification.reference import hidden, rows

X, Y = rows("diabetes")
NAMES = ["glucose", "insulin", "sspg"]
SMALL: dict[str, Any] = {"n_components": [1, 2], "covariance_types": ["EEE"]}
both = pytest.mark.parametrize("settings", [{"kind": "edda"}, SMALL], ids=["edda", "mixture"])


@both
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_and_series(settings: dict[str, Any], frame: Any) -> None:
    table = frame(dict(zip(NAMES, X.T, strict=True)))
    series = (pd.Series if frame is pd.DataFrame else pl.Series)(Y)
    model = MixtureClassifier(**settings).fit(table, series)
    assert model.feature_names_in_.tolist() == NAMES
    assert [mixture.feature_names_in_.tolist() for mixture in model.mixtures_] == [NAMES] * 3
    plain = MixtureClassifier(**settings).fit(X, Y)
    np.testing.assert_allclose(model.predict_proba(table), plain.predict_proba(X), rtol=1e-9, atol=1e-300)
    with pytest.raises(MixtureError, match="insulin"):
        model.predict(table[["glucose", "sspg"]])


@both
def test_clones_pickles_and_threads(settings: dict[str, Any]) -> None:
    model = MixtureClassifier(**settings, unlabeled=np.nan, n_threads=1).fit(X, hidden("diabetes"))
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict_proba(X) == model.predict_proba(X)).all()
    other = clone(model).set_params(n_threads=3).fit(X, hidden("diabetes"))
    assert (other.predict_proba(X) == model.predict_proba(X)).all()
    assert is_classifier(model)


@both
def test_single_precision(settings: dict[str, Any]) -> None:
    model = MixtureClassifier(**settings, unlabeled=np.nan).fit(X.astype(np.float32), hidden("diabetes"))
    assert {mixture.means_.dtype for mixture in model.mixtures_} == {np.dtype(np.float32)}
    double = MixtureClassifier(**settings, unlabeled=np.nan).fit(X, hidden("diabetes"))
    np.testing.assert_allclose(model.predict_proba(X.astype(np.float32)), double.predict_proba(X), atol=1e-3)


@both
def test_arrays_of_another_namespace(settings: dict[str, Any]) -> None:
    elsewhere = array_api_strict.asarray(X)
    model = MixtureClassifier(**settings, unlabeled=np.nan).fit(elsewhere, hidden("diabetes"))
    host = MixtureClassifier(**settings, unlabeled=np.nan).fit(X, hidden("diabetes"))
    np.testing.assert_allclose(model.predict_proba(elsewhere), host.predict_proba(X), atol=1e-6)


def test_far_offsets_and_units() -> None:
    near = MixtureClassifier("edda", unlabeled=np.nan).fit(X, hidden("diabetes"))
    for shift, scale in ((1e9, 1.0), (0.0, 2.0**100), (0.0, 2.0**-100)):
        far = MixtureClassifier("edda", unlabeled=np.nan).fit((X + shift) * scale, hidden("diabetes"))
        assert far.family_ == near.family_
        np.testing.assert_allclose(far.predict_proba((X + shift) * scale), near.predict_proba(X), atol=1e-4)


def test_one_column_and_booleans() -> None:
    model = MixtureClassifier("edda").fit(X[:, :1], Y == "Overt")
    assert model.family_ in ("E", "V")
    assert model.classes_.tolist() == [False, True]
    assert model.predict([[350.0]]).tolist() == [True]


def test_a_family_that_cannot_be_fitted_is_a_row_with_its_reason() -> None:
    few = np.r_[np.flatnonzero(Y != "Overt"), np.flatnonzero(Y == "Overt")[:2]]
    results = MixtureClassifier("edda").fit(X[few], Y[few]).results_
    assert "'Overt' (2 labeled rows)" in results["VVV"].reason
    assert results["VVV"].evidence is None and results["EEE"].evidence is not None
    assert len(results) == 14 and results.rows[-1].evidence is None
    assert set(results.to_dict()) >= {"family", "bic", "n_parameters", "outcome"}
    assert "labeled rows" in str(results)


def test_few_labels_are_enough_where_the_rest_of_the_rows_help() -> None:
    classes = np.where(np.isin(np.arange(len(Y)), [0, 1, 70, 80, 120, 130, 140]), Y, "?")
    model = MixtureClassifier("edda", covariance_types="VVV", unlabeled="?").fit(X, classes)
    assert model.results_["VVV"].evidence is not None


def test_what_other_kinds_of_fits_leave_is_gone() -> None:
    model = MixtureClassifier("edda").fit(X, Y)
    model.set_params(kind="mixture", **SMALL).fit(X, Y)
    assert not hasattr(model, "family_") and len(model.searches_) == 3
    before = dict(vars(model))
    with pytest.raises(MixtureError):
        model.fit(X, np.full(len(Y), "one"))
    assert vars(model) == before


def test_searches_and_scores() -> None:
    grid = GridSearchCV(MixtureClassifier("edda"), {"covariance_types": ["EII", "VVV"]}, cv=3).fit(X, Y)
    assert grid.best_params_ == {"covariance_types": "VVV"}
    assert cross_val_score(MixtureClassifier("edda"), X, Y).mean() > 0.8
    weight = np.where(Y == "Overt", 0.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        asked = MixtureClassifier("edda").set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        grid = GridSearchCV(asked, {"covariance_types": ["VVV"]}, cv=3).fit(X, Y, sample_weight=weight)
    assert grid.best_estimator_.classes_.tolist() == ["Chemical", "Normal"]


def test_a_fit_that_is_cut_short_says_so() -> None:
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        model = MixtureClassifier("edda", covariance_types="VVV", unlabeled=np.nan, max_iter=2).fit(
            X, hidden("diabetes")
        )
    assert not model.converged_ and model.n_iter_ == 2


WRONG: list[tuple[dict[str, Any], Any, str]] = [
    ({}, np.full(len(Y), "a"), "one class, 'a'"),
    ({"unlabeled": "?"}, np.full(len(Y), "?"), "labels no row"),
    ({}, hidden("diabetes"), "row 0 has no class.*unlabeled=numpy.nan"),
    ({"unlabeled": np.nan}, np.where(np.arange(len(Y)) < 9, 1, Y.astype(object)), "kinds int, str"),
    ({}, Y[:-1], "144 values for 145 rows"),
    ({"priors": [0.5, 0.5]}, Y, "shape .2,. for 3 classes"),
    ({"priors": [0.5, 0.6, 0.1]}, Y, "sum to 1"),
    ({"priors": [0.0, 0.5, 0.5]}, Y, "above 0"),
    (
        {"priors": {"Chemical": 0.5, "Norm": 0.3, "Overt": 0.2}},
        Y,
        "unknown classes .'Norm'., classes without .*'Normal'",
    ),
    ({"priors": ["a", "b", "c"]}, Y, "one probability a class"),
    ({"criterion": "nec"}, Y, "chosen by bic, icl"),
    ({"covariance_types": "XYZ"}, Y, "XYZ"),
]


@pytest.mark.parametrize(("settings", "classes", "sentence"), WRONG)
def test_errors_say_what_to_do(settings: dict[str, Any], classes: Any, sentence: str) -> None:
    with pytest.raises(MixtureError, match=sentence):
        MixtureClassifier("edda", **settings).fit(X, classes)


def test_a_class_that_cannot_be_fitted_is_named() -> None:
    few = np.r_[np.flatnonzero(Y != "Overt"), np.flatnonzero(Y == "Overt")[:1]]
    with pytest.raises(MixtureError, match=r"Class 'Overt' \(1 labeled row\)"):
        MixtureClassifier(**SMALL).fit(X[few], Y[few])
    with pytest.raises(MixtureError, match=r"No family could be fitted.*constant"):
        MixtureClassifier("edda").fit(np.ones_like(X), Y)


def test_rows_that_cannot_be_answered() -> None:
    model = MixtureClassifier("edda").fit(X, Y)
    wrong = X[:3].copy()
    wrong[1, 2] = np.nan
    for answer in (model.predict, model.predict_proba, model.class_log_densities, model.score_samples):
        with pytest.raises(MixtureError, match="NaN: row 1, column 2"):
            answer(wrong)
    with pytest.raises(MixtureError, match="far from every class"):
        model.predict(np.full((1, 3), 1e300))
    with pytest.raises(MixtureError, match="'Other', which is no class"):
        model.bic(X[:1], ["Other"])
    with pytest.raises(NotFittedError):
        MixtureClassifier().predict(X)
