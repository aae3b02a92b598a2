"""A weight is a count: 2 is the row twice, 0 the row removed; from the same start."""

import numpy as np
import pytest

from tests.laws.members import assert_same, every_kernel, every_member, fit, rows


@every_member
@every_kernel
def test_weights_are_repeated_rows(member, kernel):
    X, labels = rows(member)
    weight = np.random.default_rng(1).integers(0, 4, len(X))
    assert {0, 1, 2, 3} <= set(weight)
    counted = fit(member, X, labels, kernel, weight=weight.astype(float))
    repeated = fit(member, np.repeat(X, weight, axis=0), np.repeat(labels, weight), kernel)
    assert_same(counted, repeated, 1e-9)
    np.testing.assert_allclose(counted.responsibilities(X), repeated.responsibilities(X), atol=1e-9)
    assert np.array_equal(counted.labels(X), repeated.labels(X))


@every_member
@every_kernel
def test_rows_of_weight_zero_are_not_there(member, kernel):
    """Whatever is in their cells, and whatever their labels."""
    X, labels = rows(member)
    there = np.random.default_rng(1).random(len(X)) < 0.8
    confused = np.where(there, labels, 0)
    assert not np.array_equal(confused, labels)
    removed = fit(member, X[there], labels[there], kernel)
    for spoiled in (1e9 * X, 1e200 * X, np.nan * X):
        held = np.where(there[:, None], X, spoiled)
        assert_same(fit(member, held, confused, kernel, weight=there.astype(float)), removed, 1e-9)


@every_member
@every_kernel
def test_only_ratios_of_weights_matter_to_the_likelihood(member, kernel):
    """Scaling all weights scales the evidence: the same maximum, and another one under a prior."""
    X, labels = rows(member)
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    once, thrice = (fit(member, X, labels, kernel, weight=factor * weight) for factor in (1.0, 3.0))
    if "prior" not in member.option:
        assert_same(thrice, once, 1e-9)
        return
    with pytest.raises(AssertionError):
        assert_same(thrice, once, 1e-6)
