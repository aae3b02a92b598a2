"""X that is no DataFrame: a two-dimensional array of real numbers as it is, or an error that says what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_array

from mixtura.outcome import MixtureError

MEASURE = "Drop it, or turn it into numbers that measure something."


def matrix_of(estimator: BaseEstimator, X: Any, at_least: int) -> Any:
    """Rows as a NumPy array of shape (N, D) of at least `at_least` rows: X itself where it is one.

    Parameters
    ----------
    estimator : BaseEstimator
        For scikit-learn's sentences.
    X : array-like
        Objects are read as numbers; everything else keeps its dtype.
    at_least : int

    Raises
    ------
    MixtureError, ValueError, TypeError
        Masked, sparse, complex, text, date, ragged, one-dimensional or empty input, each with what to do.
    """
    if _is_ready(X, at_least):
        return X
    _refuse_masks(X)
    X = _array(X) if isinstance(X, list | tuple) else X
    _refuse_strangers(X)
    dtype = getattr(X, "dtype", None)
    _refuse_kinds(X, getattr(dtype, "kind", ""))
    if getattr(dtype, "kind", "") == "O" and len(X.shape) == 2:
        X = _read(np.asarray(X))
    return check_array(
        X, dtype="numeric", ensure_all_finite=False, ensure_min_samples=at_least, estimator=estimator, input_name="X"
    )


def _is_ready(X: Any, at_least: int) -> bool:
    """Whether X is what the checks would hand back: a plain array of real numbers, with rows and columns enough."""
    plain = type(X) is np.ndarray and X.ndim == 2 and X.dtype.kind in "biuf"
    return plain and len(X) >= at_least and X.shape[1] > 0


def _refuse_masks(X: Any) -> None:
    if not isinstance(X, np.ma.MaskedArray):
        return
    masked = np.argwhere(np.ma.getmaskarray(X))
    where = f" (the first at {tuple(int(i) for i in masked[0])})" if len(masked) else ""
    raise MixtureError(
        f"X is a masked array with {len(masked)} masked cells{where}, and its mask would be lost. "
        "Fill them with X.filled(...), or drop their rows: X[~X.mask.any(axis=1)].data."
    )


def _array(X: Any) -> Any:
    """A list of rows as an array."""
    try:
        return np.asarray(X)
    except ValueError:
        lengths = [np.size(row) for row in X]
        odd = next((i for i, length in enumerate(lengths) if length != lengths[0]), None)
        if odd is None:
            raise
        found = f"row 0 has {lengths[0]} values and row {odd} has {lengths[odd]}"
        raise MixtureError(f"X is ragged: {found}. Give every row the same columns.") from None


def _refuse_strangers(X: Any) -> None:
    """Refuse what is no table at all, and one that has yet to be computed."""
    if hasattr(X, "collect") and not hasattr(X, "__array__"):
        raise MixtureError(f"X is a {type(X).__name__}, whose rows are yet to be computed. Pass X.collect().")
    shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
    if len(shape) == 0:
        raise MixtureError(
            f"X is a {type(X).__name__}, not rows of numbers (Expected 2D array, got scalar array instead). "
            "Pass a two-dimensional array, a list of rows or a DataFrame."
        )
    if len(shape) == 1:
        named = getattr(getattr(X, "dtype", None), "names", None)
        remedy = "X.reshape(-1, 1) is one column, X.reshape(1, -1) is one row."
        if named:
            remedy = "A structured array becomes columns with numpy.lib.recfunctions.structured_to_unstructured(X)."
        raise MixtureError(
            f"Expected 2D array, got 1D array instead: X has shape {tuple(shape)}. Reshape your data: {remedy}"
        )


def _refuse_kinds(X: Any, kind: str) -> None:
    if kind in ("M", "m"):
        raise MixtureError("X holds dates or durations. Turn them into numbers that measure something.")
    if kind == "c":
        raise MixtureError("Complex data not supported: use real and imaginary parts as columns of their own.")
    if kind in ("U", "S", "V", "T"):
        first = np.asarray(X).ravel()[:1].tolist()
        remedy = "Where the cells are numbers as text, pass X.astype(float)."
        raise MixtureError(f"X holds {X.dtype}, not numbers (first cell: {first}). {remedy}")


def _read(X: Any) -> Any:
    """Objects as float64; None becomes NaN."""
    try:
        return X.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        for (row, column), cell in np.ndenumerate(X):
            _read_cell(cell, row, column)
        raise


def _read_cell(cell: Any, row: int, column: int) -> None:
    where = f"Row {row}, column {column} of X holds {cell!r}"
    try:
        float("nan" if cell is None else cell)
    except (ValueError, OverflowError):
        raise MixtureError(f"{where}, not a number. {MEASURE}") from None
    except TypeError as error:
        raise TypeError(f"{where}: {error}. {MEASURE}") from None
