"""Mixtures of every family at any offset, scale and condition, rows from them, and what 60 digits say of both."""

from dataclasses import dataclass
from functools import cached_property

import mpmath as mp
import numpy as np

from mixtura.covariance import MCLUST, published, resolve
from mixtura.noise import Noise
from mixtura.parameters import Parameters
from tests.truth import oracle

EPS = float(np.finfo(np.float64).eps)
NAMES = (*MCLUST, "full", "tied", "diag", "spherical", "E", "V")
OFFSETS = (0.0, 1.0, 1e3, 1e6, 1e9, 1e12)
SCALES = (1e-12, 1e-6, 1e-3, 1.0, 1e3, 1e6)
CONDITIONS = (1.0, 1e4, 1e9, 1e14)
NOISE = 0.1


def resolved(offset, scale):
    """Whether doubles at this offset tell rows of this scale apart, with four digits to spare."""
    return scale > 1e4 * EPS * offset


PLACES = [(offset, scale) for offset in OFFSETS for scale in SCALES if resolved(offset, scale)]


@dataclass(frozen=True)
class Case:
    """A mixture of one family, `separation` deviations apart, in the units of a user at `offset` with `scale`.

    `condition` is that of covariances whose shape is free, as far as doubles can tell the narrowest column.
    """

    name: str
    offset: float
    scale: float
    condition: float
    separation: float = 2.0
    seed: int = 0
    n_features: int = 2
    n_rows: int = 10
    noisy: bool = False
    weighted: bool = False
    n_components: int = 2

    @property
    def d(self):
        return 1 if len(self.name) == 1 else self.n_features

    @property
    def apart(self):
        """How far from the middle a component may lie, in deviations."""
        return self.separation * self.d**0.5

    @property
    def family(self):
        return resolve(self.name, self.d)[0]

    @property
    def layout(self):
        return resolve(self.name, self.d)[1]

    @property
    def _widest(self):
        """The condition beyond which a column of a diagonal family is narrower than doubles at the offset can tell."""
        if self.family.orientation != "I" or not self.offset:
            return np.inf
        return max(1.0, (self.scale / (1e4 * EPS * self.offset)) ** 2 / 4.0)

    @cached_property
    def _drawn(self):
        """Parameters and rows."""
        rng, k, d = np.random.default_rng(self.seed), self.n_components, self.d
        covariances = _members(self.family, k, min(self.condition, self._widest), rng)
        means = self.separation * rng.uniform(-1.0, 1.0, size=(k, d))
        labels = np.arange(self.n_rows) % k
        factors = np.linalg.cholesky(covariances)[labels]
        rows = means[labels] + np.einsum("nij,nj->ni", factors, rng.normal(size=(self.n_rows, d)))
        place = self.offset * rng.uniform(0.5, 1.0, d) * rng.choice([-1.0, 1.0], d)
        weights = rng.dirichlet(np.full(k, 5.0)) * (1.0 - NOISE * self.noisy)
        noise = Noise.given(float((20.0 * self.scale) ** d)) if self.noisy else None
        arrays = published.from_covariances(_laid_out(covariances * self.scale**2, self.layout), self.layout)
        centers = place + self.scale * means
        parameters = Parameters(weights, centers, arrays, self.layout, NOISE if self.noisy else 0.0, noise)
        return parameters, place + self.scale * rows, rng.integers(1, 4, self.n_rows).astype(float)

    @property
    def parameters(self):
        return self._drawn[0]

    @property
    def rows(self):
        return self._drawn[1]

    @property
    def weight(self):
        """Weights of the rows, or None."""
        return self._drawn[2] if self.weighted else None

    @cached_property
    def truth(self):
        """The mixture of the published parameters, in 60 digits."""
        parameters = self.parameters
        floor = mp.log(mp.mpf(NOISE)) - mp.mpf(parameters.noise.log_volume) if self.noisy else None
        matrices = [mp.matrix(c.tolist()) for c in self.matrices(parameters)]
        return oracle.Truth(oracle.exact(parameters.weights), oracle.exact(parameters.means), matrices, floor)

    @cached_property
    def posteriors(self):
        """Log density and responsibilities (noise last) of every row."""
        return [self.truth.posterior(row) for row in oracle.exact(self.rows)]

    @property
    def log_densities(self):
        """Log densities as doubles, for the size of what may be lost."""
        return np.array([float(value) for value, _ in self.posteriors])

    @cached_property
    def moments(self):
        """Masses, means and scatter matrices of the components under the posteriors."""
        shares = [posterior[1] for posterior in self.posteriors]
        weight = oracle.exact(np.ones(self.n_rows) if self.weight is None else self.weight)
        shares = [[w * share for share in row[: self.n_components]] for w, row in zip(weight, shares, strict=True)]
        return oracle.moments(oracle.exact(self.rows), shares)

    @cached_property
    def step(self):
        """Weights, means and covariances after one EM step."""
        mass, means, scatter = self.moments
        total = self.n_rows if self.weight is None else self.weight.sum()
        return [m / mp.mpf(float(total)) for m in mass], means, oracle.m_step(self.family.name, mass, scatter)

    @property
    def flat(self):
        """Whether the step leaves the conditions that covariances may have: what is left of rows on a line."""
        try:
            return condition(self.step[2]) > CONDITIONS[-1]
        except ZeroDivisionError:
            return True

    def matrices(self, parameters):
        """Published covariances as matrices of shape (K, D, D)."""
        return published.read_back(parameters.arrays.covariances, self.layout).dense(self.n_components, self.d)


def condition(matrices):
    """Largest condition number of several matrices of mpmath numbers."""
    values = [mp.eigsy(matrix, eigvals_only=True) for matrix in matrices]
    return max(float(max(v) / min(v)) for v in values)


def _members(family, n_components, condition, rng):
    """Covariance matrices (K, D, D) of a family: equal letters draw once, variable letters for each component."""
    d = family.n_features

    def draws(letter, draw, identity):
        if letter == "I":
            return [identity] * n_components
        return [draw()] * n_components if letter == "E" else [draw() for _ in range(n_components)]

    volumes = draws(family.volume, lambda: 2.0 ** rng.uniform(-1.0, 1.0), 1.0)
    ratios = np.geomspace(1.0, 1.0 / condition, d)
    shapes = draws(family.shape, lambda: rng.permutation(ratios) * rng.uniform(1.0, 1.5, d), np.ones(d))
    axes = draws(family.orientation, lambda: np.linalg.qr(rng.normal(size=(d, d)))[0], np.eye(d))
    matrices = np.array([v * (o * s) @ o.T for v, s, o in zip(volumes, shapes, axes, strict=True)])
    return 0.5 * (matrices + np.swapaxes(matrices, 1, 2))


def _laid_out(covariances, layout):
    diagonals = np.einsum("kdd->kd", covariances)
    return {"tied": covariances[0], "diag": diagonals, "spherical": diagonals[:, 0]}.get(layout, covariances)
