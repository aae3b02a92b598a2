"""``mixtura predict`` gives one row for each row, in order, with everything carried through."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest

import mixtura as mx
from mixtura import datasets

ADDED = ["row", "label", "p0", "p1", "uncertainty", "log_density"]


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(keepends=True), delimiter=delimiter))


@pytest.fixture
def people(faithful) -> Path:
    """Old Faithful with other columns around it, in another order, each cell written in a way of its own."""
    path = Path("people.csv")
    lines = datasets.path("faithful").read_text().splitlines()[1:]
    body = [
        f'{wait},"n,{at}",{at:03d}, {last} ,=cmd({at})' for at, (last, wait) in enumerate(x.split(",") for x in lines)
    ]
    path.write_text("\n".join(["waiting,name,code,eruptions,note", *body]) + "\n")
    return path


def test_the_numbers_are_the_models(faithful) -> None:
    ended = faithful("predict", "two.mixtura", "faithful", "--outliers", 0.05)
    assert ended.code == 0
    assert ended.err == "Columns used: eruptions, waiting. Not used: none.\n"
    found = rows_of(ended.out)
    assert list(found[0]) == [*ADDED, "outlier"]
    model, data = mx.load("two.mixtura"), datasets.load_faithful(as_frame=True).data
    assert [int(row["row"]) for row in found] == list(range(1, 273))
    assert [int(row["label"]) for row in found] == model.predict(data).tolist()
    np.testing.assert_array_equal([[float(row["p0"]), float(row["p1"])] for row in found], model.predict_proba(data))
    np.testing.assert_array_equal([float(row["log_density"]) for row in found], model.score_samples(data))
    np.testing.assert_array_equal([float(row["uncertainty"]) for row in found], model.uncertainty(data))
    flags = model.score_samples(data) < model.log_density_threshold(0.05)
    assert [row["outlier"] == "1" for row in found] == flags.tolist() and 9 <= flags.sum() <= 14


def test_other_columns_are_carried_through_as_they_were_written(faithful, people: Path) -> None:
    ended = faithful("predict", "two.mixtura", people)
    found = rows_of(ended.out)
    assert list(found[0]) == ["name", "code", "note", *ADDED]
    assert [(row["name"], row["code"], row["note"]) for row in found[:2]] == [
        ("n,0", "000", "'=cmd(0)"),
        ("n,1", "001", "'=cmd(1)"),
    ]
    plain = rows_of(faithful("predict", "two.mixtura", "faithful").out)
    assert [row["log_density"] for row in found] == [row["log_density"] for row in plain]
    assert "Not used: name (not in the model), code (not in the model), note (not in the model)." in ended.err


def test_numbers_are_never_escaped(faithful) -> None:
    Path("a.csv").write_text('eruptions,waiting,x,"=y()"\n2.5,60,-1.50,+3\n4,80,-,@home\n')
    found = rows_of(faithful("predict", "two.mixtura", "a.csv").out)
    assert [(row["x"], row["'=y()"]) for row in found] == [("-1.50", "+3"), ("'-", "'@home")]


@pytest.mark.parametrize("block", [2, 1000])
def test_incomplete_rows_stay_and_are_empty(faithful, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr("mixtura.sources.tables_in_parts.rows_a_part", lambda _: block)
    Path("all.csv").write_text("eruptions,waiting\n2.5,60\n4,80\n4.5,81\n2,50\n")
    Path("a.csv").write_text("eruptions,waiting,x\n2.5,60,a\nNA,70,b\n4,80,c\n4.5,81,d\n3,,e\n2,50,f\n")
    assert faithful("predict", "two.mixtura", "a.csv").code == 3
    ended = faithful("predict", "two.mixtura", "a.csv", "--missing", "drop", "--outliers", 0.01)
    found = rows_of(ended.out)
    assert [(row["x"], row["row"]) for row in found] == list(zip("abcdef", "123456", strict=True))
    assert [row["label"] for row in found] == ["1", "", "0", "0", "", "1"]
    assert {found[at][name] for at in (1, 4) for name in [*ADDED[1:], "outlier"]} == {""}
    complete = rows_of(faithful("predict", "two.mixtura", "all.csv").out)
    densities = [float(row["log_density"]) for row in found if row["label"]]
    assert densities == pytest.approx([float(row["log_density"]) for row in complete], rel=1e-13)
    assert "WARNING: 4 rows kept, 2 left out (33.3 %); empty cells: 'eruptions' 1, 'waiting' 1." in ended.err


def test_many_rows_in_blocks(faithful, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = faithful("predict", "two.mixtura", "faithful").out
    monkeypatch.setattr("mixtura.sources.tables_in_parts.rows_a_part", lambda _: 50)
    assert faithful("predict", "two.mixtura", "faithful").out == whole


def test_a_name_that_is_taken(faithful) -> None:
    Path("a.csv").write_text("eruptions,waiting,label\n2.5,60,a\n")
    ended = faithful("predict", "two.mixtura", "a.csv")
    assert ended.code == 2 and "have a column 'label' of their own. Add --prefix" in ended.err
    found = rows_of(faithful("predict", "two.mixtura", "a.csv", "--prefix", "my_").out)
    assert list(found[0]) == ["label", *("my_" + name for name in ADDED)]


def test_noise_has_a_column(mixtura) -> None:
    mixtura("fit", "faithful", "-k", 2, "--noise", "-o", "n.mixtura", "-q")
    found = rows_of(mixtura("predict", "n.mixtura", "faithful").out)
    assert list(found[0]) == ["row", "label", "p0", "p1", "p_noise", "uncertainty", "log_density"]
    assert {row["label"] for row in found} == {"0", "1", "-1"}
    assert all(float(row["p_noise"]) > 0.3 for row in found if row["label"] == "-1")


def test_every_kind_of_file(faithful) -> None:
    plain = rows_of(faithful("predict", "two.mixtura", "faithful").out)
    for name in ("a.csv", "a.tsv", "a.csv.gz", "a.parquet", "a.arrow"):
        ended = faithful("predict", "two.mixtura", "faithful", "-o", name)
        assert (ended.code, ended.out) == (0, "")
        assert f"Wrote 272 rows to {name}; rows by component 0: 175, 1: 97.\n" in ended.err
    assert rows_of(Path("a.csv").read_text()) == plain
    assert rows_of(Path("a.tsv").read_text(), "\t") == plain
    assert rows_of(gzip.decompress(Path("a.csv.gz").read_bytes()).decode()) == plain
    for table in (parquet.read_table("a.parquet"), feather.read_table("a.arrow")):
        assert table["log_density"].to_pylist() == [float(row["log_density"]) for row in plain]
        assert table["label"].to_pylist() == [int(row["label"]) for row in plain]


def test_a_summary_for_programs(faithful) -> None:
    ended = faithful("predict", "two.mixtura", "faithful", "--json", "-o", "a.csv")
    assert json.loads(ended.out) == {
        "columns": {"used": ["eruptions", "waiting"], "unused": {}},
        "rows": {"read": 272, "used": 272},
        "assigned": [175.0, 97.0],
        "output": "a.csv",
    }
    refused = faithful("predict", "two.mixtura", "faithful", "--json")
    assert (refused.code, refused.out) == (2, "") and "Add -o FILE" in refused.err


def test_columns_that_are_missing_or_renamed(faithful) -> None:
    Path("a.csv").write_text("eruption,waiting\n2.5,60\n")
    ended = faithful("predict", "two.mixtura", "a.csv")
    assert ended.code == 3
    assert "a.csv lacks 1 column of the model: 'eruptions'" in ended.err
    assert "needs 'eruptions', 'waiting'; the data have 'eruption', 'waiting'" in ended.err


def test_a_model_without_names(mixtura) -> None:
    np.save("a.npy", datasets.load_faithful().data)
    lines = datasets.path("faithful").read_text().splitlines()
    Path("b.csv").write_text("\n".join(["x,t,w", *(f"1,{line}" for line in lines[1:])]))
    assert mixtura("fit", "a.npy", "-k", 2, "-o", "bare.mixtura", "-q").code == 0
    assert not hasattr(mx.load("bare.mixtura"), "feature_names_in_")
    named = mixtura("predict", "bare.mixtura", "b.csv", "--columns", "t,w")
    bare = mixtura("predict", "bare.mixtura", "a.npy")
    assert [row["p0"] for row in rows_of(named.out)] == [row["p0"] for row in rows_of(bare.out)]
    refused = mixtura("predict", "bare.mixtura", "b.csv")
    assert refused.code == 3 and "2 features without names, but b.csv gives 3 columns: 'x', 't', 'w'" in refused.err
    chosen = mixtura("fit", "a.npy", "-k", 1, "--columns", "x2", "-o", "part.mixtura", "-q")
    assert chosen.code == 0 and list(mx.load("part.mixtura").feature_names_in_) == ["x2"]


def test_one_row(faithful) -> None:
    Path("a.csv").write_text("eruptions,waiting\n2.5,60\n")
    assert len(rows_of(faithful("predict", "two.mixtura", "a.csv").out)) == 1


def test_names_with_anything_in_them(mixtura) -> None:
    names = ["<script>", "=cmd()", "../x", "two\nlines", "😀", "y" * 10_000, "a,b"]
    rows = np.random.default_rng(0).normal(size=(60, 7))
    with Path("odd.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*names, "tag"], *[[*row, "@x"] for row in rows.tolist()]])
    refused = mixtura("fit", "odd.csv", "-k", 1)
    assert refused.code == 3 and "--exclude tag" in refused.err
    ended = mixtura("fit", "odd.csv", "-k", 1, "--exclude", "tag", "-o", "odd.mixtura")
    assert ended.code == 0 and max(map(len, ended.out.splitlines())) <= 80
    assert list(mx.load("odd.mixtura").feature_names_in_) == names
    assert mixtura("inspect", "odd.mixtura").code == 0
    assert mixtura("plot", "odd.mixtura", "odd.csv", "-o", "odd.png").code == 0
    found = rows_of(mixtura("predict", "odd.mixtura", "odd.csv").out)
    assert [row["tag"] for row in found] == ["'@x"] * 60
    sampled = mixtura("sample", "odd.mixtura", "-n", 2).out
    assert next(csv.reader([*sampled.splitlines(keepends=True)]))[:4] == ["<script>", "'=cmd()", "../x", "two\nlines"]


@pytest.mark.parametrize("command", ["predict", "score"])
def test_threads_change_nothing(faithful, command: str) -> None:
    one, all_of_them = (faithful(command, "two.mixtura", "faithful", *more) for more in (("--threads", 1), ()))
    assert one.code == 0
    assert one.out == all_of_them.out
    assert faithful(command, "two.mixtura", "faithful", "--threads", 0).code == 2
