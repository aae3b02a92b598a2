"""The formulas, in the array API: the reference, the oracle of the tests, and the way of every device.

Whitens the rows about each mean, one component at a time, so that no array is larger than the block.
"""

from __future__ import annotations

from typing import Any

from mixtura.arrays import Array, Float, like, namespace, to_host
from mixtura.block import Block
from mixtura.density import Density
from mixtura.kernels.measures import Measures, measured
from mixtura.moments import Moments, Order


def log_rho(rows: Array, density: Density) -> Array:
    """``log rho[n, k] = offset_k - 1/2 |whiten_k (x_n - mean_k)|^2`` of framed rows, shape (n, K)."""
    xp = namespace(rows)
    columns = [squared_length(rows, density, k) for k in range(density.n_components)]
    return like(density.offset, rows)[None, :] - 0.5 * xp.stack(columns, axis=1)


def squared_length(rows: Array, density: Density, k: int) -> Array:
    """``|whiten_k (x_n - mean_k)|^2`` of framed rows, shape (n,)."""
    xp = namespace(rows)
    factor = like(density.whitening.factor[0 if density.whitening.shared else k], rows)
    diff = rows - like(density.means[k, :], rows)[None, :]
    white = diff @ factor if density.whitening.kind == "dense" else diff * factor
    return xp.sum(white * white, axis=1)


def normalize(values: Array, floor: float | None) -> tuple[Array, Array, Array]:
    """Log density (n,), responsibilities (n, K) and responsibility of the noise (n,) from ``log rho``."""
    xp = namespace(values)
    top = xp.max(values, axis=1)
    if floor is not None:
        top = xp.where(top > floor, top, xp.full_like(top, floor))
    # a row that no component reaches keeps log density -inf instead of NaN; its reader raises
    safe = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    weights = xp.exp(values - safe[:, None])
    noise = xp.zeros_like(top) if floor is None else xp.exp(floor - safe)
    total = xp.sum(weights, axis=1) + noise
    inverse = 1.0 / xp.where(total > 0, total, xp.ones_like(total))
    return top + xp.log(xp.where(total > 0, total, xp.ones_like(total))), weights * inverse[:, None], noise * inverse


def posterior(block: Block, density: Density, out: Any = None) -> tuple[Array, Array, Array]:
    """Log density (n,), responsibilities (n, K) and noise responsibility (n,) of a block of rows."""
    return normalize(log_rho(block.framed(), density), density.floor)


def log_densities(block: Block, density: Density) -> tuple[Array, Array]:
    """Log density and noise responsibility of each row, shape (n,) each."""
    log_density, _, noise = posterior(block, density)
    return log_density, noise


def measure(block: Block, density: Density) -> Measures:
    """What each row's responsibilities amount to."""
    return measured(block.weight, *posterior(block, density))


def moments(block: Block, density: Density, order: Order, anchor: Float | None = None) -> Moments:
    """One E-step over a block: its Moments about `anchor` (the means of the density unless given)."""
    rows = block.framed()
    log_density, responsibilities, noise = normalize(log_rho(rows, density), density.floor)
    anchor = density.means if anchor is None else anchor
    return collect(rows, block.weight, log_density, responsibilities, noise, order, anchor)


def collect(
    rows: Array, weight: Any, log_density: Array, responsibilities: Array, noise: Array, order: Order, anchor: Float
) -> Moments:
    """Moments of framed rows (n, D) with responsibilities (n, K), about the rows of `anchor` (K, D)."""
    xp = namespace(rows)
    weight = xp.ones_like(noise) if weight is None else like(weight, rows)
    weighted = responsibilities * weight[:, None]
    diffs = [rows - like(a, rows)[None, :] for a in anchor]
    first = xp.stack([weighted[:, k] @ diff for k, diff in enumerate(diffs)])
    second = xp.stack([_second(order, weighted[:, k], diff, xp) for k, diff in enumerate(diffs)])
    if order == "pooled":
        second = xp.sum(second, axis=0)
    return Moments(
        order=order,
        anchor=anchor,
        mass=to_host(xp.sum(weighted, axis=0)),
        first=to_host(first),
        second=to_host(second),
        noise=float(xp.sum(noise * weight)),
        log_likelihood=float(xp.sum(xp.where(weight > 0, log_density, xp.zeros_like(log_density)) * weight)),
        weight=float(xp.sum(weight)),
    )


def _second(order: Order, weight: Array, diff: Array, xp: Any) -> Array:
    if order == "trace":
        return weight @ xp.sum(diff * diff, axis=1)
    if order == "diagonal":
        return weight @ (diff * diff)
    return (diff * weight[:, None]).T @ diff
