"""What a user passes as many data sets: their keys, their rows, their weights."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

from mixtura.arrays import Float, is_elsewhere
from mixtura.estimators import inputs
from mixtura.outcome import MixtureError
from mixtura.sources.frames import is_frame, numeric

ONE = "Pass a list of data sets, an array of shape (B, N, D), or a grouped DataFrame; for one data set, [X]."


@dataclass(frozen=True)
class Sets:
    """Data sets as they were passed, and their keys.

    Parameters
    ----------
    keys : tuple
        Of a grouped frame or a mapping; otherwise the position of each.
    rows : sequence
        The rows of each: a list, or an array of shape (B, N, D).
    """

    keys: tuple[Any, ...]
    rows: Any

    def __len__(self) -> int:
        return len(self.keys)


def sets_of(Xs: Any) -> Sets:
    """The data sets in a list, an array of shape (B, N, D), a mapping, or a grouped frame.

    Raises
    ------
    MixtureError
        What is one data set, or holds none.

    Examples
    --------
    >>> from mixtura.estimators.many.sets import sets_of
    >>> sets_of({"a": [[1.0], [2.0]], "b": [[3.0], [5.0]]}).keys
    ('a', 'b')
    """
    keyed = _keyed(Xs)
    if keyed is not None:
        keys, rows = tuple(key for key, _ in keyed), [X for _, X in keyed]
    else:
        rows = _listed(Xs)
        keys = tuple(range(len(rows)))
    if not keys:
        raise MixtureError(f"Xs holds no data set. {ONE}")
    return Sets(keys, rows)


def _keyed(Xs: Any) -> list[tuple[Any, Any]] | None:
    """Pairs of a key and a data set, where keys are given."""
    if isinstance(Xs, Mapping):
        return list(Xs.items())
    library = type(Xs).__module__.partition(".")[0]
    if type(Xs).__name__ == "DataFrameGroupBy" and library == "pandas":
        return list(_without(_selected(Xs), Xs.exclusions))
    if type(Xs).__name__ == "GroupBy" and library == "polars":
        return _of_polars(Xs)
    return None


def _of_polars(Xs: Any) -> list[tuple[Any, Any]]:
    """Groups of polars in the order of their keys, unless the order was asked to be kept; a lone key by itself."""
    groups = [(key, X) for key, X in Xs]
    keys = list(Xs.len().columns)[:-1]  # the last holds the counts
    for key, X in groups[:1]:
        # a key that was made of a column is called like it, and the column remains
        keys = [name for name, part in zip(keys, key, strict=True) if name in X.columns and X[name][0] == part]
    pairs = [(key[0] if len(key) == 1 else key, X) for key, X in _without(groups, keys)]
    if not Xs.maintain_order:
        pairs.sort(key=lambda pair: [(part is not None, part) for part in _tuple(pair[0])])
    return pairs


def _selected(groups: Any) -> Any:
    """Groups of pandas without the columns of the keys, chosen once: of every group that takes half a millisecond."""
    first = next((X for _, X in groups), None)
    kept = [] if first is None else _kept(first.columns, groups.exclusions)
    try:
        return groups[kept] if first is not None and 0 < len(kept) < len(first.columns) else groups
    except (IndexError, KeyError):  # columns were selected already, or are named twice
        return groups


def _tuple(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _without(groups: Iterable[tuple[Any, Any]], keys: Collection[Any]) -> Iterator[tuple[Any, Any]]:
    """The groups of a frame without the columns that they were grouped by."""
    for key, X in groups:
        kept = _kept(X.columns, keys)
        yield key, X if len(kept) == len(X.columns) else X[kept]


def _kept(columns: Any, keys: Collection[Any]) -> list[Any]:
    """The columns that are no key."""
    return [name for name in columns if name not in keys]


def _listed(Xs: Any) -> Any:
    """Data sets without keys: the array itself, or a list."""
    if is_frame(Xs):
        raise MixtureError(f"Xs is one DataFrame. {ONE}")
    if isinstance(Xs, np.ndarray) and Xs.ndim == 1 and Xs.dtype == object:
        return list(Xs)
    if isinstance(Xs, np.ndarray) or is_elsewhere(Xs):
        if len(Xs.shape) != 3:
            raise MixtureError(f"Xs has shape {tuple(Xs.shape)} and must have three dimensions. {ONE}")
        return Xs if isinstance(Xs, np.ndarray) else [Xs[i, :, :] for i in range(Xs.shape[0])]
    if isinstance(Xs, str | bytes) or not isinstance(Xs, Iterable):
        raise MixtureError(f"Xs is a {type(Xs).__name__}, which holds no data sets. {ONE}")
    return list(Xs)


def weights_of(sample_weight: Any, keys: Sequence[Any]) -> list[Any]:
    """The weights of each data set, or None: as many as there are data sets, or a mapping by their keys."""
    if sample_weight is None:
        return [None] * len(keys)
    if isinstance(sample_weight, Mapping):
        unknown = [key for key in sample_weight if key not in keys]
        if unknown:
            raise MixtureError(f"sample_weight has the key {unknown[0]!r}, and Xs has not. Use the keys of Xs.")
        return [sample_weight.get(key) for key in keys]
    if not isinstance(sample_weight, Iterable) or isinstance(sample_weight, str | bytes):
        kind = type(sample_weight).__name__
        raise MixtureError(f"sample_weight is a {kind}, and must hold the weights of each data set: a list of arrays.")
    found = list(sample_weight)
    if len(found) != len(keys):
        raise MixtureError(f"sample_weight holds weights for {len(found)} data sets, and Xs holds {len(keys)}.")
    return found


class Ready(NamedTuple):
    """A data set as numbers.

    Parameters
    ----------
    rows : array of shape (N, D)
        Of any real dtype.
    weight : array of shape (N,) or None
    single : bool
        Whether it came in single precision.
    names : tuple of str or None
    """

    rows: Any
    weight: Float | None
    single: bool
    names: tuple[str, ...] | None


def read(estimator: BaseEstimator, X: Any, sample_weight: Any) -> Ready:
    """A data set as numbers.

    Raises
    ------
    MixtureError, ValueError, TypeError
        What `GaussianMixture.fit` would raise for such rows or weights.
    """
    rows, names = X, None
    if not isinstance(X, np.ndarray) and is_frame(X):
        rows, names = _numbers(X)
    if _is_plain(rows):
        single = rows.dtype == np.float32
    else:
        source = inputs.source_of(estimator, X, reset=True, at_least=2)
        rows, names, single = source.as_float(), source.names, inputs.is_single(X, source)
    weight = None if sample_weight is None else inputs.weight_of(sample_weight, len(rows))
    return Ready(rows, weight, bool(single), names)


def _is_plain(X: Any) -> bool:
    """Whether `X` is an array of real numbers without a mask, of at least two rows and one column."""
    plain = isinstance(X, np.ndarray) and X.dtype.kind in "biuf" and not isinstance(X, np.ma.MaskedArray)
    return plain and X.ndim == 2 and len(X) >= 2 and X.shape[1] > 0


def _numbers(X: Any) -> tuple[Any, tuple[str, ...] | None]:
    """A frame of named columns in one call, for thousands of groups; what needs a closer look is left to it."""
    frame = numeric(X)
    named = all(isinstance(name, str) for name in frame.columns)
    return (frame.to_numpy(), tuple(frame.columns)) if named else (None, None)
