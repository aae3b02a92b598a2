"""The choice of a model: a criterion against the number of components, a line a family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.outcome import MixtureError
from mixtura.plots.style import COLORS, INK, bare, color, extent, figure, marker, plain, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]

# The axis ends this many times further from the best than the candidate in the middle: what lies beyond is hopeless.
REACH = 4.0
# Heights of a label at the end of a line, and of the winner's name with its distance, in points.
LINE, NAME = 10.5, 28.0


def criteria(search: Any, criterion: str | None = None, *, ax: Axes | None = None) -> Any:
    """
    Show a criterion against the number of components, a line a family; lower is better.

    The winner is ringed and named. Candidates that could not be fitted leave gaps. What lies hopelessly high is cut
    off, so that the differences that matter can be seen: the axis ends at the best value plus four times the distance
    from it to the middle candidate. Families that end above are named with an arrow.

    Parameters
    ----------
    search : MixtureSearch
        Fitted.
    criterion : str, optional
        A column of ``search.results_``, such as "bic" or "icl"; by default the one that chose.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure, with no window and no global state.

    Returns
    -------
    Axes
        ``axes.figure.savefig(...)`` writes the picture.

    Raises
    ------
    MixtureError
        Where the search has no such criterion, or no value of it.

    Examples
    --------
    >>> import mixtura as mx
    >>> search = mx.MixtureSearch([1, 2, 3], covariance_types=["E", "V"]).fit(mx.datasets.load_acidity().data)
    >>> axes = mx.plot.criteria(search)
    >>> axes.get_ylabel(), [line.get_label() for line in axes.lines[:2]]
    ('BIC (lower is better)', ['E', 'V'])
    """
    criterion = search.criterion if criterion is None else criterion
    numbers, families, values = _table(search.results_.to_dict(), criterion)
    axes = ax if ax is not None else figure(7.5, 5.0).subplots()
    for at, family in enumerate(families):
        axes.plot(numbers, values[at], label=family, markersize=4.5, linewidth=1.3, **_look(at))
    low, high, cut = _range(values, extent(axes)[1])
    axes.set_ylim(low, high)
    axes.set_xlim(numbers[0] - 0.3, numbers[-1] + 0.3)
    axes.set_xticks(numbers if len(numbers) <= 20 else numbers[:: -(-len(numbers) // 20)])
    axes.set_xlabel("components")
    axes.set_ylabel(f"{criterion.upper()} (lower is better)")
    bare(axes)
    best = np.unravel_index(int(np.nanargmin(values)), values.shape)
    _ring(axes, numbers[best[1]], float(values[best]), int(best[0]), f"{families[best[0]]}, {numbers[best[1]]}")
    _names(axes, numbers, families, values)
    title(axes, _told(values, cut, high))
    return axes


def _table(columns: dict[str, list[Any]], criterion: str) -> tuple[list[int], list[str], Float]:
    """Numbers of components, families and the criterion, a row a family; NaN where there is none."""
    if criterion not in columns or criterion in ("family", "outcome"):
        raise MixtureError(f"criterion is {criterion!r}. Use one of {', '.join(columns)}.")
    numbers = sorted({int(k) for k in columns["n_components"]})
    families = list(dict.fromkeys(str(family) for family in columns["family"]))
    values = np.full((len(families), len(numbers)), np.nan)
    for family, k, value in zip(columns["family"], columns["n_components"], columns[criterion], strict=True):
        if value is not None and np.isfinite(value):
            values[families.index(str(family)), numbers.index(int(k))] = value
    if np.isnan(values).all():
        raise MixtureError(f"No candidate has a value of {criterion!r}: see the search's results_.")
    return numbers, [plain(family) for family in families], values


def _look(at: int) -> dict[str, Any]:
    """How a line looks: colors come round again with other marks and dashes."""
    again = at // len(COLORS)
    return {"color": color(at), "marker": marker(at), "linestyle": ("-", "--", ":")[again % 3]}


def _range(values: Float, points: float) -> tuple[float, float, int]:
    """Ends of an axis of so many points, and how many candidates lie beyond."""
    found = values[np.isfinite(values)]
    best, most = float(found.min()), float(found.max())
    high = min(most, best + REACH * (float(np.median(found)) - best))
    high = float(found[found <= high].max()) if high > best else most
    span = (high - best) or max(1.0, abs(best)) * 1e-3
    room = min(NAME / points, 0.4)  # below the best, for the winner's name
    return best - room / (1.0 - room) * span, high + 0.04 * span, int((found > high).sum())


def _ring(axes: Axes, k: int, value: float, at: int, name: str) -> None:
    axes.plot([k], [value], marker="o", markersize=13, markerfacecolor="none", markeredgecolor=INK, linestyle="")
    axes.annotate(
        name,
        (k, value),
        xytext=(0, -12),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=10,
        fontweight="bold",
        color=color(at),
        annotation_clip=False,
    )


def _names(axes: Axes, numbers: Sequence[int], families: Sequence[str], values: Float) -> None:
    """Name the lines at their right ends, moved apart, with a thin line to where each ends."""
    low, high = axes.get_ylim()
    ends = [(_end(row), at) for at, row in enumerate(values) if np.isfinite(row).any()]
    order = sorted(ends, key=lambda end: (values[end[1], end[0]], end[1]))
    gap = (high - low) * LINE / extent(axes)[1]
    wanted = np.array([min(float(values[at, end]), high) for end, at in order])
    right = axes.get_xlim()[1]
    for (end, at), place, height in zip(order, _apart(wanted, gap, low, high), wanted, strict=True):
        beyond = "↑ " if values[at, end] > high else ""
        axes.annotate(
            f"{beyond}{families[at]}",
            (numbers[end], height),
            xytext=(right + 0.015 * (right - axes.get_xlim()[0]), place),
            textcoords="data",
            fontsize=8,
            va="center",
            color=color(at),
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": color(at),
                "linewidth": 0.5,
                "alpha": 0.6,
                "shrinkA": 0,
                "shrinkB": 3,
            },
        )


def _end(row: Float) -> int:
    """The last candidate of a family that has a value."""
    return int(np.flatnonzero(np.isfinite(row))[-1])


def _apart(wanted: Float, gap: float, low: float, high: float) -> Float:
    """
    Move rising heights as little as can be so that none is nearer than a gap to the next, within the ends if they can.

    Examples
    --------
    >>> _apart(np.array([1.0, 1.5, 5.0]), 1.0, 0.0, 5.0)
    array([0.75, 1.75, 5.  ])
    """
    from scipy.optimize import isotonic_regression

    steps = gap * np.arange(len(wanted))
    places = isotonic_regression(wanted - steps).x
    return np.asarray(np.maximum(np.minimum(places, high - steps[-1]), low) + steps)


def _told(values: Float, cut: int, high: float) -> str:
    tried, failed = values.size, int(np.isnan(values).sum())
    told = f"{tried - failed} candidates"
    told += f"; {failed} without a value leave{'s a gap' if failed == 1 else ' gaps'}" if failed else ""
    return f"{told}; {cut} above {high:.5g} not shown" if cut else told
