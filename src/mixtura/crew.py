"""One pass over blocks by several threads: the calling one and its helpers, with the results in the blocks' order.

A thread takes the next block whenever it is done with one. What it makes of it waits for its turn, so sums do not
depend on the number of threads; no block is taken far ahead of the next result that is owed, so few results wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Condition, Lock
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
        self._changed = Condition(Lock())
        self._waiting: dict[int, Result] = {}
        self._taken = self._given = 0
        self._open = True  # whether there may be another block

    def help(self) -> None:
        """Make results until no block is left: what a helper does."""
        while True:
            with self._changed:
                while self._open and not self._has_room():
                    self._changed.wait()
                taken = self._take()
            if taken is None:
                return
            self._make(*taken)

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
        with self._changed:
            self._given = self._taken
            self._waiting.clear()
            self._end()

    def _next(self) -> Result | None:
        """The result whose turn it is; None after the last."""
        while True:
            with self._changed:
                there = self._given in self._waiting
                taken = self._take() if not there and self._has_room() else None
                if taken is None and self._given in self._waiting:
                    self._given += 1
                    self._changed.notify_all()
                    return self._waiting.pop(self._given - 1)
                if taken is None and self._given == self._taken:
                    return None
                if taken is None:
                    self._changed.wait()
            if taken is not None:
                self._make(*taken)

    def _has_room(self) -> bool:
        return self._taken - self._given < self._ahead

    def _take(self) -> tuple[int, Any] | None:
        """The next block with its number, under the lock; what reading it raises is its result."""
        if not self._open:
            return None
        try:
            block = next(self._blocks)
        except StopIteration:
            self._end()
            return None
        except BaseException as error:
            self._end()
            self._waiting[self._taken] = Result(error=error)
            self._taken += 1
            return None
        self._taken += 1
        return self._taken - 1, block

    def _end(self) -> None:
        self._open = False
        self._changed.notify_all()

    def _make(self, number: int, block: Any) -> None:
        try:
            result = Result(self._function(block))
        except BaseException as error:
            result = Result(error=error)
        with self._changed:
            self._waiting[number] = result
            if result.error is not None:
                self._open = False
            self._changed.notify_all()
