"""Between an estimator's attributes, the model they are, and scikit-learn's estimator."""

from __future__ import annotations

from copy import copy, deepcopy
from typing import Any

import numpy as np

from mixtura.covariance import MCLUST, published, resolve
from mixtura.estimators.initial import check_means, check_weights
from mixtura.outcome import MixtureError
from mixtura.parameters import Parameters

# The arrays that a Parameters value and an estimator share, by the estimator's names.
ARRAYS = ("covariances_", "precisions_", "precisions_cholesky_")
FITTED = ("weights_", "means_", *ARRAYS, "converged_", "n_iter_", "lower_bound_", "lower_bounds_")


def parameters_of(estimator: Any) -> Parameters:
    """The published attributes of an estimator as a model; a factor that was not assigned comes from the covariances."""
    if not hasattr(estimator, "means_") or not hasattr(estimator, "weights_"):
        raise MixtureError("This model has no weights_ and means_. Fit it, or use GaussianMixture.from_parameters.")
    means = np.asarray(estimator.means_)
    _, layout = resolve(estimator.covariance_type, means.shape[1])
    if hasattr(estimator, "precisions_cholesky_"):
        factor = np.asarray(estimator.precisions_cholesky_)
        others = (np.asarray(getattr(estimator, name, factor)) for name in ARRAYS[:2])
        arrays = published.Published(*others, factor)
    elif hasattr(estimator, "covariances_"):
        arrays = published.from_covariances(estimator.covariances_, layout)
    else:
        raise MixtureError("This model has no covariances_. Fit it, or use GaussianMixture.from_parameters.")
    noise = getattr(estimator, "_noise", None)
    weight = float(getattr(estimator, "noise_weight_", 0.0))
    return Parameters(np.asarray(estimator.weights_), means, arrays, layout, weight, noise)


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
    _, layout = resolve(estimator.covariance_type, d)
    shape = {"tied": (d, d), "diag": (k, d), "spherical": (k,)}.get(layout, (k, d, d))
    wrong = []
    if k != estimator.n_components:
        wrong.append(f"n_components is {estimator.n_components} and the fitted model has {k}")
    if d != n_features:
        wrong.append(f"X has {n_features} features and the fitted model {d}")
    if np.asarray(estimator.covariances_).shape != shape or estimator._fitted_type != estimator.covariance_type:
        wrong.append(f"covariance_type is {estimator.covariance_type!r} and the fitted one {estimator._fitted_type!r}")
    if bool(estimator.noise) != (estimator._noise is not None):
        wrong.append("noise was switched")
    if wrong:
        raise MixtureError(f"A warm start cannot go on: {'; '.join(wrong)}. Use warm_start=False, or a new estimator.")


def from_parameters(estimator: Any, weights: Any, means: Any, covariances: Any) -> Any:
    """A fitted estimator of given parameters.

    Parameters
    ----------
    estimator : GaussianMixture
        Unfitted, with the number of components and the covariance type.
    weights : array-like of shape (K,)
    means : array-like of shape (K, D)
    covariances : array-like
        In the shape of `covariances_`.
    """
    means = np.asarray(means)
    if means.ndim != 2:
        raise MixtureError(f"means have shape {means.shape} and must have shape (n_components, n_features).")
    k, d = len(weights), means.shape[1]
    _, layout = resolve(estimator.covariance_type, d)
    shape = {"tied": (d, d), "diag": (k, d), "spherical": (k,)}.get(layout, (k, d, d))
    if np.shape(covariances) != shape:
        raise MixtureError(f"covariances have shape {np.shape(covariances)} and must have {shape}.")
    arrays = published.from_covariances(covariances, layout)
    set_parameters(estimator, Parameters(check_weights(weights, k, False), check_means(means, k, d), arrays, layout))
    estimator.n_features_in_ = d
    _unmeasured(estimator)
    return estimator


def _unmeasured(estimator: Any) -> None:
    estimator.converged_, estimator.n_iter_ = False, 0
    estimator.lower_bound_, estimator.lower_bounds_ = -np.inf, []
    estimator._quantiles = None
    estimator._fitted_type = estimator.covariance_type


def from_sklearn(cls: Any, estimator: Any) -> Any:
    """A fitted scikit-learn GaussianMixture as one of ours."""
    from sklearn.mixture import GaussianMixture as Theirs
    from sklearn.pipeline import Pipeline

    if isinstance(estimator, Pipeline):
        raise MixtureError("This is a Pipeline. Pass its mixture step, pipeline[-1], and keep the steps before it.")
    if not isinstance(estimator, Theirs):
        raise MixtureError(f"This is a {type(estimator).__name__}, not a sklearn.mixture.GaussianMixture.")
    if not hasattr(estimator, "means_"):
        raise MixtureError("This scikit-learn model is not fitted. Call its fit(X) first.")
    ours = cls(**estimator.get_params(deep=False))
    for name in (*FITTED, "n_features_in_", "feature_names_in_"):
        if hasattr(estimator, name):
            setattr(ours, name, deepcopy(getattr(estimator, name)))
    ours.noise_weight_, ours._noise, ours._quantiles = 0.0, None, None
    ours._fitted_type = ours.covariance_type
    return ours


def to_sklearn(estimator: Any) -> Any:
    """One of ours as a fitted scikit-learn GaussianMixture; mclust's codes become "full"."""
    from sklearn.mixture import GaussianMixture as Theirs

    if estimator._noise is not None:
        raise MixtureError("scikit-learn's mixture has no noise component, so this model cannot become one.")
    settings = {name: value for name, value in estimator.get_params(deep=False).items() if name in Theirs().get_params()}
    code = settings["covariance_type"] in MCLUST or len(settings["covariance_type"]) == 1
    settings["covariance_type"] = "full" if code else settings["covariance_type"]
    if not isinstance(settings["init_params"], str):
        settings["init_params"] = "kmeans"
    theirs = Theirs(**settings)
    for name in (*FITTED, "n_features_in_", "feature_names_in_"):
        if hasattr(estimator, name):
            setattr(theirs, name, deepcopy(getattr(estimator, name)))
    return theirs


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
    if by == "weight":
        return np.argsort(-np.asarray(estimator.weights_), kind="stable")
    names = [str(name) for name in getattr(estimator, "feature_names_in_", [])]
    d = estimator.means_.shape[1]
    if by in names:
        by = names.index(str(by))
    if not isinstance(by, int) or not -d <= by < d:
        raise MixtureError(f"by is {by!r}. Use 'weight', or a column: {', '.join(names) or f'0 to {d - 1}'}.")
    return np.argsort(np.asarray(estimator.means_)[:, by], kind="stable")
