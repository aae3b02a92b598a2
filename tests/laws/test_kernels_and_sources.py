"""Every kernel equals the generic one; every source equals rows in memory."""

import array_api_strict
import numpy as np
import pytest

from mixtura import start
from mixtura.kernels import generic
from mixtura.sources.memory import Memory
from tests.laws.members import KERNELS, SOURCES, STREAMS, Member, assert_same, assert_same_bits, every_member, fit, rows

FASTER = [name for name in KERNELS if name != "generic"]
# What a kernel may lose: its own guard allows a log density to lose a thousand eps a feature.
CLOSE = 1e-12


@every_member
@pytest.mark.parametrize("kernel", FASTER)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_every_kernel_equals_generic_in_one_pass(member, kernel, weighted):
    """Posteriors, and moments about the means of the density or about anything else."""
    X, labels = rows(member, n_rows=1000)
    weight = np.random.default_rng(1).integers(0, 4, len(X)).astype(float) if weighted else None
    fitted = fit(member, X, labels, max_iter=2, weight=weight)
    model, block = fitted.run.model, next(Memory(X, weight, fitted.problem.frame).blocks())
    density, order = model.density(), model.order
    for ours, expected in zip(
        KERNELS[kernel].posterior(block, density), generic.posterior(block, density), strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=CLOSE, atol=CLOSE)
    for anchor in (None, density.means + 0.5):
        ours = KERNELS[kernel].moments(block, density, order, anchor)
        expected = generic.moments(block, density, order, anchor)
        assert ours.order == expected.order
        for name in ("anchor", "mass", "first", "second", "noise", "log_likelihood", "weight"):
            size = expected.weight * (1.0 + np.abs(getattr(expected, name)).max() / expected.weight)
            np.testing.assert_allclose(getattr(ours, name), getattr(expected, name), rtol=0, atol=CLOSE * size)


@every_member
@pytest.mark.parametrize("kernel", FASTER)
def test_every_kernel_fits_as_generic(member, kernel):
    X, labels = rows(member)
    assert_same(fit(member, X, labels, kernel), fit(member, X, labels, "generic"), 1e-9)


# Files have one way to blocks, whatever the family: two formats go through all of them, and all through a few below.
PAIRS = [(source, kernel) for source in SOURCES for kernel in KERNELS if source not in STREAMS]
PAIRS += [("parquet", "blocked"), ("npy", "blocked")]


@every_member
@pytest.mark.parametrize(("source", "kernel"), PAIRS)
def test_tables_and_files_give_the_same_bits_as_memory(member, source, kernel):
    X, labels = rows(member)
    weight = np.random.default_rng(1).uniform(0.0, 2.0, len(X))
    memory = fit(member, X, labels, kernel, weight=weight, block=50, max_iter=2)
    framed = fit(member, SOURCES[source](X), labels, kernel, weight=weight, block=50, max_iter=2)
    assert_same_bits(framed, memory)
    assert np.array_equal(memory.responsibilities(SOURCES[source](X)), memory.responsibilities(X))


def elsewhere(X):
    """Rows in an array of another namespace, on a device that is not the host."""
    return Memory.of(array_api_strict.asarray(X, device=array_api_strict.Device("device1")))


@every_member
def test_arrays_of_another_namespace_and_device_fit_as_memory(member):
    X, labels = rows(member)
    weight = np.random.default_rng(1).uniform(0.0, 2.0, len(X))
    memory = fit(member, X, labels, "generic", weight=weight, block=50)
    assert_same(fit(member, elsewhere(X), labels, "generic", weight=weight, block=50), memory, 1e-12)
    np.testing.assert_allclose(memory.responsibilities(elsewhere(X)), memory.responsibilities(X), atol=1e-13)
    assert np.array_equal(memory.labels(elsewhere(X)), memory.labels(X))


@pytest.mark.parametrize("name", start.STARTS)
@pytest.mark.parametrize("member", [Member("VVV"), Member("EEE"), Member("VVI", "noise")], ids=str)
def test_every_start_is_the_same_from_every_source(member, name):
    X, labels = rows(member)
    begun = {"begin": start.STARTS[name], "max_iter": 1}
    memory = fit(member, X, labels, "generic", **begun)
    for source in (elsewhere, *SOURCES.values()):
        assert_same(fit(member, source(X), labels, "generic", **begun), memory, 1e-12)


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("n_threads", [1, 3])
def test_a_stream_that_keeps_few_rows_fits_and_samples_as_memory(name, n_threads):
    """Samples, blocks and sums are those of rows in memory, whatever the chunks of the file."""
    X, labels = rows(Member("VVV"), n_rows=400)
    memory, most = Memory.of(X), 50
    source = STREAMS[name](X).surveyed(most)
    assert not source.seen.complete and source.shape == memory.shape and source.count() == memory.count()
    for size in (7, most):
        ours, theirs = source.sample(size), memory.sample(size)
        assert np.array_equal(ours.rows, theirs.rows) and np.array_equal(ours.positions, theirs.positions)
    assert np.array_equal(source.head(9), memory.head(9)) and np.array_equal(source.take([300, 4, 4]), X[[300, 4, 4]])
    begun = {"weight": np.arange(400) % 3.0, "block": 64, "n_threads": n_threads}
    assert_same_bits(
        fit(Member("VVV"), STREAMS[name](X), labels, most=most, **begun), fit(Member("VVV"), X, labels, **begun)
    )
