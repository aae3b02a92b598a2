"""What a density says of rows: log densities, responsibilities, labels, and their sums."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mixtura.arrays import Array, Float, to_host
from mixtura.block import Block
from mixtura.density import Density
from mixtura.em import Kernel
from mixtura.kernels.measures import Measures
from mixtura.outcome import MixtureError
from mixtura.sources.memory import Memory
from mixtura.sources.source import Source, Wording


@dataclass(frozen=True)
class Assessment:
    """Sums over rows under a fixed density; assessments of blocks add.

    Parameters
    ----------
    weight : float
        Sum of the row weights.
    log_likelihood : float
        ``sum_n w_n log p(x_n)``.
    log_max : float
        ``sum_n w_n log max_k r_nk``.
    uncertainty : float
        ``sum_n w_n (1 - max_k r_nk)``.
    doubtful : float
        Weight of the rows whose largest responsibility is below 0.8.
    entropy : float
        ``-sum_n w_n sum_k r_nk log r_nk``.
    mass : array of shape (K,)
    noise : float
    assigned : array of shape (K,), or (K + 1,) with the noise last
        Weight of the rows whose largest responsibility is that of each component.
    """

    weight: float
    log_likelihood: float
    log_max: float
    uncertainty: float
    doubtful: float
    entropy: float
    mass: Float
    noise: float
    assigned: Float

    def __add__(self, other: Assessment) -> Assessment:
        return Assessment(**{name: value + getattr(other, name) for name, value in vars(self).items()})


@contextmanager
def _quiet() -> Iterator[None]:
    """Far rows overflow on their way to a density of zero, which `_require` reports."""
    with np.errstate(over="ignore", invalid="ignore"):
        yield


def _require(block: Block, log_density: Array, noise: Array, words: Wording) -> None:
    """Raise MixtureError for the first row without a finite log density, and for an infinite cell that went for noise.

    Errors call rows and columns by these `words`.
    """
    wrong = ~np.isfinite(log_density)
    alone = np.flatnonzero(noise == 1.0)  # an infinite cell looks like noise
    if len(alone):
        wrong[alone] |= ~np.isfinite(to_host(block.rows)[alone]).all(axis=1)
    if wrong.any():
        _complain(block, int(np.argmax(wrong)), words)


def _complain(block: Block, row: int, words: Wording) -> None:
    values = to_host(block.rows[row : row + 1, :])[0]
    position = block.start + row
    if not np.isfinite(values).all():
        column = int(np.argmin(np.isfinite(values)))
        raise MixtureError(words.cell(values[column], position, column))
    column = int(np.argmax(np.abs(values)))
    place = words.place(position)
    said = "Row" + place[3:] if words.files is None else place
    raise MixtureError(
        f"{said} is so far from every component that its log density is below the smallest double "
        f"(column {words.name(column)} holds {values[column]:.3g}). Check its units, or drop it."
    )


def _measured(block: Block, density: Density, kernel: Kernel, words: Wording) -> Measures:
    with _quiet():
        found: Measures = kernel.measure(block, density)
    _require(block, found.log_density, found.noise, words)
    return found


def _assess(block: Block, density: Density, kernel: Kernel, words: Wording) -> Assessment:
    found = _measured(block, density, kernel, words)
    weight = np.ones(len(block)) if block.weight is None else block.weight
    return Assessment(
        weight=float(weight.sum()),
        log_likelihood=float((weight * found.log_density).sum()),
        log_max=float((weight * np.log(found.largest)).sum()),
        uncertainty=float((weight * (1.0 - found.largest)).sum()),
        doubtful=float(weight[found.largest < 0.8].sum()),
        entropy=float((weight * found.entropy).sum()),
        mass=found.mass,
        noise=float(weight @ found.noise),
        assigned=_assigned(found.label, weight, density),
    )


def _assigned(label: Any, weight: Float, density: Density) -> Float:
    k, noisy = density.n_components, density.floor is not None
    return np.asarray(np.bincount(np.where(label < 0, k, label), weights=weight, minlength=k + noisy), dtype=np.float64)


def assess(source: Source, density: Density, kernel: Kernel) -> Assessment:
    """Sums of what a density says of all rows of a source."""
    total: Assessment = source.reduce(partial(_assess, density=density, kernel=kernel, words=source.words))
    return total


def log_densities(source: Source, density: Density, kernel: Kernel) -> Float:
    """Log density of each row, shape (N,)."""

    def find(block: Block) -> tuple[Float]:
        with _quiet():
            log_density, noise = (to_host(part) for part in kernel.log_densities(block, density))
        _require(block, log_density, noise, source.words)
        return (log_density,)

    out = np.empty(source.shape[0])
    source.map_rows(find, out)
    return out


def posterior(
    block: Block, density: Density, kernel: Kernel, words: Wording, out: Float | None = None
) -> tuple[Float, Float]:
    """Responsibilities (n, K), in `out` where that is given, and noise responsibility (n,) of rows, on the host."""
    with _quiet():
        log_density, shares, noise = kernel.posterior(block, density, out)
    noise = to_host(noise)
    _require(block, to_host(log_density), noise, words)
    if out is None:
        return to_host(shares), noise
    if shares is not out:
        out[:] = to_host(shares)
    return out, noise


def responsibilities(source: Source, density: Density, kernel: Kernel) -> Float:
    """Responsibilities of each row, shape (N, K), or (N, K + 1) with the noise last."""
    k, noisy = density.n_components, density.floor is not None
    out = np.empty((source.shape[0], k + noisy))

    def fill(block: Block) -> tuple[()]:
        _, noise = posterior(block, density, kernel, source.words, out[block.start : block.stop, :k])
        if noisy:
            out[block.start : block.stop, k] = noise
        return ()

    source.map_rows(fill)
    return out


def labels(source: Source, density: Density, kernel: Kernel) -> Any:
    """Index of the largest responsibility of each row, shape (N,), -1 for the noise."""
    out = np.empty(source.shape[0], dtype=np.int64)
    source.map_rows(lambda block: (_measured(block, density, kernel, source.words).label,), out)
    return out


def uncertainties(source: Source, density: Density, kernel: Kernel) -> Float:
    """One minus the largest responsibility of each row, shape (N,)."""
    out = np.empty(source.shape[0])
    source.map_rows(lambda block: (1.0 - _measured(block, density, kernel, source.words).largest,), out)
    return out


# Training log densities are kept as at most this many steps of their distribution, from at most this many rows.
STEPS, SAMPLE = 4096, 2**16


@dataclass(frozen=True)
class Quantiles:
    """The distribution of the training log densities: `share` of the weight lies at or below each of `values`.

    Parameters
    ----------
    values, share : arrays of shape (M,)
        Rising; the last share is 1.
    """

    values: Float
    share: Float

    @classmethod
    def of(cls, source: Source, density: Density, kernel: Kernel) -> Quantiles:
        """Of the rows of a source, or of SAMPLE of them at random where there are more."""
        some = _sample(source)
        values = log_densities(some, density, kernel)
        order = np.argsort(values, kind="stable")
        share = np.arange(1.0, len(values) + 1.0) if some.weight is None else np.cumsum(some.weight[order])
        values, share = values[order], share / share[-1]
        if len(share) <= STEPS:
            return cls(values, share)
        keep = np.unique(np.searchsorted(share, _levels(), side="left").clip(max=len(share) - 1))
        return cls(values[keep], share[keep])

    def at(self, fraction: float) -> float:
        """The smallest value that has at least `fraction` of the weight at or below it."""
        return float(self.values[min(int(np.searchsorted(self.share, fraction, side="left")), len(self.values) - 1)])


def _sample(source: Source) -> Memory:
    """The rows of positive weight, or SAMPLE of them."""
    drawn = source.sample(SAMPLE).rising()
    return Memory(drawn.rows, drawn.weight, source.frame, source.mapper)


def _levels() -> Float:
    """Shares worth keeping: as many in the lower tail as in the rest."""
    return np.concatenate([np.geomspace(1.0 / SAMPLE, 0.1, STEPS // 2), np.linspace(0.1, 1.0, STEPS // 2)])
