"""Searches that take long: on a sample, with a checkpoint, interrupted, and what a terminal sees of them."""

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
from mixtura.outcome import MixtureError

# Writes the checkpoint after every candidate, each of which takes a while.
SLOW = """
import time
from mixtura.selection import keeper
keeper.EVERY = 0.0
keep = keeper.Kept.keep
keeper.Kept.keep = lambda *told: (keep(*told), time.sleep(0.3))
from mixtura.cli import main
main()
"""


@pytest.fixture(scope="module")
def groups() -> np.ndarray:
    """Three groups in the plane."""
    random = np.random.default_rng(0)
    return np.concatenate([random.normal(at, 1.0, (400, 2)) for at in ((0, 0), (6, 0), (0, 7))])


def plain(told: dict[str, Any]) -> dict[str, Any]:
    """All but seconds, which differ from run to run."""
    told["model"]["fit_report"].pop("seconds")
    for row in told["search"]["rows"]:
        row.pop("seconds")
    return told


def test_a_search_on_a_sample_is_judged_on_all_rows(mixtura, groups) -> None:
    np.savetxt("groups.csv", groups, delimiter=",", header="a,b", comments="")
    arguments = ("select", "groups.csv", "-k", "2:4", "-c", "EII,VVV", "--sample", 300, "--seed", 5)
    ended = mixtura(*arguments, "-o", "best")
    assert (ended.code, ended.err) == (0, "")
    words = " ".join(ended.out.split())
    assert "The search saw a random sample of 300 of 1 200 rows, drawn with seed 5." in words
    assert "Best by BIC on all rows: 3 components of family EII" in words
    told = json.loads(mixtura(*arguments, "--json").out)
    sample = told["search"]["sample"]
    assert (sample["rows"], sample["of"], sample["seed"]) == (300, 1200, 5)
    refits = sample["all_rows"]
    assert len(refits["rows"]) == 3 and refits["best"] == int(np.argmin([row["bic"] for row in refits["rows"]]))
    for row in refits["rows"]:
        alone = ("fit", "groups.csv", "-k", row["n_components"], "-c", row["family"], "--seed", 5, "--json")
        assert json.loads(mixtura(*alone).out)["bic"] == row["bic"]
    assert told["bic"] == refits["rows"][refits["best"]]["bic"] and sum(told["assigned"]) == 1200
    assert told["search"]["rows"][0]["log_likelihood"] > told["log_likelihood"]
    assert "Best by BIC on all rows" in mixtura("inspect", "best").out
    assert mx.load("best").n_components == 3


def test_a_refit_that_fails_is_a_row_with_its_reason(mixtura, groups, monkeypatch: pytest.MonkeyPatch) -> None:
    from mixtura.cli import searches

    np.savetxt("groups.csv", groups, delimiter=",", header="a,b", comments="")
    arguments = ("select", "groups.csv", "-k", "2:4", "-c", "EII", "--sample", 300)
    plain, lost = searches.search, {3}

    def failing(of: Any, rows: Any, wanted: Any, *more: Any) -> Any:
        if rows is of.rows and set(wanted.numbers) <= lost:
            raise MixtureError("Lost: on purpose.")
        return plain(of, rows, wanted, *more)

    monkeypatch.setattr(searches, "search", failing)
    told = json.loads(mixtura(*arguments, "--json").out)["search"]["sample"]["all_rows"]
    assert [(row["bic"] is None, row["outcome"] == "Lost: on purpose.") for row in told["rows"]].count(
        (True, True)
    ) == 1
    assert told["rows"][told["best"]]["n_components"] == 4
    assert "3 components" not in mixtura(*arguments).out.split("on all rows")[-1]
    lost.update((2, 4))
    none = mixtura(*arguments)
    assert none.code == 3 and "None of the best 3 could be fitted to all rows. Lost: on purpose." in none.err


def test_a_sample_of_no_fewer_rows(mixtura) -> None:
    ended = mixtura("select", "acidity", "-k", "1:2", "-c", "E", "--sample", 155)
    assert ended.code == 0 and "random sample" not in ended.out
    assert ended.err == "There are 155 rows, no more than --sample 155: the search sees all of them.\n"


def test_a_checkpoint_is_made_continued_and_refused(mixtura) -> None:
    few = ("-k", "1:3", "-c", "EEE,VVV", "--resume", "run.search")
    made = mixtura("select", "faithful", *few, "--json")
    assert made.err == "What is done is kept in run.search: after an interrupt the same command goes on from there.\n"
    again = mixtura("select", "faithful", *few, "--json")
    assert again.err == "Going on with the search that run.search keeps.\n"
    assert plain(json.loads(again.out)) == plain(json.loads(made.out))
    before = Path("run.search").read_bytes()
    for other in (("banknote", *few), ("faithful", *few, "--tol", 1e-4), ("faithful", *few[2:])):
        refused = mixtura("select", *other)
        assert (refused.code, refused.out) == (3, "")
        assert "run.search belongs to a search of other rows or with other settings." in refused.err
        assert "Name another file, or remove this one to begin anew." in refused.err
    assert Path("run.search").read_bytes() == before
    assert mixtura("select", "faithful", *few, "-q").err == ""
    Path("words").write_text("not a checkpoint")
    words = mixtura("select", "faithful", "-k", 1, "--resume", "words")
    assert words.code == 3 and "words is no checkpoint" in words.err
    assert Path("words").read_text() == "not a checkpoint"
    Path("own.csv").write_text("a\n1.5\n2.5\n4\n")
    assert mixtura("select", "own.csv", "-k", 1, "--resume", "own.csv").code == 2


def test_a_checkpoint_that_cannot_be_written(mixtura, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    ended = mixtura("select", "acidity", "-k", "1:2", "--resume", "run.search")
    assert ended.code == 5 and "'run.search' cannot be written: No space left on device." in ended.err


def start(*arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SLOW, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_interrupted_and_resumed_is_as_if_nothing_had_happened(mixtura) -> None:
    arguments = ("select", "faithful", "-k", "1:4", "-c", "EII,EEE,VVV", "--json")
    process, begun = start(*arguments, "--resume", "run.search"), time.monotonic()
    while not Path("run.search").exists() and time.monotonic() < begun + 120:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, b"")
    lines = err.decode().splitlines()
    assert lines[-3] == "mixtura: Interrupted. What is done is kept in run.search."
    assert lines[-2:] == ["To go on:", f"  mixtura {' '.join(map(str, arguments))} --resume run.search"]
    assert [path.name for path in Path.cwd().iterdir()] == ["run.search"]
    resumed = mixtura(*arguments, "--resume", "run.search")
    assert resumed.code == 0 and resumed.err == "Going on with the search that run.search keeps.\n"
    assert plain(json.loads(resumed.out)) == plain(json.loads(mixtura(*arguments).out))


def test_interrupted_without_a_checkpoint(mixtura, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mixtura.selection.mixture_search.MixtureSearch._fit", interrupt)
    ended = mixtura("select", "faithful", "-o", "m")
    assert (ended.code, ended.out) == (130, "")
    assert ended.err == (
        "mixtura: Interrupted. Nothing was written. With --resume FILE a search goes on where it was stopped.\n"
    )
    early = mixtura("select", "faithful", "--resume", "run.search")
    assert early.code == 130 and early.err.endswith("mixtura: Interrupted before any candidate was done.\n")
