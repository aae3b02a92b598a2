"""Blocks add: whatever the tiling, the number of threads, the layout or the kind of numbers."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from mixtura import GaussianMixture
from mixtura.kernels import choose, native
from mixtura.sources.memory import BLOCK
from mixtura.threads import WORTH_THREADS
from tests.laws.members import (
    MEMBERS,
    N_COMPONENTS,
    Member,
    assert_same,
    assert_same_bits,
    every_kernel,
    every_member,
    fit,
    only,
    rows,
)


@every_member
@every_kernel
def test_any_tiling(member, kernel):
    X, labels = rows(member, n_rows=60)
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    whole = fit(member, X, labels, kernel, weight=weight, max_iter=2)
    for block in (1, 7, 37):
        parts = fit(member, X, labels, kernel, weight=weight, block=block, max_iter=2)
        assert_same(parts, whole, 1e-10)


@every_member
@every_kernel
def test_any_number_of_threads_gives_the_same_bits(member, kernel):
    X, labels = rows(member)
    alone = fit(member, X, labels, kernel, block=11, n_threads=1, max_iter=2)
    for n_threads in (2, 3, 8):
        assert_same_bits(fit(member, X, labels, kernel, block=11, n_threads=n_threads, max_iter=2), alone)


def test_threads_at_their_real_size_give_the_same_bits():
    """Enough rows for several blocks of the real size, and work enough for a real pool; nothing patched."""
    X, labels = rows(Member("VVV"), n_rows=3 * BLOCK + 5)
    X = np.hstack([X, X[::-1] ** 2, X * X[::-1], X**3, X[::-1]])
    assert X.size * N_COMPONENTS > WORTH_THREADS
    settings = {"init_params": labels, "max_iter": 3, "tol": 0.0, "reg_covar": 0.0}
    with pytest.warns(ConvergenceWarning):
        one, two, eight = (GaussianMixture(N_COMPONENTS, n_threads=n, **settings).fit(X) for n in (1, 2, 8))
    for other in (two, eight):
        assert one.lower_bounds_ == other.lower_bounds_
        assert np.array_equal(one.covariances_, other.covariances_)
        assert np.array_equal(one.score_samples(X), other.score_samples(X))


@every_kernel
def test_any_order_of_the_rows(kernel):
    for member in MEMBERS:
        X, labels = rows(member)
        order = np.random.default_rng(2).permutation(len(X))
        assert_same(fit(member, X[order], labels[order], kernel), fit(member, X, labels, kernel), 1e-9)


def layouts(X):
    """The same numbers, held in other ways."""
    strided = np.zeros((2 * len(X), X.shape[1] + 3))
    strided[::2, 1:-2] = X
    read_only = X.copy()
    read_only.flags.writeable = False
    return {
        "Fortran": np.asfortranarray(X),
        "strided": strided[::2, 1:-2],
        "backwards": X[::-1, ::-1].copy()[::-1, ::-1],
        "big-endian": X.astype(">f8"),
        "read-only": read_only,
        "wide": X.astype(np.longdouble),
    }


@every_member
@every_kernel
def test_any_layout_gives_the_same_bits(member, kernel):
    X, labels = rows(member)
    plain = fit(member, X, labels, kernel, block=50, max_iter=2)
    for other in layouts(X).values():
        assert np.array_equal(other, X)
        assert_same_bits(fit(member, other, labels, kernel, block=50, max_iter=2), plain)
        assert np.array_equal(plain.log_densities(other), plain.log_densities(X))


METHODS = ("predict", "predict_proba", "score_samples", "uncertainty", "score", "bic", "aic", "icl")


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", ">i4", "bool"])
@every_kernel
def test_any_kind_of_numbers_gives_the_same_bits(kernel, dtype):
    """Whole numbers, halves and singles are the doubles they are equal to, in every fit and every method."""
    for member in map(Member, ("EII", "EEI", "VVI", "EEE", "VVV", "spherical", "tied")):
        X, labels = rows(member)
        exact = (X > 1.0).astype(float) if dtype == "bool" else np.round(4.0 * np.abs(X))
        held = exact.astype(dtype)
        assert np.array_equal(held, exact)
        ridge = {"reg_covar": 1e-3, "max_iter": 2}
        plain = fit(member, exact, labels, kernel, **ridge)
        assert_same_bits(fit(member, held, labels, kernel, **ridge), plain)
        model = GaussianMixture.from_parameters(
            plain.parameters.weights, plain.parameters.means, plain.parameters.arrays.covariances, member.name
        )
        with only(kernel):
            for method in METHODS:
                assert np.array_equal(getattr(model, method)(held), getattr(model, method)(exact)), method


def test_compiled_threads_at_their_real_size_give_the_same_bits():
    """Rows enough for the compiled kernel's own blocks, few and more features."""
    rng = np.random.default_rng(0)
    for n_rows, d, k in ((600_000, 2, 4), (120_000, 12, 20)):
        X = rng.normal(size=(n_rows, d)) + rng.integers(k, size=(n_rows, 1))
        start = {
            "weights_init": np.full(k, 1 / k),
            "means_init": X[:k],
            "precisions_init": np.tile(np.eye(d), (k, 1, 1)),
        }
        fits = []
        for n_threads in (1, 2, 3, 8):
            with pytest.warns(ConvergenceWarning):
                fits.append(GaussianMixture(k, n_threads=n_threads, max_iter=2, tol=0.0, **start).fit(X))
        assert choose(X, k, "dense") is native
        for other in fits[1:]:
            assert fits[0].lower_bounds_ == other.lower_bounds_
            assert np.array_equal(fits[0].covariances_, other.covariances_)
            assert fits[0].lower_bound_ == other.lower_bound_
            assert np.array_equal(fits[0].predict_proba(X[:300_000]), other.predict_proba(X[:300_000]))
