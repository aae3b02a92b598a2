"""Rows and components in the plane that separates the components best."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixtura.directions import discriminant_directions
from mixtura.plots.mixing import Marginal
from mixtura.plots.panels import density, limits, scatter
from mixtura.plots.pictures import legend
from mixtura.plots.scene import Scene, headline, seen
from mixtura.plots.style import bare, color, figure, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]

CELLS = 300


def projection(
    model: Any,
    X: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    ax: Axes | None = None,
) -> Any:
    """
    Show rows and components in the two directions in which the components differ most.

    Points have the color of their component, by all features; the ground has the color of the component that is most
    probable by these two directions alone. Where the two disagree, a further direction tells the components apart.
    With a single direction: the densities along it over a histogram.

    Parameters
    ----------
    model : GaussianMixture
        Fitted, of at least two components.
    X : array of shape (N, D)
        Rows. Beyond 20 000 the points are a random sample, and the title says so.
    sample_weight : array of shape (N,), optional
        Weights of the rows: they count in histograms and are the areas of the points.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure, with no window and no global state.

    Returns
    -------
    Axes
        ``axes.figure.savefig(...)`` writes the picture.

    Raises
    ------
    MixtureError
        Where the components do not differ in any direction, such as a single one.

    References
    ----------
    L. Scrucca (2010), Dimension reduction for model-based clustering, Statistics and Computing 20, 471-484.

    Examples
    --------
    >>> import mixtura as mx
    >>> iris = mx.datasets.load_iris()
    >>> model = mx.GaussianMixture(3, random_state=0).fit(iris.data)
    >>> axes = mx.plot.projection(model, iris.data)
    >>> axes.get_xlabel()
    'direction 1 (... % of the separation)'
    """
    of = seen(model, X, sample_weight, None)
    found = discriminant_directions(of.model)
    d = min(2, found.n_directions)
    flat = _flat(of, found, d)
    axes = ax if ax is not None else figure(7.0, 5.5 if d == 2 else 4.5).subplots()
    bare(axes)
    axes.set_xlabel(_name(found, 0))
    if d == 1:
        density(axes, flat, 0)
        axes.set_ylabel("density")
    else:
        scatter(axes, flat, 0, 1)
        _ground(axes, flat)
        axes.set_ylabel(_name(found, 1))
    axes.legend(handles=legend(of if d == 2 else flat, d), fontsize=9, framealpha=0.9)
    told = [headline(of, points=d == 2)]
    if d == 2:
        told.append("ellipses hold 50 % and 95 % of a component")
        told.append("ground: the component that is most probable by these directions alone")
    title(axes, "\n".join(told))
    return axes


def _flat(of: Scene, found: Any, d: int) -> Scene:
    """The same scene in the plane."""
    inside = SimpleNamespace(
        means_=found.means_[:, :d], weights_=of.shares, noise_weight_=of.noise, covariance_type=of.model.covariance_type
    )
    names = tuple(f"direction {at + 1}" for at in range(d)) + ("",) * (d == 1)
    rows = np.asarray(found.transform(of.rows))[:, :d]
    return Scene(inside, rows, of.weight, of.shown, of.labels, np.asarray(found.covariances_)[:, :d, :d], names)


def _name(found: Any, at: int) -> str:
    return f"direction {at + 1} ({100.0 * found.shares_[at]:.3g} % of the separation)"


def _ground(axes: Axes, flat: Scene) -> None:
    """Color the plane by the component that is most probable there."""
    from matplotlib.colors import ListedColormap

    (left, right), (low, high) = limits(flat, 0), limits(flat, 1)
    across, up = np.meshgrid(np.linspace(left, right, CELLS), np.linspace(low, high, CELLS))
    points = np.column_stack([across.ravel(), up.ravel()])
    parts = Marginal(flat.shares, flat.means, flat.covariances).parts(points)
    k = len(flat.shares)
    axes.imshow(
        parts.argmax(axis=0).reshape(CELLS, CELLS),
        extent=(left, right, low, high),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=ListedColormap([color(at) for at in range(k)]),
        vmin=-0.5,
        vmax=k - 0.5,
        alpha=0.13,
        zorder=0,
    )
