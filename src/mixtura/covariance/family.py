"""A covariance family: three letters for volume, shape and orientation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance import volumes
from mixtura.covariance.cholesky import REMEDY, cholesky
from mixtura.covariance.orientation import common_axes
from mixtura.covariance.value import Covariance
from mixtura.moments import Order
from mixtura.outcome import DegenerateComponent


@dataclass(frozen=True)
class Family:
    """Covariances ``Sigma_k = lambda_k O_k A_k O_k^T``, a letter a factor: equal (E), variable (V) or identity (I).

    lambda is the volume, A the diagonal shape of determinant 1, O the orthogonal orientation (Banfield & Raftery, 1993,
    Biometrics 49; Celeux & Govaert, 1995, Pattern Recognition 28).

    Parameters
    ----------
    name : str
        The family's code: the three letters, or E or V in one dimension.
    volume : {"E", "V"}
    shape : {"I", "E", "V"}
    orientation : {"I", "E", "V"}
    n_features : int
        Number of columns D.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.covariance import resolve
    >>> family, _ = resolve("EII", n_features=2)
    >>> family.estimate(np.array([3.0, 1.0]), np.array([12.0, 4.0]), None).values
    array([2.])
    >>> family.free_parameters(n_components=2, n_features=2)
    1
    """

    name: str
    volume: str
    shape: str
    orientation: str
    n_features: int

    @property
    def order(self) -> Order:
        """How much of the second moment the estimate needs."""
        if self.shape == "I":
            return "trace"
        if self.orientation == "I":
            return "diagonal"
        return "pooled" if self.shared else "dense"

    @property
    def shared(self) -> bool:
        """Whether all components have one covariance."""
        return "V" not in (self.volume, self.shape, self.orientation)

    @property
    def scales(self) -> bool:
        """Whether scaling the columns of a member gives a member."""
        return self.n_features == 1 or (self.shape != "I" and self.orientation in ("I", self.shape))

    def within(self, other: Family) -> bool:
        """Whether every member is a member of another family too, which is wider.

        Examples
        --------
        >>> from mixtura.covariance import resolve
        >>> families = {name: resolve(name, 2)[0] for name in ("EII", "VEI", "EEE", "EVV")}
        >>> [families["EII"].within(families[name]) for name in ("EII", "VEI", "EEE", "EVV")]
        [False, True, True, True]
        >>> families["VEI"].within(families["EVV"])
        False
        """
        wide = {"I": 0, "E": 1, "V": 2}
        pairs = zip(self.letters, other.letters, strict=True)
        return self.letters != other.letters and all(wide[mine] <= wide[theirs] for mine, theirs in pairs)

    @property
    def letters(self) -> tuple[str, str, str]:
        """Volume, shape and orientation."""
        return self.volume, self.shape, self.orientation

    def free_parameters(self, n_components: int, n_features: int) -> int:
        """Number of free covariance parameters: 1 a volume, D - 1 a shape, D (D - 1) / 2 an orientation."""
        times = {"I": 0, "E": 1, "V": n_components}
        shape, orientation = n_features - 1, n_features * (n_features - 1) // 2
        return times[self.volume] + times[self.shape] * shape + times[self.orientation] * orientation

    def own(self, covariance: Covariance) -> Covariance:
        """Covariances of this family in the shape that its estimates have.

        Examples
        --------
        >>> import numpy as np
        >>> from mixtura.covariance import Covariance, resolve
        >>> dense = Covariance(np.stack([np.eye(2), 4.0 * np.eye(2)]))
        >>> [resolve(name, 2)[0].own(dense).values.shape for name in ("VII", "VEI", "VVV")]
        [(2,), (2, 2), (2, 2, 2)]
        """
        values = covariance.values
        if self.order in ("trace", "diagonal") and values.ndim == 3:
            values = np.diagonal(values, axis1=1, axis2=2)
        if self.order == "trace" and values.ndim == 2:
            values = values[:, 0]
        return covariance if values is covariance.values else Covariance(np.ascontiguousarray(values))

    def estimate(self, mass: Float, scatter: Float, previous: Covariance | None = None) -> Covariance:
        """The M step: the family's maximum of ``-1/2 sum_k [mass_k log |Sigma_k| + tr(Sigma_k^-1 scatter_k)]``.

        Parameters
        ----------
        mass : array of shape (K,)
            Weight of the rows of each component, prior counts included.
        scatter : array of shape (K,), (K, D), (K, D, D) or (D, D)
            Scatter about the means at the family's `order`: traces, diagonals, matrices, or their sum over components.
        previous : Covariance, optional
            The last estimate, from which families without a closed form start: for the new scatter theirs is never
            worse.

        Returns
        -------
        Covariance

        Raises
        ------
        DegenerateComponent
            Where the maximum does not exist or a component holds no mass; use fewer components, a family with fewer
            parameters, reg_covar or a prior. Closed forms leave singular matrices to `Covariance.whitening`.
        """
        _require_mass(mass.sum(keepdims=True) if self.shared else mass)
        _require_finite(scatter, self.order == "pooled")
        # only their ratio matters; near one, and by a power of two, its products neither vanish nor change a bit
        unit = np.ldexp(1.0, np.frexp(mass.sum())[1])
        mass, scatter = mass / unit, scatter / unit
        last = None if previous is None else previous.values
        if self.shape == "I":
            return Covariance(self._rule(mass, scatter / self.n_features, None))
        if self.order == "pooled":
            return Covariance(self._rule(mass, scatter[None], None))
        if self.orientation in ("I", self.shape):
            return Covariance(self._rule(mass, scatter, last))
        if self.shape == "E":
            along, axes = np.linalg.eigh(scatter)
            return Covariance(_turn(axes, self._rule(mass, np.maximum(along, 0.0), last)))
        axes, along = common_axes(mass, cholesky(scatter), self.volume == "E", _axes(previous))
        return Covariance(_turn(axes, self._rule(mass, along, None)), axes)

    @property
    def _rule(self) -> Callable[[Float, Float, Float | None], Float]:
        """Volume and shape from scatter; what has no shape has one of its own as far as its volume is."""
        return volumes.RULES[self.volume, self.volume if self.shape == "I" else self.shape]


def _axes(previous: Covariance | None) -> Float | None:
    """The common axes of earlier covariances: theirs are those of any sum of them."""
    if previous is None or previous.orientation is not None or previous.values.ndim < 3:
        return None if previous is None else previous.orientation
    unequal = np.arange(2.0, 3.0, 1.0 / len(previous.values))[: len(previous.values)]
    sizes = np.trace(previous.values, axis1=1, axis2=2)
    return np.asarray(np.linalg.eigh(np.tensordot(unequal / sizes, previous.values, 1))[1])


def _turn(axes: Float, variances: Float) -> Float:
    """Matrices with the given variances along the given axes, symmetric to the bit."""
    matrices = (axes * variances[:, None, :]) @ np.swapaxes(axes, -1, -2)
    return np.asarray(0.5 * (matrices + np.swapaxes(matrices, 1, 2)))


def _require_mass(mass: Float) -> None:
    empty = ~(mass > 0.0)
    if empty.any():
        component = int(np.argmax(empty))
        raise DegenerateComponent(component, f"it holds a mass of {mass[component]:.3g} rows. {REMEDY}")


def _require_finite(scatter: Float, pooled: bool) -> None:
    if np.isfinite(scatter).all():
        return
    component = 0 if pooled else int(np.argwhere(~np.isfinite(scatter))[0][0])
    raise DegenerateComponent(component, "its scatter is not finite. Scale the columns to ordinary sizes.")
