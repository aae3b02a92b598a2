"""Clusters that Dask computes on: one that is named, or one that is started here; and rows that stay on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from mixtura.outcome import MixtureError
from mixtura.sources.partitioned.parts import Parts, client, shortened

MISSING = "Dask is not installed; pip install 'mixtura[dask]'."

# Seconds until a scheduler that does not answer is not there.
PATIENCE = 10


@contextmanager
def connected(address: str, n_workers: int | None = None) -> Iterator[Any]:
    """A client of a cluster, on which Dask computes for the duration of a `with`.

    Parameters
    ----------
    address : str
        Of a scheduler, as ``tcp://host:8786``; "local" starts worker processes here.
    n_workers : int, optional
        How many are started here, of one thread each; by default one a core.

    Raises
    ------
    MixtureError
        Where Dask is not installed or nobody answers at the address.
    """
    try:
        import distributed
    except ImportError:
        raise MixtureError(MISSING) from None
    if address != "local":
        with _reached(address) as client:
            yield client
        return
    import dask
    import joblib

    library: Any = distributed
    count = n_workers or int(joblib.cpu_count())
    # neighbors are made at one worker, and stay there: workers of one machine have no reason to send each other rows
    settled = {"distributed.scheduler.worker-saturation": "inf", "distributed.scheduler.work-stealing": False}
    with (
        dask.config.set(settled),
        library.LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=":0") as cluster,
        library.Client(cluster) as client,
    ):
        yield client


def persisted(collection: Any) -> Any:
    """A collection in the memory of the workers, each of which holds neighbors, so that few sums travel in a fit.

    ``collection.persist()`` does the same, but for the place of each partition. Without a cluster it is that.
    """
    import dask

    there = client()
    if there is None:
        return collection.persist()
    ready = shortened(collection)
    parts = Parts.made([ready], (collection,))
    places = parts.places(*parts.homes(there))
    with cast(Any, dask).annotate(workers=Place(places, sorted(there.nthreads())), allow_other_workers=True):
        return ready.persist(optimize_graph=False)


@dataclass(frozen=True)
class Place:
    """Where the task of a key is to run: at its place, or, where it has none, anywhere."""

    places: dict[Any, str]
    anywhere: list[str]

    def __call__(self, key: Any) -> Any:
        """The workers."""
        return self.places.get(key, self.anywhere)


def _reached(address: str) -> Any:
    import distributed

    try:
        return cast(Any, distributed).Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise MixtureError(
            f"No Dask scheduler answers at {address!r} ({type(error).__name__}). Start one with `dask scheduler`, "
            "or use 'local'."
        ) from None
