"""The manners that scikit-learn's tools count on: metadata routing, pipelines, searches, clones, copies, processes."""

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sklearn
from joblib import Parallel, delayed
from sklearn.base import clone, is_clusterer, is_outlier_detector
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import get_routing_for_object

import mixtura as mx
from tests.estimators.cases import arrays, fitted, groups, same_bits

X = groups()
WEIGHT = np.random.RandomState(4).uniform(0.0, 3.0, len(X))
FOLDS = KFold(3, shuffle=True, random_state=0)


@pytest.fixture
def routing() -> Iterator[None]:
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def test_requests(routing: None) -> None:
    asked = mx.GaussianMixture().set_fit_request(sample_weight=True).set_score_request(sample_weight="mass")
    requests = get_routing_for_object(asked)
    assert requests.fit.requests == {"sample_weight": True}
    assert requests.score.requests == {"sample_weight": "mass"}
    assert get_routing_for_object(clone(asked)).fit.requests == {"sample_weight": True}
    assert get_routing_for_object(mx.GaussianMixture()).fit.requests == {"sample_weight": None}


def test_weights_through_a_pipeline(routing: None) -> None:
    mixture = mx.GaussianMixture(2, random_state=0).set_fit_request(sample_weight=True)
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    pipeline = make_pipeline(scaler, mixture).fit(X, sample_weight=WEIGHT)
    alone = mx.GaussianMixture(2, random_state=0).fit(StandardScaler().fit_transform(X), sample_weight=WEIGHT)
    assert same_bits(pipeline[-1].means_, alone.means_)
    assert not np.array_equal(alone.means_, mx.GaussianMixture(2, random_state=0).fit(pipeline[0].transform(X)).means_)


def test_weights_through_a_pipeline_by_step() -> None:
    pipeline = make_pipeline(StandardScaler(), mx.GaussianMixture(2, random_state=0))
    pipeline.fit(X, gaussianmixture__sample_weight=WEIGHT)
    rows = StandardScaler().fit_transform(X)
    alone = mx.GaussianMixture(2, random_state=0).fit(rows, sample_weight=WEIGHT)
    assert same_bits(pipeline.predict(X), alone.predict(rows))
    assert same_bits(pipeline.score_samples(X), alone.score_samples(rows))
    assert pipeline.score(X) == alone.score(rows)
    assert same_bits(pipeline.fit_predict(X), fitted(X=rows, tol=1e-3).predict(rows))


def test_weights_through_a_search(routing: None) -> None:
    mixture = (
        mx.GaussianMixture(random_state=0).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    )
    grid = {"n_components": [1, 2], "covariance_type": ["full", "spherical", "EEI"]}
    search = GridSearchCV(mixture, grid, cv=FOLDS).fit(X, sample_weight=WEIGHT)
    by_hand = []
    for train, test in FOLDS.split(X):
        model = mx.GaussianMixture(2, covariance_type="full", random_state=0).fit(X[train], sample_weight=WEIGHT[train])
        by_hand.append(model.score(X[test], sample_weight=WEIGHT[test]))
    place = search.cv_results_["params"].index({"n_components": 2, "covariance_type": "full"})
    found = [search.cv_results_[f"split{i}_test_score"][place] for i in range(3)]
    assert found == pytest.approx(by_hand, rel=1e-12)
    assert search.best_params_["n_components"] == 2
    best = mx.GaussianMixture(random_state=0).set_params(**search.best_params_).fit(X, sample_weight=WEIGHT)
    assert same_bits(search.best_estimator_.means_, best.means_)


def test_weights_through_cross_validation(routing: None) -> None:
    asked = mx.GaussianMixture(2, random_state=0).set_fit_request(sample_weight=True)
    asked.set_score_request(sample_weight=False)
    scores = cross_val_score(asked, X, cv=FOLDS, params={"sample_weight": WEIGHT})
    by_hand = [
        mx.GaussianMixture(2, random_state=0).fit(X[train], sample_weight=WEIGHT[train]).score(X[test])
        for train, test in FOLDS.split(X)
    ]
    assert scores.tolist() == pytest.approx(by_hand, rel=1e-12)


def test_cross_validation_without_weights() -> None:
    scores = cross_val_score(mx.GaussianMixture(2, random_state=0), X, cv=3)
    assert np.all(np.isfinite(scores))
    assert scores.shape == (3,)


def test_a_search_over_a_pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), mx.GaussianMixture(random_state=0))
    search = GridSearchCV(pipeline, {"gaussianmixture__n_components": [1, 2]}, cv=FOLDS).fit(X)
    assert search.best_params_ == {"gaussianmixture__n_components": 2}


def task(covariance_type: str) -> mx.GaussianMixture:
    return fitted(covariance_type, n_threads=2)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_parallel_fits(backend: str) -> None:
    types = ["full", "tied", "diag", "spherical"]
    for found, name in zip(
        Parallel(n_jobs=2, backend=backend)(delayed(task)(name) for name in types), types, strict=True
    ):
        assert all(same_bits(array, arrays(found)[key]) for key, array in arrays(fitted(name)).items())


@pytest.mark.parametrize("duplicate", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy, copy.copy])
@pytest.mark.parametrize(
    "settings", [{}, {"noise": True}, {"prior": "default"}, {"n_init": 3, "init_params": "random"}]
)
def test_copies_answer_the_same(duplicate: Any, settings: dict[str, Any]) -> None:
    model = fitted(**settings)
    other = duplicate(model)
    assert same_bits(other.score_samples(X), model.score_samples(X))
    assert same_bits(other.sample(30)[0], model.sample(30)[0])
    assert other.log_density_threshold(0.1) == model.log_density_threshold(0.1)
    assert str(other.fit_report_) == str(model.fit_report_)
    assert other.get_params() == model.get_params()


def test_a_clone_is_unfitted_and_has_every_setting() -> None:
    settings: dict[str, Any] = {
        "n_components": 2,
        "covariance_type": "VVE",
        "tol": 1e-4,
        "reg_covar": 0.0,
        "max_iter": 7,
        "n_init": 2,
        "init_params": np.repeat([0, 1], 60),
        "weights_init": [0.5, 0.5],
        "means_init": np.zeros((2, 2)),
        "precisions_init": np.stack([np.eye(2)] * 2),
        "random_state": 3,
        "warm_start": True,
        "verbose": 0,
        "verbose_interval": 5,
        "noise": 2.5,
        "prior": mx.NormalInverseWishart(shrinkage=0.1),
        "equal_weights": True,
        "acceleration": "squarem",
        "n_threads": 1,
    }
    model = mx.GaussianMixture(**settings)
    assert model.get_params().keys() == settings.keys()
    other = clone(model)
    for name, value in settings.items():
        assert np.array_equal(getattr(other, name), value)
    assert not [name for name in vars(clone(fitted())) if name.endswith("_")]
    assert fitted().set_params(**settings).get_params()["n_init"] == 2


def test_tags() -> None:
    tags = get_tags(mx.GaussianMixture())
    assert tags.estimator_type == "density_estimator"
    assert not is_clusterer(mx.GaussianMixture())
    assert not is_outlier_detector(mx.GaussianMixture())
    assert not tags.input_tags.sparse
    assert not tags.input_tags.allow_nan
    assert not tags.target_tags.required
