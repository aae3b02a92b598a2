"""One data set of a batch in the ordinary way."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from mixtura.estimators import inputs
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.outcome import DataWarning, MixtureError, Outcome


def fit(
    estimator: GaussianMixture, X: Any, sample_weight: Any
) -> tuple[GaussianMixture | None, Any, str, tuple[str, ...]]:
    """The fitted estimator with the labels of its rows; or what went wrong; and what looks wrong.

    Warnings are heard by all threads, so such fits run one after the other, each on all threads.
    """
    model: GaussianMixture = clone(estimator)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            model.fit(X, sample_weight=sample_weight)
        except (MixtureError, ValueError, TypeError) as error:
            return None, None, str(error), ()
    notes = tuple(str(one.message) for one in heard if issubclass(one.category, DataWarning))
    for one in heard:
        if not issubclass(one.category, DataWarning | ConvergenceWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return model, _labels(model, X, sample_weight), "", notes


def _labels(model: GaussianMixture, X: Any, sample_weight: Any) -> Any:
    """The label of each row; -1 for one of weight 0 whose cells are not numbers."""
    if sample_weight is None:
        return model.predict(X)
    source = inputs.source_of(model, X, reset=False)
    rows = source.as_float()
    sound = np.isfinite(rows).all(axis=1)
    if sound.all():
        return model.predict(X)
    labels = np.full(len(rows), -1)
    nameless = clone(model)
    vars(nameless).update({name: value for name, value in vars(model).items() if name != "feature_names_in_"})
    labels[sound] = nameless.predict(rows[sound])
    return labels


def outcome_of(reason: str) -> Outcome | None:
    """The outcome that the text of a failed fit tells; None where the rows were at fault."""
    return next((outcome for outcome in Outcome if outcome.value in reason), None)
