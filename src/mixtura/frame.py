"""The affine frame: coordinates in which rows are near zero and near one, applied tile by tile, never to a copy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mixtura.arrays import Array, Float
from mixtura.outcome import MixtureError


@dataclass(frozen=True)
class Frame:
    """Affine coordinates ``(x - origin) / unit``.

    Parameters
    ----------
    origin : array of shape (D,)
    unit : array of shape (D,)
        Positive. All equal for a family that is not closed under scaling of columns.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.frame import Frame
    >>> frame = Frame(np.array([10.0, 0.0]), np.array([2.0, 1.0]))
    >>> frame.apply(np.array([[14, 3]]))
    array([[2., 3.]])
    >>> round(frame.log_unit, 3)
    0.693
    """

    origin: Float
    unit: Float

    @property
    def log_unit(self) -> float:
        """``sum_j log unit_j``: what a log density in the frame exceeds that in the user's units by."""
        return float(np.log(self.unit).sum())

    def apply(self, rows: Array) -> Float:
        """Rows of shape (n, D), of any real dtype, in frame coordinates (C order, float64)."""
        framed = np.subtract(rows, self.origin, dtype=np.float64, order="C")
        framed /= self.unit
        return framed

    def apply_columns(self, rows: Array) -> Float:
        """The same numbers transposed: shape (D, n), C order."""
        framed: Float = np.subtract(rows.T, self.origin[:, None], dtype=np.float64, order="C")
        framed /= self.unit[:, None]
        return framed

    def undo(self, points: Float) -> Float:
        """Points of shape (..., D) in frame coordinates back in the user's units."""
        return np.asarray(points * self.unit + self.origin)

    def variances_in(self, values: Float) -> Float:
        """Variances of shape (K,), (K, D) or (K, D, D) from the user's units to the frame's."""
        return self._scale(values, 1.0 / self.unit)

    def variances_out(self, values: Float) -> Float:
        """Variances of shape (K,), (K, D) or (K, D, D) from the frame's units to the user's."""
        return self._scale(values, self.unit)

    @staticmethod
    def _scale(values: Float, unit: Float) -> Float:
        with np.errstate(over="ignore", under="ignore"):  # the caller says which column has run over
            scaled = values * (unit[0] if values.ndim == 1 else unit)
            scaled *= unit[0] if values.ndim == 1 else unit[:, None] if values.ndim == 3 else unit
            return np.asarray(scaled)


@dataclass(frozen=True)
class Summary:
    """What one pass over the rows tells about each column; summaries of blocks add.

    Parameters
    ----------
    weight : float
        Sum of the row weights.
    rows : int
        Number of rows of positive weight.
    low, high : arrays of shape (D,)
        Smallest and largest value of each column.
    mean : array of shape (D,)
    spread : array of shape (D,)
        ``sum_n w_n ((x_n - mean) / (high - low))^2``: sum of squares in units of the range, so that no scale overflows.
    """

    weight: float
    rows: int
    low: Float
    high: Float
    mean: Float
    spread: Float

    @classmethod
    def of(cls, rows: Array, weight: Float | None) -> Summary:
        """Summary of host rows of shape (n, D) with weights of shape (n,) or None."""
        if weight is not None:
            rows, weight = rows[weight > 0], weight[weight > 0]
        values = np.asarray(rows, dtype=np.float64, order="C")  # one order of summation for every layout
        if not len(values):
            nothing = np.zeros(values.shape[1])
            return cls(0.0, 0, nothing + np.inf, nothing - np.inf, nothing, nothing)
        low, high = values.min(axis=0), values.max(axis=0)
        half, middle = _half(low, high), _middle(low, high)
        unit = np.where(half > 0, half, 1.0)
        relative = (values - middle) / unit
        total = float(len(values)) if weight is None else float(weight.sum())
        share = np.full(len(values), 1.0 / total) if weight is None else weight / total
        shift = share @ relative
        relative -= shift
        spread = total * (share @ (relative * relative)) / 4.0
        return cls(total, len(values), low, high, middle + shift * unit, spread)

    def __add__(self, other: Summary) -> Summary:
        if not self.rows or not other.rows:
            return other if not self.rows else self
        low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        total = self.weight + other.weight
        unit = 2.0 * np.where(high > low, _half(low, high), 1.0)
        gap = other.mean / unit - self.mean / unit
        spread = self._spread_in(unit) + other._spread_in(unit) + gap * gap * self.weight * (other.weight / total)
        mean = self.mean + gap * unit * (other.weight / total)
        return Summary(total, self.rows + other.rows, low, high, mean, spread)

    def _spread_in(self, unit: Float) -> Float:
        ratio = 2.0 * _half(self.low, self.high) / unit
        return np.asarray(self.spread * ratio * ratio)

    @cached_property
    def deviation(self) -> Float:
        """Standard deviation of each column, shape (D,)."""
        with np.errstate(over="ignore"):  # `frame` refuses what is beyond all doubles
            return np.asarray(2.0 * _half(self.low, self.high) * np.sqrt(self.spread / self.weight))

    @property
    def constant(self) -> list[int]:
        """Indices of the columns that hold one value."""
        return [int(j) for j in np.flatnonzero(self.low == self.high)]

    def frame(self, per_column: bool, least: float = 0.0) -> Frame:
        """The frame of these rows: origin the mean, unit the deviation of each column or of all, `least` at least."""
        deviation = np.where(self.deviation > 0, np.maximum(self.deviation, least), 0.0)
        largest = float(deviation.max(initial=0.0))
        if largest == 0.0:
            largest = max(least, 1.0)
        if not np.isfinite(largest):
            raise MixtureError("The spread of the data is beyond the largest double. Divide the columns by a scale.")
        if not per_column:
            # a power of two keeps scaled copies of the same data on the same bits
            return Frame(self.mean, np.full(len(deviation), power_of_two(largest)))
        return Frame(self.mean, power_of_two(np.where(deviation > 0, deviation, largest)))


def _half(low: Float, high: Float) -> Float:
    """Half the range, which cannot overflow."""
    return np.asarray(0.5 * high - 0.5 * low)


def _middle(low: Float, high: Float) -> Float:
    return np.asarray(0.5 * high + 0.5 * low)


def power_of_two(values: Float | float) -> Float:
    """The power of two at or below each positive value."""
    _, exponent = np.frexp(values)
    return np.asarray(np.ldexp(1.0, np.maximum(exponent - 1, -1021)), dtype=np.float64)
