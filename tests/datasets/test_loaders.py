"""The bundled data are the published ones: shapes, means, order, classes, counts."""

import builtins
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from mixtura import datasets
from mixtura.outcome import MixtureError

LOADERS: dict[str, Callable[..., Any]] = {
    "faithful": datasets.load_faithful,
    "iris": datasets.load_iris,
    "acidity": datasets.load_acidity,
    "banknote": datasets.load_banknote,
    "pearson_crabs": datasets.load_pearson_crabs,
}
SHAPES = {"faithful": (272, 2), "iris": (150, 4), "acidity": (155, 1), "banknote": (200, 6), "pearson_crabs": (29, 1)}
SUMS = {
    "faithful": [948.677, 19284],
    "iris": [876.5, 458.6, 563.7, 179.9],
    "acidity": [791.289947],
    "banknote": [42979.2, 26024.3, 25991.3, 1883.5, 2130.1, 28096.7],
    "pearson_crabs": [18.4875],
}
ENDS = {
    "faithful": ([3.6, 79], [4.467, 74]),
    "iris": ([5.1, 3.5, 1.4, 0.2], [5.9, 3.0, 5.1, 1.8]),
    "acidity": ([2.928524], [4.497585]),
    "banknote": ([214.8, 131, 131.1, 9, 9.7, 141], [214.3, 129.9, 129.9, 10.2, 11.5, 139.6]),
    "pearson_crabs": ([0.5815], [0.6935]),
}
CLASSES = {"iris": ["setosa", "versicolor", "virginica"], "banknote": ["counterfeit", "genuine"]}
each = pytest.mark.parametrize("name", LOADERS)


def test_every_name_has_a_loader_and_every_loader_a_name() -> None:
    assert datasets.names() == tuple(LOADERS)
    assert {name for name in datasets.__all__ if name.startswith("load_")} == {f"load_{name}" for name in LOADERS}


@each
def test_measurements(name: str) -> None:
    bunch = LOADERS[name]()
    assert bunch.data.shape == SHAPES[name]
    assert bunch.data.dtype == np.float64
    assert bunch.data.flags.c_contiguous
    assert bunch.data.sum(axis=0) == pytest.approx(SUMS[name], rel=1e-12)
    assert (bunch.data[0].tolist(), bunch.data[-1].tolist()) == ENDS[name]
    assert len(bunch.feature_names) == bunch.data.shape[1]
    assert bunch.frame is None


@each
def test_classes_are_codes_of_the_column_that_is_never_fitted(name: str) -> None:
    bunch, column = LOADERS[name](), datasets.class_column(name)
    assert (column is None) == (name not in CLASSES)
    if column is None:
        assert bunch.target is None
        assert bunch.target_names is None
        return
    assert column not in bunch.feature_names
    assert bunch.target_names.tolist() == CLASSES[name]
    header, *rows = [line.split(",") for line in datasets.path(name).read_text().splitlines()]
    assert bunch.target_names[bunch.target].tolist() == [row[header.index(column)] for row in rows]


def test_iris_comes_species_by_species_and_agrees_with_fisher() -> None:
    iris: Any = datasets.load_iris()
    assert iris.target.tolist() == [0] * 50 + [1] * 50 + [2] * 50
    assert iris.data[34].tolist() == [4.9, 3.1, 1.5, 0.2]  # the two rows in which a well-known copy is wrong
    assert iris.data[37].tolist() == [4.9, 3.6, 1.4, 0.1]


def test_genuine_notes_come_first() -> None:
    banknote: Any = datasets.load_banknote()
    assert banknote.target.tolist() == [1] * 100 + [0] * 100


@each
def test_only_the_crabs_have_weights(name: str) -> None:
    weight, column = LOADERS[name]().sample_weight, datasets.weight_column(name)
    assert (weight is None) == (column is None) == (name != "pearson_crabs")


def test_there_are_a_thousand_crabs() -> None:
    crabs: Any = datasets.load_pearson_crabs()
    assert crabs.sample_weight.shape == (29,)
    assert crabs.sample_weight.dtype == np.float64
    assert crabs.sample_weight.sum() == 1000
    assert crabs.feature_names == ["ratio"]
    assert np.diff(crabs.data[:, 0]) == pytest.approx(0.004)
    mean = np.average(crabs.data[:, 0], weights=crabs.sample_weight)
    spread = np.sqrt(np.average((crabs.data[:, 0] - mean) ** 2, weights=crabs.sample_weight))
    assert (mean, spread) == pytest.approx((0.644696, 0.0190648), rel=1e-5)


@each
def test_story_and_file(name: str) -> None:
    bunch = LOADERS[name]()
    assert bunch.filename == str(datasets.path(name))
    assert datasets.description(name) == bunch.DESCR
    assert "Reference" in bunch.DESCR
    assert all(feature in bunch.DESCR for feature in bunch.feature_names)
    assert str(SHAPES[name][0]) in bunch.DESCR
    assert datasets.title(name)


@each
def test_the_files_are_resources_of_the_package(name: str) -> None:
    folder = files("mixtura.datasets") / "data"
    assert (folder / f"{name}.csv").is_file()
    assert (folder / f"{name}.md").is_file()


@pytest.mark.parametrize("loader", [datasets.load_iris, datasets.load_banknote])
def test_return_X_y(loader: Callable[..., Any]) -> None:  # noqa: N802
    X, y = loader(return_X_y=True)
    assert np.array_equal(X, loader().data)
    assert np.array_equal(y, loader().target)


@each
def test_as_frame(name: str) -> None:
    plain, framed = LOADERS[name](), LOADERS[name](as_frame=True)
    assert framed.data.columns.tolist() == plain.feature_names
    assert np.array_equal(framed.data.to_numpy(), plain.data)
    extra = [column for column in (datasets.class_column(name), datasets.weight_column(name)) if column]
    assert framed.frame.columns.tolist() == plain.feature_names + extra
    assert len(framed.frame) == len(plain.data)
    for column, values in (("target", plain.target), ("sample_weight", plain.sample_weight)):
        if values is not None:
            assert np.array_equal(framed[column].to_numpy(), values)


def test_frame_and_X_y_together() -> None:  # noqa: N802
    X, y = datasets.load_iris(return_X_y=True, as_frame=True)
    assert (X.shape, y.name) == ((150, 4), "class")


def test_a_frame_without_pandas_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_pandas(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pandas"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(ImportError, match="pip install pandas"):
        datasets.load_faithful(as_frame=True)


@pytest.mark.parametrize("ask", [datasets.path, datasets.title, datasets.description])
@pytest.mark.parametrize("name", ["geyser", "../catalog", ""])
def test_an_unknown_name_lists_the_known_ones(ask: Callable[[str], object], name: str) -> None:
    with pytest.raises(MixtureError, match=r"faithful, iris, acidity, banknote, pearson_crabs") as error:
        ask(name)
    assert repr(name) in str(error.value)


def test_a_change_to_what_was_loaded_stays_there() -> None:
    changed = datasets.load_faithful()
    changed.data[:] = 0
    changed.feature_names.clear()
    assert datasets.load_faithful().data.sum() > 0
    assert len(datasets.load_faithful().feature_names) == 2
