"""Whole pictures, put together from panels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixtura.outcome import MixtureError
from mixtura.plots import style
from mixtura.plots.matrix import matrix
from mixtura.plots.panels import density, scatter
from mixtura.plots.scene import Scene, most_telling, seen, title
from mixtura.plots.style import INK, NOISE, bare, chosen, color, figure, marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_IN_LEGEND = 12


def classification(
    model: Any,
    X: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    feature_names: Sequence[str] | None = None,
    ax: Any = None,
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
    shown = seen(model, X, sample_weight, feature_names)
    d = len(shown.names)
    if d > 2:
        if ax is not None and not isinstance(ax, np.ndarray | list | tuple):
            raise MixtureError(f"{d} features need a matrix of panels: leave ax out, or pass two columns.")
        return _pairs(shown, most_telling(shown), ax)
    axes = ax if ax is not None else figure(7.0, 5.5 if d == 2 else 4.5).subplots()
    _panel(axes, 0, d - 1, shown)
    style.title(axes, title(shown, d))
    axes.legend(handles=legend(shown, d), fontsize=9, framealpha=0.9)
    return axes


def pairs(
    model: Any,
    X: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    features: Sequence[int | str] | None = None,
    feature_names: Sequence[str] | None = None,
    ax: Any = None,
) -> NDArray[Any]:
    r"""
    Show rows and components by each feature and each pair of features.

    On the diagonal the densities of the components over a histogram, where the density of one feature is that of its
    own means and variances; below it points, and the ellipses that hold 50 % and 95 % of each component,
    :math:`(x - \mu)^T \Sigma^{-1} (x - \mu) = -2 \log(1 - p)` with the two rows and columns of the pair.

    Parameters
    ----------
    model : GaussianMixture
        Fitted, of K components.
    X : array of shape (N, D)
        Rows. Beyond 20 000 the points are a random sample, and the title says so; histograms count every row.
    sample_weight : array of shape (N,), optional
        Weights of the rows: they count in histograms and are the areas of the points.
    features : sequence of int or str, optional
        Which M features are shown, in this order; by default all, or of more than 6 the 6 that separate the
        components most.
    feature_names : sequence of str, optional
        Names of the D features; by default the model's own.
    ax : array of Axes of shape (M, M), optional
        Where to draw; by default a new figure, with no window and no global state.

    Returns
    -------
    array of Axes of shape (M, M)
        Above the diagonal there is None.

    Raises
    ------
    MixtureError
        Features that the model has not, or axes of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura import GaussianMixture
    >>> from mixtura.plots import pairs
    >>> rows = np.random.default_rng(0).normal(size=(60, 3))
    >>> panels = pairs(GaussianMixture(2, random_state=0).fit(rows), rows, features=[2, 0])
    >>> panels.shape, panels[1, 0].get_xlabel(), panels[1, 0].get_ylabel()
    ((2, 2), 'feature 2', 'feature 0')
    """
    shown = seen(model, X, sample_weight, feature_names)
    picked = chosen(features, shown.raw)
    return _pairs(shown, most_telling(shown) if picked is None else picked, ax)


def _pairs(of: Scene, features: list[int], ax: Any) -> NDArray[Any]:
    panels = matrix(features, of.names, partial(_panel, of=of), ax)
    if ax is None:
        made = panels[0, 0].figure
        made.suptitle(title(of, len(features)), fontsize=10, ha="left", x=0.01)
        corner = len(features) > 1  # where there are no panels
        where = made if corner else panels[0, 0]
        place = {"loc": "upper right", "bbox_to_anchor": (0.99, 0.93)} if corner else {}
        where.legend(handles=legend(of, min(len(features), 2)), fontsize=9, frameon=False, **place)
    return panels


def _panel(axes: Axes, across: int, up: int, of: Scene) -> None:
    axes.set_xlabel(of.names[across])
    bare(axes)
    if across == up:
        density(axes, of, across)
        axes.set_ylabel("density")
    else:
        scatter(axes, of, across, up)
        axes.set_ylabel(of.names[up])


def legend(of: Scene, dimensions: int) -> list[Any]:
    """Handles for the components, the noise and what else is drawn of one feature or of two."""
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
    whole = dimensions > 1 or not of.noise or len(of.names) == 1  # of several features the noise is no curve
    if of.noise and whole:
        look: dict[str, Any] = {"marker": "x", "linestyle": ""} if dimensions > 1 else {"linestyle": ":"}
        handles.append(Line2D([], [], color=NOISE, label=f"noise ({100 * of.noise:.1f} %)", **look))
    if dimensions == 1 and whole and (len(of.shares) > 1 or of.noise):
        handles.append(Line2D([], [], color=INK, linestyle="--", label="mixture"))
    if dimensions == 1 and len(of.shown):
        handles.append(Patch(color="#DDDDDD", label="rows"))
    return handles
