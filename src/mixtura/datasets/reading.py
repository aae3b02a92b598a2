"""From a bundled CSV file to scikit-learn's Bunch."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.datasets.catalog import class_column, description, path, weight_column

if TYPE_CHECKING:
    from sklearn.utils import Bunch


@dataclass(frozen=True)
class Table:
    """A data set taken apart: measurements, class codes and counts of its rows.

    Attributes
    ----------
    data : ndarray of shape (N, D)
        The measurements.
    feature_names : list of str
        Names of the D columns.
    target : ndarray of shape (N,) or None
        Index into `target_names`.
    target_names : ndarray of str or None
        The classes in alphabetical order.
    sample_weight : ndarray of shape (N,) or None
        How often each row was seen.
    """

    data: NDArray[np.float64]
    feature_names: list[str]
    target: NDArray[np.int64] | None
    target_names: NDArray[np.str_] | None
    sample_weight: NDArray[np.float64] | None


def read_table(name: str) -> Table:
    """Read a bundled data set.

    Parameters
    ----------
    name : str
        One of `mixtura.datasets.names`.

    Returns
    -------
    Table
        Measurements in the order of the file; class and counts set apart.

    Raises
    ------
    mixtura.outcome.MixtureError
        When nothing of that name is bundled; the text lists what is.

    Examples
    --------
    >>> from mixtura.datasets.reading import read_table
    >>> read_table("pearson_crabs").feature_names
    ['ratio']
    """
    with path(name).open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    columns: dict[str | None, tuple[str, ...]] = dict(zip(header, zip(*rows, strict=True), strict=True))
    classes, counts = columns.pop(class_column(name), None), columns.pop(weight_column(name), None)
    target_names, target = (None, None) if classes is None else np.unique(classes, return_inverse=True)
    weight = None if counts is None else np.array(counts, dtype=np.float64)
    data = np.array(list(columns.values()), dtype=np.float64).T.copy()
    return Table(data, [str(column) for column in columns], target, target_names, weight)


def load(name: str, *, return_X_y: bool = False, as_frame: bool = False) -> Bunch | tuple[Any, Any]:
    """Read a bundled data set as scikit-learn's loaders give theirs.

    Parameters
    ----------
    name : str
        One of `mixtura.datasets.names`.
    return_X_y : bool, default False
        Return `(data, target)` alone.
    as_frame : bool, default False
        Give `data` as a pandas DataFrame, `target` and `sample_weight` as Series, and all of it as `frame`.

    Returns
    -------
    sklearn.utils.Bunch or tuple
        See the loaders.

    Raises
    ------
    ImportError
        When `as_frame` is set and pandas is not installed.
    """
    table = read_table(name)
    values = _values(table) | (_frames(name, table) if as_frame else {"frame": None})
    if return_X_y:
        return values["data"], values["target"]
    from sklearn.utils import Bunch

    return Bunch(**values, DESCR=description(name), filename=str(path(name)))


def _values(table: Table) -> dict[str, Any]:
    return {
        "data": table.data,
        "target": table.target,
        "target_names": table.target_names,
        "feature_names": table.feature_names,
        "sample_weight": table.sample_weight,
    }


def _frames(name: str, table: Table) -> dict[str, Any]:
    pd = _pandas()
    data = pd.DataFrame(table.data, columns=table.feature_names)
    target = None if table.target is None else pd.Series(table.target, name=class_column(name))
    weight = None if table.sample_weight is None else pd.Series(table.sample_weight, name=weight_column(name))
    columns = [column for column in (data, target, weight) if column is not None]
    return {"data": data, "target": target, "sample_weight": weight, "frame": pd.concat(columns, axis=1)}


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "as_frame=True needs pandas. Install it (pip install pandas), or leave as_frame out."
        ) from error
    return pd
