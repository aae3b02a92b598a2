"""A comparison of two partitions, and how it prints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Columns of text, letters of a label, groups that are printed one by one.
WIDTH, LETTERS, MOST = 80, 16, 30


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two partitions of the same rows, crossed; ``print`` it.

    Parameters
    ----------
    table : array of shape (R, C)
        Rows, or their weight, in group i of the first partition and j of the second.
    rows, columns : tuple
        Labels of the groups of the first partition and of the second, sorted.
    adjusted_rand_index : float
        1 for the same partition under any names, about 0 for partitions that agree by chance.
    matching : tuple of pairs (label of the first, label of the second)
        The one-to-one matching of groups that holds most rows.
    error_rate : float
        Share of the rows outside the matching.

    Examples
    --------
    >>> import mixtura as mx
    >>> print(mx.compare_labels([0, 0, 1, 1, 1], ["setosa", "setosa", "other", "other", "setosa"]))
         other  setosa
    0        0       2
    1        2       1
    Adjusted Rand index 0.167 (1: the same groups; 0: as by chance). Best matching 0 =
    setosa, 1 = other: 20.0% of the rows are outside it.
    """

    table: NDArray[Any]
    rows: tuple[Any, ...]
    columns: tuple[Any, ...]
    adjusted_rand_index: float
    matching: tuple[tuple[Any, Any], ...]
    error_rate: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; labels that are neither number nor text as their text."""
        return {
            "table": self.table.tolist(),
            "rows": [_plain(label) for label in self.rows],
            "columns": [_plain(label) for label in self.columns],
            "adjusted_rand_index": self.adjusted_rand_index,
            "matching": [[_plain(first), _plain(second)] for first, second in self.matching],
            "error_rate": self.error_rate,
        }

    def verdict(self) -> str:
        """How far the partitions agree, in words."""
        pairs = ", ".join(f"{_short(first)} = {_short(second)}" for first, second in self.matching[:12])
        more = f" and {len(self.matching) - 12} more" if len(self.matching) > 12 else ""
        index = f"Adjusted Rand index {self.adjusted_rand_index:.3f} (1: the same groups; 0: as by chance)."
        return f"{index} Best matching {pairs}{more}: {self.error_rate:.1%} of the rows are outside it."

    def cells(self) -> list[list[str]]:
        """The table as texts, a heading first; the smallest groups of a long one together."""
        table, rows = _gathered(self.table, self.rows)
        turned, columns = _gathered(table.T, self.columns)
        body = [[label, *map(_count, counts)] for label, counts in zip(rows, turned.T, strict=True)]
        return [["", *columns], *body]

    def __str__(self) -> str:
        parts = ["\n".join(lines) for lines in _blocks(self.cells())]
        return "\n\n".join(parts) + "\n" + textwrap.fill(self.verdict(), WIDTH)

    def _repr_html_(self) -> str:
        head, *body = self.cells()
        lines = ["".join(f"<th>{escape(cell)}</th>" for cell in head)]
        lines += [f"<th>{escape(name)}</th>" + "".join(f"<td>{cell}</td>" for cell in cells) for name, *cells in body]
        return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table><p>{escape(self.verdict())}</p>"


def _gathered(table: NDArray[Any], labels: tuple[Any, ...]) -> tuple[NDArray[Any], list[str]]:
    """The lines of a table, or its largest ones and the sum of the others."""
    names = [_short(label) for label in labels]
    if len(labels) <= MOST:
        return table, names
    largest = np.sort(np.argsort(-table.sum(axis=1), kind="stable")[: MOST - 1])
    rest = np.delete(table, largest, axis=0)
    return np.vstack([table[largest], rest.sum(axis=0)]), [*(names[at] for at in largest), f"{len(rest)} others"]


def _blocks(cells: list[list[str]]) -> Iterator[list[str]]:
    """The table as lines of text, cut by its columns where it is too wide."""
    side = max(len(line[0]) for line in cells)
    widths = [max(len(line[at]) for line in cells) + 2 for at in range(len(cells[0]))]
    begin = 1
    while begin < len(widths):
        end = begin + 1
        while end < len(widths) and side + 2 + sum(widths[begin : end + 1]) <= WIDTH:
            end += 1
        yield [
            line[0].ljust(side + 2) + "".join(line[at].rjust(widths[at]) for at in range(begin, end)) for line in cells
        ]
        begin = end


def _short(label: Any) -> str:
    text = " ".join(str(label).split()) or "(empty)"
    return text if len(text) <= LETTERS else text[: LETTERS - 3] + "..."


def _count(number: Any) -> str:
    return f"{number:.0f}" if float(number).is_integer() else f"{number:.2f}"


def _plain(label: Any) -> Any:
    return label if isinstance(label, bool | int | float | str) else str(label)
