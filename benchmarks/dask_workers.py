"""What a pass over a Dask collection costs: by the number of workers, in time and in numbers that travel.

    python -m benchmarks.dask_workers --rows 4000000 --workers 1 2

Workers are processes of one thread on this machine, the rows are persisted on each cluster, and passes on the clusters
take turns, so that a machine that is shared slows all of them alike; the best pass of each counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter, process_time
from typing import Any, cast

import numpy as np

from mixtura import kernels, start
from mixtura.kernels import count_features
from mixtura.moments import Order
from mixtura.problem import Problem, Settings
from mixtura.sources.partitioned.clusters import connected, persisted
from mixtura.sources.partitioned.dask_rows import partitions_of

FULL: Order = "dense"


@dataclass
class Cluster:
    """Workers that hold the rows, and a pass over these."""

    client: Any
    gather: Callable[[], Any]
    seconds: list[float]
    processor: list[float]
    sent: list[int]

    def measure(self) -> None:
        """Time one pass, and count the bytes that went from worker to worker."""
        with self.client.as_current():
            self.client.run(_forget)
            before, begun = self._processor(), perf_counter()
            self.gather()
            self.seconds.append(perf_counter() - begun)
            self.processor.append(self._processor() - before)
            self.sent.append(sum(self.client.run(_received).values()))

    def _processor(self) -> float:
        return float(sum(self.client.run(process_time).values()))


def _forget(dask_worker: Any) -> None:
    dask_worker.transfer_incoming_log.clear()


def _received(dask_worker: Any) -> int:
    return sum(entry["total"] for entry in dask_worker.transfer_incoming_log)


def rows(count: int, features: int, components: int, part: int) -> Any:
    """Rows of as many groups as there are components, made from seeds, a partition at a time."""
    import dask
    import dask.array

    delayed, da = cast(Any, dask).delayed, cast(Any, dask.array)
    make = delayed(_make, pure=True)
    sizes = [min(part, count - begin) for begin in range(0, count, part)]
    parts = [
        da.from_delayed(make(seed, size, features, components), (size, features), np.float32)
        for seed, size in enumerate(sizes)
    ]
    return da.concatenate(parts)


def _make(seed: int, size: int, features: int, components: int) -> Any:
    centers = np.random.default_rng(0).normal(scale=3.0, size=(components, features))
    rng = np.random.default_rng([1, seed])
    return (centers[rng.integers(components, size=size)] + rng.normal(size=(size, features))).astype(np.float32)


@contextmanager
def cluster(workers: int, asked: argparse.Namespace) -> Iterator[Cluster]:
    """So many workers, with the rows in their memory, and the first pass behind them."""
    import distributed

    with connected("local", workers) as client:
        collection = persisted(rows(asked.rows, asked.features, asked.components, asked.part))
        cast(Any, distributed).wait(collection)
        gather = _pass(collection, asked.components)
        found = Cluster(client, gather, [], [], [])
        found.measure()
        yield Cluster(client, gather, [], [], [])


def _pass(collection: Any, components: int) -> Callable[[], Any]:
    """An E-step over the rows from a start by k-means."""
    settings = Settings(components, "full", 0.0, 1e-6, 10, False, None, False, None)
    source = partitions_of(collection).surveyed(2**16)
    source = source.having(block=kernels.rows_a_block(*source.shape, components, FULL))
    problem = Problem.pose(source, settings)
    model = start.kmeans(problem.ground(), np.random.RandomState(0))
    kernel = kernels.choose(source.kind, components, model.order)
    return partial(problem.source.reduce, partial(kernel.moments, density=model.density(), order=model.order))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--features", type=int, default=16)
    parser.add_argument("--components", type=int, default=16)
    parser.add_argument("--part", type=int, default=125_000, help="rows a partition")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    with ExitStack() as stack:
        found = {workers: stack.enter_context(cluster(workers, asked)) for workers in asked.workers}
        for _ in range(asked.repeats):
            for each in found.values():
                each.measure()
    told(found, asked)


def told(found: dict[int, Cluster], asked: argparse.Namespace) -> None:
    """Print a line for each cluster."""
    numbers = asked.components * count_features(asked.features, FULL)
    print(f"{asked.rows} x {asked.features} float32, K = {asked.components}, full; K P = {numbers} numbers")
    first = min(next(iter(found.values())).seconds)
    for workers, each in found.items():
        best, sent = min(each.seconds), [bytes_ / 8 / numbers for bytes_ in each.sent]
        print(
            f"{workers} workers: {best:.3f} s a pass, {first / best:.2f} times as fast, "
            f"{min(each.processor):.3f} s of processors; "
            f"{np.median(sent):.2f} K P numbers from worker to worker, {max(sent):.2f} at most"
        )


if __name__ == "__main__":
    main()
