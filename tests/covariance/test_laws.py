"""What the M-step of every family owes, on scatter made at random."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura.covariance import MCLUST
from tests.covariance import letters
from tests.covariance.problems import COLUMN_SCALED, ROTATED, estimate, made, objective, rotation, sigma

seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(1, 4), st.integers(2, 4))
few = settings(max_examples=5)


def assert_close(actual, expected, tolerance):
    """Equal in units of the expected deviations, component by component."""
    deviations = np.sqrt(np.einsum("kdd->kd", expected))
    relative = (actual - expected) / deviations[:, :, None] / deviations[:, None, :]
    assert np.abs(relative).max() <= tolerance


@given(seeds, sizes)
@settings(max_examples=15)
def test_wider_families_reach_more(seed, size):
    mass, scatter = made(seed, *size)
    reached = {code: objective(mass, scatter, sigma(code, mass, scatter)) for code in MCLUST}
    for narrow, wide in letters.contained():
        assert reached[narrow] <= reached[wide] + 1e-11 * mass.sum(), (narrow, wide)


def test_the_lattice_is_whole():
    pairs = letters.contained()
    assert {("EVE", "VVE"), ("VEE", "VVE"), ("EEI", "VEE"), ("EEV", "VEV"), ("EVE", "EVV")} <= set(pairs)
    assert {wide for narrow, wide in pairs if narrow == "EII"} == set(MCLUST) - {"EII"}
    assert {narrow for narrow, wide in pairs if wide == "VVV"} == set(MCLUST) - {"VVV"}
    assert not {("VEE", "EVV"), ("EVE", "VEV"), ("VII", "EEE"), ("VVV", "EII")} & set(pairs)


@pytest.mark.parametrize("code", MCLUST)
@few
@given(seeds, sizes)
def test_no_direction_within_the_family_gains(code, seed, size):
    """The objective is stationary in every free parameter, and no random step, small or large, raises it."""
    mass, scatter = made(seed, *size)
    covariance = estimate(code, mass, scatter)
    at = letters.around(code, covariance, *size)
    best = objective(mass, scatter, at(np.zeros(letters.size(*size))))
    assert best == pytest.approx(objective(mass, scatter, covariance.dense(*size)), rel=1e-11)

    tiny = 1e-30j * np.eye(letters.size(*size))
    slopes = [objective(mass, scatter, at(step)).imag / 1e-30 / mass.sum() for step in tiny]
    assert np.abs(slopes).max() < 1e-8
    rng = np.random.default_rng(seed)
    for length in (1e-6, 1e-4, 1e-2, 0.3):
        step = length * rng.normal(size=letters.size(*size))
        assert objective(mass, scatter, at(step)) <= best + 1e-12 * mass.sum()


@pytest.mark.parametrize("code", MCLUST)
@few
@given(seeds, sizes, st.integers(-20, 20))
def test_units_scale_the_estimate(code, seed, size, power):
    mass, scatter = made(seed, *size)
    assert_close(sigma(code, mass, scatter * 10.0**power), sigma(code, mass, scatter) * 10.0**power, 1e-9)


@pytest.mark.parametrize("code", sorted(COLUMN_SCALED))
@few
@given(seeds, sizes)
def test_columns_scale_the_estimate(code, seed, size):
    mass, scatter = made(seed, *size)
    units = 10.0 ** np.random.default_rng(seed).uniform(-12, 12, size[1])
    scaling = units[:, None] * units
    assert_close(sigma(code, mass, scatter * scaling), sigma(code, mass, scatter) * scaling, 1e-9)


@pytest.mark.parametrize("code", sorted(set(MCLUST) - COLUMN_SCALED))
def test_the_other_families_are_not_closed_under_scaling(code):
    mass, scatter = made(5, 2, 3)
    scaling = np.outer([1.0, 2.0, 4.0], [1.0, 2.0, 4.0])
    with pytest.raises(AssertionError):
        assert_close(sigma(code, mass, scatter * scaling), sigma(code, mass, scatter) * scaling, 1e-3)


@pytest.mark.parametrize("code", sorted(ROTATED))
@few
@given(seeds, sizes)
def test_rotations_turn_the_estimate(code, seed, size):
    mass, scatter = made(seed, *size, common=True)
    turn = rotation(np.random.default_rng(seed), size[1])
    turned = sigma(code, mass, turn @ scatter @ turn.T)
    # Common axes are settled in the objective, to which their angles are quadratic.
    assert_close(turned, turn @ sigma(code, mass, scatter) @ turn.T, 1e-6 if code in ("EVE", "VVE") else 1e-9)


@pytest.mark.parametrize("code", MCLUST)
@few
@given(seeds, sizes)
def test_the_order_of_columns_and_components_is_no_matter(code, seed, size):
    mass, scatter = made(seed, *size, common=True)
    rng = np.random.default_rng(seed)
    components, columns = rng.permutation(size[0]), rng.permutation(size[1])
    shuffled = sigma(code, mass[components], scatter[components][:, columns][:, :, columns])
    expected = sigma(code, mass, scatter)[components][:, columns][:, :, columns]
    assert_close(shuffled, expected, 1e-6 if code in ("EVE", "VVE") else 1e-9)


@pytest.mark.parametrize("code", MCLUST)
@few
@given(seeds, sizes)
def test_a_component_in_two_halves_is_the_same_component(code, seed, size):
    mass, scatter = made(seed, *size, common=True)
    twice = sigma(code, np.tile(mass / 2, 2), np.tile(scatter / 2, (2, 1, 1)))
    assert_close(twice, np.tile(sigma(code, mass, scatter), (2, 1, 1)), 1e-6 if code in ("EVE", "VVE") else 1e-9)


@pytest.mark.parametrize("code", MCLUST)
@few
@given(seeds, sizes)
def test_a_start_is_never_worse_than_before(code, seed, size):
    """From an estimate for other scatter the objective rises; from the estimate itself it stays."""
    mass, scatter = made(seed, *size)
    earlier = estimate(code, *made(seed + 1, *size))
    later = estimate(code, mass, scatter, earlier)
    reached = objective(mass, scatter, later.dense(*size))
    assert reached >= objective(mass, scatter, earlier.dense(*size))
    if code not in ("EVE", "VVE"):
        assert_close(later.dense(*size), sigma(code, mass, scatter), 1e-9)
    again = objective(mass, scatter, sigma(code, mass, scatter, later))
    assert again >= reached - 1e-12 * mass.sum()


@pytest.mark.parametrize("code", ["EVE", "VVE"])
def test_axes_are_found_in_a_start_without_them(code):
    """Covariances read back from public arrays carry no axes; their own are as good a start."""
    mass, scatter = made(11, 3, 4)
    fitted = estimate(code, mass, scatter)
    bare = type(fitted)(fitted.values)
    np.testing.assert_allclose(sigma(code, mass, scatter, bare), fitted.values, rtol=1e-6, atol=1e-9)
    assert objective(mass, scatter, sigma(code, mass, scatter, bare)) >= objective(mass, scatter, fitted.values) - 1e-9


@pytest.mark.parametrize("code", ["VII", "VEI", "VVI", "VEE", "VVE", "VEV", "VVV"])
@few
@given(seeds, sizes)
def test_components_of_any_size_at_once(code, seed, size):
    """Scatter from 1e-24 to 1e24: with own volumes each component's scale passes through."""
    mass, scatter = made(seed, *size, common=True)
    scales = 10.0 ** np.random.default_rng(seed).uniform(-24, 24, size[0])[:, None, None]
    expected = sigma(code, mass, scatter) * scales
    assert_close(sigma(code, mass, scatter * scales), expected, 1e-6 if code == "VVE" else 1e-8)


@pytest.mark.parametrize("code", MCLUST)
def test_the_same_problem_gives_the_same_bits(code):
    mass, scatter = made(9, 3, 4)
    assert np.array_equal(sigma(code, mass, scatter), sigma(code, mass, scatter.copy()))


@pytest.mark.parametrize("code", sorted(ROTATED - {"EII", "VII"}))
def test_condition_1e14(code):
    """Long thin components are no singular ones, and their determinants are right to condition times eps."""
    rng = np.random.default_rng(2)
    lengths = 10.0 ** np.linspace(0, -14, 5)
    axes = rotation(rng, 5)
    mass = np.array([20.0, 30.0, 50.0])
    scatter = np.array([m * (axes * lengths) @ axes.T for m in mass])
    scatter = 0.5 * (scatter + np.swapaxes(scatter, 1, 2))
    whitening = estimate(code, mass, scatter).whitening()
    expected = -0.5 * np.log(lengths).sum()
    np.testing.assert_allclose(whitening.log_det(5), expected, atol=20 * 1e14 * np.finfo(float).eps)


@pytest.mark.parametrize("code", sorted(ROTATED))
def test_many_columns(code):
    """Determinants far outside the range of a float."""
    rng = np.random.default_rng(4)
    d = 60 if code in ("EVE", "VVE") else 200
    rows = rng.normal(size=(2, d, 3 * d)) * 10.0 ** rng.uniform(-12, -10, (1, d, 1))
    scatter = rows @ np.swapaxes(rows, 1, 2)
    mass = np.full(2, 3.0 * d)
    found = estimate(code, mass, 0.5 * (scatter + np.swapaxes(scatter, 1, 2))).whitening().log_det(d)
    assert np.isfinite(found).all()
    assert (found > d * 10 * np.log(10)).all()
