"""What a model file says in words: its header, signed, so that no damage passes for a model."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura import __version__
from mixtura.covariance import resolve
from mixtura.files.archive import Tensor, parse_json
from mixtura.files.faults import MAKE, Fault
from mixtura.files.schema import build, plain
from mixtura.fit_report import FitReport
from mixtura.outcome import MixtureError
from mixtura.sources.faults import show

# Rises when a file can no longer be read by older versions. Every version reads all formats before its own.
FORMAT = 1
KINDS = ("GaussianMixture",)

_OUTER = ("format", "mixtura", "model", "sha256")


@dataclass(frozen=True)
class Header:
    """What a model file holds, but for its numbers.

    Parameters
    ----------
    format : int
        Number of the file format.
    version : str
        The version of mixtura that wrote the file.
    kind : str
        Name of the estimator.
    n_components, n_features : int
        K and D of the fitted model.
    dtype : str
        Type of its means.
    settings : dict
        The constructor's arguments that are plain values. Arrays are among the tensors.
    fitted_type : str or None
        The `covariance_type` that was fitted.
    converged : bool or None
    n_iter : int or None
    lower_bound : float or None
        None where the model has no such attribute.
    noise_weight : float
    noise_log_volume : float or None
        None without a noise component.
    feature_names : tuple of str or None
        None where the rows had no names. As they were: anything may stand in them.
    report : FitReport or None
        How the fit went; None for a model that was made from parameters.
    extra : dict
        What was given to `save` as `extra`.
    notes : tuple of str
        What was left out of the file, a sentence each.
    tensors_sha256 : str
        Digest of the tensors.
    """

    format: int
    version: str
    kind: str
    n_components: int
    n_features: int
    dtype: str
    settings: dict[str, Any]
    fitted_type: str | None
    converged: bool | None
    n_iter: int | None
    lower_bound: float | None
    noise_weight: float
    noise_log_volume: float | None
    feature_names: tuple[str, ...] | None
    report: FitReport | None
    extra: dict[str, Any]
    notes: tuple[str, ...]
    tensors_sha256: str

    @property
    def covariance_type(self) -> str:
        """The covariance type, as the constructor takes it."""
        return str(self.settings.get("covariance_type"))

    @property
    def family(self) -> str:
        """Code of the covariance family: volume, shape and orientation."""
        return resolve(self.covariance_type, self.n_features)[0].name

    def metadata(self) -> dict[str, str]:
        """The header as text by name, signed."""
        content = {**plain(self), "extra": self.extra}
        del content["format"], content["version"]
        try:
            model = json.dumps(content, allow_nan=False)
        except ValueError as error:
            raise Fault(f"it holds a number that JSON cannot ({error})") from error
        outer = {"format": str(self.format), "mixtura": self.version, "model": model}
        return {**outer, "sha256": _signature(outer)}

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> Header:
        """Read a header from text by name.

        Raises
        ------
        Fault
            Text of another program, of a newer format, damaged, or with a value that cannot be.
        """
        if not {"format", "mixtura"} <= metadata.keys():
            raise Fault("it is a safetensors file, but not one of mixtura's", MAKE)
        _require_known_format(metadata["format"], metadata["mixtura"])
        if metadata.keys() != set(_OUTER) or metadata["sha256"] != _signature(metadata):
            raise Fault("its header differs from what was written")
        content = parse_json(metadata["model"])
        if content.keys() & {"format", "version"}:
            raise Fault("its header tells its version twice")
        header = build(cls, {**content, "format": int(metadata["format"]), "version": metadata["mixtura"]})
        _require_sense(header)
        return header


def plain_extra(extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """
    Check that `extra` is what JSON can hold and give back the same; tuples become lists, NumPy's numbers Python's.

    Raises
    ------
    MixtureError
        For anything but None, bool, int, str, finite floats, lists, and dicts by str.

    Examples
    --------
    >>> plain_extra({"columns": ("a", "b")})
    {'columns': ['a', 'b']}
    """
    if extra is not None and not isinstance(extra, Mapping):
        raise MixtureError(f"extra is a {type(extra).__name__}. Give a dict.")
    try:
        return dict(_json_tree(extra or {}, ()))
    except RecursionError as error:
        raise MixtureError("extra is nested without end. Give a dict that does not hold itself.") from error


def _json_tree(value: Any, where: tuple[str | int, ...]) -> Any:
    if isinstance(value, np.generic):
        return _json_tree(value.item(), where)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _json_tree(part, (*where, key)) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_json_tree(part, (*where, at)) for at, part in enumerate(value)]
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    words = "Give None, bool, int, str, finite floats, lists, and dicts whose keys are str."
    place = "".join(f"[{show(key) if isinstance(key, str) else key}]" for key in where)
    raise MixtureError(f"extra{place} is {show(value)}, which JSON cannot hold. {words}")


def _signature(outer: Mapping[str, str]) -> str:
    text = "\n".join(outer[name] for name in _OUTER[:3])
    return hashlib.sha256(text.encode()).hexdigest()


def tensors_digest(tensors: Mapping[str, Tensor]) -> str:
    """Digest of tensors with their names, types and shapes, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        values = np.asarray(tensors[name], dtype=tensors[name].dtype.newbyteorder("<"), order="C")
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(values.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _require_known_format(number: str, version: str) -> None:
    if not re.fullmatch("[1-9][0-9]{0,8}", number, re.ASCII):
        raise Fault(f"its format number is {show(number)}")
    if int(number) > FORMAT:
        words = f"it has format {number}, and mixtura {__version__} reads formats up to {FORMAT}"
        raise Fault(words, f"It was written by mixtura {show(version, 20)}: upgrade mixtura to that version or later.")


def _require_sense(header: Header) -> None:
    """Refuse what a type hint cannot: kinds that are unknown, counts and shares that cannot be."""
    k, d, names = header.n_components, header.n_features, header.feature_names
    if header.kind not in KINDS:
        raise Fault(f"it holds a {show(header.kind)}", f"This version loads {', '.join(KINDS)}: upgrade mixtura.")
    if k < 1 or d < 1:
        raise Fault(f"it tells of {k} components and {d} features")
    try:
        resolve(header.covariance_type, d)
    except MixtureError as error:
        raise Fault(f"its covariance_type is {show(header.covariance_type)}, for {d} features") from error
    if names is not None and len(names) != d:
        raise Fault(f"it has {len(names)} feature names for {d} features")
    if header.noise_log_volume is None and header.noise_weight != 0.0:
        raise Fault(f"it tells of noise of weight {header.noise_weight} without a volume")
    if not (0.0 <= header.noise_weight < 1.0 and math.isfinite(header.noise_log_volume or 0.0)):
        raise Fault(f"it tells of noise of weight {header.noise_weight} and log volume {header.noise_log_volume}")
    if header.report is not None:
        _require_same_model(header.report, k, d)


def _require_same_model(report: FitReport, n_components: int, n_features: int) -> None:
    """Refuse a fit report of another model, with which the model's methods would fail."""
    counts = {report.n_components, len(report.mass), len(report.conditions)}
    inside = all(0 <= component < n_components for component in report.spurious)
    if counts != {n_components} or report.n_features != n_features or not inside:
        raise Fault("its fit report is that of another model")
    if not (0.0 < report.weight < math.inf and report.n_rows > 0):
        raise Fault(f"its fit report tells of {report.n_rows} rows of total weight {report.weight}")
    if not 0 <= report.best < max(1, len(report.starts)):
        raise Fault(f"its fit report says that start {report.best} of {len(report.starts)} was the best")
