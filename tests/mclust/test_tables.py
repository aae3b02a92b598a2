"""mclust's tables of BIC: its values from its partitions, hardly ever less from ours, no false likelihood."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import mixtura as mx
from tests.mclust.compare import differences, found, searched
from tests.mclust.reference import FURTHER, GOLDEN, SETS, Cell, cells_of, labels_of, reference, rows_of, told

# Cells in which the exact M-step of VVE takes another path than mclust's, which is no maximum. mclust's ends are in
# tight/parted.json; from each of them the exact step climbs on.
PARTED = {(one["dataset"], (one["modelName"], one["G"])): one for one in told("tight/parted")}


@pytest.mark.parametrize("name", SETS + FURTHER)
def test_from_mclusts_partitions_no_cell_is_lower(name: str) -> None:
    lower = {one.cell for one in differences(name, "path") if one.is_lower}
    assert lower == {cell for data, cell in PARTED if data == name}


@pytest.mark.parametrize("name", SETS + FURTHER)
def test_cells_of_exact_m_steps_are_equal(name: str) -> None:
    """But for VVE and EVE, whose M-steps differ, hardly a cell is higher either: the paths are the same."""
    cells = [one for one in differences(name, "path") if one.theirs is not None and one.cell[0] not in ("VVE", "EVE")]
    assert sum(one.is_higher for one in cells) <= 0.04 * len(cells)


@pytest.mark.filterwarnings("ignore::mixtura.outcome.DataWarning")  # small components, columns of very different spread
@pytest.mark.parametrize(("name", "cell"), PARTED, ids=str)
def test_where_paths_part_ours_climbs_on_from_mclusts_end(name: str, cell: Cell) -> None:
    one, X = PARTED[name, cell], reference(name).X
    there = mx.GaussianMixture.from_parameters(one["pro"], one["mean"], one["sigma"], covariance_type=cell[0])
    assert there.score(X) * len(X) == pytest.approx(one["loglik"], rel=1e-12)
    settings = {"reg_covar": 0, "tol": 1e-10, "max_iter": 10_000, "acceleration": "squarem"}
    further = mx.GaussianMixture(cell[1], covariance_type=cell[0], init_params=there.predict_proba(X), **settings)
    assert further.fit(X).score(X) * len(X) > one["loglik"] + 0.03


def test_from_our_own_start_95_of_100_cells_are_within_a_tenth_or_above() -> None:
    cells = [one for name in SETS for one in differences(name, "own") if one.theirs is not None]
    assert len(cells) == 381
    assert sum(one.is_far for one in cells) <= 0.05 * len(cells)


def test_from_the_tree_that_keeps_equal_rows_together_mclust_ends_alike() -> None:
    """Rows of faithful coincide, so that it has two trees."""
    known = told("tight/together")
    X = reference("faithful").X
    settings = {"acceleration": None, "tol": 1e-12, "covariance_types": ["EEI", "VII", "VVV"]}
    ours = found(X, again=False, init_params=labels_of(known["init"], len(X)), **settings).bic
    for cell, theirs in cells_of(known["BIC"]).items():
        if cell in ours:
            assert ours[cell] == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("way", ["path", "given", "own"])
@pytest.mark.parametrize("name", SETS)
def test_the_best_models_are_mclusts(name: str, way: str) -> None:
    ours, theirs = searched(name, way), reference(name).best
    assert (ours.best("bic"), ours.best("icl")) == (theirs["bic"], theirs["icl"])


@pytest.mark.parametrize("name", SETS + FURTHER)
def test_what_mclust_cannot_fit_has_a_reason(name: str) -> None:
    ours = searched(name, "path")
    for cell in (cell for cell, theirs in reference(name).tight.items() if theirs is None):
        assert ours.bic[cell] is not None or len(ours.outcome[cell]) > 20


@pytest.mark.parametrize(("name", "cell"), [("banknote", ("VEE", 9)), ("iris", ("VEI", 9))], ids=str)
def test_a_likelihood_is_true(name: str, cell: Cell) -> None:
    """What mclust has not, or has much lower, scipy confirms."""
    known = reference(name)
    search = mx.MixtureSearch(cell[1], covariance_types=cell[0], init_params=known.labels[cell[1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mx.DataWarning)
        model = search.fit(known.X).best_estimator_
    parts = zip(model.weights_, model.means_, model.covariances_, strict=True)
    logs = [np.log(share) + multivariate_normal(mean, sigma).logpdf(known.X) for share, mean, sigma in parts]
    assert logsumexp(logs, axis=0).sum() == pytest.approx(search.results_[0].log_likelihood, rel=1e-10)
    determinants = np.linalg.slogdet(model.covariances_)[1]
    shapes = model.covariances_ / np.exp(determinants / known.X.shape[1])[:, None, None]
    np.testing.assert_allclose(shapes, shapes[[0]] * np.ones((cell[1], 1, 1)), rtol=1e-8, atol=1e-12)


def test_rows_are_those_of_the_data_sets() -> None:
    for name in SETS:
        np.testing.assert_array_equal(getattr(mx.datasets, f"load_{name}")().data, rows_of(GOLDEN / f"data/{name}.csv"))
