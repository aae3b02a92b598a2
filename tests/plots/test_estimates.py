"""Intervals in the picture are those of the bootstrap."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from mixtura.outcome import MixtureError
from mixtura.plots import intervals
from mixtura.resampling import bootstrap
from tests.plots.looking import FAITHFUL, fitted, headline, is_picture


@pytest.fixture(scope="module")
def found() -> Any:
    model = fitted(FAITHFUL.data, 2, tol=1e-9, max_iter=1000, reg_covar=0)
    return bootstrap(model, FAITHFUL.data, n_resamples=30, random_state=0)


def made(k: int, d: int) -> Any:
    """A bootstrap of as many components and features, without the work."""
    draw = np.random.default_rng(0)
    values = {"weights": draw.uniform(size=k), "means": draw.normal(size=(k, d))}
    ends = {name: np.array([value - 0.1, value + 0.1]) for name, value in values.items()}
    names = tuple(rf"a_{at}$\frac{{" for at in range(d))
    return SimpleNamespace(
        parameters=values, intervals=ends, features=names, level=0.9, n_resamples=9, n_failed=2, kind="jackknife"
    )


def bars(axes: Any) -> np.ndarray:
    """Low and high end of each interval."""
    return np.array([c.get_segments()[0][:, 1] for c in axes.collections])


@pytest.mark.parametrize("name", ["means", "covariances"])
def test_a_panel_is_a_feature(found, name: str) -> None:
    panels = intervals(found, name)
    assert panels.shape == (2,)
    for at, axes in enumerate(panels):
        ends = found.intervals[name][..., at] if name == "means" else found.intervals[name][..., at, at]
        center = found.parameters[name][..., at] if name == "means" else found.parameters[name][..., at, at]
        np.testing.assert_allclose(bars(axes), ends.T)
        np.testing.assert_allclose([line.get_ydata()[0] for line in axes.lines[1::2]], center)
        word = "mean" if name == "means" else "variance"
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("component", f"{word} of feature {at}")
    assert panels[0].figure.get_suptitle() == "95 % intervals of 30 refits, nonparametric" and is_picture(panels)


def test_weights_are_one_panel(found) -> None:
    axes = intervals(found, "weights")
    np.testing.assert_allclose(bars(axes), found.intervals["weights"].T)
    assert axes.get_ylabel() == "share" and headline(axes) == "95 % intervals of 30 refits, nonparametric"


def test_features_are_chosen_and_named(found) -> None:
    axes = intervals(found, features=["waiting"], feature_names=["eruptions", "waiting"])
    np.testing.assert_allclose(bars(axes), found.intervals["means"][..., 1].T)
    assert axes.get_ylabel() == "mean of waiting" and headline(axes).endswith("\n1 of 2 features")
    with pytest.raises(MixtureError, match="Use names or numbers of feature 0, feature 1"):
        intervals(found, features=["waiting"])
    with pytest.raises(MixtureError, match="Use one of weights, means, covariances"):
        intervals(found, "mean")


def test_axes_that_are_given_are_drawn_on(found) -> None:
    alone = Figure().subplots()
    assert intervals(found, "weights", ax=alone) is alone
    both = Figure().subplots(1, 2)
    assert intervals(found, ax=both)[1] is both[1] and bars(both[1]).shape == (2, 2)
    with pytest.raises(MixtureError, match=r"panels of shape \(2,\), and 1 was given"):
        intervals(found, ax=alone)


@pytest.mark.parametrize(("k", "d"), [(1, 1), (2, 4), (12, 11)])
def test_any_number_of_components_and_features(k: int, d: int) -> None:
    panels = intervals(made(k, d))
    assert is_picture(panels) and np.size(panels) == min(d, 9)
    if d > 9:
        assert "9 of 11 features" in panels[0].figure.get_suptitle()
