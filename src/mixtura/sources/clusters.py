"""Clusters that Dask computes on: one that is named, or one that is started here; and rows that stay on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from mixtura.outcome import MixtureError
from mixtura.sources.dask_rows import MISSING

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
    # without a queue at the scheduler, neighbors are made at one worker
    with (
        dask.config.set({"distributed.scheduler.worker-saturation": "inf"}),
        library.LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None) as cluster,
        library.Client(cluster) as client,
    ):
        yield client


def _reached(address: str) -> Any:
    import distributed

    try:
        return cast(Any, distributed).Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise MixtureError(
            f"No Dask scheduler answers at {address!r} ({type(error).__name__}). Start one with `dask scheduler`, "
            "or use 'local'."
        ) from None
