"""The table of names, and what each family promises: its parameters, its order, its members."""

import numpy as np
import pytest

from mixtura.covariance import MCLUST, SKLEARN, UNIVARIATE, Covariance, group, resolve
from mixtura.outcome import DegenerateComponent, MixtureError
from tests.covariance import letters
from tests.covariance.problems import COLUMN_SCALED, estimate, made, sigma

ORDERS = {"EII": "trace", "VII": "trace", "EEE": "pooled"} | dict.fromkeys(("EEI", "VEI", "EVI", "VVI"), "diagonal")


@pytest.mark.parametrize("code", MCLUST)
@pytest.mark.parametrize(("n_components", "n_features"), [(1, 3), (2, 2), (3, 3), (2, 4)])
def test_free_parameters_are_the_rank_of_the_map(code, n_components, n_features):
    family, _ = resolve(code, n_features)
    at = np.random.default_rng(7).normal(size=letters.size(n_components, n_features))

    def flat(parameters):
        return letters.covariances(code, parameters, n_components, n_features).ravel()

    steps = 1e-6 * np.eye(len(at))
    jacobian = np.array([(flat(at + step) - flat(at - step)) / 2e-6 for step in steps])
    rank = np.linalg.matrix_rank(jacobian, tol=1e-6 * np.linalg.norm(jacobian))
    assert rank == family.free_parameters(n_components, n_features)


@pytest.mark.parametrize("code", MCLUST)
def test_estimates_are_members(code):
    mass, scatter = made(3, 3, 4)
    matrices = sigma(code, mass, scatter)
    values, axes = np.linalg.eigh(matrices)
    volumes = np.exp(np.log(values).mean(axis=1))
    shapes = values / volumes[:, None]
    same_volume, same_shape = np.ptp(volumes) < 1e-10, np.ptp(shapes, axis=0).max() < 1e-9
    assert same_volume == (code[0] == "E")
    assert same_shape == (code[1] in "IE")
    assert (np.abs(shapes - 1).max() < 1e-12) == (code[1] == "I")
    diagonal = np.einsum("kdd->kd", matrices)
    assert np.array_equal(matrices, diagonal[:, :, None] * np.eye(4)) == (code[2] == "I")
    commute = np.abs(matrices[0] @ matrices[1] - matrices[1] @ matrices[0]).max() < 1e-9 * np.abs(matrices).max() ** 2
    assert commute == (code[2] in "IE")
    assert axes.shape == (3, 4, 4)


@pytest.mark.parametrize("code", MCLUST)
def test_order_shared_and_scales(code):
    family, layout = resolve(code, 3)
    assert (family.name, layout) == (code, "dense")
    assert family.order == ORDERS.get(code, "dense")
    assert family.shared == (code in ("EII", "EEI", "EEE"))
    assert family.scales == (code in COLUMN_SCALED)


@pytest.mark.parametrize("name", [*MCLUST, *SKLEARN, *UNIVARIATE])
def test_one_column_means_e_or_v(name):
    family, layout = resolve(name, 1)
    equal = name in ("tied",) or name[0] == "E"
    assert family.name == ("E" if equal else "V")
    assert layout == (name if name in SKLEARN else "dense")
    assert family.scales
    assert family.free_parameters(5, 1) == (1 if equal else 5)
    values = family.estimate(np.array([2.0, 6.0]), np.array([4.0, 4.0]), None).values
    np.testing.assert_allclose(values, [1.0] if equal else [2.0, 2.0 / 3.0])


@pytest.mark.parametrize(("name", "code"), [("full", "VVV"), ("tied", "EEE"), ("diag", "VVI"), ("spherical", "VII")])
def test_scikit_learns_names(name, code):
    family, layout = resolve(name, 3)
    assert (family, layout) == (resolve(code, 3)[0], name)


@pytest.mark.parametrize("name", ["EEV ", "vvv", "Full", "", "EIV", None, 3])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    with pytest.raises(MixtureError, match="full, tied, diag, spherical, EII, VII, EEI") as caught:
        resolve(name, 2)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("name", UNIVARIATE)
def test_univariate_names_need_one_column(name):
    with pytest.raises(MixtureError, match=f"'{name}' is for one column, and there are 4"):
        resolve(name, 4)


def test_groups():
    assert group("all", 4) == MCLUST == group("all", 4, n_rows=5)
    assert group("all", 4, n_rows=4) == ("EII", "VII", "EEI", "VEI", "EVI", "VVI")
    assert group("all", 1, n_rows=1) == ("E", "V")
    assert group("sklearn", 4) == ("full", "tied", "diag", "spherical")
    assert group("VEV", 4) == ("VEV",)


@pytest.mark.parametrize("code", [code for code in MCLUST if code not in ("EII", "EEI", "EEE")])
def test_a_component_without_mass_is_named(code):
    mass, scatter = made(1, 3, 2)
    mass[1] = 0.0
    with pytest.raises(DegenerateComponent, match="Component 1: it holds a mass of 0 rows"):
        sigma(code, mass, scatter)


@pytest.mark.parametrize("code", MCLUST)
def test_scatter_that_is_not_finite_is_refused(code):
    mass, scatter = made(1, 3, 2)
    scatter[2] = np.nan
    with pytest.raises(DegenerateComponent, match="not finite") as caught:
        sigma(code, mass, scatter)
    assert caught.value.component == (0 if code == "EEE" else 2)


@pytest.mark.parametrize("code", ["VII", "VEI", "EVI", "VVI", "VEE", "EVE", "VVE", "VEV", "EVV", "VVV"])
def test_a_component_whose_rows_coincide_is_named(code):
    mass, scatter = made(2, 3, 3)
    scatter[1] = 0.0
    with pytest.raises(DegenerateComponent) as caught:
        estimate(code, mass, scatter).whitening()
    assert caught.value.component == 1


@pytest.mark.parametrize("code", ["EVE", "VVE", "EVV", "VVV"])
def test_a_component_on_a_plane_is_named(code):
    mass, scatter = made(4, 3, 3)
    flat = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 2.0]])
    scatter[2] = flat
    with pytest.raises(DegenerateComponent, match="column 2 keeps") as caught:
        estimate(code, mass, scatter).whitening()
    assert caught.value.component == 2


@pytest.mark.parametrize("code", ["EII", "VII", "EEI", "EEE", "VEE", "EEV", "VEV"])
def test_what_other_components_lend_is_enough(code):
    """Families that share a shape need no full rank from each component."""
    mass, scatter = made(4, 3, 3)
    scatter[2] = np.diag([1.0, 2.0, 0.0])
    assert np.isfinite(estimate(code, mass, scatter).whitening().log_det(3)).all()


@pytest.mark.parametrize("code", ["EEI", "VEI", "EEE", "VEE", "EEV", "VEV"])
def test_rows_on_one_plane_are_refused(code):
    mass, scatter = made(4, 3, 3)
    scatter[:, 2] = scatter[:, :, 2] = 0.0
    with pytest.raises(DegenerateComponent):
        estimate(code, mass, scatter).whitening()


@pytest.mark.parametrize("scatter", [np.diag([1.0, 0.0]), np.diag([0.0, 1.0])])
def test_a_volume_without_end_is_refused(scatter):
    """Two components that vary along different columns, one of them lighter: the likelihood has no maximum."""
    family, _ = resolve("VEI", 2)
    diagonals = np.array([np.diag(scatter), np.diag(scatter)[::-1]])
    with pytest.raises(DegenerateComponent, match="without end"):
        family.estimate(np.array([10.0, 30.0]), diagonals, None)


def test_dense_fills_every_shape():
    for values in (np.array([2.0]), np.array([[2.0, 2.0]]), np.array([[[2.0, 0.0], [0.0, 2.0]]])):
        np.testing.assert_array_equal(Covariance(values).dense(3, 2), np.tile(2.0 * np.eye(2), (3, 1, 1)))


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_variance_that_is_none_is_named(bad):
    with pytest.raises(DegenerateComponent, match=f"Component 1: its variance of column 2 is {bad:.3g}"):
        Covariance(np.array([[1.0, 1.0, 1.0], [1.0, 1.0, bad]])).whitening()
    with pytest.raises(DegenerateComponent, match=f"Component 2: its variance is {bad:.3g}"):
        Covariance(np.array([1.0, 1.0, bad])).whitening()
