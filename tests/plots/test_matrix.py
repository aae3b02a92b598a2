"""The matrix of all pairs of features."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mixtura.outcome import MixtureError
from mixtura.plots import classification, pairs
from tests.plots.looking import ACIDITY, FAITHFUL, IRIS, fitted, is_picture, ordered, points


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
