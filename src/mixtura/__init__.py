"""Gaussian mixture models: a library, a command line and a report.

Public names are imported when they are first used, so that ``import mixtura`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Bootstrap": "mixtura.resampling",
    "Comparison": "mixtura.comparing",
    "DataWarning": "mixtura.outcome",
    "Directions": "mixtura.directions",
    "Fits": "mixtura.estimators.many",
    "GaussianMixture": "mixtura.estimators",
    "LikelihoodRatioTest": "mixtura.resampling",
    "MergedComponents": "mixtura.merging",
    "MixtureClassifier": "mixtura.classification",
    "MixtureError": "mixtura.outcome",
    "MixtureSearch": "mixtura.selection",
    "ModelFileError": "mixtura.outcome",
    "NormalInverseWishart": "mixtura.prior",
    "Outcome": "mixtura.outcome",
    "Statistics": "mixtura.statistics",
    "bootstrap": "mixtura.resampling",
    "compare_labels": "mixtura.comparing",
    "discriminant_directions": "mixtura.directions",
    "fit_many": "mixtura.estimators.many",
    "likelihood_ratio_test": "mixtura.resampling",
    "load": "mixtura.files",
    "merge_components": "mixtura.merging",
    "merge_statistics": "mixtura.statistics",
    "open": "mixtura.sources.opened",
    "save": "mixtura.files",
}
_CALLED_THERE = {"open": "open_rows"}  # a module keeps Python's own `open`
_MODULES = {"datasets": "mixtura.datasets", "plot": "mixtura.plots"}

__all__ = [
    "Bootstrap",
    "Comparison",
    "DataWarning",
    "Directions",
    "Fits",
    "GaussianMixture",
    "LikelihoodRatioTest",
    "MergedComponents",
    "MixtureClassifier",
    "MixtureError",
    "MixtureSearch",
    "ModelFileError",
    "NormalInverseWishart",
    "Outcome",
    "Statistics",
    "bootstrap",
    "compare_labels",
    "datasets",
    "discriminant_directions",
    "fit_many",
    "likelihood_ratio_test",
    "load",
    "merge_components",
    "merge_statistics",
    "open",
    "plot",
    "save",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), _CALLED_THERE.get(name, name))
    raise AttributeError(f"module 'mixtura' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
