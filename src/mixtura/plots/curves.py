"""Curves of what a fit or a merge went through: the log-likelihood by pass, the entropy by clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.outcome import MixtureError
from mixtura.plots.style import COLORS, INK, NOISE, bare, figure, panels_of, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]

# Beyond so many passes their numbers are drawn on a logarithmic scale, and points are not marked.
MANY_PASSES = 60
# A first pass that lies this many times further below than all that follows is cut off.
STEEP = 3.0


def path(model: Any, *, ax: Axes | None = None) -> Any:
    """
    Show the log-likelihood a row, pass by pass, and where the other starts ended.

    Parameters
    ----------
    model : GaussianMixture
        Fitted to rows. Under a prior the curve is of the penalized log-likelihood.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure, with no window and no global state.

    Returns
    -------
    Axes
        ``axes.figure.savefig(...)`` writes the picture.

    Raises
    ------
    MixtureError
        For a model that was made of parameters, which has no path.

    Examples
    --------
    >>> import mixtura as mx
    >>> model = mx.GaussianMixture(2, random_state=0).fit(mx.datasets.load_faithful().data)
    >>> axes = mx.plot.path(model)
    >>> bool((axes.lines[0].get_ydata() == model.lower_bounds_).all())
    True
    """
    model = getattr(model, "best_estimator_", model)
    values = np.asarray(getattr(model, "lower_bounds_", ()), dtype=np.float64)
    if not len(values):
        raise MixtureError("This model was not fitted to rows, so it has no path. Call its fit(X) first.")
    axes = ax if ax is not None else figure(7.0, 4.5).subplots()
    passes, many = np.arange(1, len(values) + 1), len(values) > MANY_PASSES
    axes.plot(passes, values, color=COLORS[0], linewidth=1.6, marker="" if many else "o", markersize=3.5, zorder=3)
    if many:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    others = _others(axes, model)
    _cut(axes, values, others)
    axes.set_xlabel("pass over the rows")
    axes.set_ylabel("log-likelihood a row" + (" (penalized)" if getattr(model, "prior", None) is not None else ""))
    bare(axes)
    title(axes, _told(model, len(values)))
    return axes


def _others(axes: Axes, model: Any) -> Float:
    """Mark where the other starts ended, and give their heights."""
    report = getattr(model, "fit_report_", None)
    starts = [] if report is None else [s for at, s in enumerate(report.starts) if at != report.best]
    ended = [(max(s.passes, 1), s.objective) for s in starts if s.objective is not None and s.outcome.ok]
    if not ended:
        return np.empty(0)
    across, up = np.array(ended, dtype=np.float64).T
    axes.plot(across, up, "D", color=NOISE, markersize=5, label="ends of other starts", zorder=2)
    axes.legend(loc="lower right", fontsize=9, framealpha=0.9)
    return np.asarray(up)


def _cut(axes: Axes, values: Float, others: Float) -> None:
    """Let a steep beginning leave the axes, so that what follows can be seen."""
    rest = np.concatenate([values[1:], others])
    if len(values) < 3 or values[0] > rest.min():
        return
    span = float(rest.max() - rest.min())
    if span > 0.0 and rest.min() - values[0] > STEEP * span:
        axes.set_ylim(float(rest.min()) - 0.25 * span, float(rest.max()) + 0.08 * span)
        axes.annotate(
            f"first pass: {values[0]:.5g} ↓",
            (0.02, 0.02),
            xycoords="axes fraction",
            fontsize=8,
            color=INK,
        )


def _told(model: Any, n_passes: int) -> str:
    k, passes = len(model.means_), f"{n_passes} pass{'es' * (n_passes > 1)}"
    told = f"{k} component{'s' * (k > 1)} of family {model.covariance_type}\n{passes}"
    report = getattr(model, "fit_report_", None)
    if report is None:
        return told
    told = f"{told}: {report.outcome.value.partition(':')[0].lower()}"
    if len(report.starts) > 1:
        told += f"; {report.agreeing} of {len(report.starts)} starts reached the best optimum"
    return told


def entropy(merged: Any, *, ax: Any = None) -> Any:
    """
    Show the entropy of the labels against the number of clusters that components are merged into.

    Where the curve bends, further clusters no longer overlap less: the elbow is ringed, between the two lines that fit
    the curve best. The second panel has the same entropies against the rows that were merged so far, so that a step
    is not steep for being of many rows; its points bear the number of clusters.

    Parameters
    ----------
    merged : MergedComponents
        Of `merge_components`.
    ax : Axes, or array of two Axes, optional
        Where to draw: on one the first panel, on two both; by default a new figure with both, with no window and no
        global state.

    Returns
    -------
    array of two Axes, or the Axes that was given

    References
    ----------
    J.-P. Baudry, A. E. Raftery, G. Celeux, K. Lo and R. Gottardo (2010), Combining mixture components for clustering,
    Journal of Computational and Graphical Statistics 19, 332-353.

    Examples
    --------
    >>> import mixtura as mx
    >>> rows = mx.datasets.load_faithful().data
    >>> from mixtura.merging import merge_components
    >>> merged = merge_components(mx.GaussianMixture(4, random_state=0).fit(rows), rows)
    >>> first, second = mx.plot.entropy(merged)
    >>> first.get_xlabel(), bool((first.lines[0].get_ydata() == merged.entropy_).all())
    ('clusters', True)
    """
    values = np.asarray(merged.entropy_, dtype=np.float64)
    numbers = np.arange(1.0, len(values) + 1.0)
    single = ax is not None and np.ndim(ax) == 0
    panels = np.array([ax], dtype=object) if single else panels_of(ax, (2,), (9.0, 4.2))
    _bend(panels[0], numbers, values, int(merged.elbow_))
    panels[0].set_xticks(numbers if len(numbers) <= 20 else numbers[:: -(-len(numbers) // 20)])
    panels[0].set_xlabel("clusters")
    panels[0].set_ylabel("entropy (nats)")
    title(panels[0], f"elbow at {merged.elbow_} cluster{'s' * (merged.elbow_ > 1)}")
    if single:
        return ax
    across = np.concatenate([[0.0], np.cumsum(np.asarray(merged.merged_rows_, dtype=np.float64))])
    _bend(panels[1], across, values, int(merged.rescaled_elbow_))
    for g, x, y in zip(numbers, across, values, strict=True):
        panels[1].annotate(f"{g:.0f}", (x, y), xytext=(-6, 4), textcoords="offset points", fontsize=8, ha="right")
    panels[1].set_xlabel("rows merged, added up")
    panels[1].set_ylabel("entropy (nats)")
    title(panels[1], f"against rows merged: elbow at {merged.rescaled_elbow_}")
    return panels


def _bend(axes: Axes, across: Float, values: Float, elbow: int) -> None:
    """The curve, its elbow, and the two lines that meet there."""
    axes.plot(across, values, "o-", color=COLORS[0], linewidth=1.4, markersize=5, zorder=3)
    axes.plot([across[elbow - 1]], [values[elbow - 1]], "o", markersize=12, mfc="none", mec=INK, zorder=4)
    for part in (slice(0, elbow), slice(elbow - 1, None)):
        if len(across[part]) > 1 and np.ptp(across[part]) > 0.0 and 1 < elbow < len(values):
            line = np.polynomial.Polynomial.fit(across[part], values[part], 1)
            ends = np.array([across[part].min(), across[part].max()])
            axes.plot(ends, line(ends), color=COLORS[1], linewidth=1.4, linestyle="--")
    top = float(values.max()) or 1.0
    axes.set_ylim(-0.04 * top, 1.08 * top)
    bare(axes)
