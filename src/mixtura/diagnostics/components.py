"""Numbers that say whether the components of a fitted mixture look right."""

from __future__ import annotations

from math import log
from statistics import median

import numpy as np

from mixtura.arrays import Float
from mixtura.density import Whitening

# A component this many times narrower than the median one has a tiny volume.
NARROW = 100.0
# From here on a correlation matrix is known to fewer than half the digits of a double.
ILL = 1e8


def conditions(whitening: Whitening, n_components: int, n_features: int) -> Float:
    """Condition number of the correlation matrix of each component, shape (K,)."""
    if whitening.kind != "dense":
        return np.ones(n_components)
    inverse = np.linalg.inv(whitening.factor)
    scaled = inverse / np.sqrt(np.square(inverse).sum(axis=1, keepdims=True))
    sizes = np.linalg.svd(scaled, compute_uv=False)
    with np.errstate(divide="ignore", over="ignore"):
        return np.broadcast_to(np.square(sizes[:, 0] / sizes[:, -1]), (n_components,)).copy()


def starved(mass: Float, needed: int) -> list[int]:
    """Components that hold fewer rows than needed."""
    return [int(k) for k in np.flatnonzero(mass < needed - 1e-6)]


def narrow(whitening: Whitening, n_components: int, n_features: int) -> list[int]:
    """Components whose geometric mean deviation is a hundredth of the median component's, or less."""
    if whitening.shared:
        return []
    log_deviation = (-whitening.log_det(n_features) / n_features).tolist()
    least = median(log_deviation) - log(NARROW)
    return [k for k, found in enumerate(log_deviation) if found < least]
