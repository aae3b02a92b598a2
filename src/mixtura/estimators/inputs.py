"""From what a user passes as X and sample_weight to a source of rows."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from mixtura.arrays import Float
from mixtura.outcome import MixtureError
from mixtura.sources.frames import Frames, is_frame, numeric
from mixtura.sources.memory import Memory


@contextmanager
def untouched(estimator: BaseEstimator) -> Iterator[None]:
    """Give the estimator its old attributes back when something fails (Ctrl-C too)."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def source_of(estimator: BaseEstimator, X: Any, *, reset: bool, at_least: int = 1) -> Memory:
    """Rows of X as a source in the user's units, without weights; sets or checks names and number of features.

    Raises
    ------
    MixtureError, TypeError
        Masked, sparse, complex, text, one-dimensional or empty input, each with what to do.
    """
    frame = is_frame(X)
    if not frame:
        X = _array(estimator, X, at_least)
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        return Memory.of(X, names=_names(estimator))
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    rows = numeric(X)
    if rows.shape[0] < at_least or rows.shape[1] == 0:
        raise MixtureError(
            f"Found array with {rows.shape[0]} sample(s) and {rows.shape[1]} feature(s) (shape={rows.shape}) while a "
            f"minimum of {at_least} and 1 is required."
        )
    return Frames.of(rows, names=_names(estimator))


def _array(estimator: BaseEstimator, X: Any, at_least: int) -> Any:
    if isinstance(X, np.ma.MaskedArray):
        raise MixtureError("X is a masked array, and its mask would be lost. Fill or drop the masked rows first.")
    kind = getattr(getattr(X, "dtype", None), "kind", "")
    if kind in ("M", "m"):
        raise MixtureError("X holds dates or durations. Turn them into numbers that measure something.")
    return check_array(
        X, dtype="numeric", ensure_all_finite=False, ensure_min_samples=at_least, estimator=estimator, input_name="X"
    )


def _names(estimator: BaseEstimator) -> tuple[str, ...] | None:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def is_single(X: Any) -> bool:
    """Whether rows come in float32, so that results are float32 too."""
    if is_frame(X):
        return {str(dtype) for dtype in numeric(X).schema.values()} == {"Float32"}
    return getattr(X, "dtype", None) == np.float32


def weight_of(sample_weight: Any, n_rows: int) -> Float | None:
    """Row weights as float64 of shape (N,), or None.

    Raises
    ------
    MixtureError
        Negative, missing or infinite weights by their row, a wrong length, or no weight above 0.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Number):
        sample_weight = np.full(n_rows, sample_weight)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.ndim != 1:
        raise MixtureError(f"Sample weights must be 1D array or scalar, and have shape {weight.shape}.")
    if len(weight) != n_rows:
        raise MixtureError(f"sample_weight.shape == {weight.shape}, expected {(n_rows,)}: one weight a row.")
    wrong = ~(np.isfinite(weight) & (weight >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise MixtureError(
            f"Negative values in data passed to `sample_weight`, or values that are not finite: "
            f"row {row} has weight {weight[row]}. Weights are counts, not below 0."
        )
    if not (weight > 0).any():
        raise MixtureError("All sample weights are zero: no row is left to fit.")
    return np.ascontiguousarray(weight)
