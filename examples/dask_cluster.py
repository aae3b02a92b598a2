"""100 million rows on a cluster: made in partitions from seeds, never in one place, and fitted.

    python examples/dask_cluster.py                     # 100 million rows of 8 columns, on all cores of this machine
    python examples/dask_cluster.py --rows 20000 --workers 2
    python examples/dask_cluster.py --address tcp://scheduler:8786

The rows are made anew at every pass; --persist keeps them in the workers' memory (3.2 GB at 100 million rows), where
that is large enough. Growing batches let the fit begin on samples, so that few passes over all rows are left.
"""

import argparse
import time

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

import mixtura as mx

COLUMNS, GROUPS = 8, 5
CENTERS = np.random.default_rng(0).normal(scale=4.0, size=(GROUPS, COLUMNS))
SHARES = np.array([0.4, 0.25, 0.2, 0.1, 0.05])


def make(seed: int, size: int) -> np.ndarray:
    """A partition: the same rows whenever and wherever it is made."""
    rng = np.random.default_rng(seed)
    groups = rng.choice(GROUPS, size=size, p=SHARES)
    return (CENTERS[groups] + rng.standard_normal((size, COLUMNS), dtype=np.float32)).astype(np.float32)


def collection(n_rows: int, part: int) -> da.Array:
    """The rows as a lazy array; a partition lost with its worker is made again."""
    sizes = [min(part, n_rows - begin) for begin in range(0, n_rows, part)]
    parts = [
        da.from_delayed(dask.delayed(make)(seed, size), (size, COLUMNS), np.float32) for seed, size in enumerate(sizes)
    ]
    return da.concatenate(parts)


def main() -> None:
    """Start a cluster, fit, and say what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--part", type=int, default=500_000, help="rows a partition")
    parser.add_argument("--workers", type=int, help="worker processes of one thread each; by default one a core")
    parser.add_argument("--address", help="a scheduler that runs already")
    parser.add_argument("--persist", action="store_true")
    asked = parser.parse_args()
    if asked.address:
        with Client(asked.address) as client:
            fit(client, asked)
        return
    local = LocalCluster(n_workers=asked.workers, threads_per_worker=1, dashboard_address=":0")
    with local as cluster, Client(cluster) as client:
        fit(client, asked)


def fit(client: Client, asked: argparse.Namespace) -> None:
    """Fit the rows, and label them lazily."""
    X = collection(asked.rows, asked.part)
    X = X.persist() if asked.persist else X
    print(f"{X.shape[0]:,} x {X.shape[1]} rows in {X.npartitions} partitions on {len(client.nthreads())} workers")
    begun = time.perf_counter()
    model = mx.GaussianMixture(GROUPS, acceleration="growing", n_init=4, random_state=0).fit(X)
    seconds = time.perf_counter() - begun
    print(model.fit_report_)
    begun = time.perf_counter()
    print(f"mean log density {model.score(X):.6f}; shares found {np.sort(model.weights_)[::-1].round(4)}")
    print(f"the fit took {seconds:.1f} s, a pass over all rows {time.perf_counter() - begun:.1f} s")
    labels = model.predict(X)  # lazy: nothing is computed but what is asked for
    print(f"labels of the first rows: {labels[:5].compute()}")


if __name__ == "__main__":
    main()
