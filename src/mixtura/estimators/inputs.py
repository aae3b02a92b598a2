"""From what a user passes as X and sample_weight to a source of rows."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from mixtura.arrays import Float, is_elsewhere, is_float32, is_real, require_usable, to_host
from mixtura.estimators import lazy
from mixtura.estimators.matrix import matrix_of
from mixtura.outcome import MixtureError
from mixtura.sources.faults import plural
from mixtura.sources.frames import Frames, is_frame, numeric
from mixtura.sources.memory import Memory
from mixtura.sources.opened import Opened, is_path, open_rows
from mixtura.sources.partitioned.partitions import Partitions
from mixtura.sources.source import Source

# Total weights between which sums of weighted squares stay within the range of a double.
LEAST, MOST = 1e-300, 1e304


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
    MixtureError, ValueError, TypeError
        Masked, sparse, complex, text, one-dimensional or empty input, and columns that the model does not know, each
        with what to do.
    """
    if is_path(X) or isinstance(X, Opened):
        return _in_memory(estimator, X, reset, at_least)
    if lazy.is_dask(X):
        raise MixtureError(f"X is a {type(X).__module__} collection, and this needs all rows in memory: X.compute().")
    if is_frame(X):
        return _of_frame(estimator, X, reset, at_least)
    X = _elsewhere(X, at_least) if is_elsewhere(X) else matrix_of(estimator, X, at_least)
    if reset:  # an array has no names
        vars(estimator).pop("feature_names_in_", None)
        estimator.n_features_in_ = int(X.shape[1])
    else:
        validate_data(estimator, X, reset=False, skip_check_array=True)
    return Memory.of(X, names=_names(estimator))


def rows_of(estimator: BaseEstimator, X: Any, *, reset: bool, at_least: int = 1) -> Source:
    """Rows of X as `source_of` gives them; of paths and opened files as many as there are, wherever they are."""
    if is_path(X) or isinstance(X, Opened):
        return _of_files(estimator, X, reset, at_least, streams=True)
    if lazy.is_dask(X):
        return lazy.rows_of(estimator, X, reset=reset, at_least=at_least)
    return source_of(estimator, X, reset=reset, at_least=at_least)


def _of_files(estimator: BaseEstimator, X: Any, reset: bool, at_least: int, streams: bool) -> Source:
    opened = X if isinstance(X, Opened) else open_rows(X)
    names = None if reset else _names(estimator)
    source = opened.source(names, streams)
    if source.known_rows < at_least:
        held = f"{source.words.title} holds {plural(int(source.known_rows), 'row')}"
        raise MixtureError(f"{held}, and at least {at_least} are needed.")
    if reset:
        vars(estimator).pop("feature_names_in_", None)
        estimator.n_features_in_ = source.shape_of_row
        if source.names is not None:
            estimator.feature_names_in_ = np.array(source.names, dtype=object)
    elif names is not None and source.names != names:
        raise MixtureError(
            f"The model was fitted with the columns {_listed(names)}, in this order, and {_listed(source.names or ())} "
            "were opened. Leave columns= out: the model finds its own."
        )
    elif source.shape_of_row != estimator.n_features_in_:
        raise MixtureError(
            f"X has {source.shape_of_row} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input. Name the columns: mx.open(..., columns=[...])."
        )
    return source


def _in_memory(estimator: BaseEstimator, X: Any, reset: bool, at_least: int) -> Memory:
    """All rows of files, where each counts once: labels, for one, stand beside them."""
    source = _of_files(estimator, X, reset, at_least, streams=False)
    assert isinstance(source, Memory)
    if source.weight is None:
        return source
    if isinstance(X, Opened) and X.weights is not None:
        raise MixtureError(f"The column of weights, {X.weights!r}, is not used here. Pass sample_weight.")
    lost = plural(int((source.weight == 0).sum()), "row")
    told = f"{lost} of {source.words.title} would be left out by missing='drop', and this takes rows one by one."
    raise MixtureError(f"{told} Take them out of the data first.")


def _of_frame(estimator: BaseEstimator, X: Any, reset: bool, at_least: int) -> Memory:
    rows = numeric(X)
    if rows.shape[0] < at_least or rows.shape[1] == 0:
        raise MixtureError(
            f"Found array with {rows.shape[0]} sample(s) and {rows.shape[1]} feature(s) (shape={rows.shape}) while a "
            f"minimum of {at_least} and 1 is required."
        )
    try:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    except ValueError as error:
        if "feature names should match" not in str(error):
            raise
        fitted, given = (_listed(names) for names in (estimator.feature_names_in_, rows.columns))
        remedy = "Select the columns: X[list(model.feature_names_in_)]."
        raise MixtureError(f"{error}Fitted with: {fitted}. Given: {given}. {remedy}") from None
    return Frames.of(rows, names=_names(estimator))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(str(name)[:80] for name in names[:20])
    return shown if len(names) <= 20 else f"{shown}, ... ({len(names)} in all)"


def _elsewhere(X: Any, at_least: int) -> Any:
    """An array of another namespace (and perhaps device) as it is; NumPy's would go through scikit-learn's checks."""
    if len(X.shape) != 2 or X.shape[0] < at_least or X.shape[1] < 1:
        raise MixtureError(f"X has shape {tuple(X.shape)} and must have at least {at_least} rows and 1 column.")
    if not is_real(X):
        raise MixtureError(f"X holds {X.dtype}, not real numbers. Convert it first.")
    require_usable(X)
    return X


def _names(estimator: BaseEstimator) -> tuple[str, ...] | None:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def is_single(X: Any, source: Source | None = None) -> bool:
    """Whether rows come in float32, so that results are float32 too."""
    if source is not None and (source.files is not None or lazy.is_dask(X)):
        return is_float32(source.kind)
    if is_frame(X):
        return {str(dtype) for dtype in numeric(X).schema.values()} == {"Float32"}
    return is_float32(X)


def weights_beside(sample_weight: Any, source: Source) -> Any:
    """Row weights given beside a source, as `weight_of` reads them; those of a column come with the rows."""
    if sample_weight is None:
        return None
    if lazy.is_dask(sample_weight) and isinstance(source, Partitions):
        return sample_weight
    if source.weighted:
        raise MixtureError("The rows have weights of their own, from their files. Leave sample_weight out.")
    return weight_of(sample_weight, source.shape[0])


def require_weight(total: float, X: Any) -> None:
    """Raise where the rows of files weigh nothing in all, or so much or little that sums of squares break.

    Raises
    ------
    MixtureError
        With the file, and the column or the cells that are missing.
    """
    if LEAST <= total <= MOST or not (is_path(X) or isinstance(X, Opened)):
        return
    opened = X if isinstance(X, Opened) else open_rows(X)
    raise opened.reader().refuse_weights(total)


def require_counting(source: Source, X: Any) -> None:
    """Raise as `require_weight` does, for a source of which the weights are known."""
    with np.errstate(over="ignore"):
        total = source.count()[1]
    require_weight(total, X)


def weight_of(sample_weight: Any, n_rows: int) -> Float | None:
    """Row weights as float64 of shape (N,), or None.

    Raises
    ------
    MixtureError
        Negative, missing or infinite weights by their row, a mask, a wrong length, or no weight above 0.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Number):
        sample_weight = np.full(n_rows, sample_weight)
    weight = to_host(sample_weight) if is_elsewhere(sample_weight) else _floats(sample_weight)
    if weight.ndim != 1:
        found = f"have shape {weight.shape}"
        raise MixtureError(f"Sample weights must be 1D array or scalar, and {found}. Pass one column.")
    if len(weight) != n_rows:
        raise MixtureError(f"sample_weight.shape == {weight.shape}, expected {(n_rows,)}: one weight a row.")
    _require_counts(weight)
    return np.ascontiguousarray(weight)


def _floats(sample_weight: Any) -> Float:
    if isinstance(sample_weight, np.ma.MaskedArray):
        raise MixtureError("sample_weight is a masked array, and its mask would be lost. Use weight 0 for such rows.")
    given = np.asarray(sample_weight)
    if given.dtype.kind not in "biufO":
        raise MixtureError(f"sample_weight holds {given.dtype}, not numbers. Weights are counts of rows.")
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MixtureError(f"sample_weight holds what is not a number: {error}. Weights are counts of rows.") from None


def _require_counts(weight: Float) -> None:
    wrong = ~(np.isfinite(weight) & (weight >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        what = "NaN" if np.isnan(weight[row]) else "Infinity" if np.isinf(weight[row]) else "Negative values"
        raise MixtureError(
            f"{what} in data passed to `sample_weight`: row {row} has weight {weight[row]:g}. "
            "Weights are counts; 0 removes a row."
        )
    with np.errstate(over="ignore"):
        total = weight.sum()
    if total == 0:
        raise MixtureError("All sample weights are zero: no row is left to fit.")
    if not LEAST <= total <= MOST:
        raise MixtureError(
            f"The sample weights sum to {total:g}, and sums of squares need it between {LEAST:g} and {MOST:g}. "
            "Divide them by their mean."
        )
