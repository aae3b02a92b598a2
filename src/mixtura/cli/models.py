"""Between fitted models and the command line: the one place that knows how models are made and looked into."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.cli.describe import Portrait
from mixtura.cli.endings import Code, Stop
from mixtura.cli.inputs import shown_names
from mixtura.cli.outputs import writing
from mixtura.cli.requests import Settings
from mixtura.outcome import MixtureError

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
_STARTS = ("k-means++", "kmeans", "random", "random_from_data")


def fit_mixture(
    rows: Float, weight: Float | None, names: Sequence[str] | None, settings: Settings, watch: Any = None
) -> Any:
    """
    Fit a mixture as the command line does.

    Parameters
    ----------
    rows
        (N, D) numbers.
    weight
        (N,) weights or None.
    names
        Names of the D features, None where they have none.
    settings
        As typed; checked here.
    watch
        Told of every start and pass.

    Returns
    -------
    GaussianMixture
        Its components by falling share, started from standardized columns.
    """
    from mixtura import GaussianMixture
    from mixtura.estimators.solve import Door

    model = GaussianMixture(
        one_number(settings.components),
        covariance_type=one_family(settings.family),
        tol=settings.tol,
        reg_covar=settings.reg_covar,
        max_iter=settings.max_iter,
        n_init=settings.n_init,
        init_params=_start(settings.init),
        random_state=settings.seed,
        noise=settings.noise,
        prior="default" if settings.prior else None,
        acceleration="squarem",
        n_threads=settings.threads,
    )
    door = Door(standardize=True, names=None if names is None else tuple(names), watch=watch)
    with calm(), in_options():
        model._fit(rows, weight, door)
    return model.sort_components(by="weight")


def one_number(components: str) -> int:
    """Read ``-k``: one whole number; several are another command's."""
    text = components.strip()
    if re.fullmatch(r"\d+(?:[:,]\d+)+", text):
        raise Stop(
            Code.USAGE, f"fit takes one number of components, not {text}. To choose among several: mixtura select"
        )
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Stop(Code.USAGE, f"-k takes a whole number of components from 1, not {text!r}.")
    return int(text)


def one_family(text: str) -> str:
    """Read ``-c``: one family; several are another command's."""
    from mixtura.covariance import MCLUST, SKLEARN, UNIVARIATE

    names = (*SKLEARN, *MCLUST, *UNIVARIATE)
    if text in ("all", "sklearn") or "," in text:
        raise Stop(Code.USAGE, f"fit takes one family, not {text}. To choose among several: mixtura select")
    known = {name.lower(): name for name in names}
    if text.lower() not in known:
        raise Stop(Code.USAGE, f"-c takes one of {', '.join(names)}, not {text!r}.")
    return known[text.lower()]


def _start(text: str) -> str:
    if text not in _STARTS:
        raise Stop(Code.USAGE, f"--init takes one of {', '.join(_STARTS)}, not {text!r}.")
    return text


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
    for argument, option in _OPTIONS.items():
        sentence = re.sub(rf"(?<![\w-]){argument}(?!\w)", option, sentence)
    return sentence


def write_model(model: Any, path: str, force: bool) -> None:
    """Write a model file, whole or not at all."""
    from mixtura import files

    with writing(path):
        files.save(model, path, overwrite=force)


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
