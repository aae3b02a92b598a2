"""Streams: steps that add up however rows are cut, and models that end where a fit of all rows does."""

from __future__ import annotations

import copy
import pickle
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import mixtura as mx
from mixtura import online
from mixtura.block import Block
from mixtura.estimators import standing
from mixtura.frame import Frame
from mixtura.online import Pace
from mixtura.online.runs import cut
from mixtura.online.stream import blended
from mixtura.outcome import MixtureError

FAMILIES = ["full", "tied", "diag", "spherical", "EII", "VEI", "EVE", "VEV", "EVV"]
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "noise": {"noise": True},
    "volume": {"noise": 300.0},
    "prior": {"prior": "default", "reg_covar": 0.0},
    "equal weights": {"equal_weights": True},
}


@cache
def stream(n_rows: int = 20_000, seed: int = 0, d: int = 2, k: int = 3, apart: float = 3.0) -> Any:
    """Rows of K Gaussians in random order."""
    rng = np.random.default_rng(seed)
    means, roots = apart * rng.normal(size=(k, d)), np.eye(d) + 0.3 * rng.normal(size=(k, d, d))
    labels = rng.choice(k, n_rows, p=rng.dirichlet(np.full(k, 5.0)))
    rows = means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.normal(size=(n_rows, d)))
    rows.setflags(write=False)
    return rows


def learned(X: Any, size: int = 1000, weight: Any = None, k: int = 3, model: Any = None, **others: Any) -> Any:
    model = mx.GaussianMixture(k, random_state=0, **others) if model is None else model
    for i in range(0, len(X), size):
        model.partial_fit(X[i : i + size], sample_weight=None if weight is None else weight[i : i + size])
    return model


def same(one: Any, other: Any) -> bool:
    names = ("weights_", "means_", "covariances_", "lower_bounds_", "n_iter_", "lower_bound_")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


positive = st.floats(1e-3, 1e7)


@given(seen=positive, one=positive, two=positive, unit=positive, decay=st.floats(0.501, 1.0))
def test_what_is_kept_does_not_depend_on_the_cut(
    seen: float, one: float, two: float, unit: float, decay: float
) -> None:
    pace = Pace(decay)
    total, whole = pace.blend(seen, one + two, unit)
    middle, first = pace.blend(seen, one, unit)
    end, second = pace.blend(middle, two, unit)
    assert end == pytest.approx(total)
    assert (1.0 - first) * (1.0 - second) == pytest.approx(1.0 - whole, rel=1e-6, abs=1e-9)
    assert 0.0 < whole <= 1.0


@given(seen=positive, one=positive, two=positive, half_life=st.floats(10.0, 1e6))
def test_a_half_life_halves(seen: float, one: float, two: float, half_life: float) -> None:
    pace = Pace(half_life=half_life)
    total, part = pace.blend(seen, half_life, 1.0)
    assert (1.0 - part) * total == pytest.approx(seen / 2.0, rel=1e-6, abs=1e-9 * total)
    assert part * total == pytest.approx(half_life)


def test_the_sizes_of_steps() -> None:
    assert Pace(1.0).blend(300.0, 100.0, 50.0)[1] == pytest.approx(0.25)
    assert Pace(0.6).blend(10.0, 10.0, 50.0)[1] == pytest.approx(0.5)  # up to a unit, all rows count alike
    _, part = Pace(0.6).blend(1e6, 1.0, 1000.0)
    assert part == pytest.approx(1000.0**-0.6 / 1000.0, rel=1e-4)  # (n / u)^-a / u a row


@example(n=3, most=2, seed=None, empty=True)
@given(n=st.integers(1, 300), most=st.integers(1, 100), seed=st.none() | st.integers(0, 99), empty=st.just(False))
def test_cuts(n: int, most: int, seed: int | None, empty: bool) -> None:
    weight = None if seed is None else np.random.default_rng(seed).integers(0, 3, n).astype(float)
    weight = np.zeros(n) if empty else weight
    block = Block(np.arange(2.0 * n).reshape(n, 2), weight, 7, Frame(np.zeros(2), np.ones(2)))
    runs = list(cut(block, most))
    counts = [len(run) if run.weight is None else np.count_nonzero(run.weight) for run in runs]
    assert max(counts, default=0) <= most and (not counts or max(counts) - min(counts) <= 1)
    there = [row for run in runs for row in run.rows[:, 0]]
    assert there == list(block.rows[0 if weight is None else int(np.argmax(weight > 0)) if any(weight) else n :, 0])
    assert all(run.start == 7 + run.rows[0, 0] / 2.0 for run in runs)


def test_without_forgetting_parts_are_pooled() -> None:
    model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0, 0.0], [4.0, 1.0]], [1.0, 2.0], "spherical")
    parts = [model.statistics(stream()[i : i + 500]).moments for i in (0, 500, 1000)]
    found, pace = parts[0].about(parts[0].anchor + 0.5), Pace(1.0)
    for part in parts[1:]:
        total, new = pace.blend(found.weight, part.weight, 64.0)
        found = blended(found, part, new, total)
    pooled = parts[0] + parts[1] + parts[2]
    for name in ("mass", "first", "second", "log_likelihood", "weight"):
        assert np.allclose(getattr(found, name), getattr(pooled, name), rtol=1e-12, atol=1e-10)


@cache
def maximum() -> float:
    """The mean log-likelihood that a fit of all rows reaches."""
    X = stream(200_000, 3, 4, 5, 1.5)
    return float(
        mx.GaussianMixture(5, random_state=0, tol=1e-6, max_iter=500, acceleration="growing").fit(X).lower_bound_
    )


@pytest.mark.parametrize("size", [1000, 50_000])
def test_one_pass_ends_near_the_maximum(size: int) -> None:
    X = stream(200_000, 3, 4, 5, 1.5)
    found = learned(X, size, k=5)
    assert maximum() - 1e-2 < found.score(X) < maximum() + 1e-2
    assert found.lower_bound_ == pytest.approx(maximum(), abs=5e-2)
    assert found.converged_ is False and found.n_iter_ >= 100


def test_sizes_of_batches_hardly_matter() -> None:
    scores = [learned(stream(), size).score(stream()) for size in (391, 3500, 20_000)]
    assert max(scores) - min(scores) < 3e-3


MEMBERS = [(family, "plain") for family in FAMILIES] + [
    (family, option) for family in ("full", "tied", "VEI") for option in OPTIONS if option != "plain"
]


@pytest.mark.parametrize(("family", "option"), MEMBERS)
def test_families_and_options(family: str, option: str) -> None:
    X, asked = stream()[:8000], {"covariance_type": family} | OPTIONS[option]
    found = learned(X, 2000, **asked)
    assert found.n_iter_ > 5
    assert mx.GaussianMixture(3, random_state=0, tol=1e-4, **asked).fit(X).lower_bound_ - 2e-2 < found.score(X)
    assert found.weights_.sum() + found.noise_weight_ == pytest.approx(1.0)
    assert np.isfinite(found.covariances_).all() and np.isfinite(found.lower_bounds_).all()


def test_few_rows_are_fitted_whole() -> None:
    found = learned(stream()[:1500], 1500)
    assert same(found, mx.GaussianMixture(3, random_state=0).fit(stream()[:1500]))
    found.partial_fit(stream()[1500:4000])
    assert found.fit_report_.n_rows == 4000
    assert found.score(stream()[:4000]) == pytest.approx(found.lower_bound_)
    found.partial_fit(stream()[4000:4096])
    assert found.fit_report_.n_rows == 4096
    assert found._standing.kept is None
    found.partial_fit(stream()[4096:4097])
    assert not hasattr(found, "fit_report_") and found.n_iter_ == 1


def test_rows_one_by_one() -> None:
    X = drifting(800)[np.random.default_rng(0).permutation(800)]
    found = mx.GaussianMixture(2, random_state=0).partial_fit(X[:20])
    for row in X[20:]:
        found.partial_fit(row[None])
    assert len(found._standing.kept.rows) == 800 and 800 / 1.0625 < found.fit_report_.n_rows <= 800
    assert found.score(X) > mx.GaussianMixture(2, random_state=0).fit(X).lower_bound_ - 5e-2


def test_copies_go_on_alike() -> None:
    for seen in (1000, 9000):
        one = learned(stream()[:seen])
        others = [pickle.loads(pickle.dumps(one)), copy.deepcopy(one)]
        learned(stream()[seen:], 5000, model=one)
        assert all(same(one, learned(stream()[seen:], 5000, model=other)) for other in others)


def test_threads_change_nothing() -> None:
    assert same(learned(stream(), 10_000, n_threads=1), learned(stream(), 10_000, n_threads=3))


def test_rows_without_weight_are_no_rows() -> None:
    rng = np.random.default_rng(1)
    holes = rng.random(20_000) < 0.3
    X, weight = stream().copy(), np.where(holes, 0.0, 1.0)
    X[holes] = np.nan
    found = learned(X, 20_000, weight)
    expected = learned(X[~holes], 20_000, np.ones(np.count_nonzero(~holes)))
    assert found.n_iter_ == expected.n_iter_
    assert np.allclose(found.means_, expected.means_, rtol=1e-10, atol=1e-12)


def test_weights_scale_with_the_rows() -> None:
    twice = learned(stream()[:12_000], 3000, np.full(12_000, 2.0))
    assert twice._standing.stream.moments.weight == pytest.approx(24_000.0)
    assert twice.score(stream()) == pytest.approx(learned(stream()).score(stream()), abs=5e-3)


def drifting(n_rows: int) -> Any:
    rng = np.random.default_rng(5)
    path = np.linspace(0.0, 5.0, n_rows)[:, None]
    return rng.normal(size=(n_rows, 1)) + path + 12.0 * rng.integers(0, 2, size=(n_rows, 1))


def test_a_half_life_follows_what_drifts() -> None:
    X = drifting(60_000)
    ends = {}
    for half_life in (None, 1500.0):
        model = mx.GaussianMixture(2, random_state=0)
        for i in range(0, len(X), 1000):
            model.partial_fit(X[i : i + 1000], half_life=half_life)
        ends[half_life] = np.sort(model.means_.ravel())
    assert np.abs(ends[1500.0] - [5.0, 17.0]).max() < 0.4  # it lags by about half_life / ln 2 rows: 0.18
    assert np.abs(ends[None] - [5.0, 17.0]).max() > 0.7


def test_a_stream_turns_to_another_pace() -> None:
    model = learned(drifting(20_000), k=2)
    before = model._standing.pace
    model.partial_fit(drifting(20_000), half_life=500)
    model.partial_fit(drifting(20_000)[:100])
    assert before == Pace() and model._standing.pace == Pace(half_life=500.0)
    assert model._standing.stream.moments.weight < 1000.0
    model.partial_fit(drifting(20_000)[:100], decay=0.8)
    assert model._standing.pace == Pace(0.8)


def test_a_component_that_is_left_keeps_its_place() -> None:
    rng = np.random.default_rng(2)
    both = rng.normal(size=(6000, 1)) + 40.0 * rng.integers(0, 2, size=(6000, 1))
    model = learned(both, 6000, k=2)
    alone = model.means_.argmax()
    before = model.means_[alone], model.covariances_[alone]
    for _ in range(60):
        model.partial_fit(rng.normal(size=(1000, 1)), half_life=200)
    assert 1e-10 < model.weights_[alone] < 1e-8
    assert np.allclose([model.means_[alone], model.covariances_[alone, 0]], [before[0], before[1][0]], rtol=1e-9)
    model.partial_fit(40.0 + rng.normal(size=(2000, 1)))
    assert model.weights_[alone] > 0.9


def test_a_fitted_model_goes_on() -> None:
    model = mx.GaussianMixture(3, random_state=0).fit(stream()[:10_000])
    before = model.means_.copy()
    model.partial_fit(stream()[10_000:10_010])
    assert np.abs(model.means_ - before).max() < 5e-3 and not np.array_equal(model.means_, before)
    assert model._standing.stream.moments.weight == pytest.approx(10_010.0)
    learned(stream()[10_010:], model=model)
    assert model.score(stream()) > mx.GaussianMixture(3, random_state=0).fit(stream()).score(stream()) - 5e-3


def test_a_loaded_model_goes_on(tmp_path: Path) -> None:
    model = learned(stream())
    mx.save(model, tmp_path / "model")
    loaded = mx.load(tmp_path / "model")
    assert np.array_equal(loaded.score_samples(stream()), model.score_samples(stream()))
    learned(stream(), model=loaded)
    assert loaded.score(stream()) == pytest.approx(model.score(stream()), abs=5e-3)


def test_a_fit_begins_anew() -> None:
    model = learned(stream()).fit(stream()[:5000])
    assert same(model, mx.GaussianMixture(3, random_state=0).fit(stream()[:5000]))
    model.partial_fit(stream()[5000:6000])
    assert model._standing.stream.moments.weight == pytest.approx(6000.0)


def test_assigned_parameters_are_gone_on_from() -> None:
    model = learned(stream())
    weight = model._standing.stream.moments.weight
    model.means_ = model.means_ + 1.0
    moved = model.means_.copy()
    model.partial_fit(stream()[:10])
    assert np.abs(model.means_ - moved).max() < 1e-2
    assert model._standing.stream.moments.weight == pytest.approx(weight + 10.0)


def test_given_parameters_begin_a_stream() -> None:
    means = np.array([[0.0], [12.0]])
    given: dict[str, Any] = {"weights_init": [0.5, 0.5], "means_init": means, "precisions_init": np.ones((2, 1, 1))}
    model = learned(drifting(5000) - 2.5, k=2, **given)
    assert model.means_[0] < 5.0 < model.means_[1]


def test_float32_stays_float32() -> None:
    model = learned(stream().astype(np.float32))
    assert model.means_.dtype == model.covariances_.dtype == np.float32
    assert model.score(stream()) == pytest.approx(learned(stream()).score(stream()), abs=1e-3)


def test_far_from_zero_nothing_is_lost() -> None:
    near, far = learned(stream()), learned(stream() + 2.0**23)
    assert np.allclose(far.means_ - 2.0**23, near.means_, atol=1e-6)
    assert np.allclose(far.covariances_, near.covariances_, rtol=1e-5, atol=1e-6)


WRONG = [
    ({}, {"half_life": 0}, "half_life is 0"),
    ({}, {"half_life": 10, "decay": 0.7}, "Give one of them"),
    ({}, {"decay": 0.5}, "decay is 0.5"),
    ({}, {"decay": "slow"}, "decay is slow"),
    ({"n_components": 4}, {}, "partial_fit cannot go on: n_components is 4 and the fitted model has 3"),
    ({"noise": True}, {}, "noise was switched"),
    ({"covariance_type": "diag"}, {}, "covariance_type is 'diag'"),
]


@pytest.mark.parametrize(("changes", "named", "words"), WRONG)
def test_what_cannot_go_on(changes: dict[str, Any], named: dict[str, Any], words: str) -> None:
    model = learned(stream())
    before = dict(vars(model.set_params(**changes)))
    with pytest.raises(MixtureError, match=words):
        model.partial_fit(stream()[:50], **named)
    assert vars(model) == before


@pytest.mark.parametrize(
    ("cell", "words"), [(np.nan, "row 7, column 1"), (1e300, "Row 7 is so far"), (np.inf, "infinity")]
)
def test_rows_that_cannot_be_learned_leave_the_stream(cell: float, words: str) -> None:
    model, other = learned(stream()), learned(stream())
    bad = stream()[:50].copy()
    bad[7, 1] = cell
    with pytest.raises(MixtureError, match=words):
        model.partial_fit(bad)
    assert same(model.partial_fit(stream()[:50]), other.partial_fit(stream()[:50]))


def test_the_first_batch_needs_rows() -> None:
    with pytest.raises(MixtureError, match="n_samples = 2: the first batch of a stream needs at least 3 rows"):
        mx.GaussianMixture(3).partial_fit(stream()[:2])
    with pytest.raises(MixtureError, match="only 1 distinct row"):
        mx.GaussianMixture(3).partial_fit(np.ones((10, 2)))


def test_columns_must_stay(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(stream(), columns=["a", "b"])
    model = learned(frame, 5000)
    assert list(model.feature_names_in_) == ["a", "b"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.partial_fit(frame.rename(columns={"a": "c"}))
    with pytest.raises(ValueError, match="3 features"):
        learned(stream()).partial_fit(np.ones((5, 3)))


def test_weights_are_routed() -> None:
    import sklearn
    from sklearn.utils.metadata_routing import get_routing_for_object

    with sklearn.config_context(enable_metadata_routing=True):
        asked = mx.GaussianMixture().set_partial_fit_request(sample_weight=True)
        assert get_routing_for_object(asked).partial_fit.requests["sample_weight"] is True


def test_implied_statistics_make_the_same_model() -> None:
    for family in FAMILIES:
        model = mx.GaussianMixture(3, covariance_type=family, reg_covar=0.0, random_state=0).fit(stream())
        mixture, _ = standing.framed(model)
        again = mixture.update(online.implied(mixture, 1000.0, 0.0))
        assert np.allclose(again.covariance.values, mixture.covariance.values, rtol=1e-6, atol=1e-12), family
        assert np.allclose(again.proportions, mixture.proportions) and np.allclose(again.means, mixture.means)


def test_implied_statistics_hold_the_noise() -> None:
    model = mx.GaussianMixture(3, noise=True, random_state=0).fit(np.vstack([stream(2000), 30.0 * stream(2000)[:200]]))
    mixture, _ = standing.framed(model)
    assert mixture.noise > 0.02
    assert mixture.update(online.implied(mixture, 1000.0, 0.0)).noise == pytest.approx(mixture.noise, rel=1e-12)
