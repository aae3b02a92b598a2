"""The models of every release load in every later one, to the bit."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mixtura as mx
from mixtura.files import header
from tests.files.cases import ARRAYS, quietly, rows
from tests.files.keep import MODELS, kept

FILES = sorted(MODELS.glob("*/*.mixtura"))


def told(path: Path) -> dict[str, object]:
    return json.loads((path.parent / "answers.json").read_text())[path.stem]


def test_this_version_has_its_models() -> None:
    assert {path.stem for path in FILES if path.parent.name == mx.__version__} == kept().keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_a_kept_model_is_what_it_was(path: Path) -> None:
    model, answers = mx.load(path), told(path)
    assert header(path).version == path.parent.name and header(path).extra == {"name": path.stem}
    for name in ARRAYS:
        array = getattr(model, name)
        assert [float(v).hex() for v in array.ravel()] == answers["arrays"][name]
        assert (list(array.shape), array.dtype.name) == (answers["shapes"][name], answers["dtype"])
    assert model.noise_weight_.hex() == answers["noise_weight"]
    assert [v.hex() for v in model.lower_bounds_] == answers["lower_bounds"]
    assert (model.n_iter_, model.n_parameters_) == (answers["n_iter"], answers["n_parameters"])
    assert list(getattr(model, "feature_names_in_", [])) == answers["names"]
    report = json.loads(json.dumps(model.fit_report_.to_dict())) if hasattr(model, "fit_report_") else {}
    assert {name: report[name] for name in answers["report"]} == answers["report"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_a_kept_model_works(path: Path) -> None:
    model, answers = mx.load(path), told(path)
    X = pd.DataFrame(answers["rows"], columns=answers["names"]) if answers["names"] else np.array(answers["rows"])
    np.testing.assert_allclose(model.score_samples(X), answers["log_densities"], rtol=1e-10)
    assert model.predict(X).tolist() == answers["labels"]
    fresh = rows(model.n_features_in_, 40)
    named = pd.DataFrame(fresh, columns=answers["names"]) if answers["names"] else fresh
    assert np.isfinite(quietly(model, named).score(named))
