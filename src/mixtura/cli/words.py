"""Numbers and names as people read them."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Sequence

# Letters of a name beside a bar.
NAMED = 24


def percent(share: float) -> str:
    """
    Write a share so that little is not nothing and much is not all.

    Examples
    --------
    >>> percent(0.3557), percent(1.0), percent(0.99996), percent(0.0), percent(0.00004)
    ('35.6 %', '100 %', '>99.9 %', '0 %', '<0.1 %')
    """
    if share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    if share < 0.0005:
        return "<0.1 %"
    return ">99.9 %" if share >= 0.9995 else f"{100 * share:.1f} %"


def count(number: float) -> str:
    """
    Write a number of rows; sums of weights keep two decimals.

    Examples
    --------
    >>> count(1234567.0), count(12.25)
    ('1 234 567', '12.25')
    """
    whole = float(number).is_integer()
    return f"{number:,.0f}".replace(",", " ") if whole else f"{number:,.2f}".replace(",", " ")


def duration(seconds: float) -> str:
    """
    Write a time with two digits, or three.

    Examples
    --------
    >>> duration(0.0002), duration(0.224), duration(61.2), duration(500.0), duration(36_000.0)
    ('0.01 s', '0.22 s', '61 s', '8 min', '10 h')
    """
    if seconds < 99.5:
        return f"{max(seconds, 0.01):.2g} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 99.5 else f"{minutes / 60:.0f} h"


def scale(values: Sequence[float], spreads: Sequence[float]) -> Callable[[float], str]:
    """
    Choose one way of writing a feature's means and spreads: three digits of its smallest spread.

    Examples
    --------
    >>> write = scale([2.0364, 54.478], [0.2626, 5.897])
    >>> write(2.0364), write(54.478)
    ('2.036', '54.478')
    >>> scale([1e9, 2e9], [1e7, 3e7])(1e9), scale([1e-9], [1e-12])(1e-9)
    ('1000000000', '1.0000e-09')
    """
    finite = [abs(spread) for spread in spreads if spread > 0 and math.isfinite(spread)]
    smallest = min(finite) if finite else 1.0
    largest = max([abs(value) for value in values] + [smallest])
    decimals = max(0, 2 - math.floor(math.log10(smallest)))
    if largest >= 1e10 or decimals > 7:
        digits = min(16, max(4, math.ceil(math.log10(largest / smallest)) + 1))
        return lambda value: f"{value:.{digits}e}"
    return lambda value: f"{value:.{decimals}f}"


def shorten(name: str, longest: int) -> str:
    r"""
    Fit a name into a cell of a table: on one line, and not too long.

    Examples
    --------
    >>> print(shorten("a\nb", 10), shorten("sepal length", 8))
    a\nb sepal l…
    """
    words = "".join(char if char.isprintable() else repr(char)[1:-1] for char in name) or "''"
    return words if len(words) <= longest else words[: longest - 1] + "…"


def shell_word(text: str) -> str:
    r"""
    Quote a word for the shell, on one line whatever is in it.

    Examples
    --------
    >>> print(shell_word("a.csv"), shell_word("a b"), shell_word("a\nb"))
    a.csv 'a b' $'a\x0ab'
    """
    if text.isprintable():
        return shlex.quote(text)
    escaped = "".join(_in_shell(char) for char in text)
    return f"$'{escaped}'"


def _in_shell(char: str) -> str:
    if char in "\\'":
        return "\\" + char
    return char if char.isprintable() else "".join(f"\\x{byte:02x}" for byte in char.encode())


def listed(names: Sequence[str], longest: int = 24, most: int = 12) -> str:
    """
    List names in a sentence, saying how many are left out.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b", "c"], most=2)
    ('a, b, c', 'a, b and 1 more')
    """
    shown = ", ".join(shorten(name, longest) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
