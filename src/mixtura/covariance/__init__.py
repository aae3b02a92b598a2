"""Covariance families: the one table of their names."""

from __future__ import annotations

from typing import Literal

from mixtura.covariance.family import Family
from mixtura.covariance.value import Covariance
from mixtura.outcome import MixtureError

__all__ = [
    "MCLUST",
    "SKLEARN",
    "UNIVARIATE",
    "Covariance",
    "Family",
    "Layout",
    "group",
    "holds_one_matrix",
    "holds_variances",
    "public_shape",
    "resolve",
    "subtracts",
]

Layout = Literal["full", "tied", "diag", "spherical", "dense"]

# mclust's order: volume, shape, orientation.
MCLUST = ("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV")
UNIVARIATE = ("E", "V")
SKLEARN: dict[str, tuple[str, Layout]] = {
    "full": ("VVV", "full"),
    "tied": ("EEE", "tied"),
    "diag": ("VVI", "diag"),
    "spherical": ("VII", "spherical"),
}


def resolve(covariance_type: str, n_features: int) -> tuple[Family, Layout]:
    """The family that a name stands for, and the layout of its public arrays.

    Parameters
    ----------
    covariance_type : str
        One of scikit-learn's names, one of mclust's fourteen codes, or E or V in one dimension, where every other
        name means one of these two.
    n_features : int
        Number of columns D.

    Returns
    -------
    family : Family
    layout : {"full", "tied", "diag", "spherical", "dense"}
        scikit-learn's shapes for its names, and (K, D, D) for every code.

    Raises
    ------
    MixtureError
        For a name that is not among them, or E or V in more than one dimension.

    Examples
    --------
    >>> from mixtura.covariance import resolve
    >>> family, layout = resolve("tied", n_features=3)
    >>> family.name, family.order, layout
    ('EEE', 'pooled', 'tied')
    >>> resolve("VEV", n_features=1)[0].name
    'V'
    """
    names = (*SKLEARN, *MCLUST, *UNIVARIATE)
    if not isinstance(covariance_type, str) or covariance_type not in names:
        raise MixtureError(f"covariance_type is {covariance_type!r}. Use one of {', '.join(names)}.")
    code, layout = SKLEARN.get(covariance_type, (covariance_type, "dense"))
    if n_features == 1:
        return Family(code[0], code[0], "I", "I", 1), layout
    if code in UNIVARIATE:
        remedy = f"Use one of {', '.join((*SKLEARN, *MCLUST))}."
        raise MixtureError(f"covariance_type {code!r} is for one column, and there are {n_features}. {remedy}")
    return Family(code, code[0], code[1], code[2], n_features), layout


def public_shape(layout: Layout, n_components: int, n_features: int) -> tuple[int, ...]:
    """Shape of the public covariances, precisions and their factors.

    Examples
    --------
    >>> from mixtura.covariance import public_shape
    >>> public_shape("tied", n_components=3, n_features=2), public_shape("dense", n_components=3, n_features=2)
    ((2, 2), (3, 2, 2))
    """
    k, d = n_components, n_features
    return {"tied": (d, d), "diag": (k, d), "spherical": (k,)}.get(layout, (k, d, d))


def holds_variances(layout: Layout) -> bool:
    """Whether the public arrays hold variances, not matrices."""
    return layout in ("diag", "spherical")


def holds_one_matrix(layout: Layout) -> bool:
    """Whether the public arrays are one matrix for all components."""
    return layout == "tied"


def group(name: str, n_features: int, n_rows: float | None = None) -> tuple[str, ...]:
    """The names that "all" and "sklearn" stand for; any other name stands for itself.

    Parameters
    ----------
    name : str
    n_features : int
        Number of columns D; for one column "all" is E and V.
    n_rows : int, optional
        Number of rows. With no more rows than columns "all" leaves out the families with full matrices, as in mclust.

    Examples
    --------
    >>> from mixtura.covariance import group
    >>> group("all", n_features=30, n_rows=20)
    ('EII', 'VII', 'EEI', 'VEI', 'EVI', 'VVI')
    >>> group("all", n_features=1)
    ('E', 'V')
    """
    if name == "sklearn":
        return tuple(SKLEARN)
    if name != "all":
        return (name,)
    if n_features == 1:
        return UNIVARIATE
    few = n_rows is not None and n_rows <= n_features
    return tuple(code for code in MCLUST if not few or code[2] == "I")


def subtracts(family: Family, layout: Layout) -> bool:
    """Whether scikit-learn finds such variances as mean square minus squared mean: "diag", "spherical" and their codes.

    In one dimension only the name tells, and V is "full".

    Examples
    --------
    >>> from mixtura.covariance import resolve, subtracts
    >>> [subtracts(*resolve(name, 2)) for name in ("full", "diag", "VII")]
    [False, True, True]
    >>> [subtracts(*resolve(name, 1)) for name in ("full", "diag", "V")]
    [False, True, False]
    """
    if family.n_features == 1:
        return holds_variances(layout)
    return family.order in ("trace", "diagonal")
