"""The linear form of a density: its features, its guard, its tiles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura.density import Density, Whitening, gaussian_offset
from mixtura.kernels import blocked, generic
from mixtura.kernels.features import GUARD, REACH, Form
from mixtura.sources.memory import Memory

KINDS = {
    "scalar": lambda rng, k, d: rng.uniform(0.5, 2.0, k),
    "diagonal": lambda rng, k, d: rng.uniform(0.5, 2.0, (k, d)),
    "dense": lambda rng, k, d: np.triu(rng.normal(size=(k, d, d)), 1) + np.eye(d) * rng.uniform(0.5, 2.0, (k, 1, d)),
}
EPS = np.finfo(np.float64).eps


def density(kind, shared, apart=1.0, k=3, d=4, floor=None, seed=0):
    """Components `apart` deviations from the origin."""
    rng = np.random.default_rng(seed)
    whitening = Whitening(KINDS[kind](rng, 1 if shared else k, d))
    means = apart * rng.normal(size=(k, d))
    return Density(means, whitening, gaussian_offset(rng.dirichlet(np.ones(k)), whitening, d), floor)


def near(found, n_rows=50, seed=1):
    """Rows around the components of a density."""
    rng = np.random.default_rng(seed)
    return found.means[np.arange(n_rows) % len(found.means)] + rng.normal(size=(n_rows, found.n_features))


every_kind = pytest.mark.parametrize(("kind", "shared"), [(kind, shared) for kind in KINDS for shared in (False, True)])


@every_kind
def test_coefficients_times_features_are_the_log_density(kind, shared):
    found = density(kind, shared)
    form, rows = Form(found), near(found)
    columns = np.ascontiguousarray(rows.T)
    features = form.features(columns)
    assert features.shape == (form.n_features, len(rows)) and form.theta.shape == (3, form.n_features)
    assert form.sharp == []
    ours = form.log_rho(columns, features) + form.common(features)
    np.testing.assert_allclose(ours.T, generic.log_rho(rows, found), atol=1e-12)


@every_kind
def test_features_are_few(kind, shared):
    assert Form(density(kind, shared)).n_features == {"scalar": 6, "diagonal": 9, "dense": 5 if shared else 15}[kind]


@every_kind
@settings(max_examples=25)
@given(apart=st.floats(0.0, 8.0).map(lambda power: 10.0**power), seed=st.integers(0, 1000))
def test_no_more_is_lost_than_the_guard_allows(kind, shared, apart, seed):
    """However far a component lies: log densities within REACH deviations, beside what the frame itself rounds away."""
    found = density(kind, shared, apart, seed=seed)
    rows = near(found, seed=seed)
    ours = blocked.posterior(next(Memory.of(rows).blocks()), found)[0]
    expected = generic.posterior(next(Memory.of(rows).blocks()), found)[0]
    lost = np.abs(ours - expected) / (1.0 + np.abs(expected))
    assert lost.max() <= GUARD * found.n_features * EPS


@every_kind
def test_the_guard_parts_far_components_from_near_ones(kind, shared):
    """One component goes far away; it alone is computed about its mean."""
    found = density(kind, shared)
    found.means[1] = 1e6
    assert Form(found).sharp == [1]
    size = (GUARD**0.5 - REACH) * (1.0 - 1e-9)
    one = Density(np.full((1, 4), size), Whitening(np.ones(1)), np.zeros(1))
    assert Form(one).sharp == []
    assert Form(Density(one.means * 1.001, one.whitening, one.offset)).sharp == [0]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_component_that_is_no_number_is_not_trusted(bad):
    found = density("dense", False)
    found.means[2, 0] = bad
    assert Form(found).sharp == [2]


@every_kind
@pytest.mark.parametrize("floor", [None, -9.0])
@pytest.mark.parametrize("far", [False, True], ids=["near", "far"])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_tiles_add_to_the_block(kind, shared, floor, far, weighted):
    """Several tiles and a rest, with components near and far."""
    found = density(kind, shared, floor=floor)
    if far:
        found.means[1] += 1e4
    form = Form(found)
    rows = near(found, 2 * form.tile + 17)
    weight = np.random.default_rng(2).integers(0, 3, len(rows)).astype(float) if weighted else None
    block = next(Memory.of(rows, weight, block=len(rows)).blocks())
    ours = blocked.moments(block, found, form.order)
    expected = generic.moments(block, found, form.order)
    for name in ("mass", "first", "second", "noise", "log_likelihood", "weight"):
        theirs = getattr(expected, name)
        np.testing.assert_allclose(getattr(ours, name), theirs, rtol=1e-11, atol=1e-9, err_msg=name)
    assert np.array_equal(ours.anchor, found.means)
    posteriors = zip(blocked.posterior(block, found), generic.posterior(block, found), strict=True)
    for mine, theirs in posteriors:
        np.testing.assert_allclose(mine, theirs, atol=1e-11)


@pytest.mark.parametrize(("k", "d"), [(1, 1), (1, 100), (500, 2), (100, 30)])
def test_tiles_are_powers_of_two_within_bounds(k, d):
    tile = Form(density("dense", False, k=k, d=d)).tile
    assert 128 <= tile <= 4096 and tile & (tile - 1) == 0
