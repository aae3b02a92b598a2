"""Growing batches: a rest of full EM in fewer passes, whatever the weights, the family, the starts, the threads."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import mixtura as mx
from mixtura import growing, start
from mixtura.estimators.solve import lot
from mixtura.outcome import Outcome
from mixtura.problem import Problem, Settings
from mixtura.sources.lots import draw
from mixtura.sources.memory import Memory

N = 40_000


@cache
def overlapping(seed: int = 0, n_rows: int = N) -> Any:
    """Rows of three Gaussians that lie partly on each other."""
    rng = np.random.default_rng(seed)
    means = np.array([[0.0, 0.0], [2.0, 0.5], [0.0, 2.5]])
    roots = np.eye(2) + 0.3 * rng.normal(size=(3, 2, 2))
    labels = rng.choice(3, n_rows, p=[0.5, 0.3, 0.2])
    return means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.normal(size=(n_rows, 2)))


def fitted(X: Any = None, weight: Any = None, k: int = 3, **others: Any) -> Any:
    settings = {"acceleration": "growing", "tol": 1e-8, "max_iter": 5000, "reg_covar": 0.0, "random_state": 0} | others
    return mx.GaussianMixture(k, **settings).fit(overlapping() if X is None else X, sample_weight=weight)


def samples(weight: Any = None, **others: Any) -> growing.Samples:
    settings = {
        "reg_covar": 0.0,
        "noise": False,
        "prior": None,
        "equal_weights": False,
        "acceleration": "growing",
    } | others
    posed = Problem.pose(Memory.of(overlapping(), weight), Settings(3, "full", 1e-6, max_iter=9, **settings))
    drawn = growing.Samples.draw(posed)
    assert drawn is not None
    return drawn


OPTIONS: dict[str, dict[str, Any]] = {
    "full": {},
    "tied": {"covariance_type": "tied"},
    "VVI": {"covariance_type": "VVI"},
    "VEV": {"covariance_type": "VEV"},
    "spherical": {"covariance_type": "spherical"},
    "noise": {"noise": True},
    "prior": {"prior": mx.NormalInverseWishart(shrinkage=100.0, dof=2000.0)},
    "ridge": {"reg_covar": 1e-3},
    "k-means++": {"init_params": "k-means++"},
}


@pytest.mark.parametrize("option", OPTIONS)
def test_the_end_is_a_rest_of_plain_em_on_all_rows(option: str) -> None:
    grown = fitted(**OPTIONS[option])
    assert grown.converged_ and "random samples of 5000 of the 40000 rows" in str(grown.fit_report_).replace(
        "\n" + " " * 21, " "
    )
    further = fitted(**OPTIONS[option]).set_params(acceleration=None, warm_start=True, tol=0.0, max_iter=1)
    with pytest.warns(Warning, match="did not converge"):
        further.fit(overlapping())
    assert abs(further.lower_bounds_[-1] - grown.lower_bounds_[-1]) < 1e-8


@pytest.mark.parametrize("option", ["full", "tied", "VVI"])
def test_the_objective_rises_over_all_rows_in_fewer_passes(option: str) -> None:
    grown, plain = (fitted(acceleration=way, **OPTIONS[option]) for way in ("growing", None))
    assert np.diff(grown.lower_bounds_).min() > -1e-12
    assert 2 * grown.n_iter_ < plain.n_iter_, (grown.n_iter_, plain.n_iter_)
    assert grown.lower_bound_ > plain.lower_bound_ - 1e-6
    assert len(grown.lower_bounds_) < grown.n_iter_ <= grown.fit_report_.passes


def test_samples_are_nested_without_repeats_and_weigh_as_much_as_all_rows() -> None:
    weight = np.arange(N) % 6.0
    drawn = samples(weight)
    assert len(np.unique(drawn.positions)) == len(drawn.positions) == drawn.sizes[-1] == (weight > 0).sum() // 8
    assert weight[drawn.positions].min() == 1.0
    np.testing.assert_array_equal(drawn.rows, overlapping()[drawn.positions])
    assert growing.sample_sizes(10**6, 2, 17) == (7812, 15625, 31250, 62500, 125000)
    assert samples(weight).stage(0).source.weight.sum() == pytest.approx(weight.sum())


def test_samples_are_bounded_whatever_the_number_of_rows() -> None:
    assert max(growing.sample_sizes(10**9, 16, 1000)) * 16 * 8 <= 2**27
    assert growing.sample_sizes(10**9, 16, 1000, item=4)[-1] == 2**21


def test_the_size_of_the_sample_leaves_a_strong_prior_its_part() -> None:
    """On one row in eight an unscaled sample would give the prior eight times its weight."""
    prior = mx.NormalInverseWishart(dof=5000.0)
    grown, plain = (fitted(acceleration=way, prior=prior, tol=1e-10, random_state=1) for way in ("growing", None))
    assert grown.lower_bounds_[0] > plain.lower_bounds_[-1] - 0.005


def test_few_rows_have_no_samples_and_settle_as_plain_em_does_while_nothing_has_leapt() -> None:
    X = overlapping()[:5000]
    grown, plain = (fitted(X, acceleration=way, max_iter=100, tol=1e-3) for way in ("growing", None))
    assert grown.lower_bounds_ == plain.lower_bounds_ and np.array_equal(grown.means_, plain.means_)


def test_the_same_bits_on_any_number_of_threads() -> None:
    fits = [fitted(n_threads=n, n_init=2) for n in (1, 2, 3)]
    for other in fits[1:]:
        assert other.lower_bounds_ == fits[0].lower_bounds_ and np.array_equal(other.covariances_, fits[0].covariances_)


def test_the_better_half_of_the_starts_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "LEAST", 2**10)
    model = fitted(n_init=5, init_params="random_from_data")
    report = model.fit_report_
    ends = [start.outcome for start in report.starts]
    assert ends.count(Outcome.OUTDONE) == 4 and ends[report.best] is Outcome.CONVERGED
    told = dict(report.lines())["starts"]
    assert "4 not continued after a sample" in told and "failed" not in told
    told = sorted(sum(str(size) in start.reason for size in (1250, 2500, 5000)) for start in report.starts)
    assert told == [0, 1, 1, 2, 3]  # the winner's samples are told elsewhere


def test_the_best_on_a_sample_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "MOST", 3)  # passes after which a random start is still far from its end
    starts = [start.STARTS[name] for name in ("random", "kmeans", "random")]
    climbers = growing.climb(samples(), starts, np.random.RandomState(0))
    assert climbers[0].index == 1 and climbers[0].run.objective > climbers[1].run.objective


def test_max_iter_0_returns_the_start_on_all_rows() -> None:
    grown, plain = (fitted(acceleration=way, max_iter=0) for way in ("growing", None))
    assert grown.n_iter_ == 0 and np.array_equal(grown.means_, plain.means_)


def test_a_warm_start_goes_on_without_samples() -> None:
    model = fitted(warm_start=True)
    model.fit(overlapping())
    assert model.n_iter_ == 1 and "sample" not in str(model.fit_report_)


def test_given_labels_and_responsibilities_belong_to_their_rows() -> None:
    X = overlapping()
    labels = fitted().predict(X)
    hard = np.eye(3)[labels]
    for given in (labels, hard):
        first = fitted(init_params=given, max_iter=2, tol=1.0)
        assert "samples" in str(first.fit_report_)
        assert np.abs(first.means_ - [X[labels == k].mean(axis=0) for k in range(3)]).max() < 0.5


def test_where_no_start_comes_through_the_samples_all_rows_are_begun_with() -> None:
    """The three rows of one label are not among those that are drawn."""
    labels = np.zeros(N, dtype=int)
    labels[N // 2 :] = 1
    labels[np.setdiff1d(np.arange(N), draw(lot(0), N, N // 8))[:3]] = 2
    model = fitted(init_params=labels, tol=1e-3, covariance_type="tied")
    assert model.converged_ and "sample" not in str(model.fit_report_)


def test_weights_count_rows() -> None:
    X, weight = overlapping(), np.random.default_rng(1).integers(0, 3, N).astype(float)
    weighted, repeated = fitted(weight=weight), fitted(np.repeat(X, weight.astype(int), axis=0))
    assert weighted.lower_bound_ == pytest.approx(repeated.lower_bound_, abs=1e-6)


def test_single_precision_and_frames() -> None:
    import pandas as pd

    X = overlapping().astype(np.float32)
    single, frame = fitted(X), fitted(pd.DataFrame(X.astype(np.float64), columns=["a", "b"]))
    assert single.means_.dtype == np.float32
    np.testing.assert_allclose(single.means_, frame.means_, rtol=1e-5)
