"""scikit-learn's checks of classifiers, for both kinds."""

from collections.abc import Callable
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from mixtura.classification import MixtureClassifier

# The checks' data are few rows of many columns, on which a search remarks.
pytestmark = pytest.mark.filterwarnings("ignore::mixtura.outcome.DataWarning")
ONE_ROW = "its data have a class of one distinct row, whose variance is 0 without reg_covar or a prior"


@parametrize_with_checks([MixtureClassifier("edda")])
def test_one_gaussian_a_class(estimator: MixtureClassifier, check: Callable[[Any], None]) -> None:
    check(estimator)


@parametrize_with_checks(
    [MixtureClassifier(n_components=[1, 2], covariance_types=["VII", "EEI"])],
    expected_failed_checks=lambda _: {"check_sample_weight_equivalence_on_dense_data": ONE_ROW},
    xfail_strict=True,
)
def test_a_mixture_a_class(estimator: MixtureClassifier, check: Callable[[Any], None]) -> None:
    check(estimator)
