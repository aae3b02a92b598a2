"""What compiled code needs of a density: its numbers in the layout and the form that suit their shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.density import Density
from mixtura.kernels.compiled import quadratic, signatures
from mixtura.kernels.features import Form
from mixtura.moments import Moments, Order

# Features up to which rows are whitened in registers, one component at a time; beyond, products of features are
# shorter: for dense whitening, dense whitening of a FEW components, and diagonal.
NARROW_DENSE, NARROW_FEW, NARROW_ELSE = 6, 10, 3
FEW = 16
# Features of a chunk: with a tile of rows they stay in the second cache of a core.
CHUNK = 1024
# With so few components products of features are thin; from so many features on whitening is the shorter way.
THIN, WIDE = 8, 32
# Rows a component that are gathered before they are added up, and doubles that all such stores may take.
GATHERED, STORED = 256, 2**19

Integers = NDArray[np.int64]
NOTHING = np.empty(0)
NO_LABELS = np.empty(0, dtype=np.int64)


class Asked(NamedTuple):
    """What a pass over a block shall write, row by row; what is not asked for has no rows.

    Parameters
    ----------
    log_density, noise : arrays of shape (n,)
    shares : array of shape (n, K)
    largest, entropy : arrays of shape (n,)
    label : integer array of shape (n,)
    mass : array of shape (K,)
    """

    log_density: Float
    noise: Float
    shares: Float
    largest: Float = NOTHING
    label: Integers = NO_LABELS
    entropy: Float = NOTHING
    mass: Float = NOTHING

    @property
    def arrays(self) -> tuple[Any, Any]:
        """The two tuples that `tiles.answer` and `tiles.measure` take."""
        return (self.log_density, self.noise, self.shares), (self.largest, self.label, self.entropy, self.mass)


UNASKED = Asked(NOTHING, NOTHING, np.empty((0, 0)))


class Plan(Protocol):
    """A density made ready for compiled code."""

    def moments(self, block: Block, order: Order, anchor: Float) -> Moments:
        """Moments of a block about an anchor (K, D)."""

    def answer(self, block: Block, asked: Asked) -> None:
        """Write what is asked of each row of a block."""


def plan(density: Density, order: Order | None = None, about_anchor: bool = False) -> Plan:
    """The plan that suits a density, and an order of moments where they are asked for.

    Products of features give one order, about the origin; sums `about_anchor` are asked for when those lost digits.
    """
    upper = not np.tril(density.whitening.factor, -1).any() if density.whitening.kind == "dense" else True
    if density.n_features <= _narrow(density) and upper:
        return Narrow(density)
    few = density.n_components <= THIN and density.n_features >= WIDE and density.order != "pooled"
    other = order is not None and order != Form(density).order
    return Products(density, few or other or about_anchor)


def _narrow(density: Density) -> int:
    if density.order == "pooled":  # far out, only the linear form tells components of one whitening apart
        return 0
    if density.order != "dense":
        return NARROW_ELSE
    return NARROW_FEW if density.n_components <= FEW else NARROW_DENSE


def _rows(block: Block) -> tuple[int, tuple[Any, ...]]:
    """Size of an item, and what `tiles.load` reads: rows as they are, or as doubles where their type is another."""
    rows = block.rows
    ready = rows.dtype in (np.float64, np.float32) and rows.dtype.isnative and rows.flags.aligned
    rows = rows if ready else np.asarray(rows, dtype=np.float64)
    weight = NOTHING if block.weight is None else block.weight
    return rows.dtype.itemsize, (rows, weight, block.frame.origin, 1.0 / block.frame.unit)


def _floor(density: Density) -> float:
    return -np.inf if density.floor is None else density.floor


@dataclass(frozen=True)
class Narrow:
    """The plan for few features: dense whitening about the means, whatever the family."""

    density: Density

    @cached_property
    def factor(self) -> Float:
        """The whitening of each component, packed by rows of its transpose: shape (K, T)."""
        k, d = self.density.means.shape
        columns, rows = np.tril_indices(d)  # y_i = sum_(j <= i) F_ji (x - mean)_j
        packed = self.density.whitening.dense(d)[:, rows, columns]
        return np.ascontiguousarray(np.broadcast_to(packed, (k, len(rows))))

    def _sweep(self, block: Block, anchor: Float, sums: Float, totals: Float, asked: Asked) -> None:
        density, (size, rows) = self.density, _rows(block)
        sweep = signatures.fused_sweep(size, density.n_features)
        columns = (0,) * density.n_features
        given = (density.means, self.factor, density.offset, _floor(density), columns, anchor)
        sweep(*rows, *given, sums, totals, *asked.arrays)

    def answer(self, block: Block, asked: Asked) -> None:
        """Write what is asked of each row of a block."""
        self._sweep(block, self.density.means, np.empty((0, 0)), np.zeros(3), asked)

    def moments(self, block: Block, order: Order, anchor: Float) -> Moments:
        """Moments of a block about an anchor."""
        k, d = self.density.means.shape
        sums, totals = np.zeros((k, 1 + d + d * (d + 1) // 2)), np.zeros(3)
        self._sweep(block, anchor, sums, totals, UNASKED)
        rows, columns = np.tril_indices(d)
        second = np.empty((k, d, d))
        second[:, rows, columns] = second[:, columns, rows] = sums[:, 1 + d :]
        return _moments(order, anchor, sums[:, 0], sums[:, 1 : 1 + d], _of_order(order, second), totals)


@dataclass(frozen=True)
class Products:
    """The plan for more features: products of quadratic features; `whitened` where all is done about the means."""

    density: Density
    whitened: bool = False

    @cached_property
    def form(self) -> Form:
        """The features of the density."""
        return Form(self.density)

    @cached_property
    def sharp(self) -> Integers:
        """Components that are computed about their means."""
        one_for_all = self.form.linear and self.form.sharp
        sharp = range(self.density.n_components) if self.whitened or one_for_all else self.form.sharp
        return np.array(sharp, dtype=np.int64)

    @cached_property
    def featureless(self) -> bool:
        """Whether no component is left to the products."""
        return len(self.sharp) == self.density.n_components

    @cached_property
    def code(self) -> int:
        """The form as compiled code calls it."""
        codes = {"trace": quadratic.TRACE, "diagonal": quadratic.DIAGONAL, "dense": quadratic.DENSE}
        return codes.get(self.form.order, quadratic.LINEAR)

    @cached_property
    def features(self) -> tuple[Any, ...]:
        """What compiled code asks about the features: form, theta, shared whitening, chunks, sharp components."""
        nothing = np.empty((0, 0))
        if self.featureless:
            return quadratic.DENSE, nothing, nothing, np.zeros(1, dtype=np.int64), self.sharp
        shared = np.ascontiguousarray(self.density.whitening.factor[0].T) if self.form.linear else nothing
        return self.code, np.ascontiguousarray(self.form.theta.T), shared, self._chunks(), self.sharp

    def _chunks(self) -> Integers:
        """Bounds of the columns whose quadratic features make up a chunk."""
        d = self.density.n_features
        if self.code != quadratic.DENSE:
            return np.array([0, {quadratic.TRACE: 1, quadratic.DIAGONAL: d}.get(self.code, 0)])
        bounds, held = [0], 1 + d
        for i in range(d):
            if held + d - i > CHUNK and i > bounds[-1]:
                bounds.append(i)
                held = 0
            held += d - i
        return np.array([*bounds, d])

    @cached_property
    def factor(self) -> Float:
        """Transposed whitening of the sharp components: (S, D, D), or (S, 1, D) where it is diagonal."""
        whitening, d = self.density.whitening, self.density.n_features
        chosen = np.zeros(len(self.sharp), dtype=np.int64) if whitening.shared else self.sharp
        if whitening.kind == "dense":
            return np.ascontiguousarray(np.swapaxes(whitening.factor[chosen], 1, 2))
        factor = whitening.factor[chosen].reshape(len(chosen), 1, 1 if whitening.kind == "scalar" else d)
        return np.ascontiguousarray(np.broadcast_to(factor, (len(chosen), 1, d)))

    def _sweep(self, block: Block, anchor: Float, results: tuple[Any, ...], totals: Float, asked: Asked) -> None:
        density, (size, rows) = self.density, _rows(block)
        given = (density.means, self.factor, density.offset, _floor(density), anchor)
        signatures.quadratic_sweep(size)(*rows, *self.features, *given, *results, totals, *asked.arrays)

    def answer(self, block: Block, asked: Asked) -> None:
        """Write what is asked of each row of a block."""
        k = self.density.n_components
        nothing, cube = np.empty((0, 0)), np.empty((0, 0, 0))
        results = (nothing, nothing, (cube, nothing, NO_LABELS, nothing), np.empty((k, 0, 0)))
        self._sweep(block, self.density.means, results, np.zeros(3), asked)

    def moments(self, block: Block, order: Order, anchor: Float) -> Moments:
        """Moments of a block about an anchor."""
        k, d = anchor.shape
        linear = self.code == quadratic.LINEAR and not self.featureless
        dense = order in ("dense", "pooled") and not linear
        sums = np.zeros((1 if self.featureless else self.form.n_features, k))
        pooled = np.zeros((d, d) if linear else (0, 0))
        capacity = min(max(STORED // (k * d), 16), GATHERED)
        shares, counts, first = np.empty((k, capacity)), np.zeros(k, dtype=np.int64), np.zeros((k, 1 + d))
        second, totals = np.zeros((k, d if dense else 1, d)), np.zeros(3)
        stores = (np.empty((k, capacity, d)), shares, counts, first)
        self._sweep(block, anchor, (sums, pooled, stores, second), totals, UNASKED)
        if dense and not self.featureless:
            signatures.add_about()(sums, anchor, second)
        gathered = second if dense else second[:, 0]
        found = _moments(order, anchor, first[:, 0], first[:, 1:], _of_order(order, gathered), totals)
        return found if self.featureless else found + self._products(order, sums, pooled, anchor)

    def _products(self, order: Order, sums: Float, pooled: Float, anchor: Float) -> Moments:
        """What the sums of features are about an anchor; dense second moments were added to the others."""
        d = self.density.n_features
        mass, first, packed = sums[0], sums[1 : 1 + d].T, sums[1 + d :].T
        if order == "dense":
            pushed = mass[:, None] * anchor
            found = _moments(order, anchor, mass, first - pushed, np.zeros((1, 1, 1)), np.zeros(3))
            return replace(found, lost=pushed * anchor)
        second = pooled if order == "pooled" else packed[:, 0] if order == "trace" else packed
        return _moments(order, np.zeros_like(anchor), mass, first, second, np.zeros(3)).about(anchor)


def _of_order(order: Order, second: Float) -> Float:
    """Second moments (K, D, D), or their diagonals (K, D), as an order keeps them."""
    if order == "pooled":
        return np.asarray(second.sum(axis=0) if second.ndim == 3 else np.zeros((second.shape[1],) * 2))
    if order == "dense":
        return second
    diagonal = np.einsum("kdd->kd", second) if second.ndim == 3 else second
    return np.asarray(diagonal.sum(axis=1) if order == "trace" else diagonal)


def _moments(order: Order, anchor: Float, mass: Float, first: Float, second: Float, totals: Float) -> Moments:
    noise, log_likelihood, weight = (float(total) for total in totals)
    return Moments(order, anchor, mass, first, second, noise, log_likelihood, weight, np.zeros_like(anchor))
