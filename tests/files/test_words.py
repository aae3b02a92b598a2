"""Settings, names, extras and reports come back; what cannot be saved is said."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture as Theirs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mixtura as mx
from mixtura.files import header
from mixtura.fit_report import FitReport
from tests.files.cases import again, fitted, parts, rows, same_bits, small


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    X = rows()
    model = fitted(X, init_params=np.arange(len(X)) % 2, random_state=np.random.RandomState(1))
    loaded = again(model, tmp_path)
    assert same_bits(model.score_samples(X), loaded.score_samples(X))
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


def test_more_words_than_are_read_are_not_written(tmp_path: Path) -> None:
    model = small()
    model.feature_names_in_ = np.array(["x" * 2**24], dtype=object)
    with pytest.raises(mx.MixtureError, match=r"at most 16777216 are read\. Save it with shorter feature names"):
        mx.save(model, tmp_path / "a")
    model.feature_names_in_ = np.array(["x" * (2**24 - 5000)], dtype=object)
    assert len(again(model, tmp_path).feature_names_in_[0]) > 1.67e7


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
