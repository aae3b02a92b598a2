"""Where EM begins: k-means, k-means++, random, rows of the data, given labels or responsibilities."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mixtura.arrays import Array, Float, is_float32
from mixtura.block import Block
from mixtura.covariance import Layout, subtracts
from mixtura.density import Density, Whitening
from mixtura.em import Kernel, Step
from mixtura.kernels import assigned
from mixtura.mixture import Mixture, Recipe
from mixtura.moments import CANCELLATION, Moments
from mixtura.outcome import EmptyComponent
from mixtura.pools import single_threaded_openmp
from mixtura.sources.memory import Memory

# k-means sees at most this many rows; up to it, its labels are scikit-learn's for scikit-learn's seed.
SEEDING_ROWS = 2**16
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
    source : Memory
    n_components : int
    recipe : Recipe
    metric : array of shape (D,) or None
        Units a column in which distances are measured; None means the data's own.
    layout : {"full", "tied", "diag", "spherical", "dense"}
        Which of scikit-learn's types this is, where one column makes them one family.
    """

    source: Memory
    n_components: int
    recipe: Recipe
    metric: Float | None = None
    layout: Layout = "dense"

    def mixture(self, assign: assigned.Assignment, in_order: bool = False) -> Mixture:
        """The first M-step from responsibilities; `in_order` when `assign` must see the blocks one after another."""
        source = replace(self.source, mapper=map) if in_order else self.source
        anchor = np.zeros((self.n_components, source.shape[1]))
        gather = partial(assigned.moments, assign=assign, order=self.recipe.family.order)
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

    def rows(self, seed: Seed) -> tuple[Array, Float | None, Any]:
        """Rows of positive weight for seeding (at most SEEDING_ROWS, at random), their weights, their positions."""
        source = self.source
        there = None if source.weight is None else np.flatnonzero(source.weight > 0)
        count = source.shape[0] if there is None else len(there)
        if count > SEEDING_ROWS:
            drawn = np.sort(seed.choice(count, SEEDING_ROWS, replace=False))
            there = drawn if there is None else there[drawn]
        if there is None or len(there) == source.shape[0]:
            return source.as_float(), source.weight, None
        return source.take(there), None if source.weight is None else source.weight[there], there

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
        density = Density(means, Whitening((frame.unit / metric)[None, :]), np.zeros(len(points)))
        return self.mixture(partial(assigned.nearest, density=density))

    def points(self, points: Float) -> Mixture:
        """Components at single rows, as scikit-learn begins: mass one row, variance reg_covar.

        Without a ridge that would be singular; its limit is every row with the nearest point.
        """
        if self.recipe.exact and not (self._tied and self.ordinary):
            return self.nearest(points)
        frame, k = self.source.frame, len(points)
        anchor = (points - frame.origin) / frame.unit
        weight = float(self.source.shape[0] if self.source.weight is None else self.source.weight.sum())
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


Start = Callable[[Ground, Seed], Mixture]


def _all_rows(block: Block, n_components: int) -> tuple[Float, Float]:
    """Every row belongs to every component."""
    return np.ones((len(block), n_components)), np.zeros(len(block))


def kmeans(ground: Ground, seed: Seed) -> Mixture:
    """Hard clusters of one run of scikit-learn's k-means, on one thread so that its bits repeat."""
    from sklearn import config_context
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    rows, weight, positions = ground.rows(seed)
    rows, origin, unit = ground.coordinates(rows)
    checked = config_context(assume_finite=True, skip_parameter_validation=True)
    with single_threaded_openmp(), checked, warnings.catch_warnings():
        # fewer distinct rows than clusters: an empty component says so later
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = KMeans(ground.n_components, n_init=1, random_state=seed).fit(rows, sample_weight=weight)
    if positions is None:
        return labels(fitted.labels_)(ground, seed)
    return ground.nearest(np.asarray(fitted.cluster_centers_, dtype=np.float64) * unit + origin)


def kmeans_plusplus(ground: Ground, seed: Seed) -> Mixture:
    """Components at rows chosen far from each other (Arthur & Vassilvitskii 2007)."""
    from sklearn.cluster import kmeans_plusplus as choose

    rows, weight, _ = ground.rows(seed)
    scaled, _, _ = ground.coordinates(rows)
    _, indices = choose(scaled, ground.n_components, sample_weight=weight, random_state=seed)
    return ground.points(np.asarray(rows[indices], dtype=np.float64))


def random_from_data(ground: Ground, seed: Seed) -> Mixture:
    """Components at rows drawn at random, in proportion to their weights, none twice."""
    source = ground.source
    share = None if source.weight is None else source.weight / source.weight.sum()
    indices = seed.choice(source.shape[0], size=ground.n_components, replace=False, p=share)
    return ground.points(source.take(indices))


def random(ground: Ground, seed: Seed) -> Mixture:
    """Responsibilities drawn uniformly and normalized, block after block, so that none are kept."""
    before = deepcopy(seed)

    def assign(block: Block) -> tuple[Float, Float]:
        if block.start == 0:  # a second reading of the rows meets the same numbers
            seed.set_state(before.get_state())
        drawn = seed.uniform(size=(len(block), ground.n_components))
        return drawn / drawn.sum(axis=1, keepdims=True), np.zeros(len(block))

    return ground.mixture(assign, in_order=True)


def labels(given: Array) -> Start:
    """The start whose first M-step is from labels (N,), -1 for noise."""
    given = np.asarray(given)

    def assign(block: Block, n_components: int) -> tuple[Float, Float]:
        part = given[block.start : block.stop]
        hard = (part[:, None] == np.arange(n_components)).astype(np.float64)
        return hard, (part == -1).astype(np.float64)

    return lambda ground, _: ground.mixture(partial(assign, n_components=ground.n_components))


def responsibilities(given: Array) -> Start:
    """The start from responsibilities (N, K), or (N, K + 1) with the noise last; what a row lacks to 1 is noise."""

    def assign(block: Block, n_components: int, noisy: bool) -> tuple[Float, Float]:
        part = np.asarray(given[block.start : block.stop], dtype=np.float64)[:, :n_components]
        return part, np.maximum(1.0 - part.sum(axis=1), 0.0) * noisy

    return lambda ground, _: ground.mixture(
        partial(assign, n_components=ground.n_components, noisy=ground.recipe.log_volume is not None)
    )


STARTS: dict[str, Start] = {
    "kmeans": kmeans,
    "k-means++": kmeans_plusplus,
    "random": random,
    "random_from_data": random_from_data,
}


def reseed(source: Memory, kernel: Kernel, seed: Seed, step: Step, component: int) -> Mixture:
    """A model whose empty component begins again at the least likely of some rows, with the average covariance."""
    drawn = np.sort(seed.choice(source.shape[0], min(source.shape[0], 1024), replace=False))
    weight = None if source.weight is None else source.weight[drawn]
    block = Block(source.take(drawn), weight, 0, source.frame)
    log_density = kernel.posterior(block, step.model.density())[0]
    row = block.framed()[int(np.argmin(log_density if weight is None else np.where(weight > 0, log_density, np.inf)))]
    return step.model.recipe.estimate(_reopened(step.moments, component, row), step.model.covariance)


def _reopened(moments: Moments, component: int, row: Float) -> Moments:
    """Moments in which a component has its equal share of the rows, about `row`, with the average scatter."""
    k = len(moments.mass)
    anchor = moments.mean()
    scatter = moments.about(anchor).scatter()
    mass = moments.mass * (1.0 - 1.0 / k)
    anchor[component], mass[component] = row, moments.weight / k
    if moments.order != "pooled":
        average = scatter.sum(axis=0) / moments.mass.sum()
        scatter = scatter * (1.0 - 1.0 / k)
        scatter[component] = average * mass[component]
    return replace(moments, anchor=anchor, mass=mass, first=np.zeros_like(moments.first), second=scatter, lost=0.0)
