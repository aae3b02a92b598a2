"""What is saved comes back: every number to the bit, and a model that goes on working."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx
from tests.files.cases import ARRAYS, ONE_COLUMN, TYPES, again, fitted, quietly, rows, same_bits

PLAIN = ("converged_", "n_iter_", "lower_bound_", "lower_bounds_", "noise_weight_", "n_features_in_", "_fitted_type")


def require_same(one: mx.GaussianMixture, other: mx.GaussianMixture, X: np.ndarray) -> None:
    """Every fitted attribute and every answer, to the bit."""
    assert vars(one).keys() == vars(other).keys()
    for name in ARRAYS:
        assert same_bits(getattr(one, name), getattr(other, name)), name
        assert getattr(other, name).flags.writeable
    for name in PLAIN:
        assert getattr(one, name) == getattr(other, name), name
        assert type(getattr(one, name)) is type(getattr(other, name)), name
    for ask in ("predict", "predict_proba", "score_samples", "uncertainty"):
        assert same_bits(getattr(one, ask)(X), getattr(other, ask)(X)), ask
    for ask in ("score", "bic", "aic", "icl"):
        assert getattr(one, ask)(X) == getattr(other, ask)(X), ask
    assert one.n_parameters_ == other.n_parameters_
    assert getattr(one, "fit_report_", None) == getattr(other, "fit_report_", None)
    if one._quantiles is not None:
        assert [one.log_density_threshold(f) for f in (0, 0.01, 0.5, 1)] == [
            other.log_density_threshold(f) for f in (0, 0.01, 0.5, 1)
        ]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("n_features", "covariance_type"), [*((3, name) for name in TYPES), *((1, name) for name in ONE_COLUMN)]
)
def test_every_family_comes_back(tmp_path: Path, covariance_type: str, n_features: int, dtype: type) -> None:
    X = rows(n_features, dtype=dtype)
    model = fitted(X, covariance_type=covariance_type)
    loaded = again(model, tmp_path)
    require_same(model, loaded, X)
    assert all(getattr(loaded, name).dtype == dtype for name in ARRAYS)
    assert same_bits(model.sample(50)[0], loaded.sample(50)[0])


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical", "VEV"])
def test_it_can_be_fitted_again(tmp_path: Path, covariance_type: str) -> None:
    X = rows(n_rows=90)
    model = fitted(X, 3, covariance_type=covariance_type, warm_start=True, tol=0, prior="default")
    loaded = again(model, tmp_path)
    quietly(model, X)
    quietly(loaded, X)
    assert model.n_iter_ == loaded.n_iter_
    assert model.lower_bounds_ == loaded.lower_bounds_
    assert all(same_bits(getattr(model, name), getattr(loaded, name)) for name in ARRAYS)
    cold = again(model.set_params(warm_start=False), tmp_path)
    assert same_bits(quietly(cold, X).means_, quietly(clone(model), X).means_)


def test_one_component_and_a_row_a_component(tmp_path: Path) -> None:
    X = rows()
    require_same(one := fitted(X, 1), again(one, tmp_path), X)
    many = fitted(X[:4], 4, covariance_type="spherical", reg_covar=0.1)
    require_same(many, again(many, tmp_path), X)


def test_the_box_of_the_noise_comes_back(tmp_path: Path) -> None:
    X = np.vstack([rows(), np.random.default_rng(0).uniform(-30, 30, size=(20, 3))])
    model = fitted(X, noise=True)
    loaded = again(model, tmp_path)
    require_same(model, loaded, X)
    assert loaded.noise_weight_ > 0
    drawn, labels = loaded.sample(400, random_state=3)
    assert -1 in labels
    assert same_bits(drawn, model.sample(400, random_state=3)[0])


def test_a_volume_alone_comes_back(tmp_path: Path) -> None:
    X = rows()
    model = fitted(X, noise=12345.0)
    loaded = again(model, tmp_path)
    require_same(model, loaded, X)
    assert loaded.noise == 12345.0
    with pytest.raises(mx.MixtureError, match="no place"):
        loaded.sample(400)


PRIORS = [
    mx.NormalInverseWishart(),
    mx.NormalInverseWishart(mean=[1, 2, 3], shrinkage=0.5, dof=9.0, scale=2.0),
    mx.NormalInverseWishart(scale=np.array([1.0, 2.0, 3.0])),
    mx.NormalInverseWishart(scale=np.diag([1.0, 2.0, 3.0]) + 0.1),
]


@pytest.mark.parametrize("prior", PRIORS)
def test_a_prior_comes_back(tmp_path: Path, prior: mx.NormalInverseWishart) -> None:
    X = rows()
    model = fitted(X, prior=prior)
    loaded = again(model, tmp_path)
    require_same(model, loaded, X)
    for name, value in vars(prior).items():
        found = getattr(loaded.prior, name)
        assert (found is None) == (value is None)
        assert value is None or np.array_equal(found, value)
    assert same_bits(quietly(clone(model), X).covariances_, quietly(loaded, X).covariances_)


def test_given_starts_come_back(tmp_path: Path) -> None:
    X = rows()
    given_start = {
        "weights_init": [0.25, 0.75],
        "means_init": X[:2].astype(np.float32),
        "precisions_init": np.stack([np.eye(3)] * 2),
    }
    model = fitted(X, **given_start)
    loaded = again(model, tmp_path)
    assert loaded.means_init.dtype == np.float32
    for name, value in given_start.items():
        assert np.array_equal(getattr(loaded, name), value)
    assert same_bits(loaded.set_params(max_iter=0).fit(X).precisions_, given_start["precisions_init"])


def test_a_model_from_scikit_learn_comes_back(tmp_path: Path) -> None:
    for dtype in (np.float64, np.float32):
        for covariance_type in ("full", "tied", "diag", "spherical"):
            X = rows(dtype=dtype)
            model = mx.GaussianMixture.from_sklearn(Theirs(2, covariance_type=covariance_type, random_state=0).fit(X))
            loaded = again(model, tmp_path)
            assert all(same_bits(getattr(model, name), getattr(loaded, name)) for name in ARRAYS)
            assert same_bits(model.score_samples(X), loaded.score_samples(X))


def test_assigned_attributes_are_what_is_saved(tmp_path: Path) -> None:
    X = rows()
    model = fitted(X)
    for name in ARRAYS:
        setattr(model, name, np.asfortranarray(getattr(model, name)).astype(">f8"))
    loaded = again(model, tmp_path)
    assert same_bits(model.score_samples(X), loaded.score_samples(X))
    assert loaded.means_.dtype == np.float64
    bare = mx.GaussianMixture(2, covariance_type="tied")
    bare.weights_, bare.means_, bare.covariances_ = np.array([0.5, 0.5]), np.array([[0, 0, 0], [8, 8, 8]]), np.eye(3)
    assert same_bits(bare.score_samples(X), again(bare, tmp_path).score_samples(X))
    assert not hasattr(again(bare, tmp_path), "converged_")


@pytest.mark.parametrize("condition", [1e6, 1e12, 1e14])
@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_stretched_components_come_back(tmp_path: Path, condition: float, offset: float) -> None:
    rng = np.random.default_rng(3)
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    X = rng.normal(size=(200, 3)) * np.geomspace(1, condition**-0.5, 3) @ axes.T * 1e6 + offset
    model = fitted(X, 1, reg_covar=0)
    require_same(model, again(model, tmp_path), X)
    single = fitted(X.astype(np.float32), 1, reg_covar=1e-9)
    require_same(single, again(single, tmp_path), X)


@st.composite
def parameters(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    k, d = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    finite = st.floats(-1e150, 1e150)
    means = draw(hnp.arrays(np.float64, (k, d), elements=finite))
    weights = draw(hnp.arrays(np.float64, k, elements=st.floats(0.01, 1.0)))
    layout = draw(st.sampled_from(["full", "tied", "diag", "spherical", "VEV", "EEE"]))
    shape = {"diag": (k, d), "spherical": (k,), "tied": (1, d)}.get(layout, (k, d))
    scale = 10.0 ** draw(hnp.arrays(np.float64, shape, elements=st.floats(-140, 140)))
    if layout in ("diag", "spherical"):
        return weights / weights.sum(), means, scale, layout
    # never singular: at most four halves in a row
    mixing = draw(hnp.arrays(np.float64, (*shape, d), elements=st.floats(-0.5, 0.5))) + 3.0 * np.eye(d)
    root = np.sqrt(scale)
    covariances = (mixing @ np.swapaxes(mixing, 1, 2)) * root[:, :, None] * root[:, None, :]
    return weights / weights.sum(), means, covariances[0] if layout == "tied" else covariances, layout


@given(parameters())
@settings(max_examples=60)
def test_any_parameters_come_back(tmp_path_factory: pytest.TempPathFactory, found: tuple[np.ndarray, ...]) -> None:
    model = mx.GaussianMixture.from_parameters(*found)
    loaded = again(model, tmp_path_factory.getbasetemp())
    assert vars(model).keys() == vars(loaded).keys()
    assert all(same_bits(getattr(model, name), getattr(loaded, name)) for name in ARRAYS)
    assert loaded.lower_bound_ == -np.inf and loaded.lower_bounds_ == []
