"""Fits and searches of rows that are read anew at every pass."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura as mx
from mixtura import datasets
from mixtura.cli import judging, result, streamed_fits
from tests.cli.larger import LITTLE, gaps, people

pytestmark = pytest.mark.usefixtures("streams")


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


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_in_the_middle_of_readings(mixtura, number: int, code: int) -> None:
    np.save("rows.npy", np.random.default_rng(0).normal(size=(200_000, 4)))
    Path("m.mixtura").write_text("old")
    forced = "from mixtura.sources import opened; opened.LEAST = 1; opened.PROGRAM = 0"
    command = [*("fit", "rows.npy", "-k", "8", "--tol", "0", "-o", "m.mixtura", "--force"), *LITTLE]
    text = f"import sys; {forced}; sys.argv[1:] = {command!r}; from mixtura.cli import main; main()"
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(6.0)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, b""), err
    assert number != signal.SIGINT or err.endswith(
        b"mixtura: Interrupted. Nothing was written. With --resume FILE a fit goes on where it was stopped.\n"
    )
    assert Path("m.mixtura").read_text() == "old" and len(list(Path().iterdir())) == 2


def test_a_cluster_gives_the_same_numbers(mixtura) -> None:
    distributed = pytest.importorskip("distributed")
    np.save("rows.npy", np.random.default_rng(0).normal(size=(3000, 2)))
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as cluster:
        there = ("--dask", cluster.scheduler_address)
        asked = ("fit", "rows.npy", "-k", 2, "--tol", 1e-3)
        fits = [mixtura(*asked, "-o", name, *more) for name, more in (("a", LITTLE), ("b", there))]
        scores = [mixtura("score", "a", "rows.npy", *more) for more in ((), there)]
    assert [ended.code for ended in (*fits, *scores)] == [0, 0, 0, 0], fits[1].err
    np.testing.assert_allclose(mx.load("b").means_, mx.load("a").means_, rtol=1e-10)
    assert scores[0].out == scores[1].out


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (("--dask", "tcp://127.0.0.1:1"), 3, "No Dask scheduler answers at 'tcp://127.0.0.1:1'"),
        (("--dask", "local", "--missing", "drop"), 2, "--dask does not count what --missing drop leaves out"),
    ],
)
def test_clusters_that_cannot_be_used(
    mixtura, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], code: int, words: str
) -> None:
    monkeypatch.setattr("mixtura.sources.partitioned.clusters.PATIENCE", 1)
    ended = mixtura("fit", "faithful", "-k", 2, *more)
    assert (ended.code, ended.out) == (code, "") and words in ended.err


def test_components_come_by_falling_share(mixtura) -> None:
    ends = [mixtura("fit", "iris", "-k", k, "-c", "EII", "--seed", 1, "--json", *LITTLE) for k in (4, 5, 6)]
    for shares in (json.loads(ended.out)["model"]["weights"] for ended in ends):
        assert shares == sorted(shares, reverse=True)
