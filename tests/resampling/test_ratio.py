"""Laws of the likelihood ratio test: its level, its invariances, and what it says."""

import json
from typing import Any

import numpy as np
import pytest

import mixtura as mx
from mixtura.resampling import LikelihoodRatioTest, compiled, contest, likelihood_ratio_test, ratio, turns
from tests.resampling.cases import groups


def compare(X: Any, **asked: Any) -> LikelihoodRatioTest:
    return likelihood_ratio_test(X, **({"n_resamples": 39, "random_state": 0, "max_components": 3} | asked))


def test_p_values_count_the_rows_among_the_samples() -> None:
    found = compare(groups(n=60), level=0.99)
    assert len(found.statistics) == 2 and found.n_resamples == 39
    for statistic, p, resampled in zip(found.statistics, found.p_values, found.resampled, strict=True):
        assert p == (1 + (resampled >= statistic).sum()) / (1 + len(resampled))
    assert found.p_values[0] == 1 / 40
    assert all((resampled >= 0.0).all() for resampled in found.resampled)


def test_one_group_is_rejected_as_often_as_the_level_says() -> None:
    random = np.random.default_rng(7)
    p = [compare(random.normal(size=(50, 1)), max_components=2, n_resamples=19).p_values[0] for _ in range(40)]
    assert 0.35 < np.mean(p) < 0.72  # uniform on 1/20, 2/20, ..., 1
    assert np.mean(np.array(p) <= 0.1) < 0.25


def test_results_are_the_same_bits_whatever_threads_and_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    X = groups(n=60)
    one = compare(X, n_threads=1)
    for n_threads, turn in ((2, turns.TURN), (3, 1)):
        monkeypatch.setattr(turns, "TURN", turn)
        two = compare(X, n_threads=n_threads)
        assert (one.p_values == two.p_values).all()
        assert all((a == b).all() for a, b in zip(one.resampled, two.resampled, strict=True))


def test_units_do_not_matter_to_families_that_take_them() -> None:
    X = groups(n=60)
    one, two = compare(X), compare(X * [1e3, 1e-3] + [5.0, 1e2])
    np.testing.assert_allclose(one.statistics, two.statistics, rtol=1e-4, atol=0.02)


def test_counts_are_repeated_rows() -> None:
    X, count = groups(n=40), np.random.default_rng(1).integers(0, 4, 40)
    one, two = (compare(x, sample_weight=w, max_components=2) for x, w in ((X, count), (X.repeat(count, axis=0), None)))
    np.testing.assert_allclose(one.statistics, two.statistics, atol=0.02)


def test_large_samples_go_the_ordinary_way(monkeypatch: pytest.MonkeyPatch) -> None:
    X = groups(n=60)
    small = compare(X, n_resamples=4, max_components=2)
    monkeypatch.setattr(compiled, "SMALL", 0)
    large = compare(X, n_resamples=4, max_components=2)
    np.testing.assert_allclose(small.statistics, large.statistics, atol=0.02)
    assert large.p_values[0] == small.p_values[0] == 0.2


def test_two_equal_components_are_one_so_no_ratio_is_negative() -> None:
    fits = [ratio.Refits.blank(2, 1, 1) for _ in range(2)]
    for fit, reached in zip(fits, ([-1.0, -1.0], [-1.2, -0.5]), strict=True):
        fit.sound[:], fit.log_likelihood[:] = True, reached
    assert ratio._ratios(*fits, 10.0).tolist() == [0.0, 10.0]


def test_a_core_and_a_shell_are_found() -> None:
    random = np.random.default_rng(3)
    X = np.vstack([random.normal(size=(150, 2)), 6.0 * random.normal(size=(150, 2))])
    found = compare(X, max_components=2)
    assert found.p_values[0] == 1 / 40 and found.statistics[0] > 100


def test_cuts_leave_the_other_components_alone() -> None:
    X = groups(n=60)
    fit = ratio.Refits.blank(1, 2, 2)
    fit.weights[:], fit.means[:], fit.sound[:] = 0.5, [[0.0, 0.0], [4.0, -3.0]], True
    fit.covariances[:] = np.eye(2)
    samples = contest.Samples(X, None, 1, np.zeros(1, np.uint64))
    label = contest.nearest(X, fit.weights[0], fit.means[0], fit.covariances[0])
    for i, cut in enumerate(contest.cuts(fit, samples, True)):
        c = i % 2
        assert (cut[0][label != c] == label[label != c]).all()
        assert set(cut[0][label == c].tolist()) == {c, 2}
        far = np.square(X - fit.means[0, c]).sum(axis=1)
        shell = far[cut[0] == 2].min() > far[cut[0] == c].max()
        assert shell == (i // 2 == contest.AXES)


def test_half_of_the_weight_lies_below_the_median() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert contest._median(values, None) == 2.0
    assert contest._median(values, np.array([5.0, 1.0, 1.0])) == 3.0
    assert contest._median(np.repeat(values, [5, 1, 1]), None) == 3.0


def test_it_says_what_it_found() -> None:
    found = compare(groups(n=60), max_components=2)
    assert found.n_components == 2
    assert found.verdict == "At least 2 components: every test was rejected at level 0.05. Raise max_components."
    one = compare(np.random.default_rng(2).normal(size=(60, 2)))
    assert one.n_components == 1 and one.verdict.startswith("1 component: 2 fit no better than chance")
    assert max(map(len, str(one).splitlines())) <= 100 and "<table>" in one._repr_html_()
    assert json.loads(json.dumps(one.to_dict()))["tests"][0]["p_value"] == one.p_values[0]
    assert one.rows[0]["against"] == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"max_components": 1}, "max_components is 1 and must be a whole number, at least 2"),
        ({"n_resamples": 1}, "n_resamples is 1"),
        ({"level": 5}, "level is 5 and must lie between 0 and 1"),
        ({"covariance_type": "round"}, "covariance_type"),
    ],
)
def test_what_is_asked_for_is_checked(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        compare(groups(n=60), **asked)


def test_rows_that_carry_no_two_components_say_so() -> None:
    with pytest.raises(mx.MixtureError, match="nothing to compare one with"):
        compare(np.array([[0.0, 1.0], [1.0, 0.0], [3.0, 3.0]]))
