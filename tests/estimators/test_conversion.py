"""To and from given parameters, scikit-learn's estimator, and another order of the components."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.mixture import BayesianGaussianMixture
from sklearn.mixture import GaussianMixture as Theirs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mixtura as mx
from mixtura.outcome import MixtureError
from tests.estimators.cases import ALL, TYPES, arrays, fitted, groups

each_type = pytest.mark.parametrize("covariance_type", TYPES)
every_type = pytest.mark.parametrize("covariance_type", ALL)
FRAME = pd.DataFrame({"width": groups()[:, 0], "height": groups()[:, 1]})
EYES = np.stack([np.eye(2)] * 2)


@each_type
def test_from_scikit_learn(covariance_type: str) -> None:
    settings: dict[str, Any] = {"tol": 1e-5, "n_init": 2, "reg_covar": 1e-4, "random_state": 5, "warm_start": True}
    theirs = Theirs(2, covariance_type=covariance_type, **settings).fit(FRAME)
    ours = mx.GaussianMixture.from_sklearn(theirs)
    kept = ours.get_params()
    assert {name: kept[name] for name in theirs.get_params()} == theirs.get_params()
    assert {name: kept[name] for name in kept.keys() - theirs.get_params().keys()} == {
        "noise": False,
        "prior": None,
        "equal_weights": False,
        "acceleration": None,
        "n_threads": None,
    }
    assert ours.feature_names_in_.tolist() == ["width", "height"]
    assert ours.n_features_in_ == 2
    assert all(np.array_equal(array, getattr(theirs, name)) for name, array in arrays(ours).items())
    for name in ("n_iter_", "converged_", "lower_bound_", "lower_bounds_"):
        assert getattr(ours, name) == getattr(theirs, name)
    for method in ("score_samples", "predict_proba", "predict", "score", "bic", "aic"):
        np.testing.assert_allclose(getattr(ours, method)(FRAME), getattr(theirs, method)(FRAME), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(ours.sample(20)[0], theirs.sample(20)[0], rtol=1e-12)


def test_from_scikit_learn_shares_nothing_and_can_go_on() -> None:
    theirs = Theirs(2, random_state=0, warm_start=True).fit(groups())
    ours = mx.GaussianMixture.from_sklearn(theirs)
    ours.means_ += 1.0
    assert not np.shares_memory(ours.means_, theirs.means_)
    ours = mx.GaussianMixture.from_sklearn(theirs).fit(groups())
    np.testing.assert_allclose(ours.means_, theirs.fit(groups()).means_, rtol=1e-8)
    with pytest.raises(MixtureError, match="not fitted to rows"):
        mx.GaussianMixture.from_sklearn(theirs).log_density_threshold(0.1)


@pytest.mark.parametrize(
    ("estimator", "remedy"),
    [
        (make_pipeline(StandardScaler(), Theirs(2)), r"This is a Pipeline\. Pass its mixture step, pipeline\[-1\]"),
        (Theirs(2), r"not fitted\. Call its fit\(X\) first"),
        (BayesianGaussianMixture(), "This is a BayesianGaussianMixture, not a fitted sklearn.mixture.GaussianMixture"),
        (KMeans(), "This is a KMeans"),
        (mx.GaussianMixture(), "This is a GaussianMixture, not"),
    ],
    ids=["pipeline", "unfitted", "bayesian", "k-means", "ours"],
)
def test_what_does_not_come_from_scikit_learn(estimator: Any, remedy: str) -> None:
    with pytest.raises(MixtureError, match=remedy):
        mx.GaussianMixture.from_sklearn(estimator)


@every_type
def test_to_scikit_learn(covariance_type: str) -> None:
    ours = fitted(covariance_type, FRAME)
    theirs = ours.to_sklearn()
    assert type(theirs) is Theirs
    assert theirs.covariance_type == (covariance_type if covariance_type in TYPES else "full")
    assert theirs.feature_names_in_.tolist() == ["width", "height"]
    for method in ("score_samples", "predict_proba", "predict", "score"):
        np.testing.assert_allclose(getattr(theirs, method)(FRAME), getattr(ours, method)(FRAME), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(theirs.sample(9)[0], ours.sample(9)[0], rtol=1e-12)
    assert theirs.set_params(warm_start=True).fit(FRAME).n_iter_ >= 1


def test_to_scikit_learn_and_back() -> None:
    ours = fitted(X=FRAME)
    again = mx.GaussianMixture.from_sklearn(ours.to_sklearn())
    assert again.get_params() == ours.get_params()
    assert np.array_equal(again.score_samples(FRAME), ours.score_samples(FRAME))


def test_labels_to_begin_with_have_no_place_in_scikit_learn() -> None:
    ours = fitted(init_params=np.repeat([0, 1], 60))
    assert ours.to_sklearn().init_params == "kmeans"


def test_noise_has_no_place_in_scikit_learn() -> None:
    with pytest.raises(MixtureError, match="no noise component"):
        fitted(noise=True).to_sklearn()


def test_from_parameters() -> None:
    model = mx.GaussianMixture.from_parameters([0.25, 0.75], [[0, 0], [4, 4]], EYES)
    assert (model.n_components, model.covariance_type, model.n_features_in_) == (2, "full", 2)
    assert (model.converged_, model.n_iter_, model.lower_bounds_) == (False, 0, [])
    assert model.score([[0.0, 0.0]]) == pytest.approx(np.log(0.25 / (2 * np.pi)), rel=1e-6)
    assert np.bincount(model.sample(400, random_state=0)[1]).tolist() == pytest.approx([100, 300], abs=40)
    assert model.n_parameters_ == 11


@pytest.mark.parametrize(
    ("weights", "means", "covariances", "found"),
    [
        ([0.5, 0.6], np.zeros((2, 2)), EYES, r"normalized, but got sum\(weights\) = 1.1"),
        ([1.5, -0.5], np.zeros((2, 2)), EYES, r"range \[0, 1\], but got max value -0.5"),
        ([0.5, 0.5], np.zeros((3, 2)), EYES, r"'means' should have the shape of \(2, 2\), but got \(3, 2\)"),
        ([0.5, 0.5], np.zeros(2), EYES, r"means have shape \(2,\)"),
        ([0.5, 0.5], np.full((2, 2), np.nan), EYES, "'means' holds values that are not finite"),
        ([0.5, 0.5], np.zeros((2, 2)), np.eye(2), r"shape of \(2, 2, 2\), but got \(2, 2\)"),
        ([0.5, 0.5], np.zeros((2, 2)), -EYES, "'full covariance' should be symmetric, positive-definite.*component 0"),
        ([0.5, 0.5], np.zeros((2, 2)), np.ones((2, 2, 2)), "component 0 has the eigenvalue"),
    ],
)
def test_parameters_that_are_no_mixture(weights: Any, means: Any, covariances: Any, found: str) -> None:
    with pytest.raises(MixtureError, match=found):
        mx.GaussianMixture.from_parameters(weights, means, covariances)


@every_type
def test_another_order(covariance_type: str) -> None:
    X = np.vstack([groups(), groups(40, seed=1) + np.array([20.0, 0.0])])
    model = fitted(covariance_type, X, n_components=3)
    other = model.reorder([2, 0, 1])
    assert other is not model
    np.testing.assert_array_equal(other.weights_, model.weights_[[2, 0, 1]])
    np.testing.assert_array_equal(other.means_, model.means_[[2, 0, 1]])
    np.testing.assert_allclose(other.score_samples(X), model.score_samples(X), rtol=1e-10)
    np.testing.assert_array_equal(np.array([2, 0, 1])[other.predict(X)], model.predict(X))
    if covariance_type != "tied":
        np.testing.assert_array_equal(other.covariances_, model.covariances_[[2, 0, 1]])
    assert other.fit_report_.mass == tuple(model.fit_report_.mass[i] for i in (2, 0, 1))
    assert other.get_params() == model.get_params()
    back = other.reorder([1, 2, 0])
    assert all(np.array_equal(array, arrays(back)[name]) for name, array in arrays(model).items())


def test_sorted_components() -> None:
    X = pd.DataFrame(np.vstack([groups(), groups(40, seed=1) + np.array([20.0, -9.0])]), columns=["width", "weight"])
    model = fitted(X=X, n_components=3)
    assert np.all(np.diff(model.sort_components().weights_) <= 0)
    assert np.all(np.diff(model.sort_components("width").means_[:, 0]) > 0)
    assert np.all(np.diff(model.sort_components(1).means_[:, 1]) > 0)
    assert np.all(np.diff(model.sort_components(np.int64(-1)).means_[:, 1]) > 0)
    assert np.array_equal(model.weights_, fitted(X=X, n_components=3).weights_)


@pytest.mark.parametrize("by", ["depth", 2, -3, True, 0.5, None])
def test_no_such_column_to_sort_by(by: Any) -> None:
    with pytest.raises(MixtureError, match="Use 'weight', or a column: width, height"):
        fitted(X=FRAME).sort_components(by)


@pytest.mark.parametrize("order", [[0], [0, 0], [1, 2], [0, 1, 2]])
def test_no_order(order: list[int]) -> None:
    with pytest.raises(MixtureError, match="must hold each of 0 to 1 once"):
        fitted().reorder(order)
