"""Whole pictures, put together from panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixtura.outcome import MixtureError
from mixtura.plots.panels import density, scatter
from mixtura.plots.scene import Scene, most_telling, scene, title
from mixtura.plots.style import INK, NOISE, color, marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_IN_LEGEND = 12


def classification(
    model: Any,
    X: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    feature_names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Any:
    r"""
    Show rows, the component each belongs to, and the components.

    With one feature: the densities of the components and of the mixture over a histogram. With two: points, and for
    each component the ellipses that hold a share p of 50 % and 95 % of it, where
    :math:`(x - \mu)^T \Sigma^{-1} (x - \mu) = -2 \log(1 - p)`.
    With more: a panel for each pair of features, where the ellipses are those of the pair's own density.

    Parameters
    ----------
    model : GaussianMixture
        Fitted, of K components.
    X : array of shape (N, D)
        Rows. Beyond 20 000 the points are a random sample, and the title says so; histograms count every row.
    sample_weight : array of shape (N,), optional
        Weights of the rows: they count in histograms and are the areas of the points.
    feature_names : sequence of str, optional
        Names of the D features; by default the model's own.
    ax : matplotlib Axes, optional
        Where to draw one feature or two; by default a new figure, with no window and no global state.

    Returns
    -------
    Axes, or for more than two features an array of Axes of shape (M, M)
        Above the diagonal there is None. Beyond 6 features the 6 that separate the components most are drawn, and the
        title says so. ``axes.figure.savefig(...)`` writes the picture.

    Raises
    ------
    MixtureError
        Where `ax` is given for more than two features.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura import GaussianMixture
    >>> from mixtura.plots import classification
    >>> rows = np.random.default_rng(0).normal(size=(60, 2))
    >>> axes = classification(GaussianMixture(2, random_state=0).fit(rows), rows, feature_names=["height", "weight"])
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('height', 'weight')
    """
    rows = np.asarray(X, dtype=np.float64)
    weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    shown = scene(model, rows, weight, feature_names)
    if rows.shape[1] > 2:
        return _pairs(shown, ax)
    axes = ax if ax is not None else _figure(7.0, 5.5 if rows.shape[1] == 2 else 4.5).subplots()
    _panel(axes, shown, 0, rows.shape[1] - 1)
    axes.set_title(title(shown, rows.shape[1]), fontsize=10, loc="left")
    axes.legend(handles=_legend(shown, rows.shape[1]), fontsize=9, framealpha=0.9)
    return axes


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _panel(axes: Axes, of: Scene, across: int, up: int) -> None:
    axes.set_xlabel(of.names[across])
    axes.spines[["top", "right"]].set_visible(False)
    if across == up:
        density(axes, of, across)
        axes.set_ylabel("density")
    else:
        scatter(axes, of, across, up)
        axes.set_ylabel(of.names[up])


def _pairs(of: Scene, ax: Axes | None) -> NDArray[Any]:
    if ax is not None:
        raise MixtureError(f"{len(of.names)} features need a matrix of panels: leave ax out, or pass two columns.")
    features = most_telling(of)
    m = len(features)
    figure = _figure(2.3 * m + 0.6, 2.1 * m + 0.8)
    grid = figure.add_gridspec(m, m)
    panels = np.full((m, m), None, dtype=object)
    for down in range(m):
        for across in range(down + 1):
            panels[down, across] = axes = figure.add_subplot(grid[down, across])
            _panel(axes, of, features[across], features[down])
            _quiet(axes, of.names[features[down]], across == 0, down == m - 1, across == down)
    figure.suptitle(title(of, m), fontsize=10, ha="left", x=0.01)
    figure.legend(handles=_legend(of, 2), loc="upper right", fontsize=9, frameon=False, bbox_to_anchor=(0.99, 0.93))
    return panels


def _quiet(axes: Axes, name: str, first: bool, last: bool, diagonal: bool) -> None:
    """Name an axis of a matrix only at its border, and heights of densities nowhere."""
    axes.tick_params(labelsize=7, labelleft=first, labelbottom=last)
    axes.set_ylabel(name if first else "")
    if diagonal:
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
    if not last:
        axes.set_xlabel("")


def _legend(of: Scene, dimensions: int) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D(
            [],
            [],
            color=color(k),
            marker=marker(k) if dimensions > 1 else "",
            label=f"component {k} ({100 * share:.1f} %)",
        )
        for k, share in enumerate(of.shares[:_MOST_IN_LEGEND])
    ]
    if len(of.shares) > _MOST_IN_LEGEND:
        handles.append(Line2D([], [], linestyle="", label=f"and {len(of.shares) - _MOST_IN_LEGEND} more"))
    if of.noise:
        look: dict[str, Any] = {"marker": "x", "linestyle": ""} if dimensions > 1 else {"linestyle": ":"}
        handles.append(Line2D([], [], color=NOISE, label=f"noise ({100 * of.noise:.1f} %)", **look))
    if dimensions == 1 and (len(of.shares) > 1 or of.noise):
        handles.append(Line2D([], [], color=INK, linestyle="--", label="mixture"))
    if dimensions == 1:
        handles.append(Patch(color="#DDDDDD", label="rows"))
    return handles
