"""Rounds: everybody is timed once, one after the other, and once more in the next round."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

PAUSE = 0.1  # seconds in which the threads of the one before, which spin for more work, go to sleep

Clock = Callable[[], float]
Readings = dict[str, list[float]]


def alternate(clocks: Mapping[str, Clock], repeats: int, fewer: Mapping[str, int] | None = None) -> Readings:
    """What each clock read in each round; some drop out after fewer."""
    read: Readings = {name: [] for name in clocks}
    for turn in range(repeats):
        for name, clock in clocks.items():
            if turn < (fewer or {}).get(name, repeats):
                time.sleep(PAUSE)
                read[name].append(clock())
    return read


def between(fit: Callable[[int], float], steps: int, first: int = 1) -> float:
    """Seconds of one iteration: a long fit less a short one, so that set-up and the last measure cancel."""
    short = fit(first)
    return (fit(first + steps) - short) / steps


def within(limit: Callable[[], Any], clock: Clock) -> Clock:
    """The clock, read inside a limit of its own."""

    def limited() -> float:
        with limit():
            return clock()

    return limited
