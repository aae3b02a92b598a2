"""What a search owes hostile rows, weights, settings and readers: right figures, true sentences, one clear error."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import mixtura as mx
from mixtura.outcome import DataWarning, MixtureError
from mixtura.selection import ordinary, small

FAITHFUL = mx.datasets.load_faithful().data
IRIS = mx.datasets.load_iris().data
CLOSED = ["EEI", "VVI", "EEE", "VVV"]


def search(n_components: Any = (1, 2, 3), **settings: Any) -> mx.MixtureSearch:
    return mx.MixtureSearch(n_components, **{"covariance_types": ["EEE", "VVV"], **settings})


def bics(found: mx.MixtureSearch) -> list[float]:
    return [np.nan if row.bic is None else row.bic for row in found.results_]


def spiked(seed: int = 0) -> Any:
    """Three rows far away, first among two groups: the smallest component is the first to be met, the last by share."""
    rng = np.random.default_rng(seed)
    groups = rng.normal(size=(3, 5)) * 0.01 + 50, rng.normal(size=(60, 5)), rng.normal(size=(100, 5)) + 9
    return np.concatenate(groups)


def read_only(X: Any) -> Any:
    X = X.copy()
    X.flags.writeable = False
    return X


SAME: dict[str, Callable[[Any], Any]] = {
    "Fortran order": np.asfortranarray,
    "read-only": read_only,
    "big-endian": lambda X: X.astype(">f8"),
    "strided": lambda X: np.repeat(X, 2, axis=0)[::2],
    "list": lambda X: X.tolist(),
    "object": lambda X: X.astype(object),
    "long double": lambda X: X.astype(np.longdouble),
    "odd names": lambda X: pd.DataFrame(X, columns=["<script>", "=cmd()\n"]),
}


@pytest.mark.parametrize("kind", SAME)
def test_the_same_numbers_in_another_layout_give_the_same_bits(kind: str) -> None:
    assert bics(search().fit(SAME[kind](FAITHFUL))) == bics(search().fit(FAITHFUL))


def test_whole_numbers_are_numbers() -> None:
    whole = (FAITHFUL * 10).astype(np.int32)
    assert bics(search().fit(whole)) == bics(search().fit(whole.astype(float)))


def cell(value: float) -> Any:
    X = FAITHFUL.copy()
    X[5, 1] = value
    return X


REFUSED: dict[str, tuple[Any, str]] = {
    "missing": (cell(np.nan), "row 5, column 1"),
    "infinite": (cell(-np.inf), "row 5, column 1"),
    "masked": (np.ma.masked_greater(FAITHFUL, 90), "mask"),
    "complex": (FAITHFUL + 1j, "[Cc]omplex"),
    "text": (FAITHFUL.astype(str), "astype"),
    "dates": (FAITHFUL.astype("datetime64[s]"), "dates"),
    "one dimension": (FAITHFUL[:, 0], "Reshape"),
    "one row": (FAITHFUL[:1], "minimum of 2"),
    "two columns of one name": (pd.DataFrame(FAITHFUL, columns=["a", "a"]), "Rename"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_rows_that_cannot_be_used_are_refused_with_the_place(kind: str) -> None:
    X, words = REFUSED[kind]
    found = search()
    with pytest.raises((MixtureError, ValueError), match=words):
        found.fit(X)
    assert not [name for name in vars(found) if name.endswith("_")]


def test_more_columns_than_rows_leave_the_families_that_can() -> None:
    wide = np.random.default_rng(0).normal(size=(20, 60))
    found = mx.MixtureSearch((1, 2)).fit(wide)
    assert {row.family for row in found.results_} == {"EII", "VII", "EEI", "VEI", "EVI", "VVI"}
    with pytest.raises(MixtureError, match="rank 19"):
        search().fit(wide)


def test_weights_are_repeated_rows_in_every_cell() -> None:
    weight = np.random.default_rng(1).integers(0, 4, len(IRIS)).astype(float)
    counted = mx.MixtureSearch((1, 2, 3)).fit(IRIS, sample_weight=weight)
    written = mx.MixtureSearch((1, 2, 3)).fit(np.repeat(IRIS, weight.astype(int), axis=0))
    without = mx.MixtureSearch((1, 2, 3)).fit(IRIS[weight > 0], sample_weight=weight[weight > 0])
    np.testing.assert_allclose(bics(counted), bics(written), rtol=1e-8)
    np.testing.assert_allclose(bics(counted), bics(without), rtol=1e-8)


def test_weights_of_a_sum_too_small_are_spoken_of() -> None:
    with pytest.raises(mx.MixtureError, match="sum to 1, which criteria take for the number of rows"):
        search().fit(FAITHFUL, sample_weight=np.full(272, 1 / 272))
    found = search().fit(FAITHFUL, sample_weight=np.full(272, 4 / 272))
    assert "more than these can carry" in found.verdict_


def by_hand(model: mx.GaussianMixture, X: Any, weight: Any, one: float) -> dict[str, float]:
    """Every criterion from the published arrays, by scipy."""
    each = [multivariate_normal(mean, cov) for mean, cov in zip(model.means_, model.covariances_, strict=True)]
    joint = np.stack([np.log(w) + part.logpdf(X) for w, part in zip(model.weights_, each, strict=True)], axis=1)
    total = logsumexp(joint, axis=1)
    log_r, n, df = joint - total[:, None], weight.sum(), model.n_parameters_
    level, entropy = weight @ total, -weight @ (np.exp(log_r) * log_r).sum(axis=1)
    found = {"log_likelihood": level, "bic": -2 * level + df * np.log(n), "aic": -2 * level + 2 * df}
    found["icl"] = found["bic"] - 2 * weight @ log_r.max(axis=1)
    found["aicc"] = found["aic"] + 2 * df * (df + 1) / (n - df - 1)
    return found | {"clc": -2 * level + 2 * entropy, "nec": entropy / (level - one)}


@pytest.mark.parametrize("criterion", ["bic", "icl", "aic", "aicc", "clc", "nec"])
@pytest.mark.parametrize("path", ["compiled", "ordinary"])
def test_the_winners_figures_are_right_by_hand(path: str, criterion: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if path == "ordinary":
        monkeypatch.setattr(small, "SMALL", 0)
    weight = np.random.default_rng(0).integers(0, 4, len(FAITHFUL)).astype(float)
    settings: dict[str, Any] = {"criterion": criterion, "covariance_types": ["EEE", "VEV"], "tol": 1e-6}
    found = search((1, 2, 3), **settings).fit(FAITHFUL, sample_weight=weight)
    row, model = found.results_[found.best_index_], found.best_estimator_
    assert row.n_components > 1
    one = next(each.log_likelihood for each in found.results_ if each.family == row.family)
    for name, value in by_hand(model, FAITHFUL, weight, one or 0.0).items():
        assert getattr(row, name) == pytest.approx(value, rel=1e-9), name
    assert found.best_score_ == getattr(row, criterion) == min(v for v in found.results_.values if v is not None)
    assert (np.diff(model.weights_) <= 0).all()


def test_both_paths_choose_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    families = ["EII", "EEE", "VVI", "VVV"]
    for rows in (FAITHFUL, IRIS, mx.datasets.load_acidity().data):
        monkeypatch.undo()
        compiled = search((1, 2, 3), covariance_types=families, tol=1e-6).fit(rows)
        monkeypatch.setattr(small, "SMALL", 0)
        other = search((1, 2, 3), covariance_types=families, tol=1e-6).fit(rows)
        assert compiled.best_params_ == other.best_params_
        assert compiled.best_score_ == pytest.approx(other.best_score_, rel=1e-6)


def test_giving_up_hopeless_candidates_changes_no_winner(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    for _ in range(3):
        groups = [rng.normal(size=(50, 2)) @ rng.normal(size=(2, 2)) + 2 * rng.normal(size=2) for _ in range(3)]
        X = np.concatenate(groups)
        monkeypatch.setattr(ordinary, "LEFT", 1000.0)
        early = search((1, 2, 3, 4), noise=True).fit(X)
        monkeypatch.setattr(ordinary, "LEFT", 1e9)
        late = search((1, 2, 3, 4), noise=True).fit(X)
        assert early.best_params_ == late.best_params_ and early.best_score_ == pytest.approx(late.best_score_)


@pytest.mark.parametrize("seed", [0, 2])
def test_what_the_verdict_says_of_icl_is_what_the_table_says(seed: int) -> None:
    rng = np.random.default_rng(seed)  # two groups of heavy tails: BIC wants more, and gives up what ICL prefers
    spread = np.sqrt(1 / rng.gamma(1.5, 1 / 1.5, size=1500))[:, None]
    X = rng.normal(size=(1500, 2)) * spread + rng.integers(0, 2, 1500)[:, None] * 14
    found = search(range(1, 7), covariance_types="spherical", prior="default").fit(X)
    lowest = min((row for row in found.results_ if row.icl is not None), key=lambda row: row.icl or 0.0)
    assert not lowest.converged and f"ICL prefers {lowest.n_components} components" in found.verdict_


def test_an_offset_moves_means_alone() -> None:
    near, far = search(covariance_types=CLOSED).fit(FAITHFUL), search(covariance_types=CLOSED).fit(FAITHFUL + 1e9)
    np.testing.assert_array_equal(near.predict(FAITHFUL), far.predict(FAITHFUL + 1e9))
    np.testing.assert_allclose(bics(far), bics(near), atol=0.01)


@pytest.mark.parametrize("unit", [[1e3, 1e-3], [1e-150, 1e150]])
def test_units_change_no_label_where_families_promise_that(unit: list[float]) -> None:
    near = search(covariance_types=CLOSED).fit(FAITHFUL)
    far = search(covariance_types=CLOSED).fit(FAITHFUL * unit)
    assert near.best_params_ == far.best_params_
    np.testing.assert_array_equal(near.predict(FAITHFUL), far.predict(FAITHFUL * unit))
    shift = 2 * len(FAITHFUL) * np.log(unit).sum()
    np.testing.assert_allclose(np.array(bics(far)) - shift, bics(near), atol=0.01)


@pytest.mark.parametrize("scale", [1e-310, 1e160])
def test_spreads_beyond_doubles_are_an_error_with_its_remedy(scale: float) -> None:
    with pytest.raises(MixtureError, match=r"beyond the range of float64\. Divide"):
        search().fit(FAITHFUL * scale)


def test_a_column_that_is_constant_or_collinear_is_named() -> None:
    collinear = search((1, 2), covariance_types=["VVI", "VVV"]).fit(np.c_[FAITHFUL, FAITHFUL.sum(axis=1)])
    assert collinear.best_params_["covariance_type"] == "VVI"
    assert "Column 2 is a linear combination" in collinear.verdict_
    constant = search((1, 2), covariance_types=["EII", "VVV"]).fit(np.c_[FAITHFUL, np.ones(272)])
    assert "Column 2 is constant" in constant.verdict_ and constant.best_params_["covariance_type"] == "EII"


def test_a_component_of_three_rows_is_named_by_the_number_that_predict_gives() -> None:
    X = spiked()
    with pytest.warns(DataWarning) as told:
        found = search([3], covariance_types="VVV", reg_covar=1e-6).fit(X)
    assert (found.predict(X[:3]) == 2).all()
    assert str(told[0].message).startswith("Component 2 holds a mass of 3 rows")
    assert found.best_estimator_.fit_report_.spurious == (2,) and "Component 2 holds few rows" in found.verdict_


@pytest.mark.parametrize("kind", ["one number tried", "two distinct rows"])
def test_one_component_without_a_rival_proves_nothing(kind: str) -> None:
    alone = kind == "one number tried"
    found = mx.MixtureSearch([1] if alone else [1, 2]).fit(FAITHFUL if alone else np.repeat(FAITHFUL[:2], 50, axis=0))
    assert found.best_params_["n_components"] == 1 and "no evidence of groups" not in found.verdict_


def test_all_rows_alike_are_an_error_that_says_so() -> None:
    with pytest.raises(MixtureError, match=r"constant[\s\S]*1 distinct"):
        search((1, 2)).fit(np.repeat(FAITHFUL[:1], 30, axis=0))


def test_searches_within_searches() -> None:
    outer = GridSearchCV(search((1, 2), tol=1e-4), {"criterion": ["bic", "icl"]}, cv=2).fit(FAITHFUL)
    assert outer.best_params_["criterion"] in ("bic", "icl")
    assert clone(outer.best_estimator_).get_params() == outer.best_estimator_.get_params()


def test_so_many_threads_are_no_more_than_jobs() -> None:
    assert bics(search(n_threads=10**5).fit(FAITHFUL)) == bics(search(n_threads=1).fit(FAITHFUL))


def test_a_warning_that_is_an_error_leaves_nothing_behind() -> None:
    found = search([3], covariance_types="VVV", reg_covar=1e-6)
    with warnings.catch_warnings(), pytest.raises(DataWarning):
        warnings.simplefilter("error")
        found.fit(spiked())
    assert not hasattr(found, "results_") and not hasattr(found, "n_features_in_")
