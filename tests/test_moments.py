"""Moments in exact arithmetic: about any anchor, in any parts, at every order."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura.moments import EMPTY, Moments

ORDERS = ("trace", "diagonal", "dense", "pooled")
every_order = pytest.mark.parametrize("order", ORDERS)


def direct(order, X, shares, anchor, weight=None, noise=0.0):
    """Moments by their definition."""
    weighted = shares if weight is None else shares * weight[:, None]
    diffs = X[:, None, :] - anchor
    dense = np.einsum("nk,nkd,nke->kde", weighted, diffs, diffs)
    second = {
        "trace": np.einsum("kdd->k", dense),
        "diagonal": np.einsum("kdd->kd", dense),
        "dense": dense,
        "pooled": dense.sum(axis=0),
    }[order]
    first, total = np.einsum("nk,nkd->kd", weighted, diffs), float(len(X) if weight is None else weight.sum())
    return Moments(order, anchor, weighted.sum(axis=0), first, second, noise, -2.0 * total, total)


@st.composite
def problems(draw):
    """Rows, responsibilities and anchors in small dyadic numbers, of which all sums and products are exact."""
    n, k, d = draw(st.integers(2, 12)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    X = rng.integers(-200, 200, (n, d)) / 4.0
    shares = rng.integers(0, 9, (n, k)) / 8.0
    anchors = rng.integers(-400, 400, (2, k, d)) / 8.0
    return X, shares, *anchors


def assert_equal(ours, theirs, but=()):
    """The same bits in every field."""
    assert ours.order == theirs.order
    for field in fields(Moments):
        if field.name not in ("order", *but):
            assert np.array_equal(getattr(ours, field.name), getattr(theirs, field.name)), field.name


@every_order
@settings(max_examples=50)
@given(problems())
def test_another_anchor_is_exact(order, problem):
    X, shares, here, there = problem
    found = direct(order, X, shares, here).about(there)
    assert_equal(found, direct(order, X, shares, there), but=("lost",))
    assert_equal(found.about(here), direct(order, X, shares, here), but=("lost",))
    expected = 2.0 * shares.sum(axis=0)[:, None] * (here - there) ** 2
    assert np.array_equal(found.about(here).lost, expected)


@every_order
@settings(max_examples=50)
@given(problems(), st.integers(1, 11))
def test_parts_about_one_anchor_add(order, problem, cut):
    X, shares, anchor, _ = problem
    parts = direct(order, X[:cut], shares[:cut], anchor, noise=0.5), direct(order, X[cut:], shares[cut:], anchor)
    assert_equal(parts[0] + parts[1], direct(order, X, shares, anchor, noise=0.5))
    assert_equal(parts[0] + parts[1], parts[1] + parts[0])


@every_order
@given(problems())
@settings(max_examples=50)
def test_means_and_scatter_do_not_depend_on_the_anchor(order, problem):
    X, shares, here, there = problem
    shares = shares + 0.125
    one, other = direct(order, X, shares, here), direct(order, X, shares, there)
    expected = (shares.T @ X) / shares.sum(axis=0)[:, None]
    np.testing.assert_allclose(one.mean(), expected, atol=1e-12)
    np.testing.assert_allclose(one.scatter(), direct(order, X, shares, expected).second, atol=1e-9)
    np.testing.assert_allclose(other.scatter(), one.scatter(), atol=1e-9)
    np.testing.assert_allclose(one.shift, expected - here, atol=1e-12)


def test_only_one_order_about_one_anchor_adds():
    X, shares, anchor = np.ones((3, 2)), np.ones((3, 1)), np.zeros((1, 2))
    one = direct("dense", X, shares, anchor)
    for other in (direct("trace", X, shares, anchor), direct("dense", X, shares, anchor + 1e-9)):
        with pytest.raises(ValueError, match=r"use about\(anchor\) first"):
            one + other


@every_order
def test_an_empty_component_keeps_its_anchor(order):
    X, shares = np.random.default_rng(0).normal(size=(10, 2)), np.zeros((10, 3))
    shares[:, 1] = 1.0
    shares[:, 2] = 10 * EMPTY / 11
    found = direct(order, X, shares, np.array([[7.0, 8.0], [0.0, 0.0], [1.0, 2.0]]))
    assert found.empty() == [0, 2]
    assert np.array_equal(found.mean()[[0, 2]], [[7.0, 8.0], [1.0, 2.0]])
    assert np.isfinite(found.scatter()).all()
    assert direct(order, X, shares + 0.1, found.anchor).empty() == []


def test_a_component_whose_mass_is_no_number_is_empty():
    found = direct("trace", np.ones((3, 1)), np.full((3, 1), np.nan), np.zeros((1, 1)))
    assert found.empty() == [0]


@every_order
def test_cancellation_is_the_share_of_squares_that_were_subtracted(order):
    """About an anchor 1000 deviations off, a million times what is left; about the mean, nothing."""
    X = np.random.default_rng(1).normal(size=(500, 2))
    shares = np.ones((500, 1))
    mean = X.mean(axis=0)[None, :]
    assert direct(order, X, shares, mean).cancellation() < 1e-20
    far = direct(order, X, shares, mean + 1000.0)
    assert 0.8e6 < far.cancellation() < 1.3e6
    near = far.about(mean)
    assert 0.8e6 < near.cancellation() < 1.3e6, "what was lost once stays lost"
    assert near.about(mean + 1.0).cancellation() > 0.8e6


def test_what_a_flat_column_lost_is_without_end():
    X = np.array([[1.0, 0.0], [1.0, 1.0]])
    found = direct("diagonal", X, np.ones((2, 1)), np.zeros((1, 2)))
    assert found.cancellation() == np.inf
    assert direct("diagonal", X, np.ones((2, 1)), np.array([[1.0, 0.5]])).cancellation() == 0.0


def test_lost_digits_are_bounded_by_what_was_lost():
    """The error of a scatter is within eps times the squares subtracted, and is that large."""
    rng, eps = np.random.default_rng(2), np.finfo(float).eps
    for far in 10.0 ** np.arange(1, 7):
        X = rng.normal(size=(200, 1))
        mean = X.mean(axis=0)[None, :]
        found = direct("diagonal", X, np.ones((200, 1)), mean + far)
        error = abs(found.scatter() / direct("diagonal", X, np.ones((200, 1)), mean).second - 1.0).max()
        assert error <= 20.0 * eps * (1.0 + found.cancellation())


def test_nothing_is_changed_in_place():
    X, shares = np.ones((3, 2)), np.ones((3, 1))
    one = direct("dense", X, shares, np.zeros((1, 2)))
    before = replace(one, **{name: np.copy(getattr(one, name)) for name in ("anchor", "mass", "first", "second")})
    one.about(np.ones((1, 2)))
    one.scatter()
    one + one
    assert_equal(one, before)
