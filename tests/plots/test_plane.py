"""The projection shows the rows and components of the discriminant plane."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import mixtura as mx
from mixtura.directions import discriminant_directions
from mixtura.outcome import MixtureError
from mixtura.plots import projection
from tests.plots.looking import FAITHFUL, IRIS, fitted, given, headline, is_picture, legend, ordered, points


def test_points_and_ellipses_are_those_of_the_plane() -> None:
    model = fitted(IRIS.data, 3)
    axes = projection(model, IRIS.data)
    found = discriminant_directions(model)
    np.testing.assert_allclose(ordered(points(axes)), ordered(found.transform(IRIS.data)[:, :2]))
    for at, line in enumerate(axes.lines):
        edge = np.column_stack(line.get_data()) - found.means_[at // 2, :2]
        inverse = np.linalg.inv(found.covariances_[at // 2][:2, :2])
        radius = np.einsum("ni,ij,nj->n", edge, inverse, edge)
        np.testing.assert_allclose(radius, -2 * np.log(1 - (0.5, 0.95)[at % 2]), rtol=1e-8)
    share = 100 * found.eigenvalues_[0] / found.eigenvalues_.sum()
    assert axes.get_xlabel() == f"direction 1 ({share:.3g} % of the separation)"
    assert legend(axes) == [f"component {k} ({100 * share:.1f} %)" for k, share in enumerate(model.weights_)]
    assert "ground: the component that is most probable" in headline(axes)


def test_the_ground_is_the_most_probable_component() -> None:
    model = mx.GaussianMixture.from_parameters(
        [0.2, 0.3, 0.5], [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]], [[1.0, 1.0], [2.0, 1.0], [1.0, 0.5]], "diag"
    )
    rows = model.sample(100, random_state=0)[0]
    axes = projection(model, rows)
    (ground,) = axes.images
    left, right, low, high = ground.get_extent()
    n = ground.get_array().shape[0]
    found = discriminant_directions(model)
    across, up = np.meshgrid(np.linspace(left, right, n), np.linspace(low, high, n))
    plane = np.column_stack([across.ravel(), up.ravel()])
    back = plane @ np.linalg.inv(found.basis_) + found.center_  # two features: the plane is the whole space
    np.testing.assert_array_equal(ground.get_array().ravel(), model.predict(back))


def test_one_direction_is_a_density() -> None:
    model = fitted(FAITHFUL.data, 2, covariance_type="EEE")
    axes = projection(model, FAITHFUL.data)
    grid, heights = axes.lines[-1].get_data()
    assert axes.get_ylabel() == "density" and np.trapezoid(heights, grid) == pytest.approx(1.0, abs=0.03)
    assert headline(axes) == "2 components of family EEE, 272 rows" and is_picture(axes)


def test_noise_frames_weights_and_given_axes() -> None:
    frame = pd.DataFrame(IRIS.data, columns=["a_b", "$", "🦀", "c"])
    model = mx.GaussianMixture(3, random_state=0, noise=True).fit(frame)
    axes = Figure().subplots()
    assert projection(model, frame, np.linspace(0.1, 2, 150), ax=axes) is axes
    assert legend(axes)[-1].startswith("noise (") and "total weight" in headline(axes) and is_picture(axes)


def test_one_component_has_no_plane() -> None:
    with pytest.raises(MixtureError):
        projection(given(3, 1), np.zeros((2, 3)))
