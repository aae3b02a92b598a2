"""One pass over blocks by several threads: the calling one and its helpers, with the results in the blocks' order.

A thread takes the next block whenever it is done with one. What it makes of it waits for its turn, so sums do not
depend on the number of threads; no block is taken far ahead of the next result that is owed, so few results wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class Result:
    """What a function made of a block, or the error that it ended with."""

    value: Any = None
    error: BaseException | None = None


class Pass:
    """A function of every block.

    Parameters
    ----------
    function : callable
    blocks : iterable
        Read by one thread at a time.
    ahead : int
        Most blocks that are taken before the first of their results is consumed.

    Examples
    --------
    >>> from mixtura.crew import Pass
    >>> list(Pass(abs, [-1, 2, -3], ahead=2).results())
    [1, 2, 3]
    """

    def __init__(self, function: Callable[[Any], Any], blocks: Iterable[Any], ahead: int) -> None:
        self._function, self._blocks, self._ahead = function, iter(blocks), ahead
        # Locks and queues of C only: an interrupt that meets the calling thread within a condition leaves it locked.
        self._lock = Lock()
        self._news: SimpleQueue[None] = SimpleQueue()  # to the calling thread: look again
        self._room: SimpleQueue[None] = SimpleQueue()  # to a helper: look again
        self._waiting: dict[int, Result] = {}
        self._taken = self._given = 0
        self._open = True  # whether there may be another block

    def help(self) -> None:
        """Make results until no block is left: what a helper does."""
        while True:
            with self._lock:
                taken = self._take() if self._has_room() else None
                over = taken is None and not self._open
            if taken is not None:
                self._make(*taken)
            elif over:
                self._room.put(None)  # for the next helper, which is to see it too
                return
            else:
                self._room.get()

    def results(self) -> Iterator[Any]:
        """The results in order, for the calling thread, which makes some while the next is not there.

        An error is raised in its block's turn: which one, among several, does not depend on the threads.
        """
        try:
            while (result := self._next()) is not None:
                if result.error is not None:
                    raise result.error
                yield result.value
        finally:
            self.stop()

    def stop(self) -> None:
        """Take no further block; results that nobody waits for are dropped."""
        with self._lock:
            self._given = self._taken
            self._waiting.clear()
            self._end()

    def _next(self) -> Result | None:
        """The result whose turn it is; None after the last."""
        while True:
            with self._lock:
                result = self._waiting.pop(self._given, None)
                taken = self._take() if result is None and self._has_room() else None
                if taken is None and result is None:  # what taking a block raised is there now
                    result = self._waiting.pop(self._given, None)
                self._given += result is not None
                over = taken is None and result is None and self._given == self._taken
            if result is not None:
                self._room.put(None)
                return result
            if over:
                return None
            if taken is not None:
                self._make(*taken)
            else:
                self._news.get()

    def _has_room(self) -> bool:
        return self._open and self._taken - self._given < self._ahead

    def _take(self) -> tuple[int, Any] | None:
        """The next block with its number, under the lock; what reading it raises is its result."""
        try:
            block = next(self._blocks)
        except StopIteration:
            self._end()
            return None
        except BaseException as error:
            self._waiting[self._taken] = Result(error=error)
            self._taken += 1
            self._end()
            return None
        self._taken += 1
        return self._taken - 1, block

    def _end(self) -> None:
        self._open = False
        self._room.put(None)
        self._news.put(None)

    def _make(self, number: int, block: Any) -> None:
        try:
            result = Result(self._function(block))
        except BaseException as error:
            result = Result(error=error)
        with self._lock:
            self._waiting[number] = result
            if result.error is not None:
                self._end()
        self._news.put(None)
