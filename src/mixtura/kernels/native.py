"""The host's kernel for large work, in compiled code: tiles of rows, several at a time in the processor's vectors."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.density import Density
from mixtura.kernels.measures import Measures
from mixtura.kernels.plans import Asked, Plan, plan
from mixtura.moments import Moments, Order

# A density is read by many blocks: what was made ready of it, for an order and an anchor, lives as long as it does.
_ready: WeakKeyDictionary[Density, dict[tuple[Order | None, bool], Plan]] = WeakKeyDictionary()


def _plan(density: Density, order: Order | None = None, about_anchor: bool = False) -> Plan:
    plans = _ready.setdefault(density, {})
    found = plans.get((order, about_anchor))
    if found is None:
        found = plans[order, about_anchor] = plan(density, order, about_anchor)
    return found


def moments(block: Block, density: Density, order: Order, anchor: Float | None = None) -> Moments:
    """One E-step over a block: its Moments about `anchor` (the means of the density unless given)."""
    return _plan(density, order, anchor is not None).moments(block, order, density.means if anchor is None else anchor)


def posterior(block: Block, density: Density, out: Float | None = None) -> tuple[Float, Float, Float]:
    """Log density (n,), responsibilities (n, K), into `out` where it is given, and noise responsibility (n,)."""
    n = len(block)
    shares = np.empty((n, density.n_components)) if out is None else out
    asked = Asked(np.empty(n), np.empty(n), shares)
    _plan(density).answer(block, asked)
    return asked.log_density, shares, asked.noise


def log_densities(block: Block, density: Density) -> tuple[Float, Float]:
    """Log density and noise responsibility of each row, shape (n,) each."""
    n = len(block)
    asked = Asked(np.empty(n), np.empty(n), np.empty((0, 0)))
    _plan(density).answer(block, asked)
    return asked.log_density, asked.noise


def measure(block: Block, density: Density) -> Measures:
    """What each row's responsibilities amount to."""
    n, k = len(block), density.n_components
    log_density, noise, largest, entropy = np.empty((4, n))
    label, mass = np.empty(n, dtype=np.int64), np.zeros(k)
    _plan(density).answer(block, Asked(log_density, noise, np.empty((0, 0)), largest, label, entropy, mass))
    return Measures(log_density, noise, largest, label, entropy, mass)
