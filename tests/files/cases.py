"""Models to save, and files to break."""

import hashlib
import json
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import mixtura as mx
from mixtura.covariance import MCLUST, SKLEARN, UNIVARIATE
from mixtura.outcome import ModelFileError

ARRAYS = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
TYPES = (*SKLEARN, *MCLUST)
ONE_COLUMN = (*SKLEARN, *UNIVARIATE, "EEV")


def rows(n_features: int = 3, n_rows: int = 60, dtype: Any = np.float64) -> Any:
    """Two groups, one of them stretched."""
    rng = np.random.default_rng(n_features)
    far = rng.normal(size=(n_rows // 2, n_features)) @ rng.normal(size=(n_features, n_features)) + 8.0
    return np.vstack([rng.normal(size=(n_rows - len(far), n_features)), far]).astype(dtype)


def fitted(X: Any, n_components: int = 2, **settings: Any) -> mx.GaussianMixture:
    """A model after a few passes, whatever it has to say of them."""
    return quietly(mx.GaussianMixture(n_components, **{"random_state": 0, "max_iter": 5, **settings}), X)


def quietly(model: mx.GaussianMixture, X: Any) -> mx.GaussianMixture:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X)


def small() -> mx.GaussianMixture:
    """A model whose file is short."""
    return mx.GaussianMixture.from_parameters([0.25, 0.75], [[0.0], [3.0]], [1.0, 2.0], "spherical")


def same_bits(one: Any, other: Any) -> bool:
    """Whether two arrays have one type, one shape and the same bytes."""
    one, other = np.asarray(one), np.asarray(other)
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def parts(path: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Metadata and tensors of a file, by safetensors' own reader."""
    with safe_open(path, framework="np") as file:
        return dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def digest_of(tensors: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    for name, values in sorted(tensors.items()):
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode() + values.tobytes())
    return digest.hexdigest()


def signed(metadata: dict[str, str]) -> dict[str, str]:
    text = "\n".join(metadata[name] for name in ("format", "mixtura", "model"))
    return {**metadata, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def forge(path: Path, content: dict[str, Any], tensors: dict[str, Any], outer: dict[str, str]) -> None:
    """Write a file whose digests are right, whatever it holds."""
    content = {**content, "tensors_sha256": digest_of(tensors)}
    save_file(tensors, path, signed({**outer, "model": json.dumps(content)}))


def opened(path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """A file taken apart so that `forge` can put it together again."""
    outer, tensors = parts(path)
    return json.loads(outer["model"]), {name: values.copy() for name, values in tensors.items()}, outer


def raw(header: bytes, data: bytes = b"", length: int | None = None) -> bytes:
    """The bytes of a file with any header."""
    return (len(header) if length is None else length).to_bytes(8, "little") + header + data


def again(model: mx.GaussianMixture, folder: Path) -> mx.GaussianMixture:
    mx.save(model, folder / "a.mixtura")
    return mx.load(folder / "a.mixtura")


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


def put(values: Any, at: tuple[int, ...], value: float) -> Any:
    values[at] = value
    return values
