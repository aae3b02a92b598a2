"""A cross table of components against a column that was not fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.cli import screen
from mixtura.cli.describe import Line, blocks
from mixtura.cli.gathering import Gathered, Streamed
from mixtura.cli.models import calm
from mixtura.cli.words import count, shorten

if TYPE_CHECKING:
    from rich.console import Console

    from mixtura.sources.rows import Rows
    from mixtura.sources.tables import Table

_MOST = 15


@dataclass(frozen=True, eq=False)
class Crossing:
    """
    Rows, or their weights, by value of a column and by component.

    Attributes
    ----------
    name : str
        The column.
    values : tuple of str
        V values, the frequent ones first where there are many.
    counts : (V, K) array, or (V, K + 1) with the noise last
    noisy : bool
    adjusted_rand_index : float or None
        How far values and components are the same groups; None where weights are too small for pairs of rows.
    """

    name: str
    values: tuple[str, ...]
    counts: NDArray[np.float64]
    noisy: bool
    adjusted_rand_index: float | None = None

    def plain(self) -> dict[str, Any]:
        """Plain values for JSON."""
        index = {"adjusted_rand_index": self.adjusted_rand_index}
        return {"column": self.name, "values": list(self.values), "counts": self.counts, **index}

    def show(self, shown: Console) -> None:
        """Print the table, the values beyond the most frequent ones as one line."""
        values, counts = list(self.values), self.counts
        if len(values) > _MOST:
            rest = len(values) - _MOST + 1
            values = [*values[: _MOST - 1], f"{rest} others"]
            counts = np.vstack([counts[: _MOST - 1], counts[_MOST - 1 :].sum(axis=0)])
        k = counts.shape[1] - self.noisy
        heads = [str(at) for at in range(k)] + (["noise"] if self.noisy else [])
        lines = [
            Line(shorten(value, 26), tuple(count(float(n)) for n in row))
            for value, row in zip(values, counts, strict=True)
        ]
        for columns, rows in blocks(lines, heads, shown.width):
            screen.grid(shown, shorten(self.name, 26), columns, rows)
        if self.adjusted_rand_index is not None:
            shown.print(f"Adjusted Rand index {self.adjusted_rand_index:.3f} (1: the same groups; 0: as by chance).\n")


def crossed(name: str | None, model: Any, of: Gathered | Streamed) -> Crossing | None:
    """Count the rows of each component for each value of a column; None where no column is asked for."""
    if name is None:
        return None
    assert isinstance(of, Gathered)  # what streams is refused before
    with calm():
        labels = np.asarray(model.predict(of.data), dtype=np.int64)
    return cross(name, of.table, of.rows, labels, model)


def cross(name: str, table: Table, rows: Rows, labels: NDArray[np.int64], model: Any) -> Crossing:
    """Count the rows of each component for each value of a column."""
    import pyarrow as pa

    from mixtura.comparing.tables import cross_table

    cells = table.text(name).cast(pa.string()).fill_null("(empty)").to_numpy(zero_copy_only=False)
    cells = cells if rows.kept is None else cells[rows.kept]
    values, codes = np.unique(cells.astype(str), return_inverse=True)
    noisy = bool(getattr(model, "noise_weight_", 0.0))
    width = len(model.weights_) + noisy
    counts = cross_table(codes, np.where(labels < 0, width - 1, labels), (len(values), width), rows.weight)
    order = np.argsort(-counts.sum(axis=1), kind="stable") if len(values) > _MOST else np.arange(len(values))
    named = tuple(str(values[at]) or "(empty)" for at in order)
    return Crossing(name, named, counts[order].astype(float), noisy, _agreement(counts))


def _agreement(counts: NDArray[Any]) -> float | None:
    from mixtura.comparing.tables import adjusted_rand_index
    from mixtura.outcome import MixtureError

    try:
        return adjusted_rand_index(counts)
    except MixtureError:
        return None
