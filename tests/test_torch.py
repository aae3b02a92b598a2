"""Rows in torch tensors are rows in memory: the generic kernel reads them where they are, and moments come home."""

import importlib.util

import numpy as np
import pytest

import mixtura as mx
from mixtura import arrays, kernels, start
from mixtura.kernels import generic
from mixtura.outcome import MixtureError
from mixtura.sources.memory import Memory
from tests.laws.members import MEMBERS, N_COMPONENTS, Member, assert_same, estimator, every_member, fit, rows, steps

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


@pytest.fixture(scope="module")
def torch():
    """Torch with one thread; imported only where its tests run, and then it must be there."""
    assert importlib.util.find_spec("torch"), "Install the `test-torch` extra."
    import torch

    torch.set_num_threads(1)
    return torch


@pytest.fixture(params=["cpu", "cuda"])
def device(request, torch):
    """The host always, and a GPU where there is one."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU is at hand")
    return torch.device(request.param, 0) if request.param == "cuda" else torch.device("cpu")


@every_member
def test_a_fit_is_the_fit_of_memory(torch, member, device):
    X, labels = rows(member)
    weight = np.random.default_rng(1).uniform(0.0, 2.0, len(X))
    memory = fit(member, X, labels, "generic", weight=weight, block=50)
    tensors = Memory.of(torch.from_numpy(X).to(device))
    assert_same(fit(member, tensors, labels, "generic", weight=weight, block=50), memory, 1e-10)
    np.testing.assert_allclose(memory.responsibilities(tensors), memory.responsibilities(X), atol=1e-12)
    np.testing.assert_allclose(memory.log_densities(tensors), memory.log_densities(X), atol=1e-11)
    assert np.array_equal(memory.labels(tensors), memory.labels(X))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "uint8", "bool"])
@every_member
def test_moments_come_home_as_doubles(torch, member, dtype, device):
    """Whatever the dtype of the rows, and equal to those of NumPy rows of that dtype."""
    X, labels = rows(member)
    model = steps(member, X, labels, "generic", 1)[0][0].model
    tensor = torch.from_numpy(np.abs(np.round(X))).to(getattr(torch, dtype))
    for held in (tensor, tensor.T.contiguous().T):
        found = next(Memory.of(held.to(device)).blocks())
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


@every_member
def test_the_estimator_fits_tensors_as_arrays(torch, member, device):
    """Whatever kernel NumPy's rows have; the weights may be on the device too."""
    X, labels = rows(member)
    weight = np.random.default_rng(1).uniform(0.5, 1.5, len(X))
    plain = estimator(member, labels).fit(X, sample_weight=weight)
    for held in (weight, torch.from_numpy(weight).to(device)):
        model = estimator(member, labels).fit(torch.from_numpy(X).to(device), sample_weight=held)
        assert model.n_iter_ == plain.n_iter_
        for name in ("weights_", "means_", "covariances_", "lower_bounds_"):
            ours, theirs = np.asarray(getattr(model, name)), np.asarray(getattr(plain, name))
            assert isinstance(getattr(model, name), np.ndarray | list)
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * np.abs(theirs).max())


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "int64", "uint8", "bool"])
def test_answers_are_tensors_where_the_rows_are(torch, dtype, device):
    """Also of a tensor that records gradients, or whose numbers do not lie side by side."""
    member = Member("VVV", "noise")
    X, labels = rows(member)
    model = estimator(member, labels).fit(X)
    tensor = torch.from_numpy(np.abs(np.round(X))).to(getattr(torch, dtype))
    plain = tensor.double().numpy()
    held = [tensor, tensor.T.contiguous().T, torch.cat([tensor, tensor])[: len(X)], tensor.repeat(1, 2)[:, :3]]
    for one in held + ([tensor.clone().requires_grad_()] if tensor.is_floating_point() else []):
        for method in ("predict", "predict_proba", "score_samples", "uncertainty"):
            found = getattr(model, method)(one.to(device))
            assert type(found) is torch.Tensor and found.device == device and not found.requires_grad
            assert found.dtype == (torch.int64 if method == "predict" else torch.float64)
            np.testing.assert_allclose(found.cpu().numpy(), getattr(model, method)(plain), rtol=1e-10, atol=1e-12)
        assert model.bic(one.to(device)) == pytest.approx(model.bic(plain), rel=1e-10)
    assert model.fit_predict(torch.from_numpy(X).to(device)).device == device
    assert all(type(part) is np.ndarray for part in model.sample(4, random_state=0))


def test_single_precision_and_gradients(torch, device):
    X, labels = rows(Member("VVV"))
    plain = mx.GaussianMixture(N_COMPONENTS, init_params=labels).fit(X)
    single = mx.GaussianMixture(N_COMPONENTS, init_params=labels).fit(torch.from_numpy(X).float().to(device))
    assert single.means_.dtype == np.float32
    recorded = torch.from_numpy(X).to(device).requires_grad_()
    model = mx.GaussianMixture(N_COMPONENTS, init_params=labels).fit(recorded)
    np.testing.assert_allclose(model.covariances_, plain.covariances_, rtol=1e-9)
    assert model.n_iter_ == plain.n_iter_ and recorded.grad is None


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda tensor: tensor.to_sparse(), "sparse_coo.*to_dense"),
        (lambda tensor: tensor.to("meta"), "holds no data"),
        (lambda tensor: tensor * 1j, "not real numbers"),
        (lambda tensor: tensor[0], "must have at least 2 rows"),
        (lambda tensor: tensor / 0.0, "infinity: row 0, column 0|NaN: row 0, column 0"),
    ],
)
def test_what_cannot_be_fitted_is_told_in_one_sentence(torch, spoil, said, device):
    X, _ = rows(Member("VVV"))
    with pytest.raises(MixtureError, match=said):
        mx.GaussianMixture(N_COMPONENTS).fit(spoil(torch.from_numpy(X).to(device)))


@pytest.mark.parametrize(("d", "k"), [(16, 1), (128, 2), (2, 3)])
def test_threads_change_no_bits(torch, d, k):
    """Neither ours nor torch's own, which stay as they were."""
    X = torch.from_numpy(np.random.default_rng(0).normal(size=(200_000 // d, d)))
    found = []
    for own, ours in ((1, 1), (2, 1), (2, 2), (3, 2)):
        torch.set_num_threads(own)
        model = mx.GaussianMixture(k, max_iter=2, init_params="random_from_data", random_state=0, n_threads=ours)
        found.append((model.fit(X).covariances_, model.score_samples(X).numpy()))
        assert torch.get_num_threads() == own
    torch.set_num_threads(1)
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


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


def test_the_precision_of_single_products_is_not_ours(torch, device):
    """Rows of single precision are summed in doubles, whatever torch may do to products of singles (TF32)."""
    X, labels = rows(Member("VVV"))
    held = torch.from_numpy(X).float().to(device)
    found = []
    for precision in ("highest", "medium"):
        torch.set_float32_matmul_precision(precision)
        found.append(fit(Member("VVV"), Memory.of(held), labels, "generic").parameters.means)
    torch.set_float32_matmul_precision("highest")
    assert np.array_equal(*found)


def test_rows_are_not_changed(torch):
    X, labels = rows(MEMBERS[0])
    tensor = torch.from_numpy(X.copy())
    fit(MEMBERS[0], Memory.of(tensor), labels, "generic")
    assert np.array_equal(tensor.numpy(), X)
