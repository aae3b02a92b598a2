"""Estimates and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.outcome import MixtureError
from mixtura.plots.style import bare, chosen, color, figure, marker, panels_of, plain, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]

WORDS = {"weights": "share", "means": "mean", "covariances": "variance"}
MOST = 9  # panels
ACROSS = 3


def intervals(
    bootstrap: Any,
    name: str = "means",
    *,
    features: Sequence[int | str] | None = None,
    feature_names: Sequence[str] | None = None,
    ax: Any = None,
) -> Any:
    """
    Show estimates with their bootstrap intervals, a panel a feature.

    Parameters
    ----------
    bootstrap : Bootstrap
        Of `bootstrap`.
    name : {"means", "weights", "covariances"}, default="means"
        What is shown. Of covariances it is the variances; of weights there is one panel.
    features : sequence of int or str, optional
        Which features are shown; by default all, or of more than 9 those whose intervals lie furthest apart.
    feature_names : sequence of str, optional
        Names of the D features; by default those of the rows.
    ax : Axes, or array of as many Axes as features, optional
        Where to draw; by default a new figure, with no window and no global state.

    Returns
    -------
    Axes, or for more than one feature an array of Axes of shape (M,)

    Raises
    ------
    MixtureError
        Another name, features that are not there, or fewer axes than features.

    Examples
    --------
    >>> import mixtura as mx
    >>> rows = mx.datasets.load_acidity().data
    >>> model = mx.GaussianMixture(2, reg_covar=0, tol=1e-8, random_state=0).fit(rows)
    >>> axes = mx.plot.intervals(mx.bootstrap(model, rows, n_resamples=20, random_state=0), feature_names=["acidity"])
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('component', 'mean of acidity')
    """
    if name not in WORDS:
        raise MixtureError(f"name is {name!r}. Use one of {', '.join(WORDS)}.")
    centers, low, high = (_columns(name, values) for values in _three(bootstrap, name))
    known = [f"feature {known}" if known.isdigit() else known for known in bootstrap.features]
    known = known if feature_names is None else list(feature_names)
    names = [plain(feature) for feature in known]
    picked = [0] if name == "weights" else chosen(features, known)
    picked = _apart(centers, low, high) if picked is None else picked
    panels = _panels(ax, len(picked))
    for axes, at in zip(panels, picked, strict=True):
        _panel(axes, centers[:, at], low[:, at], high[:, at])
        axes.set_ylabel(WORDS[name] if name == "weights" else f"{WORDS[name]} of {names[at]}")
    told = _told(bootstrap, len(picked), len(names) if name != "weights" else 1)
    if ax is None and len(panels) > 1:
        panels[0].figure.suptitle(told, fontsize=10, ha="left", x=0.01)
    else:
        title(panels[0], told)
    return panels[0] if len(panels) == 1 else panels


def _three(bootstrap: Any, name: str) -> tuple[Any, Any, Any]:
    return (bootstrap.parameters[name], *bootstrap.intervals[name])


def _columns(name: str, values: Any) -> Float:
    """A row a component and a column a panel: shares, means, or variances."""
    found = np.asarray(values, dtype=np.float64)
    return np.asarray(found[:, np.newaxis] if name == "weights" else found if found.ndim == 2 else _diagonal(found))


def _diagonal(matrices: Float) -> Float:
    return np.asarray(np.diagonal(matrices, axis1=1, axis2=2))


def _apart(centers: Float, low: Float, high: Float) -> list[int]:
    """The features whose estimates differ most between components, measured in widths of their intervals."""
    width = np.maximum((high - low).mean(axis=0), np.finfo(float).tiny)
    order = np.argsort(-np.ptp(centers, axis=0) / width, kind="stable")
    return sorted(int(at) for at in order[:MOST])


def _panels(ax: Any, m: int) -> NDArray[Any]:
    if ax is not None:
        return panels_of(np.array([ax], dtype=object) if m == 1 and np.ndim(ax) == 0 else ax, (m,), (0.0, 0.0))
    across = 2 if m == 4 else min(m, ACROSS)
    down = -(-m // across)
    made = figure(max(4.5, 3.2 * across), 2.7 * down + 0.9)
    grid = made.add_gridspec(down, across)
    panels = np.empty(m, dtype=object)
    panels[:] = [made.add_subplot(grid[at // across, at % across]) for at in range(m)]
    return panels


def _panel(axes: Axes, centers: Float, low: Float, high: Float) -> None:
    for k, (center, least, most) in enumerate(zip(centers, low, high, strict=True)):
        axes.vlines(k, least, most, color=color(k), linewidth=2.0)
        axes.plot([k, k], [least, most], color=color(k), linestyle="", marker="_", markersize=14, mew=1.6)
        axes.plot([k], [center], marker=marker(k), color=color(k), markersize=6.5, mec="white", mew=0.8, zorder=4)
    axes.set_xticks(range(len(centers)) if len(centers) <= 15 else range(0, len(centers), -(-len(centers) // 15)))
    axes.set_xlim(-0.6, len(centers) - 0.4)
    axes.set_xlabel("component")
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.7)
    axes.set_axisbelow(True)
    bare(axes)


def _told(bootstrap: Any, shown: int, features: int) -> str:
    level = f"{100.0 * bootstrap.level:.6g} % intervals"
    told = f"{level} of {bootstrap.n_resamples - bootstrap.n_failed} refits, {bootstrap.kind}"
    return told if shown == features else f"{told}\n{shown} of {features} features"
