"""Gaussian mixture models: a library, a command line and a report.

Public names are imported when they are first used, so that ``import mixtura`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "DataWarning": "mixtura.outcome",
    "Fits": "mixtura.estimators.many",
    "GaussianMixture": "mixtura.estimators",
    "MixtureError": "mixtura.outcome",
    "MixtureSearch": "mixtura.selection",
    "ModelFileError": "mixtura.outcome",
    "NormalInverseWishart": "mixtura.prior",
    "Outcome": "mixtura.outcome",
    "fit_many": "mixtura.estimators.many",
    "load": "mixtura.files",
    "save": "mixtura.files",
}
_MODULES = {"datasets": "mixtura.datasets", "plot": "mixtura.plots"}

__all__ = [
    "DataWarning",
    "Fits",
    "GaussianMixture",
    "MixtureError",
    "MixtureSearch",
    "ModelFileError",
    "NormalInverseWishart",
    "Outcome",
    "datasets",
    "fit_many",
    "load",
    "plot",
    "save",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mixtura' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
