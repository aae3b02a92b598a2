"""What a picture shows: rows, their components, and the numbers of the model."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
        The D features, safe to draw.
    raw : tuple of str
        The same as they are called.
    """

    model: Any
    rows: Float
    weight: Float | None
    shown: NDArray[np.intp]
    labels: NDArray[np.intp]
    covariances: Float
    names: tuple[str, ...]
    raw: tuple[str, ...] = ()

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


def seen(model: Any, X: Any, sample_weight: ArrayLike | None, names: Sequence[str] | None) -> Scene:
    """Gather what is shown of rows as they came."""
    if hasattr(X, "columns"):  # the model says what is wrong with other columns than its own
        getattr(model, "best_estimator_", model).predict(X[:1])
    rows = np.asarray(X, dtype=np.float64)
    weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if weight is not None and (weight == 0.0).any() and weight.any():  # a row of weight 0 is no row
        rows, weight = rows[weight != 0.0], weight[weight != 0.0]
    return scene(model, rows, weight, names)


def scene(model: Any, rows: Float, weight: Float | None, names: Sequence[str] | None) -> Scene:
    """Gather what is shown; where rows are many, the points are a random sample of fixed seed."""
    model = getattr(model, "best_estimator_", model)
    raw = raw_names(model, rows.shape[1], names)
    model, n = _nameless(model), len(rows)
    shown = np.arange(n)
    if n > MOST_POINTS:
        shown = np.sort(np.random.default_rng(0).choice(n, MOST_POINTS, replace=False))
    labels = np.asarray(model.predict(rows[shown]), dtype=np.intp)
    return Scene(model, rows, weight, shown, labels, covariances(model), tuple(map(plain, raw)), tuple(raw))


def _nameless(model: Any) -> Any:
    """The same model for rows without names: the columns were compared."""
    if not hasattr(model, "feature_names_in_"):
        return model
    twin = copy(model)
    del twin.feature_names_in_
    return twin


def raw_names(model: Any, n_features: int, names: Sequence[str] | None) -> list[str]:
    """Names of the features: given, or the model's own, or numbers."""
    known = names if names is not None else getattr(model, "feature_names_in_", None)
    return [f"feature {at}" for at in range(n_features)] if known is None else [str(name) for name in known]


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
    d, lines = of.rows.shape[1], [headline(of, points=features > 1)]
    if features < d:
        lines.append(telling(features, d))
    if features > 1:
        lines.append("ellipses hold 50 % and 95 % of a component")
    return "\n".join(lines)


def headline(of: Scene, points: bool) -> str:
    """Say what model it is and how many rows, and where points are drawn, of how many."""
    k, n = len(of.means), len(of.rows)
    told = f"{k} component{'s' * (k > 1)} of family {of.model.covariance_type}"
    if not len(of.shown):
        return told
    told += f", {count(n)} rows"
    if of.weight is not None:
        told += f" of total weight {of.weight.sum():g}"
    return f"{told} ({count(len(of.shown))} of them drawn, at random)" if points and len(of.shown) < n else told


def telling(features: int, of: int) -> str:
    """Say that not all features are drawn."""
    return f"the {features} of {of} features that separate the components most"
