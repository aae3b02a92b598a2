"""The mixtures of all classes as one model, so that one EM learns from rows with and without a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixtura.arrays import Float
from mixtura.density import Density, Whitening
from mixtura.mixture import Mixture, Recipe
from mixtura.moments import Moments, Order


@dataclass(frozen=True)
class Joined:
    r"""Mixtures side by side in the coordinates of one frame, each with its own family, weighted by class shares.

    .. math:: p(x) = \sum_c \tau_c \sum_{k \in c} \pi_{k|c} N(x \mid \mu_k, \Sigma_k)

    The M-step of each is its own, from its part of the moments; class shares :math:`\tau_c` are those of the mass of
    their components, or stay as they were given.

    Parameters
    ----------
    parts : sequence of Mixture
        Their proportions are shares of all rows, :math:`\tau_c \pi_{k|c}`.
    members : sequence of slice
        The components of each class, in the order of the parts.
    priors : array of shape (C,) or None
        Class shares that were given.
    """

    parts: Sequence[Mixture]
    members: Sequence[slice]
    priors: Float | None = None

    @property
    def recipe(self) -> Recipe:
        """That of a part: whether its M-step is exact is the same for all."""
        return self.parts[0].recipe

    @property
    def order(self) -> Order:
        """The least order of moments that has what every part asks for."""
        orders = {part.order for part in self.parts}
        if len(orders) == 1 and (len(self.parts) == 1 or "pooled" not in orders):
            return self.parts[0].order
        return "dense" if orders & {"dense", "pooled"} else "diagonal"

    @property
    def proportions(self) -> Float:
        """Share of each component in all rows, shape (K,)."""
        return np.concatenate([part.proportions for part in self.parts])

    @property
    def shares(self) -> Float:
        """Share of each class, shape (C,)."""
        proportions = self.proportions
        return np.array([proportions[own].sum() for own in self.members])

    def density(self) -> Density:
        """What a kernel needs of all components."""
        found = [part.density() for part in self.parts]
        if len(found) == 1:
            return found[0]
        means, offset = (np.concatenate([getattr(one, name) for one in found]) for name in ("means", "offset"))
        ndim = max(one.whitening.factor.ndim for one in found)
        return Density(means, Whitening(np.concatenate([_factors(one, ndim) for one in found])), offset)

    def penalty(self) -> float:
        """Log density of the priors of the parts."""
        return sum(part.penalty() for part in self.parts)

    def update(self, moments: Moments) -> Joined:
        """The M-step of every part from moments gathered under this model."""
        begin, parts = 0, []
        for part in self.parts:
            end = begin + len(part.means)
            own = moments if len(self.parts) == 1 else part_of(moments, slice(begin, end), part.order)
            parts.append(part.update(own))
            begin = end
        return replace(self, parts=parts).with_priors()

    def with_priors(self) -> Joined:
        """The same with the class shares that were given, if any."""
        if self.priors is None:
            return self
        proportions = self.proportions
        for own, prior in zip(self.members, self.priors, strict=True):
            proportions[own] *= prior / proportions[own].sum()
        ends = np.cumsum([len(part.means) for part in self.parts])[:-1]
        each = zip(self.parts, np.split(proportions, ends), strict=True)
        return replace(self, parts=[replace(part, proportions=own) for part, own in each])


def _factors(density: Density, ndim: int) -> Float:
    """Whitening factors as (K,), (K, D) or (K, D, D), one a component also where they are shared."""
    (k, d), factor = density.means.shape, density.whitening.factor
    if ndim == 3:
        return np.broadcast_to(density.whitening.dense(d), (k, d, d))
    return np.broadcast_to(factor if ndim == 1 else factor.reshape(len(factor), -1), (k, d)[:ndim])


def part_of(moments: Moments, own: slice, order: Order) -> Moments:
    """The moments of some components at an order that those of all contain.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.classification.joined import part_of
    >>> from mixtura.moments import Moments
    >>> one = np.eye(2)[None] * [[[2.0]], [[3.0]]]
    >>> m = Moments("dense", np.zeros((2, 2)), np.ones(2), np.zeros((2, 2)), one, 0.0, 0.0, 2.0)
    >>> part_of(m, slice(1, 2), "trace").second
    array([6.])
    """
    second = moments.second[own]
    lost = moments.lost[own] if isinstance(moments.lost, np.ndarray) else moments.lost
    if order == "pooled":
        second = second.sum(axis=0)
    elif moments.order == "dense" and order != "dense":
        second = np.einsum("kdd->kd", second).copy()
    if order == "trace" and second.ndim == 2:
        second = second.sum(axis=1)
    anchor, mass, first = moments.anchor[own], moments.mass[own], moments.first[own]
    return replace(moments, order=order, anchor=anchor, mass=mass, first=first, second=second, lost=lost)
