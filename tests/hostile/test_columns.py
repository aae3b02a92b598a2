"""Constant and collinear columns: named with the rank; fitted where the family, a ridge or a prior allows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx
from mixtura.outcome import MixtureError
from tests.hostile.cases import (
    ALL,
    DIAGONAL,
    SPHERICAL,
    TYPES,
    Rows,
    assert_close,
    groups,
    heard,
    log_density,
    mixture,
    quiet,
)

CODES = dict(zip(TYPES, ("VVV", "EEE", "VVI", "VII"), strict=True))
TURNING = [family for family in ALL if family not in SPHERICAL + DIAGONAL]
HELD = {
    "a ridge": {"reg_covar": 1e-6},
    "a prior": {"reg_covar": 0, "prior": mx.NormalInverseWishart(scale=1.0)},
    "both": {"reg_covar": 1e-6, "prior": "default"},
}
FREE = {"": {"reg_covar": 0}, " with a scale of its own": {"reg_covar": 0, "prior": "default"}}


def constant() -> Any:
    return pd.DataFrame({"a": groups()[:, 0], "still": np.full(200, 7.0), "c": groups()[:, 1]})


def collinear() -> Any:
    return pd.DataFrame({"a": groups()[:, 0], "b": groups()[:, 1], "sum": groups() @ [1.0, 2.0]})


def sentence(family: str, X: Any) -> str:
    """What is owed on these columns: the column, and the rank where the family turns axes."""
    rank = "" if family in DIAGONAL else " The 3 columns have rank 2."
    if "still" in X:
        return f"Column 'still' is constant: variance 0.{rank}"
    return f"Column {{}} is a linear combination of the others.{rank}"


def matches(said: str, owed: str) -> bool:
    """Which of collinear columns is named is open."""
    return any(said.startswith(owed.format(repr(name))) for name in ("a", "b", "sum"))


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("held", HELD)
def test_constant_column_under_a_ridge_or_a_prior_is_a_warning(held: str, family: str) -> None:
    X = constant()
    model, said = heard(lambda: mixture(2, family, **HELD[held]).fit(X))
    np.testing.assert_allclose(model.score_samples(X), log_density(model, X), rtol=1e-9, atol=1e-9)
    if family in SPHERICAL:
        assert [s for s in said if "constant" in s] == []
    else:
        assert said == [sentence(family, X)]


@pytest.mark.parametrize(
    ("family", "prior"),
    [*((family, "") for family in DIAGONAL), *((family, prior) for family in TURNING for prior in FREE)],
)
def test_constant_column_without_one_is_an_error(family: str, prior: str) -> None:
    owed = (
        f"{sentence(family, constant())} Drop such columns, or use reg_covar > 0, a prior{prior} "
        f"or covariance_type 'spherical', for {CODES.get(family, family)} is singular here."
    )
    with pytest.raises(MixtureError) as caught:
        mixture(2, family, **FREE[prior]).fit(constant())
    assert str(caught.value) == owed


@pytest.mark.parametrize("family", SPHERICAL)
def test_constant_column_where_no_variance_is_its_own(family: str) -> None:
    X = constant()
    model, said = heard(lambda: mixture(2, family, reg_covar=0).fit(X))
    assert said == []
    assert model.fit_report_.warnings == (
        "Column 'still' is limited to fewer than three distinct values, like a code.",
    )
    np.testing.assert_allclose(model.score_samples(X), log_density(model, X), rtol=1e-10)


@pytest.mark.parametrize("family", DIAGONAL)
def test_default_prior_holds_a_constant_column_up_in_diagonal_families(family: str) -> None:
    """There it is the mean variance of all columns."""
    model, said = heard(lambda: mixture(2, family, prior="default", reg_covar=0).fit(constant()))
    assert said == [sentence(family, constant())]
    X = constant()
    np.testing.assert_allclose(model.score_samples(X), log_density(model, X), rtol=1e-10)


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("held", HELD)
def test_collinear_columns_under_a_ridge_or_a_prior_are_a_warning(held: str, family: str) -> None:
    X = collinear()
    model, said = heard(lambda: mixture(2, family, tol=1.0, **HELD[held]).fit(X))
    assert len(said) == (family in TURNING) and all(matches(s, sentence(family, X)) for s in said)
    np.testing.assert_allclose(model.score_samples(X), log_density(model, X), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("prior", FREE)
def test_collinear_columns_without_one(prior: str, family: str) -> None:
    X = collinear()
    if family not in TURNING:
        model, said = heard(lambda: mixture(2, family, **FREE[prior]).fit(X))
        assert said == []
        np.testing.assert_allclose(model.score_samples(X), log_density(model, X), rtol=1e-10)
        return
    with pytest.raises(MixtureError) as caught:
        mixture(2, family, **FREE[prior]).fit(X)
    assert matches(str(caught.value), sentence(family, X))
    rest = f"reg_covar > 0, a prior{prior} or covariance_type 'diag' or 'spherical', for {CODES.get(family, family)}"
    assert str(caught.value).endswith(f"Drop such columns, or use {rest} is singular here.")


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("rows", (constant, collinear))
def test_under_the_ridge_the_answer_is_scikit_learns(rows: Any, covariance_type: str) -> None:
    X = rows()
    ours = quiet(lambda: mixture(2, covariance_type).fit(X))
    theirs = Theirs(2, covariance_type=covariance_type, random_state=0).fit(X)
    assert_close(ours, theirs, rtol=1e-6, atol=1e-10)


def flat_by(kind: str) -> Rows:
    X = groups()
    made = {
        "two constant": [X, np.full((200, 1), 3.0), np.zeros((200, 1))],
        "a column twice": [X, X[:, :1]],
        "constant far out": [X, np.full((200, 1), 1e9 + 0.1)],
        "shares of one": [np.abs(X), 50 - np.abs(X).sum(axis=1, keepdims=True)],
        "far out and collinear": [X + 1e6, (X + 1e6) @ [[1.0], [-3.0]]],
        "constant and collinear": [X, X @ [[0.5], [3.0]], np.ones((200, 1))],
        "in other units": [X * [1.0, 1e-9], X[:, :1] * 1e9],
    }
    return np.column_stack(made[kind])


@pytest.mark.parametrize(
    ("kind", "owed"),
    [
        ("two constant", "Columns 2, 3 are each constant: variance 0. The 4 columns have rank 2."),
        ("a column twice", "a linear combination of the others. The 3 columns have rank 2."),
        ("constant far out", "Column 2 is constant: variance 0. The 3 columns have rank 2."),
        ("shares of one", "a linear combination of the others. The 3 columns have rank 2."),
        ("far out and collinear", "a linear combination of the others. The 3 columns have rank 2."),
        ("constant and collinear", "Column 3 is constant: variance 0. Column"),
        ("constant and collinear", "a linear combination of the others. The 4 columns have rank 2."),
        ("in other units", "a linear combination of the others. The 3 columns have rank 2."),
    ],
)
@pytest.mark.parametrize("family", ("full", "EVV", "EEV"))
def test_kinds_of_flat_columns(family: str, kind: str, owed: str) -> None:
    with pytest.raises(MixtureError) as caught:
        mixture(2, family, reg_covar=0, init_params="random").fit(flat_by(kind))
    assert owed in str(caught.value)


@pytest.mark.parametrize("share", (1e-2, 1e-4, 1e-6))
def test_nearly_collinear_columns_are_fitted(share: float) -> None:
    noise = np.random.RandomState(1).standard_normal(200)
    X = np.column_stack([groups(), groups() @ [1.0, 2.0] + share * noise])
    model, said = heard(lambda: mixture(2, reg_covar=0, init_params="random", max_iter=2000).fit(X))
    assert said == []
    owed = np.cov(X.T, bias=True)
    shares, means = model.weights_, model.means_ - X.mean(axis=0)
    found = np.einsum("k,kij->ij", shares, model.covariances_ + np.einsum("ki,kj->kij", means, means))
    np.testing.assert_allclose(found, owed, rtol=1e-9)


def test_a_column_that_is_constant_but_for_one_row_is_no_constant() -> None:
    X = np.column_stack([groups(), np.ones(200)])
    X[5, 2] = 2.0
    model, said = heard(lambda: mixture(1, reg_covar=0).fit(X))
    assert said == []
    assert model.covariances_[0, 2, 2] == pytest.approx(199 / 200**2, rel=1e-12)


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("held", HELD)
def test_noise_over_flat_columns_fills_no_volume(held: str, family: str) -> None:
    with pytest.raises(
        MixtureError, match=r"^noise: the rows fill no volume, for columns are collinear\. Drop such columns"
    ):
        mixture(2, family, noise=True, **HELD[held]).fit(collinear())
    with pytest.raises(MixtureError, match=r"^noise: the box around the rows has no volume"):
        mixture(2, family, noise=True, **HELD[held]).fit(constant())


def test_many_columns_are_counted_and_ten_named() -> None:
    X = np.column_stack([groups(), np.ones((200, 25))])
    said = heard(lambda: mixture(2, "diag").fit(X))[1]
    assert said == ["Columns 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... (25 in all) are each constant: variance 0."]
