"""Moments of rows whose responsibilities are known: given labels, given probabilities, or the nearest mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Array, Float, is_host, like, namespace, to_host
from mixtura.block import Block
from mixtura.kernels.features import triangle
from mixtura.kernels.generic import collect
from mixtura.moments import Moments, Order

# block -> responsibilities (n, K) and noise responsibilities (n,), host or of the rows' namespace
Assignment = Callable[[Block], tuple[Array, Array]]
# block -> the component of each row (n,), -1 for the noise
Labeling = Callable[[Block], NDArray[np.int64]]

# Doubles a tile may take, so that it stays in the cache of one core; and its fewest and most rows.
TILE, FEWEST, MOST = 2**17, 128, 2**14


def moments(block: Block, assign: Assignment, order: Order, anchor: Float) -> Moments:
    """Moments of a block under the responsibilities of `assign`, about `anchor`; the log-likelihood is left at 0."""
    rows = block.framed()
    responsibilities, noise = (like(part, rows) for part in assign(block))
    if is_host(rows) and not anchor.any():
        return _about_origin(rows, block.weight, responsibilities, noise, order)
    return collect(rows, block.weight, namespace(rows).zeros_like(noise), responsibilities, noise, order, anchor)


def _about_origin(rows: Float, weight: Any, responsibilities: Float, noise: Float, order: Order) -> Moments:
    """Moments about the frame's origin: products of responsibilities and features of the rows, a tile at a time."""
    (n, d), k = rows.shape, responsibilities.shape[1]
    weighted = responsibilities if weight is None else responsibilities * weight[:, None]
    sums, pooled = np.zeros((k, _n_features(order, d))), np.zeros((d, d))
    for part in _tiles(n, sums.shape[1]):
        sums += weighted[part].T @ _features(rows[part], order)
        if order == "pooled":
            pooled += (rows[part] * weighted[part].sum(axis=1)[:, None]).T @ rows[part]
    return Moments(
        order=order,
        anchor=np.zeros((k, d)),
        mass=weighted.sum(axis=0),
        first=np.ascontiguousarray(sums[:, :d]),
        second=pooled if order == "pooled" else _unpacked(sums[:, d:], order, d),
        noise=float(noise.sum() if weight is None else weight @ noise),
        log_likelihood=0.0,
        weight=float(n if weight is None else weight.sum()),
    )


def _tiles(n_rows: int, width: int) -> Iterator[slice]:
    size = min(max(TILE // width, FEWEST), MOST)
    return (slice(begin, begin + size) for begin in range(0, n_rows, size))


def _n_features(order: Order, d: int) -> int:
    return d + {"trace": 1, "diagonal": d, "pooled": 0}.get(order, d * (d + 1) // 2)


def _features(rows: Float, order: Order) -> Float:
    """``[x, |x|^2]``, ``[x, x^2]``, ``[x]`` or ``[x, x_i x_j (i <= j)]`` of rows (n, D)."""
    if order == "pooled":
        return rows
    if order == "trace":
        return np.column_stack([rows, np.einsum("nd,nd->n", rows, rows)])
    if order == "diagonal":
        return np.concatenate([rows, rows * rows], axis=1)
    n, d = rows.shape
    columns, features = np.ascontiguousarray(rows.T), np.empty((_n_features(order, d), n))
    features[:d], begin = columns, d
    for i in range(d):
        np.multiply(columns[i], columns[i:], out=features[begin : begin + d - i])
        begin += d - i
    return features.T


def _unpacked(packed: Float, order: Order, d: int) -> Float:
    if order != "dense":
        return packed[:, 0].copy() if order == "trace" else packed.copy()
    first, second = triangle(d)
    full = np.empty((len(packed), d, d))
    full[:, first, second] = packed
    full[:, second, first] = packed
    return full


def labeled(block: Block, label: Labeling, order: Order, anchor: Float) -> Moments:
    """Moments of a block whose rows belong to one component each, about `anchor`; the log-likelihood is left at 0."""
    rows, given, (k, d) = to_host(block.framed()), label(block), anchor.shape
    by_label = np.argsort(given.astype(np.int16) if k < 2**15 else given, kind="stable")  # short ones sort by counting
    ends = np.searchsorted(given[by_label], np.arange(k + 1))
    weight = None if block.weight is None else to_host(block.weight)
    mass, first, second = np.zeros(k), np.zeros((k, d)), np.zeros(_shape(order, k, d))
    for j in np.flatnonzero(np.diff(ends)):
        own = by_label[ends[j] : ends[j + 1]]
        diff = rows[own] - anchor[j]
        pushed = diff if weight is None else diff * weight[own, None]
        mass[j] = len(own) if weight is None else weight[own].sum()
        first[j] = pushed.sum(axis=0)
        second[... if order == "pooled" else j] += _second(order, pushed, diff)
    noise = by_label[: ends[0]]
    return Moments(
        order=order,
        anchor=anchor,
        mass=mass,
        first=first,
        second=second,
        noise=float(len(noise) if weight is None else weight[noise].sum()),
        log_likelihood=0.0,
        weight=float(len(rows) if weight is None else weight.sum()),
    )


def _shape(order: Order, k: int, d: int) -> tuple[int, ...]:
    shapes: dict[Order, tuple[int, ...]] = {"trace": (k,), "diagonal": (k, d), "pooled": (d, d), "dense": (k, d, d)}
    return shapes[order]


def _second(order: Order, pushed: Float, diff: Float) -> Any:
    if order == "trace":
        return np.einsum("nd,nd->", pushed, diff)
    return np.einsum("nd,nd->d", pushed, diff) if order == "diagonal" else pushed.T @ diff


def nearest(block: Block, points: Float, scale: Float) -> NDArray[np.int64]:
    """The nearest of some points (K, D) to each row of a block, the first of equals, shape (n,).

    Distances are those of ``scale * x``, scale (D,) and all in frame coordinates.
    """
    columns = block.columns() if is_host(block.rows) else to_host(block.framed()).T
    columns, points = columns * scale[:, None], points * scale
    found = np.empty(len(block), dtype=np.int64)
    for part in _tiles(len(block), len(points)):
        found[part] = _nearest(columns[:, part], points)
    return found


def _nearest(columns: Float, points: Float) -> NDArray[np.int64]:
    """By ``|c|^2 - 2 c x``, one matrix product; rows for which its rounding could decide are measured again."""
    squares = np.einsum("kd,kd->k", points, points)
    values = (-2.0 * points) @ columns
    values += squares[:, None]
    reach = np.sqrt(np.einsum("dn,dn->n", columns, columns)) + np.sqrt(squares.max())
    low = values.min(axis=0) + 4.0 * (len(columns) + 4) * np.finfo(np.float64).eps * reach * reach
    np.less_equal(values, low, out=values)
    near, index = np.stack([np.ones(len(points)), np.arange(len(points))]) @ values  # of one near point, which it is
    best: NDArray[np.int64] = index.astype(np.int64)
    unsure = np.flatnonzero(near != 1.0)
    if len(unsure):
        gaps = (np.square(columns[:, unsure] - point[:, None]).sum(axis=0) for point in points)
        best[unsure] = np.stack(list(gaps)).argmin(axis=0)
    return best
