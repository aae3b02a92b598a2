"""The next items made in the background while this one is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import copy_context
from queue import Empty, Full, Queue
from threading import Event, Thread
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
    made: Queue[Any] = Queue(depth)
    stopped = Event()
    maker = Thread(target=copy_context().run, args=(_make, items, made, stopped), name="mixtura-reader", daemon=True)
    maker.start()
    try:
        while (item := _next(made, maker)) is not END:
            if isinstance(item, _Raised):
                raise item.error
            yield item
    finally:
        stopped.set()


class _Raised:
    """An error on its way from the maker."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _make(items: Iterable[Any], made: Queue[Any], stopped: Event) -> None:
    last: Any = END
    try:
        for item in items:
            if not _put(made, item, stopped):
                break
    except BaseException as error:
        last = _Raised(error)
    _put(made, last, stopped)


def _put(made: Queue[Any], item: Any, stopped: Event) -> bool:
    """Whether the item was taken before everything stopped."""
    while not stopped.is_set():
        try:
            made.put(item, timeout=LOOK)
            return True
        except Full:
            continue
    return False


def _next(made: Queue[Any], maker: Thread) -> Any:
    while True:
        try:
            return made.get(timeout=LOOK)
        except Empty:
            if not maker.is_alive() and made.empty():  # as after a fork, which copies no threads
                raise RuntimeError("The thread that reads ahead has gone.") from None
