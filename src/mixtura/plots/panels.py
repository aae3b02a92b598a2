"""Single panels: a density over a histogram, and points with ellipses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mixtura.plots.bins import edges
from mixtura.plots.scene import Float, Scene
from mixtura.plots.style import INK, NOISE, color, marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = ((0.5, "-"), (0.95, "--"))


def density(axes: Axes, of: Scene, at: int) -> None:
    """Draw a feature's histogram, the density of each component and, where there are several, that of the mixture."""
    if len(of.shown):
        bins = edges(of.rows[:, at], of.weight)
        heights = np.histogram(of.rows[:, at], bins=bins, weights=of.weight, density=True)[0]
        axes.stairs(heights, bins, fill=True, color="#DDDDDD")
    low, high = limits(of, at)
    grid = np.linspace(low, high, 600)
    spreads = np.sqrt(of.covariances[:, at, at])
    z = (grid - of.means[:, [at]]) / spreads[:, np.newaxis]
    parts = (of.shares / (spreads * np.sqrt(2.0 * np.pi)))[:, np.newaxis] * np.exp(-0.5 * z * z)
    for component, part in enumerate(parts):
        axes.fill_between(grid, part, color=color(component), alpha=0.25, linewidth=0)
        axes.plot(grid, part, color=color(component), linewidth=1.6)
    if len(of.names) == 1 and of.noise:
        total = np.exp(of.model.score_samples(grid[:, np.newaxis]))
        axes.plot(grid, total - parts.sum(axis=0), color=NOISE, linewidth=1.6, linestyle=":")
        axes.plot(grid, total, color=INK, linewidth=1.2, linestyle="--")
    elif len(parts) > 1 and not of.noise:  # of several features the noise has no simple density by one
        axes.plot(grid, parts.sum(axis=0), color=INK, linewidth=1.2, linestyle="--")
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0.0)


def limits(of: Scene, at: int) -> tuple[float, float]:
    """How far a feature's axis goes: all rows, and the components unless they reach far beyond the rows."""
    values, means, spreads = of.rows[:, at], of.means[:, at], np.sqrt(of.covariances[:, at, at])
    lowest, highest = float(values.min()), float(values.max())
    span = highest - lowest or 1.0
    low = max(min(lowest, float((means - 2.6 * spreads).min())), lowest - 0.3 * span)
    high = min(max(highest, float((means + 2.6 * spreads).max())), highest + 0.3 * span)
    return low - 0.03 * span, high + 0.03 * span


def scatter(axes: Axes, of: Scene, across: int, up: int) -> None:
    """Draw rows as points and components as ellipses with their numbers."""
    pair = [across, up]
    points = of.rows[of.shown][:, pair]
    sizes = areas(of, float(np.clip(5000.0 / len(points), 3.0, 22.0)))
    alpha = float(np.clip(60.0 / np.sqrt(len(points)), 0.3, 0.75))
    for label in np.unique(of.labels):
        mine = of.labels == label
        axes.scatter(
            points[mine, 0],
            points[mine, 1],
            s=sizes[mine],
            c=color(label),
            marker=marker(label),
            alpha=alpha,
            linewidths=0.8 if label < 0 else 0.0,
            rasterized=len(points) > 2000,
        )
    for component, mean in enumerate(of.means[:, pair]):
        for level, dashes in LEVELS:
            edge = ellipse(mean, of.covariances[component][np.ix_(pair, pair)], level)
            axes.plot(*edge.T, color=color(component), linewidth=1.5, linestyle=dashes)
    for component, mean in enumerate(of.means[:, pair]):
        _number(axes, component, mean)
    axes.set_xlim(limits(of, across))
    axes.set_ylim(limits(of, up))


def areas(of: Scene, typical: float) -> Float:
    """Areas of the points, in square points: in proportion to the weights, of the given mean."""
    if of.weight is None:
        return np.full(len(of.shown), typical)
    weight = of.weight[of.shown]
    return typical * np.clip(weight / max(float(weight.mean()), np.finfo(float).tiny), 0.0, 20.0)


def _number(axes: Axes, component: int, mean: Float) -> None:
    axes.text(
        float(mean[0]),
        float(mean[1]),
        str(component),
        color="white",
        fontsize=9,
        fontweight="bold",
        ha="center",
        va="center",
        zorder=5,
        clip_on=True,  # a component far off the rows neither shows nor makes room
        in_layout=False,
        bbox={"boxstyle": "circle,pad=0.25", "fc": color(component), "ec": "white", "lw": 1.2},
    )


def ellipse(mean: Float, covariance: Float, level: float, n_points: int = 181) -> Float:
    """
    Trace the ellipse that holds a share of a Gaussian in the plane.

    Examples
    --------
    >>> import numpy as np
    >>> edge = ellipse(np.zeros(2), np.diag([4.0, 1.0]), 1 - np.exp(-0.5))
    >>> np.abs(edge).max(axis=0).round(6)
    array([2., 1.])
    """
    values, vectors = np.linalg.eigh(covariance)
    angle = np.linspace(0.0, 2.0 * np.pi, n_points)
    circle = np.column_stack([np.cos(angle), np.sin(angle)]) * np.sqrt(-2.0 * np.log1p(-level))
    edge: Float = mean + (circle * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
    return edge
