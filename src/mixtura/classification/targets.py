"""What is known of the rows' classes, and the class priors that were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from mixtura.arrays import Float
from mixtura.outcome import MixtureError

# Priors that lack no more than this to 1 lack nothing.
WHOLE = 1e-8


@dataclass(frozen=True)
class Targets:
    """The classes, and which of them each row belongs to.

    Parameters
    ----------
    classes : array of shape (C,)
        Sorted.
    codes : integer array of shape (N,)
        Index of each row's class, -1 where it is not known.
    mass : array of shape (C,)
        Weight of the labeled rows of each class.
    counts : integer array of shape (C,)
        Number of labeled rows of each class that weigh anything.
    unlabeled : float
        Weight of the rows of no known class.
    """

    classes: Any
    codes: NDArray[np.int64]
    mass: Float
    counts: NDArray[np.int64]
    unlabeled: float

    @property
    def shares(self) -> Float:
        """Share of each class among the labeled rows, shape (C,)."""
        return np.asarray(self.mass / self.mass.sum())

    def named(self, c: int) -> str:
        """A class and how many rows it has, as a sentence begins."""
        count = int(self.counts[c])
        return f"Class {self.classes.tolist()[c]!r} ({count} labeled row{'s' * (count != 1)})"


def read(y: Any, unlabeled: Any, weight: Float | None, n_rows: int, name: str) -> Targets:
    """The targets that `y` holds; rows of weight 0 neither make nor fill a class.

    Parameters
    ----------
    y : array-like of shape (N,)
    unlabeled : object
        The value of rows without a label; None when every value is a class. A missing value stands for all of them.
    weight : array of shape (N,) or None
    n_rows : int
    name : str
        Of the estimator, for sentences.

    Raises
    ------
    MixtureError, ValueError
        No y, one of another length, missing values that `unlabeled` does not allow, fewer than two classes.
    """
    given = _column(y, n_rows, name)
    without = _without_label(given, unlabeled)
    heavy = np.ones(n_rows, dtype=bool) if weight is None else weight > 0
    there = heavy & ~without
    if not there.any():
        raise MixtureError(f"y labels no row: all are {unlabeled!r}. Label some rows of each class.")
    known = _native(given[there])
    classes, inverse = _distinct(known)
    check_classification_targets(known)
    if len(classes) < 2:
        only = classes.tolist()[0]
        raise MixtureError(f"y holds one class, {only!r}, and a classifier needs two. Label rows of another class.")
    codes = np.full(n_rows, -1, dtype=np.int64)
    codes[there] = inverse
    share = np.ones(n_rows) if weight is None else weight
    mass = np.bincount(codes[there], share[there], len(classes)).astype(np.float64)
    counts = np.bincount(codes[there], minlength=len(classes))
    return Targets(classes, codes, mass, counts, float(share[heavy & without].sum()))


def codes(y: Any, unlabeled: Any, classes: Any, n_rows: int) -> NDArray[np.int64]:
    """Index of each row's class among known classes, -1 for rows without a label, shape (N,).

    Raises
    ------
    MixtureError
        For a class that is not among them.
    """
    given = _column(y, n_rows, "bic")
    without = _without_label(given, unlabeled)
    index = {name: code for code, name in enumerate(classes.tolist())}
    strange = [name for name in dict.fromkeys(given[~without].tolist()) if name not in index]
    if strange:
        raise MixtureError(f"y holds {strange[0]!r}, which is no class of this model. Its classes are {list(index)}.")
    found = np.full(n_rows, -1, dtype=np.int64)
    found[~without] = [index[name] for name in given[~without].tolist()]
    return found


def _column(y: Any, n_rows: int, name: str) -> Any:
    if y is None:
        raise MixtureError(f"{name} requires y to be passed, but the target y is None. Pass the class of each row.")
    given = column_or_1d(y, warn=True)
    if len(given) != n_rows:
        raise MixtureError(f"y has {len(given)} values for {n_rows} rows: inconsistent numbers of samples.")
    if given.dtype.kind == "f" and np.isinf(given).any():
        raise MixtureError(f"Input y contains infinity: row {int(np.argmax(np.isinf(given)))} has no class. Drop it.")
    return given


def _native(known: Any) -> Any:
    """Numbers among objects (missing values had made them such) as numbers; anything else as it is."""
    numbers = known.dtype.kind == "O" and all(isinstance(value, Real | np.bool_) for value in known)
    return np.array(known.tolist()) if numbers else known


def _distinct(known: Any) -> tuple[Any, Any]:
    try:
        return np.unique(known, return_inverse=True)
    except TypeError:
        kinds = sorted({type(value).__name__ for value in known})
        raise MixtureError(f"y mixes classes of kinds {', '.join(kinds)}, which have no order. Use one kind.") from None


def _without_label(given: Any, unlabeled: Any) -> NDArray[np.bool_]:
    """Which rows have no label, shape (N,)."""
    missing = _missing(given)
    if unlabeled is not None and _is_missing(unlabeled):
        return missing
    if missing.any():
        row = int(np.argmax(missing))
        remedy = "Pass unlabeled=numpy.nan to learn from such rows without a label, or drop them."
        raise MixtureError(f"Input y contains NaN: row {row} has no class. {remedy}")
    if unlabeled is None:
        return missing
    return np.fromiter((bool(value == unlabeled) for value in given.tolist()), dtype=bool, count=len(given))


def _missing(given: Any) -> NDArray[np.bool_]:
    if given.dtype.kind == "f":
        return np.asarray(np.isnan(given))
    if given.dtype.kind != "O":
        return np.zeros(len(given), dtype=bool)
    return np.fromiter((value is None or _is_missing(value) for value in given), dtype=bool, count=len(given))


def _is_missing(value: Any) -> bool:
    """Whether a value is a NaN of any library: no other differs from itself, and pandas' NA does not compare."""
    return type(value).__name__ == "NAType" or bool(np.any(value != value))


def given_priors(priors: Any, classes: Any) -> Float | None:
    """Class priors in the order of the classes, shape (C,), or None where the data decide.

    Raises
    ------
    MixtureError
        Unknown or missing classes, a wrong number, values that are not above 0, or a sum that is not 1.
    """
    if priors is None:
        return None
    names = classes.tolist()
    if isinstance(priors, Mapping):
        unknown, lacking = (
            [name for name in priors if name not in names],
            [name for name in names if name not in priors],
        )
        if unknown or lacking:
            raise MixtureError(f"priors: unknown classes {unknown}, classes without a prior {lacking}. y has {names}.")
        priors = [priors[name] for name in names]
    try:
        found = np.asarray(priors, dtype=np.float64)
    except (TypeError, ValueError):
        raise MixtureError(f"priors is {priors!r}. Use one probability a class, as an array or a dict.") from None
    if found.shape != (len(names),):
        raise MixtureError(f"priors has shape {found.shape} for {len(names)} classes {names}. Give one number a class.")
    if not (np.isfinite(found) & (found > 0)).all() or abs(found.sum() - 1.0) > WHOLE:
        raise MixtureError(f"priors are {found.tolist()} of sum {found.sum():g}: they must be above 0 and sum to 1.")
    return found
