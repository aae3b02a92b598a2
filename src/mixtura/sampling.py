"""Draw rows from a published mixture."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance import holds_variances
from mixtura.outcome import MixtureError
from mixtura.parameters import Parameters


def sample(
    parameters: Parameters, n_samples: int, random_state: np.random.RandomState, shuffle: bool
) -> tuple[Float, Any]:
    """`n_samples` rows (n, D) and their components (n,), -1 for noise; by component in order unless shuffled.

    The same draws from the generator as scikit-learn's, for its covariance types.
    """
    shares = np.asarray(parameters.weights, dtype=np.float64)
    if parameters.noise is not None:
        shares = np.append(shares, parameters.noise_weight)
    counts = random_state.multinomial(n_samples, shares / shares.sum() if abs(shares.sum() - 1) > 1e-12 else shares)
    parts = [_component(parameters, k, int(n), random_state) for k, n in enumerate(counts[: parameters.shape[0]])]
    labels = np.repeat(np.arange(len(parts)), counts[: len(parts)])
    if parameters.noise is not None:
        parts.append(_background(parameters, int(counts[-1]), random_state))
        labels = np.append(labels, np.full(counts[-1], -1))
    rows = np.vstack(parts)
    if shuffle:
        order = random_state.permutation(n_samples)
        rows, labels = rows[order], labels[order]
    return rows, labels


def _component(parameters: Parameters, k: int, n: int, random_state: np.random.RandomState) -> Float:
    mean, covariances = np.asarray(parameters.means[k], dtype=np.float64), parameters.arrays.covariances
    if holds_variances(parameters.layout):
        noise = random_state.standard_normal(size=(n, len(mean)))
        return np.asarray(mean + noise * np.sqrt(np.asarray(covariances[k], dtype=np.float64)))
    covariance = covariances if covariances.ndim == 2 else covariances[k]
    # its default check compares with an absolute tolerance, which small units fail
    return random_state.multivariate_normal(mean, np.asarray(covariance, dtype=np.float64), n, check_valid="ignore")


def _background(parameters: Parameters, n: int, random_state: np.random.RandomState) -> Float:
    noise = parameters.noise
    if noise is None or noise.box is None:
        raise MixtureError(
            "The noise component was given a volume but no place, so no rows can be drawn from it. Fit with noise=True."
        )
    return noise.box.sample(n, random_state)
