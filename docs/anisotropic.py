"""Count right choices on parallel cigars, and draw docs/anisotropic.png: `python docs/anisotropic.py`, some minutes."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import mixtura as mx

TRANSFORMATION = np.array([[0.08, 0.06], [-1.8, 2.4]])
SEEDS = 20


def cigars(n_cigars: int, seed: int) -> np.ndarray:
    """200 rows a cigar: round blobs, six deviations apart, then compressed, stretched and turned."""
    centers = [[6 * i, 0] for i in range(n_cigars)]
    return make_blobs(200 * n_cigars, centers=centers, random_state=seed)[0] @ TRANSFORMATION


def looped(X: np.ndarray, **settings: Any) -> GaussianMixture:
    """The best by BIC of scikit-learn's mixtures."""
    models = [GaussianMixture(k, random_state=0, **settings).fit(X) for k in range(1, 8)]
    return min(models, key=lambda model: model.bic(X))


def searched(X: np.ndarray, **settings: Any) -> mx.GaussianMixture:
    """The best of a search."""
    return mx.MixtureSearch(range(1, 8), **settings).fit(X).best_estimator_


WAYS: dict[str, Callable[[np.ndarray], Any]] = {
    "scikit-learn": looped,
    "scikit-learn, n_init=10": lambda X: looped(X, n_init=10),
    "scikit-learn, tol=1e-7, max_iter=5000": lambda X: looped(X, tol=1e-7, max_iter=5000),
    "MixtureSearch, VVV": lambda X: searched(X, covariance_types="VVV"),
    "MixtureSearch": searched,
}


def count() -> None:
    """Print how often each way finds the number of cigars."""
    for n_cigars in (3, 5):
        for name, way in WAYS.items():
            right = sum(way(cigars(n_cigars, seed)).n_components == n_cigars for seed in range(SEEDS))
            print(f"{n_cigars} cigars, {name}: {right} of {SEEDS}", flush=True)


def draw() -> None:
    """Both choices side by side."""
    X = cigars(3, 0)
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharex=True, sharey=True)
    told = {"scikit-learn's loop": mx.GaussianMixture.from_sklearn(looped(X)), "MixtureSearch": searched(X)}
    for ax, (name, model) in zip(axes, told.items(), strict=True):
        mx.plot.classification(model, X, ax=ax)
        ax.set_title(f"{name}: {model.n_components} component{'s' * (model.n_components > 1)}", loc="left")
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    draw()
    count()
