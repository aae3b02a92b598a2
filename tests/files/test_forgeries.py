"""Files whose digests are right and whose words or numbers cannot be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

import mixtura as mx
from mixtura.files import header
from mixtura.outcome import ModelFileError
from tests.files.cases import forge, opened, put, refused, rows, signed


def spoil(name: str, change: Any) -> Any:
    return lambda content, tensors: tensors.update({name: change(tensors[name])})


def say(**told: Any) -> Any:
    return lambda content, tensors: content.update(told)


def set_up(**told: Any) -> Any:
    return lambda content, tensors: content["settings"].update(told)


def report(**told: Any) -> Any:
    return lambda content, tensors: content["report"].update(told)


def drop(*names: str) -> Any:
    return lambda content, tensors: [tensors.pop(name) for name in names]


FORGERIES = {
    "NaN mean": (spoil("means", lambda a: put(a, (0, 0), np.nan)), "not finite"),
    "infinite bound": (spoil("lower_bounds", lambda a: a * np.inf), "not finite"),
    "NaN in a given start": (spoil("means_init", lambda a: a * np.nan), "not finite"),
    "negative share": (spoil("weights", lambda a: a - 0.9), "component [01] has the share -"),
    "shares above 1": (spoil("weights", lambda a: a * 1.01), "shares sum to"),
    "noise in the shares": (say(noise_weight=0.5), "must sum to 0.5"),
    "noise of all": (say(noise_weight=1.0), "noise of weight 1"),
    "noise of less than nothing": (say(noise_weight=-0.1), "noise of weight -0.1"),
    "noise without a volume": (say(noise_log_volume=None), "without a volume"),
    "noise without an end": (say(noise_log_volume="Infinity"), "log volume inf"),
    "noise of another volume": (say(noise_log_volume=1.25), "another volume"),
    "a box inside out": (spoil("noise_low", lambda a: a + 1e3), "no volume"),
    "a box without units": (spoil("noise_unit", lambda a: -a), "no volume"),
    "a skew box": (spoil("noise_axes", lambda a: put(a, (0, 1), 0.5)), "orthonormal"),
    "half a box": (drop("noise_low"), "lacks its tensor 'noise_low'"),
    "no means": (drop("means"), "lacks its tensor 'means'"),
    "another tensor": (lambda _, tensors: tensors.update(evil=np.ones(2)), "'evil'"),
    "a shape turned": (spoil("means_init", np.ravel), None),
    "means of another K": (
        spoil("means", lambda a: a[:1]),
        r"means have the shape \(1, 2\) and must have \(2, 2\)",
    ),
    "covariances of another layout": (spoil("covariances", lambda a: a[0]), "covariances have the shape"),
    "K of another model": (say(n_components=3, report=None), "shape"),
    "K of 2^60": (say(n_components=2**60, report=None), "n_components is"),
    "K of 2^50": (say(n_components=2**50, report=None), "shape"),
    "D of 2^50": (say(n_features=2**50, report=None), "shape"),
    "no components": (say(n_components=0), "0 components"),
    "K that is no number": (say(n_components="2"), "n_components is '2'"),
    "K that is a truth": (say(n_components=True), "n_components is 'True'"),
    "a name too few": (say(feature_names=["a"]), "1 feature names for 2 features"),
    "a name that is a number": (say(feature_names=["a", 2]), "feature_names is '2'"),
    "names that are a word": (say(feature_names="ab"), "feature_names is 'ab'"),
    "another kind": (say(kind="Dragon"), "Dragon.*upgrade"),
    "another type": (set_up(covariance_type="tied"), "shape"),
    "an unknown type": (set_up(covariance_type="dense"), "covariance_type is 'dense'"),
    "E in two columns": (set_up(covariance_type="E"), "covariance_type is 'E'"),
    "no type": (lambda content, _: content["settings"].pop("covariance_type"), "covariance_type is 'None'"),
    "an unknown setting": (set_up(evil=1), "setting 'evil' is unknown.*Upgrade"),
    "a setting out of range": (set_up(tol=-1), "settings cannot be used.*tol"),
    "a setting that is a list": (set_up(init_params=[0, 1]), "its init_params is"),
    "an unknown field": (say(evil=1), "'evil', which this version does not know"),
    "a field too few": (lambda content, _: content.pop("dtype"), "lacks 'dtype'"),
    "a second version": (say(version="9"), "version twice"),
    "a prior out of range": (set_up(prior={"shrinkage": -1.0, "dof": None, "scale": None}), "shrinkage"),
    "a prior of words": (set_up(prior={"shrinkage": "1", "dof": None, "scale": None}), "prior.shrinkage"),
    "a prior mean of another D": (spoil("prior_mean", lambda a: a[:1]), "prior: mean"),
    "a prior scale that is not positive": (spoil("prior_scale", lambda a: -a), "prior: scale"),
    "a prior scale of another D": (spoil("prior_scale", lambda a: np.ones((3, 3, 3))), "prior: scale"),
    "a report of another model": (report(n_components=7), "report is that of another model"),
    "a report of other counts": (report(mass=[1.0]), "report is that of another model"),
    "a report on component 9": (report(spurious=[9]), "report is that of another model"),
    "a report whose best start is not there": (report(best=5), "start 5 of 1"),
    "a report without an end": (report(outcome="EXPLODED"), "report.outcome is 'EXPLODED'"),
    "a report on nothing": (report(weight=0), "rows of total weight 0"),
    "a mean out of reach": (spoil("means", lambda a: put(a, (0, 0), 1e308)), "further apart"),
    "a report of words": (report(path=["x"]), "report.path is 'x'"),
    "a report with code": (report(evil=1), "'evil'"),
    "a count too large for a double": (report(weight=10**400), "report.weight"),
    "a start that is a list": (report(starts=[[]]), r"report.starts is '\[\]'"),
    "quantiles that fall": (spoil("quantile_values", lambda a: a[::-1].copy()), "do not rise"),
    "quantiles of another length": (spoil("quantile_shares", lambda a: a[1:].copy()), "do not rise"),
    "quantiles short of all": (spoil("quantile_shares", lambda a: a * 0.5), "do not rise"),
    "quantiles without shares": (drop("quantile_shares"), "do not rise"),
    "quantiles of nothing": (spoil("quantile_shares", lambda a: a[:0]), "do not rise"),
    "quantiles in a table": (spoil("quantile_shares", lambda a: a[None]), r"must have \(60,\)"),
    "means of half precision": (spoil("means", lambda a: a.astype(np.float16)), "not told as floats"),
    "means of whole numbers": (spoil("means", lambda a: a.astype(np.int64)), "not told as floats"),
    "quantiles of single precision": (spoil("quantile_shares", np.float32), "must be float64"),
    "bounds in a table": (spoil("lower_bounds", lambda a: a[None]), "lower_bounds have the shape"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_signed_forgeries(path: Path, whole: Path, name: str) -> None:
    """The digests are right, so that each check stands on its own."""
    content, tensors, outer = opened(whole)
    change, words = FORGERIES[name]
    change(content, tensors)
    forge(path, content, tensors, outer)
    if words is None:
        assert mx.load(path).means_init.shape == (4,)
        return
    told = refused(path, words)
    assert told.endswith(".") and " cannot be loaded: " in told


def test_words_said_twice(path: Path, whole: Path) -> None:
    _, tensors, outer = opened(whole)
    for old, new in [
        ('"kind"', '"kind": "Dragon", "kind"'),
        ('"seed"', '"seed": 2, "seed"'),
        ('"tol": ', '"tol": NaN, "x": '),
    ]:
        assert old in outer["model"]
        save_file(tensors, path, signed({**outer, "model": outer["model"].replace(old, new)}))
        refused(path, "a key stands twice|NaN is not a JSON number")


LEAVES = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        2**63,
        1e308,
        -0.0,
        "",
        "NaN",
        "Infinity",
        "full",
        [],
        {},
        [[]],
        {"a": 1},
        "x" * 5000,
        ["x"],
        [0] * 99,
    ]
)


def places(tree: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    branches = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [at, *(place for key, part in branches for place in places(part, (*at, key)))]


@given(st.data())
@settings(max_examples=200)
def test_any_word_in_a_signed_header(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content, tensors, outer = opened(whole)
    place = data.draw(st.sampled_from([place for place in places(content) if place]))
    branch = content
    for key in place[:-1]:
        branch = branch[key]
    branch[place[-1]] = data.draw(LEAVES)
    path = tmp_path_factory.getbasetemp() / "forged.mixtura"
    forge(path, content, tensors, outer)
    require_model_or_refusal(path)


@given(st.data())
@settings(max_examples=200)
def test_any_number_in_a_signed_file(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content, tensors, outer = opened(whole)
    values = tensors[data.draw(st.sampled_from(sorted(tensors)))].reshape(-1)
    values[data.draw(st.integers(0, len(values) - 1))] = data.draw(st.floats())
    path = tmp_path_factory.getbasetemp() / "forged.mixtura"
    forge(path, content, tensors, outer)
    require_model_or_refusal(path)


def require_model_or_refusal(path: Path) -> None:
    """A file that loads holds a model: its answers are numbers, and it prints and saves."""
    try:
        header(path)
        model = mx.load(path)
    except ModelFileError as error:
        assert len(str(error)) < 800
        return
    X = rows(2)
    assert np.isfinite(model.predict_proba(X)).all() and np.isfinite(model.score(X)) and model.n_parameters_ > 0
    assert str(model) and str(getattr(model, "fit_report_", "none"))
    mx.save(model.sort_components(), path)
