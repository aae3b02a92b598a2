"""Densities are the model's, and regions hold what they say."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from scipy import stats

import mixtura as mx
from mixtura.outcome import MixtureError
from mixtura.plots import density
from mixtura.plots.mixing import Marginal
from mixtura.plots.regions import HELD
from mixtura.plots.scene import covariances
from tests.plots.looking import ACIDITY, FAITHFUL, IRIS, fitted, given, headline, is_picture, legend, ordered, points


def whole(model: mx.GaussianMixture) -> Marginal:
    return Marginal(model.weights_, model.means_, covariances(model))


def test_densities_are_those_of_the_model() -> None:
    model = fitted(IRIS.data, 3)
    np.testing.assert_allclose(whole(model).log_density(IRIS.data), model.score_samples(IRIS.data), rtol=1e-8)
    pair = whole(model).take([3, 1])
    found = sum(
        w * stats.multivariate_normal(m[[3, 1]], c[np.ix_([3, 1], [3, 1])]).pdf(IRIS.data[:, [3, 1]])
        for w, m, c in zip(model.weights_, model.means_, model.covariances_, strict=True)
    )
    np.testing.assert_allclose(pair.log_density(IRIS.data[:, [3, 1]]), np.log(found), rtol=1e-8)


@pytest.mark.parametrize("held", HELD)
def test_regions_hold_what_they_say(held: float) -> None:
    model = fitted(FAITHFUL.data, 3)
    fresh, _ = model.sample(200_000, random_state=1)
    (level,) = whole(model).levels([held])
    assert (model.score_samples(fresh) > level).mean() == pytest.approx(held, abs=0.006)
    axes = density(model, FAITHFUL.data)
    lines = [c for c in axes.collections if isinstance(c, QuadContourSet) and not c.filled]
    levels = lines[0].levels
    assert levels[HELD.index(held)] == pytest.approx(level)
    edge = np.vstack([p.vertices for p in lines[0].get_paths()])
    assert np.abs(model.score_samples(edge)[:, np.newaxis] - levels).min(axis=1).max() < 0.02


def test_two_features_are_regions_over_rows() -> None:
    axes = density(fitted(FAITHFUL.data, 2), FAITHFUL.data, feature_names=FAITHFUL.feature_names)
    np.testing.assert_array_equal(ordered(points(axes)), ordered(FAITHFUL.data))
    assert legend(axes) == ["holds 50 %", "holds 75 %", "holds 95 %"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("eruptions", "waiting")
    assert headline(axes) == "2 components of family full, 272 rows"


def test_without_rows_there_is_the_model_alone() -> None:
    model = fitted(FAITHFUL.data, 2)
    axes = density(model)
    assert headline(axes) == "2 components of family full" and not [
        c for c in axes.collections if len(c.get_offsets()) > 1
    ]
    for mean, spread, low, high in zip(
        model.means_.T,
        np.sqrt(np.diagonal(model.covariances_, axis1=1, axis2=2)).T,
        *np.c_[axes.get_xlim(), axes.get_ylim()],
        strict=True,
    ):
        assert low < (mean - 2 * spread).min() and (mean + 2 * spread).max() < high
    axes = density(fitted(ACIDITY.data, 2))
    assert not [patch for patch in axes.patches if isinstance(patch, StepPatch)] and "rows" not in legend(axes)


def test_one_feature_is_curves_over_a_histogram() -> None:
    model = fitted(ACIDITY.data, 2)
    axes = density(model, ACIDITY.data)
    mixture = axes.lines[-1]
    np.testing.assert_allclose(
        mixture.get_ydata(), np.exp(model.score_samples(mixture.get_xdata()[:, None])), rtol=1e-9
    )
    assert [patch for patch in axes.patches if isinstance(patch, StepPatch)]
    one = density(fitted(IRIS.data, 3), features=[2])
    grid, heights = one.lines[-1].get_data()
    assert np.trapezoid(heights, grid) == pytest.approx(1.0, abs=0.02)


def test_more_features_are_a_matrix() -> None:
    model = fitted(IRIS.data, 3)
    panels = density(model, IRIS.data, feature_names=IRIS.feature_names)
    assert [[panel is not None for panel in row] for row in panels] == np.tri(4, dtype=bool).tolist()
    np.testing.assert_array_equal(ordered(points(panels[2, 1])), ordered(IRIS.data[:, [1, 2]]))
    three = density(model, features=["Petal.Width", 0, 1], feature_names=IRIS.feature_names)
    assert [panel.get_xlabel() for panel in three[2]] == ["Petal.Width", "Sepal.Length", "Sepal.Width"]
    grid = Figure().subplots(3, 3)
    assert density(model, features=[0, 1, 2], ax=grid)[2, 0] is grid[2, 0] and not grid[0, 2].axison
    with pytest.raises(MixtureError, match="3 features need a matrix of panels"):
        density(model, features=[0, 1, 2], ax=Figure().subplots())
    with pytest.raises(MixtureError, match=r"panels of shape \(3, 3\)"):
        density(model, features=[0, 1, 2], ax=Figure().subplots(2, 2))


def test_noise_is_left_out_of_regions() -> None:
    model = mx.GaussianMixture(2, random_state=0, noise=500.0).fit(FAITHFUL.data)
    assert is_picture(density(model, FAITHFUL.data)) and is_picture(density(model))


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("rows", [1, 5])
def test_rows_that_do_not_spread(d: int, rows: int) -> None:
    assert is_picture(density(given(d, 1), np.full((rows, d), 3.0)))


def test_components_far_apart_and_tiny() -> None:
    model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0, 1e9], [1e6, 1e9]], [[1e-6, 1.0], [1.0, 1e-6]], "diag")
    assert is_picture(density(model)) and is_picture(density(model, model.sample(20, random_state=0)[0]))


def test_frames_and_hostile_names() -> None:
    frame = pd.DataFrame(FAITHFUL.data, columns=[r"$\frac{", "a_b\n🦀" + "x" * 99])
    axes = density(fitted(frame, 2), frame)
    assert axes.get_xlabel() == r"\$\frac{" and len(axes.get_ylabel()) == 28
