"""Data larger than ``--memory`` allows are read anew at every pass, and what comes out is what memory gives."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

import mixtura as mx
from mixtura import datasets
from mixtura.cli import watched
from mixtura.cli.tally import Tally
from tests.cli.larger import LITTLE, gaps, lines, people

pytestmark = pytest.mark.usefixtures("streams")


def parts(folder: str) -> str:
    """Three files: Parquet with a dictionary, CSV with its columns the other way round, and Parquet again."""
    Path(folder).mkdir()
    rows = datasets.load_faithful().data
    colors = np.array(["red", "blue"])[np.arange(len(rows)) % 2]
    for name, which in (("a", slice(0, 70)), ("c", slice(133, 272))):
        columns = {
            "eruptions": rows[which, 0],
            "color": pa.array(colors[which]).dictionary_encode(),
            "waiting": rows[which, 1],
            "n": np.arange(which.start, which.stop),
        }
        parquet.write_table(pa.table(columns), f"{folder}/{name}.parquet", row_group_size=40)
    middle = zip(rows[70:133].tolist(), colors[70:133], strict=True)
    body = [f"{wait!r},{color},00{color},{last!r}" for (last, wait), color in middle]
    Path(folder, "b.csv").write_text("\n".join(["waiting,color,n,eruptions", *body]))
    return folder


def only_parquet(path: str) -> str:
    rows = datasets.load_faithful().data
    colors = pa.array(np.array(["red", "blue"])[np.arange(len(rows)) % 2]).dictionary_encode()
    columns = {"eruptions": rows[:, 0], "color": colors, "waiting": rows[:, 1].astype(np.int64)}
    parquet.write_table(pa.table(columns), path, row_group_size=100)
    return path


@pytest.mark.parametrize("output", ["out.csv", "out.parquet", "out.arrow", "out.tsv.gz"])
@pytest.mark.parametrize(
    ("data", "more"),
    [
        (lambda: people("people.csv"), ("--outliers", "0.05")),
        (lambda: gaps("gaps.csv"), ("--missing", "drop", "--outliers", "0.01")),
        (lambda: parts("folder"), ("--prefix", "my_")),
        (lambda: only_parquet("a.parquet"), ()),
    ],
    ids=["text", "gaps", "folder", "parquet"],
)
def test_predictions_are_the_same_bytes(faithful, data: Any, more: tuple[str, ...], output: str) -> None:
    path = data()
    ends = []
    for memory in ((), LITTLE):
        ended = faithful("predict", "two.mixtura", path, "-o", output, *more, "--force", "--json", *memory)
        assert ended.code == 0, ended.err
        ends.append((Path(output).read_bytes(), ended.out, ended.err))
    assert ends[0] == ends[1]


def test_predictions_on_standard_output_are_the_same(faithful) -> None:
    path = gaps("gaps.csv")
    found = [faithful("predict", "two.mixtura", path, "--missing", "drop", *more) for more in ((), LITTLE)]
    assert found[0].code == 0 and found[0] == found[1] and "WARNING: 242 rows kept, 30 left out" in found[1].err


@pytest.mark.parametrize("more", [(), ("--weights", "w"), ("--json",)])
def test_scores_are_the_same(faithful, more: tuple[str, ...]) -> None:
    body = [f"{line},{at % 3}" for at, line in enumerate(lines()[1:])]
    Path("a.csv").write_text("\n".join([lines()[0] + ",w", *body]))
    plain, streamed = (faithful("score", "two.mixtura", "a.csv", *more, *memory) for memory in ((), LITTLE))
    assert plain.code == 0 and plain == streamed


@pytest.mark.parametrize(
    "command", [("fit", "-k", "2"), ("score", "two.mixtura"), ("predict", "two.mixtura", "-o", "out.csv")]
)
@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("oops", "a.csv, line 262, column 'waiting': 'oops' is not a number"),
        ("inf", "a.csv, line 262, column 'waiting': 'inf' is infinite (1 infinite value in this column)"),
        ("", "a.csv: 1 empty cell in 1 of 272 rows ('waiting' 1; the first in line 262)"),
    ],
)
def test_errors_late_in_a_file_name_the_line_and_leave_nothing(faithful, command, cell: str, words: str) -> None:
    body = lines()
    body[261] = body[261].split(",")[0] + "," + cell
    Path("a.csv").write_text("\n".join(body) + "\n")
    name, *more = command
    before = sorted(path.name for path in Path().iterdir())
    ended = faithful(
        name,
        *more[:1],
        *(["a.csv"] if name != "fit" else []),
        *more[1:],
        *(["a.csv"] if name == "fit" else []),
        *LITTLE,
    )
    assert (ended.code, ended.out) == (3, "") and words in ended.err
    assert sorted(path.name for path in Path().iterdir()) == before


def test_every_row_incomplete(faithful) -> None:
    Path("a.csv").write_text("eruptions,waiting\n,1\n2,\n,\n")
    for command in (("predict", "two.mixtura", "a.csv", "-o", "b.csv"), ("score", "two.mixtura", "a.csv")):
        ended = faithful(*command, "--missing", "drop", *LITTLE)
        assert ended.code == 3 and "every row has an empty cell" in ended.err and not Path("b.csv").exists()


def test_an_interrupt_leaves_nothing(faithful, monkeypatch: pytest.MonkeyPatch) -> None:
    from mixtura.cli import predict

    plain, calls = predict._assign, []

    def interrupted(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return plain(*arguments)

    monkeypatch.setattr(predict, "_assign", interrupted)
    ended = faithful("predict", "two.mixtura", "faithful", "-o", "out.csv", *LITTLE)
    assert (ended.code, ended.err) == (130, "mixtura: Interrupted. Nothing was written.\n")
    assert [path.name for path in Path().iterdir()] == ["two.mixtura"]


def test_a_picture_of_a_sample(faithful, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixtura.cli.plot._DRAWN", 100)
    ended = faithful("plot", "two.mixtura", "faithful", "-o", "a.png", *LITTLE)
    assert ended.code == 0 and "Drawn is a random sample of 100 of 272 rows." in ended.err


def test_archives_and_arrays(mixtura) -> None:
    X = datasets.load_faithful().data
    np.save("a.npy", X)
    np.savez("a.npz", X=X)
    ends = [mixtura("fit", name, "-k", 2, *more) for name, more in (("a.npy", LITTLE), ("a.npz", ()))]
    assert [ended.code for ended in ends] == [0, 0]
    assert ends[0].out.split("data ")[0] == ends[1].out.split("data ")[0]
    assert (
        not hasattr(mx.load("m"), "feature_names_in_")
        if mixtura("fit", "a.npy", "-k", 1, "-o", "m", *LITTLE).code == 0
        else False
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--by", "class", *LITTLE), 2, "--by needs all rows in memory, more than --memory 1 holds"),
        (("--memory", "much"), 2, "--memory takes a size such as 500MB or 2GB, not 'much'."),
        (("--columns", "nothing", *LITTLE), 2, "has no column 'nothing'"),
    ],
)
def test_usage(mixtura, arguments: tuple[str, ...], code: int, words: str) -> None:
    ended = mixtura("fit", "iris", "-k", 2, *arguments)
    assert (ended.code, ended.out) == (code, "") and words in ended.err


def test_a_bar_tells_of_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Bar:
        def read(self, row: int, n_rows: int | None, words: str) -> None:
            told.append(words)

    meter, clock = watched.Meter(), iter([0.0, 100.0, 110.0])
    monkeypatch.setattr(watched, "perf_counter", lambda: next(clock))
    meter.bar = Bar()
    meter.begin(0)
    meter.begin(0)
    meter.move(41_000_000, 100_000_000)
    meter.move(5000, None)
    meter.move(5000, 5000)
    first = "reading 2, 41 M of 100 M rows, 14 s left in it"
    assert told == [first, "reading 2, 5 000 rows", "reading 2, 5 000 rows done"]


def test_only_a_whole_reading_counts() -> None:
    meter = watched.Meter()
    for whole in (False, True, True):
        meter.begin(0)
        meter.lose({"x": np.array([np.nan, 1.0]), "y": np.array([np.nan, np.nan])})
        if whole:
            meter.end(2)
    assert meter.tally == Tally(2, 2, {"x": 1, "y": 2})
