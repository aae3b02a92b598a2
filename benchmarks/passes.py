"""Passes over the rows until EM settles: plain, with SQUAREM, with growing batches.

    python benchmarks/passes.py [--quick] [--tol 1e-6]

Each problem is fitted from the same kind of start and seed by each way, to the same tolerance. Passes are `n_iter_`:
what growing batches read of samples is counted in passes over all rows. Where two ways end in different optima, the
log-likelihoods a row say which is better; starts on samples differ from those on all rows. The answer is checked: one
more plain pass from the end of each must gain less than ten times the tolerance a row.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

import mixtura as mx

# acceleration and number of starts
WAYS = ((None, 1), ("squarem", 1), ("growing", 1), ("growing", 5))


@dataclass(frozen=True)
class Case:
    """A problem: K Gaussians of unlike shapes and shares, centers `apart` standard deviations from the origin."""

    rows: int
    features: int
    components: int
    apart: float
    family: str = "full"
    init: str = "kmeans"

    @property
    def name(self) -> str:
        return f"{self.family} {self.rows} x {self.features}, K {self.components}, apart {self.apart:g}, {self.init}"

    def draw(self, seed: int = 0) -> Any:
        rng = np.random.default_rng(seed)
        k, d = self.components, self.features
        means = self.apart * rng.normal(size=(k, d))
        factors = np.eye(d) + 0.8 / np.sqrt(d) * rng.normal(size=(k, d, d)) * (self.family == "full")
        labels = rng.choice(k, self.rows, p=rng.dirichlet(np.full(k, 5.0)))
        X = rng.normal(size=(self.rows, d))
        for j in range(k):
            X[labels == j] = X[labels == j] @ factors[j].T + means[j]
        return X


CASES = (
    Case(400_000, 2, 4, 1.0),
    Case(400_000, 8, 16, 1.2),
    Case(400_000, 8, 16, 2.0),
    Case(400_000, 8, 16, 2.0, init="random_from_data"),
    Case(400_000, 8, 16, 2.0, "tied"),
    Case(400_000, 16, 32, 0.8, "diag"),
    Case(400_000, 16, 32, 3.0),
    Case(100_000, 8, 16, 1.2),
    Case(20_000, 4, 6, 1.0),
)


def fitted(case: Case, X: Any, way: str | None, n_init: int, tol: float) -> tuple[Any, float]:
    """The fitted estimator, and seconds."""
    model = mx.GaussianMixture(
        case.components,
        covariance_type=case.family,
        acceleration=way,
        tol=tol,
        max_iter=2000,
        reg_covar=0.0,
        init_params=case.init,
        n_init=n_init,
        random_state=0,
    )
    begun = perf_counter()
    model.fit(X)
    return model, perf_counter() - begun


def next_gain(model: Any, X: Any) -> float:
    """What one more plain pass gains a row."""
    further = mx.GaussianMixture(
        model.n_components,
        covariance_type=model.covariance_type,
        weights_init=model.weights_,
        means_init=model.means_,
        precisions_init=model.precisions_,
        max_iter=1,
        tol=0.0,
        reg_covar=0.0,
    ).fit(X)
    return further.lower_bound_ - model.lower_bound_


def main(show: Callable[[str], None] = print) -> int:
    """Print a row of the table a case and way; exit 1 where an end is no fixed point."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tol", type=float, default=1e-6)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    sound = True
    show("| problem | way | passes | over all rows | log-likelihood a row | next gain | seconds |")
    show("|---|---|---|---|---|---|---|")
    for case in CASES[-2:] if asked.quick else CASES:
        X = case.draw()
        for way, n_init in WAYS:
            model, seconds = fitted(case, X, way, n_init, asked.tol)
            gain = next_gain(model, X)
            sound &= gain < 10 * asked.tol
            name = f"{way or 'plain'}, {n_init} starts" if n_init > 1 else way or "plain"
            show(
                f"| {case.name} | {name} | {model.n_iter_} | {len(model.lower_bounds_)} | {model.lower_bound_:.6f} | "
                f"{gain:.0e} | {seconds:.1f} |"
            )
    return 0 if sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
