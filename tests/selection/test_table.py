"""The table and the verdict: what is printed, handed out, and said."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import mixtura as mx
from mixtura.selection import verdict
from mixtura.selection.table import Results, Row

ROW = Row("EEE", 2, -50.0, 5, 110.0, 111.0, 105.0, 106.0, 101.0, 0.1, None, 9, 0.1, True, "Converged.")


def results(*rows: Row, criterion: str = "bic", best: int = 0) -> Results:
    return Results(rows, criterion, best, tuple(row.family for row in rows))


def told(*rows: Row, weight: float = 1000.0, scales: bool = True, **others: Any) -> str:
    facts = verdict.Facts(results(*rows, **others), weight, scales, apart=True, suspicious=())
    return verdict.paragraphs(verdict.sentences(facts))


def test_frames_hold_the_same_columns() -> None:
    found = mx.MixtureSearch((1, 2), covariance_types="sklearn").fit(mx.datasets.load_faithful().data).results_
    plain = found.to_dict()
    assert list(plain) == list(Row.__dataclass_fields__)
    assert found.to_pandas()["bic"].tolist() == plain["bic"] == found.to_polars()["bic"].to_list()
    assert plain["family"] == ["full", "full", "tied", "tied", "diag", "diag", "spherical", "spherical"]
    assert found.mclust()["modelNames"] == ["VVV", "EEE", "VVI", "VII"]
    assert found.mclust()["BIC"][1][0] == -found[1].bic


def test_nothing_is_wider_than_a_terminal() -> None:
    rows = [replace(ROW, family=f, n_components=k, bic=123456.7 + k) for f in ("EEE", "VVV") for k in range(1, 31)]
    shown = str(results(*rows))
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.count("123457.7*") == 1
    assert "30" in shown.split() and len(shown.splitlines()) > 6


def test_a_failed_candidate_has_a_place_and_no_number() -> None:
    lost = replace(ROW, family="VVV", bic=None, log_likelihood=None, outcome="Singular.")
    shown = str(results(ROW, lost))
    assert shown.splitlines()[-1].split() == ["VVV", "-"]
    assert "1 of 2 candidates could not be fitted: VVV with 2 components. The reason: Singular." in told(ROW, lost)


def test_html_names_are_escaped() -> None:
    assert "<script>" not in results(replace(ROW, family="<script>"))._repr_html_()


@pytest.mark.parametrize(
    ("difference", "word"),
    [(1.0, ": undecided."), (3.0, "positive evidence"), (7.0, "strong evidence"), (11.0, "very strong evidence")],
)
def test_words_for_margins(difference: float, word: str) -> None:
    second = replace(ROW, n_components=3, bic=110.0 + difference, icl=130.0, n_parameters=8)
    assert word in told(ROW, second)
    assert verdict.margin(results(ROW, second)) == pytest.approx(difference)


def test_the_same_model_under_another_name_is_no_rival() -> None:
    same = replace(ROW, family="VVV", bic=110.0 + 1e-9)
    rival = replace(ROW, family="VVI", bic=115.0, n_parameters=4)
    assert verdict.margin(results(ROW, same, rival)) == pytest.approx(5.0)
    assert verdict.margin(results(ROW, same)) is None


def test_one_component_is_no_evidence_of_groups() -> None:
    assert "no evidence of groups" in told(replace(ROW, n_components=1), replace(ROW, bic=150.0))
    assert "no evidence" not in told(ROW)
    assert "need not be real groups" in told(ROW)


def test_the_edge_of_the_range_is_named() -> None:
    other = replace(ROW, n_components=1, bic=150.0)
    assert "2 is the largest number of components that was tried" in told(ROW, other)
    assert "2 is the smallest number" in told(ROW, replace(other, n_components=3))
    assert "that was tried" not in told(ROW, other, replace(other, n_components=3))


def test_disagreement_of_bic_and_icl_is_explained() -> None:
    fewer = replace(ROW, n_components=1, bic=112.0, icl=100.0)
    assert "ICL prefers 1 component" in told(ROW, fewer)
    assert "form one cluster" in told(ROW, fewer)
    assert "agrees" in told(ROW, replace(fewer, icl=150.0))


def test_too_many_parameters_are_named() -> None:
    assert "more than these can carry" in told(ROW, weight=5.0)
    assert "fewer than 5 rows a parameter" in told(ROW, weight=20.0)
    assert "rows a parameter" not in told(ROW, weight=25.0)


def test_units_are_named_where_they_matter() -> None:
    assert "depends on the units" in told(ROW, scales=False)
    assert "units" not in told(ROW)


def test_a_winner_that_is_not_settled_is_named() -> None:
    assert "did not converge" in told(replace(ROW, converged=False))


def test_candidates_that_were_stopped_are_counted() -> None:
    stopped = replace(ROW, n_components=9, bic=500.0, outcome=mx.Outcome.HOPELESS.value)
    assert "1 of 2 candidates was too far behind" in told(ROW, stopped)


def test_real_words_fit_a_terminal_when_wrapped() -> None:
    found = mx.MixtureSearch((1, 2, 3), covariance_types=["EEE", "VVV"]).fit(mx.datasets.load_faithful().data)
    assert found.verdict_.startswith("Best by BIC: 3 components of family EEE")
    assert np.isfinite(found.margin_)
