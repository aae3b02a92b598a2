"""Colors, marks and words that every picture shares."""

from __future__ import annotations

# Okabe and Ito's colors, told apart with any color vision; their yellow vanishes on white, so indigo stands in for it.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288")
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
NOISE = "#8A8A8A"
INK = "#222222"


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
