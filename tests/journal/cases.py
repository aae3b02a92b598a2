"""Fits with and without a checkpoint, all that they have found, and where the records of a checkpoint are."""

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura as mx
from mixtura.sources import opened as files

N, D, K, BLOCK = 600, 3, 3, 170
ATTRIBUTES = ("weights_", "means_", "covariances_", "precisions_cholesky_", "noise_weight_", "lower_bounds_", "n_iter_")


def rows(seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, D)) + 3.0 * rng.integers(0, K, size=(N, 1))


def fitted(X: Any, path: Any = None, sample_weight: Any = None, **asked: Any) -> Any:
    model = mx.GaussianMixture(**{"n_components": K, "random_state": 0, "max_iter": 5, "tol": 0.0} | asked)
    return quietly(model, X, path, sample_weight)


def quietly(model: Any, X: Any, path: Any = None, sample_weight: Any = None) -> Any:
    """Fit, and say nothing of what did not converge."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, sample_weight=sample_weight, checkpoint=path)


def bits(model: Any) -> dict[str, Any]:
    """All that a fit has found, but for the time that it took."""
    found = {name: np.asarray(getattr(model, name)).tobytes() for name in ATTRIBUTES}
    report = {name: value for name, value in vars(model.fit_report_).items() if name != "seconds"}
    dtypes = [np.asarray(getattr(model, name)).dtype for name in ATTRIBUTES]
    quantiles = model._quantiles.values.tobytes(), model._quantiles.share.tobytes()
    return found | {"report": repr(report), "quantiles": quantiles, "dtypes": dtypes}


def ends(path: Path) -> list[int]:
    """Where the header ends, and each record."""
    text = path.read_bytes()
    head = 56 + struct.unpack("<I", text[20:24])[0]
    found = [head]
    while found[-1] < len(text):
        (length,) = struct.unpack("<Q", text[found[-1] + 4 : found[-1] + 12])
        found.append(found[-1] + 52 + length)
    assert found[-1] == len(text)
    return found


def kinds(whole: bytes, at: list[int]) -> list[bytes]:
    return [whole[begin : begin + 4] for begin in at[:-1]]


def stream(monkeypatch: pytest.MonkeyPatch, folder: Path, X: Any, **asked: Any) -> Any:
    """Rows that are read from a file anew at every pass, however few."""
    monkeypatch.setattr(files, "held", lambda *_: None)
    np.save(folder / "rows.npy", X)
    return files.open_rows(folder / "rows.npy", **asked)
