"""Colors, marks and words that every picture shares."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.outcome import MixtureError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colors, told apart with any color vision; their yellow vanishes on white, so indigo stands in for it.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288")
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
NOISE = "#8A8A8A"
INK = "#222222"
# Width of a letter of a title, in points.
LETTER = 5.6


def color(component: int) -> str:
    """Give the color of a component in every picture; -1 is the noise."""
    return NOISE if component < 0 else COLORS[component % len(COLORS)]


def marker(component: int) -> str:
    """
    Give the mark of a component, another one where its color has come round again.

    Examples
    --------
    >>> (color(0), marker(0)), (color(7), marker(7)), (color(-1), marker(-1))
    (('#0072B2', 'o'), ('#0072B2', '^'), ('#8A8A8A', 'x'))
    """
    return "x" if component < 0 else MARKERS[(component + component // len(COLORS)) % len(MARKERS)]


def figure(width: float, height: float) -> Any:
    """Make a figure of so many inches that no window and no global state knows."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def bare(axes: Axes) -> None:
    """Leave out the frame where there is no axis."""
    axes.spines[["top", "right"]].set_visible(False)


def title(axes: Axes, text: str) -> None:
    """Write what is drawn above the left end of the axes; beside other axes in lines no longer than its own."""
    lines = text.split("\n")
    if len(axes.figure.axes) > 1:
        room = max(24, int(extent(axes)[0] / LETTER))
        lines = [part for line in lines for part in textwrap.wrap(line, room)]
    axes.set_title("\n".join(lines), fontsize=10, loc="left")


def extent(axes: Axes) -> tuple[float, float]:
    """About how wide and high axes are, in points, before they are laid out."""
    box, made = axes.get_position(), axes.figure
    return box.width * made.get_figwidth() * 72.0, box.height * made.get_figheight() * 72.0  # type: ignore[union-attr]


def panels_of(ax: Any, shape: tuple[int, ...], size: tuple[float, float]) -> NDArray[Any]:
    """
    Take the axes that were given, or make a figure of so many panels.

    Raises
    ------
    MixtureError
        Where the axes that were given are not so many.
    """
    if ax is None:
        made: NDArray[Any] = figure(*size).subplots(1, int(np.prod(shape)), squeeze=False).reshape(shape)
        return made
    given = np.asarray(ax, dtype=object)
    if given.shape != shape:
        found = "1 was given" if given.ndim == 0 else f"an array of shape {given.shape} was given"
        raise MixtureError(
            f"This picture has panels of shape {shape}, and {found}: leave ax out, or draw fewer features."
        )
    return given


def chosen(features: Sequence[int | str] | None, names: Sequence[str]) -> list[int] | None:
    """
    Find features by number or name.

    Examples
    --------
    >>> chosen(["b", 0], ["a", "b"])
    [1, 0]
    """
    if features is None:
        return None
    found = [list(names).index(at) if isinstance(at, str) and at in names else at for at in features]
    wrong = [at for at in found if isinstance(at, str) or not 0 <= at < len(names)]
    if wrong or not found:
        raise MixtureError(f"features is {list(features)!r}. Use names or numbers of {', '.join(map(str, names))}.")
    return [int(at) for at in found]


def count(number: int) -> str:
    """
    Write a whole number for people.

    Examples
    --------
    >>> count(1000000)
    '1 000 000'
    """
    return f"{number:,}".replace(",", " ")


def plain(name: object, longest: int = 28) -> str:
    r"""
    Make a name safe to draw: no formula, no line end, not too long.

    Examples
    --------
    >>> print(plain("a\nb $x$"))
    a b \$x\$
    """
    words = "".join(char if char.isprintable() else " " for char in str(name))
    words = words if len(words) <= longest else words[: longest - 1] + "…"
    return words.replace("$", r"\$")
