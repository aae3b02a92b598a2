"""What the responsibilities of a row amount to: the largest, whose it is, and how undecided they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Array, Float, to_host


class Measures(NamedTuple):
    """What each row's responsibilities amount to, on the host.

    Parameters
    ----------
    log_density, noise : arrays of shape (n,)
    largest : array of shape (n,)
        The largest responsibility of a row, the noise's included.
    label : integer array of shape (n,)
        Whose it is: the first of equal components, -1 where only the noise's is as large.
    entropy : array of shape (n,)
        ``-sum_k r_k log r_k``, the noise included.
    mass : array of shape (K,)
        ``sum_n w_n r_nk``.
    """

    log_density: Float
    noise: Float
    largest: Float
    label: NDArray[np.int64]
    entropy: Float
    mass: Float


def measured(weight: Array, log_density: Array, responsibilities: Array, noise: Array) -> Measures:
    """Measures of rows with weights (n,) or None from their log density, responsibilities (n, K) and noise (n,)."""
    log_density, shares, noise = (to_host(part) for part in (log_density, responsibilities, noise))
    best = shares.max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(shares > 0, shares * np.log(shares), 0.0).sum(axis=1)
        entropy -= np.where(noise > 0, noise * np.log(noise), 0.0)
    label = np.where(noise > best, -1, shares.argmax(axis=1))
    mass = shares.sum(axis=0) if weight is None else to_host(weight) @ shares
    return Measures(log_density, noise, np.maximum(best, noise), label, entropy, mass)
