"""A cluster of real worker processes: the same bits as without, what travels, and workers that die."""

import logging
import os
import signal
from functools import partial
from threading import Timer
from time import monotonic, sleep

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

from mixtura import GaussianMixture, em, kernels, start
from mixtura.outcome import MixtureError
from mixtura.problem import Problem
from mixtura.sources.partitioned import clusters
from mixtura.sources.partitioned.clusters import connected
from mixtura.sources.partitioned.dask_rows import from_files, partitions_of
from mixtura.sources.partitioned.parts import client as current
from mixtura.sources.readers import open_reader
from tests.laws.members import Member, rows

MEMBER, K = Member("VVV"), 3
# Numbers a component that a family of full covariances needs: P = 1 + D + D (D + 1) / 2.
P = 10


@pytest.fixture(scope="module")
def cluster():
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with connected("local", 2) as client:
        yield client


def slow(block, pause, kernel):
    sleep(pause)
    return kernel(block)


def made(seed, count):
    """A delayed maker of rows."""
    return np.random.default_rng(seed).normal(size=(count, 3)) + 3.0 * (seed % 3)


def delayed_rows(count=8, size=200):
    parts = [da.from_delayed(dask.delayed(made)(seed, size), (size, 3), float) for seed in range(count)]
    return da.concatenate(parts)


def posed(collection):
    source = partitions_of(collection).surveyed(2**16)
    problem = Problem.pose(source, MEMBER.settings())
    return problem, start.kmeans(problem.ground(), np.random.RandomState(0))


def gathering(problem, model):
    kernel = kernels.choose(problem.source.kind, K, model.order)
    return partial(kernel.moments, density=model.density(), order=model.order)


def same_bits(ours, theirs):
    assert ours.log_likelihood == theirs.log_likelihood
    for name in ("mass", "first", "second"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("persisted", [False, True])
def test_a_cluster_gives_the_bits_of_one_thread(cluster, persisted):
    collection = delayed_rows()
    problem, model = posed(collection.persist() if persisted else collection)
    found = problem.source.reduce(gathering(problem, model))
    with dask.config.set(scheduler="synchronous"):
        assert current() is None
        problem, model = posed(collection)
        same_bits(found, problem.source.reduce(gathering(problem, model)))


def test_a_pass_sends_each_worker_one_density_and_takes_one_sum(cluster):
    problem, model = posed(delayed_rows())
    gather = gathering(problem, model)
    problem.source.reduce(gather)
    cluster.run(lambda dask_worker: dask_worker.transfer_incoming_log.clear())
    problem.source.reduce(gather)
    logs = cluster.run(lambda dask_worker: [entry["total"] for entry in dask_worker.transfer_incoming_log])
    sizes = [size for log in logs.values() for size in log]
    # between two workers go one density and one sum; beside their K P numbers they carry anchors and names
    assert len(sizes) == 2
    assert max(sizes) < 2 * 8 * K * P + 1000


def test_a_frame_that_is_persisted_stays_where_it_is(cluster):
    X, _ = rows(MEMBER, 400)
    frame = dd.from_pandas(pd.DataFrame(X, columns=list("abc")), npartitions=4).persist()
    model = GaussianMixture(2, random_state=0, tol=0.01).fit(frame)
    plain = GaussianMixture(2, random_state=0, tol=0.01).fit(pd.DataFrame(X, columns=list("abc")))
    np.testing.assert_allclose(model.means_, plain.means_, rtol=1e-10)
    lazy = model.predict(frame)
    del frame
    assert np.array_equal(lazy.compute(), plain.predict(pd.DataFrame(X, columns=list("abc"))))


def test_more_workers_than_partitions_and_empty_ones(cluster):
    X = made(0, 50)
    problem, model = posed(da.from_array(X, chunks=((0, 50, 0), 3)))
    found = problem.source.reduce(gathering(problem, model))
    with dask.config.set(scheduler="synchronous"):
        same_bits(found, problem.source.reduce(gathering(problem, model)))


def test_files_are_read_at_the_workers(cluster, tmp_path):
    X, labels = rows(MEMBER)
    np.save(tmp_path / "a.npy", X)
    source = from_files(open_reader(tmp_path / "a.npy"), rows=32).surveyed(2**16)
    problem = Problem.pose(source, MEMBER.settings())
    model = start.labels(labels)(problem.ground(), np.random.RandomState(0))
    found = em.read(problem.source, model, kernels.blocked)
    with dask.config.set(scheduler="synchronous"):
        same_bits(found, em.read(problem.source, model, kernels.blocked))


def test_errors_come_home(cluster):
    X, _ = rows(MEMBER)
    X[77, 1] = np.nan
    with pytest.raises(MixtureError, match="NaN: row 77, column 1"):
        GaussianMixture(2).fit(da.from_array(X, chunks=(50, 3)))


def test_an_interrupt_ends_the_pass(cluster):
    problem, model = posed(delayed_rows())
    Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    begun = monotonic()
    with pytest.raises(KeyboardInterrupt):
        problem.source.reduce(partial(slow, pause=5.0, kernel=gathering(problem, model)))
    assert monotonic() - begun < 10.0
    while any(cluster.processing().values()):  # what was at work ends, the rest is not begun
        sleep(0.1)
    assert monotonic() - begun < 20.0


def test_nobody_at_an_address(monkeypatch):
    monkeypatch.setattr(clusters, "PATIENCE", 1)
    with pytest.raises(MixtureError, match="No Dask scheduler answers"), connected("tcp://127.0.0.1:1"):
        pass


@pytest.mark.parametrize("persisted", [False, True])
def test_a_worker_that_dies_costs_time_only(cluster, persisted):
    cluster.wait_for_workers(2)
    collection = delayed_rows()
    problem, model = posed(collection.persist() if persisted else collection)
    gather = gathering(problem, model)
    expected = problem.source.reduce(gather)
    before = cluster.run(os.getpid)
    victim = max(before.values())
    Timer(0.4, os.kill, (victim, signal.SIGKILL)).start()
    same_bits(problem.source.reduce(partial(slow, pause=0.2, kernel=gather)), expected)
    cluster.wait_for_workers(2)
    assert victim not in cluster.run(os.getpid).values()
    same_bits(problem.source.reduce(gather), expected)
