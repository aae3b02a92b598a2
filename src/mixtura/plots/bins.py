"""Bins of a histogram that respect weights and the resolution of the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

_FEWEST, _ENOUGH, _MOST = 8, 30, 120
_GRID_VALUES = 300


def edges(values: Float, weight: Float | None = None) -> Float:
    r"""
    Choose bins by Freedman and Diaconis, with weights, and never finer than the data.

    The width is :math:`2 \, \mathrm{IQR} \, n^{-1/3}` with n the sum of the weights, and less where groups far apart
    would make it too coarse; it is rounded to whole steps where the values lie on a grid, so that a grid makes no comb.

    Parameters
    ----------
    values : array of shape (N,)
    weight : array of shape (N,), optional

    Returns
    -------
    array of shape (B + 1,)

    Examples
    --------
    >>> edges(np.repeat([1.0, 2.0, 3.0, 4.0], 50))
    array([0.5, 1.5, 2.5, 3.5, 4.5])
    """
    order = np.argsort(values)
    ordered: Float = values[order]
    mass = np.cumsum(np.ones(len(values)) if weight is None else weight[order])
    low, high = ordered[np.searchsorted(mass, [0.25 * mass[-1], 0.75 * mass[-1]])]
    span = float(ordered[-1] - ordered[0])
    if span == 0.0:
        half = max(0.5, abs(float(ordered[0])) * 5e-4)
        return np.array([ordered[0] - half, ordered[0] + half])
    fewest = float(np.clip(1.5 * np.sqrt(mass[-1]), _FEWEST, _ENOUGH))
    width = float(np.clip(2.0 * (high - low) * mass[-1] ** (-1 / 3), span / _MOST, span / fewest))
    step = _step(ordered)
    if step is None:
        bins = int(np.ceil(span / width))
        return np.linspace(ordered[0], ordered[-1], bins + 1)
    width = max(1.0, round(width / step)) * step
    bins = int(np.floor(span / width + 1e-6)) + 1
    return np.asarray(ordered[0] - 0.5 * step + width * np.arange(bins + 1), dtype=np.float64)


def _step(ordered: Float) -> float | None:
    """The grid's step where the values lie on one that is coarse enough to show, else None."""
    different = np.unique(ordered)
    if len(different) > _GRID_VALUES or len(different) > 0.8 * len(ordered) > 0.8 * _GRID_VALUES:
        return None
    step = float(np.diff(different).min())
    steps = np.diff(different) / step
    return step if np.abs(steps - np.rint(steps)).max() < 1e-3 * max(1.0, steps.max()) else None
