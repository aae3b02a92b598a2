"""Moving the rows moves the fit: shifts, scales, rotations, and other orders of columns and components."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from mixtura.covariance import resolve
from tests.laws.members import MEMBERS, N_COMPONENTS, assert_same, every_kernel, every_member, fit, rows

ROUND = {"EII", "VII", "spherical"}
WIDE = [member for member in MEMBERS if member.n_features > 1]
# The box of the noise lies along the columns or the principal components, whichever is smaller: both belong to the axes
# that the rows are measured along. A volume that is given belongs to none.
BOXED = "noise"


def scaled(member):
    """Whether scaling columns is promised; diagonal families have Fraley and Raftery's prior of one mean variance."""
    family = resolve(member.name, member.n_features)[0]
    return family.scales and member.option != BOXED and not (family.order == "diagonal" and "prior" in member.option)


def turned(member):
    """Whether rotating the columns is promised."""
    return (member.name in ROUND or resolve(member.name, 3)[0].orientation != "I") and member.option != BOXED


def moved(fitted, matrix, shift, log_volume):
    """What a fit ought to become when its rows become ``rows @ matrix.T + shift``."""
    means = fitted.parameters.means @ matrix.T + shift
    expected = replace(fitted, parameters=replace(fitted.parameters, means=means))
    vars(expected)["covariances"] = matrix @ fitted.covariances @ matrix.T
    vars(expected)["path"] = fitted.path - log_volume
    return expected


def settings_of(member, volume):
    """A given noise volume in the new units."""
    return {"noise": 300.0 * volume} if member.option == "noise-and-prior" else {}


def moving(member, kernel, matrix, shift, tolerance):
    X, labels = rows(member)
    volume = abs(np.linalg.det(matrix))
    found = fit(member, X @ matrix.T + shift, labels, kernel, **settings_of(member, volume))
    before = fit(member, X, labels, kernel)
    logs = np.log(volume)
    if before.problem.settings.prior:  # the prior is a density of the parameters, and theirs are other units
        logs = (before.path - found.path)[0]
    assert_same(found, moved(before, matrix, shift, logs), tolerance)
    log_densities = before.log_densities(X) - np.log(volume)
    np.testing.assert_allclose(found.log_densities(X @ matrix.T + shift), log_densities, atol=tolerance)
    np.testing.assert_allclose(found.responsibilities(X @ matrix.T + shift), before.responsibilities(X), atol=tolerance)


@every_member
@every_kernel
@pytest.mark.parametrize("power", [0, 10, 24, 30])
def test_a_shift_moves_the_means_alone(member, kernel, power):
    """By amounts that leave every row a double: at 2^30 rows on a grid of 2^-20 still are."""
    shift = 2.0**power * np.array([1.0, -0.75, 0.5])[: member.n_features]
    moving(member, kernel, np.eye(member.n_features), shift, 1e-9 + 64 * np.finfo(float).eps * 2.0**power)


@every_member
@every_kernel
@pytest.mark.parametrize("scale", [2.0**-40, 1e-12, 0.3, 1e6])
def test_a_scale_moves_the_fit(member, kernel, scale):
    moving(member, kernel, scale * np.eye(member.n_features), 0.0, 1e-9)


@pytest.mark.parametrize("member", WIDE, ids=str)
@every_kernel
def test_scales_of_columns_move_the_fit_where_the_family_allows(member, kernel):
    matrix = np.diag([1e-6, 1.0, 1e6])
    if scaled(member):
        moving(member, kernel, matrix, 0.0, 1e-9)
    elif not member.option:
        with pytest.raises(AssertionError):
            moving(member, kernel, matrix, 0.0, 1e-3)


@pytest.mark.parametrize("member", WIDE, ids=str)
@every_kernel
def test_rotations_turn_the_fit_where_the_family_allows(member, kernel):
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    if turned(member):
        moving(member, kernel, turn, 0.0, 1e-9)
    elif not member.option:
        with pytest.raises(AssertionError):
            moving(member, kernel, turn, 0.0, 1e-3)


@pytest.mark.parametrize("member", WIDE, ids=str)
@every_kernel
def test_columns_in_another_order(member, kernel):
    moving(member, kernel, np.eye(3)[[2, 0, 1]], 0.0, 1e-9)


@every_member
@every_kernel
def test_components_in_another_order(member, kernel):
    X, labels = rows(member)
    before = fit(member, X, labels, kernel)
    for order in permutations(range(N_COMPONENTS)):
        found = fit(member, X, np.argsort(order)[labels], kernel)
        expected = replace(before, parameters=before.parameters.reordered(np.array(order)))
        assert_same(found, expected, 1e-9)
