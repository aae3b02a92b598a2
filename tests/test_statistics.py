"""Statistics of sites: merged they are those of all rows in one place, and as bytes they are what was sent."""

from __future__ import annotations

import pickle
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

import mixtura as mx
from mixtura.outcome import MixtureError
from mixtura.statistics import Statistics, merge_statistics

N = 3000
SETTINGS: dict[str, dict[str, Any]] = {
    "full": {},
    "tied": {"covariance_type": "tied"},
    "diag": {"covariance_type": "diag"},
    "spherical": {"covariance_type": "spherical"},
    "EVE": {"covariance_type": "EVE"},
    "VEV": {"covariance_type": "VEV"},
    "noise": {"noise": True},
    "prior": {"prior": "default", "reg_covar": 0.0},
}


@cache
def rows(n: int = N) -> Any:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 2)) @ [[1.0, 0.4], [0.0, 0.6]] + 3.0 * rng.integers(0, 3, size=(n, 1))


@cache
def started(name: str) -> Any:
    return mx.GaussianMixture(3, random_state=0, tol=1e-2, **SETTINGS[name]).fit(rows()[:500])


def close(one: Any, other: Any, tolerance: float = 1e-13) -> bool:
    moved = one.moments.about(other.moments.anchor)  # a site of few rows sums about their own mean
    return all(
        np.allclose(getattr(moved, name), getattr(other.moments, name), rtol=tolerance, atol=tolerance * N)
        for name in ("mass", "first", "second", "noise", "log_likelihood", "weight")
    )


@pytest.mark.parametrize("name", SETTINGS)
@given(cuts=st.lists(st.integers(1, N - 1), unique=True, min_size=1, max_size=6).map(sorted), weigh=st.booleans())
@settings(max_examples=6, deadline=None)
def test_merged_equals_pooled(name: str, cuts: list[int], weigh: bool) -> None:
    model, X = started(name), rows()
    weight = np.random.default_rng(1).integers(0, 4, N).astype(float) + 0.5 if weigh else np.ones(N)
    parts = [slice(*ends) for ends in pairwise([0, *cuts, N])]
    sites = [model.statistics(X[part], weight[part]) for part in parts]
    merged, pooled = merge_statistics(sites), model.statistics(X, weight)
    assert close(merged, pooled) and merged.rows == pooled.rows == N
    assert close(merge_statistics(*sites[::-1]), pooled)
    one, other = model.updated(merged), model.updated(pooled)
    assert np.allclose(one.means_, other.means_, rtol=1e-11, atol=1e-12)
    assert np.allclose(one.covariances_, other.covariances_, rtol=1e-10, atol=1e-12)


def test_to_the_bit_where_shards_are_blocks() -> None:
    block = 65536
    X = np.random.default_rng(3).normal(size=(2 * block, 2))
    model = mx.GaussianMixture.from_parameters([0.4, 0.6], [[0.0, 0.0], [1.0, 1.0]], [1.0, 2.0], "spherical")
    pooled, sites = model.statistics(X), [model.statistics(X[:block]), model.statistics(X[block:])]
    assert merge_statistics(sites).to_bytes() == pooled.to_bytes()


@pytest.mark.parametrize("name", SETTINGS)
def test_together_sites_fit_as_one(name: str) -> None:
    model = pooled = started(name)
    sites = np.split(rows(), [200, 1500])
    for _ in range(30):
        model = model.updated(merge_statistics(model.statistics(site) for site in sites))
        pooled = pooled.updated(pooled.statistics(rows()))
        assert np.allclose(model.means_, pooled.means_, rtol=1e-9, atol=1e-9)
    assert np.allclose(model.lower_bounds_, pooled.lower_bounds_, rtol=1e-12)
    assert len(model.lower_bounds_) == model.n_iter_ == 30
    assert model.reg_covar > 0 or (np.diff(model.lower_bounds_) > -1e-9).all()
    assert np.diff(model.lower_bounds_)[-1] < 1e-2


def test_a_step_by_the_formulas() -> None:
    X, w = rows()[:200], np.random.default_rng(2).uniform(0.5, 2.0, 200)
    shares, means = np.array([0.3, 0.7]), np.array([[0.0, 0.0], [4.0, 4.0]])
    covariances = np.array([[[1.0, 0.3], [0.3, 1.0]], [[2.0, 0.0], [0.0, 1.0]]])
    rho = np.stack([p * multivariate_normal(m, c).pdf(X) for p, m, c in zip(shares, means, covariances, strict=True)])
    r = w * rho / rho.sum(axis=0)
    wanted = r @ X / r.sum(axis=1)[:, None]
    scatter = [np.cov(X.T, aweights=one, ddof=0) for one in r]
    model = mx.GaussianMixture.from_parameters(shares, means, covariances).set_params(reg_covar=0.0)
    statistics = model.statistics(X, w)
    found = model.updated(statistics)
    assert np.allclose(found.means_, wanted) and np.allclose(found.covariances_, scatter)
    assert np.allclose(found.weights_, r.sum(axis=1) / w.sum())
    assert statistics.log_likelihood == pytest.approx(w @ np.log(rho.sum(axis=0)))
    assert found.lower_bound_ == pytest.approx(model.score(X, sample_weight=w))
    assert np.array_equal(model.means_, means), "the model itself must not change"


def test_units_and_offsets() -> None:
    X = rows() * [1e6, 1e-6] + [1e9, 0.0]
    model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[1e9, 0.0], [1e9 + 5e6, 4e-6]], [[1e12, 1e-12]] * 2, "diag")
    model.set_params(reg_covar=0.0)
    merged = merge_statistics(model.statistics(X[:1000]), model.statistics(X[1000:]))
    found = model.updated(merged)
    assert np.allclose((found.means_ - [1e9, 0.0]) / [1e6, 1e-6], _plain().means_, rtol=1e-8, atol=1e-7)
    assert np.allclose(found.covariances_ / [1e12, 1e-12], _plain().covariances_, rtol=1e-7)


def _plain() -> Any:
    model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0, 0.0], [5.0, 4.0]], [[1.0, 1.0]] * 2, "diag")
    return model.updated(model.statistics(rows())) if model.set_params(reg_covar=0.0) else None


def test_means_far_from_the_rows() -> None:
    model = mx.GaussianMixture.from_parameters([1.0], [[1e7, -1e7]], [1e-2], "spherical").set_params(reg_covar=0.0)
    sites = [model.statistics(part) for part in np.split(rows(), 3)]
    found = model.updated(merge_statistics(sites))
    assert np.allclose(found.covariances_, rows().var(axis=0).mean(), rtol=1e-9)
    assert np.allclose(found.means_, rows().mean(axis=0), rtol=1e-7)


def test_a_component_without_rows_keeps_its_place() -> None:
    model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0, 0.0], [1e3, 0.0]], np.ones((2, 2)), "diag")
    found = model.updated(model.statistics(rows()))
    assert np.allclose(found.means_[1], [1e3, 0.0]) and np.allclose(found.covariances_[1], 1.0, atol=1e-5)
    assert 0.0 < found.weights_[1] < 1e-8


def test_bytes_and_files_are_exact(tmp_path: Path) -> None:
    model = started("VEV")
    statistics = model.statistics(rows())
    sent = statistics.to_bytes()
    statistics.save(tmp_path / "site")
    for found in (
        Statistics.from_bytes(sent),
        Statistics.load(tmp_path / "site"),
        pickle.loads(pickle.dumps(statistics)),
    ):
        assert found.to_bytes() == sent and str(found) == str(statistics)
        assert np.array_equal(model.updated(found).covariances_, model.updated(statistics).covariances_)
    with pytest.raises(FileExistsError):
        statistics.save(tmp_path / "site", overwrite=False)
    numbers = 3 * (1 + 2 + 4) + 3 * 2 + 4 + 3  # K P, the anchors, the frame, and three sums: however many rows
    assert len(sent) - 8 * numbers < 300


@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_damage_is_found(at: int, flip: int) -> None:
    sent = bytearray(started("full").statistics(rows()[:50]).to_bytes())
    sent[at % len(sent)] ^= flip
    with pytest.raises(MixtureError, match="no sound statistics"):
        Statistics.from_bytes(bytes(sent))
    with pytest.raises(MixtureError, match="no sound statistics"):
        Statistics.from_bytes(bytes(sent[: at % len(sent)]))


def test_what_is_no_statistics(tmp_path: Path) -> None:
    path = tmp_path / "other"
    for other in (
        b"",
        b"\x80\x04",
        b"mixtura statistics 1\n",
        b"mixtura statistics 1\n[]\n",
        b"mixtura statistics 2\n",
    ):
        path.write_bytes(other)
        with pytest.raises(MixtureError, match="Ask the site to send it again"):
            Statistics.load(path)


def test_what_does_not_add() -> None:
    full, other = started("full"), mx.GaussianMixture(3, random_state=0).fit(rows()[500:1000])
    one = full.statistics(rows()[:100])
    wrong = {
        "another density": other.statistics(rows()[:100]),
        "is of a EEE mixture": started("tied").statistics(rows()[:100]),
        "a GaussianMixture, not Statistics": other,
        "a list, not Statistics": [1.0],
    }
    for words, item in wrong.items():
        with pytest.raises(MixtureError, match=words):
            merge_statistics(one, item)
    with pytest.raises(MixtureError, match="given no statistics"):
        merge_statistics([])
    with pytest.raises(MixtureError, match="gathered under another model"):
        other.updated(one)
    with pytest.raises(MixtureError, match="not Statistics"):
        other.updated(rows())


def test_columns_are_part_of_it() -> None:
    import pandas as pd

    frame = pd.DataFrame(rows(), columns=["a", "b"])
    model = mx.GaussianMixture(3, random_state=0).fit(frame)
    found = model.statistics(frame)
    assert found.names == Statistics.from_bytes(found.to_bytes()).names == ("a", "b")
    model.feature_names_in_ = np.array(["a", "c"], dtype=object)
    with pytest.raises(MixtureError, match="other columns"):
        merge_statistics(found, model.statistics(frame.rename(columns={"b": "c"})))


@pytest.mark.parametrize(("cell", "words"), [(np.nan, "NaN: row 5, column 1"), (1e300, "Row 5 is so far")])
def test_rows_that_have_none(cell: float, words: str) -> None:
    for name in ("full", "noise"):
        bad = rows()[:20].copy()
        bad[5, 1] = cell
        if name == "noise" and cell == 1e300:
            continue  # the noise explains it
        with pytest.raises(MixtureError, match=words):
            started(name).statistics(bad)


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in ("noise", "prior")])
def test_one_step_is_that_of_fit(name: str) -> None:
    X = rows() * [1.0, 100.0]  # columns of other sizes, which some families must be read in one unit for
    asked = SETTINGS[name] | {"reg_covar": 0.0}
    first = mx.GaussianMixture(3, random_state=0, tol=1e-1, **asked).fit(X[:500])
    given = {"weights_init": first.weights_, "means_init": first.means_, "precisions_init": first.precisions_}
    with pytest.warns(Warning, match="did not converge"):
        fitted = mx.GaussianMixture(3, max_iter=1, **asked, **given).fit(X)
    step = first.updated(first.statistics(X))
    assert np.allclose(step.means_, fitted.means_, rtol=1e-6) and np.allclose(step.weights_, fitted.weights_, rtol=1e-7)
    assert np.allclose(step.covariances_, fitted.covariances_, rtol=1e-5, atol=1e-7)
    assert step.lower_bounds_[0] == pytest.approx(fitted.lower_bounds_[0], rel=1e-9)
