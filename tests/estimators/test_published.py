"""What is published is the model: attributes, given parameters and assigned ones agree to the bit."""

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx
from mixtura.outcome import MixtureError
from tests.estimators.cases import ALL, TYPES, arrays, fitted, groups, same_bits

each_type = pytest.mark.parametrize("covariance_type", TYPES)
every_type = pytest.mark.parametrize("covariance_type", ALL)
precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


@every_type
def test_shapes_and_what_the_arrays_mean(covariance_type: str) -> None:
    model, (k, d) = fitted(covariance_type), (2, 2)
    shape = {"tied": (d, d), "diag": (k, d), "spherical": (k,)}.get(covariance_type, (k, d, d))
    assert model.weights_.shape == (k,)
    assert model.means_.shape == (k, d)
    for array in (model.covariances_, model.precisions_, model.precisions_cholesky_):
        assert array.shape == shape
    if len(shape) > 1 and covariance_type != "diag":
        factor = model.precisions_cholesky_
        np.testing.assert_allclose(factor @ np.swapaxes(factor, -1, -2), model.precisions_, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(
            model.covariances_ @ model.precisions_, np.broadcast_to(np.eye(d), shape), atol=1e-12
        )
        assert np.array_equal(factor, np.triu(factor))
        assert np.array_equal(model.covariances_, np.swapaxes(model.covariances_, -1, -2))
    else:
        np.testing.assert_allclose(model.precisions_cholesky_**2, model.precisions_, rtol=1e-14)
        np.testing.assert_allclose(model.covariances_ * model.precisions_, np.ones(shape), rtol=1e-14)


@pytest.mark.parametrize("covariance_type", [*ALL, "E", "V"])
def test_one_column(covariance_type: str) -> None:
    line = groups()[:, :1]
    model = fitted(covariance_type, line, reg_covar=0)
    shape = {"tied": (1, 1), "diag": (2, 1), "spherical": (2,)}.get(covariance_type, (2, 1, 1))
    assert model.covariances_.shape == model.precisions_cholesky_.shape == shape
    one = covariance_type == "tied" or covariance_type.startswith("E")
    assert model.n_parameters_ == (4 if one else 5)
    assert model.score(line) == pytest.approx(fitted("E" if one else "V", line, reg_covar=0).score(line), rel=1e-10)


@pytest.mark.parametrize("covariance_type", ["E", "V"])
def test_families_of_one_column_need_one_column(covariance_type: str) -> None:
    with pytest.raises(MixtureError, match=f"covariance_type '{covariance_type}' is for one column, and there are 2"):
        fitted(covariance_type)


@every_type
@precisions
def test_parameters_give_the_model_back(covariance_type: str, dtype: Any) -> None:
    X = groups().astype(dtype)
    model = fitted(covariance_type, X)
    again = mx.GaussianMixture.from_parameters(model.weights_, model.means_, model.covariances_, covariance_type)
    assert {array.dtype for array in arrays(again).values()} == {np.dtype(dtype)}
    assert all(same_bits(array, arrays(again)[name]) for name, array in arrays(model).items())
    assert same_bits(again.score_samples(X), model.score_samples(X))
    assert same_bits(again.predict_proba(X), model.predict_proba(X))


@every_type
@precisions
def test_given_parameters_without_passes_are_the_model(covariance_type: str, dtype: Any) -> None:
    X = groups().astype(dtype)
    model = fitted(covariance_type, X)
    given = {"weights_init": model.weights_, "means_init": model.means_, "precisions_init": model.precisions_}
    again = mx.GaussianMixture(2, covariance_type=covariance_type, max_iter=0, **given).fit(X)
    for name, array in given.items():
        assert same_bits(getattr(again, name.removesuffix("init")), array)
    assert same_bits(again.score_samples(X), model.score_samples(X))
    assert same_bits(again.predict(X), model.predict(X))
    assert again.lower_bound_ == model.lower_bound_ == again.score(X)
    np.testing.assert_allclose(again.covariances_, model.covariances_, rtol=1e-4 if dtype == np.float32 else 1e-10)


@pytest.mark.parametrize("alone", ["weights", "means", "precisions"])
@each_type
def test_each_given_parameter_alone_is_kept_to_the_bit(covariance_type: str, alone: str) -> None:
    model = fitted(covariance_type)
    odd = {"weights": [1 / 3, 2 / 3], "means": model.means_ + 1 / 3, "precisions": model.precisions_ / 3}
    given: dict[str, Any] = {f"{alone}_init": odd[alone]}
    again = fitted(covariance_type, max_iter=0, **given)
    assert np.array_equal(getattr(again, f"{alone}_"), odd[alone])
    for name in odd.keys() - {alone}:
        np.testing.assert_array_equal(
            getattr(again, f"{name}_"), getattr(fitted(covariance_type, max_iter=0), f"{name}_")
        )


@each_type
@pytest.mark.parametrize("left_out", ["covariances_", "precisions_cholesky_", None])
def test_assigned_attributes(covariance_type: str, left_out: str | None) -> None:
    X, model = groups(), fitted(covariance_type)
    theirs, ours = (kind(2, covariance_type=covariance_type, random_state=3) for kind in (Theirs, mx.GaussianMixture))
    for name in {"weights_", "means_", "covariances_", "precisions_cholesky_"} - {left_out}:
        setattr(ours, name, getattr(model, name))
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
        setattr(theirs, name, getattr(model, name))
    np.testing.assert_allclose(ours.score_samples(X), theirs.score_samples(X), rtol=1e-10)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.score(X) == pytest.approx(theirs.score(X), rel=1e-12)
    rows, labels = ours.sample(50)
    expected, components = theirs.sample(50)
    np.testing.assert_allclose(rows, expected, rtol=1e-9)
    assert np.array_equal(labels, components)


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_an_assigned_factor_may_be_lower_triangular(covariance_type: str) -> None:
    X, model = groups(d=3), fitted(covariance_type, groups(d=3))
    expected = model.score_samples(X)
    model.precisions_cholesky_ = np.linalg.cholesky(model.precisions_)
    np.testing.assert_allclose(model.score_samples(X), expected, rtol=1e-10)
    del model.covariances_, model.precisions_
    np.testing.assert_allclose(model.score_samples(X), expected, rtol=1e-10)
    assert model.sample(5, random_state=0)[0].shape == (5, 3)


def test_an_assigned_attribute_is_used_at_once() -> None:
    X, model = groups(), fitted()
    model.weights_ = np.array([1.0, 0.0])
    assert set(model.predict(X)) == {0}
    model.means_ = model.means_ + 1.0
    expected = fitted().set_params(n_components=2)
    expected.weights_ = model.weights_
    np.testing.assert_allclose(model.score_samples(X + 1.0), expected.score_samples(X), rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("weights_", np.ones(3) / 3, r"weights_ has shape \(3,\) and means_ \(2, 2\)"),
        ("means_", np.zeros(2), r"weights_ has shape \(2,\) and means_ \(2,\)"),
        ("precisions_cholesky_", np.ones((2, 2)), r"shape of \(2, 2, 2\), but got \(2, 2\)"),
    ],
)
def test_assigned_attributes_of_another_shape(name: str, value: Any, found: str) -> None:
    model = fitted()
    setattr(model, name, value)
    with pytest.raises(MixtureError, match=found):
        model.predict(groups())


@pytest.mark.parametrize("missing", ["means_", "weights_", "covariances_"])
def test_attributes_that_are_missing(missing: str) -> None:
    model = mx.GaussianMixture(2)
    for name in {"means_", "weights_", "covariances_"} - {missing}:
        setattr(model, name, getattr(fitted(), name))
    with pytest.raises(MixtureError, match=f"has no .*{missing}.*from_parameters"):
        model.predict(groups())


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "score_samples", "uncertainty", "score", "bic", "aic", "icl"]
)
def test_nothing_is_answered_before_a_fit(method: str) -> None:
    with pytest.raises(NotFittedError, match="This GaussianMixture instance is not fitted yet"):
        getattr(mx.GaussianMixture(), method)(groups())


@pytest.mark.parametrize("call", ["sample", "to_sklearn", "sort_components", "n_parameters_"])
def test_nothing_is_told_before_a_fit(call: str) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(mx.GaussianMixture(), call)()
