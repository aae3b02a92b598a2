"""A mixture as a table: shares, rows, means, spreads and correlations, a column a component."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mixtura.cli.words import count, percent, scale, shorten

Float = NDArray[np.float64]

WIDTH = 80
MOST_FEATURES = 12
MOST_PAIRS = 6
_SHORT_NAME, _LONG_NAME = 26, 46


@dataclass(frozen=True, eq=False)
class Portrait:
    """
    A mixture in the user's units.

    Attributes
    ----------
    names : tuple of str
        The D features.
    shares : (K,) array
    means : (K, D) array
    covariances : (K, D, D) array
    noise : float
        Share of the noise component.
    rows : (K,) array or (K + 1,) array, or None
        Rows, or their weights, assigned to each component, noise last.
    """

    names: tuple[str, ...]
    shares: Float
    means: Float
    covariances: Float
    noise: float = 0.0
    rows: Float | None = None

    @property
    def spreads(self) -> Float:
        """Standard deviations, (K, D)."""
        spreads: Float = np.sqrt(np.einsum("kdd->kd", self.covariances))
        return spreads

    def telling(self, most: int) -> list[int]:
        """The features that separate the components most, in their order."""
        center = self.shares @ self.means / self.shares.sum()
        between = self.shares @ (self.means - center) ** 2
        ratio = between / np.maximum(self.shares @ self.spreads**2, np.finfo(float).tiny)
        return sorted(int(at) for at in np.argsort(-ratio, kind="stable")[:most])


@dataclass(frozen=True)
class Line:
    """A line of the table: its name and a cell a component; a heading has no cells."""

    name: str
    cells: tuple[str, ...] = ()


def lines(of: Portrait, name: int = _SHORT_NAME) -> list[Line]:
    """Put a mixture into lines of words, the noise as the last column; names have at most so many letters."""
    extra = ("",) if of.noise else ()
    shares = [*of.shares, *([of.noise] if of.noise else [])]
    found = [Line("share", tuple(percent(float(share)) for share in shares))]
    if of.rows is not None:
        found.append(Line("rows", tuple(count(float(rows)) for rows in of.rows)))
    features = of.telling(MOST_FEATURES)
    writers = [scale(of.means[:, at].tolist(), of.spreads[:, at].tolist()) for at in features]
    for heading, values in (("mean", of.means), ("spread", of.spreads)):
        found.append(Line(heading))
        for at, write in zip(features, writers, strict=True):
            cells = tuple(write(float(value)) for value in values[:, at])
            found.append(Line("  " + shorten(of.names[at], name - 2), cells + extra))
    return found + [Line(line.name, line.cells + extra if line.cells else ()) for line in _correlations(of, name)]


def _correlations(of: Portrait, name: int) -> list[Line]:
    """The strongest correlations, where the family has any."""
    scaled = of.covariances / (of.spreads[:, :, np.newaxis] * of.spreads[:, np.newaxis, :])
    pairs = list(combinations(range(len(of.names)), 2))
    strength = [float(np.abs(scaled[:, i, j]).max()) for i, j in pairs]
    if not pairs or max(strength) < 1e-12:
        return []
    strongest = sorted(sorted(range(len(pairs)), key=lambda at: -strength[at])[:MOST_PAIRS])
    found = [Line("correlation" if len(pairs) <= MOST_PAIRS else f"correlation ({MOST_PAIRS} of {len(pairs)})")]
    for i, j in (pairs[at] for at in strongest):
        half = (name - 4) // 2
        pair = f"  {shorten(of.names[i], half)}, {shorten(of.names[j], half)}"
        found.append(Line(pair, tuple(f"{value:.2f}" for value in scaled[:, i, j])))
    return found


def name_room(of: Portrait, width: int = WIDTH) -> int:
    """How long names may be so that no column more is cut off than with short names."""
    cells = [len(cell) for line in lines(of) for cell in line.cells]
    return max(_SHORT_NAME, min(_LONG_NAME, width - 2 - len(headings(of)) * (max(cells) + 3)))


def blocks(
    found: Sequence[Line], headings: Sequence[str], width: int = WIDTH, gap: int = 3
) -> Iterator[tuple[list[str], list[Line]]]:
    """
    Cut a table that is too wide into tables that are not, by its columns, with so many blanks between them.

    Examples
    --------
    >>> wide = [Line("share", tuple("12.5 %" for _ in range(12)))]
    >>> [len(headings) for headings, _ in blocks(wide, [str(k) for k in range(12)], width=60)]
    [6, 6]
    """
    cells = [headings, *(line.cells for line in found if line.cells)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    name = max(len(line.name) for line in found)
    if name + sum(widths) + gap * len(widths) <= width:
        yield list(headings), list(found)
        return
    most = max(1, (width - name) // (max(widths) + gap))
    tables = -(-len(headings) // most)
    most = -(-len(headings) // tables)
    for start in range(0, len(headings), most):
        part = slice(start, start + most)
        yield list(headings[part]), [Line(line.name, line.cells[part]) for line in found]


def headings(of: Portrait) -> list[str]:
    """Name the columns of the table: the components by ``predict``'s numbers."""
    return [str(component) for component in range(len(of.shares))] + (["noise"] if of.noise else [])


def omitted(of: Portrait) -> str | None:
    """Say which features the table leaves out."""
    rest = len(of.names) - MOST_FEATURES
    if rest <= 0:
        return None
    return f"These {MOST_FEATURES} features separate the components most; --json has the other {rest} too."
