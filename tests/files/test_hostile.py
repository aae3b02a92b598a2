"""Whatever stands in a file, it loads to a model or one sentence says why not: nothing run, no memory taken."""

import gzip
import io
import json
import os
import pickle
import socket
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

import mixtura as mx
from mixtura.files import archive, header
from mixtura.outcome import ModelFileError
from tests.files.cases import fitted, forge, opened, parts, raw, rows, same_bits, signed, small


def refused(path: Path, words: str = "") -> str:
    """The one sentence or two, on one line, that refuse a file, within a little memory."""
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(ModelFileError, match=words or None) as caught:
                mx.load(path)
        assert tracemalloc.get_traced_memory()[1] < 3e6 + 8 * path.stat().st_size * path.is_file()
    finally:
        tracemalloc.stop()
    told = str(caught.value)
    assert repr(path.name)[1:-1] in told and "\n" not in told and len(told) < 600
    return told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.mixtura"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with everything in it: noise, box, prior, names, report."""
    kept = tmp_path_factory.mktemp("whole") / "a.mixtura"
    prior = mx.NormalInverseWishart(mean=[1.0, 2.0], scale=np.eye(2))
    mx.save(fitted(rows(2), noise=True, prior=prior, means_init=rows(2)[:2]), kept, extra={"seed": 1})
    return kept


def test_cut_short_anywhere(path: Path) -> None:
    mx.save(small(), path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError, match=r"cut short|does not begin as a model|empty"):
            mx.load(path)
        with pytest.raises(ModelFileError):
            header(path)
    path.write_bytes(data + b"\0")
    refused(path, "cut short or damaged")


def test_every_byte_counts(path: Path) -> None:
    model = small()
    mx.save(model, path)
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    loaded = 0
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        try:
            found = mx.load(path)
        except ModelFileError:
            continue
        loaded += 1
        assert same_bits(found.means_, model.means_) and same_bits(found.covariances_, model.covariances_)
    assert loaded < 10


@given(st.data())
@settings(max_examples=150)
def test_any_damage_is_refused(whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    broken = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    path = tmp_path_factory.getbasetemp() / "damaged.mixtura"
    path.write_bytes(broken)
    try:
        mx.load(path)
    except ModelFileError:
        return
    assert parts(path)[0] == parts(whole)[0]


@given(st.binary(max_size=300) | st.binary(max_size=200).map(raw))
@settings(max_examples=150)
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.mixtura"
    path.write_bytes(data)
    with pytest.raises(ModelFileError):
        mx.load(path)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("exploded"),)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("x", "y")
    return buffer.getvalue()


def dumped(write: Any, *values: Any) -> bytes:
    buffer = io.BytesIO()
    write(buffer, *values)
    return buffer.getvalue()


OTHER_FILES = {
    "empty": (b"", "empty"),
    "short": (b"abc", "does not begin"),
    "text": (b"hello, world\n" * 9, "does not begin.*hello"),
    "zeros": (bytes(4096), "does not begin"),
    "JSON": (b'{"weights": [1.0]}', "JSON text"),
    "JSON garbage": (raw(b'{"a": [1, 2'), "JSON"),
    "a list": (raw(b"[]"), "does not begin"),
    "a CSV": (b"a,b\n1,2\n" * 20, "does not begin"),
    "zip": (zipped(), "zip"),
    "npz": (dumped(lambda f: np.savez(f, a=np.ones(3))), "zip"),
    "npy": (dumped(np.save, np.ones(3)), "NumPy"),
    "gzip": (gzip.compress(b"x" * 99), "gzip"),
    **{f"pickle {p}": (pickle.dumps(Bomb(), protocol=p), "pickle|does not begin") for p in range(6)},
    "joblib": (dumped(lambda f: joblib.dump(Bomb(), f)), "pickle"),
    "joblib zlib": (dumped(lambda f: joblib.dump(Bomb(), f, compress=3)), "zlib"),
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_other_files(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    data, words = OTHER_FILES[name]
    path.write_bytes(data)
    assert "Models are written by mixtura.save" in refused(path, words) or name == "JSON garbage"
    assert not Path("exploded").exists()


def test_what_is_no_file(tmp_path: Path) -> None:
    refused(tmp_path, "it is a folder")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "pipe or a device")
    with socket.socket(socket.AF_UNIX) as open_socket:
        open_socket.bind(str(tmp_path / "socket"))
        refused(tmp_path / "socket", "pipe or a device")
    refused(Path("/dev/zero"), "device")
    with pytest.raises(FileNotFoundError):
        mx.load(tmp_path / "missing")


def test_a_name_that_drives_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a\n\x1b[31m"
    path.write_bytes(b"")
    assert "\x1b" not in refused(path)


HUGE = 2**60
VAST = f'{{"dtype":"F64","shape":[{HUGE}],"data_offsets":[0,{8 * HUGE}]}}'
ONE = b'{"dtype":"F64","shape":[1],"data_offsets":[0,8]}'
HEADERS = {
    "length 2^60": raw(b"{}", length=HUGE),
    "length 2^64 - 1": raw(b"{}", length=2**64 - 1),
    "length of 16 MB + 1": raw(b"{" + b" " * 2**24, length=2**24 + 1),
    "shape 2^60": raw(b'{"weights":' + VAST.encode() + b"}"),
    "shape beyond 64 bits": raw(b'{"a":{"dtype":"F64","shape":[%d,%d],"data_offsets":[0,0]}}' % (2**70, 2**70)),
    "shape that wraps to nothing": raw(b'{"a":{"dtype":"F64","shape":[%d,8],"data_offsets":[0,0]}}' % 2**61),
    "negative shape": raw(b'{"a":{"dtype":"F64","shape":[-1,-1],"data_offsets":[0,8]}}', bytes(8)),
    "shape that is no number": raw(b'{"a":{"dtype":"F64","shape":["1"],"data_offsets":[0,8]}}', bytes(8)),
    "shape of truth": raw(b'{"a":{"dtype":"F64","shape":[true],"data_offsets":[0,8]}}', bytes(8)),
    "offsets backwards": raw(b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[8,0]}}', bytes(8)),
    "three offsets": raw(b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8,8]}}', bytes(8)),
    "a gap": raw(b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[8,16]}}', bytes(16)),
    "an overlap": raw(b'{"a":' + ONE + b',"b":' + ONE + b"}", bytes(8)),
    "an unknown type": raw(b'{"a":{"dtype":"F13","shape":[1],"data_offsets":[0,8]}}', bytes(8)),
    "a type that is a list": raw(b'{"a":{"dtype":[],"shape":[1],"data_offsets":[0,8]}}', bytes(8)),
    "a tensor that is a number": raw(b'{"a":1}'),
    "a key twice": raw(b'{"__metadata__":{"format":"1","format":"2"}}'),
    "a tensor twice": raw(b'{"a":' + VAST.encode() + b',"a":' + ONE + b"}", bytes(8)),
    "metadata of numbers": raw(b'{"__metadata__":{"format":1}}'),
    "metadata that are a list": raw(b'{"__metadata__":[]}'),
    "no metadata": raw(b"{}"),
    "NaN": raw(b'{"a":NaN}'),
    "a number beyond all": raw(b'{"a":1e999}'),
    "an integer of a million digits": raw(b'{"a":' + b"9" * 10**6 + b"}"),
    "nesting without end": raw(b'{"a":' + b"[" * 10**6),
    "two million values": raw(b'{"a":[' + b"[]," * 10**6 + b"[]]}"),
    "not UTF-8": raw(b'{"\xff":1}'),
    "a zero byte": raw(b'{"a\0":1}'),
    "another program's": raw(b'{"__metadata__":{"format":"pt"}}'),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_lie(path: Path, name: str) -> None:
    path.write_bytes(HEADERS[name])
    assert refused(path).endswith(".")
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


def test_memory_that_is_not_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError

    mx.save(small(), path)
    monkeypatch.setattr(archive.np, "empty", full)
    with pytest.raises(ModelFileError, match="more memory than there is"):
        mx.load(path)


def test_a_file_that_shrinks_while_it_is_read(path: Path) -> None:
    mx.save(small(), path)
    with archive.opened(path) as (file, size):
        index = archive.read_index(file, size)
        short = io.BytesIO(path.read_bytes()[-size:-1])
        short.seek(file.tell())
        with pytest.raises(Exception, match="cut short while it was read"):
            archive.read_tensors(short, index)
        with pytest.raises(Exception, match="within its header"):
            archive.read_index(io.BytesIO(path.read_bytes()[:90]), size)


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


def spoil(name: str, change: Any) -> Any:
    return lambda content, tensors: tensors.update({name: change(tensors[name])})


def say(**told: Any) -> Any:
    return lambda content, tensors: content.update(told)


def set_up(**told: Any) -> Any:
    return lambda content, tensors: content["settings"].update(told)


def report(**told: Any) -> Any:
    return lambda content, tensors: content["report"].update(told)


def drop(*names: str) -> Any:
    return lambda content, tensors: [tensors.pop(name) for name in names]


def put(values: Any, at: tuple[int, ...], value: float) -> Any:
    values[at] = value
    return values


FORGERIES = {
    "NaN mean": (spoil("means", lambda a: put(a, (0, 0), np.nan)), "not finite"),
    "infinite bound": (spoil("lower_bounds", lambda a: a * np.inf), "not finite"),
    "NaN in a given start": (spoil("means_init", lambda a: a * np.nan), "not finite"),
    "negative share": (spoil("weights", lambda a: a - 0.9), "component [01] has the share -"),
    "shares above 1": (spoil("weights", lambda a: a * 1.01), "shares sum to"),
    "noise in the shares": (say(noise_weight=0.5), "must sum to 0.5"),
    "noise of all": (say(noise_weight=1.0), "noise of weight 1"),
    "noise of less than nothing": (say(noise_weight=-0.1), "noise of weight -0.1"),
    "noise without a volume": (say(noise_log_volume=None), "without a volume"),
    "noise without an end": (say(noise_log_volume="Infinity"), "log volume inf"),
    "noise of another volume": (say(noise_log_volume=1.25), "another volume"),
    "a box inside out": (spoil("noise_low", lambda a: a + 1e3), "no volume"),
    "a box without units": (spoil("noise_unit", lambda a: -a), "no volume"),
    "a skew box": (spoil("noise_axes", lambda a: put(a, (0, 1), 0.5)), "orthonormal"),
    "half a box": (drop("noise_low"), "lacks its tensor 'noise_low'"),
    "no means": (drop("means"), "lacks its tensor 'means'"),
    "another tensor": (lambda _, tensors: tensors.update(evil=np.ones(2)), "'evil'"),
    "a shape turned": (spoil("means_init", np.ravel), None),
    "means of another K": (
        spoil("means", lambda a: a[:1]),
        r"means have the shape \(1, 2\) and must have \(2, 2\)",
    ),
    "covariances of another layout": (spoil("covariances", lambda a: a[0]), "covariances have the shape"),
    "K of another model": (say(n_components=3, report=None), "shape"),
    "K of 2^60": (say(n_components=2**60, report=None), "n_components is"),
    "K of 2^50": (say(n_components=2**50, report=None), "shape"),
    "D of 2^50": (say(n_features=2**50, report=None), "shape"),
    "no components": (say(n_components=0), "0 components"),
    "K that is no number": (say(n_components="2"), "n_components is '2'"),
    "K that is a truth": (say(n_components=True), "n_components is 'True'"),
    "a name too few": (say(feature_names=["a"]), "1 feature names for 2 features"),
    "a name that is a number": (say(feature_names=["a", 2]), "feature_names is '2'"),
    "names that are a word": (say(feature_names="ab"), "feature_names is 'ab'"),
    "another kind": (say(kind="Dragon"), "Dragon.*upgrade"),
    "another type": (set_up(covariance_type="tied"), "shape"),
    "an unknown type": (set_up(covariance_type="dense"), "covariance_type is 'dense'"),
    "E in two columns": (set_up(covariance_type="E"), "covariance_type is 'E'"),
    "no type": (lambda content, _: content["settings"].pop("covariance_type"), "covariance_type is 'None'"),
    "an unknown setting": (set_up(evil=1), "setting 'evil' is unknown.*Upgrade"),
    "a setting out of range": (set_up(tol=-1), "settings cannot be used.*tol"),
    "a setting that is a list": (set_up(init_params=[0, 1]), "its init_params is"),
    "an unknown field": (say(evil=1), "'evil', which this version does not know"),
    "a field too few": (lambda content, _: content.pop("dtype"), "lacks 'dtype'"),
    "a second version": (say(version="9"), "version twice"),
    "a prior out of range": (set_up(prior={"shrinkage": -1.0, "dof": None, "scale": None}), "shrinkage"),
    "a prior of words": (set_up(prior={"shrinkage": "1", "dof": None, "scale": None}), "prior.shrinkage"),
    "a prior mean of another D": (spoil("prior_mean", lambda a: a[:1]), "prior: mean"),
    "a prior scale that is not positive": (spoil("prior_scale", lambda a: -a), "prior: scale"),
    "a prior scale of another D": (spoil("prior_scale", lambda a: np.ones((3, 3, 3))), "prior: scale"),
    "a report of another model": (report(n_components=7), "report is that of another model"),
    "a report of other counts": (report(mass=[1.0]), "report is that of another model"),
    "a report on component 9": (report(spurious=[9]), "report is that of another model"),
    "a report whose best start is not there": (report(best=5), "start 5 of 1"),
    "a report without an end": (report(outcome="EXPLODED"), "report.outcome is 'EXPLODED'"),
    "a report on nothing": (report(weight=0), "rows of total weight 0"),
    "a mean out of reach": (spoil("means", lambda a: put(a, (0, 0), 1e308)), "further apart"),
    "a report of words": (report(path=["x"]), "report.path is 'x'"),
    "a report with code": (report(evil=1), "'evil'"),
    "a count too large for a double": (report(weight=10**400), "report.weight"),
    "a start that is a list": (report(starts=[[]]), r"report.starts is '\[\]'"),
    "quantiles that fall": (spoil("quantile_values", lambda a: a[::-1].copy()), "do not rise"),
    "quantiles of another length": (spoil("quantile_shares", lambda a: a[1:].copy()), "do not rise"),
    "quantiles without shares": (drop("quantile_shares"), "do not rise"),
    "quantiles of nothing": (spoil("quantile_shares", lambda a: a[:0]), "do not rise"),
    "quantiles in a table": (spoil("quantile_shares", lambda a: a[None]), r"must have \(60,\)"),
    "means of half precision": (spoil("means", lambda a: a.astype(np.float16)), "not told as floats"),
    "means of whole numbers": (spoil("means", lambda a: a.astype(np.int64)), "not told as floats"),
    "quantiles of single precision": (spoil("quantile_shares", np.float32), "must be float64"),
    "bounds in a table": (spoil("lower_bounds", lambda a: a[None]), "lower_bounds have the shape"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_signed_forgeries(path: Path, whole: Path, name: str) -> None:
    """The digests are right, so that each check stands on its own."""
    content, tensors, outer = opened(whole)
    change, words = FORGERIES[name]
    change(content, tensors)
    forge(path, content, tensors, outer)
    if words is None:
        assert mx.load(path).means_init.shape == (4,)
        return
    told = refused(path, words)
    assert told.endswith(".") and " cannot be loaded: " in told


def correlated(layout: str) -> mx.GaussianMixture:
    matrix = np.array([[4.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
    covariances = {"tied": matrix, "diag": np.diag(matrix)[None] * [[1], [2]], "spherical": [1.0, 2.0]}
    found = covariances.get(layout, np.stack([matrix, 2 * matrix]))
    return mx.GaussianMixture.from_parameters([0.5, 0.5], np.zeros((2, 3)), found, layout)


OF_MATRICES = ("not symmetric", "precisions not symmetric", "lower factor")
UNSOUND = {
    "zero variance": ("covariances", lambda a: put(a, (-1,) * a.ndim, 0.0), "variance that is not positive"),
    "negative variance": ("covariances", lambda a: put(a, (0,) * a.ndim, -1.0), "variance that is not positive"),
    "not symmetric": ("covariances", lambda a: put(a, (..., 0, 1), 1.5), "not symmetric"),
    "precisions not symmetric": ("precisions", lambda a: put(a, (..., 0, 1), 0.0), "not symmetric"),
    "another covariance": ("covariances", lambda a: a * (1 + 1e-9), "not the inverse"),
    "another precision": ("precisions", lambda a: a * (1 + 1e-9), "not those of its precisions|not the inverse"),
    "another factor": ("precisions_cholesky", lambda a: a * (1 + 1e-9), "not those of its precisions"),
    "factor of the other sign": ("precisions_cholesky", lambda a: -a, "not those of its precisions|not positive"),
    "lower factor": ("precisions_cholesky", lambda a: np.linalg.cholesky(a @ np.swapaxes(a, -1, -2)), "not those of"),
    "largest double": ("covariances", lambda a: a * 0 + 1.7e308, "not the inverse|not symmetric|not positive"),
    "smallest double": ("precisions", lambda a: a * 0 + 5e-324, "not those|not the inverse"),
}


@pytest.mark.parametrize(
    ("layout", "name"),
    [(layout, name) for layout in ("full", "tied", "VEV") for name in UNSOUND]
    + [(layout, name) for layout in ("diag", "spherical") for name in UNSOUND if name not in OF_MATRICES],
)
def test_covariances_that_are_none(path: Path, layout: str, name: str) -> None:
    array, change, words = UNSOUND[name]
    mx.save(correlated(layout), path)
    content, tensors, outer = opened(path)
    tensors[array] = np.ascontiguousarray(change(tensors[array]))
    forge(path, content, tensors, outer)
    refused(path, f"component [01] has .*({words})")


def test_an_indefinite_covariance_with_its_own_inverse(path: Path) -> None:
    mx.save(correlated("full"), path)
    content, tensors, outer = opened(path)
    turned = np.array([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    for factor in (np.eye(3), np.diag([1e8, 1e8, 1.0]), np.diag([1e-150, 1e150, 1.0])):
        tensors["covariances"] = np.stack([turned] * 2)
        tensors["precisions_cholesky"] = np.stack([factor] * 2)
        for precision in (np.square(factor), np.linalg.inv(turned)):
            tensors["precisions"] = np.stack([precision] * 2)
            forge(path, content, tensors, outer)
            refused(path, "component 0 has")


LEAVES = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        2**63,
        1e308,
        -0.0,
        "",
        "NaN",
        "Infinity",
        "full",
        [],
        {},
        [[]],
        {"a": 1},
        "x" * 5000,
        ["x"],
        [0] * 99,
    ]
)


def places(tree: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    branches = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [at, *(place for key, part in branches for place in places(part, (*at, key)))]


@given(st.data())
@settings(max_examples=200)
def test_any_word_in_a_signed_header(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content, tensors, outer = opened(whole)
    place = data.draw(st.sampled_from([place for place in places(content) if place]))
    branch = content
    for key in place[:-1]:
        branch = branch[key]
    branch[place[-1]] = data.draw(LEAVES)
    path = tmp_path_factory.getbasetemp() / "forged.mixtura"
    forge(path, content, tensors, outer)
    require_model_or_refusal(path)


@given(st.data())
@settings(max_examples=200)
def test_any_number_in_a_signed_file(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content, tensors, outer = opened(whole)
    values = tensors[data.draw(st.sampled_from(sorted(tensors)))].reshape(-1)
    values[data.draw(st.integers(0, len(values) - 1))] = data.draw(st.floats())
    path = tmp_path_factory.getbasetemp() / "forged.mixtura"
    forge(path, content, tensors, outer)
    require_model_or_refusal(path)


def require_model_or_refusal(path: Path) -> None:
    """A file that loads holds a model: its answers are numbers, and it prints and saves."""
    try:
        header(path)
        model = mx.load(path)
    except ModelFileError as error:
        assert len(str(error)) < 800
        return
    X = rows(2)
    assert np.isfinite(model.predict_proba(X)).all() and np.isfinite(model.score(X)) and model.n_parameters_ > 0
    assert str(model) and str(getattr(model, "fit_report_", "none"))
    mx.save(model.sort_components(), path)
