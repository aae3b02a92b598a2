"""Checks of public arrays: covariances and precisions that a user gave, or that left the range of their type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.covariance import Layout, holds_one_matrix, holds_variances
from mixtura.covariance.cholesky import cholesky
from mixtura.outcome import DegenerateComponent, MixtureError

Public = NDArray[np.floating[Any]]


def floating(array: Any) -> Public:
    """A copy in float32 if the array is that, else in float64."""
    values = np.asarray(array)
    return values.astype(np.float32 if values.dtype == np.float32 else np.float64)


def require_shape(
    array: Public, layout: Layout, what: str, n_components: int | None = None, n_features: int | None = None
) -> None:
    """Refuse an array that has not the shape of its layout, as far as K and D are known."""
    k, d = n_components, n_features
    shapes: dict[str, tuple[int | None, ...]] = {"tied": (d, d), "diag": (k, d), "spherical": (k,)}
    owed = shapes.get(layout, (k, d, d))
    known = [size is None or size == found for size, found in zip(owed, array.shape, strict=False)]
    square = holds_variances(layout) or array.shape[-1] == array.shape[-2]
    if array.ndim != len(owed) or not all(known) or not square or array.size == 0:
        shape = str(owed).replace("None", "any")
        raise MixtureError(f"The parameter '{layout} {what}' should have the shape of {shape}, but got {array.shape}")


def require_positive(array: Public, layout: Layout, what: str) -> None:
    """Refuse variances that are not positive and matrices that are not symmetric and positive definite.

    Parameters
    ----------
    array : array
    layout : {"full", "tied", "diag", "spherical", "dense"}
    what : {"covariance", "precision"}
        What the array holds, for the message.
    """
    values = np.asarray(array[None] if holds_one_matrix(layout) else array, dtype=np.float64)
    owed = "positive" if holds_variances(layout) else "symmetric, positive-definite"
    found = _not_finite(values) or (_asymmetry(values, array.dtype) if values.ndim == 3 else _sign(values))
    found = found or (_singularity(values, what) if values.ndim == 3 else None)
    if found:
        raise MixtureError(f"'{layout} {what}' should be {owed}: {found}. Correct it, or leave it out.")


def require_range(array: Public, layout: Layout, what: str) -> None:
    """Refuse arrays whose numbers are too large or too small for their type.

    Parameters
    ----------
    array : array
    layout : {"full", "tied", "diag", "spherical", "dense"}
    what : {"variance", "precision"}
        What a number on the diagonal is, for the message.
    """
    values = array[None] if holds_one_matrix(layout) else array
    diagonal = np.diagonal(values, axis1=1, axis2=2) if values.ndim == 3 else values
    lost = ~(np.isfinite(diagonal) & (diagonal > 0.0))
    if lost.any():
        at = tuple(int(index) for index in np.argwhere(lost)[0])
        column = f" of column {at[1]}" if len(at) > 1 else ""
        found = f"its {what}{column} is {diagonal[at]:.3g}, beyond the range of {array.dtype}"
        raise MixtureError(f"Component {at[0]}: {found}. Divide the column by a number near its spread.")


def _not_finite(values: Public) -> str | None:
    bad = np.argwhere(~np.isfinite(values))
    return f"component {bad[0][0]} holds {values[tuple(bad[0])]}" if len(bad) else None


def _sign(values: Public) -> str | None:
    bad = np.argwhere(~(values > 0.0))
    return f"component {bad[0][0]} holds {values[tuple(bad[0])]:.6g}" if len(bad) else None


def _asymmetry(values: Public, dtype: np.dtype[Any]) -> str | None:
    """The first entry that differs from its mirror image by more than rounding, in units of the two columns."""
    tolerance = 1e-8 if dtype == np.float64 else 1e-5
    mirrored = np.swapaxes(values, 1, 2)
    size = np.sqrt(np.abs(np.diagonal(values, axis1=1, axis2=2)))
    allowed = 1e-5 * np.abs(values) + tolerance * size[:, :, None] * size[:, None, :]
    bad = np.argwhere(np.abs(values - mirrored) > allowed)
    if not len(bad):
        return None
    k, i, j = (int(index) for index in bad[0])
    return f"component {k} holds {values[k, i, j]:.6g} at ({i}, {j}) and {values[k, j, i]:.6g} at ({j}, {i})"


def _singularity(values: NDArray[np.float64], what: str) -> str | None:
    """Why a matrix has no Cholesky factor; that of a precision is taken with rows and columns in reverse order."""
    backwards = what == "precision"
    try:
        cholesky(np.ascontiguousarray(values[:, ::-1, ::-1]) if backwards else values)
    except DegenerateComponent as error:
        smallest = float(np.linalg.eigvalsh(values[error.component])[0])
        return f"component {error.component} has the eigenvalue {smallest:.3g}"
    return None
