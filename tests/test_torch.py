"""Rows in torch tensors are rows in memory: the generic kernel reads them where they are, and moments come home."""

import importlib.util

import numpy as np
import pytest

import mixtura as mx
from mixtura import arrays, kernels, start
from mixtura.kernels import generic
from mixtura.sources.memory import Memory
from tests.laws.members import MEMBERS, N_COMPONENTS, Member, assert_same, every_member, fit, rows, steps

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def torch():
    """Torch with one thread; imported only where its tests run, and then it must be there."""
    assert importlib.util.find_spec("torch"), "Install the `test-torch` extra."
    import torch

    torch.set_num_threads(1)
    return torch


@every_member
def test_a_fit_is_the_fit_of_memory(torch, member):
    X, labels = rows(member)
    weight = np.random.default_rng(1).uniform(0.0, 2.0, len(X))
    memory = fit(member, X, labels, "generic", weight=weight, block=50)
    tensors = Memory.of(torch.from_numpy(X))
    assert_same(fit(member, tensors, labels, "generic", weight=weight, block=50), memory, 1e-10)
    np.testing.assert_allclose(memory.responsibilities(tensors), memory.responsibilities(X), atol=1e-12)
    np.testing.assert_allclose(memory.log_densities(tensors), memory.log_densities(X), atol=1e-11)
    assert np.array_equal(memory.labels(tensors), memory.labels(X))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "uint8", "bool"])
@every_member
def test_moments_come_home_as_doubles(torch, member, dtype):
    """Whatever the dtype of the rows, and equal to those of NumPy rows of that dtype."""
    X, labels = rows(member)
    model = steps(member, X, labels, "generic", 1)[0][0].model
    tensor = torch.from_numpy(np.abs(np.round(X))).to(getattr(torch, dtype))
    for held in (tensor, tensor.T.contiguous().T):
        found = next(Memory.of(held).blocks())
        expected = next(Memory.of(tensor.numpy()).blocks())
        for anchor in (None, model.means + 1.0):
            ours = generic.moments(found, model.density(), model.order, anchor)
            theirs = generic.moments(expected, model.density(), model.order, anchor)
            for name in ("anchor", "mass", "first", "second"):
                assert type(getattr(ours, name)) is np.ndarray and getattr(ours, name).dtype == np.float64
                np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-12, atol=1e-10)
            for name in ("noise", "log_likelihood", "weight"):
                assert type(getattr(ours, name)) is float
                assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-12)


@pytest.mark.parametrize("name", start.STARTS)
@pytest.mark.parametrize("member", [Member("VVV"), Member("EEE"), Member("VVI", "noise")], ids=str)
def test_every_start(torch, member, name):
    X, labels = rows(member)
    begun = {"begin": start.STARTS[name], "max_iter": 1}
    memory = fit(member, X, labels, "generic", **begun)
    assert_same(fit(member, Memory.of(torch.from_numpy(X)), labels, "generic", **begun), memory, 1e-10)


def test_the_estimator_takes_tensors(torch):
    """A tensor that records gradients too."""
    X, labels = rows(Member("VVV"))
    tensor = torch.from_numpy(X)
    plain = mx.GaussianMixture(N_COMPONENTS, init_params=labels).fit(X)
    for held in (tensor, tensor.clone().requires_grad_()):
        model = mx.GaussianMixture(N_COMPONENTS, init_params=labels).fit(held)
        np.testing.assert_allclose(model.covariances_, plain.covariances_, rtol=1e-9)
        assert model.n_iter_ == plain.n_iter_
        assert model.bic(held) == pytest.approx(plain.bic(X), rel=1e-10)
    single = mx.GaussianMixture(N_COMPONENTS, init_params=labels).fit(tensor.float())
    assert single.means_.dtype == np.float32


def test_whose_array_it_is(torch):
    tensor = torch.ones(3, 2, requires_grad=True)
    assert arrays.is_elsewhere(tensor) and not arrays.is_host(tensor)
    assert arrays.is_real(tensor) and not arrays.is_real(torch.ones(1, dtype=torch.complex64))
    assert arrays.is_float32(tensor) and not arrays.is_float32(tensor.double())
    home = arrays.to_host(tensor)
    assert type(home) is np.ndarray and home.dtype == np.float64
    sent = arrays.like(np.ones(2), tensor)
    assert sent.dtype == torch.float64 and sent.device == tensor.device
    assert kernels.choose(tensor, 2, "dense") is generic


def test_rows_are_not_changed(torch):
    X, labels = rows(MEMBERS[0])
    tensor = torch.from_numpy(X.copy())
    fit(MEMBERS[0], Memory.of(tensor), labels, "generic")
    assert np.array_equal(tensor.numpy(), X)
