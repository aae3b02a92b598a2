"""Where EM begins: k-means, k-means++, random, rows of the data, a hierarchy, given labels or responsibilities."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from mixtura import hierarchy
from mixtura.arrays import Array, Float
from mixtura.block import Block
from mixtura.em import Kernel, Step
from mixtura.ground import NOISE_START as NOISE_START
from mixtura.ground import SEEDING_ROWS as SEEDING_ROWS
from mixtura.ground import Ground as Ground
from mixtura.ground import Seed as Seed
from mixtura.hierarchy import Hierarchy
from mixtura.mixture import Mixture
from mixtura.moments import Moments
from mixtura.pools import single_threaded_openmp
from mixtura.sources.source import BLOCK, Source

Start = Callable[[Ground, Seed], Mixture]


def kmeans(ground: Ground, seed: Seed) -> Mixture:
    """Hard clusters of one run of scikit-learn's k-means, on one thread so that its bits repeat."""
    from sklearn import config_context
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    rows, weight, positions = ground.rows()
    rows, origin, unit = ground.coordinates(rows)
    checked = config_context(assume_finite=True, skip_parameter_validation=True)
    with single_threaded_openmp(), checked, warnings.catch_warnings():
        # fewer distinct rows than clusters: an empty component says so later
        warnings.simplefilter("ignore", ConvergenceWarning)
        own = positions is not None  # a sample is not needed again
        fitted = KMeans(ground.n_components, n_init=1, random_state=seed, copy_x=not own).fit(
            rows, sample_weight=weight
        )
    if positions is None:
        return _labeled(ground, fitted.labels_)
    return ground.nearest(np.asarray(fitted.cluster_centers_, dtype=np.float64) * unit + origin)


def kmeans_plusplus(ground: Ground, seed: Seed) -> Mixture:
    """Components at rows chosen far from each other (Arthur & Vassilvitskii 2007)."""
    from sklearn.cluster import kmeans_plusplus as choose

    rows, weight, _ = ground.rows()
    scaled, _, _ = ground.coordinates(rows)
    _, indices = choose(scaled, ground.n_components, sample_weight=weight, random_state=seed)
    return ground.points(np.asarray(rows[indices], dtype=np.float64))


def random_from_data(ground: Ground, seed: Seed) -> Mixture:
    """Components at rows drawn at random, in proportion to their weights, none twice."""
    rows, weight, _ = ground.rows(SEEDING_ROWS)
    share = None if weight is None else weight / weight.sum()
    indices = seed.choice(len(rows), size=ground.n_components, replace=False, p=share)
    return ground.points(np.asarray(rows[indices], dtype=np.float64))


def random(ground: Ground, seed: Seed) -> Mixture:
    """Responsibilities drawn uniformly and normalized, block after block, so that none are kept."""
    drawing = _Drawing(seed, ground.n_components)

    def assign(block: Block) -> tuple[Float, Float]:
        drawn = drawing.rows(block.start, block.stop)
        return drawn / drawn.sum(axis=1, keepdims=True), np.zeros(len(block))

    try:
        return ground.mixture(assign, in_order=True)
    finally:
        drawing.rows(ground.source.shape[0], ground.source.shape[0])  # sums that were kept have read no rows


class _Drawing:
    """Uniform numbers a row, as one long draw of the seed would give them; a second reading meets the same."""

    def __init__(self, seed: Seed, width: int) -> None:
        self._seed, self._width, self._at = seed, width, 0
        self._before = seed.get_state()

    def rows(self, start: int, stop: int) -> Float:
        """The numbers of the rows from `start` to `stop`."""
        if start < self._at:
            self._seed.set_state(self._before)
            self._at = 0
        while self._at < start:
            self._draw(min(start - self._at, BLOCK))
        return self._draw(stop - start)

    def _draw(self, count: int) -> Float:
        self._at += count
        return self._seed.uniform(size=(count, self._width))


def hierarchical(ground: Ground, seed: Seed) -> Mixture:
    """Clusters of a tree grown by the classification likelihood; the seed draws its rows where there are many."""
    return rooted(hierarchy.of(ground, seed))(ground, seed)


def rooted(found: Hierarchy) -> Start:
    """The start whose first M-step is from the clusters of a hierarchy, from the rows that it knows."""

    def begin(ground: Ground, _: Seed) -> Mixture:
        given = found.labels(ground.n_components)
        return _labeled(replace(ground, source=found.source(ground.source)), given)

    return begin


def labels(given: Array) -> Start:
    """The start whose first M-step is from labels (N,), -1 for noise."""
    whole = np.asarray(given)
    return lambda ground, _: _labeled(ground, ground.of_these(whole))


def _labeled(ground: Ground, given: Array) -> Mixture:
    """The first M-step from a label a row of the source."""
    return ground.labeled(lambda block: given[block.start : block.stop])


def responsibilities(given: Array) -> Start:
    """The start from responsibilities (N, K), or (N, K + 1) with the noise last; what a row lacks to 1 is noise.

    Those that are all 0 or 1 are labels.
    """
    whole = np.asarray(given)
    hard = bool(((whole == 0) | (whole == 1)).all())

    def assign(block: Block, given: Array, n_components: int, noisy: bool) -> tuple[Float, Float]:
        part = np.asarray(given[block.start : block.stop], dtype=np.float64)[:, :n_components]
        return part, np.maximum(1.0 - part.sum(axis=1), 0.0) * noisy

    def begin(ground: Ground, _: Seed) -> Mixture:
        these, k = ground.of_these(whole), ground.n_components
        if hard:
            return _labeled(ground, np.where(these[:, :k].any(axis=1), these[:, :k].argmax(axis=1), -1))
        noisy = ground.recipe.log_volume is not None
        return ground.mixture(partial(assign, given=these, n_components=k, noisy=noisy))

    return begin


STARTS: dict[str, Start] = {
    "kmeans": kmeans,
    "k-means++": kmeans_plusplus,
    "random": random,
    "random_from_data": random_from_data,
    "hierarchical": hierarchical,
}
# Those that measure no distances in the data's units.
UNITLESS = {"random", "hierarchical"}


def reseed(source: Source, kernel: Kernel, seed: Seed, step: Step, component: int) -> Mixture:
    """A model whose empty component begins again at the least likely of some rows, with the average covariance."""
    block = Block(np.asarray(source.sample(1024).rows, dtype=np.float64), None, 0, source.frame)
    row = block.framed()[int(np.argmin(kernel.posterior(block, step.model.density())[0]))]
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
