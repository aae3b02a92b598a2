"""Moments of rows whose responsibilities are known: given labels, given probabilities, or the nearest mean."""

from __future__ import annotations

from collections.abc import Callable

from mixtura.arrays import Array, Float, device, like, namespace
from mixtura.block import Block
from mixtura.density import Density
from mixtura.kernels.generic import collect, log_rho
from mixtura.moments import Moments, Order

# block -> responsibilities (n, K) and noise responsibilities (n,), host or of the rows' namespace
Assignment = Callable[[Block], tuple[Array, Array]]


def moments(block: Block, assign: Assignment, order: Order, anchor: Float) -> Moments:
    """Moments of a block under the responsibilities of `assign`, about `anchor`; the log-likelihood is left at 0."""
    rows = block.framed()
    responsibilities, noise = (like(part, rows) for part in assign(block))
    return collect(rows, block.weight, namespace(rows).zeros_like(noise), responsibilities, noise, order, anchor)


def nearest(block: Block, density: Density) -> tuple[Array, Array]:
    """Hard responsibilities: 1 for the component of the largest ``log rho``, the lowest index where several tie."""
    rows = block.framed()
    xp = namespace(rows)
    values = log_rho(rows, density)
    best = xp.argmax(values, axis=1)
    components = xp.arange(values.shape[1], dtype=best.dtype, device=device(best))
    chosen = xp.astype(best[:, None] == components[None, :], xp.float64)
    return chosen, xp.zeros_like(rows[:, 0])
