"""What a site tells of its rows under a model: sums that add, in place of the rows."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from mixtura.atomic import atomic_write
from mixtura.frame import Frame
from mixtura.moments import Moments
from mixtura.parameters import Parameters
from mixtura.statistics import letters


@dataclass(frozen=True, eq=False)
class Statistics:
    r"""The sufficient statistics of rows under one model: what a site sends in place of rows it may not share.

    For each component its mass, and the first and second moments about an anchor: its mean, or that of its rows where
    it lies far from them.

    .. math:: \sum_n w_n r_{nk}, \quad \sum_n w_n r_{nk} (x_n - a_k), \quad \sum_n w_n r_{nk} (x_n - a_k)(x_n - a_k)^T

    These K (1 + D + D (D + 1) / 2) numbers (fewer where the family needs less of the second moment), the anchors, the
    noise's mass and the log-likelihood are all that leaves a site. They are sums, not rows; but sums over very few rows
    tell much of each, so a site with few rows had better merge its statistics with a neighbor's first.

    Parameters
    ----------
    moments : Moments
        In the coordinates of `frame`.
    frame : Frame
        A function of the model alone, so that all sites have the same.
    fingerprint : str
        SHA-256 of the model that the rows were read under.
    family : str
        Code of its covariance family.
    rows : int
        Rows of positive weight.
    names : tuple of str or None
        Names of the columns.

    See Also
    --------
    merge_statistics : the sum of several.

    Examples
    --------
    >>> import mixtura as mx
    >>> model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0], "spherical")
    >>> statistics = model.statistics([[0.0], [1.0], [4.0]])
    >>> print(statistics)
    Statistics of 3 rows under a V mixture of 2 components and 1 feature: mean log-likelihood -1.77248.
    """

    moments: Moments
    frame: Frame
    fingerprint: str
    family: str
    rows: int
    names: tuple[str, ...] | None = None

    @property
    def n_components(self) -> int:
        """Number of components K."""
        return int(self.moments.anchor.shape[0])

    @property
    def n_features(self) -> int:
        """Number of features D."""
        return int(self.moments.anchor.shape[1])

    @property
    def weight(self) -> float:
        """Sum of the row weights."""
        return self.moments.weight

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the rows under the model, in the user's units."""
        return self.moments.log_likelihood - self.moments.weight * self.frame.log_unit

    def __str__(self) -> str:
        weight = "" if self.weight == self.rows else f" of weight {self.weight:.6g}"
        return (
            f"Statistics of {_counted(self.rows, 'row')}{weight} under a {self.family} mixture of "
            f"{_counted(self.n_components, 'component')} and {_counted(self.n_features, 'feature')}: "
            f"mean log-likelihood {self.log_likelihood / self.weight:.6g}."
        )

    def to_bytes(self) -> bytes:
        """The statistics as bytes to send: words as JSON, then numbers, and a digest of both; never code."""
        told = {
            "family": self.family,
            "order": self.moments.order,
            "fingerprint": self.fingerprint,
            "rows": self.rows,
            "names": None if self.names is None else list(self.names),
        }
        moments = self.moments
        arrays = (moments.anchor, moments.mass, moments.first, moments.second, self.frame.origin, self.frame.unit)
        return letters.pack(told, (*arrays, np.array([moments.noise, moments.log_likelihood, moments.weight])))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` made.

        Raises
        ------
        MixtureError
            For bytes that are no statistics, were cut short or damaged, or hold what no rows can have.

        Examples
        --------
        >>> import mixtura as mx
        >>> model = mx.GaussianMixture.from_parameters([1.0], [[0.0]], [1.0], "spherical")
        >>> sent = model.statistics([[0.0], [1.0]]).to_bytes()
        >>> Statistics.from_bytes(sent).rows
        2
        """
        letter = letters.unpack(data)
        anchor, mass, first, second, origin, unit, rest = letter.arrays
        noise, log_likelihood, weight = (float(value) for value in rest)
        moments = Moments(letter.order, anchor, mass, first, second, noise, log_likelihood, weight)
        return cls(moments, Frame(origin, unit), letter.fingerprint, letter.family, letter.rows, letter.names)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the statistics to a file, which appears whole or not at all.

        Raises
        ------
        FileExistsError
            Where the file exists and `overwrite` is False.
        OSError
            Where the folder or the disk does not take the file.
        """
        with atomic_write(path, overwrite=overwrite) as file:
            file.write(self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        MixtureError
            As `from_bytes`, and for a file that is larger than its words announce.
        OSError
            Where the file does not exist or cannot be read.
        """
        return cls.from_bytes(letters.read(Path(path)))


def fingerprint(parameters: Parameters, family: str) -> str:
    """SHA-256 of the published arrays of a mixture: equal where rows have the same densities to the bit."""
    arrays, noise = parameters.arrays, parameters.noise
    uniform = np.array([parameters.noise_weight, np.nan if noise is None else noise.log_volume])
    digest = hashlib.sha256(family.encode())
    found = (parameters.weights, parameters.means, arrays.covariances, arrays.precisions, arrays.precisions_cholesky)
    for part in (*found, uniform):
        values = np.asarray(part, order="C")
        values = values.astype(values.dtype.newbyteorder("<"))
        digest.update(f"{values.dtype.str} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
