"""Too few rows: fewer distinct ones than components, one for each, fewer than a covariance needs."""

from typing import Any

import numpy as np
import pytest

from mixtura.outcome import FitFailed, MixtureError
from tests.hostile.cases import ALL, TYPES, groups, heard, log_density, matrices, mixture, quiet

SHARED = ("tied", "EII", "EEI", "EEE")
SPHERICAL = ("spherical", "VII")
OWN = [family for family in ALL if family not in SHARED]
REMEDY = "Use fewer components, a family with fewer parameters, or a prior."


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("reg_covar", (1e-6, 0.0))
def test_fewer_distinct_rows_than_components(reg_covar: float, family: str) -> None:
    X = np.repeat([[1.0, 2.0], [3.0, 5.0]], 50, axis=0)
    with pytest.raises(MixtureError) as caught:
        mixture(3, family, reg_covar=reg_covar).fit(X)
    assert str(caught.value) == "There are only 2 distinct rows for 3 components. Use n_components=2 or fewer."


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("reg_covar", (1e-6, 0.0))
def test_all_rows_the_same(reg_covar: float, family: str) -> None:
    with pytest.raises(MixtureError) as caught:
        mixture(2, family, reg_covar=reg_covar).fit(np.full((40, 2), 3.5))
    assert str(caught.value) == "There is only 1 distinct row for 2 components. Use n_components=1 or fewer."


@pytest.mark.parametrize("start", ("kmeans", "k-means++", "random", "random_from_data"))
def test_distinct_rows_are_counted_before_any_start(start: str) -> None:
    X = np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 1.0 + 1e-16], [2.0, 3.0]] * 9)
    with pytest.raises(MixtureError, match="There are only 2 distinct rows for 3 components"):
        mixture(3, init_params=start, n_init=3).fit(X)


def test_rows_of_weight_zero_are_not_distinct_rows() -> None:
    weight = np.where(np.arange(200) < 3, 2.0, 0.0)
    with pytest.raises(MixtureError, match=r"got n_components = 4, n_samples = 3\. Use n_components=3 or"):
        mixture(4).fit(groups(), sample_weight=weight)
    X = np.where((np.arange(200) < 100)[:, None], 1.0, groups())
    with pytest.raises(MixtureError, match="There is only 1 distinct row for 2 components"):
        mixture(2).fit(X, sample_weight=(np.arange(200) < 100))


@pytest.mark.parametrize("family", ALL)
def test_all_rows_the_same_for_one_component(family: str) -> None:
    X = np.full((40, 2), 3.5)
    model, said = heard(lambda: mixture(1, family).fit(X))
    assert "Columns 0, 1 are each constant: variance 0." in said[0]
    np.testing.assert_array_equal(model.means_, [[3.5, 3.5]])
    np.testing.assert_allclose(model.score_samples(X), -np.log(2 * np.pi * 1e-6), rtol=1e-12)
    with pytest.raises(MixtureError, match=r"Columns 0, 1 are each constant: .*Use reg_covar > 0 or a prior\."):
        mixture(1, family, reg_covar=0).fit(X)


def test_a_hundred_thousand_rows_the_same() -> None:
    X = np.full((100_000, 2), 1.25)
    with pytest.raises(MixtureError, match="There is only 1 distinct row for 2 components"):
        mixture(2).fit(X)
    model = quiet(lambda: mixture(1).fit(X))
    np.testing.assert_array_equal(model.means_, [[1.25, 1.25]])
    np.testing.assert_allclose(model.covariances_[0], 1e-6 * np.eye(2), rtol=1e-12)


def test_more_components_than_rows() -> None:
    with pytest.raises(MixtureError) as caught:
        mixture(5).fit(groups()[:3])
    owed = "Expected n_samples >= n_components but got n_components = 5, n_samples = 3. Use n_components=3 or fewer."
    assert str(caught.value) == owed


@pytest.mark.parametrize("family", OWN)
@pytest.mark.parametrize("start", ("kmeans", "random_from_data"))
def test_as_many_components_as_rows(start: str, family: str) -> None:
    X = groups()[::40]
    model, said = heard(lambda: mixture(5, family, init_params=start).fit(X))
    needed = 2 if family in SPHERICAL else 3
    assert said == [
        f"Component {k} holds a mass of 1 rows for 2 features, too few for a covariance of its own ({needed}). {REMEDY}"
        for k in range(5)
    ]
    assert model.fit_report_.spurious == (0, 1, 2, 3, 4)
    np.testing.assert_allclose(model.score_samples(X), log_density(model, X), rtol=1e-9)
    np.testing.assert_allclose(np.sort(model.means_, axis=0), np.sort(X, axis=0), rtol=1e-9)


@pytest.mark.parametrize("family", SHARED)
def test_as_many_components_as_rows_with_one_covariance(family: str) -> None:
    model, said = heard(lambda: mixture(5, family).fit(groups()[::40]))
    assert said == [f"5 rows for 5 components leave 0 for the covariance that they share. {REMEDY}"]
    np.testing.assert_allclose(matrices(model), np.stack([1e-6 * np.eye(2)] * 5), rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize("family", OWN)
def test_as_many_components_as_rows_without_a_ridge(family: str) -> None:
    with pytest.raises(FitFailed) as caught:
        mixture(5, family, reg_covar=0).fit(groups()[::40])
    assert str(caught.value).startswith("The only start failed. Failed: the covariance of a component became singular.")
    said = str(caught.value)
    if family in ("full", "VVV", "EEV", "diag", "VVI"):
        assert said.endswith("Component 0 holds a mass of 1 rows for 2 features, so its covariance is singular.")
    assert "Component 0" in said


@pytest.mark.parametrize("family", OWN)
def test_a_component_with_fewer_rows_than_features_plus_one(family: str) -> None:
    """Three far rows in four features: the warning names their component, and no other."""
    X = np.vstack([groups(d=4), groups(d=4)[:3] + 1000])
    start = np.repeat([0, 1], [200, 3])
    model, said = heard(lambda: mixture(2, family, init_params=start).fit(X))
    owed = f"Component 1 holds a mass of 3 rows for 4 features, too few for a covariance of its own (5). {REMEDY}"
    assert said == ([] if family in SPHERICAL else [owed])
    assert model.fit_report_.spurious[-1:] == (() if family in SPHERICAL else (1,))


def test_the_warning_counts_weights_and_not_rows() -> None:
    X = np.vstack([groups(), groups()[:3] + 1000])
    start, weight = np.repeat([0, 1], [200, 3]), np.repeat([1.0, 0.5], [200, 3])
    said = heard(lambda: mixture(2, init_params=start).fit(X, sample_weight=weight))[1]
    assert said[0].startswith("Component 1 holds a mass of 1.5 rows for 2 features")
    assert heard(lambda: mixture(2, init_params=start).fit(X, sample_weight=10 * weight))[1] == []


def test_a_prior_makes_up_for_rows() -> None:
    X = np.vstack([groups(), groups()[:2] + 1000])
    settings: dict[str, Any] = {"init_params": np.repeat([0, 1], [200, 2]), "reg_covar": 0, "prior": "default"}
    assert heard(lambda: mixture(2, **settings).fit(X))[1] == []


@pytest.mark.parametrize("covariance_type", TYPES)
def test_fewer_rows_than_features(covariance_type: str) -> None:
    X = np.random.RandomState(1).standard_normal((20, 30))
    model, said = heard(lambda: mixture(1, covariance_type).fit(X))
    turning = covariance_type in ("full", "tied")
    assert ("There are only 20 rows for 30 columns. The 30 columns have rank 19." in said) == turning
    found = model.score_samples(X)
    np.testing.assert_allclose(found, log_density(model, X), rtol=1e-6, atol=1e-6)
    if turning:
        with pytest.raises(
            MixtureError, match=r"only 20 rows for 30 columns.*rank 19\. Use fewer columns, reg_covar > 0"
        ):
            mixture(1, covariance_type, reg_covar=0).fit(X)
    else:
        exact = quiet(lambda: mixture(1, covariance_type, reg_covar=0).fit(X))
        np.testing.assert_allclose(exact.covariances_, model.covariances_ - 1e-6, rtol=1e-9)


def test_one_row_for_each_component_in_two_hundred_features() -> None:
    X = np.random.RandomState(1).standard_normal((4, 200))
    model, said = heard(lambda: mixture(4, "diag").fit(X))
    assert [s.split(" for 200 features")[0] for s in said] == [
        f"Component {k} holds a mass of 1 rows" for k in range(4)
    ]
    np.testing.assert_allclose(model.lower_bound_, np.log(0.25) - 100 * np.log(2 * np.pi * 1e-6), rtol=1e-9)
    spherical = quiet(lambda: mixture(4, "spherical").fit(X))
    assert spherical.lower_bound_ == pytest.approx(model.lower_bound_, rel=1e-9)


def test_many_components_are_named_in_one_sentence_that_follows_them() -> None:
    X = groups()[::10]
    model, said = heard(lambda: mixture(20).fit(X))
    named = ", ".join(map(str, range(20)))
    rows = "hold masses of 1 to 1 rows for 2 features, too few for covariances of their own (3)"
    assert said == [f"Components {named} {rows}. {REMEDY}"]
    assert said[0] in model.reorder(list(range(20))[::-1]).fit_report_.warnings
    some, said = heard(lambda: mixture(13, init_params=np.minimum(np.arange(20), 12)).fit(X))
    assert said == [f"Components 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 {rows}. {REMEDY}"]
    back = some.reorder(list(range(13))[::-1]).fit_report_
    assert f"Components 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 {rows}. {REMEDY}" in back.warnings
