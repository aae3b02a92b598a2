"""Rows beyond memory: a pass over Parquet files against one over rows in memory, and a whole fit in little memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks import fresh
from benchmarks.footprint import STATUS, _megabytes
from benchmarks.iterations import OURS
from benchmarks.rounds import alternate
from benchmarks.workloads import Shape, Workload

# Where the files are made, and kept for the next run; else in a folder of this run.
FOLDER = "BENCH_FOLDER"
PART, GROUP = 1_000_000, 2**18
IN_MEMORY, HELD = "in memory", 122 * 2**16  # whole blocks, so that both take the same rows


def out_of_core(work: Workload) -> dict[str, Any]:
    """Seconds a pass over a million rows, streamed and in memory by turns; then a fit of all rows on its own."""
    with files(work.shape) as folder:
        fitted = fresh.call(whole, str(folder), work.shape, work.options["memory"])
        few = min(HELD, work.shape.rows)
        ours, theirs = _Pass(folder, work.shape, few, False), _Pass(folder, work.shape, few, True)
        samples = alternate({OURS: ours, IN_MEMORY: theirs}, work.repeats)
        ours.limit = few
        ours()
        apart = float(np.abs(ours.moments.second - theirs.moments.second).max() / np.abs(theirs.moments.second).max())
    return {
        "samples": samples,
        "gaps": {IN_MEMORY: apart},
        "tolerance": {IN_MEMORY: 1e-10},
        "notes": fitted,
    }


@contextmanager
def files(shape: Shape) -> Iterator[Path]:
    """A folder of Parquet files of these rows, float32, a million rows a file, made where it is not there."""
    kept = os.environ.get(FOLDER)
    with TemporaryDirectory() as made:
        folder = Path(kept or made) / f"{shape.rows}x{shape.features}k{shape.components}"
        folder.mkdir(parents=True, exist_ok=True)
        sizes = [min(PART, shape.rows - begin) for begin in range(0, shape.rows, PART)]
        absent = [(i, size) for i, size in enumerate(sizes) if not _part(folder, i).exists()]
        with ProcessPoolExecutor() as pool:
            list(pool.map(partial(_make, folder, shape), absent))
        yield folder


def _part(folder: Path, index: int) -> Path:
    return folder / f"part-{index:05d}.parquet"


def _make(folder: Path, shape: Shape, part: tuple[int, int]) -> None:
    """One file: rows around the same K centers, of unit variance after a shear of the component's own."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    index, size = part
    centers, shears = truth(shape)
    rng = np.random.default_rng([1, index])
    labels = rng.integers(shape.components, size=size)
    X = rng.standard_normal((size, shape.features), dtype=np.float32)
    for k in range(shape.components):
        X[labels == k] = X[labels == k] @ shears[k] + centers[k]
    table = pa.table({f"x{j}": X[:, j] for j in range(shape.features)})
    unfinished = _part(folder, index).with_suffix(".unfinished")
    # what is random neither repeats nor shrinks
    pq.write_table(table, unfinished, row_group_size=GROUP, use_dictionary=False, compression="none")
    unfinished.rename(_part(folder, index))


def truth(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Centers (K, D) and shears (K, D, D) that rows are made from."""
    rng, (k, d) = np.random.default_rng(0), (shape.components, shape.features)
    centers = rng.uniform(-shape.reach, shape.reach, size=(k, d)).astype(np.float32)
    return centers, (np.eye(d) + 0.2 * rng.normal(size=(k, d, d))).astype(np.float32)


class _Pass:
    """Seconds a million rows of a pass of EM under the true parameters."""

    def __init__(self, folder: Path, shape: Shape, few: int, held: bool) -> None:
        import mixtura as mx
        from mixtura.sources.memory import Memory

        self._opened, self.limit, self.moments = mx.open(folder), shape.rows, None
        self._rows = self._opened.reader()
        if held:
            chunks = self._rows.chunks()
            X, at = np.empty((few, shape.features), np.float32), 0
            while at < few:
                chunk = next(chunks).stacked()[: few - at]
                X[at : at + len(chunk)] = chunk
                at += len(chunk)
            self._held, self.limit = Memory.of(X), few
        else:
            self._held = None
        centers, shears = truth(shape)
        scatters = np.einsum("kji,kjl->kil", shears, shears).astype(float)
        even = np.full(shape.components, 1.0 / shape.components)
        self._model = mx.GaussianMixture.from_parameters(even, centers.astype(float), scatters)

    def __call__(self) -> float:
        from mixtura import kernels, threads
        from mixtura.sources.stream import Stream

        density, frame = self._model._parameters().density()
        source = self._held or Stream.of(self._rows)
        size = (*source.shape, density.n_components, density.order)
        sized = source.framed(frame).having(block=kernels.rows_a_block(*size))
        kernel = kernels.choose(sized.kind, density.n_components, density.order)
        gather = partial(kernel.moments, density=density, order=density.order)
        with threads.working(sized, None, None, np.inf) as ready:
            begun = perf_counter()
            for done, self.moments in ready.sums(gather):
                if done * sized.block >= self.limit:
                    break
            return (perf_counter() - begun) / self.limit * 1e6


def whole(folder: str, shape: Shape, memory: str) -> dict[str, Any]:
    """A fit with growing batches in a process of its own: its peak memory, seconds, and how often it read the data."""
    import mixtura as mx
    from mixtura.sources.readers import Reader

    read, chunks = [0], Reader.chunks

    def counted(reader: Reader, start: int = 0, rows: int = 2**16) -> Iterator[Any]:
        for chunk in chunks(reader, start, rows):
            read[0] += chunk.n_rows
            yield chunk

    Reader.chunks = counted  # type: ignore[method-assign]
    begun = perf_counter()
    model = mx.GaussianMixture(shape.components, acceleration="growing", random_state=0)
    model.fit(mx.open(folder, memory=memory))
    seconds = perf_counter() - begun
    return {
        "seconds": seconds,
        "readings": read[0] / shape.rows,
        "peak": _megabytes("VmHWM") if STATUS.exists() else None,
        "passes": model.n_iter_,
        "end": model.lower_bound_,
        "memory": memory,
    }
