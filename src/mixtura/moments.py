"""What a kernel emits: the sufficient statistics of a mixture, which add."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Literal

import numpy as np

from mixtura.arrays import Float

Order = Literal["trace", "diagonal", "dense", "pooled"]

# A component whose mass is below this share of the total weight holds no row.
EMPTY = 10.0 * float(np.finfo(np.float64).eps)
# A scatter that is what is left of squares this many times as large has lost as many eps; then the rows are read again.
CANCELLATION = 1e4


@dataclass(frozen=True)
class Moments:
    """Sufficient statistics of rows with responsibilities r and weights w, about an anchor a.

    Moments about the same anchor add, exactly; everything large is a sum of them.

    Parameters
    ----------
    order : {"trace", "diagonal", "dense", "pooled"}
        How much of the second moment is kept.
    anchor : array of shape (K, D)
    mass : array of shape (K,)
        ``sum_n w_n r_nk``.
    first : array of shape (K, D)
        ``sum_n w_n r_nk (x_n - a_k)``.
    second : array of shape (K,), (K, D), (K, D, D) or (D, D)
        ``sum_n w_n r_nk (x_n - a_k)(x_n - a_k)^T``: its trace, its diagonal, all of it, or all of it summed over k.
    noise : float
        Mass of the uniform noise component.
    log_likelihood : float
        ``sum_n w_n log p(x_n)``.
    weight : float
        ``sum_n w_n``.
    lost : array of shape (K, D), or float
        Squares that were subtracted to arrive at `second`, a column at a time: eps times this is its rounding error.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.moments import Moments
    >>> x = np.array([1.0, 2.0, 6.0])
    >>> m = Moments("trace", np.zeros((1, 1)), np.array([3.0]), np.array([[x.sum()]]), np.array([x @ x]), 0.0, 0.0, 3.0)
    >>> m.mean(), m.scatter()
    (array([[3.]]), array([14.]))
    >>> m.about(np.array([[2.0]])).second
    array([17.])
    """

    order: Order
    anchor: Float
    mass: Float
    first: Float
    second: Float
    noise: float
    log_likelihood: float
    weight: float
    lost: Float | float = 0.0

    def __add__(self, other: Moments) -> Moments:
        if self.order != other.order or not np.array_equal(self.anchor, other.anchor):
            raise ValueError("Moments add only when they share their order and their anchor; use about(anchor) first.")
        return self._combine(lambda a, b: a + b, other)

    def _combine(self, rule, *others: Moments) -> Moments:  # type: ignore[no-untyped-def]
        """A moment by moment function of several Moments about one anchor."""
        parts = {
            f.name: rule(getattr(self, f.name), *(getattr(o, f.name) for o in others))
            for f in fields(self)
            if f.name not in ("order", "anchor")
        }
        return replace(self, **parts)

    def about(self, anchor: Float) -> Moments:
        """The same statistics about another anchor of shape (K, D)."""
        shift = self.anchor - anchor
        first = self.first + self.mass[:, None] * shift
        second = self.second + _moved(self.order, self.mass, self.first, shift)
        lost = self.lost + self.mass[:, None] * shift * shift
        return replace(self, anchor=anchor, first=first, second=second, lost=lost)

    def empty(self) -> list[int]:
        """Indices of the components that hold no row."""
        there = self.mass > EMPTY * self.weight
        return [] if there.all() else [int(k) for k in np.flatnonzero(~there)]

    @cached_property
    def shift(self) -> Float:
        """Mean minus anchor, shape (K, D); zero for an empty component, which keeps its anchor."""
        mass = np.where(self.mass > EMPTY * self.weight, self.mass, np.inf)
        return np.asarray(self.first / mass[:, None])

    def mean(self) -> Float:
        """Weighted mean of each component, shape (K, D)."""
        return self.anchor + self.shift

    def scatter(self) -> Float:
        """Second moment about the means, in the shape of `second`."""
        return self.second - _outer(self.order, self.mass, self.shift)

    def cancellation(self) -> float:
        """Largest ratio of the squares that were subtracted in a column to the scatter that is left of them."""
        squares = self.mass[:, None] * self.shift * self.shift
        lost = _by_column(self.order, self.lost + squares)
        left = _diagonal(self.order, self.second) - _by_column(self.order, squares)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(lost > 0, lost / np.maximum(left, 0.0), 0.0)
        return float(ratio.max(initial=0.0))


def _outer(order: Order, mass: Float, shift: Float) -> Float:
    """``mass_k shift_k shift_k^T`` at the given order."""
    if order == "trace":
        return np.asarray(mass * np.einsum("kd,kd->k", shift, shift))
    if order == "diagonal":
        return np.asarray(mass[:, None] * shift * shift)
    if order == "pooled":
        return np.asarray((mass[:, None] * shift).T @ shift)
    return np.asarray((mass[:, None] * shift)[:, :, None] * shift[:, None, :])


def _moved(order: Order, mass: Float, first: Float, shift: Float) -> Float:
    """What the second moment gains when the anchor moves by -shift: ``f s^T + s f^T + m s s^T``."""
    if order == "trace":
        return np.asarray(np.einsum("kd,kd->k", 2.0 * first + mass[:, None] * shift, shift))
    if order == "diagonal":
        return np.asarray((2.0 * first + mass[:, None] * shift) * shift)
    half = first + 0.5 * mass[:, None] * shift
    cross = half.T @ shift if order == "pooled" else half[:, :, None] * shift[:, None, :]
    return np.asarray(cross + np.swapaxes(cross, -1, -2))


def _by_column(order: Order, squares: Float) -> Float:
    """Squares (K, D) summed to the shape of a diagonal of the second moment."""
    if order == "pooled":
        return np.asarray(squares.sum(axis=0))
    return np.asarray(squares.sum(axis=1)) if order == "trace" else squares


def _diagonal(order: Order, second: Float) -> Float:
    return np.diagonal(second, axis1=-2, axis2=-1) if order in ("dense", "pooled") else second
