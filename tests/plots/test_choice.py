"""The picture of a search shows its table."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import mixtura as mx
from mixtura.outcome import MixtureError
from mixtura.plots import criteria
from mixtura.plots.choice import _apart
from mixtura.plots.style import INK
from tests.plots.looking import ACIDITY, drawn, headline, is_picture


@dataclass(frozen=True)
class Table:
    columns: dict[str, list[Any]]

    def to_dict(self) -> dict[str, list[Any]]:
        return self.columns


@dataclass(frozen=True)
class Search:
    results_: Table
    criterion: str = "bic"


def search(values: dict[str, list[float | None]], numbers: Any = None, criterion: str = "bic") -> Search:
    numbers = list(range(1, 1 + len(next(iter(values.values()))))) if numbers is None else numbers
    table = {
        "family": [family for family in values for _ in numbers],
        "n_components": [k for _ in values for k in numbers],
        criterion: [value for row in values.values() for value in row],
        "outcome": ["" for _ in values for _ in numbers],
    }
    return Search(Table(table), criterion)


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_line_is_a_family_of_a_real_search() -> None:
    found = mx.MixtureSearch([1, 2, 3, 4]).fit(ACIDITY.data)
    axes = criteria(found)
    table = found.results_.to_dict()
    for line in axes.lines[:2]:
        mine = [at for at, family in enumerate(table["family"]) if family == line.get_label()]
        assert line.get_xdata().tolist() == [table["n_components"][at] for at in mine]
        np.testing.assert_array_equal(line.get_ydata(), [table["bic"][at] for at in mine])
    assert [line.get_label() for line in axes.lines[:2]] == list(dict.fromkeys(table["family"]))
    ring = next(line for line in axes.lines if line.get_markeredgecolor() == INK)
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (found.best_params_["n_components"], found.results_[1].bic)
    best = f"{found.best_params_['covariance_type']}, {found.best_params_['n_components']}"
    assert best in texts(axes)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("components", "BIC (lower is better)")
    other = criteria(found, "aic")
    assert other.get_ylabel().startswith("AIC")
    np.testing.assert_array_equal(other.lines[0].get_ydata(), table["aic"][:4])


def test_what_failed_is_a_gap() -> None:
    axes = criteria(search({"VVV": [9.0, 3.0, None, 5.0], "EII": [9.0, 8.0, 4.0, float("nan")]}))
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [9.0, 3.0, np.nan, 5.0])
    assert headline(axes) == "8 candidates; 2 without a value leave gaps".replace("8", "6")
    assert "VVV, 2" in texts(axes) and is_picture(axes)


def test_hopeless_families_do_not_flatten_the_others() -> None:
    near = {f"F{at}": [100.0 + at, 90.0 + at, 95.0 + at] for at in range(6)}
    axes = criteria(search({**near, "far": [9000.0, 8000.0, 7000.0]}))
    low, high = axes.get_ylim()
    assert low < 90.0 and 105.0 <= high < 120.0
    assert "↑ far" in texts(axes) and "3 above" in headline(axes)
    assert criteria(search(near)).get_ylim()[1] >= 105.0


def test_many_families_have_looks_and_labels_of_their_own() -> None:
    draw = np.random.default_rng(0)
    names = [f"F{at:02}" for at in range(14)]
    axes = criteria(search({name: list(100.0 + draw.normal(size=9)) for name in names}))
    lines = axes.lines[:14]
    assert len({(line.get_color(), line.get_linestyle(), line.get_marker()) for line in lines}) == 14
    drawn(axes)
    labels = [text for text in axes.texts if text.get_text() in names]
    boxes = sorted((Text.get_window_extent(text) for text in labels), key=lambda box: box.y0)
    assert len(boxes) == 14
    assert all(above.y0 > below.y0 + 0.6 * below.height for below, above in pairwise(boxes))
    colors = {line.get_label(): line.get_color() for line in lines}
    assert all(text.get_color() == colors[text.get_text()] for text in labels)


def test_labels_are_moved_as_little_as_can_be() -> None:
    np.testing.assert_allclose(_apart(np.array([1.0, 5.0, 9.0]), 1.0, 0.0, 10.0), [1.0, 5.0, 9.0])
    np.testing.assert_allclose(_apart(np.array([5.0, 5.0, 5.0]), 1.0, 0.0, 10.0), [4.0, 5.0, 6.0])
    np.testing.assert_allclose(_apart(np.array([10.0, 10.0]), 1.0, 0.0, 10.0), [9.0, 10.0])
    np.testing.assert_allclose(_apart(np.array([0.0, 0.0]), 1.0, 0.0, 10.0), [0.0, 1.0])


@pytest.mark.parametrize("values", [[5.0], [5.0, 5.0, 5.0], [None, -3.0], [1e12, 1e12 + 1]])
def test_small_searches(values: list[float | None]) -> None:
    assert is_picture(criteria(search({"a_$b$": values})))


def test_only_one_number_of_components_and_one_far_away() -> None:
    axes = criteria(search({"a": [1.0, 2.0], "b": [2.0, 1.5]}, numbers=[3, 50]))
    assert axes.get_xticks().tolist() == [3, 50]


def test_axes_that_are_given_are_drawn_on() -> None:
    panels = Figure().subplots(1, 2)
    found = search({"a": [1.0, 2.0]})
    assert criteria(found, ax=panels[1]) is panels[1] and not panels[0].lines


def test_a_criterion_that_is_not_there() -> None:
    with pytest.raises(MixtureError, match=r"criterion is 'cv'\. Use one of"):
        criteria(search({"a": [1.0]}), "cv")
    with pytest.raises(MixtureError, match="No candidate has a value"):
        criteria(search({"a": [None]}))
