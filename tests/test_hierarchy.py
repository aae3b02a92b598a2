"""The hierarchical start: the tree that looking at all pairs grows, mclust's partitions, and what rows can be like."""

import json
from pathlib import Path

import array_api_strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

import mixtura as mx
from mixtura import hierarchy, start
from mixtura.ground import Ground
from mixtura.hierarchy.coordinates import leaves
from mixtura.outcome import EmptyComponent
from mixtura.problem import Problem, Settings
from mixtura.sources.memory import Memory

FAMILIES = ["full", "tied", "diag", "spherical", "EVE", "VEV", "EVV"]
SEED = np.random.RandomState


def ground(rows, weight=None, n_components=2, family="full", noise=False) -> Ground:
    settings = Settings(n_components, family, 1e-3, 1e-6, 100, noise, None, False, None)
    return Problem.pose(Memory.of(rows, weight), settings).ground()


def blobs(n: int, d: int = 3, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, d)) + 4.0 * draw.normal(size=(3, d))[draw.integers(3, size=n)]


def partitions(golden: Path) -> dict:
    return json.loads((golden / "hierarchy/partitions.json").read_text())


def rows_of(golden: Path, name: str, entry: dict) -> np.ndarray:
    if "rows" in entry:
        return np.array(entry["rows"])
    path = golden / f"data/{name}.csv"
    columns = len([c for c in path.read_text().splitlines()[0].split(",") if "class" not in c])
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(columns), ndmin=2)


@pytest.mark.parametrize("name", ["faithful", "iris", "banknote", "diabetes", "thyroid", "mtcars"])
def test_partitions_are_those_of_mclust(golden: Path, name: str) -> None:
    entry = partitions(golden)[name]
    rows = rows_of(golden, name, entry)
    apart, together = (hierarchy.of(ground(rows), SEED(0), together) for together in (False, True))
    for k in range(2, 10):
        assert adjusted_rand_score(list(entry["apart"][k - 2]), apart.labels(k)) == 1.0
        assert adjusted_rand_score(list(entry["together"][k - 2]), together.labels(k)) == 1.0


def test_classes_of_one_column_are_those_of_mclust(golden: Path) -> None:
    entry = partitions(golden)["acidity"]
    found = hierarchy.of(ground(rows_of(golden, "acidity", entry)), SEED(0))
    for k in range(2, 10):
        assert adjusted_rand_score(list(entry["quantiles"][k - 2]), found.labels(k)) == 1.0


@given(values=st.lists(st.integers(0, 9), min_size=2, max_size=30), k=st.integers(1, 10), weight=st.integers(1, 3))
def test_no_class_of_one_column_is_empty(values, k, weight) -> None:
    given_, counts = np.unique(values, return_counts=True)
    quantiles = hierarchy.Quantiles(given_ + 0.0, weight * counts + 0.0)
    if k <= len(given_):
        found = quantiles.labels(k)
        assert np.array_equal(np.unique(found), np.arange(k)) and np.all(np.diff(found) >= 0)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_labels_are_numbered_by_first_appearance_and_nest(d: int) -> None:
    found = hierarchy.of(ground(blobs(120, d)), SEED(0))
    for k in range(1, 20):
        labels = found.labels(k)
        seen = np.unique(labels, return_index=True)
        assert np.array_equal(seen[0], np.arange(k)) and np.all(np.diff(seen[1]) > 0)
        if d > 1:
            finer = found.labels(k + 1)
            assert len(np.unique(finer * 100 + labels)) == k + 1


@pytest.mark.parametrize("d", [1, 4])
def test_the_order_of_rows_does_not_matter(d: int) -> None:
    rows = blobs(150, d)
    order = np.random.default_rng(3).permutation(150)
    one, other = hierarchy.of(ground(rows), SEED(0)), hierarchy.of(ground(rows[order]), SEED(0))
    for k in (2, 3, 7):
        assert adjusted_rand_score(one.labels(k)[order], other.labels(k)) == 1.0


HOSTILE = {
    "shifted": lambda rows: rows + np.array([2.0**30, -30.0, 1e5]),
    "units": lambda rows: rows * np.array([1e-200, -3.0, 1e200]),
    "constant column": lambda rows: np.column_stack([rows, np.full(len(rows), 0.1)]),
    "integers": lambda rows: (rows * 2**20).astype(np.int64),
    "single precision": lambda rows: rows.astype(np.float32),
    "turned": lambda rows: np.asfortranarray(rows[::-1])[::-1],
    "of another library": array_api_strict.asarray,
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_the_tree_knows_neither_units_nor_kinds(change) -> None:
    rows = np.round(blobs(200) * 2**20) / 2**20
    one, other = hierarchy.of(ground(rows), SEED(0)), hierarchy.of(ground(change(rows)), SEED(0))
    for k in (2, 3, 6):
        assert adjusted_rand_score(one.labels(k), other.labels(k)) == 1.0


def test_coordinates_are_the_scaled_singular_value_decomposition() -> None:
    rows, weight = blobs(50), np.random.default_rng(2).integers(1, 4, size=50)
    many = np.repeat(rows, weight, axis=0)
    left, values, _ = np.linalg.svd((many - many.mean(axis=0)) / many.std(axis=0, ddof=1), full_matrices=False)
    found = np.repeat(hierarchy.scaled(rows, weight + 0.0), weight, axis=0)
    np.testing.assert_allclose(np.abs(found), np.abs(left * np.sqrt(values)), rtol=1e-9, atol=1e-12)


def test_coordinates_leave_out_what_only_rounding_fills() -> None:
    rows = blobs(60)
    collinear = np.column_stack([rows, rows @ [1.0, -2.0, 0.5], np.ones(60)])
    assert hierarchy.scaled(collinear).shape == (60, 3)
    assert hierarchy.scaled(blobs(5, 9)).shape == (5, 4)
    assert hierarchy.scaled(blobs(300, 60)).shape == (300, 32)
    assert hierarchy.scaled(np.ones((4, 2))).shape == (4, 0)
    assert isinstance(hierarchy.of(ground(np.outer(np.arange(9.0), [1, 2])), SEED(0)).tree, hierarchy.Quantiles)


@pytest.mark.parametrize("d", [1, 3])
def test_a_weight_is_a_number_of_equal_rows_and_zero_none(d: int) -> None:
    rows, weight = blobs(90, d), np.random.default_rng(4).integers(0, 4, size=90)
    one = hierarchy.of(ground(rows, weight + 0.0), SEED(0))
    many = hierarchy.of(ground(np.repeat(rows, weight, axis=0)), SEED(0))
    assert np.array_equal(one.positions, np.flatnonzero(weight)) and many.positions is None
    assert many.tree.n_leaves == one.tree.n_leaves == (weight > 0).sum()
    for k in (2, 3, 8):
        assert np.array_equal(np.repeat(one.labels(k), weight[weight > 0]), many.labels(k))


def test_equal_rows_are_one_leaf() -> None:
    first, leaf, count = leaves(np.array([[1.0, 0.0], [2.0, 0.0], [1.0, -0.0]]), np.array([0.5, 1.0, 2.0]))
    assert first.tolist() == [0, 1] and leaf.tolist() == [0, 1, 0] and count.tolist() == [2.5, 1.0]


def test_weights_below_one_are_relative() -> None:
    rows, weight = blobs(80), np.random.default_rng(5).uniform(0.1, 1.0, size=80)
    one, other = (hierarchy.of(ground(rows, weight * times), SEED(0)) for times in (1.0, 1e-9))
    assert all(np.array_equal(one.labels(k), other.labels(k)) for k in range(2, 9))


def test_a_sample_stands_for_many_rows() -> None:
    rows, weight = blobs(6000), np.random.default_rng(6).integers(0, 3, size=6000) + 0.0
    many = ground(rows, weight, n_components=3)
    found = hierarchy.of(many, SEED(7))
    again = hierarchy.of(many, SEED(7))
    assert len(found.positions) == 2000 and np.all(np.diff(found.positions) > 0) and np.all(weight[found.positions] > 0)
    assert np.array_equal(found.positions, again.positions) and np.array_equal(found.labels(3), again.labels(3))
    first = start.rooted(found)(many, SEED(0))
    labels, own = found.labels(3), weight[found.positions]
    means = [np.average(found.rows[labels == k], axis=0, weights=own[labels == k]) for k in range(3)]
    np.testing.assert_allclose(many.source.frame.undo(first.means), means, rtol=1e-10)
    assert found.source(many.source).weight.sum() == pytest.approx(weight.sum())


@pytest.mark.parametrize("family", FAMILIES)
def test_the_start_is_that_of_its_labels(family: str) -> None:
    rows = blobs(100)
    labels = hierarchy.of(ground(rows, n_components=3), SEED(0)).labels(3)
    ours, given_ = (
        mx.GaussianMixture(3, covariance_type=family, init_params=init, n_threads=threads).fit(rows)
        for init, threads in (("hierarchical", 2), (labels, 1))
    )
    assert np.array_equal(ours.means_, given_.means_) and np.array_equal(ours.covariances_, given_.covariances_)


def test_too_many_clusters_are_refused_with_the_number_of_rows() -> None:
    found = hierarchy.of(ground(np.repeat(blobs(4), 3, axis=0)), SEED(0))
    with pytest.raises(EmptyComponent, match="finds 4 distinct among the 12 rows, too few for 5 clusters"):
        found.labels(5)
    assert hierarchy.of(ground(np.ones((1, 2)), n_components=1), SEED(0)).labels(1).tolist() == [0]
    alone = hierarchy.of(ground(np.ones((3, 2)), n_components=1), SEED(0))
    assert alone.labels(1).tolist() == [0, 0, 0]
    with pytest.raises(EmptyComponent, match="1 distinct"):
        alone.labels(2)


def test_rows_that_look_like_noise_are_left_out() -> None:
    draw = np.random.default_rng(8)
    rows = np.vstack([blobs(400, 2), draw.uniform(-12, 12, size=(250, 2))])
    without, found = (hierarchy.of(ground(rows, n_components=3, noise=noise), SEED(0)) for noise in (False, True))
    labels = found.labels(3)
    assert (without.labels(3) >= 0).all() and found.tree.n_leaves == (labels >= 0).sum()
    assert (labels[400:] < 0).mean() > 0.8 > 0.2 > (labels[:400] < 0).mean()
    model = mx.GaussianMixture(3, noise=True, init_params="hierarchical").fit(rows)
    assert model.noise_weight_ == pytest.approx(250 / 650, abs=0.1)
    clean = hierarchy.of(ground(blobs(400, 2), n_components=3, noise=True), SEED(0))
    assert (clean.labels(3) >= 0).all()
