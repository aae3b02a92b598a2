"""What a picture shows: rows, their components, and the numbers of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.covariance import resolve
from mixtura.covariance.published import read_back
from mixtura.plots.style import count, plain

Float = NDArray[np.float64]

MOST_POINTS = 20_000
MOST_FEATURES = 6


@dataclass(frozen=True, eq=False)
class Scene:
    """
    A model beside its rows.

    Attributes
    ----------
    model : GaussianMixture
    rows : (N, D) array
    weight : (N,) array or None
    shown : (M,) array of int
        Which rows are drawn as points.
    labels : (M,) array of int
        Their components.
    covariances : (K, D, D) array
    names : tuple of str
        The D features.
    """

    model: Any
    rows: Float
    weight: Float | None
    shown: NDArray[np.intp]
    labels: NDArray[np.intp]
    covariances: Float
    names: tuple[str, ...]

    @property
    def means(self) -> Float:
        """Means, (K, D)."""
        means: Float = self.model.means_
        return means

    @property
    def shares(self) -> Float:
        """Shares of the components, (K,)."""
        shares: Float = self.model.weights_
        return shares

    @property
    def noise(self) -> float:
        """Share of the noise."""
        return float(getattr(self.model, "noise_weight_", 0.0) or 0.0)


def scene(model: Any, rows: Float, weight: Float | None, names: Sequence[str] | None) -> Scene:
    """Gather what is shown; where rows are many, the points are a random sample of fixed seed."""
    n, d = rows.shape
    shown = np.arange(n)
    if n > MOST_POINTS:
        shown = np.sort(np.random.default_rng(0).choice(n, MOST_POINTS, replace=False))
    labels = np.asarray(model.predict(rows[shown]), dtype=np.intp)
    known = names if names is not None else getattr(model, "feature_names_in_", None)
    called = [f"feature {at}" for at in range(d)] if known is None else known
    return Scene(model, rows, weight, shown, labels, covariances(model), tuple(plain(name) for name in called))


def covariances(model: Any) -> Float:
    """Covariances of a fitted estimator as matrices, (K, D, D), whatever the shape of its attribute."""
    k, d = np.shape(model.means_)
    layout = resolve(model.covariance_type, d)[1]
    return read_back(np.asarray(model.covariances_, dtype=np.float64), layout).dense(k, d)


def most_telling(of: Scene, most: int = MOST_FEATURES) -> list[int]:
    """Choose the features whose means differ most between components, measured in spreads; in their order."""
    center = of.shares @ of.means / of.shares.sum()
    between = of.shares @ (of.means - center) ** 2
    within = of.shares @ np.einsum("kdd->kd", of.covariances)
    order = np.argsort(-between / np.maximum(within, np.finfo(float).tiny), kind="stable")
    return sorted(int(at) for at in order[:most])


def title(of: Scene, features: int) -> str:
    """Say what is drawn and what is not."""
    k, (n, d) = len(of.means), of.rows.shape
    lines = [f"{k} component{'s' * (k > 1)} of family {of.model.covariance_type}, {count(n)} rows"]
    if of.weight is not None:
        lines[0] += f" of total weight {of.weight.sum():g}"
    if len(of.shown) < n and d > 1:
        lines[0] += f" ({count(len(of.shown))} of them drawn, at random)"
    if features < d:
        lines.append(f"the {features} of {d} features that separate the components most")
    if d > 1:
        lines.append("ellipses hold 50 % and 95 % of a component")
    return "\n".join(lines)
