"""``mixtura select`` tries what it is told to, says what it found, and writes the winner it tells of."""

import json
from pathlib import Path

import numpy as np
import pytest

import mixtura as mx
from mixtura import datasets, files

FEW = ("select", "faithful", "-k", "1:3", "-c", "EEE,VVV")


def test_the_table_the_leaders_the_verdict_and_the_winner(mixtura) -> None:
    ended = mixtura(*FEW, "-o", "best.mixtura")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "Columns used: eruptions, waiting. Not used: none."
    assert "BIC by family and number of components: lower is better, * is best." in lines
    at = lines.index(next(line for line in lines if line.startswith("family")))
    assert lines[at].split() == ["family", "1", "2", "3"]
    assert lines[at + 2].split() == ["EEE", "2607.62", "2325.22", "*2314.30"]
    at = lines.index(next(line for line in lines if line.startswith("best 5")))
    assert lines[at].split() == ["best", "5", "K", "BIC", "ICL", "log-likelihood", "df", "passes", "ended"]
    first = lines[at + 2].split()
    assert first[:3] == ["EEE", "3", "2314.30"] and first[4:6] == ["-1126.32", "11"] and first[7] == "converged"
    words = " ".join(ended.out.split())
    for sentence in (
        "Best by BIC: 3 components of family EEE",
        "Next: 2 components of family VVV, 7.9 behind: strong evidence.",
        "ICL prefers 2 components of family VVV.",
        "3 is the largest number of components that was tried: try more.",
        "Components need not be real groups",
        "272 rows of faithful",
        "EEE, 11 free parameters; seed 0",
        "6 candidates in",
        "Wrote best.mixtura (",
        "mixtura predict best.mixtura faithful -o labels.csv",
    ):
        assert sentence in words
    assert ["share", "47.5", "%", "35.6", "%", "16.9", "%"] in [line.split() for line in lines]
    assert max(map(len, lines)) <= 80 and all(line == line.rstrip() for line in lines)


def test_json_has_the_table_the_verdict_and_the_model_as_fit_tells_it(mixtura) -> None:
    told = json.loads(mixtura(*FEW, "--json", "-o", "best.mixtura").out)
    fitted = json.loads(mixtura("fit", "faithful", "-k", 3, "-c", "EEE", "--json").out)
    assert set(told) == {*fitted, "search"}
    search = told["search"]
    found = mx.MixtureSearch(range(1, 4), covariance_types=["EEE", "VVV"]).fit(datasets.load_faithful().data)
    assert search["criterion"] == "bic" and search["margin"] == found.margin_ and search["sample"] is None
    assert search["verdict"] == found.verdict_.split("\n")
    assert search["rows"][search["best"]]["bic"] == told["bic"]
    for row, expected in zip(search["rows"], found.results_, strict=True):
        assert {name: row[name] for name in ("family", "n_components", "passes", "outcome")} == {
            name: getattr(expected, name) for name in ("family", "n_components", "passes", "outcome")
        }
        assert row["log_likelihood"] == expected.log_likelihood and row["code"] == row["family"]
    model = mx.load("best.mixtura")
    assert told["model"]["means"] == model.means_.tolist()
    assert list(model.feature_names_in_) == ["eruptions", "waiting"]


@pytest.mark.parametrize("family", ["VVV", "diag"])
def test_fit_and_select_give_the_same_model(mixtura, family: str) -> None:
    for command in ("fit", "select"):
        assert mixtura(command, "iris", "-k", 3, "-c", family, "-o", f"{command}.mixtura", "-q").code == 0
    one, other = mx.load("fit.mixtura"), mx.load("select.mixtura")
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_", "n_iter_", "lower_bound_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.get_params() == other.get_params()
    assert one.fit_report_.log_likelihood == other.fit_report_.log_likelihood
    settings = one.get_params()
    wanted = {"init_params": "hierarchical", "n_init": 1, "tol": 1e-8, "max_iter": 10_000, "acceleration": "squarem"}
    assert settings == settings | wanted | {"reg_covar": 0.0, "random_state": 0}


def test_what_numbers_and_families_mean(mixtura) -> None:
    def tried(*arguments: object) -> list[tuple[str, int]]:
        told = json.loads(mixtura("select", "acidity", *arguments, "--json").out)
        return [(row["family"], row["n_components"]) for row in told["search"]["rows"]]

    assert tried("-k", "1,3") == [("E", 1), ("E", 3), ("V", 1), ("V", 3)]
    assert tried("-k", "2", "-c", "vvv, eee") == [("VVV", 2), ("EEE", 2)]
    assert tried("-k", "2:3", "-c", "SKLEARN") == [("full", 2), ("full", 3), ("tied", 2), ("tied", 3)]


def test_another_criterion(mixtura) -> None:
    ended = mixtura("select", "faithful", "-k", "1:3", "-c", "VVV,EEE", "--criterion", "ICL")
    assert "ICL by family and number of components" in ended.out
    assert "Best by ICL: 2 components of family VVV" in ended.out
    assert [line.split()[:4] for line in ended.out.splitlines() if line.startswith("best")] == [
        ["best", "5", "K", "ICL"]
    ]


def test_candidates_that_cannot_be_fitted_are_rows_with_a_reason(mixtura) -> None:
    rows = np.random.default_rng(0).normal(size=(40, 2))
    np.savetxt("c.csv", np.column_stack([rows, np.full(40, 7.0)]), delimiter=",", header="a,b,c", comments="")
    refused = mixtura("select", "c.csv", "-k", "1:2", "-c", "EII,EEE,VVV")
    assert refused.code == 3 and "--columns a,b,c" in refused.err
    ended = mixtura("select", "c.csv", "-k", "1:2", "-c", "EII,EEE,VVV", "--columns", "a,b,c")
    assert ended.code == 0
    assert [line.split() for line in ended.out.splitlines() if line.startswith("VVV")] == [["VVV", "-", "-"]]
    words = " ".join(ended.out.split())
    assert "not fitted EEE, VVV with 1, 2: Column 'c' is constant: variance 0." in words
    assert "--reg-covar > 0, --prior or -c 'spherical'." in words and "singular here" not in words
    assert words.count("could not be fitted") == 0


def test_more_components_than_rows(mixtura) -> None:
    Path("tiny.csv").write_text("x,y\n1,2.5\n2,1.5\n3.5,4\n8,7\n9,9.5\n")
    ended = mixtura("select", "tiny.csv", "-k", "1,2,7", "-c", "EII,EEE")
    assert ended.code == 0
    assert "EII, EEE with 7: " in " ".join(ended.out.split())
    assert "too few for 7" in " ".join(ended.out.split())
    none = mixtura("select", "tiny.csv", "-k", "7:9", "-c", "EII")
    assert (none.code, none.out) == (3, "")
    assert none.err.startswith("mixtura: None of the 3 candidates could be fitted and compared.")
    alone = mixtura("select", "tiny.csv", "-k", "7", "-c", "EII")
    assert alone.code == 3 and "None of the" not in alone.err and "too few for 7" in alone.err


def test_a_cross_table_noise_weights_and_the_other_options_of_fit(mixtura) -> None:
    ended = mixtura("select", "iris", "-k", "2:3", "-c", "VEV", "--by", "class")
    assert "class (crossed with the result)" in ended.out
    counts = [line.split() for line in ended.out.splitlines() if line.startswith("setosa")]
    assert counts == [["setosa", "0", "50"]]
    crabs = mixtura("select", "pearson_crabs", "-k", "1:2")
    assert "29 rows of pearson_crabs, of total weight 1 000" in crabs.out
    told = json.loads(
        mixtura(
            *("select", "iris", "-k", 2, "-c", "diag", "--noise", "--prior", "--init", "kmeans", "--n-init", 2),
            *("--tol", 1e-4, "--max-iter", 50, "--reg-covar", 1e-3, "--seed", 3, "--threads", 1, "--json"),
            *("--exclude", "Sepal.Width"),
        ).out
    )
    assert told["model"]["noise_weight"] >= 0 and told["seed"] == 3
    assert len(told["model"]["fit_report"]["starts"]) >= 2


def test_one_component_is_no_evidence_of_groups(mixtura) -> None:
    rows = np.random.default_rng(1).normal(size=(200, 2))
    np.savetxt("one.csv", rows, delimiter=",", header="a,b", comments="")
    ended = mixtura("select", "one.csv", "-k", "1:3", "-c", "EII,VVV")
    assert "One component is enough: no evidence of groups." in " ".join(ended.out.split())


def test_a_winner_that_did_not_converge(mixtura) -> None:
    arguments = ("select", "acidity", "-k", "3", "--max-iter", 2)
    assert mixtura(*arguments, "-o", "a").code == 0
    assert "The best candidate did not converge" in mixtura("inspect", "a").out
    strict = mixtura(*arguments, "--strict", "-o", "b")
    assert (strict.code, strict.out) == (4, "") and strict.err.startswith("mixtura: Not converged")
    assert not Path("b").exists()


def test_quiet(mixtura) -> None:
    ended = mixtura(*FEW, "-q", "-o", "best")
    assert (ended.code, ended.out, ended.err) == (0, "", "") and Path("best").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-k", "0"], "-k takes 3, 1:9 or 1,2,5, whole numbers from 1, not '0'."),
        (["-k", "a"], "not 'a'"),
        (["-k", "1:2:3"], "not '1:2:3'"),
        (["-k", "3:1"], "-k 3:1 counts down. Is 1:3 meant?"),
        (["-k", "1:5000"], "names more than 1000 numbers"),
        (["--criterion", "dic"], "--criterion takes one of bic, icl, aic, aicc, clc, nec, cv, not 'dic'."),
        (["-c", "VVV,VVW"], "-c takes names among all, sklearn, full"),
        (["--init", "magic"], "--init takes one of hierarchical, k-means++"),
        (["--sample", "1"], "--sample"),
        (["-o", "m", "--resume", "m"], "named by both --resume and -o"),
    ],
)
def test_usage(mixtura, arguments: list[str], words: str) -> None:
    ended = mixtura("select", "faithful", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err and ended.err.startswith("mixtura: ") and ended.err.count("\n") == 1


def test_outputs_are_checked_before_the_work(mixtura) -> None:
    Path("old").write_text("old")
    exists = mixtura("select", "faithful", "-o", "old")
    assert (
        exists.code == 2 and exists.err == "mixtura: 'old' exists. Add --force to replace it, or give another name.\n"
    )
    for option in ("-o", "--resume"):
        nowhere = mixtura("select", "faithful", option, "no/where")
        assert nowhere.code == 5 and "there is no folder" in nowhere.err
    family = mixtura("select", "faithful", "-k", 1, "-c", "E")
    assert family.code == 3 and "-c 'E' is for one column" in family.err


def test_inspect_shows_the_table_of_the_search(mixtura) -> None:
    chosen = mixtura(*FEW, "-o", "best")
    ended = mixtura("inspect", "best")
    assert ended.code == 0
    table, leaders = (chosen.out.index(words) for words in ("BIC by family", "component  "))
    assert chosen.out[table:leaders] in ended.out
    told = json.loads(mixtura("inspect", "best", "--json").out)
    assert told["search"] == files.header("best").extra["search"]
    assert [row["n_components"] for row in told["search"]["rows"]] == [1, 2, 3, 1, 2, 3]
    mixtura("fit", "faithful", "-k", 2, "-o", "fitted", "-q")
    assert json.loads(mixtura("inspect", "fitted", "--json").out)["search"] is None
    assert "BIC by family" not in mixtura("inspect", "fitted").out


@pytest.mark.parametrize("search", ["a word", {"rows": []}, {"rows": [{}], "sample": None}, None])
def test_inspect_passes_over_what_is_no_search(mixtura, search: object) -> None:
    model = mx.GaussianMixture.from_parameters([1.0], [[0.0, 1.0]], [[1.0, 2.0]], "diag")
    mx.save(model, "given", extra={"search": search})
    ended = mixtura("inspect", "given")
    assert ended.code == 0 and "BIC" not in ended.out
    assert json.loads(mixtura("inspect", "given", "--json").out)["search"] is None


def test_the_other_commands_take_its_models(mixtura) -> None:
    mixtura(*FEW, "-o", "best", "-q")
    assert "outlier" in mixtura("predict", "best", "faithful", "--outliers", 0.01).out.splitlines()[0]
    assert mixtura("score", "best", "faithful").code == 0
    assert mixtura("sample", "best", "-n", 5).code == 0
