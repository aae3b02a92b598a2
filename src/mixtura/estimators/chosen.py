"""The mixture that a user means: a fitted one, or the best of a search."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from mixtura.estimators.answers import Answers
from mixtura.outcome import MixtureError


def chosen(model: Any) -> Answers:
    """A fitted mixture, or the best of a search.

    Parameters
    ----------
    model : GaussianMixture or MixtureSearch
        Fitted.

    Returns
    -------
    GaussianMixture
        A search's ``best_estimator_``, or the model itself.

    Raises
    ------
    MixtureError
        For anything else; a model of scikit-learn can be converted.
    NotFittedError
        For a model without parameters: fit it first.

    Examples
    --------
    >>> import mixtura as mx
    >>> from mixtura.estimators.chosen import chosen
    >>> model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0], "spherical")
    >>> chosen(model) is model
    True
    """
    found = getattr(model, "best_estimator_", model)
    if not isinstance(found, Answers):
        raise MixtureError(
            f"This is a {type(found).__name__}, not a fitted mixture. Pass a GaussianMixture or a MixtureSearch after "
            "its fit; GaussianMixture.from_sklearn converts scikit-learn's."
        )
    check_is_fitted(found)
    return found
