"""How sure a model is of each row's component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixtura.outcome import MixtureError
from mixtura.plots.panels import LEVELS, ellipse, limits
from mixtura.plots.scene import Scene, headline, most_telling, seen, telling
from mixtura.plots.style import INK, bare, chosen, color, figure, marker, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]

# The classes of mclust's picture: three quarters of the rows, a fifth, and the least certain twentieth.
SHARES = (0.75, 0.95)
AREAS, ALPHAS = (12.0, 34.0, 75.0), (0.35, 0.6, 0.95)


def uncertainty(
    model: Any,
    X: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    features: Sequence[int | str] | None = None,
    feature_names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Any:
    r"""
    Show how uncertain the component of each row is: :math:`1 - \max_k r_{nk}`.

    With one feature: the uncertainty as a curve over the feature, with a tick for each row below it. Else points, in
    three classes of size and shade: the three quarters of the rows of which the model is surest, the next fifth, and
    the last twentieth, which are edged; their bounds are in the legend.

    Parameters
    ----------
    model : GaussianMixture
        Fitted, of K components.
    X : array of shape (N, D)
        Rows. Beyond 20 000 a random sample is drawn, and the title says so.
    sample_weight : array of shape (N,), optional
        Weights of the rows: the classes are shares of their sum.
    features : two of int or str, optional
        Which two of more features are shown; by default the two that separate the components most.
    feature_names : sequence of str, optional
        Names of the D features; by default the model's own.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure, with no window and no global state.

    Returns
    -------
    Axes
        ``axes.figure.savefig(...)`` writes the picture.

    Raises
    ------
    MixtureError
        For features that the model has not, or other than two of them.

    Examples
    --------
    >>> import mixtura as mx
    >>> rows = mx.datasets.load_faithful().data
    >>> axes = mx.plot.uncertainty(mx.GaussianMixture(2, random_state=0).fit(rows), rows)
    >>> [text.get_text() for text in axes.get_legend().get_texts()][-1]
    'above 0.000...'
    """
    of = seen(model, X, sample_weight, feature_names)
    unsure = np.asarray(of.model.uncertainty(of.rows[of.shown]), dtype=np.float64)
    weight = np.ones(len(unsure)) if of.weight is None else of.weight[of.shown]
    bounds = _bounds(unsure, weight)
    d = len(of.names)
    axes = ax if ax is not None else figure(7.0, 5.5 if d > 1 else 4.5).subplots()
    bare(axes)
    if d == 1:
        _curve(axes, of)
        title(axes, f"{headline(of, points=True)}\nuncertainty of the component at every value; a tick is a row")
        return axes
    pair = chosen(features, of.raw) or most_telling(of, 2)
    if len(pair) != 2:
        raise MixtureError(f"features is {list(features or ())!r} and must be two: one across and one up.")
    _cloud(axes, of, pair, np.searchsorted(bounds, unsure, side="left"))
    axes.legend(handles=_legend(bounds), fontsize=9, framealpha=0.9, title="uncertainty", title_fontsize=9)
    which = f"\n{telling(2, d)}" if d > 2 and features is None else ""
    title(axes, f"{headline(of, points=True)}{which}\nellipses hold 95 % of a component")
    return axes


def _bounds(unsure: Float, weight: Float) -> Float:
    """Bounds of the classes: rows up to the first are the surest."""
    order = np.argsort(unsure, kind="stable")
    mass = np.cumsum(weight[order])
    at = np.searchsorted(mass, np.array(SHARES) * mass[-1] * (1.0 - 1e-12))
    return np.asarray(unsure[order][np.minimum(at, len(order) - 1)])


def _cloud(axes: Axes, of: Scene, pair: list[int], classes: NDArray[np.intp]) -> None:
    points = of.rows[of.shown][:, pair]
    shrink = float(np.clip((1000.0 / len(points)) ** 0.75, 0.1, 1.0))
    for level in range(3):  # the least certain last, on top of the others
        for label in np.unique(of.labels[classes == level]):
            mine = (classes == level) & (of.labels == label)
            edged = (
                {"edgecolors": INK, "linewidths": 0.8 * np.sqrt(shrink)}
                if level == 2 and label >= 0
                else {"linewidths": 0.0}
            )
            edged = edged if label >= 0 else {"linewidths": (0.8 + 0.4 * level) * np.sqrt(shrink)}
            axes.scatter(
                points[mine, 0],
                points[mine, 1],
                s=AREAS[level] * shrink,
                alpha=ALPHAS[level],
                c=color(label),
                marker=marker(label),
                rasterized=len(points) > 2000,
                zorder=2 + level / 10,
                **edged,
            )
    for k, mean in enumerate(of.means[:, pair]):
        edge = ellipse(mean, of.covariances[k][np.ix_(pair, pair)], LEVELS[-1][0])
        axes.plot(*edge.T, color=color(k), linewidth=1.2, alpha=0.8, zorder=1.9)
    axes.set_xlim(limits(of, pair[0]))
    axes.set_ylim(limits(of, pair[1]))
    axes.set_xlabel(of.names[pair[0]])
    axes.set_ylabel(of.names[pair[1]])


def _curve(axes: Axes, of: Scene) -> None:
    """The uncertainty over one feature, in the color of the component, and the rows below."""
    low, high = limits(of, 0)
    grid = np.linspace(low, high, 1200)
    found = np.asarray(of.model.uncertainty(grid[:, np.newaxis]))
    labels = np.asarray(of.model.predict(grid[:, np.newaxis]))
    values = of.rows[of.shown][:, 0]
    for label in np.unique(np.concatenate([labels, of.labels])):
        axes.fill_between(grid, np.where(labels == label, found, 0.0), color=color(label), alpha=0.3, linewidth=0)
        mine = values[of.labels == label]
        axes.plot(mine, np.full(len(mine), -0.06), "|", color=color(label), markersize=9, alpha=0.6, rasterized=True)
    axes.plot(grid, found, color=INK, linewidth=1.4)
    axes.set_xlim(low, high)
    axes.set_ylim(-0.11, max(0.52, float(found.max()) * 1.04))
    axes.set_yticks([tick for tick in axes.get_yticks() if -1e-9 <= tick <= axes.get_ylim()[1]])
    axes.set_xlabel(of.names[0])
    axes.set_ylabel("uncertainty")


def _legend(bounds: Float) -> list[Any]:
    from matplotlib.lines import Line2D

    first, second = (f"{bound:.2g}" if bound > 1e-12 else "0" for bound in bounds)
    words = (f"up to {first} ({SHARES[0]:.0%} of the rows)", f"to {second}", f"above {second}")
    looks = zip(words, AREAS, ALPHAS, ("none", "none", INK), strict=True)
    return [
        Line2D([], [], linestyle="", marker="o", markersize=area**0.5, alpha=alpha, mfc=INK, mec=edge, label=text)
        for text, area, alpha, edge in looks
    ]
