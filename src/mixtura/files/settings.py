"""The arguments of an estimator's constructor: plain values for the header, arrays for the tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.covariance import Family
from mixtura.files.archive import Tensor
from mixtura.files.faults import Fault
from mixtura.files.schema import build, plain
from mixtura.outcome import MixtureError
from mixtura.prior import NormalInverseWishart
from mixtura.sources.faults import show

# Arguments that are kept as tensors of their own names, and fields of a prior that are kept as tensors.
GIVEN = ("weights_init", "means_init", "precisions_init")
PRIOR = ("prior_mean", "prior_scale")

LABELS_LEFT_OUT = (
    "init_params was an array, with a row for each row of the data, and was left out: the loaded model has "
    '"kmeans". Set it again before a refit.'
)
GENERATOR_LEFT_OUT = (
    "random_state was a generator, which moves on with every use, and was left out: the loaded model has None. "
    "Use a whole number to repeat a refit."
)


@dataclass(frozen=True)
class Taken:
    """Settings as plain values by name, arrays by name, and what was left out, a sentence each."""

    plain: dict[str, Any]
    tensors: dict[str, Tensor]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _PlainPrior:
    """The numbers of a prior; its arrays are tensors."""

    shrinkage: float
    dof: float | None
    scale: float | None


def take(arguments: Mapping[str, Any]) -> Taken:
    """Part the constructor's arguments into what a header and what tensors can hold.

    Raises
    ------
    Fault
        For a value that is neither a number, text, an array nor a prior.
    """
    values = dict(arguments)
    tensors = {name: floats(values.pop(name)) for name in GIVEN if values.get(name) is not None}
    notes = []
    if not isinstance(values["init_params"], str):
        values["init_params"] = "kmeans"
        notes.append(LABELS_LEFT_OUT)
    if isinstance(values["random_state"], np.random.RandomState):
        values["random_state"] = None
        notes.append(GENERATOR_LEFT_OUT)
    if isinstance(values["prior"], NormalInverseWishart):
        values["prior"], arrays = _take_prior(values["prior"])
        tensors.update(arrays)
    for name, value in values.items():
        if not isinstance(value, bool | int | float | str | np.generic | None) and name != "prior":
            raise Fault(f"its {name} is {show(value)}, which is no plain value")
    return Taken(plain(values), tensors, tuple(notes))


def give(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The constructor's arguments that `take` took apart."""
    values = {name: _read(name, value) for name, value in settings.items() if name != "prior"}
    values.update({name: tensors[name] for name in GIVEN if name in tensors})
    prior = settings.get("prior")
    values["prior"] = _give_prior(prior, tensors) if isinstance(prior, dict) else prior
    return values


def require_prior(prior: Any, family: Family, n_components: int) -> None:
    """Refuse a prior that no fit could use."""
    if not isinstance(prior, NormalInverseWishart):
        return
    d = family.n_features
    try:
        prior.resolve(family.order, n_components, np.zeros(d), np.eye(d))
    except (MixtureError, ValueError) as error:
        raise Fault(f"its {str(error).rstrip('.')}") from error


def floats(values: Any) -> Tensor:
    """An array as it is if it is float32, else in float64."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise Fault(f"it holds an array of {array.dtype}, and only real numbers can be kept")
    return np.array(array, dtype=np.float32 if array.dtype == np.float32 else np.float64)


def _take_prior(prior: NormalInverseWishart) -> tuple[_PlainPrior, dict[str, Tensor]]:
    tensors = {} if prior.mean is None else {"prior_mean": floats(prior.mean)}
    scale = None
    if prior.scale is not None and np.ndim(prior.scale):
        tensors["prior_scale"] = floats(prior.scale)
    elif prior.scale is not None:
        scale = float(np.asarray(prior.scale))
    dof = None if prior.dof is None else float(prior.dof)
    return _PlainPrior(float(prior.shrinkage), dof, scale), tensors


def _give_prior(content: dict[str, Any], tensors: Mapping[str, Tensor]) -> NormalInverseWishart:
    told = build(_PlainPrior, content, "prior")
    scale = tensors.get("prior_scale", told.scale)
    return NormalInverseWishart(tensors.get("prior_mean"), told.shrinkage, told.dof, scale)


def _read(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise Fault(f"its {name} is {show(value)}")
