"""Agglomeration: the compiled tree and the plain one are what looking at all pairs of rows comes to."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mixtura.kernels.compiled
from mixtura.kernels import agglomeration
from mixtura.kernels.compiled import agglomerate


def criterion(rows, weight, floor) -> float:
    """One cluster's part, from its rows."""
    mass = weight.sum()
    apart = rows - weight @ rows / mass
    scatter = (weight * apart.T) @ apart
    return mass * np.log(max(np.linalg.det(scatter / mass), 0.0) + (np.trace(scatter) + floor) / mass)


def by_all_pairs(rows, weight) -> list[tuple[int, int]]:
    """The agglomeration as it is defined, each pair's rise found anew from the rows at every step."""
    apart = rows - weight @ rows / weight.sum()
    floor = (weight @ (apart * apart)).sum() / (weight.sum() * rows.shape[1])
    clusters, merges = [[i] for i in range(len(rows))], []

    def rise(i: int, j: int) -> float:
        one, two, both = ((clusters[i]), (clusters[j]), clusters[i] + clusters[j])
        whole, first, second = (criterion(rows[c], weight[c], floor) for c in (both, one, two))
        return round(whole - first - second, 8)

    while len(clusters) > 1:
        pairs = [(rise(i, j), -j, -i) for j in range(len(clusters)) for i in range(j)]
        _, j, i = min(pairs)
        j, i = -j, -i
        merges.append(tuple(sorted((min(clusters[i]), min(clusters[j])))))
        clusters[i] += clusters[j]
        clusters[j] = clusters[-1]
        clusters.pop()
    return merges


def compiled(rows, weight) -> tuple[np.ndarray, np.ndarray]:
    grid = agglomeration.GRID * weight.sum()
    return agglomerate.grown(rows, weight, agglomeration.least(rows, weight), grid)


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 14),
    d=st.integers(1, 4),
    ties=st.booleans(),
    way=st.sampled_from([compiled, agglomeration.grown]),
)
def test_the_tree_is_that_of_looking_at_all_pairs(seed, n, d, ties, way) -> None:
    draw = np.random.default_rng(seed)
    rows = draw.integers(0, 3, size=(n, d)) + 0.0 if ties else draw.normal(size=(n, d))
    rows[0] += 5.0  # not all equal
    weight = draw.integers(1, 4, size=n) + 0.0
    before = rows.copy()
    merges, rises = way(rows, weight)
    assert np.array_equal(rows, before)
    assert list(map(tuple, merges)) == by_all_pairs(rows, weight)
    total = criterion(rows, weight, agglomeration.least(rows, weight))
    singles = (weight * np.log(agglomeration.least(rows, weight) / weight)).sum()
    assert rises.sum() == pytest.approx(total - singles, abs=1e-7)


def clustered(n: int, d: int) -> np.ndarray:
    draw = np.random.default_rng(n)
    return draw.normal(size=(n, d)) + 4.0 * draw.normal(size=(3, d))[draw.integers(3, size=n)]


@pytest.mark.parametrize(("n", "d"), [(400, 2), (300, 6), (40, 12)])
def test_compiled_and_plain_trees_are_equal(n: int, d: int) -> None:
    rows, weight = clustered(n, d), np.random.default_rng(1).uniform(0.5, 3.0, n)
    one, plain = compiled(rows, weight), agglomeration.grown(rows, weight)
    assert np.array_equal(one[0], plain[0])
    np.testing.assert_allclose(one[1], plain[1], atol=1e-8)


@pytest.mark.parametrize("seed", range(8))
def test_ties_are_broken_alike(seed: int) -> None:
    rows = np.random.default_rng(seed).integers(0, 5, size=(120, 2)) + 0.0
    assert np.array_equal(compiled(rows, np.ones(120))[0], agglomeration.grown(rows, np.ones(120))[0])


def test_compiled_code_comes_back_often_enough_to_hear_an_interrupt(monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(agglomerate, "merge", lambda *arguments: calls.append(arguments[2] - arguments[1]))
    agglomeration.agglomerate(np.random.default_rng(0).normal(size=(1200, 20)), np.ones(1200))
    assert sum(calls) == 1199 and max(calls) * 1200 * 24**3 <= 2**28


def test_few_rows_and_no_compiler_are_for_the_plain_way(monkeypatch) -> None:
    rows = np.random.default_rng(0).normal(size=(150, 2))
    monkeypatch.setattr(agglomeration, "grown", lambda rows, weight: "plain")
    assert agglomeration.agglomerate(rows[:20], np.ones(20)) == "plain"
    assert agglomeration.agglomerate(rows, np.ones(150)) != "plain"
    monkeypatch.delattr(mixtura.kernels.compiled, "agglomerate")
    monkeypatch.setitem(sys.modules, "mixtura.kernels.compiled.agglomerate", None)
    assert agglomeration.agglomerate(rows, np.ones(150)) == "plain"
