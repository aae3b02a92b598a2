"""The uniform background: a component of constant density 1 / volume, for rows that belong to no group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.arrays import Float, to_host
from mixtura.block import Block
from mixtura.frame import Frame
from mixtura.outcome import MixtureError


@dataclass(frozen=True)
class Box:
    """A box, perhaps turned: the points ``low <= ((x - origin) / unit) @ axes <= high``.

    Parameters
    ----------
    frame : Frame
    axes : array of shape (D, D)
        Orthonormal columns.
    low, high : arrays of shape (D,)
    """

    frame: Frame
    axes: Float
    low: Float
    high: Float

    @property
    def log_volume(self) -> float:
        """Log volume in the user's units."""
        with np.errstate(divide="ignore"):
            return float(np.log(self.high - self.low).sum()) + self.frame.log_unit

    def sample(self, n: int, random_state: np.random.RandomState) -> Float:
        """`n` uniform points in the box, shape (n, D)."""
        inside = random_state.uniform(self.low, self.high, size=(n, len(self.low)))
        return self.frame.undo(inside @ self.axes.T)


@dataclass(frozen=True)
class Noise:
    """A uniform component.

    Parameters
    ----------
    log_volume : float
        Log of the volume over which it is spread, in the user's units.
    box : Box or None
        The box itself, or None when only a volume was given.
    """

    log_volume: float
    box: Box | None = None

    @classmethod
    def given(cls, volume: float) -> Noise:
        """A noise component of a given volume, in the data's units to the power D."""
        if not (np.isfinite(volume) and volume > 0):
            raise MixtureError(f"noise: the volume is {volume} and must be a positive number.")
        return cls(float(np.log(volume)))

    @classmethod
    def around(cls, *boxes: Box) -> Noise:
        """The noise component that fills the smallest of several boxes around the same rows."""
        smallest = min(boxes, key=lambda box: box.log_volume)
        if not np.isfinite(smallest.log_volume):
            raise MixtureError("noise: the box around the rows has no volume. Drop the constant or collinear columns.")
        return cls(smallest.log_volume, smallest)


@dataclass(frozen=True)
class Extent:
    """Smallest and largest coordinates of rows along given axes; extents add by taking both."""

    low: Float
    high: Float

    @classmethod
    def of(cls, block: Block, axes: Float) -> Extent:
        """Extent of the rows of positive weight of a block, in its frame, along the columns of `axes`."""
        rows = to_host(block.framed())
        turned = (rows if block.weight is None else rows[block.weight > 0]) @ axes
        return cls(turned.min(axis=0, initial=np.inf), turned.max(axis=0, initial=-np.inf))

    def __add__(self, other: Extent) -> Extent:
        return Extent(np.minimum(self.low, other.low), np.maximum(self.high, other.high))
