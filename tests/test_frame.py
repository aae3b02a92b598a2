"""The frame, and the summary of rows that it comes from: any scale, any tiling."""

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura.frame import Frame, Summary, power_of_two
from mixtura.outcome import MixtureError

FIELDS = ("weight", "rows", "low", "high", "mean", "spread")


def rows(seed, scale=1.0, n=50, d=3):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


@given(st.integers(0, 1000), st.floats(-300.0, 300.0), st.floats(0.0, 12.0))
@settings(max_examples=100)
def test_a_summary_at_any_scale(seed, power, offset):
    """Range, mean and deviation of columns from 1e-300 to 1e300, near zero and far from it."""
    power = min(power, 300.0 - offset)
    X = rows(seed) + 10.0**offset * (offset > 1.0)
    scaled = X * 10.0**power
    found = Summary.of(scaled, None)
    lost = 4.0 * np.finfo(float).eps * 10.0**offset
    assert found.rows == found.weight == 50
    assert np.array_equal(found.low, scaled.min(axis=0)) and np.array_equal(found.high, scaled.max(axis=0))
    np.testing.assert_allclose(found.mean / 10.0**power, X.mean(axis=0), rtol=1e-15, atol=1e-14)
    np.testing.assert_allclose(found.deviation / 10.0**power, X.std(axis=0), rtol=1e-13 + lost)
    frame = found.frame(per_column=True)
    framed = frame.apply(scaled)
    assert (np.abs(framed.mean(axis=0)) < 1e-13 + lost).all()
    assert ((framed.std(axis=0) >= 1.0 - 1e-9) & (framed.std(axis=0) < 2.0 + 1e-9)).all()


@given(st.integers(0, 1000), st.lists(st.integers(0, 50), max_size=5), st.booleans(), st.floats(-150.0, 150.0))
@settings(max_examples=100)
def test_summaries_of_parts_add(seed, cuts, weighted, power):
    """In any parts, empty ones and ones of weight zero too."""
    X = rows(seed, 10.0**power)
    weight = np.random.default_rng(seed).integers(0, 3, 50).astype(float) if weighted else None
    edges = [0, *sorted(cuts), 50]
    spans = [slice(a, b) for a, b in pairwise(edges)]
    whole = Summary.of(X, weight)
    parts = reduce(add, [Summary.of(X[span], None if weight is None else weight[span]) for span in spans])
    for name in FIELDS:
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-11, atol=1e-13 * 10.0**power)


def test_weights_are_repeated_rows():
    X, weight = rows(0), np.arange(50) % 4
    counted, repeated = Summary.of(X, weight.astype(float)), Summary.of(np.repeat(X, weight, axis=0), None)
    assert counted.rows == (weight > 0).sum() and counted.weight == weight.sum()
    for name in ("low", "high", "mean", "deviation"):
        np.testing.assert_allclose(getattr(counted, name), getattr(repeated, name), rtol=1e-12)


def test_no_rows_have_no_summary():
    nothing = Summary.of(rows(0), np.zeros(50))
    assert nothing.rows == 0 and nothing.weight == 0.0
    some = Summary.of(rows(0), None)
    assert nothing + some is some and some + nothing is some


def test_constant_columns():
    X = np.column_stack([np.full(9, 0.1), np.arange(9.0), np.full(9, -1e300)])
    found = Summary.of(X[:4], None) + Summary.of(X[4:], None)
    assert found.constant == [0, 2]
    assert np.array_equal(found.deviation[[0, 2]], [0.0, 0.0])
    np.testing.assert_allclose(found.mean, X.mean(axis=0))
    frame = found.frame(per_column=True)
    assert np.array_equal(frame.unit, [2.0, 2.0, 2.0]), "a column without a unit has the largest"
    assert np.array_equal(Summary.of(np.ones((3, 2)), None).frame(per_column=False).unit, [1.0, 1.0])
    assert np.array_equal(Summary.of(np.ones((3, 2)), None).frame(per_column=True, least=64.0).unit, [64.0, 64.0])


@pytest.mark.parametrize("per_column", [False, True])
def test_units_are_powers_of_two_near_the_deviations(per_column):
    X = rows(1) * [1e-5, 1.0, 1e7]
    unit = Summary.of(X, None).frame(per_column).unit
    assert np.array_equal(unit, power_of_two(unit))
    ratio = X.std(axis=0) / unit if per_column else X.std(axis=0).max() / unit
    assert ((ratio >= 1.0) & (ratio < 2.0)).all()


def test_numbers_scaled_by_powers_of_two_have_the_same_framed_bits():
    X = rows(2) + 5.0
    for per_column in (False, True):
        plain = Summary.of(X, None).frame(per_column).apply(X)
        for power in (-900, -40, 40, 900):
            scaled = np.ldexp(X, power)
            assert np.array_equal(Summary.of(scaled, None).frame(per_column).apply(scaled), plain)


def test_a_spread_beyond_doubles_is_refused():
    X = np.array([[1.0], [-1.0], [1.0]])
    found = Summary.of(8e307 * X, None)
    assert found.frame(per_column=False).unit == 2.0 ** np.floor(np.log2(8e307 * X.std()))
    found = Summary.of(1.7e308 * X, None)
    assert np.isfinite(found.mean).all() and np.isfinite(found.spread).all()
    with pytest.raises(MixtureError, match=r"beyond the largest double.*Divide the columns"):
        found.frame(per_column=False)


@pytest.mark.parametrize(
    ("value", "power"),
    [(1.0, 0), (1.999, 0), (2.0, 1), (0.75, -1), (5e-324, -1021), (1.7e308, 1023), (2.0**-1021, -1021)],
)
def test_powers_of_two(value, power):
    """Not below 2^-1021, so that the reciprocal is a double."""
    assert power_of_two(value) == 2.0**power
    assert np.isfinite(1.0 / power_of_two(value))


def test_there_and_back():
    frame = Frame(np.array([1e6, -3.0, 0.0]), np.array([2.0, 0.25, 8.0]))
    X = np.round(rows(3) * 2**20) / 2**20
    assert np.array_equal(frame.undo(frame.apply(frame.undo(X))), frame.undo(X))
    assert frame.log_unit == pytest.approx(np.log(4.0))


@pytest.mark.parametrize("dtype", ["f8", ">f8", "f4", "f2", "i8", "u1", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_and_columns_are_the_same_bits(dtype, order):
    X = np.array(np.abs(rows(4)) * 2, dtype=dtype, order=order)
    frame = Frame(np.array([0.3, 1.0, 2.0]), np.array([3.0, 0.1, 7.0]))
    framed, columns = frame.apply(X), frame.apply_columns(X)
    assert framed.flags.c_contiguous and columns.flags.c_contiguous
    assert framed.dtype == columns.dtype == np.float64
    assert np.array_equal(framed, (X.astype(float) - frame.origin) / frame.unit)
    assert np.array_equal(framed.T, columns)


@pytest.mark.parametrize(
    "values", [np.array([2.0, 3.0]), np.ones((2, 3)), np.ones((2, 3, 3))], ids=["trace", "diagonal", "dense"]
)
def test_variances_change_with_their_columns(values):
    frame = Frame(np.zeros(3), np.array([2.0, 2.0, 2.0] if values.ndim == 1 else [2.0, 4.0, 8.0]))
    framed = frame.variances_in(values)
    squares = {1: 4.0, 2: frame.unit**2, 3: np.outer(frame.unit, frame.unit)}[values.ndim]
    assert np.array_equal(framed, values / squares)
    assert np.array_equal(frame.variances_out(framed), values)
