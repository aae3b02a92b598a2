"""The next items made in the background while this one is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")

# Seconds after which a thread that waits for another looks whether it is still wanted.
LOOK = 0.05
END = object()


def ahead(items: Iterable[T], depth: int = 2) -> Iterator[T]:
    """The same items in the same order; up to `depth` of them are made before they are asked for.

    What making one raises is raised in its turn. When the reader stops early, so does the maker.

    Examples
    --------
    >>> from mixtura.sources.ahead import ahead
    >>> list(ahead(range(5)))
    [0, 1, 2, 3, 4]
    """
    line = _Line(depth)
    maker = Thread(target=copy_context().run, args=(_make, items, line), name="mixtura-reader", daemon=True)
    try:
        maker.start()
        while (item := line.next(maker)) is not END:
            if isinstance(item, _Raised):
                raise item.error
            yield item
    finally:
        line.wanted = False


class _Raised:
    """An error on its way from the maker."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class _Line:
    """Items that are made, and room for more.

    Its queues are of C: an interrupt that meets a thread within one of Python's leaves that locked.
    """

    def __init__(self, depth: int) -> None:
        self.wanted = True
        self._made: SimpleQueue[Any] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(depth):
            self._room.put(None)

    def has_room(self) -> bool:
        """Whether another item is wanted, as soon as that is known."""
        while self.wanted:
            try:
                self._room.get(timeout=LOOK)
                return self.wanted
            except Empty:
                continue
        return False

    def put(self, item: Any) -> None:
        """An item is made."""
        self._made.put(item)

    def next(self, maker: Thread) -> Any:
        """The next item, which makes room for another."""
        while True:
            try:
                item = self._made.get(timeout=LOOK)
            except Empty:
                if not maker.is_alive() and self._made.empty():  # as after a fork, which copies no threads
                    raise RuntimeError("The thread that reads ahead has gone.") from None
                continue
            self._room.put(None)
            return item


def _make(items: Iterable[Any], line: _Line) -> None:
    try:
        iterator = iter(items)
        while line.has_room():
            line.put(next(iterator))
    except StopIteration:
        line.put(END)
    except BaseException as error:
        line.put(_Raised(error))
