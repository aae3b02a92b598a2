"""What a start stands on: rows, a recipe, a metric; and the first M-step from what is known of the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mixtura.arrays import Array, Float, is_float32
from mixtura.block import Block
from mixtura.covariance import Layout, subtracts
from mixtura.kernels import assigned
from mixtura.mixture import Mixture, Recipe
from mixtura.moments import CANCELLATION, Moments
from mixtura.outcome import EmptyComponent
from mixtura.sources.source import Source

# k-means sees at most this many rows; up to it, its labels are scikit-learn's for scikit-learn's seed. It sees fewer,
# but no fewer than FEWEST_ROWS, where it would take more products of row and center, or more numbers, than these.
SEEDING_ROWS, FEWEST_ROWS, SEEDING_PRODUCTS, SEEDING_NUMBERS = 2**16, 2**14, 2**28, 2**22
# Proportion at which a uniform component begins when no row was given to it.
NOISE_START = 0.05
# Beyond this many spreads from zero, or this scale, distances in the data's own coordinates lose too many digits;
# in single precision squares overflow sooner.
FAR, WIDE, WIDE_SINGLE = 1e3, 1e60, 1e15

Seed = np.random.RandomState


@dataclass(frozen=True)
class Ground:
    """What a start stands on: framed rows, how many components, what they will be made of, and a metric for distances.

    Parameters
    ----------
    source : Source
    n_components : int
    recipe : Recipe
    metric : array of shape (D,) or None
        Units a column in which distances are measured; None means the data's own.
    layout : {"full", "tied", "diag", "spherical", "dense"}
        Which of scikit-learn's types this is, where one column makes them one family.
    positions : array of shape (N,), optional
        Where the rows stand in the data, when the source holds a sample of them.
    most : int
        Rows that k-means may see at most, where that is fewer than it may anyway.
    """

    source: Source
    n_components: int
    recipe: Recipe
    metric: Float | None = None
    layout: Layout = "dense"
    positions: Any = None
    most: int = SEEDING_ROWS

    def of_these(self, given: Array) -> Array:
        """What was given for every row of the data, for the rows of the source."""
        return given if self.positions is None else given[self.positions]

    def mixture(self, assign: assigned.Assignment, in_order: bool = False) -> Mixture:
        """The first M-step from responsibilities; `in_order` when `assign` must see the blocks one after another."""
        source = self.source.in_order() if in_order else self.source
        return self._first(source, partial(assigned.moments, assign=assign))

    def labeled(self, label: assigned.Labeling) -> Mixture:
        """The first M-step when every row belongs to one component, or to the noise."""
        return self._first(self.source, partial(assigned.labeled, label=label))

    def _first(self, source: Source, gather: Callable[..., Moments]) -> Mixture:
        """The first M-step from the moments that `gather` makes of blocks."""
        gather = partial(gather, order=self.recipe.family.order)
        anchor = np.zeros((self.n_components, source.shape[1]))
        moments = source.reduce(partial(gather, anchor=anchor))
        if moments.cancellation() > CANCELLATION:
            moments = source.reduce(partial(gather, anchor=moments.mean()))
        for component in moments.empty():
            raise EmptyComponent(component, "the start gives it no row.")
        return self.finish(moments)

    def finish(self, moments: Moments) -> Mixture:
        """The mixture of the first moments, with a share for the noise if it has none yet."""
        mixture = self.recipe.estimate(moments)
        noisy = self.recipe.log_volume is not None and moments.noise == 0
        return mixture.with_noise(NOISE_START) if noisy else mixture

    def rows(self, most: int | None = None) -> tuple[Array, Float | None, Any]:
        """Rows of positive weight for seeding, their weights, their positions: at most so many, at random.

        Unless it is given, that is what k-means may see.
        """
        source, (count, _) = self.source, self.source.count()
        most = min(self.most, seeding_rows(self.n_components, source.shape[1])) if most is None else most
        if count == source.shape[0] <= most:
            return source.as_float(), source.weights(), None
        drawn = source.sample(most).rising()
        return drawn.rows, drawn.weight, drawn.positions

    @property
    def ordinary(self) -> bool:
        """Whether distances may be measured in the data's own coordinates without a loss of digits.

        Then these are used, untouched, so that scikit-learn's seeds give scikit-learn's labels.
        """
        origin, unit = self.source.frame.origin, float(self.source.frame.unit.max())
        wide = WIDE_SINGLE if is_float32(self.source.kind) else WIDE
        return self.metric is None and bool(np.all(np.abs(origin) <= FAR * unit)) and 1 / wide < unit < wide

    def coordinates(self, rows: Array) -> tuple[Array, Float, Float]:
        """Rows in the coordinates in which distances are measured, with their origin and unit."""
        frame = self.source.frame
        if self.ordinary:
            return rows, np.zeros_like(frame.unit), np.ones_like(frame.unit)
        unit = np.full_like(frame.unit, frame.unit.max()) if self.metric is None else self.metric
        return (rows - frame.origin) / unit, frame.origin, unit

    def nearest(self, points: Float) -> Mixture:
        """The first M-step when every row goes to the nearest of some points (K, D) in the data's units."""
        frame = self.source.frame
        metric = np.full_like(frame.unit, frame.unit.max()) if self.metric is None else self.metric
        means = (points - frame.origin) / frame.unit
        return self.labeled(partial(assigned.nearest, points=means, scale=frame.unit / metric))

    def points(self, points: Float) -> Mixture:
        """Components at single rows, as scikit-learn begins: mass one row, variance reg_covar.

        Without a ridge that would be singular; its limit is every row with the nearest point.
        """
        if self.recipe.exact and not (self._tied and self.ordinary):
            return self.nearest(points)
        frame, k = self.source.frame, len(points)
        anchor = (points - frame.origin) / frame.unit
        _, weight = self.source.count()
        second = self._spread_of_points(points)
        zero = np.zeros_like(anchor)
        return self.finish(Moments(self.recipe.family.order, anchor, np.ones(k), zero, second, 0.0, 0.0, weight))

    def _spread_of_points(self, points: Float) -> Float:
        """The second moment about single rows that scikit-learn arrives at: its path depends on it.

        Tied, it subtracts K rows from the second moment of all rows about zero; diagonal, it is the rounding of
        ``x^2 / n - (x / n)^2`` with n = 1 + 10 eps, which its reg_covar of 1e-6 makes visible. Otherwise it is zero.
        """
        order, frame, (k, d) = self.recipe.family.order, self.source.frame, points.shape
        if self.ordinary and self._tied:
            own = points / frame.unit
            pooled = self._about_zero() - own.T @ own
            return pooled if order == "pooled" else np.full(k, pooled[0, 0] / k)
        if not (self.ordinary and subtracts(self.recipe.family, self.layout)):
            return np.zeros({"trace": (k,), "diagonal": (k, d), "pooled": (d, d)}.get(order, (k, d, d)))
        n = 1.0 + 10.0 * np.finfo(np.float64).eps
        rounding = (points * points / n - np.square(points / n)) / np.square(frame.unit)
        return rounding if order == "diagonal" else rounding.sum(axis=1)

    @property
    def _tied(self) -> bool:
        """Whether the family is scikit-learn's tied one; in one dimension that is E."""
        family = self.recipe.family
        return family.order == "pooled" or (family.shared and family.n_features == 1)

    def _about_zero(self) -> Float:
        """Second moment (D, D) of all rows about the user's zero, in units of the frame."""
        frame = self.source.frame
        zero = np.broadcast_to(-frame.origin / frame.unit, (1, len(frame.unit)))
        assign = partial(_all_rows, n_components=1)
        gather = partial(assigned.moments, assign=assign, order="pooled", anchor=zero)
        everything: Moments = self.source.reduce(gather)
        return everything.second


def _all_rows(block: Block, n_components: int) -> tuple[Float, Float]:
    """Every row belongs to every component."""
    return np.ones((len(block), n_components)), np.zeros(len(block))


def seeding_rows(n_components: int, n_features: int) -> int:
    """How many rows k-means may see.

    Examples
    --------
    >>> from mixtura.ground import seeding_rows
    >>> seeding_rows(64, 64), seeding_rows(256, 64), seeding_rows(2, 128)
    (65536, 16384, 32768)
    """
    bound = min(SEEDING_PRODUCTS // (n_components * n_features), SEEDING_NUMBERS // n_features)
    return min(max(bound, FEWEST_ROWS), SEEDING_ROWS)
