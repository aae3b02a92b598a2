"""Headers that lie about lengths, say things twice, or come from elsewhere."""

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import mixtura as mx
from mixtura.files import header
from mixtura.outcome import ModelFileError
from tests.files.cases import fitted, forge, opened, raw, refused, rows, signed, small

HUGE = 2**60
VAST = f'{{"dtype":"F64","shape":[{HUGE}],"data_offsets":[0,{8 * HUGE}]}}'
ONE = b'{"dtype":"F64","shape":[1],"data_offsets":[0,8]}'
HEADERS = {
    "length 2^60": (raw(b"{}", length=HUGE), "does not begin as"),
    "length 2^64 - 1": (raw(b"{}", length=2**64 - 1), "does not begin as"),
    "length of 16 MB + 1": (raw(b"{" + b" " * 2**24, length=2**24 + 1), "takes 16777217 bytes"),
    "shape 2^60": (raw(b'{"weights":' + VAST.encode() + b"}"), "place"),
    "shape beyond 64 bits": (
        raw(b'{"a":{"dtype":"F64","shape":[%d,%d],"data_offsets":[0,0]}}' % (2**70, 2**70)),
        "not told as floats",
    ),
    "shape that wraps to nothing": (
        raw(b'{"a":{"dtype":"F64","shape":[%d,8],"data_offsets":[0,0]}}' % 2**61),
        "not told|does not fill",
    ),
    "negative shape": (
        raw(b'{"a":{"dtype":"F64","shape":[-1,-1],"data_offsets":[0,8]}}', bytes(8)),
        "not told as floats",
    ),
    "shape that is no number": (
        raw(b'{"a":{"dtype":"F64","shape":["1"],"data_offsets":[0,8]}}', bytes(8)),
        "not told as floats",
    ),
    "shape of truth": (
        raw(b'{"a":{"dtype":"F64","shape":[true],"data_offsets":[0,8]}}', bytes(8)),
        "not told as floats",
    ),
    "offsets backwards": (raw(b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[8,0]}}', bytes(8)), "does not fill"),
    "three offsets": (raw(b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8,8]}}', bytes(8)), "does not fill"),
    "a gap": (raw(b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[8,16]}}', bytes(16)), "leave gaps"),
    "an overlap": (raw(b'{"a":' + ONE + b',"b":' + ONE + b"}", bytes(8)), "overlap"),
    "an unknown type": (raw(b'{"a":{"dtype":"F13","shape":[1],"data_offsets":[0,8]}}', bytes(8)), "not told as floats"),
    "a type that is a list": (
        raw(b'{"a":{"dtype":[],"shape":[1],"data_offsets":[0,8]}}', bytes(8)),
        "not told as floats",
    ),
    "a tensor that is a number": (raw(b'{"a":1}'), "not told as floats"),
    "a key twice": (raw(b'{"__metadata__":{"format":"1","format":"2"}}'), "a key stands twice"),
    "a tensor twice": (raw(b'{"a":' + VAST.encode() + b',"a":' + ONE + b"}", bytes(8)), "a key stands twice"),
    "metadata of numbers": (raw(b'{"__metadata__":{"format":1}}'), "not text by name"),
    "metadata that are a list": (raw(b'{"__metadata__":[]}'), "not text by name"),
    "no metadata": (raw(b"{}"), "not one of mixtura"),
    "NaN": (raw(b'{"a":NaN}'), "NaN is not a JSON number"),
    "a number beyond all": (raw(b'{"a":1e999}'), "beyond the range of a double"),
    "an integer of a million digits": (raw(b'{"a":' + b"9" * 10**6 + b"}"), "sound JSON.*4300"),
    "nesting without end": (raw(b'{"a":' + b"[" * 10**6), "sound JSON.*recursion"),
    "two million values": (raw(b'{"a":[' + b"[]," * 10**6 + b"[]]}"), "more than 1048576 values"),
    "not UTF-8": (raw(b'{"\xff":1}'), "byte 10 of its header is not UTF-8"),
    "a zero byte": (raw(b'{"a\0":1}'), "control character"),
    "another program's": (raw(b'{"__metadata__":{"format":"pt"}}'), "not one of mixtura"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_lie(path: Path, name: str) -> None:
    data, words = HEADERS[name]
    path.write_bytes(data)
    assert refused(path, words).endswith(".")
    with pytest.raises(ModelFileError):
        header(path)


def test_a_header_of_the_most_values_is_read_in_bounded_memory(path: Path) -> None:
    values = b"[]," * (2**19 - 9) + b"[]"
    filler = b" " * (2**24 - len(values) - 100)
    path.write_bytes(raw(b'{"__metadata__":{"format":"1","mixtura":"0"},"a":[' + values + b"]}" + filler))
    tracemalloc.start()
    with pytest.raises(ModelFileError):
        mx.load(path)
    assert tracemalloc.get_traced_memory()[1] < 300e6
    tracemalloc.stop()


def test_a_sparse_file_of_a_terabyte(path: Path) -> None:
    """It takes no room on the disk, and agrees with its header in every length."""
    k, d = 2, 2**18
    shapes = {"weights": (k,), "means": (k, d), "covariances": (k, d, d), "precisions": (k, d, d)}
    shapes["precisions_cholesky"] = (k, d, d)
    mx.save(fitted(rows(2)), path)
    content, _, outer = opened(path)
    outer = signed({**outer, "model": json.dumps({**content, "n_features": d, "report": None})})
    told: dict[str, Any] = {"__metadata__": outer}
    end = 0
    for name, shape in shapes.items():
        begin, end = end, end + 8 * int(np.prod(shape, dtype=object))
        told[name] = {"dtype": "F64", "shape": shape, "data_offsets": [begin, end]}
    data = raw(json.dumps(told).encode())
    path.write_bytes(data)
    try:
        os.truncate(path, len(data) + end)
    except OSError:
        pytest.skip("this file system has no files of a terabyte")
    assert end > 1e12
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="GB of memory"):
        mx.load(path)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


def test_a_later_format_is_refused_with_the_version_that_wrote_it(path: Path) -> None:
    mx.save(small(), path)
    content, tensors, outer = opened(path)
    forge(path, {"all": "new"}, tensors, {**outer, "format": "2", "mixtura": "7.1.0"})
    told = refused(path, "format 2, and mixtura .* reads formats up to 1")
    assert told.endswith("It was written by mixtura '7.1.0': upgrade mixtura to that version or later.")
    forge(path, content, tensors, {**outer, "format": "2", "mixtura": "\n" * 999})
    refused(path)
    for number in ("0", "-1", "1.0", "", "٢", "9" * 5000):
        forge(path, content, tensors, {**outer, "format": number})
        refused(path, "format")
    forge(path, content, tensors, {**outer, "mixtura": "0.0.1"})
    assert header(path).version == "0.0.1" and mx.load(path).weights_[0] == 0.25


def test_a_file_of_another_program(path: Path) -> None:
    save_file({"a": np.ones(3)}, path)
    refused(path, "not one of mixtura's")
    save_file({"a": np.ones(3)}, path, {"format": "pt"})
    refused(path, "not one of mixtura's")
