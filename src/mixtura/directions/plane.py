"""Directions in which components differ: a basis, the components in it, and rows projected on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from mixtura.arrays import Float, to_host
from mixtura.block import Block
from mixtura.density import Density
from mixtura.em import Kernel
from mixtura.estimators.answers import Answers
from mixtura.outcome import MixtureError
from mixtura.sources.source import Source

# Directions that are printed, and letters of a feature's name.
SHOWN, LETTERS = 6, 20


@dataclass(frozen=True, eq=False)
class Directions:
    """Directions that separate components, the most important first; ``print`` it.

    Parameters
    ----------
    basis_ : array of shape (D, d)
        A column a direction: how much of each feature is in it.
    standardized_ : array of shape (D, d)
        The same for features divided by their standard deviation, of length 1 a column: which features matter (mclust's
        ``std.basis`` is scaled by the variances instead).
    eigenvalues_ : array of shape (d,)
        Falling, above 0.
    center_ : array of shape (D,)
        Mean of the mixture without its noise, the origin of the plane.
    means_ : array of shape (K, d)
        Means of the components in the plane.
    covariances_ : array of shape (K, d, d)
        Their covariances there.
    names : tuple of str
        The features.
    model : GaussianMixture

    Examples
    --------
    >>> import mixtura as mx
    >>> model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0, 0.0], [3.0, 0.0]], [[1.0, 1.0]] * 2, "diag")
    >>> print(mx.discriminant_directions(model))
    share of what separates the components, and standardized coefficients
                 1
    share   100.0%
    x0       1.000
    x1       0.000
    """

    basis_: Float
    standardized_: Float
    eigenvalues_: Float
    center_: Float
    means_: Float
    covariances_: Float
    names: tuple[str, ...]
    model: Answers = field(repr=False)

    @property
    def n_directions(self) -> int:
        """Number of directions d."""
        return len(self.eigenvalues_)

    @property
    def shares_(self) -> Float:
        """Share of each direction in the sum of the eigenvalues, shape (d,)."""
        return np.asarray(self.eigenvalues_ / self.eigenvalues_.sum())

    def transform(self, X: Any) -> Float:
        """Rows in the plane: ``(X - center_) @ basis_``.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)

        Returns
        -------
        coordinates : array of shape (N, d)

        Raises
        ------
        MixtureError
            A cell that is not a finite number, with its row and column: drop or fill such rows.
        """

        def find(source: Source, density: Density, kernel: Kernel) -> Float:
            out = np.empty((source.shape[0], self.n_directions))
            source.map_rows(lambda block: (self._project(block, source),), out)
            return out

        return self.model._each(X, find)

    def _project(self, block: Block, source: Source) -> Float:
        frame, rows = block.frame, to_host(block.framed())
        wrong = ~np.isfinite(rows)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            value = float(to_host(block.rows[int(row) : int(row) + 1, :])[0, column])
            raise MixtureError(source.words.cell(value, block.start + int(row), int(column)))
        shift = (frame.origin - self.center_) @ self.basis_
        return np.asarray(rows @ (frame.unit[:, None] * self.basis_) + shift)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        arrays = ("basis", "standardized", "eigenvalues", "center", "means", "covariances")
        return {"names": list(self.names), **{name: getattr(self, f"{name}_").tolist() for name in arrays}}

    def rows(self) -> list[tuple[str, ...]]:
        """The table that is printed: shares and standardized coefficients, of a few directions."""
        shown = min(self.n_directions, SHOWN)
        cells = [
            (name, *(f"{value:.3f}" for value in row[:shown] + 0.0))
            for name, row in zip(self.names, self.standardized_.round(3), strict=True)
        ]
        heads = ("", *(str(at + 1) for at in range(shown)))
        return [heads, ("share", *(f"{share:.1%}" for share in self.shares_[:shown])), *cells]

    def __str__(self) -> str:
        head = "share of what separates the components, and standardized coefficients"
        width = min(LETTERS, max(map(len, ("share", *self.names))))
        lines = (f"{name[:width]:<{width}}" + "".join(f"{cell:>9}" for cell in cells) for name, *cells in self.rows())
        return "\n".join([head, *lines])

    def _repr_html_(self) -> str:
        rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in self.rows())
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
