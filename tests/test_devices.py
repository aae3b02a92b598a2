"""Rows in arrays of another library, on another device: fitted there, and answered there."""

import subprocess
import sys

import array_api_strict as strict
import numpy as np
import pytest

import mixtura as mx
from benchmarks import devices, page, terminal
from benchmarks.kinds import run
from benchmarks.workloads import WORKLOADS, shrunk
from mixtura import arrays, kernels, threads
from mixtura.kernels import generic
from mixtura.outcome import MixtureError
from mixtura.sources.memory import Memory
from tests.laws.members import N_COMPONENTS, Member, estimator, every_member, rows

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DEVICES = {"host": strict.Device("CPU_DEVICE"), "accelerator": strict.Device("device1")}
every_device = pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES)
MEMBER = Member("VVV", "noise")


def sent(values, device, dtype=None):
    return strict.asarray(values, device=device, dtype=dtype)


@every_member
def test_a_fit_is_the_fit_of_numpy(member):
    """Every family and option, on an accelerator; the weights are there too."""
    X, labels = rows(member)
    weight = np.random.default_rng(1).uniform(0.5, 1.5, len(X))
    plain = estimator(member, labels).fit(X, sample_weight=weight)
    there = DEVICES["accelerator"]
    found = estimator(member, labels).fit(sent(X, there), sample_weight=sent(weight, there))
    assert found.n_iter_ == plain.n_iter_
    for name in ("weights_", "means_", "covariances_", "lower_bounds_"):
        ours, theirs = np.asarray(getattr(found, name)), np.asarray(getattr(plain, name))
        assert type(getattr(found, name)) is type(getattr(plain, name))
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * np.abs(theirs).max())


@every_device
@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "bool"])
def test_answers_come_back_as_they_were_asked(device, dtype):
    X, labels = rows(MEMBER)
    model = estimator(MEMBER, labels).fit(X)
    X = np.round(2.0 * X).astype(dtype)
    for method in ("predict", "predict_proba", "score_samples", "uncertainty"):
        found, plain = getattr(model, method)(sent(X, device)), getattr(model, method)(X)
        assert type(found) is type(sent(X, device)) and type(plain) is np.ndarray
        assert found.device == device and found.shape == plain.shape
        assert found.dtype == (strict.int64 if method == "predict" else strict.float64)
        np.testing.assert_allclose(arrays.to_host(found), plain, rtol=1e-10, atol=1e-12)
    for method in ("score", "bic", "aic", "icl"):
        assert type(getattr(model, method)(sent(X, device))) is float
    assert all(type(part) is np.ndarray for part in model.sample(5, random_state=0))


@every_device
def test_fit_predict_answers_there(device):
    X, labels = rows(MEMBER)
    found = estimator(MEMBER, labels).fit_predict(sent(X, device))
    assert found.device == device and found.dtype == strict.int64
    assert np.array_equal(arrays.to_host(found), estimator(MEMBER, labels).fit_predict(X))


def test_other_rows_are_answered_in_numpy():
    """A model does not remember where it was fitted."""
    X, labels = rows(MEMBER)
    model = estimator(MEMBER, labels).fit(sent(X, DEVICES["accelerator"]))
    assert type(model.predict(X)) is np.ndarray and type(model.predict_proba(X.tolist())) is np.ndarray
    merged = mx.merge_components(model, sent(X, DEVICES["accelerator"]))
    for n_clusters in (2, N_COMPONENTS):
        assert merged.labels(n_clusters).device == DEVICES["accelerator"]
        assert type(merged.predict_proba(X, n_clusters)) is np.ndarray


def test_blocks_of_an_accelerator_are_large_and_read_by_one_thread():
    X = sent(np.zeros((10, 16)), DEVICES["accelerator"])
    shape = (10**7, 16, 64, "dense")
    for k, d in ((64, 16), (16, 64), (1000, 3), (1, 1)):
        found = kernels.rows_a_block(10**7, d, k, "dense", X)
        assert found * max(k, d) * 8 <= kernels.THERE and found <= kernels.MOST_THERE and found % kernels.TILE == 0
    for host in (None, np.zeros((10, 16)), sent(np.zeros((10, 16)), DEVICES["host"])):
        assert kernels.rows_a_block(*shape, host) == kernels.rows_a_block(*shape) < kernels.rows_a_block(*shape, X)
    with threads.working(Memory.of(X), None, 4, 1e9) as ready:
        assert ready.mapper is map


@every_device
def test_tiles_hold_to_the_budget(device):
    columns = sent(np.zeros((3, 2000)), device)
    budget = generic.HOST if device == DEVICES["host"] else generic.ACCELERATOR
    for k in (1, 7, 100, 10**4):
        found = list(generic.tiles(columns, k))
        longest = max(tile.stop - tile.start for tile in found)
        assert 8 * 3 * k * longest <= budget or (longest == generic.FEWEST and budget == generic.HOST)
        assert [n for tile in found for n in range(tile.start, tile.stop)] == list(range(2000))


def test_a_device_without_doubles_is_refused(monkeypatch):
    X, labels = rows(MEMBER)
    single = sent(X, DEVICES["accelerator"], strict.float32)
    monkeypatch.setattr(arrays, "like", lambda values, template: strict.asarray(values, dtype=strict.float32))
    with pytest.raises(MixtureError, match=r"device1.*holds no float64.*Move X to the CPU"):
        estimator(MEMBER, labels).fit(single)


def test_torch_is_not_imported_for_others():
    code = """
import sys
import array_api_strict, numpy as np, mixtura as mx
X = np.random.default_rng(0).normal(size=(60, 2))
for rows in (X, array_api_strict.asarray(X), X.tolist()):
    mx.GaussianMixture(2, random_state=0).fit(rows).predict(rows)
loaded = {"torch", "jax", "cupy", "dask"} & set(sys.modules)
sys.exit(f"loaded {loaded}" if loaded else 0)
"""
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


WORK = next(work for work in WORKLOADS if work.kind == "device")


def test_a_benchmark_without_torch_says_that_it_was_skipped(monkeypatch):
    monkeypatch.setattr(devices, "find_spec", lambda name: None)
    row = run(shrunk(WORK), apart=False)
    assert row.right() and "torch, which is not installed: SKIPPED" in terminal.line(row)
    assert page.written({"processor": "abacus", "threads": 2, "python": "3", "numpy": "2", "scikit-learn": "1"}, [row])


def test_the_figures_of_a_device_are_those_of_its_seconds():
    """P = 1 + 8 + 36 numbers a row; 4 N K P operations in half a second are 2.88 Gflop/s."""
    said = devices.told(WORK, "abacus", {"ours": [0.5, 0.6], "matrix product": [5.0, 5.76], "TF32": [288.0]})
    assert said.startswith("abacus, float64: 7.2e+08 points x components x P a second, 4 N K P = 2.9 Gflop/s")
    assert said.endswith("float64 6 (50%), TF32 288 (1%)")
