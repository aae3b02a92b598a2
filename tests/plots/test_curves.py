"""Paths and entropies are the numbers of the model and of the merge."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

import mixtura as mx
from mixtura.merging import merge_components
from mixtura.outcome import MixtureError
from mixtura.plots import entropy, path
from mixtura.plots.style import INK, NOISE
from tests.plots.looking import FAITHFUL, IRIS, fitted, given, headline, is_picture, legend


def test_the_path_is_that_of_the_fit() -> None:
    model = fitted(FAITHFUL.data, 2, tol=1e-10)
    axes = path(model)
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), model.lower_bounds_)
    assert axes.lines[0].get_xdata().tolist() == list(range(1, len(model.lower_bounds_) + 1))
    assert headline(axes) == f"2 components of family full\n{len(model.lower_bounds_)} passes: converged"
    assert axes.get_ylabel() == "log-likelihood a row" and axes.get_legend() is None


def test_other_starts_are_where_they_ended() -> None:
    model = fitted(IRIS.data, 4, n_init=6, init_params="random", tol=1e-5, max_iter=2000)
    axes = path(model)
    report = model.fit_report_
    ends = next(line for line in axes.lines if line.get_color() == NOISE)
    others = [s for at, s in enumerate(report.starts) if at != report.best and s.outcome.ok]
    np.testing.assert_array_equal(ends.get_ydata(), [s.objective for s in others])
    np.testing.assert_array_equal(ends.get_xdata(), [s.passes for s in others])
    assert legend(axes) == ["ends of other starts"]
    assert headline(axes).endswith(f"{report.agreeing} of 6 starts reached the best optimum") and is_picture(axes)


def test_a_steep_beginning_leaves_the_axes() -> None:
    model = fitted(FAITHFUL.data, 2, tol=1e-10)
    model.lower_bounds_ = [-900.0, -4.2, -4.1, -4.05]
    axes = path(model)
    assert axes.get_ylim()[0] > -5 and "first pass: -900 ↓" in [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("n", [1, 2, 300])
def test_paths_of_any_length(n: int) -> None:
    model = fitted(FAITHFUL.data, 1)
    model.lower_bounds_ = list(-5.0 + np.arange(n) / n)
    axes = path(model)
    assert is_picture(axes) and axes.get_xscale() == ("log" if n == 300 else "linear")


def test_priors_are_said_and_models_of_parameters_have_none() -> None:
    assert path(fitted(FAITHFUL.data, 2, prior="default")).get_ylabel() == "log-likelihood a row (penalized)"
    with pytest.raises(MixtureError, match=r"has no path\. Call its fit"):
        path(given(2))
    found = mx.MixtureSearch([2], covariance_types=["EEE"]).fit(FAITHFUL.data)
    assert "family EEE" in headline(path(found))


def test_entropies_are_those_of_the_merge() -> None:
    merged = merge_components(fitted(FAITHFUL.data, 5, tol=1e-6, max_iter=2000), FAITHFUL.data)
    panels = entropy(merged)
    assert panels.shape == (2,)
    np.testing.assert_array_equal(panels[0].lines[0].get_data(), [np.arange(1, 6), merged.entropy_])
    np.testing.assert_allclose(panels[1].lines[0].get_xdata(), np.r_[0.0, np.cumsum(merged.merged_rows_)])
    apart = replace(merged, elbow_=2, rescaled_elbow_=4)
    for axes, elbow in zip(entropy(apart), (2, 4), strict=True):
        ring = next(line for line in axes.lines if line.get_markeredgecolor() == INK)
        assert ring.get_ydata()[0] == merged.entropy_[elbow - 1]
        assert f"elbow at {elbow}" in headline(axes)
    assert headline(panels[0]) == f"elbow at {merged.elbow_} clusters" and is_picture(panels)
    assert [text.get_text() for text in panels[1].texts] == ["1", "2", "3", "4", "5"]
    alone = Figure().subplots()
    assert entropy(merged, ax=alone) is alone and len(alone.lines) >= 2
    both = Figure().subplots(1, 2)
    assert entropy(merged, ax=both)[1] is both[1]


@pytest.mark.parametrize("k", [1, 2])
def test_few_clusters_have_no_lines(k: int) -> None:
    panels = entropy(merge_components(fitted(FAITHFUL.data, k), FAITHFUL.data))
    assert is_picture(panels) and len(panels[0].lines) == 2
