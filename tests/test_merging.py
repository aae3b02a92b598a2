"""Merging components: the published definition, R's figures, and what must not change the answer."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import array_api_strict as strict
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

import mixtura as mx
from mixtura.merging import MergedComponents, merge_components
from mixtura.merging.elbow import elbow, rescaled
from mixtura.merging.passes import mixing
from mixtura.threads import WORTH_THREADS

GOLDEN = Path(__file__).parent / "golden"
CASES = json.loads((GOLDEN / "merging/clustcombi.json").read_text())
TYPES = ("full", "tied", "diag", "spherical", "VEV")


def rows_of(name: str) -> np.ndarray:
    folder = "merging" if (GOLDEN / f"merging/{name}.csv").exists() else "data"
    frame = pd.read_csv(GOLDEN / folder / f"{name}.csv")
    return frame.select_dtypes("number").to_numpy()


def model_of(case: dict[str, Any]) -> mx.GaussianMixture:
    return mx.GaussianMixture.from_parameters(case["pro"], case["mean"], case["sigma"], case["model"])


def drawn(
    seed: int, k: int = 5, d: int = 2, n: int = 200, spread: float = 1.5
) -> tuple[mx.GaussianMixture, np.ndarray]:
    """Draw a mixture with components that overlap, and rows of it."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(k, d, d))
    covariances = factors @ np.swapaxes(factors, 1, 2) + 0.3 * np.eye(d)
    weights = rng.dirichlet(np.full(k, 5.0))
    model = mx.GaussianMixture.from_parameters(weights, spread * rng.normal(size=(k, d)), covariances)
    return model, model.sample(n, random_state=seed)[0]


def entropy(t: np.ndarray) -> float:
    return -float(np.where(t > 0, t * np.log(np.where(t > 0, t, 1.0)), 0.0).sum())


def same(a: MergedComponents, b: MergedComponents, rtol: float = 0.0) -> None:
    np.testing.assert_allclose(a.entropy_, b.entropy_, rtol=rtol, atol=rtol)
    np.testing.assert_array_equal(a.merges_, b.merges_)
    np.testing.assert_allclose(a.merged_rows_, b.merged_rows_, rtol=rtol)
    assert (a.elbow_, a.rescaled_elbow_) == (b.elbow_, b.rescaled_elbow_)


# --- mclust


@pytest.mark.parametrize("name", CASES)
def test_mclust(name: str) -> None:
    case, X = CASES[name], rows_of(CASES[name]["data"])
    merged = merge_components(model_of(case), X)
    np.testing.assert_allclose(merged.entropy_, case["entropy"], rtol=1e-8, atol=1e-8)
    np.testing.assert_array_equal(merged.merges_ + 1, case["merges"])
    np.testing.assert_array_equal(merged.merged_rows_, case["merged_rows"])
    assert (merged.elbow_, merged.rescaled_elbow_) == (case["elbow"], case["rescaled_elbow"])
    for g, clusters in enumerate(case["clusters"], start=1):
        np.testing.assert_array_equal(merged.clusters(g) + 1, clusters)
    for g, labels in enumerate(case["labels"], start=1):
        assert "".join(map(str, merged.labels(g) + 1)) == labels


# --- the definition


@pytest.mark.parametrize("seed", range(6))
def test_each_step_is_the_best_of_all_pairs(seed: int) -> None:
    model, X = drawn(seed)
    merged, t = merge_components(model, X), model.predict_proba(X)
    for g in range(4, 0, -1):
        tried = {}
        for i, j in combinations(range(g + 1), 2):
            together = np.delete(t, j, axis=1)
            together[:, i] = t[:, i] + t[:, j]
            tried[i, j] = entropy(together), together
        best = min(tried, key=lambda pair: tried[pair][0])
        labels = t.argmax(axis=1)
        assert tuple(merged.merges_[g - 1]) == best
        assert merged.merged_rows_[g - 1] == np.isin(labels, best).sum()
        t = tried[best][1]
        assert merged.entropy_[g - 1] == pytest.approx(tried[best][0], rel=1e-10, abs=1e-10)
        np.testing.assert_allclose(merged.predict_proba(X, g), t, rtol=1e-12, atol=1e-15)
        np.testing.assert_array_equal(merged.predict(X, g), t.argmax(axis=1))


@given(st.floats(0, 1), st.floats(0, 1))
def test_mixing_is_the_difference_of_entropies(a: float, b: float) -> None:
    found = float(mixing(np.array([a]), np.array([b]))[0])
    assert found == pytest.approx(entropy(np.array([a, b])) - entropy(np.array([a + b])), abs=1e-14)
    assert 0 <= found <= (a + b) * np.log(2) * (1 + 1e-15)
    assert found > 0 or min(a, b) < 1e-300


def test_mixing_keeps_the_digits_of_small_probabilities() -> None:
    from mpmath import log, mp, mpf

    mp.dps = 60
    for a, b in ((1.0, 1e-30), (0.7, 3e-17), (1e-300, 1e-300), (1e-200, 3e-260), (5e-324, 1.0)):
        s = mpf(a) + mpf(b)
        exact = s * log(s) - mpf(a) * log(mpf(a)) - mpf(b) * log(mpf(b))
        assert float(mixing(np.array([a]), np.array([b]))[0]) == pytest.approx(float(exact), rel=1e-13)


def test_entropy_of_components_is_the_assessment_s() -> None:
    model, X = drawn(3, k=7, n=500)
    found = model._assessed(X, None)
    merged = merge_components(model, X)
    assert merged.entropy_[-1] == pytest.approx(found.entropy, rel=1e-12)
    assert merged.entropy_[0] == 0.0
    assert (np.diff(merged.entropy_) >= 0).all()


# --- what must not matter


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_the_components_does_not_matter(seed: int) -> None:
    model, X = drawn(seed % 50, n=60)
    order = np.random.default_rng(seed).permutation(5)
    one, other = merge_components(model, X), merge_components(model.reorder(order), X)
    np.testing.assert_allclose(one.entropy_, other.entropy_, rtol=1e-10)
    for g in range(1, 6):
        before, after = one.clusters(g)[order], other.clusters(g)
        assert len(set(zip(before, after, strict=True))) == g
        assert len(set(zip(one.labels(g), other.labels(g), strict=True))) <= g


@pytest.mark.parametrize("unit", [[1e-6, 1e6], [1e80, 1e-80], [2.0, 0.5]])
def test_units_of_columns_do_not_matter(unit: list[float]) -> None:
    model, X = drawn(1)
    scaled = mx.GaussianMixture.from_parameters(
        model.weights_, model.means_ * unit, model.covariances_ * np.multiply.outer(unit, unit)
    )
    same(merge_components(model, X), merge_components(scaled, X * unit), rtol=1e-9)


def test_an_offset_does_not_matter() -> None:
    model, X = drawn(2)
    X = np.round(X, 6)
    moved = mx.GaussianMixture.from_parameters(model.weights_, model.means_ + 1e6, model.covariances_)
    same(merge_components(model, X), merge_components(moved, X + 1e6), rtol=1e-6)


@pytest.mark.parametrize("noise", [False, True])
def test_integer_weights_are_repeated_rows(noise: bool) -> None:
    model, X = drawn(4)
    if noise:
        model = mx.GaussianMixture(3, noise=True, random_state=0).fit(X)
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    weighted, repeated = merge_components(model, X, weight), merge_components(model, np.repeat(X, weight, axis=0))
    same(weighted, repeated, rtol=1e-12)
    assert weighted.weight == repeated.weight == weight.sum()


def test_weight_zero_removes_a_row_whatever_it_holds() -> None:
    model, X = drawn(4)
    weight = np.ones(len(X))
    weight[7] = 0
    dirty = X.copy()
    dirty[7] = np.nan
    same(merge_components(model, dirty, weight), merge_components(model, np.delete(X, 7, axis=0)), rtol=1e-12)


def test_threads_do_not_change_bits() -> None:
    model, few = drawn(5, k=6, d=3)
    X = np.random.default_rng(5).normal(size=(120_000, 3))
    assert X.size * 6 > WORTH_THREADS
    found = []
    for threads in (1, 3):
        model.n_threads = threads
        found.append(merge_components(model, X))
    same(*found)
    np.testing.assert_array_equal(found[0].predict_proba(few, 3), found[1].predict_proba(few, 3))


def test_many_rows_are_few_rows_added() -> None:
    model, X = drawn(6, n=30_000)
    whole = merge_components(model, X)
    t = model.predict_proba(X)
    assert whole.entropy_[-1] == pytest.approx(entropy(t), rel=1e-12)
    for g in (2, 4):
        together = np.column_stack([t[:, whole.clusters(g) == at].sum(axis=1) for at in range(g)])
        assert whole.entropy_[g - 1] == pytest.approx(entropy(together), rel=1e-10)


@pytest.mark.parametrize("kind", ["float32", "frame", "list", "fortran", "namespace"])
def test_kinds_of_rows(kind: str) -> None:
    model, X = drawn(8)
    X = np.round(X, 2).astype(np.float32).astype(float)
    given: Any = {
        "float32": X.astype(np.float32),
        "frame": pd.DataFrame(X, columns=["a", "b"]),
        "list": X.tolist(),
        "fortran": np.asfortranarray(X),
        "namespace": strict.asarray(X),
    }[kind]
    if kind == "frame":
        model.feature_names_in_ = np.array(["a", "b"], dtype=object)
    merged, plain = merge_components(model, given), merge_components(drawn(8)[0], X)
    same(merged, plain, rtol=1e-12)
    np.testing.assert_array_equal(merged.labels(2), plain.labels(2))
    np.testing.assert_allclose(merged.predict_proba(given, 3), plain.predict_proba(X, 3), rtol=1e-10, atol=1e-15)


# --- the fitted object


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("noise", [False, True])
def test_all_clusters_are_the_components(kind: str, noise: bool) -> None:
    _, X = drawn(9)
    model = mx.GaussianMixture(3, covariance_type=kind, noise=noise, random_state=0).fit(X)
    merged = merge_components(model, X)
    np.testing.assert_array_equal(merged.labels(3), model.predict(X))
    np.testing.assert_array_equal(merged.predict_proba(X, 3), model.predict_proba(X))
    np.testing.assert_array_equal(merged.clusters(3), [0, 1, 2])


def test_noise_stays_apart() -> None:
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal([0, 0], 1, (150, 2)), rng.normal([2.5, 0], 1, (150, 2)), rng.uniform(-12, 12, (60, 2))])
    model = mx.GaussianMixture(2, noise=True, init_params=np.repeat([0, 1, -1], [150, 150, 60])).fit(X)
    merged, t = merge_components(model, X), model.predict_proba(X)
    one = np.column_stack([t[:, :2].sum(axis=1), t[:, 2]])
    np.testing.assert_allclose(merged.entropy_, [entropy(one), entropy(t)], rtol=1e-10)
    np.testing.assert_allclose(merged.predict_proba(X, 1), one, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(merged.labels(1), np.where(one[:, 1] > one[:, 0], -1, 0))
    assert 20 < (merged.labels(1) == -1).sum() < 60
    assert merged.merged_rows_[0] == (model.predict(X) >= 0).sum()


def test_a_later_fit_of_the_model_leaves_it_alone() -> None:
    _, X = drawn(9)
    model = mx.GaussianMixture(3, random_state=0).fit(X)
    merged = merge_components(model, X)
    before = merged.labels(2)
    model.set_params(n_components=2).fit(X + 100.0)
    np.testing.assert_array_equal(merged.labels(2), before)


def test_one_component() -> None:
    model = mx.GaussianMixture.from_parameters([1.0], [[0.0]], [1.0], "spherical")
    merged = merge_components(model, [[0.0], [1.0]])
    assert (merged.entropy_.tolist(), merged.merges_.shape, merged.elbow_) == ([0.0], (0, 2), 1)
    assert merged.labels(1).tolist() == [0, 0]
    assert "nothing to merge" in str(merged)


def test_one_row() -> None:
    model, _ = drawn(1)
    merged = merge_components(model, [[0.3, 0.2]])
    assert merged.merged_rows_.sum() >= 1
    assert np.isfinite(merged.drops_a_row_).all()


def test_a_search_s_best_model_is_meant() -> None:
    class Search:
        best_estimator_, X = drawn(3)

    same(merge_components(Search(), Search.X), merge_components(*drawn(3)))


# --- the elbow


@given(st.integers(3, 9), st.data())
@settings(max_examples=40, deadline=None)
def test_a_bend_is_found(k: int, data: Any) -> None:
    bend = data.draw(st.integers(2, k - 1))
    rows = np.array(data.draw(st.lists(st.integers(1, 500), min_size=k - 1, max_size=k - 1)), dtype=float)
    for x in (np.arange(1.0, k + 1.0), rescaled(rows)):
        curve = 0.01 * x + np.maximum(0.0, x - x[bend - 1])
        assert elbow(curve - curve[0], x) == bend


def test_elbow_without_rows_or_entropy() -> None:
    assert elbow(np.zeros(4), rescaled(np.array([9.0, 0.0, 0.0]))) == 2
    assert elbow(np.array([0.0, 1e-320, 2e-320]), np.zeros(3)) == 2


# --- words


def test_it_prints_in_80_columns() -> None:
    merged = merge_components(*drawn(2, k=24, n=300))
    text = str(merged)
    assert max(map(len, text.splitlines())) <= 80
    assert f"The elbow is at {merged.elbow_} clusters" in text
    assert text.count("*") == 1 and f"{merged.elbow_}*" in text
    assert "<td" in merged._repr_html_() and merged.verdict() in merged._repr_html_().replace("&#x27;", "'")


def test_components_far_apart_need_no_merging() -> None:
    model = mx.GaussianMixture.from_parameters([0.3, 0.3, 0.4], [[0.0], [50.0], [99.0]], [1.0] * 3, "spherical")
    merged = merge_components(model, model.sample(90, random_state=0)[0])
    assert "each can be read as a cluster of its own" in merged.verdict()
    assert np.isfinite(merged.entropy_).all()


def test_plain_values() -> None:
    merged = merge_components(*drawn(2))
    plain = json.loads(json.dumps(merged.to_dict()))
    assert plain["clusters"][-1] == [0, 1, 2, 3, 4] and len(plain["entropy"]) == 5


# --- errors


@pytest.mark.parametrize("wrong", [0, 6, -1, 2.0, True, None, "2"])
def test_numbers_of_clusters_that_do_not_exist(wrong: Any) -> None:
    merged = merge_components(*drawn(1))
    for ask in (merged.labels, merged.clusters, lambda g: merged.predict(merged.X, g)):
        with pytest.raises(mx.MixtureError, match=r"must be a whole number from 1 to 5, the number of components"):
            ask(wrong)


def test_what_cannot_be_merged() -> None:
    from sklearn.mixture import GaussianMixture as Theirs

    model, X = drawn(1)
    with pytest.raises(NotFittedError):
        merge_components(mx.GaussianMixture(2), X)
    with pytest.raises(mx.MixtureError, match=r"Theirs|GaussianMixture.*from_sklearn"):
        merge_components(Theirs(2).fit(X), X)
    with pytest.raises(ValueError, match=r"3 features"):
        merge_components(model, np.ones((4, 3)))
    bad = X.copy()
    bad[11, 1] = np.nan
    with pytest.raises(mx.MixtureError, match=r"NaN: row 11, column 1"):
        merge_components(model, bad)
    with pytest.raises(mx.MixtureError, match=r"row 2 has weight -1"):
        merge_components(model, X, np.where(np.arange(len(X)) == 2, -1, 1))
