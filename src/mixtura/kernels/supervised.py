"""Any kernel, held to what is known of the rows: a row of known class belongs to the components of its class alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Array, Float, back, is_host, namespace, to_host
from mixtura.block import Block
from mixtura.density import Density
from mixtura.kernels.measures import Measures, measured
from mixtura.moments import Moments, Order


@dataclass(frozen=True)
class Supervised:
    """A kernel that knows the class of some rows.

    A row n of class c has the log density ``log sum_{k in c} rho[n, k]`` and responsibilities within its class, which
    sum to 1; a row of no known class has those of all components. So the rows of a class are rows under the density of
    that class alone, which the kernel within computes as any other, and Moments add.

    Parameters
    ----------
    kernel : kernel
    classes : integer array of shape (N,)
        Class of each row of the source, -1 where it is not known.
    members : sequence of slice
        The components of each class: side by side, in the order of the classes.

    References
    ----------
    G. J. McLachlan and D. Peel (2000), Finite Mixture Models, section 2.19: fitting of a mixture to partially
    classified data.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.block import Block
    >>> from mixtura.density import Density, Whitening
    >>> from mixtura.frame import Frame
    >>> from mixtura.kernels import generic
    >>> from mixtura.kernels.supervised import Supervised
    >>> density = Density(np.array([[0.0], [1.0]]), Whitening(np.array([1.0])), np.log([0.5, 0.5]))
    >>> rows = Block(np.array([[0.5], [0.5]]), None, 0, Frame(np.zeros(1), np.ones(1)))
    >>> Supervised(generic, np.array([-1, 1]), [slice(0, 1), slice(1, 2)]).posterior(rows, density)[1]
    array([[0.5, 0.5],
           [0. , 1. ]])
    """

    kernel: Any
    classes: NDArray[np.int64]
    members: Sequence[slice]
    _parts: WeakKeyDictionary[Density, dict[int, Density]] = field(
        default_factory=WeakKeyDictionary, repr=False, compare=False
    )

    def moments(self, block: Block, density: Density, order: Order, anchor: Float | None = None) -> Moments:
        """One E-step over a block: its Moments about `anchor` (the means of the density unless given)."""
        about = density.means if anchor is None else anchor
        total: Moments | None = None
        for label, _, rows in self._groups(block):
            members = self._members(label)
            part = self._density(density, label)
            found = self.kernel.moments(rows, part, order, None if anchor is None else anchor[members])
            found = _among_all(found, members, about)
            total = found if total is None else total + found
        assert total is not None, "a block without rows"
        return total

    def posterior(self, block: Block, density: Density, out: Any = None) -> tuple[Float, Float, Float]:
        """Log density (n,), responsibilities (n, K), into `out` where it is given, and noise responsibility (n,)."""
        n = len(block)
        log_density, noise = np.empty(n), np.empty(n)
        shares = np.empty((n, density.n_components)) if out is None else out
        shares[:] = 0.0
        for label, positions, rows in self._groups(block):
            found, within, outside = self.kernel.posterior(rows, self._density(density, label))
            log_density[positions], noise[positions] = to_host(found), to_host(outside)
            shares[positions, self._members(label)] = to_host(within)
        return log_density, shares, noise

    def log_densities(self, block: Block, density: Density) -> tuple[Float, Float]:
        """Log density and noise responsibility of each row, shape (n,) each."""
        log_density, _, noise = self.posterior(block, density)
        return log_density, noise

    def measure(self, block: Block, density: Density) -> Measures:
        """What each row's responsibilities amount to."""
        return measured(block.weight, *self.posterior(block, density))

    def _groups(self, block: Block) -> Iterator[tuple[int, NDArray[np.int64], Block]]:
        """The rows of a block by their class: the class, their positions in the block, and they as a block."""
        given = self.classes[block.start : block.stop]
        order = np.argsort(given.astype(np.int16) if len(self.members) < 2**15 else given, kind="stable")
        ends = np.searchsorted(given[order], np.arange(-1, len(self.members) + 1))
        for label in range(-1, len(self.members)):
            positions = order[ends[label + 1] : ends[label + 2]]
            if len(positions) == len(block):
                yield label, positions, block
            elif len(positions):
                yield label, positions, _gathered(block, positions)

    def _members(self, label: int) -> slice:
        return slice(None) if label < 0 else self.members[label]

    def _density(self, density: Density, label: int) -> Density:
        """The density of a class: one object while the whole lives, for kernels keep what they made ready of it."""
        if label < 0:
            return density
        parts = self._parts.setdefault(density, {})
        if label not in parts:
            own = self.members[label]
            parts[label] = replace(
                density, means=density.means[own], whitening=density.whitening.take(own), offset=density.offset[own]
            )
        return parts[label]


def _gathered(block: Block, positions: NDArray[np.int64]) -> Block:
    """Some rows of a block as a block of their own."""
    weight = None if block.weight is None else taken(block.weight, positions)
    return replace(block, rows=taken(block.rows, positions), weight=weight)


def taken(array: Array, positions: NDArray[np.int64]) -> Array:
    """Some rows of an array of any namespace, as a copy where it is."""
    if is_host(array):
        return array[positions]
    return namespace(array).take(array, back(positions, array), axis=0)


def _among_all(part: Moments, members: slice, anchor: Float) -> Moments:
    """Moments of the components of one class as Moments of all components, of which the others hold nothing."""
    if len(part.mass) == len(anchor):
        return part
    pooled = part.order == "pooled"
    lost = _spread(part.lost, members, len(anchor)) if isinstance(part.lost, np.ndarray) else part.lost
    return replace(
        part,
        anchor=anchor,
        mass=_spread(part.mass, members, len(anchor)),
        first=_spread(part.first, members, len(anchor)),
        second=part.second if pooled else _spread(part.second, members, len(anchor)),
        lost=lost,
    )


def _spread(values: Float, members: slice, count: int) -> Float:
    """Values of some components, and zero for the others."""
    every = np.zeros((count, *values.shape[1:]))
    every[members] = values
    return every
