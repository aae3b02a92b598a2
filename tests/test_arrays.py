"""Whose array it is, and how its numbers come home."""

import array_api_strict
import numpy as np
import pandas as pd
import pytest

from mixtura import arrays
from mixtura.block import Block
from mixtura.frame import Frame

HOST = {
    "plain": np.arange(6.0).reshape(2, 3),
    "single": np.arange(6, dtype=np.float32).reshape(2, 3),
    "bytes": np.arange(6, dtype=np.int8).reshape(2, 3),
    "swapped": np.arange(6, dtype=">f8").reshape(2, 3),
}


@pytest.mark.parametrize("name", HOST)
def test_numpy(name):
    array = HOST[name]
    assert arrays.is_host(array) and not arrays.is_elsewhere(array) and arrays.is_real(array)
    assert arrays.namespace(array) is np and arrays.device(array) == "cpu"
    home = arrays.to_host(array)
    assert home.dtype == np.float64 and home.dtype.isnative and np.array_equal(home, array)
    assert arrays.is_float32(array) == (name == "single")
    values = np.ones(3)
    assert arrays.like(values, array) is values


def test_a_double_on_the_host_is_not_copied():
    assert arrays.to_host(HOST["plain"]) is HOST["plain"]


def test_another_namespace():
    array = array_api_strict.asarray(HOST["plain"], dtype=array_api_strict.float32)
    assert arrays.is_elsewhere(array) and not arrays.is_host(array)
    assert arrays.is_float32(array) and arrays.is_real(array)
    assert not arrays.is_real(array_api_strict.asarray([1j]))
    assert arrays.namespace(array).__name__.startswith("array_api_strict")
    home = arrays.to_host(array)
    assert type(home) is np.ndarray and home.dtype == np.float64 and np.array_equal(home, HOST["plain"])
    sent = arrays.like(np.ones(3), array)
    assert sent.dtype == array_api_strict.float64 and arrays.device(sent) == arrays.device(array)


def test_another_device():
    """Numbers stay on the device of the rows until they are told to come home."""
    device = array_api_strict.Device("device1")
    array = array_api_strict.asarray(HOST["plain"], device=device)
    assert arrays.like(np.ones(3), array).device == device
    block = Block(array, None, 0, Frame(np.ones(3), np.full(3, 2.0)))
    framed = block.framed()
    assert framed.device == device and framed.dtype == array_api_strict.float64
    assert np.array_equal(arrays.to_host(framed), (HOST["plain"] - 1.0) / 2.0)


@pytest.mark.parametrize("value", [[[1.0]], ((1.0,),), np.float64(1.0), 3, "rows", None, pd.DataFrame({"a": [1.0]})])
def test_what_is_no_array_of_another_namespace(value):
    assert not arrays.is_elsewhere(value)


def test_tiles_are_views_in_order():
    weight = np.arange(10.0)
    block = Block(np.arange(20.0).reshape(10, 2), weight, 100, Frame(np.zeros(2), np.ones(2)))
    tiles = list(block.tiles(4))
    assert [(len(tile), tile.start, tile.stop) for tile in tiles] == [(4, 100, 104), (4, 104, 108), (2, 108, 110)]
    assert all(np.shares_memory(tile.rows, block.rows) and np.shares_memory(tile.weight, weight) for tile in tiles)
    assert np.array_equal(np.concatenate([tile.weight for tile in tiles]), weight)


DEVICES = {"CPU_DEVICE": False, "device1": True}


@pytest.mark.parametrize("name", DEVICES)
def test_answers_go_back_where_the_question_came_from(name):
    """The same numbers and dtype; NumPy's own and whatever is no array there get them as they are."""
    template = array_api_strict.ones((2, 1), device=array_api_strict.Device(name))
    assert arrays.is_on_accelerator(template) == DEVICES[name]
    for answer in (np.array([0.1, 1e300]), np.array([-1, 2**53 + 1])):
        answer.setflags(write=False)
        found = arrays.back(answer, template)
        assert found.device == template.device and str(found.dtype).endswith(answer.dtype.name)
        on_host = np.asarray(found.to_device(array_api_strict.Device("CPU_DEVICE")))
        assert on_host.dtype == answer.dtype and np.array_equal(on_host, answer)
        for other in (np.ones(2), [[1.0]], pd.DataFrame({"a": [1.0]})):
            assert arrays.back(answer, other) is answer


def test_several_come_home_together():
    there = array_api_strict.Device("device1")
    values = [np.arange(6.0).reshape(2, 3), np.array(7.0), np.empty((0, 2)), np.ones((1, 1, 2))]
    found = arrays.all_to_host([array_api_strict.asarray(value, device=there) for value in values])
    for ours, value in zip(found, values, strict=True):
        assert type(ours) is np.ndarray and ours.shape == value.shape and np.array_equal(ours, value)


def test_what_no_device_is_asked_of():
    assert not arrays.is_on_accelerator(np.ones(2))
    for value in (np.ones(2), array_api_strict.ones(2)):
        with arrays.single_threaded(value):
            pass
