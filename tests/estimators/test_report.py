"""The report of a fit: what it holds, that it prints, and that it tells what looks wrong."""

import json
import pickle
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

import mixtura as mx
from mixtura.fit_report import FitReport, StartReport
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


def told(model: mx.GaussianMixture) -> str:
    """The printed report on one line."""
    return " ".join(str(model.fit_report_).split())


def report_of(objectives: list[float], ends: list[Outcome], gain: float = 1e-9) -> FitReport:
    """A report with such starts on 100 rows, the first of them kept."""
    starts = tuple(StartReport(value, 5, end) for value, end in zip(objectives, ends, strict=True))
    path = (objectives[0] - gain, objectives[0])
    return replace(fitted().fit_report_, starts=starts, best=0, path=path, weight=100.0)


def test_starts_agree_as_far_as_the_stopping_rule_can_tell() -> None:
    fine = [Outcome.CONVERGED] * 4
    report = report_of([-2.0, -2.0000001, -2.03, -2.5], fine)
    assert (report.agreeing, report.gap) == (2, pytest.approx(3.0))
    assert "2 of 4 reached the best optimum; the next is 3 lower in log-likelihood" in " ".join(str(report).split())
    coarse = report_of([-2.0, -2.0000001, -2.03, -2.5], fine, gain=0.004)
    assert (coarse.agreeing, coarse.gap) == (3, pytest.approx(50.0))
    lost = report_of([-2.0, -2.5, -2.03, -2.0], [fine[0], fine[0], Outcome.MAX_ITER, Outcome.SINGULAR])
    assert (lost.agreeing, lost.gap) == (1, pytest.approx(50.0))
    same = report_of([-2.0, -2.0, -2.0, -2.0], fine)
    assert (same.agreeing, same.gap) == (4, None)
    assert "4 of 4 reached the best optimum\n" in str(same)


def test_the_gap_is_between_optima_that_fits_find() -> None:
    model = fitted(X=mx.datasets.load_iris().data, n_components=4, n_init=6, init_params="random", tol=1e-8)
    totals = np.sort([150 * s.objective for s in model.fit_report_.starts if s.outcome is Outcome.CONVERGED])[::-1]
    distinct = totals[totals < totals[0] - 1e-3]
    assert model.fit_report_.gap == pytest.approx(totals[0] - distinct[0], rel=1e-6)


def test_overlaps_are_told_where_they_matter() -> None:
    plain = fitted()
    assert plain.fit_report_.overlaps.sum() < 0.05 and "overlap" not in told(plain)
    draw = np.random.RandomState(0)
    near = fitted(X=draw.standard_normal((400, 2)) + 2.6 * (np.arange(400) < 200)[:, None] * [1.0, 0.0])
    found = near.fit_report_.overlaps
    sentence = f"{found[0, 1]:.1%} of component 0 would be put in 1, {found[1, 0]:.1%} of 1 in 0."
    assert found.sum() > 0.05 and f"overlap {sentence}" in told(near)
    assert ("may be one group" in told(near)) == bool(found.sum() > 0.317)
    one = fitted(X=draw.standard_normal((400, 2)))
    assert "Components 0 and 1 may be one group: see mixtura.merge_components." in told(one)
    assert "of the labels are wrong: use the probabilities" in told(one)
    assert max(map(len, str(one.fit_report_).splitlines())) <= 80


def test_many_pairs_are_few_lines() -> None:
    model = fitted("tied", X=np.random.RandomState(0).standard_normal((300, 2)), n_components=7, max_iter=5000)
    printed = str(model.fit_report_)
    assert "further pairs by at most" in " ".join(printed.split())
    assert len(printed.splitlines()) < 24


def test_overlaps_belong_to_the_model_and_go_where_it_goes(tmp_path: Any) -> None:
    model = fitted(X=mx.datasets.load_iris().data, n_components=3)
    found = model.fit_report_.overlaps
    assert found.shape == (3, 3)
    order = [2, 0, 1]
    moved = model.reorder(order)
    np.testing.assert_allclose(moved.fit_report_.overlaps, found[np.ix_(order, order)], atol=1e-12)
    mx.save(model, tmp_path / "iris.mixtura")
    loaded = mx.load(tmp_path / "iris.mixtura")
    assert np.array_equal(loaded.fit_report_.overlaps, found) and str(loaded.fit_report_) == str(model.fit_report_)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).fit_report_.overlaps, found)
    plain = model.fit_report_.to_dict()
    again = FitReport.from_dict(json.loads(json.dumps(plain)))
    assert np.array_equal(again.overlaps, found) and again.gap == plain["gap"]
    assert FitReport.from_dict({n: v for n, v in plain.items() if n not in ("gap", "overlaps")}).overlaps is None


def test_a_fit_does_not_wait_for_overlaps(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("mixtura.fit_report.record.overlaps", never)
    model = fitted()
    mx.GaussianMixture(2, random_state=0, warm_start=True).fit(X)
    with pytest.raises(AssertionError):
        str(model.fit_report_)


def test_rows_and_entropy_are_told() -> None:
    model = fitted(X=mx.datasets.load_iris().data, n_components=3)
    report = model.fit_report_
    assert f"effective rows {', '.join(f'{mass:.4g}' for mass in report.mass)}" in told(model)
    assert f"entropy {report.entropy:.3g} a row; 1.1 would be a blind guess" in told(model)
    assert "entropy" not in told(fitted(n_components=1)) and "effective" not in told(fitted(n_components=1))


def test_few_rows_for_many_parameters() -> None:
    rows = np.random.RandomState(0).standard_normal((60, 4)) + 20.0 * (np.arange(60) < 9)[:, None]
    labels = np.where(np.arange(60) < 9, 1, 0)
    report = fitted(X=rows, init_params=labels).fit_report_
    assert "Component 1 holds 9 rows for 15 parameters of its own." in " ".join(report.warnings)
    tied = fitted("tied", X=rows, init_params=labels).fit_report_  # 5 of its own: its share and its mean
    assert tied.warnings == ()
    moved = fitted(X=rows, init_params=labels).reorder([1, 0]).fit_report_
    assert "Component 0 holds 9 rows" in " ".join(moved.warnings)


def test_flat_components_are_told() -> None:
    draw = np.random.RandomState(0)
    flat = np.column_stack([X, X.sum(axis=1) + 1e-5 * draw.standard_normal(120)])
    report = fitted(X=flat, reg_covar=0).fit_report_
    assert min(report.conditions) > 1e8
    assert any(s.startswith("Components 0, 1 are nearly flat: in their rows a column") for s in report.warnings)
