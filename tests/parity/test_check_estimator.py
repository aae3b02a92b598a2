"""scikit-learn's checks of estimators in general."""

from collections.abc import Callable
from typing import Any

import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks,
)

import mixtura as mx

# The checks' data are few rows of many columns, which ours remarks on.
pytestmark = pytest.mark.filterwarnings("ignore::mixtura.outcome.DataWarning")
KMEANS = "k-means labels for scikit-learn's seed differ between a row of weight 2 and a row twice"
SETTINGS: list[dict[str, Any]] = [
    {},
    {"n_components": 3},
    {"n_components": 2, "covariance_type": "VEV", "acceleration": "squarem", "max_iter": 500},
    {"n_components": 2, "covariance_type": "tied", "prior": "default", "equal_weights": True},
]
each = pytest.mark.parametrize("settings", SETTINGS, ids=str)


def excused(estimator: mx.GaussianMixture) -> dict[str, str]:
    """Checks that are expected to fail; one that passes is an error."""
    return {"check_sample_weight_equivalence_on_dense_data": KMEANS} if estimator.n_components > 1 else {}


@parametrize_with_checks(
    [mx.GaussianMixture(n_components=1), mx.GaussianMixture(n_components=3)],
    expected_failed_checks=excused,
    xfail_strict=True,
)
def test_check_estimator(estimator: mx.GaussianMixture, check: Callable[[Any], None]) -> None:
    check(estimator)


@each
def test_feature_names(settings: dict[str, Any]) -> None:
    check_dataframe_column_names_consistency("GaussianMixture", mx.GaussianMixture(**settings))


@each
def test_parameter_validation(settings: dict[str, Any]) -> None:
    check_param_validation("GaussianMixture", mx.GaussianMixture(**settings))


@each
def test_clone_and_repr(settings: dict[str, Any]) -> None:
    estimator = mx.GaussianMixture(**settings)
    assert clone(estimator).get_params() == estimator.get_params()
    shown = ", ".join(f"{name}={value!r}" for name, value in sorted(settings.items()))
    assert "".join(repr(estimator).split()) == f"GaussianMixture({shown})".replace(" ", "")
    assert "GaussianMixture" in estimator._repr_html_()
