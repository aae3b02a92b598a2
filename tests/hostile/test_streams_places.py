"""Paths that are none, files that become others under a fit, and what a user may do with rows that are opened."""

import copy
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mixtura as mx
from mixtura.outcome import DataWarning, ModelFileError
from mixtura.sources import opened
from mixtura.sources.faults import TableError
from mixtura.sources.stream import Stream

NAMES = ["a", "b", "c"]


def rows(n_rows: int = 3000) -> Any:
    rng = np.random.default_rng(0)
    centers = np.array([[0, 0, 0], [4, 1, 0], [0, 5, 3]])
    return centers[rng.integers(3, size=n_rows)] + rng.normal(size=(n_rows, 3))


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """No room for rows: all files are streamed."""
    monkeypatch.setattr(opened, "LEAST", 1000)


def model(**settings: Any) -> Any:
    return mx.GaussianMixture(3, random_state=0, **settings)


@pytest.mark.parametrize("path", [3, None, 2.5, b"x.csv", [3], {"x.csv": 1}], ids=repr)
def test_what_is_no_path(path: Any) -> None:
    with pytest.raises(TableError, match="is no path but"):
        model().fit(mx.open(path))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"columns": []}, "names no column"),
        ({"columns": [0, 1]}, "columns holds 0"),
        ({"columns": ["a", None]}, "columns holds None"),
        ({"weights": 3}, "weights is 3, and must be the name"),
        ({"na": "NA"}, r"na=\['NA'\]"),
        ({"na": [-999]}, "na holds -999"),
        ({"delimiter": "||"}, "must be one character"),
        ({"delimiter": '"'}, "must be one character"),
        ({"delimiter": ""}, "must be one character"),
        ({"decimal": 3}, "must be one character"),
        ({"encoding": "klingon"}, "that of a text"),
        ({"encoding": "rot13"}, "that of a text"),
        ({"encoding": 8}, "that of a text"),
    ],
    ids=str,
)
def test_ways_to_read_that_are_none(tmp_path: Path, how: dict[str, Any], said: str) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3,5\n")
    with pytest.raises(mx.MixtureError, match=said):
        mx.open(tmp_path / "x.csv", **how)


def test_paths_that_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gone.csv").symlink_to("elsewhere.csv")
    Path("loop.csv").symlink_to("loop.csv")
    os.mkfifo("pipe.csv")
    Path("notes").mkdir()
    for path, said in {
        "": "A path is empty",
        "x" * 5000: "cannot be read: File name too long",
        "gone.csv": "is a link to 'elsewhere.csv', which is not there",
        "loop.csv": "is a link to 'loop.csv'",
        "a\0b.csv": "does not exist",
        "pipe.csv": "can be read only once",
        "/dev/zero": "can be read only once",
        "notes": "holds no data file",
    }.items():
        with pytest.raises(TableError, match=said):
            model().fit(mx.open(path))


def test_a_list_of_paths_is_enough(tmp_path: Path) -> None:
    X = rows()
    for at in range(2):
        np.save(tmp_path / f"{at}.npy", X[at * 1500 : (at + 1) * 1500])
    found = model().fit([tmp_path / "0.npy", str(tmp_path / "1.npy")])
    assert np.array_equal(found.means_, model().fit(X).means_)
    with pytest.raises(ValueError, match="2D"):
        model().fit([])


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"1.0,2.0,3.0\n")


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def exchange(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


@pytest.mark.parametrize("name", ["x.csv", "x.npy", "x.parquet", "x.feather"])
@pytest.mark.parametrize("befall", [grow, cut, Path.unlink, exchange], ids=["grow", "cut", "unlink", "exchange"])
@pytest.mark.parametrize("at", [1, 4])
def test_what_befalls_a_file_under_a_fit(
    tmp_path: Path,
    little: None,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    befall: Callable[[Path], None],
    at: int,
) -> None:
    table, path, read, passes = pd.DataFrame(rows(), columns=NAMES), tmp_path / name, Stream._read, 0
    write: dict[str, Callable[[Path], None]] = {
        "x.csv": lambda to: table.to_csv(to, index=False),
        "x.npy": lambda to: np.save(to, rows()),
        "x.parquet": table.to_parquet,
        "x.feather": table.to_feather,
    }
    write[name](path)

    def reading(self: Any, start: int) -> Any:
        nonlocal passes
        passes += 1
        this = passes
        for block in read(self, start):
            if this == at:
                befall(path)
            yield block

    fitted = model().fit(rows(500))
    before = fitted.means_
    monkeypatch.setattr(Stream, "_read", reading)
    with pytest.raises(TableError, match=rf"{name} was changed.* while it was read"):
        fitted.fit(mx.open(path, memory=1))
    assert fitted.means_ is before and passes - at in (0, 1)  # text is first tried for memory


@pytest.mark.parametrize("pattern", ["", "*"])
@pytest.mark.parametrize("name", ["fit.checkpoint", "fit.csv", "0.npy"])
def test_a_checkpoint_among_the_data_is_no_data(tmp_path: Path, little: None, pattern: str, name: str) -> None:
    np.save(tmp_path / "x.npy", rows())
    expected = model().fit(rows()).means_
    for _ in range(2):
        found = model().fit(mx.open(tmp_path / pattern, memory=1), checkpoint=tmp_path / name)
        assert np.array_equal(found.means_, expected)
    with pytest.raises(TableError, match="is the checkpoint of a fit, not data"):
        model().fit(tmp_path / name)


def test_checkpoints_that_cannot_be(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", rows())
    whole = (tmp_path / "x.npy").read_bytes()
    for path, said in {tmp_path / "x.npy": "is no checkpoint of a fit", tmp_path: "it is a folder"}.items():
        with pytest.raises(ModelFileError, match=said):
            model().fit(tmp_path / "x.npy", checkpoint=path)
    for none in ("", "a\0b", b"", 3):
        with pytest.raises(mx.MixtureError, match="must be the path of a file"):
            model().fit(tmp_path / "x.npy", checkpoint=none)
    assert (tmp_path / "x.npy").read_bytes() == whole and [*tmp_path.iterdir()] == [tmp_path / "x.npy"]


def test_a_checkpoint_of_rows_elsewhere(tmp_path: Path, little: None) -> None:
    np.save(tmp_path / "x.npy", rows())
    model().fit(mx.open(tmp_path / "x.npy", memory=1), checkpoint=tmp_path / "fit")
    with pytest.raises(
        ModelFileError, match=r"other data: .*the state of the files .* is known of that fit alone"
    ) as told:
        model().fit(rows(), checkpoint=tmp_path / "fit")
    assert "was ," not in str(told.value) and "is ;" not in str(told.value)


def test_copies_of_opened_rows_hold_none(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", rows(20_000))
    data = mx.open(tmp_path / "x.npy")
    expected = model().fit(data).means_
    assert len(pickle.dumps(data)) < 2000
    for other in (copy.copy(data), copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        assert np.array_equal(model().fit(other).means_, expected)


def test_rows_of_a_file_that_was_written_anew_are_the_new_ones(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", rows())
    data = mx.open(tmp_path / "x.npy")
    model().fit(data)
    np.save(tmp_path / "x.npy", rows()[::-1][:2000])
    assert np.array_equal(model().fit(data).means_, model().fit(rows()[::-1][:2000]).means_)
    assert len(data._known) == 1


def test_names_of_any_length_stay_in_a_sentence(tmp_path: Path) -> None:
    name, x = "n" * 10_000, rows(200)[:, 0]
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({name: np.ones(200), "\n": x}), path)
    with pytest.warns(DataWarning, match="constant") as heard:
        mx.GaussianMixture(1).fit(path)
    pq.write_table(pa.table({name: x, name + "2": pa.array(["t"] * 200)}), path)
    with pytest.raises(TableError, match="holds no numbers") as text:
        model().fit(path)
    pq.write_table(pa.table({name: pa.array(["t"] * 200)}), path)
    with pytest.raises(TableError, match="Is this a table of numbers") as alone:
        model().fit(path)
    assert all(len(str(told)) < 600 for told in (heard[0].message, text.value, alone.value))


def test_a_table_of_very_many_columns(tmp_path: Path) -> None:
    width = 8000
    lines = [",".join(f"c{at}" for at in range(width)), *[",".join([f"{row}.5"] * width) for row in range(3)]]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    chunks = [chunk.stacked() for chunk in mx.open(tmp_path / "x.csv").reader().chunks()]
    assert np.concatenate(chunks)[:, :: width - 1].tolist() == [[0.5, 0.5], [1.5, 1.5], [2.5, 2.5]]
