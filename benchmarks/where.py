"""Where the time of a call goes: a thread looks at what all others are doing, several hundred times a second.

Nothing is patched and nothing is counted inside, so the call runs at its own speed. A thread in compiled code or in a
library stands at the line of ours that called it. Two answers come of it: the stages of a fit (what the calling thread
is in, or waits for) and the functions that keep the threads busy.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from time import perf_counter
from types import FrameType
from typing import Any

INTERVAL, ENOUGH = 0.002, 0.5  # seconds

# The first of these rooms that is on the calling thread's stack, itself or a room within it, names the stage.
STAGES = {
    "mixtura.estimators.answers": "answers",
    "mixtura.estimators.many": "batch",
    "mixtura.em": "passes",
    "mixtura.assess": "last measure",
    "mixtura.start": "start",
    "mixtura.estimators.beginning": "start",
    "mixtura.problem": "survey",
    "mixtura.estimators.inputs": "checks",
}
IDLE = ("threading", "concurrent.futures", "queue", "selectors")


def sampled(action: Callable[[], Any]) -> dict[str, dict[str, float]]:
    """Shares of the stages and of the busy functions while `action` runs, again and again until enough was seen."""
    stages: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    over, caller = threading.Event(), threading.get_ident()

    def watch() -> None:
        while not over.wait(INTERVAL):
            frames = sys._current_frames()
            frames.pop(threading.get_ident())
            stages[_stage(frames[caller])] += 1
            functions.update(filter(None, map(_busy, frames.values())))

    watcher, begun = threading.Thread(target=watch), perf_counter()
    watcher.start()
    try:
        while perf_counter() - begun < ENOUGH:
            action()
    finally:
        over.set()
        watcher.join()
    return {"stages": _shares(stages), "functions": _shares(functions)}


def _stage(frame: FrameType) -> str:
    rooms = {each.f_globals.get("__name__", "") for each in _stack(frame)}
    found = (stage for room, stage in STAGES.items() if any(f"{each}.".startswith(f"{room}.") for each in rooms))
    return next(found, "other")


def _busy(frame: FrameType) -> str | None:
    """The innermost function of ours, or None for a thread that waits."""
    if frame.f_globals.get("__name__", "").startswith(IDLE):
        return None
    for each in _stack(frame):
        room = each.f_globals.get("__name__", "")
        if room.startswith("mixtura."):
            return f"{room.removeprefix('mixtura.')}.{each.f_code.co_qualname.replace('.<locals>', '')}"
    return None


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _shares(counts: Counter[str]) -> dict[str, float]:
    total = sum(counts.values())
    return {name: count / total for name, count in counts.most_common(8)}
