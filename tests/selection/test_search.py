"""The search: what is tried, what wins, what is said of what fails."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import mixtura as mx
from mixtura.covariance import MCLUST
from mixtura.criteria import TABLE
from mixtura.selection import small, warm

FAITHFUL = mx.datasets.load_faithful().data
IRIS = mx.datasets.load_iris().data
FEW = ["EEE", "VVV"]


def search(X: Any = FAITHFUL, k: Any = (1, 2, 3), families: Any = FEW, **settings: Any) -> mx.MixtureSearch:
    return mx.MixtureSearch(k, covariance_types=families, **settings).fit(X)


def cell(found: mx.MixtureSearch, family: str, k: int) -> Any:
    (row,) = (row for row in found.results_ if (row.family, row.n_components) == (family, k))
    return row


def test_the_winner_is_a_fitted_mixture() -> None:
    found = search()
    best = found.best_estimator_
    assert found.best_params_ == {"n_components": 3, "covariance_type": "EEE"}
    assert isinstance(best, mx.GaussianMixture)
    assert np.all(np.diff(best.weights_) <= 0)
    row = found.results_[found.best_index_]
    assert row.bic == pytest.approx(best.bic(FAITHFUL), rel=1e-14) == found.best_score_
    assert row.icl == pytest.approx(best.icl(FAITHFUL), rel=1e-14)
    assert row.n_parameters == best.n_parameters_
    assert best.converged_ and row.converged
    np.testing.assert_array_equal(found.predict(FAITHFUL), best.predict(FAITHFUL))
    np.testing.assert_array_equal(found.fit_predict(FAITHFUL), best.predict(FAITHFUL))
    assert found.score(FAITHFUL) == best.score(FAITHFUL)


def test_every_row_is_what_its_model_measures() -> None:
    """Each candidate alone gives the same row, and a model that measures what the row says."""
    whole = search()
    for row in whole.results_:
        alone = search(k=row.n_components, families=row.family)
        model = alone.best_estimator_
        assert model.bic(FAITHFUL) >= row.bic - 1e-3  # with neighbors a candidate may reach more, never less
        mine = alone.results_[0]
        shares = model.predict_proba(FAITHFUL)
        with np.errstate(divide="ignore", invalid="ignore"):
            entropy = -np.nansum(shares * np.log(shares))
        likelihood, n, df = model.score_samples(FAITHFUL).sum(), len(FAITHFUL), model.n_parameters_
        assert mine.log_likelihood == pytest.approx(likelihood, rel=1e-12)
        assert mine.bic == pytest.approx(-2 * likelihood + df * np.log(n), rel=1e-12)
        assert mine.icl == pytest.approx(mine.bic - 2 * np.log(shares.max(axis=1)).sum(), rel=1e-12)
        assert mine.aic == pytest.approx(-2 * likelihood + 2 * df, rel=1e-12)
        assert mine.aicc == pytest.approx(mine.aic + 2 * df * (df + 1) / (n - df - 1), rel=1e-12)
        assert mine.clc == pytest.approx(-2 * likelihood + 2 * entropy, rel=1e-9)
        if row.n_components > 1:
            one = cell(whole, row.family, 1).log_likelihood
            entropy = 0.5 * row.clc + row.log_likelihood
            assert row.nec == pytest.approx(entropy / (row.log_likelihood - one), rel=1e-9)
        else:
            assert row.nec == 1.0


def test_all_families_are_those_of_mclust() -> None:
    names = {row.family for row in search(k=1, families="all").results_}
    assert names == set(MCLUST)
    few = mx.MixtureSearch(1).fit(np.random.default_rng(0).normal(size=(4, 5)))
    assert [row.family for row in few.results_] == ["EII", "VII", "EEI", "VEI", "EVI", "VVI"]
    line = mx.MixtureSearch(1).fit(FAITHFUL[:, :1])
    assert [row.family for row in line.results_] == ["E", "V"]


@pytest.mark.parametrize("criterion", [name for name in TABLE if name != "cv"])
def test_the_lowest_wins(criterion: str) -> None:
    found = search(criterion=criterion)
    values = [getattr(row, criterion) for row in found.results_]
    assert found.best_score_ == min(values) == values[found.best_index_]
    assert found.margin_ >= 0


@pytest.mark.parametrize("most", [small.SMALL, 0], ids=["compiled", "ordinary"])
def test_one_component_is_there_for_those_that_are_measured_by_it(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "SMALL", most)
    found = search(k=(2, 3), criterion="nec")
    assert found.best_params_ == search(criterion="nec", k=(2, 3), families=["VVV", "EEE"]).best_params_
    one = search(k=1, families="EEE").results_[0].log_likelihood
    row = cell(found, "EEE", 2)
    assert row.nec == pytest.approx((0.5 * row.clc + row.log_likelihood) / (row.log_likelihood - one), rel=1e-6)
    assert {row.n_components for row in found.results_} == {2, 3}


def test_held_out_likelihood_is_that_of_five_folds() -> None:
    """By hand: the same folds, fitted one by one."""
    from mixtura.selection.folds import parts

    X = np.random.default_rng(1).normal(size=(60, 2)) + np.repeat([[0, 0], [6, 6]], 30, axis=0)
    found = search(X, k=(1, 2), families="VVV", criterion="cv")
    assert found.best_params_["n_components"] == 2
    total = 0.0
    for part in parts(np.ones(60), seed=0):
        inner = search(X[~part], k=2, families="VVV")
        total += inner.best_estimator_.score_samples(X[part]).sum()
    assert cell(found, "VVV", 2).cv == pytest.approx(-2 * total, rel=1e-6)
    assert all(row.cv is None for row in search(X, k=(1, 2), families="VVV").results_)


def test_a_constant_column_leaves_the_families_that_can_do_without() -> None:
    X = np.column_stack([FAITHFUL[:80], np.full(80, 7.0)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mx.DataWarning)
        found = mx.MixtureSearch((1, 2)).fit(X)
    fitted = {row.family for row in found.results_ if row.bic is not None}
    assert fitted == {"EII", "VII"}
    assert all("constant" in row.outcome for row in found.results_ if row.bic is None)
    assert "could not be fitted" in found.verdict_


def test_more_components_than_rows_is_a_row_with_its_reason() -> None:
    X = np.random.default_rng(0).normal(size=(6, 1))
    found = mx.MixtureSearch((1, 7)).fit(X)
    assert [row.bic is None for row in found.results_] == [False, True, False, True]
    assert "6" in cell(found, "E", 7).outcome


def test_a_singular_start_is_a_row_with_its_reason() -> None:
    X = np.concatenate([np.zeros((5, 2)), np.random.default_rng(0).normal(9, 1, size=(40, 2))])
    found = search(X, k=(1, 2), families=["VVV", "EEE"])
    row = cell(found, "VVV", 2)
    assert row.bic is None and row.log_likelihood is None and not row.converged
    assert "singular" in row.outcome or "variance" in row.outcome
    assert cell(found, "EEE", 2).bic is not None


def test_nothing_to_fit_is_an_error() -> None:
    with pytest.raises(mx.MixtureError, match="None of the 2 candidates"):
        search(np.ones((9, 2)), k=(1, 2), families=["VVV"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_components": 0}, "whole numbers from 1"),
        ({"n_components": []}, "empty"),
        ({"n_components": [1.5]}, "holds 1.5"),
        ({"covariance_types": "round"}, "holds 'round'"),
        ({"covariance_types": []}, "empty"),
        ({"criterion": "best"}, "criterion is 'best'"),
        ({"init_params": "nearby"}, "init_params"),
        ({"tol": -1.0}, "tol"),
        ({"init_params": {2: np.zeros(272, int)}, "n_components": 3}, "no entry for 3"),
        ({"init_params": np.zeros(5, int)}, "5 labels were given for 272 rows"),
        ({"covariance_types": "E"}, "one column"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_used(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        mx.MixtureSearch(**{"n_components": (1, 2), "covariance_types": FEW, **settings}).fit(FAITHFUL)


@pytest.mark.parametrize("leaders", [3, 1000])
def test_a_few_rows_in_no_volume_do_not_win(leaders: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the 50 setosa VEV with 5 components has a far higher likelihood, one component holding 4.9 rows."""
    monkeypatch.setattr(warm, "LEADERS", leaders)
    found = mx.MixtureSearch(range(1, 6)).fit(IRIS[:50])
    assert found.best_params_ == {"n_components": 2, "covariance_type": "EEE"}
    assert found.best_score_ == pytest.approx(-35.71955, abs=1e-4)  # mclust: BIC 35.71955


def test_a_failed_fit_changes_nothing() -> None:
    found = search(k=2)
    before = dict(vars(found))
    with pytest.raises(ValueError, match="NaN"):
        found.fit(np.full((5, 2), np.nan))
    assert vars(found) == before
    with pytest.raises(NotFittedError):
        mx.MixtureSearch().predict(FAITHFUL)


def test_a_winner_that_did_not_settle_comes_with_a_warning() -> None:
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        found = search(k=(2, 3), max_iter=2, acceleration=None)
    assert "did not converge" in found.verdict_
    assert not found.best_estimator_.converged_


def test_starts_may_be_given_by_number_of_components() -> None:
    given = {2: (FAITHFUL[:, 0] > 3).astype(int), 3: np.digitize(FAITHFUL[:, 1], [60, 80])}
    found = search(k=(2, 3), families="VVV", init_params=given)
    for k, labels in given.items():
        alone = mx.GaussianMixture(
            k, covariance_type="VVV", init_params=labels, reg_covar=0, tol=1e-8, max_iter=10_000, acceleration="squarem"
        ).fit(FAITHFUL)
        assert cell(found, "VVV", k).log_likelihood >= alone.fit_report_.log_likelihood - 1e-4


@pytest.mark.parametrize("init", ["kmeans", "k-means++", "random", "random_from_data"])
def test_other_starts(init: str) -> None:
    found = search(k=(1, 2), families=["EEE"], init_params=init, n_init=3)
    assert found.best_params_["n_components"] == 2
    assert len(found.best_estimator_.fit_report_.starts) >= 3


def test_noise_is_searched_with() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (150, 2)), rng.normal(12, 1, (150, 2)), rng.uniform(-20, 40, (30, 2))])
    found = search(X, k=(1, 2, 3), families=["EII", "VVV"], noise=True)
    assert found.best_params_ == {"n_components": 2, "covariance_type": "EII"}
    far = found.predict(X) == -1
    assert far[300:].mean() > 0.8 and far[:300].mean() < 0.05


def test_a_prior_holds_up_what_is_singular() -> None:
    X = np.concatenate([np.zeros((5, 2)), np.random.default_rng(0).normal(9, 1, size=(40, 2))])
    found = search(X, k=(1, 2), families=["EII", "VEI", "VVV"], prior="default")
    assert all(row.bic is not None for row in found.results_)


def test_weights_are_counts_and_names_are_kept() -> None:
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, len(FAITHFUL)).astype(float)
    frame = pd.DataFrame(FAITHFUL, columns=["length", "wait"])
    one = mx.MixtureSearch((1, 2), covariance_types=FEW).fit(frame, sample_weight=weight)
    two = search(np.repeat(FAITHFUL, weight.astype(int), axis=0), k=(1, 2))
    assert list(one.best_estimator_.feature_names_in_) == ["length", "wait"] == list(one.feature_names_in_)
    for a, b in zip(one.results_, two.results_, strict=True):
        assert a.bic == pytest.approx(b.bic, rel=1e-9)
    with pytest.raises(ValueError, match="feature names"):
        one.predict(frame[["wait", "length"]])


def test_single_precision_stays_single() -> None:
    found = search(FAITHFUL.astype(np.float32), k=2)
    assert found.best_estimator_.means_.dtype == np.float32


def test_units_do_not_matter() -> None:
    """For families closed under column scaling: the same labels in other units."""
    families = ["EEI", "VVI", "EEE", "VVV"]
    one, two = (search(IRIS * unit, families=families) for unit in (1.0, np.array([1e6, 1e-3, 1.0, 40.0])))
    assert one.best_params_ == two.best_params_
    np.testing.assert_array_equal(one.predict(IRIS), two.predict(IRIS * np.array([1e6, 1e-3, 1.0, 40.0])))


def test_noise_that_takes_every_row_is_a_row_with_its_reason() -> None:
    with pytest.raises(mx.MixtureError, match="noise took every row"):
        search(k=(1, 2), families="EEE", noise=1.0)


def test_a_fold_that_fails_is_told() -> None:
    found = search(IRIS[:30], k=(1, 2, 9), families="VVV", criterion="cv")
    assert [row.cv is None for row in found.results_] == [False, True, True]
    assert "Not compared" in cell(found, "VVV", 2).outcome
    assert "2 of 3 candidates could not be fitted or compared" in found.verdict_


def test_few_rows_in_a_component_are_told_with_the_next_best() -> None:
    with pytest.warns(mx.DataWarning, match="holds a mass of 3 rows"):
        found = mx.MixtureSearch(range(1, 8)).fit(np.random.default_rng(4).normal(size=(30, 2)))
    assert found.best_estimator_.fit_report_.mass[-1] < 5
    assert "The best without such components: 1 component" in found.verdict_


def test_weights_that_are_no_counts_are_refused() -> None:
    with pytest.raises(mx.MixtureError, match=r"sum to 0\.1, which criteria take for the number of rows"):
        mx.MixtureSearch(2).fit(FAITHFUL, sample_weight=np.full(272, 1 / 2720))


@pytest.mark.parametrize("given", [np.array(3), np.int64(3), (k for k in (3,))], ids=["array", "numpy", "generator"])
def test_numbers_of_components_come_in_many_forms(given: Any) -> None:
    assert search(k=given).best_params_["n_components"] == 3


def test_splits_do_not_depend_on_units() -> None:
    families = ["EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVV", "VVV"]
    one, two = (mx.MixtureSearch(range(1, 7), covariance_types=families).fit(IRIS * u) for u in (1, [1, 1e3, 1e-3, 1]))
    for a, b in zip(one.results_, two.results_, strict=True):
        assert (a.bic is None) == (b.bic is None)
        if a.bic is not None and b.bic is not None:
            assert a.bic == pytest.approx(b.bic, abs=1e-2)
