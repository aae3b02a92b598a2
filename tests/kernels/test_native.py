"""The compiled kernel: every plan at every shape, every layout of rows, and where nothing can be compiled or kept."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura import kernels
from mixtura.block import Block
from mixtura.density import Density, Whitening, gaussian_offset
from mixtura.frame import Frame
from mixtura.kernels import blocked, direct, generic, native, plans
from mixtura.kernels.compiled import jit
from mixtura.kernels.features import GUARD
from tests.kernels.test_features import EPS, KINDS, density, every_kind, near
from tests.ways import KERNELS

COMPILED = ("native", "products", "whitened")
SHAPES = {"narrow": (3, 5), "few": (2, 40), "chunks": (12, 50), "many": (70, 9), "one": (1, 1)}
every_compiled = pytest.mark.parametrize("kernel", [KERNELS[name] for name in COMPILED], ids=COMPILED)
every_shape = pytest.mark.parametrize(("k", "d"), SHAPES.values(), ids=SHAPES)


def block_of(rows, weight=None, frame=None):
    d = rows.shape[1]
    return Block(rows, weight, 0, Frame(np.zeros(d), np.ones(d)) if frame is None else frame)


def assert_moments(ours, expected, tolerance=1e-11):
    for name in ("mass", "first", "second", "noise", "log_likelihood", "weight"):
        theirs = np.asarray(getattr(expected, name))
        size = 1.0 + np.abs(theirs).max()
        np.testing.assert_allclose(getattr(ours, name), theirs, rtol=0, atol=tolerance * size, err_msg=name)
    assert np.array_equal(ours.anchor, expected.anchor)


@every_kind
@every_shape
@every_compiled
@pytest.mark.parametrize("apart", [0.3, 12.0], ids=["diffuse", "concentrated"])
@pytest.mark.parametrize("option", ["", "noise", "weighted"])
def test_every_shape_equals_generic(kernel, k, d, kind, shared, apart, option):
    found = density(kind, shared, apart / np.sqrt(d), k, d, floor=-2.0 * d if option == "noise" else None)
    rows = near(found, 600)
    weight = np.random.default_rng(3).integers(0, 3, len(rows)).astype(float) if option == "weighted" else None
    block = block_of(rows, weight)
    for anchor in (None, found.means - 0.5):
        ours = kernel.moments(block, found, found.order, anchor)
        assert_moments(ours, generic.moments(block, found, found.order, anchor))
    expected = generic.posterior(block, found)
    for mine, theirs in zip(kernel.posterior(block, found), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-11)
    for mine, theirs in zip(kernel.log_densities(block, found), expected[::2], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-11)
    for mine, theirs in zip(kernel.measure(block, found), generic.measure(block, found), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-9)


@every_compiled
@pytest.mark.parametrize("order", ["trace", "diagonal", "dense", "pooled"])
@every_kind
def test_any_order_of_moments_may_be_asked_of_any_density(kernel, order, kind, shared):
    found = density(kind, shared)
    block = block_of(near(found, 300))
    assert_moments(kernel.moments(block, found, order), generic.moments(block, found, order))


@every_kind
@every_compiled
@settings(max_examples=25)
@given(apart=st.floats(0.0, 8.0).map(lambda power: 10.0**power), seed=st.integers(0, 1000))
def test_no_digits_are_lost_however_far_a_component_lies(kernel, kind, shared, apart, seed):
    """Data built to break products of features: means up to 1e8 deviations from the origin, some near, some far."""
    found = density(kind, shared, apart, seed=seed)
    found.means[0] /= apart
    block = block_of(near(found, seed=seed))
    with np.errstate(over="ignore"):
        ours, expected = kernel.log_densities(block, found)[0], generic.log_densities(block, found)[0]
    assert (np.abs(ours - expected) <= GUARD * found.n_features * EPS * (1.0 + np.abs(expected))).all()
    ours, expected = kernel.moments(block, found, found.order), generic.moments(block, found, found.order)
    size = GUARD * found.n_features * EPS * (1.0 + np.abs(expected.second).max() + expected.weight)
    assert np.abs(ours.second - expected.second).max() <= size
    assert np.abs(ours.first - expected.first).max() <= size


def test_without_the_guard_they_would_be_lost(monkeypatch):
    found = density("dense", False, 1e6)
    block = block_of(near(found))
    monkeypatch.setattr("mixtura.kernels.features.GUARD", np.inf)
    ours, expected = KERNELS["products"].log_densities(block, found)[0], generic.log_densities(block, found)[0]
    assert np.abs(ours - expected).max() > 1e-4


def layouts(X):
    strided = np.zeros((2 * len(X), X.shape[1] + 3))
    strided[::2, 1:-2] = X
    locked = X.copy()
    locked.flags.writeable = False
    odd = np.zeros(X.nbytes + 1, dtype=np.uint8)[1:].view(np.float64).reshape(X.shape)
    odd[:] = X
    return {
        "columns": np.asfortranarray(X),
        "strided": strided[::2, 1:-2],
        "backwards": X[::-1][::-1],
        "locked": locked,
        "unaligned": odd,
        "big-endian": X.astype(">f8"),
        "integers": X.astype(np.int16),
        "single": X.astype(np.float32),
        "half": X.astype(np.float16),
    }


@every_compiled
@pytest.mark.parametrize("layout", layouts(np.zeros((2, 4))))
def test_any_layout_gives_the_same_bits(kernel, layout):
    found = density("dense", False, 3.0)
    X = np.round(4.0 * near(found, 700))
    frame = Frame(np.array([1.0, -2.0, 0.5, 0.0]), np.array([2.0, 0.5, 1.0, 4.0]))
    ours = kernel.moments(block_of(layouts(X)[layout], frame=frame), found, "dense")
    expected = kernel.moments(block_of(X, frame=frame), found, "dense")
    assert np.array_equal(ours.second, expected.second) and ours.log_likelihood == expected.log_likelihood


@every_compiled
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_a_row_of_weight_zero_may_hold_anything(kernel, bad):
    found = density("dense", False)
    rows, weight = near(found, 300), np.ones(300)
    rows[7, 2], weight[7] = bad, 0.0
    ours = kernel.moments(block_of(rows, weight), found, "dense")
    assert_moments(ours, generic.moments(block_of(np.delete(rows, 7, axis=0)), found, "dense"))


@every_compiled
@pytest.mark.parametrize("floor", [None, -30.0])
@pytest.mark.parametrize("shared", [False, True])
def test_what_is_no_number_leaves_the_rows_beside_it_alone(kernel, floor, shared):
    found = density("dense", shared, floor=floor)
    rows = near(found, 300)
    expected = generic.posterior(block_of(rows), found)
    rows[[3, 9, 20], [0, 1, 2]] = np.nan, np.inf, -np.inf
    ours = kernel.posterior(block_of(rows), found)
    others = np.delete(np.arange(300), [3, 9, 20])
    for mine, theirs in zip(ours, expected, strict=True):
        np.testing.assert_allclose(mine[others], theirs[others], rtol=1e-11, atol=1e-11)
    if floor is None:
        assert not np.isfinite(ours[0][[3, 9, 20]]).any()
    else:
        assert (ours[2][[3, 9, 20]] == 1.0).all()


@every_compiled
def test_responsibilities_are_written_where_they_are_wanted(kernel):
    found = density("dense", False)
    block, out = block_of(near(found, 300)), np.full((300, 5), 7.0)
    _, shares, _ = kernel.posterior(block, found, out[:, 1:4])
    assert shares.base is out and (out[:, [0, 4]] == 7.0).all()
    assert np.array_equal(shares, kernel.posterior(block, found)[1])


def test_the_noise_has_the_label_only_where_it_is_largest():
    found = Density(np.array([[0.0], [50.0]]), Whitening(np.ones(1)), np.zeros(2), -8.0)
    measures = native.measure(block_of(np.array([[0.0], [4.0], [25.0], [50.0], [46.0]])), found)
    assert measures.label.tolist() == [0, 0, -1, 1, 1]


@pytest.mark.parametrize(
    ("shape", "k", "order", "chosen"),
    [
        ((100, 2), 3, "dense", direct),
        ((20_000, 2), 4, "dense", blocked),
        ((1_000_000, 2), 4, "dense", native),
        ((20_000, 128), 4, "dense", native),
        ((20_000, 128), 4, "diagonal", blocked),
        ((500_000, 8), 16, "diagonal", native),
    ],
)
def test_large_work_is_compiled(shape, k, order, chosen):
    assert kernels.choose(np.broadcast_to(0.0, shape), k, order) is chosen


def test_without_numba_large_work_is_done_in_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "mixtura.kernels.native", None)
    monkeypatch.delattr(kernels, "native")
    assert kernels.choose(np.broadcast_to(0.0, (1_000_000, 8)), 16, "dense") is blocked


@pytest.mark.parametrize(
    ("order", "k", "d", "whitened", "kind"),
    [
        ("dense", 64, 6, False, plans.Narrow),
        ("dense", 64, 7, False, plans.Products),
        ("dense", 16, 10, False, plans.Narrow),
        ("dense", 4, 64, True, plans.Products),
        ("diagonal", 4, 64, True, plans.Products),
        ("trace", 99, 3, False, plans.Narrow),
        ("pooled", 4, 2, False, plans.Products),
        ("pooled", 4, 64, False, plans.Products),
    ],
)
def test_the_plan_suits_the_shape(order, k, d, whitened, kind):
    names = {"trace": "scalar", "diagonal": "diagonal"}
    found = plans.plan(density(names.get(order, "dense"), order == "pooled", k=k, d=d))
    assert type(found) is kind and getattr(found, "whitened", False) is whitened


@every_compiled
def test_a_whitening_need_not_be_triangular(kernel):
    found = density("dense", False)
    turned = np.linalg.cholesky(found.precision)
    lower = Density(found.means, Whitening(turned), found.offset)
    block = block_of(near(found, 300))
    assert_moments(kernel.moments(block, lower, "dense"), generic.moments(block, found, "dense"))


@every_compiled
@pytest.mark.parametrize("far", [1e9, 1e18, 1e100])
def test_far_out_tied_components_are_told_apart(kernel, far):
    """They differ by less than the digits of a length: against the linear form alone."""
    found = density("dense", True)
    rows = far * np.random.default_rng(0).normal(size=(200, 4))
    white = found.whitening.factor[0]
    linear = (rows / far) @ white @ (found.means @ white).T
    assert np.array_equal(kernel.measure(block_of(rows), found).label, linear.argmax(axis=1))


def twice(x):
    return 2.0 * x


@pytest.mark.parametrize("error", [RuntimeError("no locator"), OSError(28, "No space left on device")])
@pytest.mark.parametrize("place", ["__init__", "save_overload"])
def test_code_that_cannot_be_kept_is_compiled_all_the_same(monkeypatch, error, place):
    def fail(*_):
        raise error

    monkeypatch.setattr(jit._Cache, place, fail)
    assert jit.compiled(twice, "float64(float64)")(4.0) == 8.0


def test_code_is_kept_by_all_its_sources(monkeypatch):
    function = jit.compiled(twice, "float64(float64)")
    codegen = function.targetctx.codegen()
    before = function._cache._index_key(function.signatures[0], codegen)
    monkeypatch.setattr(jit, "_sources", lambda: "another")
    assert function._cache._index_key(function.signatures[0], codegen) != before


def test_an_interpreted_signature_is_refused():
    """No type but those compiled for gets in: nothing is compiled, or computed otherwise, behind our back."""
    with pytest.raises(TypeError):
        jit.compiled(twice, "float64(float64)")("4")


def test_offsets_of_nothing_are_no_rows():
    """A component without a share has offset -inf."""
    whitening = Whitening(KINDS["dense"](np.random.default_rng(0), 2, 4))
    found = Density(np.zeros((2, 4)), whitening, gaussian_offset(np.array([1.0, 0.0]), whitening, 4))
    for name in COMPILED:
        assert KERNELS[name].moments(block_of(near(found, 99)), found, "dense").mass == pytest.approx([99.0, 0.0])


@every_compiled
@pytest.mark.parametrize("scale", [1e-290, 1e-20, 1e20, 1e280])
@pytest.mark.parametrize("apart", [0.3, 12.0], ids=["diffuse", "concentrated"])
def test_the_scale_of_the_weights_is_the_scale_of_the_moments(kernel, scale, apart):
    """What is negligible is so by the responsibility, whatever the row weighs."""
    found = density("dense", False, apart, d=12)
    rows, scale = near(found, 600), 2.0 ** np.round(np.log2(scale))
    weight = np.random.default_rng(3).uniform(0.5, 2.0, len(rows))
    ours = kernel.moments(block_of(rows, weight * scale), found, "dense")
    expected = kernel.moments(block_of(rows, weight), found, "dense")
    for name in ("mass", "first", "second", "log_likelihood", "weight"):
        assert np.array_equal(getattr(ours, name), scale * np.asarray(getattr(expected, name))), name
