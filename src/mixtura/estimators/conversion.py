"""Between an estimator's attributes, the model they are, and scikit-learn's estimator."""

from __future__ import annotations

from copy import copy, deepcopy
from numbers import Integral
from typing import Any

import numpy as np

from mixtura.covariance import MCLUST, UNIVARIATE, Layout, published, resolve
from mixtura.covariance.checks import require_shape
from mixtura.estimators.initial import check_means, check_weights
from mixtura.outcome import MixtureError
from mixtura.parameters import Parameters

# The arrays that a Parameters value and an estimator share, by the estimator's names.
ARRAYS = ("covariances_", "precisions_", "precisions_cholesky_")
FITTED = ("weights_", "means_", *ARRAYS, "converged_", "n_iter_", "lower_bound_", "lower_bounds_")
NAMES = ("n_features_in_", "feature_names_in_")
REMEDY = "Fit it, or use GaussianMixture.from_parameters."


def parameters_of(estimator: Any) -> Parameters:
    """The published attributes of an estimator as a model; as in scikit-learn `precisions_cholesky_` is the density.

    Raises
    ------
    MixtureError
        Attributes that are missing, or were assigned in shapes that do not fit each other.
    """
    if not hasattr(estimator, "means_") or not hasattr(estimator, "weights_"):
        raise MixtureError(f"This model has no weights_ and means_. {REMEDY}")
    # in one order, since products of matrices round by the layout of the memory
    weights, means = np.asarray(estimator.weights_), np.asarray(estimator.means_, order="C")
    if means.ndim != 2 or weights.shape != means.shape[:1]:
        raise MixtureError(
            f"weights_ has shape {weights.shape} and means_ {means.shape}: they must be (K,) and (K, D)."
        )
    k, d = means.shape
    _, layout = resolve(estimator.covariance_type, d)
    noise = getattr(estimator, "_noise", None)
    weight = float(getattr(estimator, "noise_weight_", 0.0)) if noise is not None else 0.0
    arrays = _arrays(estimator, layout, k, d)
    _require_density(weights, means, published.whitening(arrays.precisions_cholesky, layout).factor)
    return Parameters(weights, means, arrays, layout, weight, noise)


def _require_density(weights: Any, means: Any, factor: Any) -> None:
    """Refuse assigned numbers that no density can be made of."""
    if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
        raise MixtureError(f"weights_ is {weights.tolist()}: shares must be finite, not below 0, and not all 0.")
    for k, mean in enumerate(means):
        if not np.isfinite(mean).all():
            raise MixtureError(f"means_ of component {k} is {mean.tolist()}, and must be finite numbers.")
    for k, one in enumerate(factor):
        spread = np.diagonal(one) if one.ndim == 2 else one
        if not (np.isfinite(one).all() and (spread > 0).all()):
            held = np.atleast_1d(spread).tolist()
            raise MixtureError(f"precisions_cholesky_ of component {k} has the diagonal {held}, and must be positive.")


def _arrays(estimator: Any, layout: Layout, n_components: int, n_features: int) -> published.Published:
    """The arrays as they stand; those that were not assigned follow from those that were."""
    found = [np.asarray(getattr(estimator, name), order="C") if hasattr(estimator, name) else None for name in ARRAYS]
    for array, name in zip(found, ("covariances", "precisions", "precision Cholesky"), strict=True):
        if array is not None:
            require_shape(array, layout, name, n_components, n_features)
    covariances, precisions, factor = found
    if covariances is None and precisions is None and factor is None:
        raise MixtureError(f"This model has no covariances_. {REMEDY}")
    if factor is None or covariances is None or precisions is None:
        rest = _derived(covariances, precisions, factor, layout)
        covariances = rest.covariances if covariances is None else covariances
        precisions = rest.precisions if precisions is None else precisions
        factor = rest.precisions_cholesky if factor is None else factor
    return published.Published(covariances, precisions, factor)


def _derived(covariances: Any, precisions: Any, factor: Any, layout: Layout) -> published.Published:
    if factor is not None:
        return published.from_factors(factor, layout)
    if covariances is not None:
        return published.from_covariances(covariances, layout)
    return published.from_precisions(precisions, layout)


def set_parameters(estimator: Any, parameters: Parameters) -> None:
    """Set the public arrays of an estimator."""
    estimator.weights_ = parameters.weights
    estimator.means_ = parameters.means
    estimator.covariances_ = parameters.arrays.covariances
    estimator.precisions_ = parameters.arrays.precisions
    estimator.precisions_cholesky_ = parameters.arrays.precisions_cholesky
    estimator.noise_weight_ = parameters.noise_weight
    estimator._noise = parameters.noise


def require_same_shape(estimator: Any, n_features: int) -> None:
    """Raise when a warm start's settings no longer fit the model it would go on from."""
    k, d = np.asarray(estimator.means_).shape
    fitted_type = getattr(estimator, "_fitted_type", estimator.covariance_type)
    wrong = []
    if k != estimator.n_components:
        wrong.append(f"n_components is {estimator.n_components} and the fitted model has {k}")
    if d != n_features:
        wrong.append(f"X has {n_features} features and the fitted model {d}")
    if fitted_type != estimator.covariance_type:
        wrong.append(f"covariance_type is {estimator.covariance_type!r} and the fitted one {fitted_type!r}")
    if bool(estimator.noise) != (getattr(estimator, "_noise", None) is not None):
        wrong.append("noise was switched")
    if wrong:
        raise MixtureError(f"A warm start cannot go on: {'; '.join(wrong)}. Use warm_start=False, or a new estimator.")


def from_parameters(estimator: Any, weights: Any, means: Any, covariances: Any) -> Any:
    """Give an unfitted estimator, with its number of components and its type, parameters as if fitted."""
    k, means = int(estimator.n_components), np.asarray(means)
    if means.ndim != 2:
        raise MixtureError(f"means have shape {means.shape} and must have shape (n_components, n_features).")
    d = means.shape[1]
    _, layout = resolve(estimator.covariance_type, d)
    arrays = published.from_covariances(covariances, layout, k, d)
    set_parameters(estimator, Parameters(check_weights(weights, k, False), check_means(means, k, d), arrays, layout))
    estimator.n_features_in_ = d
    estimator.converged_, estimator.n_iter_ = False, 0
    estimator.lower_bound_, estimator.lower_bounds_ = -np.inf, []
    _unmeasured(estimator)
    return estimator


def _unmeasured(estimator: Any) -> None:
    """What only a fit to rows can know."""
    estimator._quantiles = None
    estimator._fitted_type = estimator.covariance_type


def from_sklearn(cls: Any, estimator: Any) -> Any:
    """A fitted scikit-learn GaussianMixture as one of ours."""
    from sklearn.mixture import GaussianMixture as Theirs
    from sklearn.pipeline import Pipeline

    if isinstance(estimator, Pipeline):
        raise MixtureError("This is a Pipeline. Pass its mixture step, pipeline[-1], and keep the steps before it.")
    if not isinstance(estimator, Theirs):
        raise MixtureError(f"This is a {type(estimator).__name__}, not a fitted sklearn.mixture.GaussianMixture.")
    if not hasattr(estimator, "means_"):
        raise MixtureError("This scikit-learn model is not fitted. Call its fit(X) first.")
    ours = cls(**{name: getattr(estimator, name) for name in Theirs().get_params()})
    _copy(estimator, ours, (*FITTED, *NAMES))
    ours.noise_weight_, ours._noise = 0.0, None
    _unmeasured(ours)
    return ours


def to_sklearn(estimator: Any) -> Any:
    """One of ours as a fitted scikit-learn GaussianMixture; mclust's codes become "full"."""
    from sklearn.mixture import GaussianMixture as Theirs

    if getattr(estimator, "_noise", None) is not None:
        raise MixtureError("scikit-learn's mixture has no noise component, so this model cannot become one.")
    settings = {name: getattr(estimator, name) for name in Theirs().get_params()}
    if settings["covariance_type"] in (*MCLUST, *UNIVARIATE):
        settings["covariance_type"] = "full"
    if not isinstance(settings["init_params"], str):
        settings["init_params"] = "kmeans"
    theirs = Theirs(**settings)
    _copy(estimator, theirs, (*FITTED, *NAMES))
    return theirs


def _copy(source: Any, target: Any, names: tuple[str, ...]) -> None:
    for name in names:
        if hasattr(source, name):
            setattr(target, name, deepcopy(getattr(source, name)))


def reorder(estimator: Any, order: Any) -> Any:
    """A copy of an estimator with its components in another order."""
    order = np.asarray(order)
    parameters = parameters_of(estimator)
    k = parameters.shape[0]
    if order.shape != (k,) or sorted(order.tolist()) != list(range(k)):
        raise MixtureError(f"order is {order.tolist()} and must hold each of 0 to {k - 1} once.")
    other = copy(estimator)
    set_parameters(other, parameters.reordered(order))
    report = getattr(estimator, "fit_report_", None)
    if report is not None:
        other.fit_report_ = report.reordered([int(i) for i in order])
    return other


def sorted_by(estimator: Any, by: str | int) -> Any:
    """The order of the components by falling weight, or by rising mean of a column."""
    if isinstance(by, str) and by == "weight":
        return np.argsort(-np.asarray(estimator.weights_), kind="stable")
    names = [str(name) for name in getattr(estimator, "feature_names_in_", [])]
    d = estimator.means_.shape[1]
    column = names.index(by) if by in names else by
    if isinstance(column, bool) or not isinstance(column, Integral) or not -d <= column < d:
        raise MixtureError(f"by is {by!r}. Use 'weight', or a column: {', '.join(names) or f'0 to {d - 1}'}.")
    return np.argsort(np.asarray(estimator.means_)[:, int(column)], kind="stable")
