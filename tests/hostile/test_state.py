"""What a model keeps: through a refit that fails or is interrupted, into a warm start, in samples, without a pass."""

import pickle
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare
from sklearn.base import clone

import mixtura as mx
from mixtura import em
from mixtura.kernels import blocked, direct
from mixtura.outcome import DataWarning, MixtureError, Outcome
from tests.hostile.cases import ALL, TYPES, arrays, assert_same_bits, groups, log_density, matrices, mixture

FRAME = pd.DataFrame(groups(), columns=["a", "b"])


def spoiled(kind: str) -> Any:
    X = pd.DataFrame(groups()[:150] + 1, columns=["c", "d"])
    if kind == "nan":
        X.iloc[7, 1] = np.nan
    if kind == "too few rows":
        return X[:1]
    if kind == "one row many times":
        return pd.DataFrame(np.ones((9, 2)), columns=["c", "d"])
    if kind == "text":
        return X.assign(d="x")
    return pd.DataFrame(X * 1e200) if kind == "too large" else X


@pytest.mark.parametrize("kind", ("nan", "too few rows", "one row many times", "text", "too large"))
def test_a_refit_that_fails_leaves_the_old_model_untouched(kind: str) -> None:
    model = mixture(2).fit(FRAME)
    before, bits = pickle.dumps(vars(model)), {name: a.copy() for name, a in arrays(model).items()}
    with pytest.raises(MixtureError):
        model.fit(spoiled(kind))
    assert pickle.dumps(vars(model)) == before
    assert_same_bits(arrays(model), bits)
    assert model.feature_names_in_.tolist() == ["a", "b"] and model.n_features_in_ == 2
    np.testing.assert_array_equal(model.predict(FRAME), mixture(2).fit(FRAME).predict(FRAME))


@pytest.mark.parametrize(
    "settings", ({"reg_covar": -1}, {"n_components": 0}, {"covariance_type": "E"}, {"tol": np.nan})
)
def test_a_refit_with_settings_that_cannot_be_leaves_the_fit_untouched(settings: Any) -> None:
    model = mixture(2).fit(FRAME).set_params(**settings)
    before = pickle.dumps(vars(model))
    with pytest.raises(ValueError, match=r"must be|is for one column"):
        model.fit(FRAME + 1)
    assert pickle.dumps(vars(model)) == before


@pytest.mark.parametrize(
    ("end", "at", "threads"),
    [
        *((end, at, 1) for end in (KeyboardInterrupt, MemoryError, SystemExit) for at in (1, 2, 5)),
        (KeyboardInterrupt, 30, 2),
    ],
)
def test_ctrl_c_inside_a_kernel_leaves_the_old_model_untouched(
    end: type[BaseException], at: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = groups() if threads == 1 else np.tile(groups(), (2000, 1))
    model = mixture(3, tol=1e-9, max_iter=1000, n_threads=threads).fit(groups())
    model.set_params(init_params=np.arange(len(X)) % 3)
    kernel = direct if threads == 1 else blocked
    before, moments, calls = pickle.dumps(vars(model)), kernel.moments, []

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == at:
            raise end
        return moments(*args, **kwargs)

    monkeypatch.setattr(kernel, "moments", interrupted)
    with pytest.raises(end):
        model.fit(pd.DataFrame(X, columns=["c", "d"]))
    assert len(calls) >= at
    assert pickle.dumps(vars(model)) == before
    assert not hasattr(model, "feature_names_in_")


def test_ctrl_c_in_a_first_fit_leaves_an_unfitted_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(em, "read", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    model = mixture(2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(FRAME)
    assert vars(model) == vars(mixture(2))


def test_a_warning_made_an_error_leaves_the_old_model_untouched() -> None:
    model = mixture(2).fit(FRAME)
    before = pickle.dumps(vars(model))
    with pytest.raises(DataWarning, match="Column 'b' is constant"):
        model.fit(FRAME.assign(b=1.0))
    assert pickle.dumps(vars(model)) == before


@pytest.mark.parametrize(
    ("settings", "columns", "owed"),
    [
        ({"n_components": 3}, 2, "n_components is 3 and the fitted model has 2"),
        ({}, 1, "X has 1 features and the fitted model 2"),
        ({}, 3, "X has 3 features and the fitted model 2"),
        ({"covariance_type": "diag"}, 2, "covariance_type is 'diag' and the fitted one 'full'"),
        ({"covariance_type": "VVV"}, 2, "covariance_type is 'VVV' and the fitted one 'full'"),
        ({"noise": True}, 2, "noise was switched"),
        (
            {"n_components": 3, "covariance_type": "tied"},
            4,
            "n_components is 3 and the fitted model has 2; X has 4 features and the fitted model 2; "
            "covariance_type is 'tied' and the fitted one 'full'",
        ),
    ],
)
def test_warm_start_with_another_k_d_or_covariance(settings: Any, columns: int, owed: str) -> None:
    model = mixture(2, warm_start=True).fit(groups()).set_params(**settings)
    before = pickle.dumps(vars(model))
    remedy = "Use warm_start=False, or a new estimator."
    with pytest.raises(MixtureError, match=re.escape(f"A warm start cannot go on: {owed}. {remedy}")):
        model.fit(groups(d=columns))
    assert pickle.dumps(vars(model)) == before


@pytest.mark.parametrize("family", ALL)
def test_sample_gives_the_exact_number_of_rows(family: str) -> None:
    model = mixture(3, family).fit(groups())
    for n in (1, 2, 3, 7, 1000):
        X, y = model.sample(n)
        assert X.shape == (n, 2) and y.shape == (n,) and set(y) <= {0, 1, 2}
        assert (np.diff(y) >= 0).all()


@pytest.mark.parametrize("family", ALL)
def test_samples_have_the_shares_means_and_covariances_of_the_model(family: str) -> None:
    model = mixture(2, family, max_iter=500).fit(groups())
    X, y = model.sample(20_000, random_state=5)
    assert chisquare(np.bincount(y), 20_000 * model.weights_).pvalue > 1e-3
    for k, covariance in enumerate(matrices(model)):
        rows = X[y == k]
        spread = np.sqrt(np.diag(covariance))
        np.testing.assert_allclose(rows.mean(axis=0), model.means_[k], atol=0.05 * spread.max())
        np.testing.assert_allclose(np.cov(rows.T), covariance, atol=0.06 * spread.max() ** 2)


def test_sample_takes_random_state_and_shuffle_a_call() -> None:
    model = mixture(2, random_state=3).fit(groups())
    first, again = model.sample(50), model.sample(50)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[0], model.sample(50, random_state=3)[0])
    other, labels = model.sample(50, random_state=4)
    assert not np.array_equal(first[0], other)
    mixed, places = model.sample(50, random_state=4, shuffle=True)
    assert (np.diff(places) < 0).any()
    assert sorted(map(tuple, mixed)) == sorted(map(tuple, other)) and sorted(places) == sorted(labels)
    seed = np.random.RandomState(4)
    np.testing.assert_array_equal(model.sample(50, random_state=seed)[0], other)
    assert not np.array_equal(model.sample(50, random_state=seed)[0], other)


@pytest.mark.parametrize("n", (0, -1, 2.5, "3", None, np.nan))
def test_sample_of_no_whole_number(n: Any) -> None:
    owed = f"Invalid value for 'n_samples': {n}. It must be a whole number, at least 1."
    with pytest.raises(MixtureError, match=re.escape(owed)):
        mixture(2).fit(groups()).sample(n)


@pytest.mark.parametrize("n", (np.int64(5), np.uint8(5), True))
def test_sample_takes_the_integers_of_numpy(n: Any) -> None:
    assert len(mixture(2).fit(groups()).sample(n)[0]) == int(n)


def precisions(family: str) -> Any:
    first, second = np.array([[2.0, 0.3], [0.3, 1.0]]), np.array([[0.5, -0.1], [-0.1, 0.7]])
    given: dict[str, Any] = {
        "tied": first,
        "diag": np.array([[2.0, 1.0], [0.5, 0.7]]),
        "spherical": np.array([2.0, 0.1]),
    }
    return given.get(family, np.stack([first, second]))


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("rows", (groups(), groups()[:2], np.ones((3, 2)), groups() * 1e100))
def test_max_iter_of_zero_returns_exactly_the_given_parameters(rows: Any, family: str) -> None:
    given = {"weights_init": [0.3, 0.7], "means_init": [[0.1, 0.2], [3.3, 4.4]], "precisions_init": precisions(family)}
    model = mixture(2, family, max_iter=0, reg_covar=1.0, **given).fit(rows)
    assert_same_bits(
        {"weights_": [0.3, 0.7], "means_": given["means_init"], "precisions_": precisions(family)}, arrays(model)
    )
    np.testing.assert_allclose(model.score_samples(groups()), log_density(model, groups()), rtol=1e-12)
    assert (model.n_iter_, model.converged_, model.lower_bounds_) == (0, False, [])
    assert model.fit_report_.outcome is Outcome.GIVEN
    assert model.lower_bound_ == pytest.approx(model.score(rows), rel=1e-12)
    again = clone(model).fit(rows)
    assert_same_bits(arrays(again), arrays(model))


@pytest.mark.parametrize("covariance_type", TYPES)
def test_max_iter_of_zero_from_labels_is_numpys_first_m_step(covariance_type: str) -> None:
    start = np.repeat([0, 1], 100)
    model = mixture(2, covariance_type, max_iter=0, reg_covar=0, init_params=start).fit(groups())
    parts = [groups()[start == k] for k in (0, 1)]
    np.testing.assert_allclose(model.means_, [part.mean(axis=0) for part in parts], rtol=1e-12)
    owed = np.stack([np.cov(part.T, bias=True) for part in parts])
    if covariance_type == "tied":
        owed = np.broadcast_to(owed.mean(axis=0), (2, 2, 2))
    if covariance_type == "diag":
        owed = owed * np.eye(2)
    if covariance_type == "spherical":
        owed = np.trace(owed, axis1=1, axis2=2)[:, None, None] * np.eye(2) / 2
    np.testing.assert_allclose(matrices(model), owed, rtol=1e-12, atol=1e-12)


def test_given_parameters_that_are_not_float64_stay_exact() -> None:
    given = {"weights_init": [1], "means_init": [[1, 2]], "precisions_init": [[[4, 1], [1, 3]]]}
    model = mx.GaussianMixture(1, max_iter=0, **given).fit(groups())
    assert model.means_.tolist() == [[1.0, 2.0]] and model.precisions_.tolist() == [[[4.0, 1.0], [1.0, 3.0]]]
