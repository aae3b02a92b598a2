"""Moments from labels and from given responsibilities equal the reference's; the nearest point is the nearest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mixtura.block import Block
from mixtura.frame import Frame
from mixtura.kernels import assigned, generic

ORDERS = ["trace", "diagonal", "pooled", "dense"]
FIELDS = ["mass", "first", "second", "noise", "weight", "log_likelihood"]


def block(n: int, d: int, weighted: bool = False, offset: float = 0.0) -> Block:
    rng = np.random.default_rng(n + d)
    weight = rng.integers(0, 3, n).astype(float) if weighted else None
    return Block(rng.normal(size=(n, d)) + offset, weight, 0, Frame(np.full(d, offset), np.full(d, 2.0)))


def reference(given: Block, shares: Any, noise: Any, order: Any, anchor: Any) -> Any:
    return generic.collect(given.framed(), given.weight, np.zeros(len(given)), shares, noise, order, anchor)


def assert_equal(ours: Any, theirs: Any) -> None:
    for name in FIELDS:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-12, atol=1e-10)
        assert np.shape(getattr(ours, name)) == np.shape(getattr(theirs, name))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("d", [1, 5])
def test_labels_are_hard_responsibilities(order: Any, weighted: bool, d: int) -> None:
    rng, given = np.random.default_rng(0), block(700, d, weighted)
    labels = rng.integers(-1, 4, 700)
    labels[labels == 2] = 1  # a component without rows
    anchor = rng.normal(size=(4, d))
    ours = assigned.labeled(given, lambda _: labels, order, anchor)
    hard = (labels[:, None] == np.arange(4)).astype(float)
    assert_equal(ours, reference(given, hard, (labels == -1).astype(float), order, anchor))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("d", [1, 5, 40])
@pytest.mark.parametrize("zero", [True, False])
def test_given_responsibilities(order: Any, weighted: bool, d: int, zero: bool) -> None:
    rng, given = np.random.default_rng(0), block(700, d, weighted)
    shares = rng.dirichlet(np.ones(5), size=700)
    anchor = np.zeros((4, d)) if zero else rng.normal(size=(4, d))
    ours = assigned.moments(given, lambda _: (shares[:, :4], shares[:, 4]), order, anchor)
    assert_equal(ours, reference(given, shares[:, :4], shares[:, 4], order, anchor))


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e7])
@pytest.mark.parametrize("k", [1, 2, 7, 300])
def test_the_nearest_point_is_the_nearest(k: int, offset: float) -> None:
    """Also among points so close, far from the origin, that the matrix product cannot tell; the first of equals."""
    rng = np.random.default_rng(k)
    X = 1e-3 * rng.normal(size=(5000, 4)) + offset
    points, scale = X[rng.integers(5000, size=k)], rng.random(4) + 0.5
    points[-1] = points[0]
    found = assigned.nearest(Block(X, None, 0, Frame(np.zeros(4), np.ones(4))), points, scale)
    gaps = np.stack([np.square(X * scale - point).sum(axis=1) for point in points * scale])
    np.testing.assert_array_equal(found, gaps.argmin(axis=0))
