"""Data larger than ``--memory`` allows are read anew at every pass, and what comes out is what memory gives."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

import mixtura as mx
from mixtura import datasets
from mixtura.cli import judging, result, streamed_fits, watched
from mixtura.sources import opened

LITTLE = ("--memory", "1")


@pytest.fixture(autouse=True)
def streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rows may be held by what streams, and parts are small."""
    monkeypatch.setattr(opened, "LEAST", 1)
    monkeypatch.setattr(opened, "PROGRAM", 0)
    monkeypatch.setattr("mixtura.sources.tables_in_parts.rows_a_part", lambda _: 50)


def lines() -> list[str]:
    return datasets.path("faithful").read_text().splitlines()


def people(path: str) -> str:
    """Old Faithful with other columns around it, in another order, each cell written in a way of its own."""
    body = [
        f'{wait},"n,{at}",{at:03d}, {last} ,=cmd({at})'
        for at, (last, wait) in enumerate(x.split(",") for x in lines()[1:])
    ]
    Path(path).write_text("\n".join(["waiting,name,code,eruptions,note", *body]) + "\n")
    return path


def gaps(path: str, each: int = 9) -> str:
    body = [f"NA,{line.split(',')[1]}" if at % each == 4 else line for at, line in enumerate(lines()[1:])]
    Path(path).write_text("\n".join([lines()[0], *body]) + "\n")
    return path


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
        }
        parquet.write_table(pa.table(columns), f"{folder}/{name}.parquet", row_group_size=40)
    body = [
        f"{wait!r},{color},{last!r}" for (last, wait), color in zip(rows[70:133].tolist(), colors[70:133], strict=True)
    ]
    Path(folder, "b.csv").write_text("\n".join(["waiting,color,eruptions", *body]))
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


def test_a_fit_is_that_of_growing_samples_on_the_rows(mixtura, monkeypatch: pytest.MonkeyPatch) -> None:
    readings: list[int] = []
    plain = result.measured

    def counted(model: Any, data: Any, weight: Any) -> Any:
        before = data.meter.readings
        found = plain(model, data, weight)
        readings.append(data.meter.readings - before)
        return found

    monkeypatch.setattr(result, "measured", counted)
    path = people("people.csv")
    ended = mixtura("fit", path, "-k", 2, "--columns", "eruptions,waiting", "--json", "-o", "two", *LITTLE)
    assert ended.code == 0, ended.err
    told, model, X = json.loads(ended.out), mx.load("two"), datasets.load_faithful(as_frame=True).data
    assert list(model.feature_names_in_) == ["eruptions", "waiting"]
    assert told["bic"] == model.bic(X) and told["icl"] == model.icl(X) and told["aic"] == model.aic(X)
    assert told["assigned"] == np.bincount(model.predict(X)).tolist()
    assert told["log_likelihood"] == model.fit_report_.log_likelihood
    assert told["rows"] == {"read": 272, "used": 272, "lost": 0} and told["files"] == ["people.csv"]
    assert model.weights_[0] > model.weights_[1]
    assert readings == [1]


def test_a_streamed_fit_ends_where_one_in_memory_does(mixtura) -> None:
    for name, memory in (("a", ()), ("b", LITTLE)):
        assert mixtura("fit", "faithful", "-k", 2, "-c", "EEE", "-o", name, *memory).code == 0
    a, b = mx.load("a"), mx.load("b")
    np.testing.assert_allclose(b.means_, a.means_, rtol=1e-4)
    assert b.fit_report_.log_likelihood == pytest.approx(a.fit_report_.log_likelihood, abs=1e-4)


def test_what_is_dropped_and_what_weighs(mixtura) -> None:
    path = gaps("gaps.csv")
    refused = [mixtura("fit", path, "-k", 2, *memory) for memory in ((), LITTLE)]
    assert refused[0].code == 3 and refused[0].err == refused[1].err and refused[1].out == ""
    ended = [mixtura("fit", path, "-k", 2, "--missing", "drop", *memory) for memory in ((), LITTLE)]
    assert ended[0].err == ended[1].err and ended[1].err.startswith("WARNING: 242 rows kept, 30 left out (11.0 %)")
    assert "242 rows of gaps.csv, 30 left out" in ended[1].out
    crabs = mixtura("fit", "pearson_crabs", "-k", 2, *LITTLE)
    assert crabs.code == 0 and "29 rows of pearson_crabs, of total weight 1 000" in crabs.out


def test_a_missing_weight_is_a_lost_row(mixtura) -> None:
    Path("w.csv").write_text("x,w\n1.5,2\n2.25,\n9.5,3\n8.5,1\n7.75,2\n1.25,1\n0.5,0\n,1\n,\n")
    arguments = ("fit", "w.csv", "-k", 1, "--weights", "w", "--missing", "drop", "--json")
    told = [json.loads(mixtura(*arguments, *memory).out) for memory in ((), LITTLE)]
    for name in ("rows", "missing", "assigned", "columns"):
        assert told[0][name] == told[1][name]
    assert told[1]["rows"] == {"read": 9, "used": 6, "lost": 3} and told[1]["missing"] == {"x": 2, "w": 2}


def rows_of(n: int, **columns: Any) -> None:
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=n).round(6), **columns}
    cells = zip(*([str(cell) for cell in column] for column in table.values()), strict=True)
    Path("a.csv").write_text("\n".join([",".join(table), *map(",".join, cells)]) + "\n")


def test_columns_are_judged_by_the_first_rows_and_by_all(mixtura, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "FIRST", 1000)
    n = 3000
    at = np.arange(n)
    kinds = {
        "id": at,
        "code": at % 2,
        "name": ["n"] * n,
        "late": np.where(at < 1500, 1, at % 7),
        "broken": np.where(at < 1500, at, at % 97),
    }
    rows_of(n, **kinds)
    ended = mixtura("fit", "a.csv", "-k", 1, *LITTLE)
    assert (ended.code, ended.out) == (3, "")
    told = ended.err.splitlines()
    assert told[0].startswith("mixtura: a.csv: 3 columns do not look like measurements: 'id'")
    assert told[0].endswith("Judged by the first 1 000 rows.")
    assert told[1:3] == ["To fit x, late, broken:", "  mixtura fit a.csv -k 1 --memory 1 --exclude id,code,name"]
    again = mixtura("fit", "a.csv", "-k", 1, *LITTLE, "--exclude", "id,code,name")
    assert again.code == 0 and again.out.startswith("Columns used: x, late, broken.")
    assert again.err == "The first 1 000 rows told which columns are measurements.\n"


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


def test_a_search_sees_a_sample_and_the_best_are_fitted_to_all_rows(mixtura, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed_fits, "SEARCHED", 150)
    for more, n in (((), 150), (("--sample", 120), 120)):
        ended = mixtura(
            "select", "faithful", "-k", "1:3", "-c", "EEE,VVV", "--json", "-o", "best", "--force", *more, *LITTLE
        )
        assert ended.code == 0, ended.err
        told, best = json.loads(ended.out), mx.load("best")
        sample = told["search"]["sample"]
        assert (sample["rows"], sample["of"]) == (n, 272) and len(sample["all_rows"]["rows"]) == 3
        X = datasets.load_faithful(as_frame=True).data
        winner = sample["all_rows"]["rows"][sample["all_rows"]["best"]]
        assert winner["bic"] == told["bic"] == best.bic(X) == min(row["bic"] for row in sample["all_rows"]["rows"])
    assert max(map(len, mixtura("inspect", "best").out.splitlines())) <= 80
    cv = mixtura("select", "faithful", "-k", "1:2", "-c", "EEE", "--criterion", "nec", "--sample", 120, *LITTLE)
    assert cv.code == 0 and "Best by BIC on all rows" in cv.out and "Best by NEC" in cv.out


def test_a_search_of_few_streamed_rows_sees_all_of_them(mixtura) -> None:
    plain, streamed = (mixtura("select", "acidity", "-k", "1:2", "-c", "E", *memory) for memory in ((), LITTLE))
    assert streamed.code == 0 and "random sample" not in streamed.out
    assert plain.out.split("data ")[0] == streamed.out.split("data ")[0]


def test_a_fit_that_was_interrupted_goes_on(mixtura) -> None:
    arguments = ("fit", "faithful", "-k", 2, "--resume", "run.fit", *LITTLE)
    made = mixtura(*arguments, "-o", "a")
    assert made.err == "What is done is kept in run.fit: after an interrupt the same command goes on from there.\n"
    again = mixtura(*arguments, "-o", "b")
    assert again.code == 0 and again.err == "Going on with the fit that run.fit keeps.\n"
    np.testing.assert_array_equal(mx.load("a").means_, mx.load("b").means_)
    other = mixtura("fit", "faithful", "-k", 3, "--resume", "run.fit", *LITTLE)
    assert other.code == 3 and "run.fit" in other.err
    assert mixtura(*arguments, "-o", "run.fit").code == 2


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
    assert told == ["reading 2, 41 M of 100 M rows, about 14 s left in it", "reading 2, 5 000 rows"]
