"""Sums as bytes and back, to the bit; and when two settings are the same."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import mixtura as mx
from mixtura.journal.values import canonical, pack, types, unpack

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.text(),
    st.floats(allow_nan=False),
    st.just(np.float64(0.1)),
)
numbers = arrays(st.sampled_from(["f8", "f4", "i8", "u1", "?"]), array_shapes(min_dims=0, max_dims=4, min_side=0))


@given(st.recursive(scalars | numbers, lambda parts: st.tuples(parts, parts), max_leaves=6))
def test_values_come_back_to_the_bit(value: Any) -> None:
    require_equal(unpack(pack(value)), value)


def require_equal(found: Any, owed: Any) -> None:
    assert type(found) is type(owed)
    if isinstance(owed, tuple):
        for one, other in zip(found, owed, strict=True):
            require_equal(one, other)
    elif isinstance(owed, np.ndarray):
        assert (found.dtype, found.shape, found.tobytes()) == (owed.dtype, owed.shape, owed.tobytes())
        assert found.flags.writeable and found.flags.aligned
    else:
        assert repr(found) == repr(owed)


@given(st.permutations(range(3)), st.booleans())
def test_arrays_come_back_as_they_lie(axes: list[int], back: bool) -> None:
    array = np.arange(24.0).reshape(2, 3, 4).transpose(axes)
    array = array[::-1] if back else array
    found = unpack(pack(array))
    assert (found == array).all()
    assert back or found.strides == array.strides


def test_all_kinds_of_sums_have_a_place() -> None:
    assert {"Moments", "Summary", "Assessment", "Columns", "Second", "Extent", "Survey", "Sample"} == set(types())
    with pytest.raises(TypeError, match="no way to keep set"):
        pack({1})


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_of_others_are_refused(raw: bytes) -> None:
    try:
        found = unpack(raw)
    except (ValueError, TypeError, KeyError, LookupError, RecursionError):
        return
    assert pack(found) is not None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (3, np.int64(3), True),
        (0, 0.0, True),
        (True, 1, False),
        (None, "None", False),
        ([1, 2], np.array([1.0, 2.0]), True),
        ([[1, 2]], [1, 2], False),
        (["a", "b"], ["ab"], False),
        ({"a": 1, "b": None}, {"b": None, "a": 1.0}, True),
        (0.1, np.nextafter(0.1, 1), False),
        (mx.NormalInverseWishart(dof=5.0), mx.NormalInverseWishart(dof=5), True),
        (mx.NormalInverseWishart(dof=5.0), mx.NormalInverseWishart(dof=np.nextafter(5, 6)), False),
    ],
)
def test_what_settings_are_the_same(one: Any, other: Any, same: bool) -> None:
    assert (b"".join(map(bytes, canonical(one))) == b"".join(map(bytes, canonical(other)))) == same
