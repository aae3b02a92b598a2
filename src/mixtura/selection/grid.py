"""What a search tries: families of covariances times numbers of components."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from mixtura.covariance import MCLUST, SKLEARN, UNIVARIATE, Family, Layout, group, resolve
from mixtura.outcome import MixtureError

GROUPS = ("all", "sklearn")


@dataclass(frozen=True, order=True)
class Candidate:
    """One model to try.

    Parameters
    ----------
    n_components : int
    place : int
        Of its family among those that are tried: of equals the first wins.
    covariance_type : str
        As it was asked for.
    """

    n_components: int
    place: int
    covariance_type: str

    def family(self, n_features: int) -> Family:
        """Its covariance family."""
        return resolve(self.covariance_type, n_features)[0]

    def layout(self, n_features: int) -> Layout:
        """The layout of its public arrays."""
        return resolve(self.covariance_type, n_features)[1]


def grid(n_components: Any, covariance_types: Any, n_features: int, n_rows: float) -> tuple[Candidate, ...]:
    """All candidates, family by family.

    Parameters
    ----------
    n_components : int or iterable of int
    covariance_types : str or iterable of str
        "all", "sklearn", or names of families; names that mean one family in one dimension are tried once.
    n_features, n_rows : int

    Examples
    --------
    >>> from mixtura.selection.grid import grid
    >>> [(c.covariance_type, c.n_components) for c in grid([2, 1], "all", n_features=1, n_rows=9)]
    [('E', 1), ('E', 2), ('V', 1), ('V', 2)]
    >>> [c.covariance_type for c in grid(3, "sklearn", n_features=1, n_rows=9)]
    ['full', 'tied']
    """
    found: dict[str, str] = {}
    counts = numbers(n_components)
    for name in names(covariance_types, n_features, n_rows):
        found.setdefault(resolve(name, n_features)[0].name, name)
    return tuple(Candidate(k, place, name) for place, name in enumerate(found.values()) for k in counts)


def numbers(n_components: Any) -> tuple[int, ...]:
    """The numbers of components, rising, none twice.

    Raises
    ------
    MixtureError
        For what is no whole number from 1, or nothing at all.
    """
    given = np.ravel(n_components).tolist() if isinstance(n_components, np.ndarray) else n_components
    given = list(given) if isinstance(given, Iterable) else [given]
    wrong = [k for k in given if not isinstance(k, Integral) or isinstance(k, bool) or k < 1]
    if wrong or not given:
        what = f"holds {wrong[0]!r}" if wrong else "is empty"
        raise MixtureError(f"n_components {what}. Use whole numbers from 1, such as range(1, 10).")
    return tuple(sorted({int(k) for k in given}))


def names(covariance_types: Any, n_features: int, n_rows: float) -> tuple[str, ...]:
    """The names of families that were asked for, with groups written out.

    Raises
    ------
    MixtureError
        For a name that is none, or no name at all.
    """
    alone = isinstance(covariance_types, str) or not isinstance(covariance_types, Iterable)
    given = [covariance_types] if alone else list(covariance_types)
    known = (*GROUPS, *SKLEARN, *MCLUST, *UNIVARIATE)
    wrong = [name for name in given if not isinstance(name, str) or name not in known]
    if wrong or not given:
        what = f"holds {wrong[0]!r}" if wrong else "is empty"
        raise MixtureError(f"covariance_types {what}. Use {', '.join(known)}, or a list of these.")
    return tuple(dict.fromkeys(name for one in given for name in group(one, n_features, n_rows)))
