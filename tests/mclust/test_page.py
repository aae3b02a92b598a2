"""The page on differences from mclust: written from its figures, and these are what is measured."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tests.mclust import figures
from tests.mclust.__main__ import FIGURES, PAGE
from tests.mclust.compare import Difference, searched
from tests.mclust.page import written
from tests.mclust.reference import FURTHER, SETS, reference, told

STORED = json.loads(FIGURES.read_text())


def near(a: float | None, b: float | None) -> bool:
    return a == b if a is None or b is None else math.isclose(a, b, rel_tol=1e-5)


def test_the_page_is_written_from_the_figures() -> None:
    assert PAGE.read_text() == written(STORED)


def test_mclusts_side_is_the_reference() -> None:
    for name in SETS + FURTHER:
        stored = {(cell["family"], cell["k"]): cell["theirs"] for cell in STORED["sets"][name]["cells"]}
        assert stored == {cell: figures.rounded(value) for cell, value in reference(name).tight.items()}


@pytest.mark.parametrize("name", SETS)
def test_our_side_is_what_the_search_finds(name: str) -> None:
    """Hardly a cell may move: where paths come near a ridge, another processor's rounding can turn them."""
    found, stored = searched(name, "own"), STORED["sets"][name]
    moved = [cell for cell in stored["cells"] if not near(cell["own"], found.bic[cell["family"], cell["k"]])]
    assert len(moved) <= 3
    assert stored["best"]["bic"][0] == list(found.best("bic"))
    assert stored["best"]["icl"][0] == list(found.best("icl"))


def test_m_steps_are_as_stored() -> None:
    for one, now in zip(STORED["m_steps"], figures.m_steps(), strict=True):
        assert (one["step"], one["family"]) == (now["step"], now["family"])
        assert now["gain"] == pytest.approx(one["gain"], abs=1e-6)


def test_every_lower_cell_has_its_reason() -> None:
    for name, one in STORED["sets"].items():
        lower = [cell for cell in one["cells"] if Difference(("", 0), cell["theirs"], cell["own"]).is_lower]
        assert [(cell["family"], cell["k"]) for cell in lower] == [(low["family"], low["k"]) for low in one["lower"]]
        assert all(low["why"] in figures.WHY for low in one["lower"])
        parted = {(each["family"], each["k"]) for each in STORED["parted"] if each["set"] == name}
        assert all((low["family"], low["k"]) in parted for low in one["lower"] if low["why"] == "parted")


@pytest.mark.parametrize("one", told("tight/parted")[:1], ids=str)
def test_parted_cells_are_as_stored(one: dict[str, Any]) -> None:
    assert figures.parted(one)["on"] == pytest.approx(STORED["parted"][0]["on"], rel=1e-6)
    assert all(each["on"] > each["theirs"] for each in STORED["parted"])
