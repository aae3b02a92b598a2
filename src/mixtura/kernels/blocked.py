"""The host's kernel in NumPy and BLAS: tiles of quadratic features, two matrix products each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.density import Density
from mixtura.kernels import generic
from mixtura.kernels.features import Form, triangle
from mixtura.kernels.measures import Measures, measured
from mixtura.moments import Moments, Order


def posterior(block: Block, density: Density, out: Float | None = None) -> tuple[Float, Float, Float]:
    """Log density (n,), responsibilities (n, K), into `out` where it is given, and noise responsibility (n,)."""
    form = Form(density)
    if form.linear and form.sharp:
        return generic.posterior(block, density)
    log_density, noise = np.empty(len(block)), np.empty(len(block))
    responsibilities = np.empty((len(block), density.n_components)) if out is None else out
    for tile in block.tiles(form.tile):
        columns = tile.columns()
        features = form.features(columns)
        values = form.log_rho(columns, features)
        span = slice(tile.start - block.start, tile.stop - block.start)
        log_density[span], noise[span] = normalize(values, density.floor, form.common(features))
        responsibilities[span] = values.T
    return log_density, responsibilities, noise


def log_densities(block: Block, density: Density) -> tuple[Float, Float]:
    """Log density and noise responsibility of each row, shape (n,) each."""
    log_density, _, noise = posterior(block, density)
    return log_density, noise


def measure(block: Block, density: Density) -> Measures:
    """What each row's responsibilities amount to."""
    return measured(block.weight, *posterior(block, density))


def moments(block: Block, density: Density, order: Order, anchor: Float | None = None) -> Moments:
    """One E-step over a block: its Moments about the means of the density.

    About another `anchor`, asked for when sums about the origin lost digits, the moments are collected by `generic`.
    """
    form = Form(density)
    if anchor is not None or order != form.order or (form.linear and form.sharp):
        return generic.moments(block, density, order, anchor)
    sums = Sums(form)
    for tile in block.tiles(form.tile):
        sums.add(tile)
    return sums.moments()


def normalize(values: Float, floor: float | None, common: Float | float = 0.0) -> tuple[Float, Float]:
    """Turn ``log rho`` (K, n), less a `common` part, into responsibilities in place.

    Returns log density (n,) and noise responsibility (n,).
    """
    if floor is not None:
        values += common
        common = 0.0
    top = values.max(axis=0)
    if floor is not None:
        np.maximum(top, floor, out=top)
    # a row that no component reaches keeps log density -inf instead of NaN; its reader raises
    safe = np.where(np.isfinite(top), top, 0.0)
    values -= safe
    np.exp(values, out=values)
    total = values.sum(axis=0)
    noise = np.zeros(len(top))
    if floor is not None:
        np.exp(floor - safe, out=noise)
        total += noise
    total[total == 0.0] = 1.0
    values /= total
    noise /= total
    top += np.log(total)
    top += common
    return top, noise


@dataclass
class Sums:
    """Running sums over the tiles of a block: features about the frame's origin, sharp components about their means."""

    form: Form
    features: Float = field(init=False)
    second: Float = field(init=False)  # all rows about the origin, for a pooled order
    sharp: dict[int, tuple[Float, Float]] = field(init=False)
    noise: float = 0.0
    log_likelihood: float = 0.0
    weight: float = 0.0

    def __post_init__(self) -> None:
        k, d = self.form.density.means.shape
        self.features = np.zeros((k, self.form.n_features))
        self.second = np.zeros((d, d))
        self.sharp = {}

    def add(self, tile: Block) -> None:
        """Add one tile."""
        columns = tile.columns()
        features = self.form.features(columns)
        weighted = self.form.log_rho(columns, features)
        log_density, noise = normalize(weighted, self.form.density.floor, self.form.common(features))
        if tile.weight is not None:
            weighted *= tile.weight
            noise *= tile.weight
            log_density = np.where(tile.weight > 0, log_density, 0.0) * tile.weight
        self.weight += float(len(tile) if tile.weight is None else tile.weight.sum())
        self.noise += float(noise.sum())
        self.log_likelihood += float(log_density.sum())
        if self.form.linear:
            features[1:] = columns
            share = np.ones(len(tile)) if tile.weight is None else tile.weight
            self.second += (columns * (share - noise)) @ columns.T
        self.features += weighted @ features.T
        for k in self.form.sharp:
            self._add_sharp(k, columns, weighted[k])

    def _add_sharp(self, k: int, columns: Float, weight: Float) -> None:
        diff = columns - self.form.density.means[k][:, None]
        pushed = diff * weight
        if self.form.order == "dense":
            second = pushed @ diff.T
        else:
            second = np.einsum("dn,dn->d", pushed, diff)
        first, old = self.sharp.get(k, (0.0, 0.0))
        self.sharp[k] = (first + pushed.sum(axis=1), old + second)

    def moments(self) -> Moments:
        """The sums as Moments about the means of the density."""
        form, d = self.form, self.form.density.n_features
        about_origin = Moments(
            order=form.order,
            anchor=np.zeros_like(form.density.means),
            mass=self.features[:, 0],
            first=self.features[:, 1 : d + 1],
            second=self._second(),
            noise=self.noise,
            log_likelihood=self.log_likelihood,
            weight=self.weight,
            lost=np.zeros_like(form.density.means),
        )
        found = about_origin.about(form.density.means)
        for k, (first, second) in self.sharp.items():
            found.first[k], found.second[k] = first, second.sum() if form.order == "trace" else second
            found.lost[k] = 0.0  # type: ignore[index]
        return found

    def _second(self) -> Float:
        """Second moments about the origin, unpacked to the shape of the order."""
        form, d = self.form, self.form.density.n_features
        if form.order == "pooled":
            return self.second
        packed = self.features[:, d + 1 :]
        if form.order != "dense":
            return packed[:, 0] if form.order == "trace" else packed
        rows, columns = triangle(d)
        full = np.empty((len(packed), d, d))
        full[:, rows, columns] = packed
        full[:, columns, rows] = packed
        return full
