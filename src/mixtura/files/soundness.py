"""Whether published arrays are a mixture: checked in units of the columns, to the rounding of their type."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance import holds_variances
from mixtura.files.faults import Fault
from mixtura.parameters import Parameters

# Rounding of a number that went through an inverse and a factor, in units of eps and of the features.
ROUNDING = 16.0
# Shares may be as far from a sum of 1 as the estimator lets a user give them.
SLACK = {"float64": 1e-8, "float32": 1e-6}
# What given covariances may differ from their mirror image by, in units of the two deviations.
ASYMMETRY = 2e-5
# Matrix entries that are checked at a time.
BLOCK = 2**20


def require_mixture(parameters: Parameters) -> None:
    """Refuse finite parameters that are no mixture density, or whose three covariance arrays tell of different ones.

    Let covariances C, precisions P and factors L be in units of the columns (C has a unit diagonal), t = sqrt(diag P)
    and tol = 16 D eps. Then ``|L L^T - P| <= tol t_i t_j`` and ``|P C - I| <= tol t_i sum(t)``, entry by entry: what
    relative errors of tol in the entries of P or C, in these units, leave of the inverse.

    Raises
    ------
    Fault
        With the component and the number.
    """
    _require_shares(parameters)
    arrays = parameters.arrays
    three = (arrays.covariances, arrays.precisions, arrays.precisions_cholesky)
    tolerance = ROUNDING * parameters.shape[1] * max(float(np.finfo(array.dtype).eps) for array in three)
    with np.errstate(all="ignore"):  # what over- or underflows is refused
        if holds_variances(parameters.layout):
            covariances, precisions, factors = (np.asarray(array, dtype=np.float64) for array in three)
            _require_variances(covariances, precisions, factors, tolerance)
        else:
            for first, whole, inverse, root in _blocks(*three):
                _require_matrices(first, whole, inverse, root, tolerance)
        _require_range(parameters)


def _require_shares(parameters: Parameters) -> None:
    weights = np.asarray(parameters.weights, dtype=np.float64)
    wrong = ~((weights >= 0.0) & (weights <= 1.0))
    if wrong.any():
        component = int(np.argmax(wrong))
        raise Fault(f"its component {component} has the share {weights[component]}")
    total, owed = float(weights.sum()), 1.0 - parameters.noise_weight
    if not (0.0 <= parameters.noise_weight < 1.0 and abs(total - owed) <= SLACK[parameters.weights.dtype.name]):
        raise Fault(f"its shares sum to {total:.9g} and must sum to {owed:.9g}")


def _require_range(parameters: Parameters) -> None:
    """Refuse means so many deviations apart that no density can be computed."""
    density, _ = parameters.density()
    if not (np.isfinite(density.means).all() and np.isfinite(density.whitening.factor).all()):
        raise Fault("its components lie further apart in units of their spread than a double can tell")


def _require_variances(covariances: Float, precisions: Float, factors: Float, tolerance: float) -> None:
    positive = (covariances > 0.0) & (precisions > 0.0) & (factors > 0.0)
    inverse = np.abs(covariances * precisions - 1.0) <= tolerance
    rooted = np.abs(factors * factors / precisions - 1.0) <= tolerance
    _require(positive, "has a variance that is not positive")
    _require(inverse, "has precisions that are not the inverse of its covariances")
    _require(rooted, "has Cholesky factors that are not those of its precisions")


def _blocks(*arrays: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Iterator[tuple[int, Float, Float, Float]]:
    """Some matrices of each array at a time, in float64, with the number of the first."""
    stacks = [array.reshape(-1, *array.shape[-2:]) for array in arrays]
    step = max(1, BLOCK // stacks[0].shape[1] ** 2)
    for first in range(0, len(stacks[0]), step):
        one, two, three = (np.asarray(stack[first : first + step], dtype=np.float64) for stack in stacks)
        yield first, one, two, three


def _require_matrices(first: int, covariances: Float, precisions: Float, factors: Float, tolerance: float) -> None:
    deviation = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    _require(deviation > 0.0, "has a variance that is not positive", first)
    units = deviation[:, :, None] * deviation[:, None, :]
    whole, inverse, roots = covariances / units, precisions * units, factors * deviation[:, :, None]
    reach = np.sqrt(np.diagonal(inverse, axis1=1, axis2=2))
    reaches = reach[:, :, None] * reach[:, None, :]
    _require(np.abs(whole - _turned(whole)) <= ASYMMETRY, "has covariances that are not symmetric", first)
    _require(np.abs(inverse - _turned(inverse)) <= ASYMMETRY * reaches, "has precisions that are not symmetric", first)
    upright = np.diagonal(roots, axis1=1, axis2=2) > 0.0
    words = "has Cholesky factors that are not those of its precisions"
    _require(upright & (np.tril(roots, -1) == 0.0).all(axis=2), words, first)
    # covariances are read by their lower triangle, precisions by their upper one
    whole, inverse = _turned(_mirrored(_turned(whole))), _mirrored(inverse)
    _require(np.abs(roots @ _turned(roots) - inverse) <= tolerance * reaches, words, first)
    allowed = tolerance * reach * reach.sum(axis=1, keepdims=True)
    residual = np.abs(inverse @ whole - np.eye(whole.shape[1]))
    _require(residual <= allowed[:, :, None], "has precisions that are not the inverse of its covariances", first)
    _require(_positive_definite(whole, tolerance), "has covariances that are not positive definite", first)


def _positive_definite(matrices: Float, tolerance: float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether each matrix of unit diagonal has a Cholesky factor, but for rounding."""
    found = np.ones(len(matrices), dtype=bool)
    ridge = tolerance * np.eye(matrices.shape[1])
    for at, matrix in enumerate(matrices):
        try:
            np.linalg.cholesky(matrix + ridge)
        except np.linalg.LinAlgError:
            found[at] = False
    return found


def _turned(matrices: Float) -> Float:
    return np.swapaxes(matrices, 1, 2)


def _mirrored(matrices: Float) -> Float:
    """Symmetric matrices of the upper triangles."""
    return np.triu(matrices) + _turned(np.triu(matrices, 1))


def _require(right: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], words: str, first: int = 0) -> None:
    """Refuse the first component that is not right in every entry."""
    wrong = ~right.reshape(len(right), -1).all(axis=1)
    if wrong.any():
        raise Fault(f"its component {first + int(np.argmax(wrong))} {words}")
