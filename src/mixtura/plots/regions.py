"""The density of a mixture: a curve, or the regions that hold a share of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixtura.outcome import MixtureError
from mixtura.plots import panels
from mixtura.plots.matrix import matrix
from mixtura.plots.mixing import Marginal
from mixtura.plots.pictures import legend
from mixtura.plots.scene import Scene, covariances, headline, most_telling, raw_names, seen, telling
from mixtura.plots.style import INK, bare, chosen, figure, plain, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]

# From the outer region to the inner: the share it holds, and its color.
HELD = (0.95, 0.75, 0.5)
FILLS = ("#DCE6F1", "#A9C3E0", "#6D9BCB")
EDGE = "#2F5D92"
CELLS = 220
# Without rows the axes go about as far as the region that holds this share.
OUTERMOST = 0.99


def density(
    model: Any,
    X: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    *,
    features: Sequence[int | str] | None = None,
    feature_names: Sequence[str] | None = None,
    ax: Any = None,
) -> Any:
    """
    Show the density of a mixture.

    With one feature: the curves of the components and of the mixture, over a histogram of the rows. With two: the
    smallest regions that hold 50 %, 75 % and 95 % of the mixture, over the rows. With more: a panel for each pair of
    features, where the density is the pair's own, that is, the mixture integrated over the others.

    Parameters
    ----------
    model : GaussianMixture
        Fitted, of K components. A noise component is left out of the regions.
    X : array of shape (N, D), optional
        Rows. Beyond 20 000 the points are a random sample, and the title says so; histograms count every row.
    sample_weight : array of shape (N,), optional
        Weights of the rows: they count in histograms and are the areas of the points.
    features : sequence of int or str, optional
        Which M features are shown; by default all, or of more than 6 the 6 that separate the components most.
    feature_names : sequence of str, optional
        Names of the D features; by default the model's own.
    ax : Axes, or array of Axes of shape (M, M), optional
        Where to draw; by default a new figure, with no window and no global state.

    Returns
    -------
    Axes, or for more than two features an array of Axes of shape (M, M)
        Above the diagonal there is None.

    Raises
    ------
    MixtureError
        Features that the model has not, or axes of another shape.

    References
    ----------
    R. J. Hyndman (1996), Computing and graphing highest density regions, The American Statistician 50, 120-126.

    Examples
    --------
    >>> import mixtura as mx
    >>> model = mx.GaussianMixture(2, random_state=0).fit(mx.datasets.load_faithful().data)
    >>> axes = mx.plot.density(model, feature_names=["eruptions", "waiting"])
    >>> [text.get_text() for text in axes.get_legend().get_texts()]
    ['holds 50 %', 'holds 75 %', 'holds 95 %']
    """
    model = getattr(model, "best_estimator_", model)
    names = raw_names(model, np.shape(model.means_)[1], feature_names)
    of = _unseen(model, names) if X is None else seen(model, X, sample_weight, feature_names)
    picked = chosen(features, names) or most_telling(of)
    if len(picked) <= 2:
        axes = ax if ax is not None else figure(7.0, 5.5 if len(picked) == 2 else 4.5).subplots()
        free = _panel(axes, picked[0], picked[-1], of)
        axes.legend(handles=_legend(of, len(picked)), fontsize=9, framealpha=0.9, loc=free)
        title(axes, headline(of, points=len(picked) > 1))
        return axes
    if ax is not None and not np.ndim(ax):
        raise MixtureError(f"{len(picked)} features need a matrix of panels: leave ax out, or choose two features.")
    made = matrix(picked, of.names, partial(_panel, of=of), ax)
    if ax is None:
        fewer = features is None and len(picked) < len(names)
        _explain(made[0, 0].figure, of, f"\n{telling(len(picked), len(names))}" if fewer else "")
    return made


def _explain(made: Any, of: Scene, which: str) -> None:
    made.suptitle(headline(of, points=True) + which, fontsize=10, ha="left", x=0.01)
    place = {"loc": "upper right", "bbox_to_anchor": (0.99, 0.93)}
    made.legend(handles=_legend(of, 2) + legend(of, 1)[: len(of.shares)], fontsize=9, frameon=False, **place)


def _unseen(model: Any, names: Sequence[str]) -> Scene:
    """A scene without rows; how far its axes go is taken from points of the mixture."""
    whole = Marginal(np.asarray(model.weights_), np.asarray(model.means_, dtype=np.float64), covariances(model))
    points, _ = whole.sample()
    inside = points[whole.log_density(points) >= whole.levels([OUTERMOST])]
    none = np.empty(0, dtype=np.intp)
    return Scene(model, inside, None, none, none, whole.covariances, tuple(plain(name) for name in names))


def _panel(axes: Axes, across: int, up: int, of: Scene) -> str:
    """Draw a feature or two, and say where there is room for a legend."""
    bare(axes)
    axes.set_xlabel(of.names[across])
    if across == up:
        panels.density(axes, of, across)
        axes.set_ylabel("density")
        return "best"
    axes.set_ylabel(of.names[up])
    return _regions(axes, of, across, up)


def _regions(axes: Axes, of: Scene, across: int, up: int) -> str:
    mixture = Marginal(of.shares, of.means, of.covariances).take([across, up])
    (left, right), (low, high) = panels.limits(of, across), panels.limits(of, up)
    x, y = np.linspace(left, right, CELLS), np.linspace(low, high, CELLS)
    grid = np.column_stack([part.ravel() for part in np.meshgrid(x, y)])
    found = mixture.log_density(grid).reshape(CELLS, CELLS)
    levels = mixture.levels(HELD)
    ends = [*levels, max(float(found.max()), float(levels[-1])) + 1.0]
    if (np.diff(ends) > 0.0).all():
        axes.contourf(x, y, found, levels=ends, colors=FILLS, zorder=0.5)
        axes.contour(x, y, found, levels=levels, colors=EDGE, linewidths=1.0, linestyles="solid", zorder=1)
    if len(of.shown):
        points = of.rows[of.shown][:, [across, up]]
        sizes = panels.areas(of, float(np.clip(3000.0 / len(points), 1.5, 12.0)))
        alpha = float(np.clip(20.0 / np.sqrt(len(points)), 0.08, 0.45))
        axes.scatter(points[:, 0], points[:, 1], s=sizes, c=INK, alpha=alpha, linewidths=0, rasterized=True, zorder=2)
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    return _free(found)


def _free(found: Float) -> str:
    """The corner in which the mixture is thinnest."""
    across, up = CELLS // 3, CELLS // 4
    corners = {
        "upper left": found[-up:, :across],
        "upper right": found[-up:, -across:],
        "lower right": found[:up, -across:],
        "lower left": found[:up, :across],
    }
    return min(corners, key=lambda place: float(corners[place].max()))


def _legend(of: Scene, features: int) -> list[Any]:
    from matplotlib.patches import Patch

    if features == 1:
        return legend(of, 1)
    looks = zip(HELD[::-1], FILLS[::-1], strict=True)
    return [Patch(facecolor=fill, edgecolor=EDGE, label=f"holds {100 * held:.0f} %") for held, fill in looks]
