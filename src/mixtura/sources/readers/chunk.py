"""A few rows of many, as a reader hands them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Chunk:
    """
    Consecutive rows.

    Attributes
    ----------
    start : int
        The position of its first row over all files, from 0.
    columns : (n, D) array or D arrays of shape (n,)
        Real numbers of any native dtype, NaN for a missing cell; views that may not be written to.
    weight : (n,) float64 or None
        At least 0, where a column of weights was asked for, or where rows with a missing cell count for nothing.

    Examples
    --------
    >>> import numpy as np
    >>> Chunk(10, np.ones((3, 2))).stop
    13
    """

    start: int
    columns: NDArray[Any] | tuple[NDArray[Any], ...]
    weight: NDArray[np.float64] | None = None

    @property
    def n_rows(self) -> int:
        """How many rows there are, n."""
        return len(self.columns[0]) if isinstance(self.columns, tuple) else len(self.columns)

    @property
    def stop(self) -> int:
        """The position after its last row."""
        return self.start + self.n_rows

    def stacked(self) -> NDArray[Any]:
        """Give the rows as one (n, D) array, copied only where they lie in columns."""
        return np.column_stack(self.columns) if isinstance(self.columns, tuple) else self.columns
