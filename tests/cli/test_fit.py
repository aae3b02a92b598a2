"""``mixtura fit`` says what it did, in words and in JSON, and the model it writes is the one it tells of."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import mixtura as mx
from mixtura import datasets


def test_the_table_of_old_faithful(mixtura) -> None:
    ended = mixtura("fit", "faithful", "-k", 2, "-o", "two.mixtura")
    assert (ended.code, ended.err) == (0, "")
    told = ended.out.splitlines()
    assert told[0] == "Columns used: eruptions, waiting. Not used: none."
    cells = {line[:18].strip(): line[18:].split() for line in told if line}
    assert cells["component"] == ["0", "1"]
    assert cells["share"] == ["64.4", "%", "35.6", "%"]
    assert cells["rows"] == ["175", "97"]
    means = [line.split() for line in told if line.startswith("  eruptions ")]
    assert means == [["eruptions", "4.290", "2.036"], ["eruptions", "0.412", "0.263"]]
    assert ["eruptions,", "waiting", "0.38", "0.29"] in [line.split() for line in told]
    for words in (
        "272 rows of faithful",
        "VVV, 11 free parameters; seed 0",
        "log-likelihood -1130.264; BIC 2322.19, ICL 2322.70, AIC 2282.53",
        "Converged: the log-likelihood settled within --tol.",
        "suspicious  nothing",
        "Wrote two.mixtura (",
        "\n  mixtura predict two.mixtura faithful -o labels.csv",
        "Spread is the standard deviation",
    ):
        assert words in ended.out
    assert re.search(r" \d+ passes in [\d.]+ s[.;]", " ".join(ended.out.split()))


def test_the_model_that_is_written_is_the_one_that_is_told_of(mixtura) -> None:
    ended = mixtura("fit", "iris", "-k", 3, "-c", "VEV", "--json", "-o", "three.mixtura")
    told, model = json.loads(ended.out), mx.load("three.mixtura")
    assert told["model"]["means"] == model.means_.tolist()
    assert told["log_likelihood"] == model.fit_report_.log_likelihood
    assert told["model"]["features"] == list(model.feature_names_in_) == told["columns"]["used"]
    assert told["columns"]["unused"] == {"class": "known class"}
    assert sum(told["assigned"]) == 150
    assert told["seed"] == 0 and told["converged"] is True
    assert told["bic"] == pytest.approx(-2 * told["log_likelihood"] + model.n_parameters_ * np.log(150), rel=1e-12)
    assert model.covariance_type == "VEV"


def test_components_come_by_falling_share(mixtura) -> None:
    shares = json.loads(mixtura("fit", "iris", "-k", 4, "--json").out)["model"]["weights"]
    assert shares == sorted(shares, reverse=True)


def test_the_same_seed_gives_the_same_model(mixtura) -> None:
    for name in ("a", "b"):
        mixtura("fit", "banknote", "-k", 3, "--seed", 7, "-o", name)
    one, other = mx.load("a"), mx.load("b")
    np.testing.assert_array_equal(one.means_, other.means_)
    np.testing.assert_array_equal(one.covariances_, other.covariances_)


@pytest.mark.parametrize("family", ["VVV", "VVI", "EEE"])
def test_units_do_not_matter_to_families_that_scale(mixtura, family: str) -> None:
    rows = datasets.load_faithful().data * [1e6, 1e-6]
    np.savetxt("scaled.csv", rows, delimiter=",", header="a,b", comments="", fmt="%.17g")
    plain = json.loads(mixtura("fit", "faithful", "-k", 2, "-c", family, "--json").out)
    scaled = json.loads(mixtura("fit", "scaled.csv", "-k", 2, "-c", family, "--json").out)
    assert plain["assigned"] == scaled["assigned"]
    np.testing.assert_allclose(scaled["model"]["weights"], plain["model"]["weights"], rtol=1e-6)


def test_weights_are_counts(mixtura) -> None:
    Path("weighted.csv").write_text("x,w\n1.5,2\n2.25,1\n9.5,3\n8.5,1\n7.75,2\n1.25,1\n0.5,0\n")
    Path("repeated.csv").write_text("x\n1.5\n1.5\n2.25\n9.5\n9.5\n9.5\n8.5\n7.75\n7.75\n1.25\n")
    weighted = json.loads(mixtura("fit", "weighted.csv", "-k", 2, "-c", "E", "--weights", "w", "--json").out)
    repeated = json.loads(mixtura("fit", "repeated.csv", "-k", 2, "-c", "E", "--json").out)
    assert weighted["columns"] == {"used": ["x"], "unused": {"w": "weights"}}
    assert weighted["bic"] == pytest.approx(repeated["bic"], rel=1e-9)
    assert weighted["assigned"] == repeated["assigned"]


def test_pearsons_crabs_come_with_their_weights(mixtura) -> None:
    ended = mixtura("fit", "pearson_crabs", "-k", 2)
    assert ended.out.startswith("Columns used: ratio. Not used: count (weights).\n")
    assert "29 rows of pearson_crabs, of total weight 1 000" in ended.out
    assert "V, 5 free parameters" in ended.out


def test_a_cross_table(mixtura) -> None:
    ended = mixtura("fit", "iris", "-k", 3, "--by", "class")
    counts = {
        line.split()[0]: line.split()[1:] for line in ended.out.splitlines() if line[:5] in ("setos", "versi", "virgi")
    }
    assert counts == {"setosa": ["0", "50", "0"], "versicolor": ["5", "0", "45"], "virginica": ["50", "0", "0"]}
    assert "class (crossed with the result)" in ended.out
    crossed = json.loads(mixtura("fit", "iris", "-k", 3, "--by", "class", "--json").out)["by"]
    assert crossed["values"] == ["setosa", "versicolor", "virginica"]
    assert np.sum(crossed["counts"]) == 150
    assert round(crossed["adjusted_rand_index"], 3) == 0.904 and "Adjusted Rand index 0.904" in ended.out


def test_noise(mixtura) -> None:
    ended = mixtura("fit", "faithful", "-k", 2, "--noise", "--by", "waiting")
    assert ended.code == 0
    assert [line.split() for line in ended.out.splitlines()][2] == ["component", "0", "1", "noise"]
    assert "others" in ended.out


def test_all_the_options_of_a_fit(mixtura) -> None:
    ended = mixtura(
        *("fit", "iris", "-k", 2, "-c", "diag", "--prior", "--init", "kmeans", "--n-init", 1, "--tol", 1e-4),
        *("--max-iter", 50, "--reg-covar", 1e-3, "--seed", 3, "--threads", 1, "--exclude", "Sepal.Width", "--json"),
    )
    told = json.loads(ended.out)
    assert told["model"]["covariance_type"] == "diag"
    assert told["columns"]["unused"] == {"Sepal.Width": "excluded", "class": "known class"}
    assert len(told["model"]["fit_report"]["starts"]) == 1 and told["seed"] == 3


def test_many_components_and_features_stay_within_80_columns(mixtura) -> None:
    rows = np.random.default_rng(0).normal(size=(400, 14)) * 10.0 ** np.arange(-7, 7)
    names = ",".join(f"{at} is a rather long name of a column"[: 12 + 3 * at] for at in range(14))
    np.savetxt("wide.csv", rows, delimiter=",", header=names, comments="")
    for k, more in ((1, ()), (11, ("--noise", "-c", "VVI")), (3, ("-c", "EEE"))):
        ended = mixtura("fit", "wide.csv", "-k", k, "--n-init", 1, "--max-iter", 20, *more)
        assert ended.code == 0
        assert max(map(len, ended.out.splitlines())) <= 80
        assert "These 12 features separate the components most; --json has the other 2 too." in ended.out
        assert all(line == line.rstrip() for line in ended.out.splitlines())


def test_what_looks_suspicious_is_said_in_options(mixtura) -> None:
    ended = mixtura("fit", "iris", "-k", 6, "-c", "VVV")
    words = " ".join(ended.out.split())
    assert re.search(r"suspicious Components? [\d, ]+ holds? [\d.]+ (and more )?rows for 15 parameters", words)
    assert "Use fewer components, a family with fewer parameters, or --prior." in words


def test_a_fit_that_does_not_converge(mixtura) -> None:
    ended = mixtura("fit", "acidity", "-k", 3, "--max-iter", 2, "-o", "a.mixtura")
    assert ended.code == 0
    assert "Not converged: --max-iter passes were made before the log-likelihood settled." in " ".join(
        ended.out.split()
    )
    assert "squarem" not in ended.out
    assert json.loads(mixtura("fit", "acidity", "-k", 3, "--max-iter", 2, "--json").out)["converged"] is False
    strict = mixtura("fit", "acidity", "-k", 3, "--max-iter", 2, "--strict", "-o", "b.mixtura")
    assert (strict.code, strict.out) == (4, "")
    assert strict.err.startswith("mixtura: Not converged") and strict.err.endswith(
        "Because of --strict nothing was written.\n"
    )
    assert Path("a.mixtura").exists() and not Path("b.mixtura").exists()


def test_missing_rows_are_dropped_loudly(mixtura) -> None:
    lines = datasets.path("faithful").read_text().splitlines()
    Path("gaps.csv").write_text(
        "\n".join([lines[0], *[f"NA,{line.split(',')[1]}" for line in lines[1:31]], *lines[31:]])
    )
    refused = mixtura("fit", "gaps.csv", "-k", 2)
    assert refused.code == 3
    assert "30 empty cells in 30 of 272 rows ('eruptions' 30; the first in line 2)" in refused.err
    ended = mixtura("fit", "gaps.csv", "-k", 2, "--missing", "drop")
    assert ended.err == (
        "WARNING: 242 rows kept, 30 left out (11.0 %); empty cells: 'eruptions' 30. "
        "If rows lack cells for a reason, what is left misleads.\n"
    )
    assert "242 rows of gaps.csv, 30 left out" in ended.out
    told = json.loads(mixtura("fit", "gaps.csv", "-k", 2, "--missing", "drop", "--json").out)
    assert told["rows"] == {"read": 272, "used": 242, "lost": 30} and told["missing"] == {"eruptions": 30}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-k", "1:9"], "fit takes one number of components, not 1:9. To choose among several: mixtura select"),
        (["-k", "1,2,5"], "mixtura select"),
        (["-k", "0"], "-k takes a whole number of components from 1, not '0'."),
        (["-k", "two"], "not 'two'"),
        (["-k", "2", "-c", "all"], "fit takes one family, not all. To choose among several: mixtura select"),
        (["-k", "2", "-c", "VVV,EEE"], "mixtura select"),
        (["-k", "2", "-c", "VVW"], "-c takes one of full, tied, diag, spherical, EII"),
        (
            ["-k", "2", "--init", "magic"],
            "--init takes one of hierarchical, k-means++, kmeans, random, random_from_data",
        ),
        (["-k", "2", "--delimiter", "::"], "--delimiter takes a single character"),
        (["-k", "2", "--decimal", ";"], "--decimal takes . or ,"),
        (["-k", "2", "--missing", "maybe"], "'maybe'"),
        (["-k", "2", "--n-init", "0"], "--n-init"),
        (["-k", "2", "--columns", 'a,"b'], "is not a list of columns"),
        (["-k", "2", "--columns", "eruption"], "has no column 'eruption'. Is 'eruptions' meant?"),
        (["-k", "2", "--nonsense"], "--nonsense"),
        ([], "-k"),
    ],
)
def test_usage(mixtura, arguments: list[str], words: str) -> None:
    ended = mixtura("fit", "faithful", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err and ended.err.startswith("mixtura: ") and ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("family", "k", "words"),
    [
        ("VVV", 300, "gives 272 rows, too few for 300 components"),
        ("E", 2, "-c 'E' is for one column"),
    ],
)
def test_what_cannot_be_fitted(mixtura, family: str, k: int, words: str) -> None:
    ended = mixtura("fit", "faithful", "-k", k, "-c", family)
    assert (ended.code, ended.out) == (3, "")
    assert words in ended.err and ended.err.count("\n") == 1


def test_a_start_that_fails_names_the_option_for_more(mixtura) -> None:
    Path("few.csv").write_text("x,y\n1,2.5\n2,1.5\n3.5,4\n8,7\n9,9.5\n")
    ended = mixtura("fit", "few.csv", "-k", 5)
    assert ended.code == 3 and ended.err.endswith("Other starts may do: add --n-init 10.\n")
    assert "--n-init 10" not in mixtura("fit", "few.csv", "-k", 5, "--n-init", 2).err
    assert "--n-init 10" not in mixtura("fit", "few.csv", "-k", 6).err


def test_rows_that_are_all_the_same(mixtura) -> None:
    Path("same.csv").write_text("a,b\n" + "1.5,2.5\n" * 9)
    ended = mixtura("fit", "same.csv", "-k", 2, "--columns", "a,b")
    assert ended.code == 3 and "distinct" in ended.err and ended.err.count("\n") == 1
