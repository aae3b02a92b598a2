"""The partitions of Dask collections, and graphs over them: what each becomes, and their sum, one graph a pass.

A graph holds the value that all tasks share (a kernel with its density) once, a task a partition, and tasks that join
sums. On a cluster a partition that is not in memory anywhere is made next to its neighbors, those that are stay where
they are, and sums meet at each worker before they travel: a worker is sent the value once, and sends one sum away.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, cast
from uuid import uuid4

from mixtura.sources.partitioned.trees import Known, joined

Key = Any
Graph = dict[Key, Any]
# Sums that one task joins, at most: few wait in memory for each other.
WIDTH = 8


def is_dask(value: Any) -> bool:
    """Whether a value is a collection of Dask; Dask is not imported for the question.

    Examples
    --------
    >>> from mixtura.sources.partitioned.parts import is_dask
    >>> is_dask([[1.0]])
    False
    """
    return hasattr(type(value), "__dask_graph__")


@dataclass(frozen=True, eq=False)
class Parts:
    """Partitions of rows, and of the weights beside them.

    Parameters
    ----------
    graph : dict
        From keys to tasks.
    rows : tuple of keys
        A partition each.
    weights : tuple of keys or None
    held : tuple
        The collections: while they live, what a cluster holds of them stays there.
    """

    graph: Graph = field(repr=False)
    rows: tuple[Key, ...] = field(repr=False)
    weights: tuple[Key, ...] | None = field(repr=False)
    held: tuple[Any, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, rows: Any, weights: Any = None) -> Parts:
        """The partitions of a collection, and of weights in as many."""
        held = (rows,) if weights is None else (rows, weights)
        return cls.made([shortened(each) for each in held], held)

    @classmethod
    def made(cls, ready: Sequence[Any], held: tuple[Any, ...]) -> Parts:
        """The partitions of collections as they are."""
        from dask._task_spec import convert_legacy_graph

        graph = {key: task for each in ready for key, task in dict(each.__dask_graph__()).items()}
        keys = [tuple(_flat(each.__dask_keys__())) for each in ready]
        return cls(convert_legacy_graph(graph), keys[0], keys[1] if len(keys) > 1 else None, held)

    def __len__(self) -> int:
        return len(self.rows)

    def homes(self, client: Any) -> tuple[dict[int, str], set[int]]:
        """The worker of each partition: the one that holds it, else one that has its neighbors; and which are held."""
        import distributed

        futures = cast(Any, distributed).futures_of(self.held)
        where = client.who_has(futures) if futures else {}
        held = {self.owners.get(key, -1): min(names) for key, names in where.items() if names}
        workers = [name for name, threads in sorted(client.nthreads().items()) for _ in range(threads)]
        spread = {i: workers[i * len(workers) // len(self)] for i in range(len(self)) if workers}
        return spread | {i: name for i, name in held.items() if i >= 0}, set(held)

    def places(self, homes: dict[int, str], held: set[int]) -> dict[Key, str]:
        """Where tasks are to run that one partition alone needs, and that no worker holds."""
        wanted = {key: number for key, number in self.owners.items() if number in homes and number not in held}
        return {key: homes[number] for key, number in wanted.items()}

    def each(self, function: Callable[..., Any], value: Any, own: Mapping[int, Any]) -> list[Any]:
        """``function(value, number, rows, weight, own[number])`` of every partition in `own`, in order."""
        making = _Pass(self, value)
        return making.computed([making.task(function, number, own[number]) for number in own])

    def total(self, function: Callable[..., Any], value: Any, own: Mapping[int, Any]) -> Any:
        """The sum of the same over all partitions, in an order that their number alone decides."""
        making, groups = _Pass(self, value), dict[str, list[Key]]()
        leaf = partial(_leaf, function, len(self))
        for number in range(len(self)):
            home = making.homes.get(number, "")
            groups.setdefault(home, []).append(making.task(leaf, number, own.get(number)))
        (known,) = making.computed([making.join([making.join(group) for group in groups.values()])])
        return known.total

    @cached_property
    def owners(self) -> dict[Key, int]:
        """Which partition alone needs a key; -1 where several do."""
        owners: dict[Key, int] = {}
        for number, row in enumerate(self.rows):
            ahead = [row] if self.weights is None else [row, self.weights[number]]
            while ahead:
                key = ahead.pop()
                before = owners.get(key)
                if before not in (number, -1):
                    owners[key] = number if before is None else -1
                    ahead.extend(self.graph[key].dependencies if key in self.graph else ())
        return owners


class _Pass:
    """One graph on its way: the value that all tasks share, a task a partition, and what joins them."""

    def __init__(self, parts: Parts, value: Any) -> None:
        from dask._task_spec import DataNode

        self._parts = parts
        self._name = f"mixtura-{uuid4().hex}"
        self._client = client()
        self._graph: Graph = {self._name: DataNode(self._name, value)}
        self._placed: dict[Key, str] = {}
        self.homes: dict[int, str] = {}
        if self._client is not None:
            self.homes, held = parts.homes(self._client)
            self._placed = parts.places(self.homes, held)

    def task(self, function: Callable[..., Any], number: int, own: Any) -> Key:
        """A task of a partition."""
        from dask._task_spec import Task, TaskRef

        parts, key = self._parts, (self._name + "-part", number)
        weight = None if parts.weights is None else TaskRef(parts.weights[number])
        rows, value = TaskRef(parts.rows[number]), TaskRef(self._name)
        self._graph[key] = Task(key, function, value, number, rows, weight, own)
        if self.homes.get(number):  # next to its rows, even where another worker has less to do: sums travel, not rows
            self._placed[key] = self.homes[number]
        return key

    def join(self, keys: Sequence[Key]) -> Key:
        """A task that holds the sum of others, by tasks that join a few each."""
        from dask._task_spec import Task, TaskRef

        while len(keys) > 1:
            pieces = [keys[i : i + WIDTH] for i in range(0, len(keys), WIDTH)]
            keys = [(self._name + "-sum", len(self._graph) + i) for i in range(len(pieces))]
            for key, piece in zip(keys, pieces, strict=True):
                self._graph[key] = Task(key, _together, *map(TaskRef, piece))
        return keys[0]

    def computed(self, keys: list[Key]) -> list[Any]:
        """The results, by whichever scheduler is in charge."""
        import dask.base
        import dask.threaded

        graph: Any = {**self._parts.graph, **self._graph}
        if self._client is None:
            found: Any = (cast(Any, dask.base).get_scheduler() or dask.threaded.get)(graph, keys)
        else:
            found = self._client.get(self._layers(graph), keys)
        return list(found)

    def _layers(self, graph: Graph) -> Any:
        """The graph in two layers: what has its place, and the rest."""
        from dask.highlevelgraph import HighLevelGraph, MaterializedLayer

        placed = {key: graph[key] for key in self._placed if key in graph}
        rest = {key: task for key, task in graph.items() if key not in placed}
        # a place is a wish: where that worker is gone or late, another takes over
        wishes = {"workers": self._placed.__getitem__, "allow_other_workers": True}
        layers = {"placed": MaterializedLayer(placed, annotations=wishes), "rest": MaterializedLayer(rest)}
        return HighLevelGraph(layers, {"placed": {"rest"}, "rest": {"placed"}})


def shortened(collection: Any) -> Any:
    """The same collection, its graph made short."""
    import dask

    # expressions of DataFrames have a way of their own
    return collection.optimize() if hasattr(collection, "expr") else cast(Any, dask).optimize(collection)[0]


def client() -> Any:
    """The client of the cluster that Dask computes on, or None."""
    import dask.base

    found = getattr(cast(Any, dask.base).get_scheduler(), "__self__", None)
    distributed = sys.modules.get("distributed")
    return found if distributed is not None and isinstance(found, distributed.Client) else None


def _leaf(function: Callable[..., Any], count: int, value: Any, number: int, *others: Any) -> Known:
    return Known(count, {(number, number + 1): function(value, number, *others)})


def _together(*several: Known) -> Known:
    return joined(several)


def _flat(keys: Any) -> Iterable[Key]:
    for key in keys:
        if isinstance(key, list):
            yield from _flat(key)
        else:
            yield key
