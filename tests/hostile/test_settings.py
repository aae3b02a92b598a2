"""Settings as users write them: NumPy's integers, every random state, slips in names, arrays that do not fit."""

import re
from typing import Any

import numpy as np
import pytest

import mixtura as mx
from mixtura.outcome import MixtureError
from tests.hostile.cases import TYPES, arrays, assert_same_bits, groups, labels, mixture

X = groups()


@pytest.mark.parametrize("cast", (np.int64, np.int8, np.uint64, np.int32))
def test_integers_of_numpy(cast: Any) -> None:
    settings = {"n_components": 3, "max_iter": 100, "n_init": 2, "random_state": 5, "n_threads": 1}
    found = mx.GaussianMixture(**{name: cast(value) for name, value in settings.items()}).fit(X)
    assert_same_bits(arrays(found), arrays(mx.GaussianMixture(**settings).fit(X)))
    assert found.fit_report_.to_dict()["n_components"] == 3


@pytest.mark.parametrize("cast", (np.float32, np.float64, np.int64))
def test_floats_of_numpy(cast: Any) -> None:
    settings: dict[str, Any] = {"tol": cast(1), "reg_covar": cast(1) / cast(2), "noise": cast(300)}
    found = mixture(2, init_params=labels(), **settings)
    owed = mixture(2, init_params=labels(), tol=1.0, reg_covar=0.5, noise=300.0)
    assert_same_bits(arrays(fit(found)), arrays(fit(owed)))


def fit(model: mx.GaussianMixture) -> mx.GaussianMixture:
    with pytest.warns(UserWarning, match="variance below 100 times reg_covar"):
        return model.fit(X)


@pytest.mark.parametrize("start", ("kmeans", "k-means++", "random", "random_from_data"))
def test_random_states(start: str) -> None:
    def means(state: Any) -> Any:
        return mixture(3, random_state=state, init_params=start).fit(X).means_

    np.testing.assert_array_equal(means(7), means(7))
    np.testing.assert_array_equal(means(7), means(np.random.RandomState(7)))
    np.testing.assert_array_equal(means(7), means(np.int64(7)))
    state = np.random.RandomState(7)
    first, second = means(state), means(state)
    assert start == "kmeans" or not np.array_equal(first, second)
    assert np.isfinite(means(None)).all()


def test_a_random_state_of_none_follows_numpys_global_one() -> None:
    np.random.seed(3)
    first = mixture(3, random_state=None, init_params="random").fit(X).means_
    np.random.seed(3)
    np.testing.assert_array_equal(mixture(3, random_state=None, init_params="random").fit(X).means_, first)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "n_components float": (
        {"n_components": 2.0},
        "The 'n_components' parameter of GaussianMixture must be an int in the range",
    ),
    "n_components text": (
        {"n_components": "2"},
        "The 'n_components' parameter of GaussianMixture must be an int in the range",
    ),
    "n_components zero": ({"n_components": 0}, "must be an int in the range [1, inf). Got 0 instead."),
    "covariance_type": ({"covariance_type": "ful"}, "Got 'ful' instead."),
    "tol": (
        {"tol": -1e-3},
        "The 'tol' parameter of GaussianMixture must be a float in the range [0.0, inf). Got -0.001",
    ),
    "tol NaN": (
        {"tol": np.nan},
        "The 'tol' parameter of GaussianMixture must be a float in the range [0.0, inf). Got nan",
    ),
    "reg_covar": (
        {"reg_covar": np.inf},
        "The 'reg_covar' parameter of GaussianMixture must be a float in the range [0.0, inf)",
    ),
    "max_iter": (
        {"max_iter": -1},
        "The 'max_iter' parameter of GaussianMixture must be an int in the range [0, inf). Got -1",
    ),
    "random_state": (
        {"random_state": -1},
        "The 'random_state' parameter of GaussianMixture must be an int in the range",
    ),
    "generator": ({"random_state": np.random.default_rng(0)}, "Got Generator(PCG64)"),
    "noise": ({"noise": -1.0}, "The 'noise' parameter of GaussianMixture must be"),
    "noise NaN": ({"noise": np.nan}, "The 'noise' parameter of GaussianMixture must be"),
    "acceleration": ({"acceleration": "fast"}, "The 'acceleration' parameter of GaussianMixture must be None or a str"),
    "prior": ({"prior": 3}, "The 'prior' parameter of GaussianMixture must be"),
    "E": ({"covariance_type": "E"}, "covariance_type 'E' is for one column, and there are 2. Use one of full, tied,"),
    "weights sum": (
        {"weights_init": [0.3, 0.3]},
        "The parameter 'weights' should be normalized, but got sum(weights) = 0.6",
    ),
    "weights NaN": ({"weights_init": [np.nan, 1]}, "The parameter 'weights' holds values that are not finite numbers."),
    "weights shape": ({"weights_init": [1.0]}, "The parameter 'weights' should have the shape of (2,), but got (1,)"),
    "means shape": (
        {"means_init": [[1, 2, 3]] * 2},
        "The parameter 'means' should have the shape of (2, 2), but got (2, 3)",
    ),
    "means infinite": (
        {"means_init": [[np.inf, 2]] * 2},
        "The parameter 'means' holds values that are not finite numbers.",
    ),
    "precisions negative": (
        {"precisions_init": [-np.eye(2)] * 2},
        "component 0 has the eigenvalue -1. Correct it, or leave",
    ),
    "precisions askew": (
        {"precisions_init": [np.eye(2), [[1, 2], [0, 5.0]]]},
        "'full precision' should be symmetric, positive-definite: component 1 holds 2 at (0, 1) and 0 at (1, 0).",
    ),
    "precisions shape": ({"precisions_init": np.eye(2)}, "should have the shape of (2, 2, 2), but got (2, 2)"),
    "start name": ({"init_params": "k_means"}, "The 'init_params' parameter of GaussianMixture must be"),
    "labels short": ({"init_params": [0, 1]}, "init_params: 2 labels were given for 200 rows."),
    "labels high": (
        {"init_params": labels() + 1},
        "init_params: labels run from 1 to 2 and must lie between 0 and 1 for 2",
    ),
    "labels noise": (
        {"init_params": labels() - 1},
        "init_params: labels run from -1 to 0 and must lie between 0 and 1 for 2",
    ),
    "labels huge": (
        {"init_params": labels() * 1e300},
        "init_params: labels run from 0 to 1e+300 and must lie between 0 and 1",
    ),
    "labels half": ({"init_params": labels() / 2}, "init_params: labels must be whole numbers from 0"),
    "labels NaN": ({"init_params": labels() * np.nan}, "init_params: labels must be whole numbers from 0"),
    "labels text": (
        {"init_params": ["a"] * 200},
        "init_params holds <U1, and must be labels or responsibilities: numbers.",
    ),
    "labels masked": (
        {"init_params": np.ma.masked_array(labels(), X[:, 0] > 3)},
        "init_params is a masked array, and its mask",
    ),
    "shares negative": (
        {"init_params": np.tile([2.0, -1.0], (200, 1))},
        "the responsibilities of row 0 are not probabilities",
    ),
    "shares sum": ({"init_params": np.full((200, 2), 0.4)}, "row 0 are not probabilities of sum 1 (sum 0.8)."),
    "shares shape": (
        {"init_params": np.full((200, 3), 1 / 3)},
        "responsibilities have shape (200, 3) and must have (200, 2).",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_settings_that_cannot_be(kind: str) -> None:
    settings, owed = BAD[kind]
    with pytest.raises(ValueError, match=re.escape(owed)):
        mx.GaussianMixture(**({"n_components": 2} | settings)).fit(X)


def test_boolean_labels_and_whole_floats_are_labels() -> None:
    owed = arrays(mixture(2, init_params=labels()).fit(X))
    for given in (labels().astype(bool), labels().astype(float), labels().astype("u1"), labels().tolist()):
        assert_same_bits(arrays(mixture(2, init_params=given).fit(X)), owed)


def test_labels_of_one_kind_for_one_component() -> None:
    with pytest.raises(MixtureError, match="labels run from 1 to 1 and must lie between 0 and 0 for 1 components"):
        mixture(1, init_params=np.ones(200, dtype=bool)).fit(X)


PRIORS: dict[str, tuple[dict[str, Any], str]] = {
    "mean of three": ({"mean": [1, 2, 3]}, "prior: mean must be 2 finite numbers, one a feature."),
    "mean NaN": ({"mean": [np.nan, 1]}, "prior: mean must be 2 finite numbers, one a feature."),
    "scale zero": ({"scale": 0.0}, "prior: scale is not positive definite."),
    "scale negative": ({"scale": [-1.0, 1.0]}, "prior: scale is not positive definite."),
    "scale askew": (
        {"scale": [[1, 2], [0, 1]]},
        "prior: scale must be a number, 2 variances or a symmetric matrix of shape",
    ),
    "scale NaN": (
        {"scale": np.nan},
        "prior: scale must be a number, 2 variances or a symmetric matrix of shape (2, 2).",
    ),
    "dof": ({"dof": 0.5}, "prior: dof is 0.5 and must exceed the number of features less one, 1."),
    "shrinkage": ({"shrinkage": -1}, "prior: shrinkage is -1 and must be a number not below 0."),
}


@pytest.mark.parametrize("kind", PRIORS)
@pytest.mark.parametrize("covariance_type", TYPES)
def test_priors_that_cannot_be(covariance_type: str, kind: str) -> None:
    settings, owed = PRIORS[kind]
    with pytest.raises(MixtureError, match=re.escape(owed)):
        mixture(2, covariance_type, prior=mx.NormalInverseWishart(**settings)).fit(X)


ASSIGNED: dict[str, tuple[str, Any, str]] = {
    "means NaN": (
        "means_",
        [[0.0, 1.0], [np.nan, 1.0]],
        "means_ of component 1 is [nan, 1.0], and must be finite numbers.",
    ),
    "too few means": (
        "means_",
        [[0.0, 1.0]],
        "weights_ has shape (2,) and means_ (1, 2): they must be (K,) and (K, D).",
    ),
    "weights negative": (
        "weights_",
        [-0.5, 1.5],
        "weights_ is [-0.5, 1.5]: shares must be finite, not below 0, and not all",
    ),
    "weights NaN": ("weights_", [np.nan, 1.0], "weights_ is [nan, 1.0]: shares must be finite"),
    "weights zero": (
        "weights_",
        [0.0, 0.0],
        "weights_ is [0.0, 0.0]: shares must be finite, not below 0, and not all 0.",
    ),
    "factor zero": (
        "precisions_cholesky_",
        np.zeros((2, 2)),
        "precisions_cholesky_ of component 0 has the diagonal [0.0, 0.0]",
    ),
    "factor NaN": (
        "precisions_cholesky_",
        np.full((2, 2), np.nan),
        "precisions_cholesky_ of component 0 has the diagonal",
    ),
    "factor negative": (
        "precisions_cholesky_",
        [[1.0, 1.0], [-2.0, 1.0]],
        "of component 1 has the diagonal [-2.0, 1.0], and must",
    ),
}


@pytest.mark.parametrize("kind", ASSIGNED)
@pytest.mark.parametrize("method", ("predict", "score_samples", "bic", "sample"))
def test_assigned_attributes_that_cannot_be(method: str, kind: str) -> None:
    name, value, owed = ASSIGNED[kind]
    model = mixture(2, "diag").fit(X)
    setattr(model, name, np.asarray(value))
    with pytest.raises(MixtureError, match=re.escape(owed)):
        getattr(model, method)(*([] if method == "sample" else [X]))


def test_an_assigned_covariance_type_that_does_not_fit_the_arrays() -> None:
    with pytest.raises(MixtureError, match=re.escape("should have the shape of (2, 2, 2), but got (2, 2)")):
        mixture(2, "diag").fit(X).set_params(covariance_type="full").predict(X)
