"""Starts that collapse, empty, fall or run out of passes: skipped and recorded, and said."""

import warnings
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx
from mixtura import start
from mixtura.kernels import direct
from mixtura.mixture import Mixture
from mixtura.outcome import DegenerateComponent, EmptyComponent, FitFailed, NotFinite, Outcome
from tests.hostile.cases import ALL, TYPES, Rows, groups, labels, mixture, quiet


def spike(*at: float) -> Rows:
    """Two groups and one point six times over: a start that gives it a component of its own collapses."""
    return np.vstack([groups(), np.repeat([at], 6, axis=0)])


# At the second point few starts do so, at the first all.
APART, NEAR = spike(50.0, -50.0), spike(9.0, -3.0)


def spiked(**settings: Any) -> mx.GaussianMixture:
    chosen = {"reg_covar": 0, "init_params": "random_from_data", "n_init": 12, "tol": 1e-6, "max_iter": 500}
    return mixture(3, **(chosen | settings))


def test_a_start_that_collapses_among_several_is_skipped_and_recorded() -> None:
    model = quiet(lambda: spiked().fit(NEAR))
    report = model.fit_report_
    failed = [s for s in report.starts if not s.outcome.ok]
    assert len(report.starts) == 12 and 0 < len(failed) < 12
    assert {s.outcome for s in failed} == {Outcome.SINGULAR}
    assert all(s.reason.startswith("Component ") and "singular" in s.reason for s in failed)
    best = max(s.objective for s in report.starts if s.outcome.ok and s.objective is not None)
    assert report.starts[report.best].objective == best == model.lower_bounds_[-1]
    assert f"{len(failed)} failed (Component " in str(report).replace("\n" + " " * 21, " ")
    assert np.isfinite(model.score_samples(NEAR)).all()


def test_the_starts_that_live_are_what_they_are_alone() -> None:
    """The kept fit is the best of the starts made one by one with the same stream of numbers."""
    model, seed, found = quiet(lambda: spiked().fit(NEAR)), np.random.RandomState(0), []
    for _ in range(12):
        try:
            found.append(quiet(lambda: spiked(n_init=1, random_state=seed).fit(NEAR)).lower_bounds_[-1])
        except FitFailed:
            found.append(None)
    assert found == [s.objective if s.outcome.ok else None for s in model.fit_report_.starts]


def test_only_if_all_starts_fail_is_it_an_error_that_lists_why() -> None:
    with pytest.raises(FitFailed) as caught:
        spiked(init_params="kmeans", n_init=3).fit(APART)
    said = str(caught.value)
    assert said.startswith("All 3 starts failed. Failed: the covariance of a component became singular.")
    assert said.count("Use fewer components, a family with fewer parameters, reg_covar or a prior.") == 1
    assert "its covariance is singular: column 0 keeps" in said
    with pytest.raises(
        FitFailed, match=r"^The only start failed\. Failed: the covariance of a component became singular"
    ):
        spiked(init_params="kmeans", n_init=1).fit(APART)


def test_every_reason_is_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts that end in different ways."""
    ends = [
        DegenerateComponent(1, "its variance is 0."),
        NotFinite("It is nan."),
        EmptyComponent(0, "it holds no row."),
    ]
    ends.append(ends[1])
    monkeypatch.setattr(direct, "moments", Mock(side_effect=ends))
    with pytest.raises(FitFailed) as caught:
        mixture(2, init_params="random", n_init=4).fit(groups())
    assert str(caught.value) == (
        "All 4 starts failed. "
        "Failed: the covariance of a component became singular. "
        "Use fewer components, a family with fewer parameters, reg_covar or a prior. Component 1: its variance is 0. "
        "Failed: the log-likelihood is not a finite number. Check the scale of the columns and the start. It is nan. "
        "Failed: a component is left without rows. Use fewer components or another start. Component 0: it holds no row."
    )


@pytest.mark.parametrize("bad", (np.nan, np.inf, -np.inf))
def test_a_start_that_gives_nan_among_several(bad: float, monkeypatch: pytest.MonkeyPatch) -> None:
    moments, calls = direct.moments, []

    def spoiled(*args: Any, **kwargs: Any) -> Any:
        found = moments(*args, **kwargs)
        calls.append(1)
        return found.__class__(**{**vars(found), "log_likelihood": bad}) if len(calls) == 2 else found

    monkeypatch.setattr(direct, "moments", spoiled)
    model = mixture(2, n_init=3, init_params="random", tol=1e-6, max_iter=500).fit(groups())
    ends = [s.outcome for s in model.fit_report_.starts]
    assert ends == [Outcome.NOT_FINITE, Outcome.CONVERGED, Outcome.CONVERGED]
    assert model.fit_report_.starts[0].reason == f"The log-likelihood a row is {bad} after 2 passes."
    assert model.fit_report_.best in (1, 2)


def far(covariance_type: str = "full", **settings: Any) -> mx.GaussianMixture:
    """A start whose second component is so far out that no row belongs to it."""
    model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[1.0, 1.0], [1e3, 1e3]], np.stack([np.eye(2)] * 2), "full")
    precisions = {
        "full": np.stack([np.eye(2)] * 2),
        "tied": np.eye(2),
        "diag": np.ones((2, 2)),
        "spherical": np.ones(2),
    }
    given = precisions.get(covariance_type, precisions["full"])
    chosen = {"weights_init": model.weights_, "means_init": model.means_, "precisions_init": given, "max_iter": 500}
    return mixture(2, covariance_type, **(chosen | settings))


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("acceleration", (None, "squarem"))
def test_a_component_that_empties_is_seeded_again_once_and_recorded(acceleration: Any, family: str) -> None:
    model = far(family, acceleration=acceleration, tol=1e-8, reg_covar=0).fit(groups())
    assert model.fit_report_.starts[0].reseeded == (1,)
    assert "Component 1 lost all its rows once and was seeded again." in model.fit_report_.warnings
    assert model.converged_ and (model.weights_ > 0.05).all()
    assert (np.abs(model.means_) < 20).all()


def test_the_same_rows_are_found_again() -> None:
    """With two clear groups the second seed leads to the fit from their labels."""
    found, owed = far(tol=1e-9).fit(groups()), mixture(2, init_params=labels(), tol=1e-9, max_iter=500).fit(groups())
    np.testing.assert_allclose(found.sort_components(0).means_, owed.sort_components(0).means_, atol=1e-3)


def test_a_component_that_empties_twice_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def again(source: Any, kernel: Any, seed: Any, step: Any, component: int) -> Any:
        return step.model

    monkeypatch.setattr(start, "reseed", again)
    with pytest.raises(FitFailed) as caught:
        far().fit(groups())
    assert "Failed: a component is left without rows. Use fewer components or another start." in str(caught.value)
    assert "Component 1: it holds a mass of 0 rows after a second seed." in str(caught.value)


def test_labels_that_leave_a_component_empty_have_failed() -> None:
    with pytest.raises(FitFailed, match="Component 2: the start gives it no row"):
        mixture(3, init_params=labels()).fit(groups())


def falling(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Break the M-step: on one pass it goes back to the common mean."""
    update, calls = Mixture.update, []

    def broken(self: Mixture, moments: Any) -> Mixture:
        model = update(self, moments)
        calls.append(1)
        if len(calls) == at:
            return Mixture(model.recipe, model.proportions, 0 * model.means, model.covariance, model.noise)
        return model

    monkeypatch.setattr(Mixture, "update", broken)


@pytest.mark.parametrize("extra", ({"reg_covar": 0}, {"reg_covar": 0, "prior": "default"}))
def test_a_likelihood_that_falls_is_an_internal_error(extra: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    falling(monkeypatch, at=3)
    with pytest.raises(FitFailed) as caught:
        mixture(3, tol=0, **extra).fit(groups())
    said = str(caught.value)
    assert "Failed: the log-likelihood fell, which an exact EM step cannot do." in said
    assert "This is a defect of mixtura: please report it with the data." in said
    assert "on pass 4." in said


def test_a_likelihood_that_falls_under_a_ridge_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    falling(monkeypatch, at=3)
    model = mixture(3, tol=1e-9, max_iter=1000).fit(groups())
    path = np.diff(model.lower_bounds_)
    assert model.converged_ and model.fit_report_.starts[0].falls == (path < -1e-6).sum() == 1
    note = (
        "The log-likelihood fell on one pass: under reg_covar > 0 a step need not raise it. With reg_covar=0 or a prior"
    )
    assert any(sentence.startswith(note) for sentence in model.fit_report_.warnings)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_path_of_a_natural_fall_is_scikit_learns(covariance_type: str) -> None:
    """A heavy ridge: the likelihood falls, and scikit-learn's rule for stopping applies."""
    settings: dict[str, Any] = {"reg_covar": 0.04, "tol": 1e-9, "max_iter": 70, "random_state": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = Theirs(3, covariance_type=covariance_type, **settings).fit(groups())
        ours = mx.GaussianMixture(3, covariance_type=covariance_type, **settings).fit(groups())
    path, falls = np.asarray(theirs.lower_bounds_), ours.fit_report_.starts[0].falls
    assert 1 <= (np.diff(path) < -1.5e-6).sum() <= falls <= (np.diff(path) < 0).sum()
    np.testing.assert_allclose(ours.lower_bounds_, path, atol=1e-8)
    assert ours.converged_ == theirs.converged_
    assert f"The log-likelihood fell on {falls} passes" in " ".join(ours.fit_report_.warnings)


@pytest.mark.parametrize("family", ALL)
def test_without_a_ridge_nothing_falls(family: str) -> None:
    for prior in (None, "default"):
        model = mixture(3, family, reg_covar=0, prior=prior, tol=1e-7, max_iter=2000, init_params="random").fit(
            groups()
        )
        assert model.fit_report_.starts[0].falls == 0
        assert (np.diff(model.lower_bounds_) > -1e-9).all()


@pytest.mark.parametrize("max_iter", (2, 3, 7))
def test_max_iter_reached_names_passes_gain_and_remedy(max_iter: int) -> None:
    model = mixture(3, max_iter=max_iter, tol=1e-12)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(groups())
    said = str(caught[0].message)
    gain = model.lower_bounds_[-1] - model.lower_bounds_[-2]
    assert said.startswith("Best performing initialization did not converge.")
    assert f"Passes: {max_iter}; the last gain was {gain:.3g} a row, and tol is 1e-12." in said
    assert "increase max_iter, tol" in said and 'acceleration="squarem" needs fewer passes' in said
    assert model.converged_ is False and model.n_iter_ == max_iter
    assert model.fit_report_.outcome is Outcome.MAX_ITER and said in model.fit_report_.warnings
    assert caught[0].filename == __file__


def test_max_iter_of_one_has_no_gain_to_name() -> None:
    with pytest.warns(ConvergenceWarning, match="Passes: 1; there was no gain to compare, and tol is 0.001"):
        assert mixture(3, max_iter=1).fit(groups()).converged_ is False
