"""Parallel cigars (scikit-learn's issue 34845): a loop over its mixtures chooses wrong by BIC, the search right.

The blobs are round; then the axis that separates them is compressed, and the other one stretched. k-means cuts the
cigars across, and EM stops long before it has recovered: the loop compares poor fits and says nothing of it.
"""

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

import mixtura as mx

TRANSFORMATION = np.array([[0.08, 0.06], [-1.8, 2.4]])  # compress by 0.1, stretch by 3, turn
NUMBERS = range(1, 8)
CASES = [(3, seed) for seed in range(6)] + [(5, seed) for seed in range(3)]


def cigars(n_cigars: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    X, y = make_blobs(200 * n_cigars, centers=[[6 * i, 0] for i in range(n_cigars)], random_state=seed)
    return X @ TRANSFORMATION, y


def looped(X: np.ndarray, **settings: Any) -> GaussianMixture:
    """The best by BIC of scikit-learn's mixtures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        models = [GaussianMixture(k, random_state=0, **settings).fit(X) for k in NUMBERS]
    return min(models, key=lambda model: model.bic(X))


@pytest.mark.parametrize(("n_cigars", "seed"), CASES)
def test_the_loop_over_scikit_learn_chooses_wrong(n_cigars: int, seed: int) -> None:
    """If this fails, scikit-learn has become better, and docs/anisotropic.md is out of date."""
    X, y = cigars(n_cigars, seed)
    best = looped(X)
    assert best.n_components != n_cigars
    assert adjusted_rand_score(y, best.predict(X)) < 0.6


def test_more_starts_do_not_help_the_loop() -> None:
    X, y = cigars(3, 0)
    best = looped(X, n_init=3)
    assert best.n_components != 3
    assert adjusted_rand_score(y, best.predict(X)) < 0.6


@pytest.mark.parametrize(("n_cigars", "seed"), CASES)
def test_the_search_chooses_right(n_cigars: int, seed: int) -> None:
    X, y = cigars(n_cigars, seed)
    search = mx.MixtureSearch(NUMBERS).fit(X)
    assert search.best_params_["n_components"] == n_cigars
    assert adjusted_rand_score(y, search.predict(X)) > 0.97
