"""Standard errors, intervals and likelihood ratios beside mclust's: golden/bootstrap/README.md."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mixtura.resampling import Bootstrap, bootstrap, likelihood_ratio_test
from tests.resampling.cases import NAMES, of_parameters

GOLDEN = Path(__file__).parent.parent / "golden"
FITS = ("faithful_VVV_2", "acidity_V_2", "diabetes_VVV_3", "iris_VEV_2", "thyroid_VVI_3", "faithful_EEE_3")
THEIRS = {"nonparametric": "bs", "weighted": "wlbs", "parametric": "pb", "jackknife": "jk"}


def read(name: str) -> Any:
    return json.loads((GOLDEN / "bootstrap" / f"{name}.json").read_text())


@cache
def data(name: str) -> Any:
    own = GOLDEN / "bootstrap" / f"{name}.csv"
    path = own if own.exists() else GOLDEN / "data" / f"{name}.csv"
    head = path.read_text().partition("\n")[0].split(",")
    columns = [i for i, column in enumerate(head) if column != "class"]
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=columns, ndmin=2)


@cache
def ours(fit: str, kind: str) -> Bootstrap:
    told = read(fit)
    model = of_parameters(*(np.array(told["parameters"][name]) for name in NAMES), data(told["data"]), told["model"])
    assert model.lower_bound_ * told["n"] == pytest.approx(told["loglik"], abs=1e-6)
    model.tol = 1e-3  # refits converge whatever the model's tol
    return bootstrap(model, data(told["data"]), kind=kind, random_state=2)


@pytest.mark.parametrize("fit", FITS)
def test_jackknife_is_mclusts_run_on_to_the_end(fit: str) -> None:
    found, theirs = ours(fit, "jackknife"), read(fit)["jk"]
    assert found.n_resamples == read(fit)["n"] == theirs["kept"] and found.n_failed == 0
    for name in NAMES:
        error = np.array(theirs["standard_errors"][name])
        np.testing.assert_allclose(found.standard_errors[name], error, rtol=1e-3, atol=1e-9 * error.max())


@pytest.mark.parametrize("kind", ["nonparametric", "weighted", "parametric"])
@pytest.mark.parametrize("fit", FITS)
def test_resampling_agrees_with_mclust_as_far_as_chance_lets_it(fit: str, kind: str) -> None:
    found, theirs = ours(fit, kind), read(fit)[THEIRS[kind]]
    assert found.n_failed == 999 - theirs["kept"] == 0
    for name in NAMES:
        error = np.array(theirs["standard_errors"][name])
        there = error > 1e-9 * error.max()
        np.testing.assert_allclose(found.standard_errors[name][there], error[there], rtol=0.15)
        for end, theirs_end in zip(found.intervals[name], (theirs["low"][name], theirs["high"][name]), strict=True):
            # a 2.5 % quantile of 999 has a standard error of a tenth to a sixth of the estimates' own
            assert (np.abs(end - np.array(theirs_end))[there] < 0.6 * error[there]).all()


@pytest.mark.parametrize("fit", FITS)
def test_mclusts_own_function_agrees_where_its_em_has_moved_far_enough(fit: str) -> None:
    for kind in ("nonparametric", "weighted", "parametric"):
        theirs = read(fit)[THEIRS[kind]]["MclustBootstrap"]
        for name in ("weights", "means"):
            np.testing.assert_allclose(ours(fit, kind).standard_errors[name], theirs[name], rtol=0.25)
    early = read(fit)["jk"]["MclustBootstrap"]["weights"]
    assert (ours(fit, "jackknife").standard_errors["weights"] > np.array(early) * (1 - 1e-3)).all()


RATIOS = [
    ("faithful", "VVV", 3),
    ("acidity", "V", 3),
    ("faithful", "EEE", 4),
    ("diabetes", "VVV", 3),
    ("iris", "VVV", 3),
]


@pytest.mark.parametrize(("name", "model", "tests"), RATIOS)
def test_likelihoods_of_the_ratio_test_are_never_below_mclusts(name: str, model: str, tests: int) -> None:
    theirs = read(f"lrt_{name}_{model}")
    found = likelihood_ratio_test(
        data(name), covariance_type=model, max_components=tests + 1, n_resamples=19, level=0.99, random_state=0
    )
    assert len(found.statistics) == tests
    gained, gained_there = np.cumsum(found.statistics), np.cumsum(theirs["statistics"])
    assert (gained > gained_there - 0.02).all()
    assert found.statistics[0] >= theirs["statistics"][0] - 0.02 and (found.statistics >= 0).all()


@pytest.mark.parametrize(("name", "kept"), [("diabetes", 3), ("iris", 3)])
def test_the_ratio_test_keeps_as_many_components_as_mclusts(name: str, kept: int) -> None:
    theirs = read(f"lrt_{name}_VVV")
    found = likelihood_ratio_test(data(name), n_resamples=99, random_state=0)
    assert found.n_components == kept == 1 + int(np.argmax(np.array(theirs["p_values"]) > 0.05))
    np.testing.assert_allclose(found.p_values[: kept - 1], 0.01)
    assert found.p_values[-1] > 0.05
