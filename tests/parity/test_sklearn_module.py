"""scikit-learn's own tests of its GaussianMixture, run with ours in its place.

Tests of what is not ours are not collected (NOT_OURS). Those that deliberate differences make fail are expected to
(DELIBERATE), each for a reason; one of them that passes is an error, so the list is exact.
"""

import re
from importlib.util import find_spec, module_from_spec
from inspect import getsource
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import mixtura as mx

PRIVATE = "of private functions of scikit-learn"
DISPATCH = "of scikit-learn's experimental dispatch over array namespaces, which ours does not follow"
NOT_OURS = {
    "test_suffstat_sk_full": PRIVATE,
    "test_suffstat_sk_tied": PRIVATE,
    "test_suffstat_sk_diag": PRIVATE,
    "test_gaussian_suffstat_sk_spherical": PRIVATE,
    "test_compute_log_det_cholesky": PRIVATE,
    "test_gaussian_mixture_log_probabilities": PRIVATE,
    "test_gaussian_mixture_precisions_init": PRIVATE,
    "test_gaussian_mixture_all_init_does_not_estimate_gaussian_parameters": PRIVATE,
    "test_gaussian_mixture_array_api_compliance": DISPATCH,
    "test_gaussian_mixture_raises_where_array_api_not_implemented": DISPATCH,
}
DELIBERATE = {
    "test_score[float32]": "log densities of float32 rows are float64: they are summed in float64, and rounding them "
    "back would lose the digits that tell rows apart",
    "test_regularisation": "ten components on two distinct rows are refused, with the count of distinct rows, "
    "whatever reg_covar is",
    "test_init": "lower_bound_ is that of the parameters returned, starts are ranked by the one before "
    "(scikit-learn's): after a single pass the order may be another",
    "test_gaussian_mixture_setting_best_params": "a component on a single row without a ridge has no covariance: the "
    "start has failed, and the error says so, where scikit-learn returns infinite precisions",
}


def adapted() -> ModuleType:
    """A copy of scikit-learn's test module that finds our class under its name."""
    spec = find_spec("sklearn.mixture.tests.test_gaussian_mixture")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module)["GaussianMixture"] = mx.GaussianMixture
    return module


MODULE = adapted()
TESTS = {name: test for name, test in vars(MODULE).items() if name.startswith("test_") and callable(test)}
globals().update({name: test for name, test in TESTS.items() if name not in NOT_OURS})
# their data are small and constructed, which ours remarks on
pytestmark = pytest.mark.filterwarnings("ignore::mixtura.outcome.DataWarning")


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def global_dtype(request: pytest.FixtureRequest) -> Any:
    """Precision of the data, as scikit-learn's own fixture of this name."""
    return request.param


@pytest.fixture(params=[0, 42])
def global_random_seed(request: pytest.FixtureRequest) -> Any:
    """Seed of the data, as scikit-learn's own fixture of this name."""
    return request.param


@pytest.fixture(autouse=True)
def expect_deliberate_differences(request: pytest.FixtureRequest) -> None:
    if request.node.name in DELIBERATE:
        request.applymarker(pytest.mark.xfail(reason=DELIBERATE[request.node.name], strict=True))


def test_our_class_is_in_place() -> None:
    assert MODULE.GaussianMixture is mx.GaussianMixture
    assert TESTS["test_sample"].__globals__["GaussianMixture"] is mx.GaussianMixture


def test_the_lists_name_tests_that_are_there() -> None:
    listed = {*NOT_OURS, *(name.partition("[")[0] for name in DELIBERATE)}
    assert listed <= TESTS.keys()
    assert len(TESTS) - len(NOT_OURS) >= 25


@pytest.mark.parametrize("name", [name for name, reason in NOT_OURS.items() if reason == PRIVATE])
def test_what_is_left_out_is_private(name: str) -> None:
    assert re.search(r"\b(_[a-z]\w+)\(|\._[a-z]\w+", getsource(TESTS[name]))
