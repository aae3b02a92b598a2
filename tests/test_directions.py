"""Discriminant directions: R's figures, the definition, and what features in other units must give."""

import json
from pathlib import Path
from typing import Any

import array_api_strict as strict
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError

import mixtura as mx
from mixtura.directions import Directions, discriminant_directions
from mixtura.threads import WORTH_THREADS

GOLDEN = Path(__file__).parent / "golden"
CASES = json.loads((GOLDEN / "merging/mclustdr.json").read_text())
FOUND = [(name, at) for name in CASES for at in range(4)]


def model_of(case: dict[str, Any]) -> mx.GaussianMixture:
    return mx.GaussianMixture.from_parameters(case["pro"], case["mean"], case["sigma"], case["model"])


def drawn(seed: int, k: int = 4, d: int = 5) -> mx.GaussianMixture:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(k, d, d))
    covariances = factors @ np.swapaxes(factors, 1, 2) + 0.3 * np.eye(d)
    return mx.GaussianMixture.from_parameters(rng.dirichlet(np.full(k, 5.0)), 3 * rng.normal(size=(k, d)), covariances)


def signed(basis: np.ndarray, like: Any) -> np.ndarray:
    return basis * np.sign((basis * np.asarray(like)).sum(axis=0))


def moved(model: mx.GaussianMixture, A: np.ndarray, shift: Any = 0.0) -> mx.GaussianMixture:
    """Return the mixture of rows ``x @ A.T + shift``."""
    return mx.GaussianMixture.from_parameters(
        model.weights_, model.means_ @ A.T + shift, A @ model.covariances_ @ A.T, "full"
    )


# --- mclust


@pytest.mark.parametrize(("name", "at"), FOUND)
def test_mclust(name: str, at: int) -> None:
    found = CASES[name]["found"][at]
    rank = found["numdir"]
    if rank == 0:
        with pytest.raises(mx.MixtureError, match=r"same covariances.*Use balance=1"):
            discriminant_directions(model_of(CASES[name]), balance=found["lambda"])
        return
    plane = discriminant_directions(model_of(CASES[name]), balance=found["lambda"])
    assert plane.n_directions == rank
    np.testing.assert_allclose(plane.eigenvalues_, found["evalues"][:rank], rtol=1e-10)
    np.testing.assert_allclose(plane.basis_, signed(np.array(found["basis"]), plane.basis_), atol=1e-10)
    raw = discriminant_directions(model_of(CASES[name]), balance=found["lambda"], normalized=False).basis_
    theirs = np.array(found["raw"])[:, :rank]
    np.testing.assert_allclose(raw, signed(theirs, raw), rtol=1e-9, atol=1e-10 * np.abs(theirs).max())


@pytest.mark.parametrize("name", ["iris_VVV3", "faithful_VVV3", "banknote_EEE4"])
def test_mclust_with_the_covariance_of_the_rows(name: str) -> None:
    plane = discriminant_directions(model_of(CASES[name]))
    rank = plane.n_directions
    np.testing.assert_allclose(plane.eigenvalues_, CASES[name]["default_evalues"][:rank], rtol=1e-8)
    np.testing.assert_allclose(plane.basis_, signed(np.array(CASES[name]["default_basis"]), plane.basis_), atol=1e-7)


# --- the definition


@pytest.mark.parametrize("balance", [1.0, 0.5, 0.2, 0.0])
@pytest.mark.parametrize("seed", range(3))
def test_generalized_eigenvectors(seed: int, balance: float) -> None:
    model = drawn(seed)
    pi, S = model.weights_, model.covariances_
    mu = model.means_ - pi @ model.means_
    B, W = (mu.T * pi) @ mu, np.einsum("k,kij->ij", pi, S)
    marginal = B + W
    M = 2 * balance * B @ np.linalg.solve(marginal, B)
    M = M + 2 * (1 - balance) * sum(p * (s - W) @ np.linalg.solve(marginal, s - W) for p, s in zip(pi, S, strict=True))
    values, vectors = eigh(M, marginal)
    plane = discriminant_directions(model, balance=balance, normalized=False)
    d = plane.n_directions
    assert d == (3 if balance == 1 else 5)
    np.testing.assert_allclose(plane.eigenvalues_, values[::-1][:d], rtol=1e-9)
    np.testing.assert_allclose(plane.basis_, signed(vectors[:, ::-1][:, :d], plane.basis_), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(plane.basis_.T @ marginal @ plane.basis_, np.eye(d), atol=1e-10)


def test_fisher_s_directions_of_tied_components() -> None:
    X, y = mx.datasets.load_iris(return_X_y=True)
    lda = LinearDiscriminantAnalysis(solver="eigen").fit(X, y)
    tied = sum((y == g).sum() * np.cov(X[y == g].T, ddof=0) for g in set(y)) / len(X)
    means = np.array([X[y == g].mean(axis=0) for g in sorted(set(y))])
    model = mx.GaussianMixture.from_parameters([1 / 3] * 3, means, tied, "tied")
    ours, theirs = discriminant_directions(model).basis_, lda.scalings_[:, :2]
    np.testing.assert_allclose(ours, signed(theirs / np.linalg.norm(theirs, axis=0), ours), atol=1e-8)


def test_the_components_in_the_plane() -> None:
    model = drawn(1)
    plane = discriminant_directions(model)
    np.testing.assert_allclose(plane.transform(model.means_), plane.means_, atol=1e-12)
    np.testing.assert_allclose(plane.covariances_[2], plane.basis_.T @ model.covariances_[2] @ plane.basis_)
    np.testing.assert_allclose(model.weights_ @ plane.means_, 0.0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(plane.basis_, axis=0), 1.0)
    np.testing.assert_allclose(np.linalg.norm(plane.standardized_, axis=0), 1.0)
    assert (np.abs(plane.standardized_).max(axis=0) == plane.standardized_.max(axis=0)).all()
    assert (np.diff(plane.eigenvalues_) <= 0).all() and plane.shares_.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical", "VEE", "EII"])
def test_every_family_and_noise(kind: str) -> None:
    X = mx.datasets.load_faithful().data
    model = mx.GaussianMixture(2, covariance_type=kind, noise=True, random_state=0).fit(X)
    plane = discriminant_directions(model)
    assert plane.basis_.shape == (2, 1)
    share = model.weights_ / model.weights_.sum()
    np.testing.assert_allclose(plane.center_, share @ model.means_)
    quiet = mx.GaussianMixture.from_parameters(share, model.means_, model.covariances_, kind)
    np.testing.assert_allclose(plane.basis_, discriminant_directions(quiet).basis_)


# --- what must not matter


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1.0, 0.5, 0.0]))
def test_affine_maps_move_the_basis_by_the_inverse_transpose(seed: int, balance: float) -> None:
    rng = np.random.default_rng(seed)
    model, A = drawn(seed % 40), rng.normal(size=(5, 5)) + 3 * np.eye(5)
    one = discriminant_directions(model, balance=balance, normalized=False)
    other = discriminant_directions(moved(model, A, rng.normal(size=5)), balance=balance, normalized=False)
    np.testing.assert_allclose(other.eigenvalues_, one.eigenvalues_, rtol=1e-6)
    gaps = np.abs(np.diff(one.eigenvalues_)) / one.eigenvalues_[0]
    if gaps.min() > 1e-3:
        expected = np.linalg.solve(A.T, one.basis_)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(signed(other.basis_, expected) / scale, expected / scale, atol=1e-5)


@pytest.mark.parametrize("size", [1e-150, 1e-6, 1e150])
def test_units_of_columns_do_not_matter(size: float) -> None:
    model, unit = drawn(3), np.array([size, 1.0, 1.0, 1.0 / size, 2.0])
    one = discriminant_directions(model, normalized=False)
    other = discriminant_directions(moved(model, np.diag(unit)), normalized=False)
    np.testing.assert_allclose(other.basis_ * unit[:, None], one.basis_, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(other.standardized_, one.standardized_, rtol=1e-9, atol=1e-9)
    assert np.isfinite(discriminant_directions(moved(model, np.diag(unit))).basis_).all()


def test_squares_do_not_overflow() -> None:
    far = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [1e160]], [1.0, 1.0], "spherical")
    plane = discriminant_directions(far)
    assert (plane.basis_.tolist(), plane.means_.tolist()) == ([[1.0]], [[-5e159], [5e159]])
    np.testing.assert_allclose(plane.eigenvalues_, 2.0)


def test_an_offset_does_not_matter() -> None:
    model = drawn(3)
    far = mx.GaussianMixture.from_parameters(model.weights_, model.means_ + 1e8, model.covariances_)
    one, other = discriminant_directions(model), discriminant_directions(far)
    X = model.sample(50, random_state=0)[0]
    np.testing.assert_allclose(other.basis_, one.basis_, atol=1e-6)
    np.testing.assert_allclose(other.transform(X + 1e8), one.transform(X), atol=1e-5)


def test_the_order_of_the_components_does_not_matter() -> None:
    model = drawn(4)
    one, other = discriminant_directions(model), discriminant_directions(model.reorder([2, 0, 3, 1]))
    np.testing.assert_allclose(other.basis_, one.basis_, atol=1e-10)
    np.testing.assert_allclose(other.means_, one.means_[[2, 0, 3, 1]], atol=1e-10)


# --- rows


@pytest.mark.parametrize("kind", ["float32", "integers", "fortran", "frame", "namespace"])
def test_kinds_of_rows(kind: str) -> None:
    X = np.random.default_rng(0).integers(-5, 6, (40, 5)).astype(float)
    model = drawn(5)
    given: Any = {
        "float32": X.astype(np.float32),
        "integers": X.astype(np.int8),
        "fortran": np.asfortranarray(X),
        "frame": pd.DataFrame(X, columns=list("abcde")),
        "namespace": strict.asarray(X),
    }[kind]
    if kind == "frame":
        model.feature_names_in_ = np.array(list("abcde"), dtype=object)
    plane = discriminant_directions(model)
    np.testing.assert_allclose(plane.transform(given), (X - plane.center_) @ plane.basis_, atol=1e-12)


def test_blocks_and_threads_do_not_change_bits() -> None:
    model = drawn(5)
    X = np.random.default_rng(0).normal(size=(120_000, 5))
    assert X.size * 4 > WORTH_THREADS
    found = []
    for threads in (1, 3):
        model.n_threads = threads
        found.append(discriminant_directions(model).transform(X))
    np.testing.assert_array_equal(*found)


def test_a_later_fit_of_the_model_leaves_it_alone() -> None:
    X = mx.datasets.load_faithful().data
    model = mx.GaussianMixture(2, random_state=0).fit(X)
    plane = discriminant_directions(model)
    before = plane.transform(X)
    model.fit(X[:, :1])
    np.testing.assert_array_equal(plane.transform(X), before)


# --- words and errors


def test_it_prints_in_80_columns() -> None:
    iris = mx.datasets.load_iris(as_frame=True)
    plane = discriminant_directions(mx.GaussianMixture(3, random_state=0).fit(iris.data))
    text = str(plane)
    assert all(str(name)[:20] in text for name in iris.data.columns)
    assert "share" in text and "<td>share</td>" in plane._repr_html_()
    wide = discriminant_directions(drawn(0, k=12, d=12), balance=0.5)
    assert max(map(len, str(wide).splitlines())) <= 80
    assert json.loads(json.dumps(plane.to_dict()))["names"] == list(iris.data.columns)


def alike(means: Any, covariances: Any) -> mx.GaussianMixture:
    return mx.GaussianMixture.from_parameters([0.5, 0.5], means, covariances, "diag")


def test_components_that_do_not_differ() -> None:
    same_means, same_shapes = [[1e8, 2.0]] * 2, [[1.0, 1.0]] * 2
    with pytest.raises(mx.MixtureError, match=r"same means.*Use balance=0.5"):
        discriminant_directions(alike(same_means, [[1.0, 1.0], [4.0, 1.0]]))
    with pytest.raises(mx.MixtureError, match=r"same covariances.*Use balance=1"):
        discriminant_directions(alike([[0.0, 0.0], [1.0, 0.0]], same_shapes), balance=0)
    with pytest.raises(mx.MixtureError, match=r"same means and covariances.*Fit fewer components"):
        discriminant_directions(alike(same_means, same_shapes), balance=0.5)
    one = mx.GaussianMixture.from_parameters([1.0], [[0.0, 0.0]], [[1.0, 1.0]], "diag")
    with pytest.raises(mx.MixtureError, match=r"One component has nothing to differ from"):
        discriminant_directions(one)


@pytest.mark.parametrize("balance", [-0.1, 1.1, True, "1", None, float("nan")])
def test_balances_that_are_none(balance: Any) -> None:
    with pytest.raises(mx.MixtureError, match=r"must lie between 0 \(covariances alone\) and 1 \(means alone\)"):
        discriminant_directions(drawn(0), balance=balance)


def test_what_has_no_directions() -> None:
    with pytest.raises(NotFittedError):
        discriminant_directions(mx.GaussianMixture(2))
    with pytest.raises(mx.MixtureError, match=r"not a fitted mixture"):
        discriminant_directions("a model")


def test_rows_that_cannot_be_projected() -> None:
    plane = discriminant_directions(drawn(0))
    X = np.zeros((9, 5))
    for wrong, word in ((np.nan, "NaN"), (np.inf, "infinity")):
        X[4, 3] = wrong
        with pytest.raises(mx.MixtureError, match=rf"{word}: row 4, column 3"):
            plane.transform(X)
    with pytest.raises(ValueError, match=r"4 features"):
        plane.transform(X[:, :4])
    assert isinstance(plane, Directions)
