"""Dask collections at the estimator's boundary: rows that a cluster holds, and answers that stay lazy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from mixtura import assess, kernels
from mixtura.density import Density
from mixtura.frame import Frame
from mixtura.outcome import MixtureError
from mixtura.pools import single_threaded_pools
from mixtura.sources.partitioned.dask_rows import columns_of, each_row, partitions_of
from mixtura.sources.partitioned.partitions import Partitions, require_rows
from mixtura.sources.partitioned.parts import is_dask
from mixtura.sources.partitioned.works import member

__all__ = ["answers", "is_dask", "rows_of"]


def rows_of(estimator: BaseEstimator, X: Any, *, reset: bool, at_least: int = 1) -> Partitions:
    """Rows of a Dask collection as a source without weights; sets or checks names and number of features.

    Raises
    ------
    MixtureError
        For what holds no rows of real numbers, too few rows, and columns that the model does not know.
    """
    checked(estimator, X, reset)
    source = partitions_of(X)
    require_rows(source, at_least)
    return source


def checked(estimator: BaseEstimator, X: Any, reset: bool) -> None:
    """Set or check names and number of features, by what a collection says of itself."""
    names = columns_of(X)
    if names is None and reset:  # an array has no names
        vars(estimator).pop("feature_names_in_", None)
        estimator.n_features_in_ = int(X.shape[1])
        return
    told = np.empty((0, int(X.shape[1]))) if names is None else X._meta
    try:
        validate_data(estimator, told, reset=reset, skip_check_array=True)
    except ValueError as error:
        if "feature names should match" not in str(error):
            raise
        remedy = "Select the columns: X[list(model.feature_names_in_)]."
        fitted = ", ".join(map(str, estimator.feature_names_in_[:20]))
        raise MixtureError(f"{error}Fitted with: {fitted}. Given: {', '.join((names or ())[:20])}. {remedy}") from None


@dataclass(frozen=True)
class _Asked:
    """What is asked of every row: a function of (framed source, density, kernel), and the model."""

    function: Callable[..., Any]
    density: Density
    frame: Frame
    names: tuple[str, ...] | None


@dataclass(frozen=True)
class _Within:
    """How a sentence finds a row of a partition."""

    number: int
    start: int | None
    title: str = "X"
    fingerprint: str = ""

    def place(self, row: int) -> str:
        """The row's position, among all rows where that is known."""
        return f"row {row} of partition {self.number}" if self.start is None else f"row {self.start + row}"

    def refuse(self) -> MixtureError:
        """For files alone."""
        return MixtureError(f"Partition {self.number} of X holds what is no finite number.")


def _answered(asked: _Asked, number: int, start: int | None, rows: Any) -> Any:
    """The answers for a partition, on one thread."""
    held, density = member(rows), asked.density
    k, order = density.n_components, density.order
    block = kernels.rows_a_block(*held.shape, k, order, held.kind)
    source = replace(held, frame=asked.frame, block=block, names=asked.names, files=_Within(number, start))
    with single_threaded_pools():
        return asked.function(source, density, kernels.choose(source.kind, k, order))


# What is answered a row at a time: columns of the answer for so many components (None: one dimension), and its type.
SHAPES: dict[Callable[..., Any], tuple[Callable[[int], int | None], Any]] = {
    assess.labels: (lambda _: None, np.int64),
    assess.log_densities: (lambda _: None, np.float64),
    assess.uncertainties: (lambda _: None, np.float64),
    assess.responsibilities: (lambda width: width, np.float64),
}


def answers(estimator: Any, X: Any, function: Callable[..., Any]) -> Any:
    """A lazy Dask array of what a function of `assess` says of each row under the published parameters.

    Parameters
    ----------
    estimator : Answers
        Fitted.
    X : dask array or DataFrame of shape (N, D)
    function : callable
        One of `SHAPES`.

    Returns
    -------
    answers : dask array of shape (N,) or (N, K), or (N, K + 1) with the noise last
        In the partitions of X; the model travels once to each worker.

    Examples
    --------
    >>> import dask.array as da
    >>> import mixtura as mx
    >>> from mixtura import assess
    >>> from mixtura.estimators import lazy
    >>> model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [4.0]], [[1.0], [1.0]], "diag")
    >>> lazy.answers(model, da.from_array([[1.0], [3.0]], chunks=1), assess.labels).compute()
    array([0, 1])
    """
    density, frame = estimator._parameters().density()
    checked(estimator, X, reset=False)
    width, dtype = SHAPES[function]
    names = getattr(estimator, "feature_names_in_", None)
    asked = _Asked(function, density, frame, None if names is None else tuple(map(str, names)))
    columns = width(density.n_components + (density.floor is not None))
    return each_row(X, _answered, asked, columns, dtype)
