"""The picture of uncertainties shows the model's."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import mixtura as mx
from mixtura.outcome import MixtureError
from mixtura.plots import uncertainty
from mixtura.plots.certainty import AREAS, _bounds
from mixtura.plots.style import color
from tests.plots.looking import ACIDITY, FAITHFUL, IRIS, clouds, fitted, given, headline, is_picture, legend, points


def test_points_are_sized_by_classes_of_uncertainty() -> None:
    model = fitted(FAITHFUL.data, 3, covariance_type="EEE")
    axes = uncertainty(model, FAITHFUL.data, feature_names=FAITHFUL.feature_names)
    unsure, labels = model.uncertainty(FAITHFUL.data), model.predict(FAITHFUL.data)
    bounds = np.quantile(unsure, [0.75, 0.95], method="inverted_cdf")
    for level, area in enumerate(AREAS):
        mine = np.digitize(unsure, bounds, right=True) == level
        shown = [cloud for cloud in clouds(axes) if cloud.get_sizes()[0] == area]
        assert sum(len(cloud.get_offsets()) for cloud in shown) == mine.sum() > 0
        for cloud in shown:
            k = next(k for k in range(3) if to_hex(cloud.get_facecolor()[0]).upper() == color(k))
            np.testing.assert_array_equal(cloud.get_offsets(), FAITHFUL.data[mine & (labels == k)])
    assert legend(axes) == [f"up to {bounds[0]:.2g} (75% of the rows)", f"to {bounds[1]:.2g}", f"above {bounds[1]:.2g}"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("eruptions", "waiting")
    assert headline(axes) == "3 components of family EEE, 272 rows\nellipses hold 95 % of a component"


def test_bounds_are_shares_of_the_weights() -> None:
    draw = np.random.default_rng(0)
    unsure, weight = draw.uniform(size=300), draw.integers(0, 5, size=300).astype(float)
    np.testing.assert_array_equal(
        _bounds(unsure, weight), _bounds(np.repeat(unsure, weight.astype(int)), np.ones(int(weight.sum())))
    )


def test_one_feature_is_a_curve() -> None:
    model = fitted(ACIDITY.data, 2)
    axes = uncertainty(model, ACIDITY.data)
    curve = axes.lines[-1]
    np.testing.assert_allclose(curve.get_ydata(), model.uncertainty(curve.get_xdata()[:, np.newaxis]), rtol=1e-9)
    ticks = np.concatenate([line.get_xdata() for line in axes.lines[:-1]])
    np.testing.assert_array_equal(np.sort(ticks), np.sort(ACIDITY.data[:, 0]))
    assert min(axes.get_yticks()) >= 0 and is_picture(axes)


def test_of_more_features_two_are_shown() -> None:
    model = fitted(IRIS.data, 3)
    axes = uncertainty(model, IRIS.data, feature_names=IRIS.feature_names)
    assert (axes.get_xlabel(), axes.get_ylabel()) == (IRIS.feature_names[2], IRIS.feature_names[3])
    assert "the 2 of 4 features that separate the components most" in headline(axes)
    axes = uncertainty(model, IRIS.data, features=[3, "Sepal.Width"], feature_names=IRIS.feature_names)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Petal.Width", "Sepal.Width")
    assert "separate" not in headline(axes)
    np.testing.assert_array_equal(np.unique(points(axes), axis=0), np.unique(IRIS.data[:, [3, 1]], axis=0))
    for wrong in ([0], [0, 1, 2], ["no", 1], [0, 4], []):
        with pytest.raises(MixtureError, match="features is"):
            uncertainty(model, IRIS.data, features=wrong, feature_names=IRIS.feature_names)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("n", [1, 7])
def test_few_rows_one_component_and_no_spread(d: int, n: int) -> None:
    assert is_picture(uncertainty(given(d, 1), np.ones((n, d))))
    assert is_picture(uncertainty(given(d, 2), np.ones((n, d))))


def test_noise_weights_frames_and_a_search() -> None:
    frame = pd.DataFrame(FAITHFUL.data, columns=["a_b", "$x$"])
    model = mx.GaussianMixture(2, random_state=0, noise=True).fit(frame)
    axes = uncertainty(model, frame, np.linspace(0, 2, 272))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a_b", r"\$x\$") and is_picture(axes)
    found = mx.MixtureSearch([2], covariance_types=["EEE"]).fit(FAITHFUL.data)
    assert "family EEE" in headline(uncertainty(found, FAITHFUL.data))


def test_axes_that_are_given_are_drawn_on() -> None:
    axes = Figure().subplots()
    assert uncertainty(given(2), given(2).sample(30, random_state=0)[0], ax=axes) is axes


def test_many_rows_are_thinned() -> None:
    model = given(2)
    axes = uncertainty(model, model.sample(30_000, random_state=0)[0])
    assert len(points(axes)) == 20_000 and "(20 000 of them drawn, at random)" in headline(axes)
