"""How fast a stream forgets: the step sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A unit of the schedule has at least so many rows, and so many a free parameter.
LEAST, A_PARAMETER = 2**10, 1.0
# Step sizes fall as this power of what was seen unless told otherwise.
DECAY = 0.6


@dataclass(frozen=True)
class Pace:
    """How fast a stream forgets.

    Parameters
    ----------
    decay : float
        The power a of the step sizes, above 0.5 and at most 1. After n rows the last ``unit * (n / unit)^a`` of them
        count (all of them up to one unit): what the statistics hold falls by a rate ``(n / unit)^-a / unit`` a row. 1
        is the plain mean of all rows, which never forgets the poor models that the first of them were read under.
    half_life : float or None
        Where it is given, what was seen so many rows ago counts half, however long the stream; `decay` is not used.

    Examples
    --------
    >>> from mixtura.online import Pace
    >>> Pace(decay=1.0).blend(seen=300.0, weight=100.0, unit=50.0)
    (400.0, 0.25)
    >>> total, part = Pace(half_life=100.0).blend(seen=1e6, weight=100.0, unit=50.0)
    >>> round(total), round(part, 6)
    (500100, 0.0002)
    """

    decay: float = DECAY
    half_life: float | None = None

    def blend(self, seen: float, weight: float, unit: float) -> tuple[float, float]:
        """What the statistics count for after `weight` more rows, and the step size g: the part that is new in them.

        Cut as one may, the steps of one run of rows keep the same part of what was known: the rate is integrated.
        """
        if self.half_life is not None:
            total = seen * 2.0 ** (-weight / self.half_life) + weight
            return total, weight / total
        return seen + weight, float(-np.expm1(self._log_kept(seen / unit, (seen + weight) / unit)))

    def _log_kept(self, begin: float, end: float) -> float:
        """Log of the part that is kept from `begin` to `end`, in units."""
        early = np.log(min(begin, 1.0) / min(end, 1.0)) if begin > 0.0 else -np.inf
        low, high = max(begin, 1.0), max(end, 1.0)
        rest = 1.0 - self.decay
        late = -np.log(high / low) if rest == 0.0 else -(high**rest - low**rest) / rest
        return float(early + late)


def unit_of(n_parameters: int) -> float:
    """Rows of a unit of the schedule, for a model of so many free parameters.

    Examples
    --------
    >>> from mixtura.online import unit_of
    >>> unit_of(5), unit_of(2431)
    (1024.0, 2431.0)
    """
    return float(max(LEAST, A_PARAMETER * n_parameters))
