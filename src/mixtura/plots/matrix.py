"""A matrix of panels: a feature against each other, and each by itself on the diagonal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.plots.style import figure, panels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Panel = Callable[["Axes", int, int], object]


def matrix(features: Sequence[int], names: Sequence[str], draw: Panel, ax: Any) -> NDArray[Any]:
    """
    Draw a panel for each feature and each pair of them, below the diagonal; above it there is None.

    Parameters
    ----------
    features : sequence of int
        The M features that are drawn.
    names : sequence of str
        Of all features.
    draw : callable
        Takes the axes and the features across and up; where these are one, it draws that feature alone.
    ax : array of Axes of shape (M, M), or None
        None makes a figure.

    Returns
    -------
    array of Axes of shape (M, M)
    """
    m = len(features)
    panels = _grid(m) if ax is None else panels_of(ax, (m, m), (0.0, 0.0)).copy()
    for down in range(m):
        for across in range(m):
            axes = panels[down, across]
            if across > down:
                if axes is not None:
                    axes.set_axis_off()
                panels[down, across] = None
                continue
            draw(axes, features[across], features[down])
            _quiet(axes, names[features[down]], across == 0, down == m - 1, across == down)
    return panels


def _grid(m: int) -> NDArray[Any]:
    """Panels of a new figure, on the diagonal and below."""
    made = figure(2.3 * m + 0.6, 2.1 * m + 0.8)
    grid = made.add_gridspec(m, m)
    panels = np.full((m, m), None, dtype=object)
    for down in range(m):
        for across in range(down + 1):
            panels[down, across] = made.add_subplot(grid[down, across])
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
