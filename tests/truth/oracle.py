"""Mixtures, responsibilities and M-steps in 60 digits, written from the formulas and sharing nothing with the library.

M-steps of families with common axes are written for one and two columns, where the axes are one angle.
"""

from dataclasses import dataclass
from functools import cached_property

import mpmath as mp
import numpy as np

DIGITS = 60
mp.mp.dps = DIGITS


def exact(array):
    """Doubles as mpmath numbers, nested as they were."""
    if np.ndim(array) == 0:
        return mp.mpf(float(array))
    return [exact(part) for part in array]


@dataclass(frozen=True)
class Truth:
    """A mixture: weights, means, covariance matrices, and the log of weight / volume of a uniform noise, or None."""

    weights: list
    means: list
    covariances: list
    floor: object = None

    @cached_property
    def _terms(self):
        """Inverse covariance and log of weight over normalizing constant of each component."""
        d = len(self.means[0])
        constants = [
            mp.log(weight) - (mp.log(mp.det(covariance)) + d * mp.log(2 * mp.pi)) / 2
            for weight, covariance in zip(self.weights, self.covariances, strict=True)
        ]
        return [covariance**-1 for covariance in self.covariances], constants

    def posterior(self, row):
        """Log density of a row, and its responsibilities; those of the noise last."""
        parts = []
        for mean, inverse, constant in zip(self.means, *self._terms, strict=True):
            diff = mp.matrix([x - m for x, m in zip(row, mean, strict=True)])
            parts.append(constant - (diff.T * inverse * diff)[0] / 2)
        parts += [] if self.floor is None else [self.floor]
        top = max(parts)
        total = top + mp.log(mp.fsum(mp.exp(part - top) for part in parts))
        return total, [mp.exp(part - total) for part in parts]


def moments(rows, shares):
    """Mass, means and scatter matrices of rows (lists) with shares (lists a row) of the components."""
    d = len(rows[0])
    mass = [mp.fsum(column) for column in zip(*shares, strict=True)]
    means, scatter = [], []
    for k, total in enumerate(mass):
        mean = [mp.fsum(s[k] * row[j] for row, s in zip(rows, shares, strict=True)) / total for j in range(d)]
        diffs = [[x - m for x, m in zip(row, mean, strict=True)] for row in rows]
        sums = [
            [mp.fsum(s[k] * a[i] * a[j] for a, s in zip(diffs, shares, strict=True)) for j in range(d)]
            for i in range(d)
        ]
        means.append(mean)
        scatter.append(mp.matrix(sums))
    return mass, means, scatter


def m_step(code, mass, scatter):
    """The family's covariances that maximize ``-1/2 sum_k [mass_k log |S_k| + tr(S_k^-1 scatter_k)]``."""
    volume, shape, orientation = (code + "II")[:3]
    d = scatter[0].rows
    if shape == "I":
        parts = [mp.diag([_trace(w) / d] * d) for w in scatter]
        return _volumes_and_shapes(volume, volume, mass, parts)
    if orientation == "I":
        return _volumes_and_shapes(volume, shape, mass, [mp.diag([w[j, j] for j in range(d)]) for w in scatter])
    if (shape, orientation) in (("E", "E"), ("V", "V")):
        return _volumes_and_shapes(volume, shape, mass, scatter)
    if shape == "E":
        turned = [mp.eigsy(w) for w in scatter]
        sizes = _volumes_and_shapes(volume, shape, mass, [mp.diag(values) for values, _ in turned])
        return [axes * size * axes.T for (_, axes), size in zip(turned, sizes, strict=True)]
    return _common_axes(volume, mass, scatter)


def loss(mass, scatter, covariances):
    """What an M-step minimizes: ``sum_k [mass_k log |S_k| + tr(S_k^-1 scatter_k)]``."""
    parts = zip(mass, scatter, covariances, strict=True)
    return mp.fsum(m * mp.log(mp.det(s)) + _trace(s**-1 * w) for m, w, s in parts)


def _trace(matrix):
    return mp.fsum(matrix[j, j] for j in range(matrix.rows))


def _volumes_and_shapes(volume, shape, mass, parts):
    """Celeux and Govaert's closed forms, and for a common shape of own volumes their alternation to its end."""
    total, d = mp.fsum(mass), parts[0].rows
    if shape == "V":
        if volume == "V":
            return [part / m for part, m in zip(parts, mass, strict=True)]
        sizes = [mp.det(part) ** (mp.mpf(1) / d) for part in parts]
        return [part / size * (mp.fsum(sizes) / total) for part, size in zip(parts, sizes, strict=True)]
    if volume == "E":
        pooled = sum(parts[1:], parts[0]) / total
        return [pooled] * len(parts)
    return _own_volumes(mass, parts)


def _own_volumes(mass, parts):
    """One shape C of determinant 1 with volumes v_k: v_k = tr(C^-1 W_k) / (D n_k), C from sum_k W_k / v_k, in turn."""
    d, volumes = parts[0].rows, [mp.mpf(1)] * len(parts)
    while True:
        summed = sum((part / v for part, v in zip(parts[1:], volumes[1:], strict=True)), parts[0] / volumes[0])
        shape = summed / mp.det(summed) ** (mp.mpf(1) / d)
        inverse = shape**-1
        following = [_trace(inverse * part) / (d * m) for part, m in zip(parts, mass, strict=True)]
        change = max(abs(a / b - 1) for a, b in zip(following, volumes, strict=True))
        volumes = following
        if change < mp.mpf(10) ** (-DIGITS // 2):
            return [v * shape for v in volumes]


def _common_axes(volume, mass, scatter):
    """EVE and VVE in the plane: the best of all angles."""
    if scatter[0].rows != 2:
        raise ValueError("written for two columns")
    if min(mp.det(w) for w in scatter) <= 0:
        raise ZeroDivisionError("rows on a line have no shape")

    def along(angle):
        """The scatter along the two axes, of each component."""
        c, s = mp.cos(angle), mp.sin(angle)
        first = [w[0, 0] * c * c + 2 * w[0, 1] * c * s + w[1, 1] * s * s for w in scatter]
        return [(one, w[0, 0] + w[1, 1] - one) for one, w in zip(first, scatter, strict=True)]

    def level(angle):
        products = [one * other for one, other in along(angle)]
        if volume == "E":
            return mp.fsum(mp.sqrt(product) for product in products)
        return mp.fsum(m * mp.log(product) for m, product in zip(mass, products, strict=True))

    own = [mp.atan2(2 * w[0, 1], w[0, 0] - w[1, 1]) / 2 for w in scatter]
    best = _lowest(level, [*own, *(mp.pi / 128 * i for i in range(64))])
    axes = mp.matrix([[mp.cos(best), -mp.sin(best)], [mp.sin(best), mp.cos(best)]])
    sizes = _volumes_and_shapes(volume, "V", mass, [mp.diag(pair) for pair in along(best)])
    return [axes * size * axes.T for size in sizes]


def _lowest(level, candidates):
    """The lowest point of a smooth function near the best of some candidates: a bracket, then golden sections."""
    best = min(candidates, key=level)
    width, bottom = mp.mpf(10) ** -20, level(best)
    while min(level(best - width), level(best + width)) < bottom:
        width *= 2
    low, high, ratio = best - width, best + width, (mp.sqrt(5) - 1) / 2
    while high - low > mp.mpf(10) ** -27:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if level(left) < level(right) else (left, high)
    return (low + high) / 2
