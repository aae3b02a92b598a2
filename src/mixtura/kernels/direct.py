"""The host's kernel for few rows: all components at once about their means, in as few calls of NumPy as can be.

Where a call costs more than its arithmetic, features and their guard are the longer way. One array of shape (K, D, n)
holds the differences of all rows from all means; no digits are lost however far a component lies.
"""

from __future__ import annotations

import numpy as np

from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.density import Density
from mixtura.kernels.blocked import normalize
from mixtura.kernels.measures import Measures, measured
from mixtura.moments import Moments, Order


def posterior(block: Block, density: Density, out: Float | None = None) -> tuple[Float, Float, Float]:
    """Log density (n,), responsibilities (n, K) and noise responsibility (n,) of a block of rows."""
    values = log_rho(block.columns() - density.means[:, :, None], density)
    log_density, noise = normalize(values, density.floor)
    return log_density, values.T, noise


def log_densities(block: Block, density: Density) -> tuple[Float, Float]:
    """Log density and noise responsibility of each row, shape (n,) each."""
    log_density, _, noise = posterior(block, density)
    return log_density, noise


def measure(block: Block, density: Density) -> Measures:
    """What each row's responsibilities amount to."""
    return measured(block.weight, *posterior(block, density))


def moments(block: Block, density: Density, order: Order, anchor: Float | None = None) -> Moments:
    """One E-step over a block: its Moments about `anchor` (the means of the density unless given)."""
    columns = block.columns()
    diff = columns - density.means[:, :, None]
    weighted = log_rho(diff, density)
    log_density, noise = normalize(weighted, density.floor)
    if anchor is not None:
        diff = columns - anchor[:, :, None]
    total = float(len(block))
    if block.weight is not None:
        weighted *= block.weight
        noise *= block.weight
        log_density = np.where(block.weight > 0, log_density, 0.0) * block.weight
        total = float(block.weight.sum())
    pushed = diff * weighted[:, None, :]
    return Moments(
        order=order,
        anchor=density.means if anchor is None else anchor,
        mass=weighted.sum(axis=1),
        first=pushed.sum(axis=2),
        second=_second(order, pushed, diff),
        noise=0.0 if density.floor is None else float(noise.sum()),
        log_likelihood=float(log_density.sum()),
        weight=total,
    )


def log_rho(diff: Float, density: Density) -> Float:
    """``log rho`` from differences (K, D, n), shape (K, n)."""
    factor = density.whitening.factor
    if factor.ndim == 3:
        white = np.swapaxes(factor, 1, 2) @ diff
    else:
        white = diff * factor.reshape(len(factor), -1, 1)
    values: Float = np.einsum("kdn,kdn->kn", white, white)
    values *= -0.5
    values += density.offset[:, None]
    return values


def _second(order: Order, pushed: Float, diff: Float) -> Float:
    if order == "trace":
        return np.asarray(np.einsum("kdn,kdn->k", pushed, diff))
    if order == "diagonal":
        return np.asarray(np.einsum("kdn,kdn->kd", pushed, diff))
    second = pushed @ np.swapaxes(diff, 1, 2)
    return np.asarray(second.sum(axis=0) if order == "pooled" else second)
