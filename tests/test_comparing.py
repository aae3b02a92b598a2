"""Comparing partitions: the definition, scikit-learn's and R's figures, and labels of every kind."""

import json
from datetime import date
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

import mixtura as mx
from mixtura.comparing import Comparison, compare_labels

LABELS = st.integers(2, 40).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(-1, 4), min_size=n, max_size=n) for _ in range(2)))
)


def by_hand(a: Any, b: Any) -> float:
    """Adjust the share of pairs on which both agree for what pairs would do by chance."""
    pairs = list(combinations(range(len(a)), 2))
    in_a = [a[i] == a[j] for i, j in pairs]
    in_b = [b[i] == b[j] for i, j in pairs]
    both = sum(x and y for x, y in zip(in_a, in_b, strict=True))
    expected = sum(in_a) * sum(in_b) / len(pairs)
    most = (sum(in_a) + sum(in_b)) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


# --- the definition


@settings(max_examples=80, deadline=None)
@given(LABELS)
def test_adjusted_rand_index(labels: tuple[list[int], list[int]]) -> None:
    a, b = labels
    found = compare_labels(a, b).adjusted_rand_index
    assert found == pytest.approx(by_hand(a, b), abs=1e-12)
    assert found == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)
    assert -0.5 - 1e-12 <= found <= 1


@settings(max_examples=40, deadline=None)
@given(LABELS)
def test_the_cross_table_is_pandas_s(labels: tuple[list[int], list[int]]) -> None:
    found = compare_labels(*labels)
    theirs = pd.crosstab(np.array(labels[0]), np.array(labels[1]))
    np.testing.assert_array_equal(found.table, theirs)
    assert (found.rows, found.columns) == (tuple(theirs.index), tuple(theirs.columns))
    assert found.table.dtype.kind == "i" and found.table.sum() == len(labels[0])


@settings(max_examples=40, deadline=None)
@given(LABELS)
def test_the_best_matching_of_all(labels: tuple[list[int], list[int]]) -> None:
    a, b = (np.array(one) for one in labels)
    found = compare_labels(a, b)
    table = found.table if found.table.shape[0] <= found.table.shape[1] else found.table.T
    ways = permutations(range(table.shape[1]), table.shape[0])
    best = max(sum(table[i, j] for i, j in enumerate(way)) for way in ways)
    assert found.error_rate == pytest.approx(1 - best / len(a), abs=1e-12)
    held = sum(((a == first) & (b == second)).sum() for first, second in found.matching)
    assert held == best


def test_mclust_s_class_error() -> None:
    # classError(c(1,1,2,2,3,3), c(1,1,1,1,2,2))$errorRate and the reverse: 0.3333333
    a, b = [1, 1, 2, 2, 3, 3], [1, 1, 1, 1, 2, 2]
    assert compare_labels(a, b).error_rate == pytest.approx(1 / 3)
    assert compare_labels(b, a).error_rate == pytest.approx(1 / 3)
    # m <- Mclust(iris[, 1:4], G = 3); table(m$class, iris$Species): adjustedRandIndex 0.9038742, classError 0.03333333
    table = np.array([[50, 0, 0], [0, 45, 0], [0, 5, 50]])
    rows, columns = (np.repeat(axis, table.ravel()) for axis in np.indices(table.shape).reshape(2, -1))
    found = compare_labels(rows, columns)
    assert found.adjusted_rand_index == pytest.approx(0.9038742, abs=5e-8)
    assert found.error_rate == pytest.approx(0.03333333, abs=1e-8)


# --- what must not matter


@settings(max_examples=40, deadline=None)
@given(LABELS, st.permutations(range(6)))
def test_names_and_sides_do_not_matter(labels: tuple[list[int], list[int]], names: list[int]) -> None:
    a, b = labels
    one, other = compare_labels(a, b), compare_labels(b, [f"group {names[label + 1]}" for label in a])
    assert other.adjusted_rand_index == pytest.approx(one.adjusted_rand_index, abs=1e-12)
    assert other.error_rate == pytest.approx(one.error_rate, abs=1e-12)
    assert compare_labels(a, [names[label + 1] for label in a]).adjusted_rand_index == 1.0
    assert compare_labels(a, [names[label + 1] for label in a]).error_rate == 0.0


@settings(max_examples=40, deadline=None)
@given(LABELS, st.data())
def test_integer_weights_are_repeated_rows(labels: tuple[list[int], list[int]], data: Any) -> None:
    weight = data.draw(st.lists(st.integers(0, 3), min_size=len(labels[0]), max_size=len(labels[0])))
    weight[0] = 2
    weighted = compare_labels(*labels, sample_weight=weight)
    repeated = compare_labels(*(np.repeat(one, weight) for one in labels))
    np.testing.assert_array_equal(weighted.table, repeated.table)
    assert (weighted.rows, weighted.columns) == (repeated.rows, repeated.columns)
    assert weighted.adjusted_rand_index == pytest.approx(repeated.adjusted_rand_index, abs=1e-12)
    assert weighted.error_rate == pytest.approx(repeated.error_rate, abs=1e-12)


def test_many_rows_keep_their_digits() -> None:
    found = compare_labels([0, 0, 1, 1], [0, 1, 0, 1], sample_weight=[4e9, 1e9, 1e9, 4e9])
    assert found.adjusted_rand_index == pytest.approx(0.36, rel=1e-8)


# --- labels of every kind


@pytest.mark.parametrize(
    "given",
    [
        ["b", "a", "b", "c"],
        np.array(["b", "a", "b", "c"]),
        np.array(["b", "a", "b", "c"], dtype=object),
        pd.Series(["b", "a", "b", "c"]),
        pd.Series(["b", "a", "b", "c"], dtype="category"),
        pd.Series(["b", "a", "b", "c"], dtype="string"),
        pd.Series([2, 1, 2, 3], dtype="Int64"),
        np.array([2, 1, 2, 3], dtype=np.uint8),
        [2.5, -1.0, 2.5, 1e300],
        pd.to_datetime(["2020-02-01", "2020-01-01", "2020-02-01", "2021-01-01"]),
        [date(2020, 2, 1), date(2020, 1, 1), date(2020, 2, 1), date(2021, 1, 1)],
        [1, "1", 1, True + 1.5],
    ],
    ids=str,
)
def test_kinds_of_labels(given: Any) -> None:
    found = compare_labels(given, [-1, 0, -1, 1])
    assert found.adjusted_rand_index == 1.0 and found.table.sum() == 4
    assert found.columns == (-1, 0, 1)
    assert [list(row) for row in found.table[:, 1:]].count([0, 0]) == 1
    assert json.loads(json.dumps(found.to_dict()))["error_rate"] == 0.0
    assert str(found) and found._repr_html_()


def test_a_model_s_labels() -> None:
    X, y = mx.datasets.load_iris(return_X_y=True)
    labels = mx.GaussianMixture(3, noise=True, random_state=0).fit_predict(X)
    found = compare_labels(labels, y)
    assert found.columns == (0, 1, 2) and found.adjusted_rand_index > 0.7
    assert isinstance(found, Comparison)


def test_one_row() -> None:
    found = compare_labels(["x"], [3])
    assert (found.table.tolist(), found.adjusted_rand_index, found.error_rate) == ([[1]], 1.0, 0.0)


def test_one_group_against_many() -> None:
    assert compare_labels([0] * 6, range(6)).adjusted_rand_index == 0.0
    assert compare_labels([0] * 6, [1] * 6).adjusted_rand_index == 1.0


# --- words


def test_it_prints_in_80_columns() -> None:
    rng = np.random.default_rng(0)
    a = [f"<b>{at}\nof a long name" for at in rng.integers(0, 60, 2000)]
    found = compare_labels(a, rng.integers(0, 45, 2000))
    text = str(found)
    assert max(map(len, text.splitlines())) <= 80
    assert "31 others" in text and "16 others" in text
    assert sum(int(cell) for line in found.cells()[1:] for cell in line[1:]) == 2000
    assert "<b>" not in found._repr_html_()


def test_the_verdict() -> None:
    told = compare_labels([0, 0, 1, 1], ["x", "x", "y", "x"], sample_weight=[1, 1, 1, 0.5]).verdict()
    assert told.startswith("Adjusted Rand index 0.")
    assert "Best matching 0 = x, 1 = y: 14.3% of the rows are outside it." in told
    assert "0.50" in str(compare_labels([0, 0, 1, 1], ["x", "x", "y", "x"], sample_weight=[1, 1, 1, 0.5]))


# --- errors


@pytest.mark.parametrize(
    ("a", "said"),
    [
        ([0, 1], r"a has 2 labels and b has 3: compare two partitions of the same rows"),
        ([0, None, 1], r"Row 1 of a has no label"),
        ([0.0, 1.0, np.nan], r"Row 2 of a has no label"),
        (pd.Series([1, pd.NA, 2], dtype="Int64"), r"Row 1 of a has no label"),
        (pd.Series(["x", None, "y"]), r"Row 1 of a has no label"),
        (np.array(["2020-01-01", "NaT", "2020-01-02"], dtype="datetime64[D]"), r"Row 1 of a has no label"),
        ([[0], [1], [2]], r"a has shape \(3, 1\) and must hold one label a row"),
        ([[0, 1], [1], 2], r"a is no list of labels"),
        (np.ma.array([0, 1, 2], mask=[0, 1, 0]), r"a is a masked array"),
        (np.array([{}, 1, 2], dtype=object), r"Row 0 of a holds a dict"),
        ([], r"a is empty"),
        (5, r"a has shape \(\)"),
    ],
    ids=str,
)
def test_labels_that_are_none(a: Any, said: str) -> None:
    with pytest.raises(mx.MixtureError, match=said):
        compare_labels(a, [0, 1, 1])


def test_identifiers_are_no_groups() -> None:
    with pytest.raises(mx.MixtureError, match=r"a has 4000 different labels and b 4000, too many for groups"):
        compare_labels(np.arange(4000), np.arange(4000))


@pytest.mark.parametrize(
    ("weight", "said"),
    [([1, -1, 1], r"row 1 has weight -1"), ([1, 1], r"one weight a row"), ([0.1, 0.2, 0.1], r"too small for pairs")],
)
def test_weights_that_are_no_counts(weight: Any, said: str) -> None:
    with pytest.raises(mx.MixtureError, match=said):
        compare_labels([0, 0, 1], [0, 1, 1], sample_weight=weight)
