"""Between fitted models and the command line: the one place that knows how models are looked into and kept."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.cli.describe import Portrait
from mixtura.cli.inputs import shown_names
from mixtura.cli.outputs import writing
from mixtura.outcome import MixtureError

if TYPE_CHECKING:
    from mixtura.assess import Assessment

Float = NDArray[np.float64]

_OPTIONS = {
    "max_iter": "--max-iter",
    "n_init": "--n-init",
    "tol": "--tol",
    "reg_covar": "--reg-covar",
    "a prior": "--prior",
    "covariance_type": "-c",
    "n_components": "-k",
    "init_params": "--init",
    "sample_weight": "--weights",
}
# scikit-learn's words for it, which speak of arguments.
_TOO_FEW = r"Expected n_samples >= n_components but got n_components = (\d+), n_samples = (\d+)\. Use n_\S+ or fewer\."


@contextmanager
def calm() -> Iterator[None]:
    """Keep warnings from the screen: the fit report holds them all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def in_options() -> Iterator[None]:
    """Let errors speak of the options of the command line."""
    try:
        yield
    except MixtureError as error:
        raise MixtureError(as_options(str(error))) from error


def as_options(sentence: str) -> str:
    """
    Say in options what the library says in arguments.

    Examples
    --------
    >>> as_options("Raise max_iter or tol.")
    'Raise --max-iter or --tol.'
    """
    sentence = re.sub(r",? or use acceleration=.squarem.", "", sentence)
    sentence = re.sub(_TOO_FEW, r"\2 rows are too few for \1 components.", sentence)
    sentence = sentence.replace("see merge_components", "see mixtura.merge_components in Python")
    for argument, option in _OPTIONS.items():
        sentence = re.sub(rf"(?<![\w-]){argument}(?!\w)", option, sentence)
    return sentence


def write_model(model: Any, path: str, force: bool, extra: Mapping[str, Any] | None = None) -> None:
    """Write a model file, whole or not at all, with JSON values to keep beside the model."""
    from mixtura import files

    with writing(path):
        files.save(model, path, overwrite=force, extra=extra)


def portrait_of(model: Any, rows: Float | None = None) -> Portrait:
    """Take the numbers of a model that its table shows."""
    from mixtura.plots.scene import covariances

    return Portrait(
        shown_names(model),
        np.asarray(model.weights_, dtype=np.float64),
        np.asarray(model.means_, dtype=np.float64),
        covariances(model),
        float(getattr(model, "noise_weight_", 0.0)),
        rows,
    )


def measured(model: Any, X: Any, weight: Float | None) -> tuple[Assessment, dict[str, float]]:
    """What a model says of rows, in one reading of them: sums, and the mean log-likelihood a row and criteria."""
    from mixtura import criteria

    with calm():
        found: Assessment = model._assessed(X, weight)
    if not found.weight > 0:  # rows in memory have been looked at before
        raise X.refuse_nothing()
    total, free = found.log_likelihood, int(model.n_parameters_)
    return found, {
        "score": total / found.weight,
        "bic": criteria.bic(total, free, found.weight),
        "aic": criteria.aic(total, free),
        "icl": criteria.icl(total, free, found.weight, found.log_max),
    }


def assigned(model: Any, labels: NDArray[np.int64], weight: Float | None) -> Float:
    """Sum the weights of the rows of each component, noise last where there is any."""
    k = len(model.weights_)
    noisy = float(getattr(model, "noise_weight_", 0.0)) > 0
    slots = np.where(labels < 0, k, labels)
    return np.bincount(slots, weights=weight, minlength=k + noisy).astype(np.float64)


def plain_model(model: Any) -> dict[str, Any]:
    """Give a model's parameters as plain values for JSON."""
    report = getattr(model, "fit_report_", None)
    return {
        "n_components": len(model.weights_),
        "covariance_type": model.covariance_type,
        "features": list(shown_names(model)),
        "n_parameters": int(model.n_parameters_),
        "weights": model.weights_,
        "noise_weight": float(getattr(model, "noise_weight_", 0.0)),
        "means": model.means_,
        "covariances": model.covariances_,
        "fit_report": None if report is None else report.to_dict(),
    }
