"""Between an estimator and what a file holds: its header and its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from mixtura import __version__
from mixtura.assess import Quantiles
from mixtura.covariance import public_shape, resolve
from mixtura.covariance.published import Published
from mixtura.files import settings
from mixtura.files.archive import Entry, Tensor
from mixtura.files.document import FORMAT, Header, tensors_digest
from mixtura.files.faults import Fault
from mixtura.files.schema import plain
from mixtura.files.soundness import require_mixture
from mixtura.frame import Frame
from mixtura.noise import Box, Noise
from mixtura.outcome import MixtureError
from mixtura.parameters import Parameters
from mixtura.sources.faults import show

PUBLIC = ("weights", "means", "covariances", "precisions", "precisions_cholesky")
BOX = ("noise_origin", "noise_unit", "noise_axes", "noise_low", "noise_high")
QUANTILES = ("quantile_values", "quantile_shares")
SERIES = ("lower_bounds", *QUANTILES)
ROUNDING = 1e-9


def require_savable(model: Any) -> None:
    """Refuse what is not a fitted GaussianMixture, with what to save instead."""
    from mixtura.estimators import GaussianMixture

    found = type(model).__name__
    if type(model) is GaussianMixture:
        if not hasattr(model, "means_"):
            raise MixtureError("This GaussianMixture is not fitted, so it cannot be saved. Call its fit(X) first.")
        return
    remedy = ""
    if hasattr(model, "steps"):
        remedy = " Save its mixture step, model[-1], and keep the steps before it in another way."
    elif type(model).__module__.startswith("sklearn.mixture") and found == "GaussianMixture":
        found, remedy = "scikit-learn GaussianMixture", " Turn it into one: GaussianMixture.from_sklearn(model)."
    elif hasattr(model, "best_estimator_"):
        remedy = " Save its best_estimator_."
    raise MixtureError(f"save takes a fitted mixtura.GaussianMixture (not a subclass), and this is a {found}.{remedy}")


def describe(model: Any, extra: dict[str, Any]) -> tuple[Header, dict[str, Tensor]]:
    """Take a fitted estimator apart."""
    from mixtura.estimators.conversion import parameters_of

    parameters, taken = parameters_of(model), settings.take(model.get_params(deep=False))
    tensors = {**_public(parameters), **_box(parameters.noise), **_path(model), **taken.tensors}
    k, d = parameters.shape
    noise, names = parameters.noise, getattr(model, "feature_names_in_", None)
    header = Header(
        format=FORMAT,
        version=__version__,
        kind="GaussianMixture",
        n_components=k,
        n_features=d,
        dtype=tensors["means"].dtype.name,
        settings=taken.plain,
        fitted_type=getattr(model, "_fitted_type", None),
        converged=_maybe(bool, model, "converged_"),
        n_iter=_maybe(int, model, "n_iter_"),
        lower_bound=_maybe(float, model, "lower_bound_"),
        noise_weight=float(parameters.noise_weight),
        noise_log_volume=None if noise is None else float(noise.log_volume),
        feature_names=None if names is None else tuple(str(name) for name in names),
        report=plain(getattr(model, "fit_report_", None)),
        extra=extra,
        notes=taken.notes,
        tensors_sha256=tensors_digest(tensors),
    )
    return header, tensors


def _maybe(kind: Any, model: Any, name: str) -> Any:
    return kind(getattr(model, name)) if hasattr(model, name) else None


def _public(parameters: Parameters) -> dict[str, Tensor]:
    arrays = parameters.arrays
    values = (parameters.weights, parameters.means, arrays.covariances, arrays.precisions, arrays.precisions_cholesky)
    return {name: settings.floats(value) for name, value in zip(PUBLIC, values, strict=True)}


def _box(noise: Noise | None) -> dict[str, Tensor]:
    if noise is None or noise.box is None:
        return {}
    box = noise.box
    values = (box.frame.origin, box.frame.unit, box.axes, box.low, box.high)
    return {name: settings.floats(value) for name, value in zip(BOX, values, strict=True)}


def _path(model: Any) -> dict[str, Tensor]:
    """The objective pass by pass, and the training log densities, where the model has them."""
    found: dict[str, Tensor] = {}
    quantiles = getattr(model, "_quantiles", None)
    if hasattr(model, "lower_bounds_"):
        found["lower_bounds"] = np.array(model.lower_bounds_, dtype=np.float64).reshape(-1)
    if quantiles is not None:
        found.update({"quantile_values": quantiles.values, "quantile_shares": quantiles.share})
    return found


def require_shapes(header: Header, entries: tuple[Entry, ...]) -> None:
    """Refuse tensors that are missing, unknown, or of another shape or type than the header asks for."""
    public, box = _owed_shapes(header)
    found = {entry.name for entry in entries}
    for name in (*public, *(box if found & box.keys() else ())):
        if name not in found:
            raise Fault(f"it lacks its tensor {name!r}")
    for entry in entries:
        _require_shape(entry, {**public, **box})


def _owed_shapes(header: Header) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Shapes of the public arrays, and of those of the box of the noise."""
    k, d = header.n_components, header.n_features
    covariance = public_shape(resolve(header.covariance_type, d)[1], k, d)
    public = dict(zip(PUBLIC, ((k,), (k, d), covariance, covariance, covariance), strict=True))
    return public, dict(zip(BOX, ((d,), (d,), (d, d), (d,), (d,)), strict=True))


def _require_shape(entry: Entry, owed: Mapping[str, tuple[int, ...]]) -> None:
    given = (*settings.GIVEN, *settings.PRIOR)
    if entry.name not in (*owed, *SERIES, *given):
        raise Fault(f"it holds a tensor {show(entry.name)}, which this version does not know")
    shape = (prod(entry.shape),) if entry.name in SERIES else owed.get(entry.name, entry.shape)
    if entry.shape != shape:
        raise Fault(f"its {entry.name} have the shape {entry.shape} and must have {shape}")
    if entry.dtype.itemsize < 8 and entry.name not in (*PUBLIC, *given):
        raise Fault(f"its {entry.name} are float32 and must be float64")


def restore(header: Header, tensors: Mapping[str, Tensor]) -> Any:
    """Make the estimator of a header and its tensors, if they are sound."""
    if tensors_digest(tensors) != header.tensors_sha256:
        raise Fault("its numbers differ from what was written")
    if not all(np.isfinite(values).all() for values in tensors.values()):
        raise Fault("it holds numbers that are not finite")
    family, layout = resolve(header.covariance_type, header.n_features)
    model = _estimator(header, tensors)
    settings.require_prior(model.prior, family, header.n_components)
    public = [tensors[name] for name in PUBLIC]
    noise = _noise(header, tensors)
    parameters = Parameters(public[0], public[1], Published(*public[2:]), layout, header.noise_weight, noise)
    require_mixture(parameters)
    _set_fitted(model, header, parameters, tensors)
    return model


def _estimator(header: Header, tensors: Mapping[str, Tensor]) -> Any:
    from mixtura.estimators import GaussianMixture

    arguments = settings.give(header.settings, tensors)
    for name in sorted(arguments.keys() - GaussianMixture().get_params(deep=False).keys()):
        raise Fault(f"its setting {show(name)} is unknown", f"Upgrade mixtura to {show(header.version, 20)}.")
    model = GaussianMixture(**arguments)
    try:
        model._validate_params()
    except (TypeError, ValueError) as error:
        raise Fault(f"its settings cannot be used ({show(error, 160)})") from error
    return model


def _noise(header: Header, tensors: Mapping[str, Tensor]) -> Noise | None:
    log_volume = header.noise_log_volume
    if log_volume is None or BOX[0] not in tensors:
        return None if log_volume is None else Noise(log_volume)
    origin, unit, axes, low, high = (np.asarray(tensors[name], dtype=np.float64) for name in BOX)
    if not ((unit > 0.0).all() and (high > low).all()):
        raise Fault("the box of its noise has no volume")
    if not (np.abs(axes).max() <= 2.0 and np.abs(axes.T @ axes - np.eye(len(axes))).max() <= ROUNDING):
        raise Fault("the axes of the box of its noise are not orthonormal")
    with np.errstate(over="ignore"):
        box = Box(Frame(origin, unit), axes, low, high)
        differs = not abs(box.log_volume - log_volume) <= ROUNDING * (1.0 + abs(log_volume))
    if differs:
        raise Fault("the box of its noise has another volume than its noise")
    return Noise(log_volume, box)


def _set_fitted(model: Any, header: Header, parameters: Parameters, tensors: Mapping[str, Tensor]) -> None:
    from mixtura.estimators.conversion import set_parameters

    set_parameters(model, parameters)
    model._quantiles = _quantiles(tensors)
    model.n_features_in_ = header.n_features
    told = {
        "converged_": header.converged,
        "n_iter_": header.n_iter,
        "lower_bound_": header.lower_bound,
        "lower_bounds_": tensors["lower_bounds"].tolist() if "lower_bounds" in tensors else None,
        "feature_names_in_": None if header.feature_names is None else np.array(header.feature_names, dtype=object),
        "fit_report_": None if header.report is None else header.report.about(parameters),
        "_fitted_type": header.fitted_type,
    }
    for name, value in told.items():
        if value is not None:
            setattr(model, name, value)


def _quantiles(tensors: Mapping[str, Tensor]) -> Quantiles | None:
    if not tensors.keys() & set(QUANTILES):
        return None
    values, shares = (np.asarray(tensors.get(name, np.empty(0)), dtype=np.float64) for name in QUANTILES)
    whole = values.shape == shares.shape and len(values) > 0
    rising = whole and bool((np.diff(values) >= 0.0).all() and (np.diff(shares, prepend=0.0) >= 0.0).all())
    if not (rising and shares[-1] == 1.0):
        raise Fault("its training log densities do not rise")
    return Quantiles(values, shares)
