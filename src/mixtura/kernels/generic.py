"""The formulas, in the array API: the reference, the oracle of the tests, and the way of every device.

Whitens the rows about each mean, all components at once, a tile of rows at a time. The largest arrays hold the
differences of a tile's rows from all means: one column a row, shape (K, D, n).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mixtura.arrays import Array, Float, all_to_host, is_on_accelerator, like, namespace
from mixtura.block import Block
from mixtura.density import Density
from mixtura.kernels.measures import Measures, measured
from mixtura.moments import Moments, Order

# Bytes of such an array: on the host what the cache of a core holds, on an accelerator what keeps it busy. By kind and
# shape alone, so that sums repeat their bits.
HOST, ACCELERATOR = 2**21, 2**28
# Rows of a tile whatever its width: below FEWEST there is more calling than computing, and libraries split the sums of
# more than MOST among their threads.
FEWEST, MOST = 2**6, 2**14


def log_rho(rows: Array, density: Density) -> Array:
    """``log rho[n, k] = offset_k - 1/2 |whiten_k (x_n - mean_k)|^2`` of framed rows (n, D), shape (n, K)."""
    return Held.of(density, rows).log_rho(as_columns(rows)).T


def squared_length(rows: Array, density: Density, k: int) -> Array:
    """``|whiten_k (x_n - mean_k)|^2`` of framed rows (n, D), shape (n,)."""
    own = slice(k, k + 1)
    alone = Density(density.means[own], density.whitening.take(own), 0.0 * density.means[own, 0])
    return -2.0 * log_rho(rows, alone)[:, 0]


def posterior(block: Block, density: Density, out: Any = None) -> tuple[Array, Array, Array]:
    """Log density (n,), responsibilities (n, K) and noise responsibility (n,) of a block of rows."""
    log_density, responsibilities, noise = _posterior(as_columns(block.framed()), density)
    return log_density, responsibilities.T, noise


def log_densities(block: Block, density: Density) -> tuple[Array, Array]:
    """Log density and noise responsibility of each row, shape (n,) each."""
    log_density, _, noise = posterior(block, density)
    return log_density, noise


def measure(block: Block, density: Density) -> Measures:
    """What each row's responsibilities amount to."""
    return measured(block.weight, *posterior(block, density))


def moments(block: Block, density: Density, order: Order, anchor: Float | None = None) -> Moments:
    """One E-step over a block: its Moments about `anchor` (the means of the density unless given)."""
    columns = as_columns(block.framed())
    found = _posterior(columns, density)
    return _collect(columns, block.weight, *found, order, density.means if anchor is None else anchor)


def collect(
    rows: Array, weight: Any, log_density: Array, responsibilities: Array, noise: Array, order: Order, anchor: Float
) -> Moments:
    """Moments of framed rows (n, D) with responsibilities (n, K), about the rows of `anchor` (K, D)."""
    return _collect(as_columns(rows), weight, log_density, responsibilities.T, noise, order, anchor)


def as_columns(rows: Array) -> Array:
    """Rows (n, D) as columns (D, n), each side by side in memory."""
    xp = namespace(rows)
    return xp.reshape(xp.reshape(rows.T, (-1,)), tuple(reversed(rows.shape)))  # what is flat lies in this order


class Held(NamedTuple):
    """A density where the rows are: means (K, D, 1), offset (K, 1), and a factor for differences (K, D, n)."""

    means: Array
    dense: bool
    factor: Array  # transposed, (K, D, D), where it is dense; else (K, 1, 1) or (K, D, 1)
    offset: Array

    @classmethod
    def of(cls, density: Density, rows: Array) -> Held:
        """The density as arrays of the kind and on the device of some rows."""
        xp, dense = namespace(rows), density.whitening.kind == "dense"
        factor = like(density.whitening.factor, rows)
        factor = xp.matrix_transpose(factor) if dense else xp.reshape(factor, (factor.shape[0], -1, 1))
        return cls(like(density.means, rows)[:, :, None], dense, factor, like(density.offset, rows)[:, None])

    def log_rho(self, columns: Array) -> Array:
        """``log rho`` of columns (D, n), shape (K, n)."""
        diff = columns - self.means
        white = self.factor @ diff if self.dense else self.factor * diff
        return self.offset - 0.5 * namespace(columns).sum(white * white, axis=1)


def normalize(values: Array, floor: float | None) -> tuple[Array, Array, Array]:
    """Log density (n,), responsibilities (K, n) and responsibility of the noise (n,) from ``log rho`` (K, n)."""
    xp = namespace(values)
    top = xp.max(values, axis=0)
    if floor is not None:
        top = xp.where(top > floor, top, xp.full_like(top, floor))
    # a row that no component reaches keeps log density -inf instead of NaN; its reader raises
    safe = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    weights = xp.exp(values - safe)
    noise = xp.zeros_like(top) if floor is None else xp.exp(floor - safe)
    total = xp.sum(weights, axis=0) + noise
    inverse = 1.0 / xp.where(total > 0, total, xp.ones_like(total))
    return top + xp.log(xp.where(total > 0, total, xp.ones_like(total))), weights * inverse, noise * inverse


def tiles(columns: Array, n_components: int) -> Iterator[slice]:
    """The columns (D, n) in pieces whose differences from all means take no more than the device's budget."""
    d, n = columns.shape
    size = ACCELERATOR // (8 * d * n_components)
    if not is_on_accelerator(columns):
        size = min(max(HOST // (8 * d * n_components), FEWEST), MOST)
    return (slice(begin, min(begin + size, n)) for begin in range(0, n, size))


def _posterior(columns: Array, density: Density) -> tuple[Array, Array, Array]:
    """Log density (n,), responsibilities (K, n) and noise responsibility (n,) of columns (D, n)."""
    xp, held = namespace(columns), Held.of(density, columns)
    parts = [normalize(held.log_rho(columns[:, tile]), density.floor) for tile in tiles(columns, density.n_components)]
    log_density, responsibilities, noise = (xp.concat(part, axis=-1) for part in zip(*parts, strict=True))
    return log_density, responsibilities, noise


def _collect(
    columns: Array, weight: Any, log_density: Array, responsibilities: Array, noise: Array, order: Order, anchor: Float
) -> Moments:
    """Moments of columns (D, n) with responsibilities (K, n): summed where they are, and then brought home at once."""
    xp, about = namespace(columns), like(anchor, columns)[:, :, None]
    weight = xp.ones_like(noise) if weight is None else like(weight, columns)
    log_density = xp.where(weight > 0, log_density, xp.zeros_like(log_density))
    sums: Any = None
    for tile in tiles(columns, len(anchor)):
        own = weight[tile]
        weighted = responsibilities[:, tile] * own
        scalars = (xp.sum(part * own) for part in (noise[tile], log_density[tile], xp.ones_like(own)))
        part = (xp.sum(weighted, axis=1), *_sums(columns[:, tile] - about, weighted, order), *scalars)
        sums = part if sums is None else tuple(a + b for a, b in zip(sums, part, strict=True))
    mass, first, second, *rest = all_to_host(sums)
    return Moments(order, anchor, mass, first, second, *(float(value) for value in rest))


def _sums(diff: Array, weighted: Array, order: Order) -> tuple[Array, Array]:
    """First (K, D) and second moments of differences (K, D, n) with weights (K, n)."""
    xp = namespace(diff)
    pushed = diff * weighted[:, None, :]
    first = xp.sum(pushed, axis=2)
    if order in ("trace", "diagonal"):
        squares = xp.sum(pushed * diff, axis=2)
        return first, squares if order == "diagonal" else xp.sum(squares, axis=1)
    second = pushed @ xp.matrix_transpose(diff)
    return first, xp.sum(second, axis=0) if order == "pooled" else second
