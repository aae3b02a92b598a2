"""The report of a fit: what it holds, that it prints, and that it tells what looks wrong."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

import mixtura as mx
from mixtura.outcome import DataWarning, Outcome
from tests.estimators.cases import ALL, fitted, groups

X = groups()
LABELS = np.repeat([0, 1], 60)


@pytest.mark.parametrize("covariance_type", ALL)
def test_the_numbers_are_the_models(covariance_type: str) -> None:
    model = fitted(covariance_type, n_init=3, init_params="random")
    report = model.fit_report_
    shares = model.predict_proba(X)
    assert report.outcome is Outcome.CONVERGED
    assert (report.n_components, report.n_features, report.n_rows, report.weight) == (2, 2, 120, 120.0)
    assert report.n_parameters == model.n_parameters_
    assert report.log_likelihood == pytest.approx(120 * model.lower_bound_, rel=1e-14)
    assert list(report.path) == model.lower_bounds_
    assert report.passes == model.n_iter_
    assert report.mass == pytest.approx(shares.sum(axis=0), rel=1e-10)
    assert report.uncertainty == pytest.approx(model.uncertainty(X).mean(), rel=1e-10)
    assert report.doubtful == pytest.approx(np.mean(shares.max(axis=1) < 0.8))
    entropy = -np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1)), 0).sum(axis=1)
    assert report.entropy == pytest.approx(entropy.mean(), rel=1e-8)
    assert report.seconds > 0
    assert len(report.starts) == 3
    assert report.starts[report.best].objective == model.lower_bounds_[-1] == max(s.objective for s in report.starts)
    assert report.agreeing >= 1
    assert report.family == {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}.get(
        covariance_type, covariance_type
    )


def test_conditions_are_those_of_the_correlations() -> None:
    model = fitted(X=groups(d=3))
    for covariance, found in zip(model.covariances_, model.fit_report_.conditions, strict=True):
        deviation = np.sqrt(np.diag(covariance))
        assert found == pytest.approx(np.linalg.cond(covariance / np.outer(deviation, deviation)), rel=1e-8)
    assert fitted("diag").fit_report_.conditions == (1.0, 1.0)


def odd() -> pd.DataFrame:
    draw = np.random.RandomState(0)
    name = "a column whose name is so long that no line of eighty characters can hold it, " * 3
    columns = {name: X[:, 0], "id": np.arange(120), "<b>flag</b>": X[:, 1] > 0, "big": draw.standard_normal(120) * 1e6}
    return pd.DataFrame(columns)


@pytest.mark.filterwarnings("ignore::mixtura.outcome.DataWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("settings", [{}, {"n_init": 4, "init_params": "random"}, {"max_iter": 2, "tol": 0}], ids=str)
def test_it_prints_within_eighty_columns(settings: dict[str, Any]) -> None:
    weight = np.random.RandomState(1).uniform(size=120)
    model = mx.GaussianMixture(2, random_state=0, **settings).fit(odd(), sample_weight=weight)
    printed = str(model.fit_report_)
    assert max(map(len, printed.splitlines())) <= 80
    for told in (
        "2 components of family VVV",
        "120 rows of total weight",
        "4 features",
        "log-likelihood",
        "row counter",
    ):
        assert told in printed.replace("\n", " ")
    html = model.fit_report_._repr_html_()
    assert html.startswith("<table>")
    assert html.endswith("</table>")
    assert "&lt;b&gt;flag&lt;/b&gt;" in html
    assert "<b>" not in html


def test_a_single_thing_is_one() -> None:
    printed = str(fitted("spherical", X[:, :1], n_components=1).fit_report_)
    assert "1 component of family V, 2 free parameters" in printed
    assert "120 rows, 1 feature\n" in printed


def test_what_did_not_converge_says_what_to_do() -> None:
    with pytest.warns(ConvergenceWarning):
        model = fitted(max_iter=2, tol=0)
    assert model.fit_report_.outcome is Outcome.MAX_ITER
    assert "Raise max_iter or tol" in str(model.fit_report_).replace("\n" + 21 * " ", " ")


SUSPECTS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a row counter": (np.column_stack([X, np.arange(120)]), {}, "Column 2 is evenly rising like a row counter"),
    "a code": (np.column_stack([X, np.arange(120) % 2]), {}, "Column 2 is limited to fewer than three distinct values"),
    "weights": (X, {"sample_weight": np.full(120, 0.5)}, "Row weights sum to 60 for 120 rows; BIC counts 60 rows"),
}
LOUD: dict[str, tuple[Any, dict[str, Any], str]] = {
    "below the ridge": (X * [1.0, 1e-3], {}, "Column 1 is of variance below 100 times reg_covar=1e-06"),
    "scales apart": (X * [1.0, 1e4], {}, "Column 0 is more than a thousandfold narrower than column 1"),
    "constant": (np.column_stack([X, np.ones(120)]), {}, "Column 2 is constant"),
    "collinear": (
        np.column_stack([X, X.sum(axis=1)]),
        {},
        "linear combination of the others. The 3 columns have rank 2",
    ),
    "starved": (X, {"init_params": np.r_[np.zeros(118, int), 1, 1], "max_iter": 0}, "Component 1 holds a mass of"),
}


@pytest.mark.parametrize("kind", SUSPECTS)
def test_what_looks_odd_is_in_the_report(kind: str) -> None:
    rows, settings, told = SUSPECTS[kind]
    weight = settings.get("sample_weight")
    model = mx.GaussianMixture(2, random_state=0).fit(rows, sample_weight=weight)
    assert any(sentence.startswith(told) for sentence in model.fit_report_.warnings)
    assert not any(sentence.startswith(told) for sentence in fitted().fit_report_.warnings)


@pytest.mark.parametrize("kind", LOUD)
def test_what_looks_wrong_is_a_warning_too(kind: str) -> None:
    rows, settings, told = LOUD[kind]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = mx.GaussianMixture(2, random_state=0, **settings).fit(rows)
    said = [str(w.message) for w in caught if w.category is DataWarning]
    assert any(told in sentence for sentence in said)
    assert set(said) <= set(model.fit_report_.warnings)


def test_units_are_no_matter_where_nothing_depends_on_them() -> None:
    apart, exact = X * [1.0, 1e5], {"reg_covar": 0, "tol": 1e-6, "max_iter": 500}
    begun = fitted(X=apart, init_params=LABELS, **exact)
    whole = {"weights_init": begun.weights_, "means_init": begun.means_, "precisions_init": begun.precisions_}
    for model in (begun, fitted(X=apart, **whole, **exact), begun.set_params(warm_start=True).fit(apart)):
        assert model.fit_report_.warnings == ()
        assert np.array_equal(model.predict(apart), fitted(init_params=LABELS, **exact).predict(X))
    for settings in ({"init_params": "kmeans"}, {"covariance_type": "spherical"}, {"reg_covar": 1e-6}):
        with pytest.warns(DataWarning, match="thousandfold narrower"):
            fitted(X=apart, **{"init_params": LABELS, **exact, **settings})


def test_ordinary_data_raise_no_doubt() -> None:
    assert fitted().fit_report_.warnings == ()


def test_it_survives_a_dictionary() -> None:
    report = fitted(n_init=2, init_params="random").fit_report_
    assert type(report).from_dict(report.to_dict()) == report
