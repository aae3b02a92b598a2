"""The matrix of all pairs of features, and what all pictures owe to rows."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import mixtura as mx
from mixtura.outcome import MixtureError
from mixtura.plots import classification, density, pairs, projection, uncertainty
from tests.plots.looking import ACIDITY, FAITHFUL, IRIS, clouds, fitted, headline, is_picture, ordered, points


def test_any_number_of_features_is_a_matrix() -> None:
    model = fitted(IRIS.data, 3)
    panels = pairs(model, IRIS.data, feature_names=IRIS.feature_names)
    assert panels.shape == (4, 4) and panels[0, 1] is None
    np.testing.assert_array_equal(ordered(points(panels[3, 1])), ordered(IRIS.data[:, [1, 3]]))
    two = pairs(fitted(FAITHFUL.data, 2), FAITHFUL.data, feature_names=FAITHFUL.feature_names)
    assert two.shape == (2, 2) and (two[1, 0].get_xlabel(), two[1, 0].get_ylabel()) == ("eruptions", "waiting")
    one = pairs(fitted(ACIDITY.data, 2), ACIDITY.data)
    assert one.shape == (1, 1) and is_picture(one) and is_picture(two)


def test_features_are_chosen_in_any_order() -> None:
    model = fitted(IRIS.data, 3)
    panels = pairs(model, IRIS.data, features=["Petal.Width", 0], feature_names=IRIS.feature_names)
    assert panels.shape == (2, 2)
    np.testing.assert_array_equal(ordered(points(panels[1, 0])), ordered(IRIS.data[:, [3, 0]]))
    with pytest.raises(MixtureError, match=r"Use names or numbers of Sepal\.Length"):
        pairs(model, IRIS.data, features=["Petal"], feature_names=IRIS.feature_names)


@pytest.mark.parametrize("draw", [pairs, classification])
def test_a_matrix_of_axes_is_drawn_on(draw) -> None:
    model, grid = fitted(IRIS.data, 3), Figure().subplots(4, 4)
    panels = draw(model, IRIS.data, ax=grid)
    assert panels[3, 0] is grid[3, 0] and panels[0, 3] is None and not grid[0, 3].axison
    with pytest.raises(MixtureError, match=r"panels of shape \(4, 4\), and an array of shape \(2, 2\) was given"):
        draw(model, IRIS.data, ax=Figure().subplots(2, 2))


def test_frames_are_compared_by_their_columns() -> None:
    frame = pd.DataFrame(FAITHFUL.data, columns=["eruptions", "waiting"])
    model = fitted(frame, 2)
    panels = pairs(model, frame, features=["waiting", "eruptions"])
    np.testing.assert_array_equal(ordered(points(panels[1, 0])), ordered(FAITHFUL.data[:, [1, 0]]))
    assert panels[1, 0].get_xlabel() == "waiting" and hasattr(model, "feature_names_in_")
    np.testing.assert_array_equal(ordered(points(classification(model, FAITHFUL.data))), ordered(FAITHFUL.data))
    with pytest.raises(ValueError, match="feature names"):
        classification(model, frame[["waiting", "eruptions"]])


@pytest.mark.parametrize("draw", [classification, density, uncertainty, projection])
def test_rows_of_no_weight_are_no_rows(draw) -> None:
    rows, weight = np.vstack([IRIS.data[:, 2:], [[90.0, -90.0]]]), np.r_[np.ones(150), 0.0]
    model = mx.GaussianMixture(3, random_state=0).fit(rows, sample_weight=weight)
    axes = draw(model, rows, weight)
    assert "150 rows of total weight 150" in headline(axes) and len(points(axes)) == 150
    assert axes.get_xlim()[1] < 20


@pytest.mark.parametrize("draw", [classification, density, projection])
def test_weights_are_areas(draw) -> None:
    axes = draw(fitted(FAITHFUL.data, 3), FAITHFUL.data, np.r_[3.0, np.ones(271)])
    sizes = np.concatenate([np.broadcast_to(c.get_sizes(), len(c.get_offsets())) for c in clouds(axes)])
    assert sizes.max() / sizes.min() == pytest.approx(3.0)


@pytest.mark.parametrize("draw", [classification, density, uncertainty])
def test_letters_that_the_font_has_not_do_no_harm(draw) -> None:
    axes = draw(fitted(FAITHFUL.data, 2), FAITHFUL.data, feature_names=["🦀🦀", r"a_b^{$"])
    with pytest.warns(UserWarning, match="Glyph"):
        assert is_picture(axes)


@pytest.mark.parametrize("shift", [0.0, 1e9])
@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_units_and_offsets_move_nothing_but_the_numbers(shift: float, scale: float) -> None:
    rows = (FAITHFUL.data - FAITHFUL.data.mean(axis=0)) * scale + shift * scale
    model = fitted(rows, 2, reg_covar=0)
    for draw in (classification, density, uncertainty, pairs):
        axes = draw(model, rows)
        assert is_picture(axes)
    shown = points(density(model, rows))
    np.testing.assert_array_equal(ordered(shown), ordered(rows))
