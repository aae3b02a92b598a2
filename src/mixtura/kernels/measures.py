"""What the responsibilities of a row amount to: the largest, whose it is, and how undecided they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Array, Float, like, namespace, to_host


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
    """Measures of rows with weights (n,) or None from their log density, responsibilities (n, K) and noise (n,).

    Measured where the responsibilities are: K times as many of them would have to come home.
    """
    xp, shares = namespace(responsibilities), responsibilities
    best = xp.max(shares, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -xp.sum(xp.where(shares > 0, shares * xp.log(shares), xp.zeros_like(shares)), axis=1)
        entropy = entropy - xp.where(noise > 0, noise * xp.log(noise), xp.zeros_like(noise))
    first = xp.argmax(shares, axis=1)
    label = xp.where(noise > best, xp.full_like(first, -1), first)
    mass = xp.sum(shares, axis=0) if weight is None else like(weight, shares) @ shares
    found = (to_host(part) for part in (log_density, noise, xp.where(noise > best, noise, best), entropy, mass))
    log_density, noise, largest, entropy, mass = found
    return Measures(log_density, noise, largest, to_host(label).astype(np.int64), entropy, mass)
