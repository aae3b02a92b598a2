"""Where an estimator's fit begins: checks of the given parameters, labels and responsibilities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura import fitting, start
from mixtura.covariance import Layout, published
from mixtura.covariance.checks import Public, floating
from mixtura.mixture import Mixture
from mixtura.noise import Noise
from mixtura.outcome import MixtureError
from mixtura.parameters import Parameters
from mixtura.problem import Problem


@dataclass(frozen=True)
class Given:
    """Parameters that the user gave to begin with; None for those to be found."""

    weights: Public | None
    means: Public | None
    arrays: published.Published | None

    @classmethod
    def check(cls, estimator: Any, layout: Layout, n_features: int) -> Given:
        """The estimator's `weights_init`, `means_init` and `precisions_init`, checked for shape and range."""
        k = estimator.n_components
        weights, means, precisions = estimator.weights_init, estimator.means_init, estimator.precisions_init
        return cls(
            None if weights is None else check_weights(weights, k, bool(estimator.noise)),
            None if means is None else check_means(means, k, n_features),
            None if precisions is None else published.from_precisions(precisions, layout, k, n_features),
        )

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be found."""
        return self.weights is not None and self.means is not None and self.arrays is not None

    def parameters(self, layout: Layout, noise: Noise | None) -> Parameters:
        """A complete set as a model; what the weights lack to 1 is the noise's."""
        assert self.weights is not None and self.means is not None and self.arrays is not None
        rest = max(0.0, 1.0 - float(self.weights.sum())) if noise is not None else 0.0
        return Parameters(self.weights, self.means, self.arrays, layout, rest, noise)

    def over(self, found: Parameters) -> Parameters:
        """Found parameters with the given ones in their place, to the bit (weights beside a noise share it)."""
        return replace(
            found,
            weights=found.weights if self.weights is None or found.noise is not None else self.weights,
            means=found.means if self.means is None else self.means,
            arrays=found.arrays if self.arrays is None else self.arrays,
        )

    def start(self, begin: start.Start, problem: Problem) -> start.Start:
        """A start with the given parameters in place of its own."""
        given = None if self.arrays is None else published.read_back(self.arrays.covariances, problem.layout)

        def overridden(ground: start.Ground, seed: start.Seed) -> Mixture:
            return fitting.override(begin(ground, seed), problem.frame, self.weights, self.means, given)

        return overridden


def check_weights(weights: Any, n_components: int, noisy: bool) -> Public:
    """Proportions of shape (K,) in [0, 1] that sum to 1 (with noise: to at most 1)."""
    found = _floats(weights, "weights")
    _check_shape(found, (n_components,), "weights")
    if np.any(found < 0.0) or np.any(found > 1.0):
        raise MixtureError(
            f"The parameter 'weights' should be in the range [0, 1], but got max value {found.min():.5f}, "
            f"min value {found.max():.5f}"
        )
    total = float(found.sum(dtype=np.float64))
    slack = 1e-6 if found.dtype == np.float32 else 1e-8
    if abs(total - 1.0) > slack and not (noisy and total < 1.0):
        raise MixtureError(f"The parameter 'weights' should be normalized, but got sum(weights) = {total:.5f}")
    return found


def check_means(means: Any, n_components: int, n_features: int) -> Public:
    """Means of shape (K, D), finite."""
    found = _floats(means, "means")
    _check_shape(found, (n_components, n_features), "means")
    return found


def _floats(values: Any, name: str) -> Public:
    found = floating(values)
    if not np.isfinite(found).all():
        raise MixtureError(f"The parameter '{name}' holds values that are not finite numbers.")
    return found


def _check_shape(values: Public, shape: tuple[int, ...], name: str) -> None:
    if values.shape != shape:
        raise MixtureError(f"The parameter '{name}' should have the shape of {shape}, but got {values.shape}")


def named_or_given(init_params: Any, n_rows: int, n_components: int, noisy: bool) -> start.Start:
    """The start that `init_params` asks for: by its name, or from labels or responsibilities."""
    if isinstance(init_params, str):
        return start.STARTS[init_params]
    if isinstance(init_params, np.ma.MaskedArray):
        raise MixtureError("init_params is a masked array, and its mask would be lost. Fill it first.")
    given = np.asarray(init_params)
    if given.dtype.kind not in "biuf":
        raise MixtureError(f"init_params holds {given.dtype}, and must be labels or responsibilities: numbers.")
    if given.ndim == 1:
        return start.labels(_check_labels(given, n_rows, n_components, noisy))
    return start.responsibilities(_check_responsibilities(given, n_rows, n_components, noisy))


def _check_labels(given: Any, n_rows: int, n_components: int, noisy: bool) -> Any:
    if given.shape != (n_rows,):
        raise MixtureError(f"init_params: {len(given)} labels were given for {n_rows} rows.")
    if given.dtype.kind == "f" and not (np.isfinite(given).all() and (given == np.rint(given)).all()):
        raise MixtureError("init_params: labels must be whole numbers from 0 (and -1 for noise).")
    lowest = -1 if noisy else 0
    least, most = float(given.min()), float(given.max())
    if least < lowest or most >= n_components:
        raise MixtureError(
            f"init_params: labels run from {least:g} to {most:g} and must lie between {lowest} and {n_components - 1} "
            f"for {n_components} components."
        )
    return given.astype(np.int64)


def _check_responsibilities(given: Any, n_rows: int, n_components: int, noisy: bool) -> Any:
    shapes = [(n_rows, n_components)] + ([(n_rows, n_components + 1)] if noisy else [])
    if given.shape not in shapes:
        raise MixtureError(f"init_params: responsibilities have shape {given.shape} and must have {shapes[-1]}.")
    total = given.sum(axis=1)
    wrong = ~((given >= 0).all(axis=1) & np.isfinite(total) & (total <= 1 + 1e-6) & (noisy | (total >= 1 - 1e-6)))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise MixtureError(
            f"init_params: the responsibilities of row {row} are not probabilities of sum 1 (sum {total[row]:.6g})."
        )
    return given
