"""Paths and opened files in place of arrays: the same bits, in memory or streamed, and what is refused."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mixtura as mx
from mixtura.outcome import DataWarning
from mixtura.sources import opened
from mixtura.sources.faults import TableError
from mixtura.sources.memory import Memory
from mixtura.sources.stream import Stream

NAMES = ["a", "b", "c"]


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """No room for rows: all files are streamed, and samples hold few rows."""
    monkeypatch.setattr(opened, "LEAST", 1000)


@pytest.fixture(params=["held", "streamed"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways."""
    if request.param == "streamed":
        monkeypatch.setattr(opened, "LEAST", 1000)
    return str(request.param)


def rows(n_rows: int = 3000, dtype: Any = np.float64) -> Any:
    rng = np.random.default_rng(0)
    centers = np.array([[0, 0, 0], [4, 1, 0], [0, 5, 3]])
    return (centers[rng.integers(3, size=n_rows)] + rng.normal(size=(n_rows, 3))).astype(dtype)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The rows in a folder of two Parquet files, in single ones of other kinds, and with a column of weights."""
    X = rows()
    table = pd.DataFrame(X, columns=NAMES)
    (tmp_path / "parts").mkdir()
    table[:1700].to_parquet(tmp_path / "parts" / "one.parquet", row_group_size=300)
    table[1700:].to_parquet(tmp_path / "parts" / "two.parquet")
    table.to_csv(tmp_path / "x.csv", index=False)
    table.assign(times=np.arange(len(X)) % 3, who="x").to_csv(tmp_path / "more.csv", index=False)
    np.save(tmp_path / "x.npy", X)
    return tmp_path


def open_small(path: Any, **how: Any) -> Any:
    return mx.open(path, memory=1, **how)


def model(**how: Any) -> Any:
    return mx.GaussianMixture(3, random_state=0, **how)


def same(a: Any, b: Any) -> bool:
    names = ("weights_", "means_", "covariances_", "lower_bounds_", "n_iter_", "lower_bound_")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


@pytest.mark.parametrize("name", ["parts", "parts/*.parquet", "x.csv", "x.npy"])
@pytest.mark.parametrize("how", [{}, {"acceleration": "growing"}, {"noise": True}], ids=str)
def test_the_bits_are_those_of_rows_in_memory(folder: Path, either: str, name: str, how: dict[str, Any]) -> None:
    X = rows()
    expected, found = model(**how).fit(X), model(**how).fit(open_small(folder / name))
    assert same(found, expected)
    source = open_small(folder / name).source()
    assert isinstance(source, Memory if either == "held" else Stream)
    for answer in ("predict", "predict_proba", "score_samples", "uncertainty"):
        given, ours = getattr(expected, answer)(X), getattr(found, answer)(open_small(folder / name))
        assert np.array_equal(ours, given)
    for answer in ("score", "bic", "icl", "aic"):
        assert getattr(found, answer)(open_small(folder / name)) == getattr(expected, answer)(X)


def test_a_path_by_itself_is_enough(folder: Path) -> None:
    expected = model().fit(rows())
    assert same(model().fit(str(folder / "parts" / "*.parquet")), expected)
    found = model().fit(folder / "x.csv")
    assert same(found, expected) and found.feature_names_in_.tolist() == NAMES
    assert np.array_equal(found.fit_predict(folder / "x.csv"), expected.predict(rows()))
    assert not hasattr(model().fit(folder / "x.npy"), "feature_names_in_")


def test_a_model_finds_its_columns_by_name_among_others(folder: Path, either: str) -> None:
    fitted = model().fit(rows()[:, [2, 0]])
    named = model().fit(pd.DataFrame(rows()[:, [2, 0]], columns=["c", "a"]))
    assert np.array_equal(named.predict(open_small(folder / "more.csv")), fitted.predict(rows()[:, [2, 0]]))
    with pytest.raises(mx.MixtureError, match="in this order, and b, a were opened"):
        named.predict(open_small(folder / "more.csv", columns=["b", "a"]))
    with pytest.raises(mx.MixtureError, match="has 3 features, but GaussianMixture is expecting 2"):
        fitted.predict(open_small(folder / "x.npy"))


def test_a_column_of_weights_counts_rows(folder: Path, either: str) -> None:
    weight = np.arange(3000) % 3.0
    expected = model().fit(rows(), sample_weight=weight)
    data = open_small(folder / "more.csv", columns=NAMES, weights="times")
    found = model().fit(data)
    assert same(found, expected) and found.fit_report_.n_rows == 2000
    assert found.bic(data) == expected.bic(rows(), sample_weight=weight)
    assert same(model().fit(open_small(folder / "x.csv"), sample_weight=weight), expected)
    with pytest.raises(mx.MixtureError, match="have weights of their own"):
        model().fit(data, sample_weight=weight)


def test_single_precision_stays_so(tmp_path: Path, either: str) -> None:
    X = rows(dtype=np.float32)
    pd.DataFrame(X, columns=NAMES).to_parquet(tmp_path / "x.parquet")
    found = model().fit(open_small(tmp_path / "x.parquet"))
    assert same(found, model().fit(X)) and found.means_.dtype == np.float32


def test_missing_cells_are_refused_with_file_and_line_or_their_rows_dropped(tmp_path: Path, either: str) -> None:
    X = rows()
    table = pd.DataFrame(X, columns=NAMES)
    table.loc[[2500, 2700], "b"] = np.nan
    table.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(TableError, match=r"2 empty cells in 2 of 3 000 rows \('b' 2; the first in line 2502\)"):
        model().fit(open_small(tmp_path / "x.csv"))
    found = model().fit(open_small(tmp_path / "x.csv", missing="drop"))
    weight = np.ones(3000)
    weight[[2500, 2700]] = 0.0
    assert same(found, model().fit(X, sample_weight=weight)) and found.fit_report_.n_rows == 2998


def test_a_text_late_in_a_file_is_named_and_the_old_model_stays(folder: Path, either: str) -> None:
    fitted = model().fit(folder / "x.csv")
    before = fitted.means_.copy()
    lines = (folder / "x.csv").read_text().splitlines()
    lines[2900] = "1.0,oops,2.0"
    (folder / "x.csv").write_text("\n".join(lines))
    with pytest.raises(TableError, match=r"x\.csv, line 2901, column 'b': 'oops' is not a number"):
        fitted.fit(open_small(folder / "x.csv"))
    assert np.array_equal(fitted.means_, before)


def test_far_rows_are_told_by_file_and_line(folder: Path, either: str) -> None:
    fitted = model().fit(folder / "x.csv")
    with (folder / "x.csv").open("a") as file:
        file.write("1e200,0,0\n")
    with pytest.raises(mx.MixtureError, match=r"x\.csv, line 3002 is so far from every component"):
        fitted.predict(open_small(folder / "x.csv"))


def test_data_that_change_between_passes_are_noticed(folder: Path, little: None) -> None:
    source = open_small(folder / "x.npy").source().surveyed(100)
    np.save(folder / "x.npy", rows()[:2000])
    with pytest.raises(TableError, match="chang"):
        list(source.blocks())


def test_what_needs_all_rows_in_memory_says_so(folder: Path, little: None) -> None:
    fitted = model().fit(open_small(folder / "x.csv"))
    with pytest.raises(mx.MixtureError, match="needs all of them in memory"):
        mx.bootstrap(fitted, open_small(folder / "x.csv"), n_resamples=2)
    with pytest.raises(mx.MixtureError, match="needs all of them in memory"):
        mx.MixtureClassifier().fit(open_small(folder / "x.csv"), np.arange(3000) % 2)


def test_what_needs_rows_in_memory_takes_paths_of_few(folder: Path) -> None:
    X, y = rows(), np.arange(3000) % 2
    settings = {"n_components": 1, "covariance_types": ["EEE"]}
    given, path = mx.MixtureClassifier(**settings).fit(X, y), mx.MixtureClassifier(**settings).fit(folder / "x.npy", y)
    assert np.array_equal(path.predict(folder / "x.npy"), given.predict(X))


def test_rows_that_stand_beside_labels_are_not_dropped(tmp_path: Path) -> None:
    table = pd.DataFrame(rows(), columns=NAMES)
    table.loc[7, "b"] = np.nan
    table.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(mx.MixtureError, match=r"1 row of .* would be left out"):
        mx.MixtureClassifier().fit(mx.open(tmp_path / "x.csv", missing="drop"), np.arange(3000) % 2)


def test_a_search_over_files_is_the_search_over_rows(folder: Path, little: None) -> None:
    asked: dict[str, Any] = {"n_components": [2, 3], "covariance_types": ["EEE", "VVI"], "tol": 1e-5}
    expected = mx.MixtureSearch(**asked).fit(rows())
    found = mx.MixtureSearch(**asked).fit(open_small(folder / "parts"))
    for ours, theirs in zip(found.results_, expected.results_, strict=True):
        assert ours.bic == pytest.approx(theirs.bic, rel=1e-9)
    folds = mx.MixtureSearch(**asked, criterion="cv").fit(open_small(folder / "parts"))
    assert folds.results_[0].cv == pytest.approx(mx.MixtureSearch(**asked, criterion="cv").fit(rows()).results_[0].cv)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_the_same_bits_on_any_number_of_threads(folder: Path, little: None, n_threads: int) -> None:
    found = model(n_threads=n_threads, acceleration="squarem").fit(open_small(folder / "parts"))
    assert same(found, model(acceleration="squarem").fit(rows()))


def test_few_distinct_rows_and_constant_columns_are_told_as_ever(tmp_path: Path, either: str) -> None:
    pd.DataFrame({"a": [1.0, 2.0] * 50, "b": [3.0] * 100}).to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(mx.MixtureError, match="distinct"):
        model().fit(open_small(tmp_path / "x.csv"))
    with pytest.warns(DataWarning, match="constant"):
        mx.GaussianMixture(1).fit(open_small(tmp_path / "x.csv"))


def test_an_empty_file_one_row_and_a_missing_one(tmp_path: Path, either: str) -> None:
    (tmp_path / "one.csv").write_text("a,b\n1,2\n")
    (tmp_path / "none.csv").write_text("a,b\n")
    for name, said in (("one.csv", "holds 1 row"), ("none.csv", "no rows"), ("absent.csv", "does not exist")):
        with pytest.raises(mx.MixtureError, match=said):
            model().fit(open_small(tmp_path / name))


@pytest.mark.parametrize("memory", ["", "lots", "0", 0, "-1 GB"])
def test_sizes_that_are_none(memory: Any) -> None:
    with pytest.raises(mx.MixtureError, match="must be a size"):
        mx.open("x.csv", memory=memory)


def test_columns_as_a_single_word_and_other_mistakes(folder: Path) -> None:
    with pytest.raises(mx.MixtureError, match=r"columns=\['a'\]"):
        mx.open(folder / "x.csv", columns="a")
    with pytest.raises(mx.MixtureError, match="no column 'z'"):
        mx.open(folder / "x.csv", columns=["z"])
    with pytest.raises(mx.MixtureError, match="'error' or 'drop'"):
        mx.open(folder / "x.csv", missing="fill")  # type: ignore[arg-type]
    with pytest.raises(TableError, match="who"):
        model().fit(folder / "more.csv")
    assert "3 000 rows" in str(mx.open(folder / "x.npy"))


def threads_reading() -> Iterator[str]:
    import threading

    return (thread.name for thread in threading.enumerate() if thread.name == "mixtura-reader")


def test_no_reader_is_left_behind(folder: Path, little: None) -> None:
    import time

    model().fit(open_small(folder / "x.csv"))
    blocks = open_small(folder / "x.csv").source().having(block=10).blocks()
    next(blocks)
    del blocks
    time.sleep(0.3)
    assert list(threads_reading()) == []


SMALL = """
import sys
import mixtura as mx
model = mx.GaussianMixture(2, random_state=0, max_iter=3, tol=1.0).fit(mx.open(sys.argv[1], memory="385 MB"))
status = open("/proc/self/status").read()
print(model.fit_report_.n_rows, status.partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is counted otherwise elsewhere")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for times in (1, 5):
        np.save(tmp_path / "x.npy", np.tile(rows(dtype=np.float32), (300 * times, 1)))
        done = subprocess.run(
            [sys.executable, "-c", SMALL, str(tmp_path / "x.npy")],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ,
        )
        n_rows, peak = map(int, done.stdout.split())
        assert n_rows == 3000 * 300 * times
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 25_000, peaks
