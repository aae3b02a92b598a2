"""At rest a step changes nothing, and what is published is what was measured."""

from dataclasses import replace

import numpy as np
import pytest

import mixtura as mx
from mixtura import em
from mixtura.parameters import Parameters
from tests.laws.members import KERNELS, assert_same, estimator, every_kernel, every_member, fit, only, rows


@every_member
@pytest.mark.parametrize(("kernel", "acceleration"), [("generic", None), ("blocked", "squarem")])
def test_one_more_step_at_rest_changes_nothing(member, kernel, acceleration):
    """EM that has settled to rounding, and one step from the published parameters."""
    X, labels = rows(member)
    settled = fit(member, X, labels, kernel, max_iter=3000, tol=1e-15, acceleration=acceleration)
    problem = settled.problem
    model = settled.parameters.mixture(problem.recipe, problem.frame)
    following = model.update(em.read(problem.source, model, KERNELS[kernel]))
    again = replace(settled, parameters=Parameters.publish(following, problem.frame, problem.layout, problem.noise))
    assert_same(again, settled, 2e-6)


METHODS = ("predict", "predict_proba", "score_samples", "uncertainty", "bic", "aic", "icl")


@every_member
@every_kernel
def test_what_is_published_is_what_was_measured(member, kernel):
    """To the bit: the likelihood that is told, and a model that begins from the published parameters and ends there."""
    X, labels = rows(member)
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    with only(kernel):
        model = estimator(member, labels, tol=1e-6, max_iter=1000).fit(X, sample_weight=weight)
        assert model.lower_bound_ == model.score(X, sample_weight=weight)
        assert model.fit_report_.log_likelihood / model.fit_report_.weight == model.lower_bound_
        given = {"weights_init": model.weights_, "means_init": model.means_, "precisions_init": model.precisions_}
        again = estimator(member, labels, max_iter=0, **given).fit(X, sample_weight=weight)
        lost = 1e-12 if "noise" in member.option else 0.0  # there the noise has what the given weights leave of 1
        np.testing.assert_allclose(again.lower_bound_, model.lower_bound_, rtol=lost)
        np.testing.assert_allclose(again.predict_proba(X), model.predict_proba(X), rtol=0, atol=lost)


@every_member
@every_kernel
def test_saved_and_loaded_is_the_same_model(member, kernel, tmp_path):
    X, labels = rows(member)
    model = estimator(member, labels, tol=1e-3, max_iter=1000).fit(X)
    mx.save(model, tmp_path / "model")
    loaded = mx.load(tmp_path / "model")
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_", "noise_weight_"):
        assert np.array_equal(getattr(loaded, name), getattr(model, name))
    with only(kernel):
        for method in METHODS:
            assert np.array_equal(getattr(loaded, method)(X), getattr(model, method)(X))


@every_member
@every_kernel
def test_components_in_another_order_are_the_same_mixture(member, kernel):
    X, labels = rows(member)
    model, order = estimator(member, labels, tol=1e-3, max_iter=1000).fit(X), np.array([2, 0, 1])
    with only(kernel):
        other = model.reorder(order)
        np.testing.assert_allclose(other.score_samples(X), model.score_samples(X), rtol=1e-12, atol=1e-12)
        shares, expected = other.predict_proba(X), model.predict_proba(X)
        np.testing.assert_allclose(shares[:, :3], expected[:, order], atol=1e-12)
        assert np.array_equal(shares[:, 3:].shape, expected[:, 3:].shape)
        found, before = other.predict(X), model.predict(X)
        assert np.array_equal(np.where(found < 0, found, order[found]), before)
