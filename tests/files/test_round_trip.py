"""What is saved comes back: every number to the bit, every word, and a model that goes on working."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone
from sklearn.mixture import GaussianMixture as Theirs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mixtura as mx
from mixtura.files import header
from mixtura.fit_report import FitReport
from tests.files.cases import ARRAYS, ONE_COLUMN, TYPES, fitted, parts, quietly, rows, same_bits, small

PLAIN = ("converged_", "n_iter_", "lower_bound_", "lower_bounds_", "noise_weight_", "n_features_in_", "_fitted_type")


def again(model: mx.GaussianMixture, folder: Path) -> mx.GaussianMixture:
    mx.save(model, folder / "a.mixtura")
    return mx.load(folder / "a.mixtura")


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


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    X = rows()
    model = fitted(X, init_params=np.arange(len(X)) % 2, random_state=np.random.RandomState(1))
    loaded = again(model, tmp_path)
    require_same(model, loaded, X)
    assert (loaded.init_params, loaded.random_state) == ("kmeans", None)
    notes = header(tmp_path / "a.mixtura").notes
    assert len(notes) == 2
    assert '"kmeans"' in notes[0] and "random_state" in notes[1]


def test_settings_come_back_with_their_types(tmp_path: Path) -> None:
    asked = {
        "n_components": np.int64(2),
        "reg_covar": np.float64(0.1),
        "n_init": 3,
        "equal_weights": True,
        "acceleration": "squarem",
        "n_threads": 1,
        "init_params": "random_from_data",
    }
    loaded = again(fitted(rows(), **asked), tmp_path)
    for name, value in asked.items():
        assert getattr(loaded, name) == value
    assert type(loaded.n_components) is int and type(loaded.reg_covar) is float


NAMES = ["größe 🐧", "two\nlines\t\0", "<script>", "=cmd()", "../../x", "'\"\\", "", "x" * 10_000]


@pytest.mark.parametrize("count", [1, len(NAMES)])
def test_any_feature_name_comes_back(tmp_path: Path, count: int) -> None:
    X = pd.DataFrame(rows(count), columns=NAMES[:count])
    model = fitted(X, covariance_type="diag")
    loaded = again(model, tmp_path)
    assert list(loaded.feature_names_in_) == NAMES[:count]
    assert loaded.feature_names_in_.dtype == object
    assert header(tmp_path / "a.mixtura").feature_names == tuple(NAMES[:count])
    assert same_bits(loaded.score_samples(X), model.score_samples(X))
    model.feature_names_in_ = np.array(["\ud800", *NAMES[1:count]], dtype=object)
    assert again(model, tmp_path).feature_names_in_[0] == "\ud800"


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
    mixing = draw(hnp.arrays(np.float64, (*shape, d), elements=st.floats(-0.5, 0.5))) + 2.0 * np.eye(d)
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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
@settings(max_examples=50)
def test_any_extra_comes_back(tmp_path_factory: pytest.TempPathFactory, extra: dict[str, object]) -> None:
    path = tmp_path_factory.getbasetemp() / "extra.mixtura"
    mx.save(small(), path, extra=extra)
    assert header(path).extra == extra


def test_extra_is_made_plain(tmp_path: Path) -> None:
    path = tmp_path / "a.mixtura"
    mx.save(small(), path, extra={"seed": np.int64(3), "columns": ("a", "b"), "share": np.float32(0.5)})
    assert header(path).extra == {"seed": 3, "columns": ["a", "b"], "share": 0.5}
    nested: list[object] = []
    nested.append(nested)
    for wrong, place in [
        ({"a": {1: 2}}, "['a']"),
        ({"b": [float("nan")]}, "['b'][0]"),
        ({"c": b"x"}, "['c']"),
        ([1], ""),
    ]:
        with pytest.raises(mx.MixtureError, match="extra") as caught:
            mx.save(small(), path, extra=wrong)  # type: ignore[arg-type]
        assert place in str(caught.value)
    with pytest.raises(mx.MixtureError, match="nest"):
        mx.save(small(), path, extra={"a": nested})
    with pytest.raises(mx.MixtureError, match="values"):
        mx.save(small(), path, extra={"a": [0] * 2**20})
    with pytest.raises(mx.MixtureError, match="digits"):
        mx.save(small(), path, extra={"a": 10**5000})
    assert header(path).extra["seed"] == 3


def test_the_header_tells_what_is_inside(tmp_path: Path) -> None:
    X = pd.DataFrame(rows(), columns=["a", "b", "c"])
    model = fitted(X, covariance_type="tied", n_init=2)
    mx.save(model, tmp_path / "a", extra={"x": 1})
    told = header(str(tmp_path / "a"))
    assert (told.format, told.version, told.kind) == (1, mx.__version__, "GaussianMixture")
    assert (told.covariance_type, told.family, told.fitted_type, told.dtype) == ("tied", "EEE", "tied", "float64")
    assert (told.n_components, told.n_features, told.feature_names) == (2, 3, ("a", "b", "c"))
    assert (told.converged, told.n_iter, told.lower_bound) == (model.converged_, model.n_iter_, model.lower_bound_)
    assert told.report == model.fit_report_ == FitReport.from_dict(json.loads(json.dumps(model.fit_report_.to_dict())))
    assert told.extra == {"x": 1} and told.notes == ()


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    model = fitted(rows())
    mx.save(model, tmp_path / "a")
    metadata, tensors = parts(tmp_path / "a")
    assert same_bits(tensors["precisions_cholesky"], model.precisions_cholesky_)
    assert json.loads(metadata["model"], parse_constant=pytest.fail)["n_components"] == 2


def test_what_cannot_be_saved_is_said(tmp_path: Path) -> None:
    X, path = rows(), tmp_path / "a"

    class Mine(mx.GaussianMixture):
        pass

    wrong = [
        (mx.GaussianMixture(), "not fitted.*fit"),
        (Theirs(1).fit(X), "scikit-learn.*from_sklearn"),
        (make_pipeline(StandardScaler(), mx.GaussianMixture()).fit(X), "Pipeline.*mixture step"),
        (Mine().fit(X), "Mine"),
        ({"means": 1}, "fitted mixtura.GaussianMixture.*dict"),
    ]
    for model, words in wrong:
        with pytest.raises(mx.MixtureError, match=words):
            mx.save(model, path)
    assert list(tmp_path.iterdir()) == []


BROKEN = {
    "weights_": (lambda a: a * 0.5, "sum to 0.5"),
    "means_": (lambda a: a * np.nan, "finite"),
    "covariances_": (lambda a: a * 2, "component 0 has precisions that are not the inverse"),
    "precisions_": (lambda a: a * 1.0001, "component 0 has Cholesky"),
    "precisions_cholesky_": (lambda a: np.swapaxes(a, 1, 2), "component 0 has Cholesky"),
    "prior": (lambda _: mx.NormalInverseWishart(dof=-1.0), "dof"),
    "tol": (lambda _: "small", "tol"),
    "covariance_type": (lambda _: "diag", "shape"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_model_that_was_broken_by_hand_is_not_saved(tmp_path: Path, name: str) -> None:
    model = fitted(rows())
    change, words = BROKEN[name]
    setattr(model, name, change(getattr(model, name)))
    with pytest.raises(mx.MixtureError, match=words):
        mx.save(model, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_the_header_is_read_without_scikit_learn(tmp_path: Path) -> None:
    mx.save(small(), tmp_path / "a")
    code = (
        f"import sys; from mixtura.files import header; assert header({str(tmp_path / 'a')!r}).family == 'V'\n"
        "print([name for name in ('sklearn', 'scipy', 'pyarrow', 'safetensors') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
