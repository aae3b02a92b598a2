"""What the densities of all classes say of rows, a block at a time: no array of rows by classes outlives its block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura import kernels
from mixtura.arrays import Float, to_host
from mixtura.block import Block
from mixtura.density import Density
from mixtura.frame import Frame
from mixtura.outcome import MixtureError
from mixtura.parameters import Parameters
from mixtura.sources.memory import Memory


@dataclass(frozen=True)
class Observed:
    """Sums over rows of what the model says of them and of what is known of their classes; those of blocks add.

    Parameters
    ----------
    weight : float
    log_likelihood : float
        ``sum w log(prior_c p_c(x))`` over rows of class c, plus ``sum w log sum_c prior_c p_c(x)`` over the others.
    log_max : float
        ``sum w log max_c P(c | x)`` over the rows of no known class.
    """

    weight: float
    log_likelihood: float
    log_max: float

    def __add__(self, other: Observed) -> Observed:
        return Observed(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))


@dataclass(frozen=True)
class Decision:
    """Class priors and class-conditional densities, ready for rows of one kind.

    Parameters
    ----------
    log_priors : array of shape (C,)
    densities : sequence of (Density, Frame)
        Of each class: its mixture, as a function of rows in its frame.
    """

    log_priors: Float
    densities: Sequence[tuple[Density, Frame]]

    @classmethod
    def of(cls, priors: Any, mixtures: Sequence[Parameters]) -> Decision:
        """From class priors (C,) and the published mixture of each class."""
        with np.errstate(divide="ignore"):
            log_priors = np.log(np.asarray(priors, dtype=np.float64))
        return cls(log_priors, [mixture.density() for mixture in mixtures])

    def conditional(self, source: Memory) -> Callable[[Block], Float]:
        """``log p_c(x_n)`` of the rows of a block of this source, shape (n, C)."""
        chosen = [kernels.choose(source.kind, density.n_components, density.order) for density, _ in self.densities]

        def of(block: Block) -> Float:
            out = np.empty((len(block), len(chosen)))
            with np.errstate(over="ignore", invalid="ignore"):  # a far row: -inf, which `_require` judges
                for c, ((density, frame), kernel) in enumerate(zip(self.densities, chosen, strict=True)):
                    out[:, c] = to_host(kernel.log_densities(replace(block, frame=frame), density)[0])
            _require(block, out.max(axis=1), source)
            return out

        return of

    def posterior(self, source: Memory) -> Callable[[Block], tuple[Float, Float]]:
        """``log p(x_n)`` (n,) and ``log P(c | x_n)`` (n, C) of the rows of a block of this source."""
        conditional = self.conditional(source)

        def of(block: Block) -> tuple[Float, Float]:
            joint = conditional(block) + self.log_priors
            top = joint.max(axis=1)
            total = top + np.log(np.exp(joint - top[:, None]).sum(axis=1))
            return total, joint - total[:, None]

        return of


def _require(block: Block, log_density: Float, source: Memory) -> None:
    """Raise for the first row that no class has a finite log density for."""
    wrong = ~np.isfinite(log_density)
    if not wrong.any():
        return
    at = int(np.argmax(wrong))
    values, row = to_host(block.rows[at : at + 1, :])[0], block.start + at
    column = int(np.argmin(np.isfinite(values))) if not np.isfinite(values).all() else int(np.argmax(np.abs(values)))
    if not np.isfinite(values).all():
        raise MixtureError(source.words.cell(float(values[column]), row, column))
    raise MixtureError(
        f"Row {row} is so far from every class that its log density is below the smallest double "
        f"(column {source.name(column)} holds {values[column]:.3g}). Check its units, or drop it."
    )


def observe(source: Memory, decision: Decision, codes: NDArray[np.int64]) -> Observed:
    """Sums over all rows of a source whose classes are `codes` (N,), -1 where they are not known."""
    posterior = decision.posterior(source)

    def sums(block: Block) -> Observed:
        total, of_class = posterior(block)
        weight = np.ones(len(block)) if block.weight is None else to_host(block.weight)
        known = codes[block.start : block.stop]
        own = np.where(known < 0, 0.0, of_class[np.arange(len(block)), known])
        heavy = weight > 0
        rest = heavy & (known < 0)
        log_likelihood = float(weight[heavy] @ (total + own)[heavy])
        return Observed(float(weight.sum()), log_likelihood, float(weight[rest] @ of_class.max(axis=1)[rest]))

    found: Observed = source.reduce(sums)
    return found


def per_row(source: Memory, function: Callable[[Block], Any], width: int | None = None, dtype: Any = np.float64) -> Any:
    """What a function makes of each block, as one array of shape (N,) or (N, width)."""
    out = np.empty(source.shape[0] if width is None else (source.shape[0], width), dtype=dtype)
    source.map_rows(lambda block: (function(block),), out)
    return out
