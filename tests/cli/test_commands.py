"""score, sample, inspect, plot and data."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import mixtura as mx
from mixtura import datasets


def test_score(faithful) -> None:
    ended = faithful("score", "two.mixtura", "faithful")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Columns used: eruptions, waiting. Not used: none.\n")
    told = json.loads(faithful("score", "two.mixtura", "faithful", "--json").out)
    model, data = mx.load("two.mixtura"), datasets.load_faithful(as_frame=True).data
    assert told["rows"] == 272
    assert told["mean_log_likelihood"] == model.score(data)
    assert [told[name] for name in ("bic", "aic", "icl")] == [model.bic(data), model.aic(data), model.icl(data)]
    for name in ("bic", "aic", "icl"):
        assert f"{told[name]:.3f}" in ended.out


def test_score_counts_weights(mixtura) -> None:
    mixtura("fit", "pearson_crabs", "-k", 2, "-o", "m", "-q")
    weighted = json.loads(mixtura("score", "m", "pearson_crabs", "--json").out)
    crabs = datasets.load_pearson_crabs()
    repeated = np.repeat(crabs.data, crabs.sample_weight.astype(int))
    Path("all.csv").write_text("ratio\n" + "\n".join(map(repr, repeated.tolist())))
    plain = json.loads(mixtura("score", "m", "all.csv", "--json").out)
    assert weighted["bic"] == pytest.approx(plain["bic"], rel=1e-12)
    assert weighted["columns"]["unused"] == {"count": "weights"}


def test_sample(faithful) -> None:
    ended = faithful("sample", "two.mixtura", "-n", 500)
    found = list(csv.DictReader(ended.out.splitlines()))
    assert list(found[0]) == ["eruptions", "waiting", "label"] and len(found) == 500
    labels = [row["label"] for row in found]
    assert labels != sorted(labels) and 250 < labels.count("0") < 390
    assert faithful("sample", "two.mixtura", "-n", 500).out == ended.out
    assert faithful("sample", "two.mixtura", "-n", 500, "--seed", 1).out != ended.out
    written = faithful("sample", "two.mixtura", "-n", 500, "-o", "s.csv")
    assert (written.out, written.err) == ("", "Wrote 500 rows to s.csv; seed 0.\n")
    assert Path("s.csv").read_text() == ended.out
    fitted = faithful("fit", "s.csv", "-k", 2, "--by", "label", "--json")
    assert np.abs(np.array(json.loads(fitted.out)["model"]["means"])[0] - [4.29, 79.97]).max() < 1.5


def test_a_sample_beside_a_feature_of_its_name(mixtura) -> None:
    rows = np.random.default_rng(0).normal(size=(30, 1))
    np.savetxt("a.csv", rows, header="label", comments="")
    mixtura("fit", "a.csv", "-k", 1, "-o", "m", "-q")
    assert mixtura("sample", "m", "-n", 1).code == 2
    assert mixtura("sample", "m", "-n", 1, "--prefix", "its_").out.startswith("label,its_label\n")


def test_inspect(faithful) -> None:
    ended = faithful("inspect", "two.mixtura")
    assert (ended.code, ended.err) == (0, "")
    for words in ("Columns used: eruptions, waiting.", "fitted to 272 rows", "VVV, 11 free parameters", "64.4 %"):
        assert words in ended.out
    told = json.loads(faithful("inspect", "two.mixtura", "--json").out)
    model = mx.load("two.mixtura")
    assert told["weights"] == model.weights_.tolist() and told["covariances"] == model.covariances_.tolist()
    assert told["fit_report"]["outcome"] == "CONVERGED"


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical", "VEV"])
def test_inspect_a_model_of_given_parameters(mixtura, kind: str) -> None:
    covariances = {"tied": np.eye(2), "diag": np.ones((3, 2)), "spherical": np.ones(3)}.get(
        kind, np.array([np.eye(2)] * 3)
    )
    model = mx.GaussianMixture.from_parameters([0.2, 0.3, 0.5], np.arange(6.0).reshape(3, 2), covariances, kind)
    mx.save(model, "given")
    ended = mixtura("inspect", "given")
    assert ended.code == 0
    assert "2 columns without names." in ended.out and "none: the parameters were given" in ended.out
    spreads = ended.out.split("spread\n")[1].splitlines()[:2]
    assert [line.split() for line in spreads] == [["x1", "1.00", "1.00", "1.00"], ["x2", "1.00", "1.00", "1.00"]]


@pytest.mark.parametrize(("name", "mark"), [("p.png", b"\x89PNG"), ("p.svg", b"<?xml"), ("P.PDF", b"%PDF")])
def test_plot(faithful, name: str, mark: bytes) -> None:
    ended = faithful("plot", "two.mixtura", "faithful", "-o", name)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith("Columns used: eruptions, waiting. Not used: none.\nWrote " + name)
    assert Path(name).read_bytes().startswith(mark)


def test_plot_needs_a_picture(faithful) -> None:
    ended = faithful("plot", "two.mixtura", "faithful", "-o", "p.jpeg")
    assert ended.code == 2 and "'p.jpeg' should end in one of .png, .svg, .pdf." in ended.err
    assert faithful("plot", "two.mixtura", "faithful").code == 2


def test_data(mixtura) -> None:
    ended = mixtura("data")
    assert ended.code == 0
    for name in datasets.names():
        assert f"\n{name} " in "\n" + ended.out
    assert [entry["name"] for entry in json.loads(mixtura("data", "--json").out)] == list(datasets.names())
    assert mixtura("data", "faithful").out == datasets.path("faithful").read_text()
    assert mixtura("data", "iris", "-o", "iris.csv").err.startswith("Wrote iris.csv (")
    assert Path("iris.csv").read_bytes() == datasets.path("iris").read_bytes()
    assert mixtura("data", "iris", "-o", "iris.csv").code == 2
    assert mixtura("data", "iris", "-o", "iris.csv", "--force").code == 0
    unknown = mixtura("data", "titanic")
    assert unknown.code == 3 and "No data set 'titanic' is bundled. Use one of faithful" in unknown.err


@pytest.mark.parametrize("command", ["predict", "score", "inspect", "sample", "plot"])
def test_models_that_cannot_be_used(mixtura, command: str) -> None:
    Path("text").write_text("hello, world")
    more = {"inspect": (), "sample": ("-n", 1), "plot": ("faithful", "-o", "p.png")}.get(command, ("faithful",))
    absent = mixtura(command, "absent", *more)
    assert (absent.code, absent.out) == (3, "")
    assert absent.err == "mixtura: 'absent' does not exist. Models are written by: mixtura fit ... -o absent\n"
    wrong = mixtura(command, "text", *more)
    assert (wrong.code, wrong.out) == (3, "")
    assert "'text' cannot be loaded" in wrong.err and wrong.err.count("\n") == 1
    folder = mixtura(command, ".", *more)
    assert folder.code == 3 and folder.err.count("\n") == 1


def test_help_and_version(mixtura) -> None:
    for arguments in ([], ["--help"], ["-h"]):
        ended = mixtura(*arguments)
        assert ended.code == 0 and "predict" in ended.out
    assert mixtura("--version").out == f"mixtura {mx.__version__}\n"
    for command in ("fit", "select", "predict", "score", "sample", "inspect", "plot", "data"):
        ended = mixtura(command, "--help")
        assert ended.code == 0
        assert max(map(len, ended.out.splitlines())) <= 80
    unknown = mixtura("fitt")
    assert unknown.code == 2 and "fitt" in unknown.err and unknown.err.count("\n") == 1
