"""Pictures show the numbers they claim to show."""

import io
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

import mixtura as mx
from mixtura import datasets
from mixtura.outcome import MixtureError
from mixtura.plots import classification
from mixtura.plots.bins import edges
from mixtura.plots.scene import covariances
from mixtura.plots.style import NOISE, color, marker

FAITHFUL = datasets.load_faithful()
CRABS = datasets.load_pearson_crabs()
CHANCE = np.random.default_rng(0)


def given(d: int, k: int = 2, kind: str = "full") -> mx.GaussianMixture:
    spread = {"full": [np.eye(d)] * k, "tied": np.eye(d), "diag": np.ones((k, d)), "spherical": np.ones(k)}[kind]
    return mx.GaussianMixture.from_parameters(np.full(k, 1 / k), 6.0 * np.arange(k * d).reshape(k, d), spread, kind)


@pytest.fixture(scope="module")
def two() -> mx.GaussianMixture:
    return mx.GaussianMixture(2, random_state=0).fit(FAITHFUL.data).sort_components()


@pytest.fixture(scope="module")
def crabs() -> mx.GaussianMixture:
    return mx.GaussianMixture(2, random_state=0, reg_covar=0).fit(CRABS.data, sample_weight=CRABS.sample_weight)


def points_of(axes) -> dict[str, np.ndarray]:
    """The points of each color."""
    clouds = [cloud for cloud in axes.collections if isinstance(cloud, PathCollection)]
    return {to_hex(cloud.get_facecolor()[0]).upper(): np.asarray(cloud.get_offsets()) for cloud in clouds}


def drawn(axes) -> bytes:
    figure = (axes if not isinstance(axes, np.ndarray) else axes[0, 0]).figure
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=30)
    return file.getvalue()


def test_two_features_are_points_of_the_color_of_their_label(two) -> None:
    axes = classification(two, FAITHFUL.data, feature_names=FAITHFUL.feature_names)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("eruptions", "waiting")
    labels = two.predict(FAITHFUL.data)
    shown = points_of(axes)
    assert set(shown) == {color(0), color(1)}
    for k in range(2):
        np.testing.assert_array_equal(shown[color(k)], FAITHFUL.data[labels == k])
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == [f"component {k} ({100 * share:.1f} %)" for k, share in enumerate(two.weights_)]
    assert {text.get_text() for text in axes.texts} == {"0", "1"}
    assert (
        axes.get_title(loc="left")
        == "2 components of family full, 272 rows\nellipses hold 50 % and 95 % of a component"
    )


def test_ellipses_hold_what_they_say(two) -> None:
    axes = classification(two, FAITHFUL.data)
    assert len(axes.lines) == 4
    rows, labels = two.sample(200_000, random_state=0)
    for number, line in enumerate(axes.lines):
        k, level = number // 2, (0.5, 0.95)[number % 2]
        factor = two.precisions_cholesky_[k]
        radius = (((np.column_stack(line.get_data()) - two.means_[k]) @ factor) ** 2).sum(axis=1)
        np.testing.assert_allclose(radius, -2 * np.log(1 - level), rtol=1e-9)
        inside = ((((rows - two.means_[k]) @ factor) ** 2).sum(axis=1) < radius[0])[labels == k]
        assert inside.mean() == pytest.approx(level, abs=0.006)


def test_one_feature_is_a_density_over_a_histogram_of_weights(crabs) -> None:
    axes = classification(crabs, CRABS.data, CRABS.sample_weight, feature_names=["ratio"])
    (bars,) = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
    heights, bins, _ = bars.get_data()
    assert np.sum(heights * np.diff(bins)) == pytest.approx(1.0)
    counted = np.histogram(np.repeat(CRABS.data[:, 0], CRABS.sample_weight.astype(int)), bins=bins, density=True)[0]
    np.testing.assert_allclose(heights, counted)
    *parts, mixture = axes.lines
    grid = mixture.get_xdata()
    np.testing.assert_allclose(mixture.get_ydata(), np.exp(crabs.score_samples(grid[:, None])), rtol=1e-9)
    shares = crabs.predict_proba(grid[:, None])
    for k, part in enumerate(parts):
        np.testing.assert_allclose(part.get_ydata(), mixture.get_ydata() * shares[:, k], rtol=1e-9)
    assert axes.get_title(loc="left") == "2 components of family full, 28 rows of total weight 1000"


def test_the_noise_of_one_feature_is_part_of_the_mixture() -> None:
    model = mx.GaussianMixture(2, random_state=0, noise=True).fit(FAITHFUL.data[:, [0]])
    axes = classification(model, FAITHFUL.data[:, [0]])
    *_, noise, mixture = axes.lines
    np.testing.assert_allclose(mixture.get_ydata(), np.exp(model.score_samples(mixture.get_xdata()[:, None])))
    np.testing.assert_allclose(noise.get_ydata(), model.noise_weight_ / np.ptp(FAITHFUL.data[:, 0]), rtol=1e-6)
    assert [text.get_text() for text in axes.get_legend().get_texts()][2].startswith("noise (")


def test_noise_is_grey() -> None:
    model = mx.GaussianMixture(2, random_state=0, noise=True).fit(FAITHFUL.data)
    axes = classification(model, FAITHFUL.data)
    np.testing.assert_array_equal(points_of(axes)[NOISE.upper()], FAITHFUL.data[model.predict(FAITHFUL.data) == -1])


def test_more_features_are_all_pairs() -> None:
    iris = datasets.load_iris()
    model = mx.GaussianMixture(3, random_state=0).fit(iris.data)
    panels = classification(model, iris.data, feature_names=iris.feature_names)
    assert panels.shape == (4, 4)
    assert [[panel is not None for panel in row] for row in panels] == np.tri(4, dtype=bool).tolist()
    assert [panel.get_xlabel() for panel in panels[3]] == list(iris.feature_names)
    assert [panel.get_ylabel() for panel in panels[:, 0]] == list(iris.feature_names)
    for down in range(4):
        assert panels[3, down].get_xlim() == panels[down, down].get_xlim()
    shown = np.vstack(list(points_of(panels[2, 1]).values()))
    np.testing.assert_array_equal(np.sort(shown, axis=0), np.sort(iris.data[:, [1, 2]], axis=0))
    edge = np.column_stack(panels[2, 1].lines[0].get_data()) - model.means_[0][[1, 2]]
    inverse = np.linalg.inv(model.covariances_[0][np.ix_([1, 2], [1, 2])])
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", edge, inverse, edge), -2 * np.log(0.5), rtol=1e-9)


def test_many_features_are_those_that_separate_the_components() -> None:
    means = np.zeros((2, 9))
    means[1] = [0, 5, 0, 4, 9, 0, 8, 7, 6]
    model = mx.GaussianMixture.from_parameters([0.5, 0.5], means, np.ones(2), "spherical")
    panels = classification(model, model.sample(50, random_state=0)[0])
    assert [panel.get_xlabel() for panel in panels[-1]] == [f"feature {at}" for at in (1, 3, 4, 6, 7, 8)]
    assert "the 6 of 9 features that separate the components most" in panels[0, 0].figure.get_suptitle()


def test_many_rows_are_thinned_and_the_title_says_so() -> None:
    model = given(2)
    rows = model.sample(50_000, random_state=0)[0]
    axes = classification(model, rows)
    shown = np.vstack(list(points_of(axes).values()))
    assert len(shown) == 20_000 == len(np.unique(shown, axis=0))
    assert set(map(tuple, shown)) <= set(map(tuple, rows))
    assert axes.get_title(loc="left").startswith(
        "2 components of family full, 50 000 rows (20 000 of them drawn, at random)"
    )
    again = np.vstack(list(points_of(classification(model, rows)).values()))
    np.testing.assert_array_equal(again, shown)


def test_histograms_count_every_row() -> None:
    model = given(1)
    rows = model.sample(50_000, random_state=0)[0]
    axes = classification(model, rows)
    (bars,) = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
    heights, bins, _ = bars.get_data()
    np.testing.assert_allclose(heights, np.histogram(rows, bins=bins, density=True)[0])
    assert "drawn" not in axes.get_title(loc="left")


def test_weights_are_areas(two) -> None:
    weight = np.ones(272)
    weight[0] = 3.0
    axes = classification(two, FAITHFUL.data, weight)
    sizes = np.concatenate([c.get_sizes() for c in axes.collections if isinstance(c, PathCollection)])
    assert np.ptp(sizes) > 0 and sizes.max() / sizes.min() == pytest.approx(3.0)


def test_axes_that_are_given_are_drawn_on(two) -> None:
    axes = Figure().subplots()
    assert classification(two, FAITHFUL.data, ax=axes) is axes
    with pytest.raises(MixtureError, match="4 features need a matrix of panels: leave ax out"):
        classification(given(4), np.zeros((3, 4)), ax=axes)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("k", [2, 3])
def test_covariances_of_every_shape(kind: str, k: int) -> None:
    np.testing.assert_array_equal(covariances(given(3, k, kind)), [np.eye(3)] * k)


def test_names_that_would_break_the_drawing() -> None:
    names = [r"$\frac{", "two\nlines", "x" * 500]
    panels = classification(given(3), given(3).sample(9, random_state=0)[0], feature_names=names)
    assert drawn(panels).startswith(b"\x89PNG")
    assert [panel.get_xlabel() for panel in panels[2]] == [r"\$\frac{", "two lines", "x" * 27 + "…"]


@pytest.mark.parametrize("rows", [np.ones((5, 2)), np.ones((5, 1)), np.array([[1.0, 2.0]]), np.array([[3.0]])])
def test_rows_that_do_not_spread(rows: np.ndarray) -> None:
    assert drawn(classification(given(rows.shape[1]), rows)).startswith(b"\x89PNG")


def test_nothing_global_is_touched() -> None:
    before = dict(mpl.rcParams)
    drawn(classification(given(3), given(3).sample(50, random_state=0)[0]))
    assert dict(mpl.rcParams) == before
    code = """
import sys
import numpy as np
import mixtura as mx
model = mx.GaussianMixture.from_parameters([1.0], [[0.0, 0.0]], [1.0], "spherical")
assert "matplotlib" not in sys.modules
mx.plot.classification(model, np.zeros((3, 2)))
assert "matplotlib.figure" in sys.modules and "matplotlib.pyplot" not in sys.modules
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_colors_and_marks_differ() -> None:
    looks = [(color(k), marker(k)) for k in range(-1, 49)]
    assert len(set(looks)) == 50


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("n", [5, 40, 3000])
def test_bins_hold_all_values_and_are_neither_few_nor_many(scale: float, n: int) -> None:
    values = scale * CHANCE.normal(size=n)
    bins = edges(values)
    assert bins[0] <= values.min() and values.max() <= bins[-1]
    assert 8 <= len(bins) - 1 <= 121
    np.testing.assert_allclose(np.diff(bins), bins[1] - bins[0])


def test_bins_of_weights_are_those_of_repeated_values() -> None:
    values, counts = CHANCE.normal(size=200), CHANCE.integers(1, 9, size=200)
    np.testing.assert_allclose(edges(values, counts.astype(float)), edges(np.repeat(values, counts)))


def test_values_on_a_grid_make_no_comb() -> None:
    values = np.rint(40 * CHANCE.normal(size=4000)) / 10
    counts = np.histogram(values, edges(values))[0]
    middle = counts[len(counts) // 2 - 3 : len(counts) // 2 + 4]
    assert middle.min() > 0.8 * middle.max()
