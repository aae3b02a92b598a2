"""Runs of rows of files, read where they are wanted: the partitions of a folder that every worker can open."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.sources.faults import TableError
from mixtura.sources.partitioned.parts import Parts
from mixtura.sources.readers import Reader
from mixtura.sources.source import BLOCK

# Bytes of a partition of files, unless it is said.
BYTES = 2**26

Run = tuple[NDArray[Any], Float | None]


def read_run(reader: Reader, start: int, count: int) -> Run:
    """Rows of a reader from a position on, and their weights where they have some."""
    rows = np.empty((count, len(reader.names)), reader.dtype)
    weight = np.ones(count) if weighted(reader) else None
    there = 0
    for chunk in reader.chunks(start, min(BLOCK, count)):
        size = min(chunk.n_rows, count - there)
        rows[there : there + size] = chunk.stacked()[:size]
        if weight is not None and chunk.weight is not None:
            weight[there : there + size] = chunk.weight[:size]
        there += size
        if there == count:
            return rows, weight
    raise TableError(f"{reader.title}: the data end {count - there} rows before they did. Run it again.")


def weighted(reader: Reader) -> bool:
    """Whether rows come with weights: those of a column, or 0 for rows that are dropped."""
    return reader.weights is not None or reader.drop


def first(run: Run) -> NDArray[Any]:
    """The rows of a run."""
    return run[0]


def second(run: Run) -> Float | None:
    """The weights of a run."""
    return run[1]


def parts_of(reader: Reader, rows: int | None) -> tuple[Parts, tuple[int, ...]]:
    """Tasks that read the runs of a reader, of so many rows, and how many rows each has."""
    from dask._task_spec import DataNode, Task, TaskRef

    size = rows or max(BYTES // (reader.dtype.itemsize * len(reader.names)) // BLOCK, 1) * BLOCK
    total, name = reader.count(), f"files-{uuid4().hex}"
    lengths = tuple(min(size, total - start) for start in range(0, total, size))
    graph: dict[Any, Any] = {name: DataNode(name, reader)}
    runs, columns, weights = (
        [(f"{name}-{what}", i) for i in range(len(lengths))] for what in ("run", "rows", "weight")
    )
    for i, run in enumerate(runs):
        graph[run] = Task(run, read_run, TaskRef(name), i * size, lengths[i])
        graph[columns[i]] = Task(columns[i], first, TaskRef(run))
        graph[weights[i]] = Task(weights[i], second, TaskRef(run))
    return Parts(graph, tuple(columns), tuple(weights) if weighted(reader) else None), lengths
