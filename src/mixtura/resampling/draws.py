"""Resamples: what each kind of bootstrap draws, from a seed of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance import published
from mixtura.noise import Box
from mixtura.outcome import MixtureError
from mixtura.parameters import Parameters

KINDS = ("nonparametric", "weighted", "parametric", "jackknife")
# Rows of which a bootstrap can be made.
LEAST_ROWS = 2


@dataclass(frozen=True)
class Sampler:
    """A mixture as thousands of samples are drawn from it: every covariance is factorized once.

    Parameters
    ----------
    shares : array of shape (K,) or (K + 1,)
        With that of the noise last.
    means : array of shape (K, D)
    factors : array of shape (K, D, D)
        ``covariance = factor @ factor.T``.
    box : Box or None
    """

    shares: Float
    means: Float
    factors: Float
    box: Box | None

    @classmethod
    def of(cls, parameters: Parameters) -> Sampler:
        """The sampler of published parameters; noise without a place is left out."""
        means, shares = (np.asarray(array, dtype=np.float64) for array in (parameters.means, parameters.weights))
        box = None if parameters.noise is None else parameters.noise.box
        shares = shares if box is None else np.append(shares, parameters.noise_weight)
        covariances = published.read_back(parameters.arrays.covariances, parameters.layout).dense(*parameters.shape)
        return cls(shares / shares.sum(), means, np.asarray(np.linalg.cholesky(covariances), dtype=np.float64), box)

    def draw(self, size: int, sequence: np.random.SeedSequence) -> Float:
        """So many rows, component after component."""
        generator = np.random.default_rng(sequence)
        counts, (k, d) = generator.multinomial(size, self.shares), self.means.shape
        rows = generator.standard_normal((size, d))
        end = 0
        for c in range(k):
            begin, end = end, end + int(counts[c])
            rows[begin:end] = rows[begin:end] @ self.factors[c].T + self.means[c]
        if self.box is not None:
            rows[end:] = self.box.sample(size - end, np.random.RandomState(sequence.generate_state(8)))
        return rows


@dataclass(frozen=True)
class Draws:
    """Resamples by their number.

    Which rows or weights a resample has depends on the seed and its number alone: not on threads, nor on the order in
    which resamples are made.

    Parameters
    ----------
    kind : {"nonparametric", "weighted", "parametric", "jackknife"}
    weight : array of shape (N,)
        Counts of the rows; ones where the user gave none.
    parameters : Parameters
        From which parametric samples are drawn.
    seed : int
    asked : int
        Number of resamples; the jackknife makes one a row.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.resampling.draws import Draws
    >>> draws = Draws("jackknife", np.array([1.0, 0.0, 3.0]), None, seed=0, asked=99)
    >>> [draws.weights(i) for i in range(len(draws))]
    [array([0., 0., 3.]), array([1., 0., 2.])]
    """

    kind: str
    weight: Float
    parameters: Parameters
    seed: int
    asked: int

    def __len__(self) -> int:
        return len(self.there) if self.kind == "jackknife" else self.asked

    @cached_property
    def there(self) -> Any:
        """Positions of the rows of positive weight: others are as if they were not there."""
        return np.flatnonzero(self.weight > 0.0)

    @cached_property
    def total(self) -> float:
        """Sum of the weights, the number of rows that they stand for."""
        return float(self.weight.sum())

    @property
    def repeats(self) -> Float:
        """How often each resample counts, shape (B,): a row of count 3 is left out three times, each time alike."""
        return self.weight[self.there] if self.kind == "jackknife" else np.ones(len(self))

    @property
    def size(self) -> int:
        """Rows of a sample that is drawn."""
        return round(self.total)

    def require(self) -> None:
        """Raise where such resamples cannot be made of such rows.

        Raises
        ------
        MixtureError
            Fewer than two rows; counts that are not whole, of which the jackknife cannot leave out one; a noise
            component of which only the volume is known, where rows must be drawn from it.
        """
        if self.size < LEAST_ROWS or len(self.there) < LEAST_ROWS:
            raise MixtureError(f"X holds {len(self.there)} rows that count, and a bootstrap needs at least 2.")
        if self.kind == "jackknife" and (self.weight != np.rint(self.weight)).any():
            raise MixtureError(
                "The jackknife leaves out one count at a time, and sample_weight holds numbers that are not whole. "
                'Use kind="weighted" or "nonparametric".'
            )
        noise = None if self.kind != "parametric" else self.parameters.noise
        if noise is not None and noise.box is None:
            raise MixtureError(
                "The noise component was given a volume but no place, so no rows can be drawn from it. "
                'Fit with noise=True, or use kind="nonparametric".'
            )

    def rows(self, i: int) -> Float | None:
        """Rows (n, D) of a parametric sample; None for resamples that are weights on the rows of the data."""
        if self.kind != "parametric":
            return None
        return self.sampler.draw(self.size, self._sequence(i))

    @cached_property
    def sampler(self) -> Sampler:
        """Where parametric samples come from."""
        return Sampler.of(self.parameters)

    def weights(self, i: int) -> Float:
        """The weight of every row in a resample, shape (N,)."""
        out = np.zeros(len(self.weight))
        if self.kind == "jackknife":
            out[:] = self.weight
            out[self.there[i]] -= 1.0
            return out
        generator, own = np.random.default_rng(self._sequence(i)), self.weight[self.there]
        if self.kind == "weighted":
            drawn = generator.standard_gamma(own)
            out[self.there] = drawn * (self.total / drawn.sum())
        else:
            out[self.there] = generator.multinomial(self.size, own / self.total)
        return out

    def _sequence(self, i: int) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.seed, spawn_key=(i,))
