"""Where a fit begins: labels, responsibilities, given parameters; and what they may not be."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs
from sklearn.utils._param_validation import InvalidParameterError

import mixtura as mx
from mixtura.outcome import FitFailed, MixtureError, Outcome
from tests.estimators.cases import ALL, arrays, fitted, groups, same_bits

X = groups()
LABELS = np.repeat([0, 1], 60)
HARD = np.eye(2)[LABELS]
SOFT = np.random.RandomState(0).dirichlet([1.0, 1.0], len(X))
NOISY = np.where(np.arange(120) % 10 == 3, -1, LABELS)


def begun(init_params: Any, **settings: Any) -> mx.GaussianMixture:
    return mx.GaussianMixture(2, init_params=init_params, max_iter=0, **settings).fit(X)


def test_labels_make_the_first_m_step() -> None:
    model = begun(LABELS, reg_covar=0)
    for k in (0, 1):
        np.testing.assert_allclose(model.means_[k], X[k == LABELS].mean(axis=0), atol=1e-14)
        np.testing.assert_allclose(model.covariances_[k], np.cov(X[k == LABELS].T, bias=True), rtol=1e-12)
    assert model.weights_.tolist() == [0.5, 0.5]
    assert (model.n_iter_, model.lower_bounds_, model.converged_) == (0, [], False)
    assert model.lower_bound_ == model.score(X)
    assert model.fit_report_.outcome is Outcome.GIVEN


def test_responsibilities_make_the_first_m_step() -> None:
    model = begun(SOFT, reg_covar=0)
    np.testing.assert_allclose(model.weights_, SOFT.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(model.means_, SOFT.T @ X / SOFT.sum(axis=0)[:, None], rtol=1e-12)


@pytest.mark.parametrize("covariance_type", ALL)
def test_labels_are_hard_responsibilities(covariance_type: str) -> None:
    one, other = (fitted(covariance_type, init_params=start) for start in (LABELS, HARD))
    assert all(same_bits(array, arrays(other)[name]) for name, array in arrays(one).items())
    assert one.lower_bounds_ == other.lower_bounds_


@pytest.mark.parametrize("start", [LABELS.tolist(), LABELS.astype(float), pd.Series(LABELS), LABELS.astype(np.int8)])
def test_labels_of_any_kind(start: Any) -> None:
    assert same_bits(fitted(init_params=start).means_, fitted(init_params=LABELS).means_)


def test_k_means_labels_are_the_k_means_start() -> None:
    from sklearn.cluster import KMeans

    found = KMeans(2, n_init=1, random_state=0).fit(X).labels_
    assert fitted(init_params=found).lower_bounds_ == fitted(init_params="kmeans").lower_bounds_


def test_given_starts_are_made_once() -> None:
    assert len(fitted(init_params=LABELS, n_init=5).fit_report_.starts) == 1
    model = fitted()
    given = {"weights_init": model.weights_, "means_init": model.means_, "precisions_init": model.precisions_}
    assert len(fitted(n_init=5, **given).fit_report_.starts) == 1
    assert len(fitted(n_init=5, means_init=model.means_).fit_report_.starts) == 5


def test_labels_and_means() -> None:
    model = begun(LABELS, means_init=[[1.0, 1.0], [5.0, 5.0]])
    assert model.means_.tolist() == [[1.0, 1.0], [5.0, 5.0]]
    assert same_bits(model.covariances_, begun(LABELS).covariances_)


def test_noise_labels() -> None:
    model = begun(NOISY, noise=True)
    assert model.noise_weight_ == pytest.approx(0.1)
    np.testing.assert_allclose(model.means_[0], X[NOISY == 0].mean(axis=0), rtol=1e-12)
    columns = np.column_stack([NOISY == 0, NOISY == 1, NOISY == -1]).astype(float)
    assert same_bits(begun(columns, noise=True).means_, model.means_)
    # what a row of K responsibilities lacks to 1 is noise
    assert same_bits(begun(columns[:, :2], noise=True).means_, model.means_)
    assert begun(columns[:, :2], noise=True).noise_weight_ == pytest.approx(0.1)


def test_without_a_noise_label_noise_begins_with_some_share() -> None:
    assert 0.0 < begun(LABELS, noise=True).noise_weight_ < 0.2
    assert begun(LABELS, noise=True).weights_.sum() + begun(LABELS, noise=True).noise_weight_ == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (LABELS[:-1], "119 labels were given for 120 rows"),
        (LABELS + 1, "labels run from 1 to 2 and must lie between 0 and 1 for 2 components"),
        (NOISY, "labels run from -1 to 1 and must lie between 0 and 1"),
        (LABELS + 0.5, "labels must be whole numbers"),
        (np.where(np.arange(120) == 4, np.nan, LABELS), "labels must be whole numbers"),
        (HARD[:, :1], r"responsibilities have shape \(120, 1\) and must have \(120, 2\)"),
        (HARD[:50], r"responsibilities have shape \(50, 2\)"),
        (np.where(np.arange(120)[:, None] == 9, 0.7, HARD), r"row 9 are not probabilities of sum 1 \(sum 1.4\)"),
        (np.where(np.arange(120)[:, None] == 9, [1.5, -0.5], HARD), "row 9 are not probabilities"),
        (np.where(np.arange(120)[:, None] == 8, np.nan, HARD), "row 8 are not probabilities"),
        (HARD[:, :, None], "responsibilities have shape"),
    ],
)
def test_no_start(start: Any, told: str) -> None:
    with pytest.raises(MixtureError, match=told):
        mx.GaussianMixture(2, init_params=start).fit(X)


def test_labels_that_leave_a_component_empty() -> None:
    with pytest.raises(FitFailed, match="Component 1: the start gives it no row"):
        mx.GaussianMixture(2, init_params=np.zeros(120, dtype=int)).fit(X)


@pytest.mark.parametrize("name", ["hierachical", "K-means", ""])
def test_no_such_start(name: str) -> None:
    with pytest.raises(InvalidParameterError, match="'init_params' parameter of GaussianMixture must be"):
        mx.GaussianMixture(2, init_params=name).fit(X)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"weights_init": [0.5, 0.4]}, r"normalized, but got sum\(weights\) = 0.9"),
        ({"weights_init": [0.5, np.nan]}, "'weights' holds values that are not finite"),
        ({"means_init": [[0.0, np.inf], [1.0, 1.0]]}, "'means' holds values that are not finite"),
        ({"means_init": [[0.0], [1.0]]}, r"shape of \(2, 2\), but got \(2, 1\)"),
        ({"precisions_init": np.stack([np.eye(2), -np.eye(2)])}, "component 1 has the eigenvalue -1"),
        (
            {"precisions_init": np.array([np.eye(2), [[1.0, 2.0], [0.0, 9.0]]])},
            r"component 1 holds 2 at \(0, 1\) and 0",
        ),
    ],
)
def test_given_parameters_that_are_none(given: dict[str, Any], told: str) -> None:
    with pytest.raises(MixtureError, match=told):
        mx.GaussianMixture(2, **given).fit(X)


def test_a_start_that_fails_is_recorded_and_skipped() -> None:
    # without a ridge, a component at three rows on a line has no covariance
    line = np.vstack([X, [[30.0, 0.0], [30.0, 1.0], [30.0, 2.0]]])
    with pytest.warns(ConvergenceWarning):
        found = mx.GaussianMixture(
            2, reg_covar=0, n_init=12, init_params="k-means++", random_state=0, max_iter=2, tol=0
        )
        report = found.fit(line).fit_report_
    failed = [start for start in report.starts if not start.outcome.ok]
    assert 0 < len(failed) < len(report.starts) == 12
    assert {start.outcome for start in failed} == {Outcome.SINGULAR}
    assert all("Component" in start.reason for start in failed)
    assert report.starts[report.best].outcome.ok
    assert f"{len(failed)} failed" in str(report)


def test_all_starts_fail() -> None:
    line = np.vstack([X, [[30.0, 0.0], [30.0, 1.0], [30.0, 2.0]]])
    model = fitted()
    before = dict(vars(model))
    model.set_params(reg_covar=0, n_init=3, init_params=np.r_[np.zeros(120, int), np.ones(3, int)])
    with pytest.raises(FitFailed, match=r"The only start failed.*singular.*Use fewer components"):
        model.fit(line)
    assert same_bits(model.means_, before["means_"])
    assert model.fit_report_ is before["fit_report_"]


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_the_last_m_step_counts_too(covariance_type: str) -> None:
    # one pass, after which a component holds a single row; nothing would have looked at it again
    lonely = np.vstack([X, [[500.0, 500.0]]])
    spread = {"full": np.stack([np.eye(2)] * 2), "tied": np.eye(2), "diag": np.ones((2, 2)), "spherical": np.ones(2)}
    settings: dict[str, Any] = {"covariance_type": covariance_type, "reg_covar": 0, "max_iter": 1}
    given = {"means_init": [[3.0, 3.0], [500.0, 500.0]], "precisions_init": spread[covariance_type]}
    model = mx.GaussianMixture(2, weights_init=[0.5, 0.5], **given, **settings)
    if covariance_type == "tied":
        with pytest.warns(ConvergenceWarning):
            assert np.all(np.isfinite(model.fit(lonely).score_samples(lonely)))
    else:
        with pytest.raises(FitFailed, match=r"covariance of a component became singular.*Component 1"):
            model.fit(lonely)


def test_single_rows_keep_shares_where_scikit_learn_does_not() -> None:
    for init_params in ("k-means++", "random_from_data"):
        theirs, ours = (
            kind(2, init_params=init_params, max_iter=0, random_state=0) for kind in (Theirs, mx.GaussianMixture)
        )
        assert theirs.fit(X).weights_.sum() == pytest.approx(2 / 120)
        assert ours.fit(X).weights_.tolist() == [0.5, 0.5]
        np.testing.assert_allclose(ours.means_, theirs.means_, rtol=1e-12)


def test_given_precisions_alone_without_passes() -> None:
    precisions = np.stack([np.eye(2)] * 2)
    with pytest.raises(AttributeError):
        Theirs(2, precisions_init=precisions, max_iter=0).fit(X)
    assert begun("kmeans", precisions_init=precisions).covariances_.tolist() == precisions.tolist()
