"""One fit of the estimator: from its settings and a source to a solution, and from that to its attributes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from mixtura import diagnostics, fitting, notes
from mixtura.arrays import Float
from mixtura.em import Run
from mixtura.estimators import beginning, conversion, progress
from mixtura.fit_report import FitReport, StartReport
from mixtura.fitting import Measured
from mixtura.outcome import MixtureError, Outcome
from mixtura.parameters import Parameters
from mixtura.prior import NormalInverseWishart
from mixtura.problem import Problem, Settings
from mixtura.sources.source import Source


@dataclass(frozen=True)
class Solution:
    """What a fit found.

    Parameters
    ----------
    problem : Problem
    runs : list of Run
        Every start.
    best : int
    measured : Measured
        The published parameters, measured.
    warnings : list of str
        Sentences worth a warning.
    remarks : list of str
        Sentences for the report alone.
    """

    problem: Problem
    runs: list[Run]
    best: int
    measured: Measured
    warnings: list[str]
    remarks: list[str]

    @property
    def path(self) -> list[float]:
        """The objective a row, in the user's units."""
        return [value - self.problem.frame.log_unit for value in self.runs[self.best].path]

    @property
    def unsettled(self) -> str:
        """The sentence for a fit that did not converge, or an empty one."""
        run = self.runs[self.best]
        if run.outcome is not Outcome.MAX_ITER:
            return ""
        faster = "" if self.problem.settings.acceleration else ' acceleration="squarem" needs fewer passes.'
        last = run.path[-1] - run.path[-2] if len(run.path) > 1 else None
        gain = "there was no gain to compare" if last is None else f"the last gain was {last:.3g} a row"
        return (
            "Best performing initialization did not converge. Try different init parameters, or increase max_iter, "
            f"tol, or check for degenerate data. (Passes: {run.passes}; {gain}, and tol is "
            f"{self.problem.settings.tol:g}.{faster})"
        )


@dataclass(frozen=True)
class Door:
    """How rows came in: the estimator is scikit-learn's; our own doors ask for more than its settings can say.

    Parameters
    ----------
    standardize : bool
        Whether starts measure distances in standard deviations of the columns.
    names : tuple of str, optional
        Names of the columns of an array that has none.
    watch : Silent, optional
        Told of every start and pass, in place of what `verbose` asks for.
    """

    standardize: bool = False
    names: tuple[str, ...] | None = None
    watch: progress.Silent | None = None


ESTIMATOR = Door()


def solve(estimator: Any, source: Source, dtype: Any, door: Door) -> Solution:
    """Pose the problem, run every start, publish and measure the best."""
    problem = Problem.pose(source, settings(estimator, door.standardize))
    first = beginning.begin(estimator, problem)
    flat = None if estimator.max_iter == 0 and first.exact is not None else _require_spread(problem)
    watch = door.watch or progress.of(estimator, problem.frame.log_unit, first.before)
    seed = check_random_state(estimator.random_state)
    runs = fitting.run_starts(problem, first.starts, seed, first.before, watch)
    best = fitting.choose(problem, runs)
    measured = fitting.measure(source, _publish(problem, runs[best], first, dtype))
    return noted(problem, runs, best, measured, flat, first.by_distance)


def lot(random_state: Any) -> int:
    """Which random order of the rows samples follow; nothing is drawn for it, so that the starts draw as ever."""
    return int(deepcopy(check_random_state(random_state)).randint(2**31))


def settings(estimator: Any, standardize: bool) -> Settings:
    """What an estimator asks for."""
    prior = NormalInverseWishart() if isinstance(estimator.prior, str) else estimator.prior
    return Settings(
        n_components=int(estimator.n_components),
        covariance_type=estimator.covariance_type,
        tol=float(estimator.tol),
        reg_covar=float(estimator.reg_covar),
        max_iter=int(estimator.max_iter),
        noise=bool(estimator.noise) if isinstance(estimator.noise, bool | np.bool_) else float(estimator.noise),
        prior=prior,
        equal_weights=bool(estimator.equal_weights),
        acceleration=estimator.acceleration,
        standardize=standardize,
    )


def _require_spread(problem: Problem) -> list[str]:
    notes.require_rows(problem.source, problem.summary, problem.settings.n_components)
    return notes.flat_columns(problem)


def _publish(problem: Problem, run: Run, first: beginning.Beginning, dtype: Any) -> Parameters:
    """The run's model rounded to its public arrays; given parameters that no pass has changed stay as they are."""
    unchanged = run.outcome is Outcome.GIVEN
    if unchanged and first.exact is not None:
        return first.exact
    if run.model is None:
        raise MixtureError("The start left no model.")
    found = Parameters.publish(run.model, problem.frame, problem.layout, problem.noise, dtype)
    return first.given.over(found) if unchanged else found


def noted(
    problem: Problem, runs: list[Run], best: int, measured: Measured, flat: list[str] | None, by_distance: bool
) -> Solution:
    """What was found with what looks wrong; where nothing was estimated (`flat` is None) nothing is loud."""
    unit_bound = by_distance or not problem.recipe.exact or not problem.family.scales
    loud = [] if flat is None else flat + notes.scales(problem, unit_bound)
    loud += [] if flat is None else notes.starved(problem, measured.assessment.mass)
    return Solution(problem, runs, best, measured, loud, notes.odd_columns(problem.source))


def adopt(estimator: Any, solution: Solution, seconds: float) -> None:
    """Set the fitted attributes."""
    measured, run = solution.measured, solution.runs[solution.best]
    conversion.set_parameters(estimator, measured.parameters)
    estimator._quantiles = measured.quantiles
    estimator._fitted_type = estimator.covariance_type
    estimator.converged_ = run.outcome is Outcome.CONVERGED
    estimator.n_iter_ = run.passes
    estimator.lower_bounds_ = solution.path
    estimator.lower_bound_ = measured.assessment.log_likelihood / measured.assessment.weight
    estimator.fit_report_ = _report(estimator, solution, seconds)


def _report(estimator: Any, solution: Solution, seconds: float) -> FitReport:
    problem, found, k = solution.problem, solution.measured.assessment, solution.problem.settings.n_components
    density, _ = solution.measured.parameters.density()
    d, log_unit = density.n_features, problem.frame.log_unit
    narrow = diagnostics.narrow(density.whitening, k, d)
    starved = notes.starving(problem, found.mass)
    said = notes.weights(found.weight, problem.summary.rows) + solution.remarks + notes.narrow(narrow)
    said += notes.history(solution.runs[solution.best])
    conditions = diagnostics.conditions(density.whitening, k, d)
    said += notes.meager(problem, found.mass) + notes.ill(conditions) + notes.unsure(found.uncertainty / found.weight)
    report = FitReport(
        outcome=solution.runs[solution.best].outcome,
        family=problem.family.name,
        n_components=k,
        n_features=d,
        n_rows=problem.summary.rows,
        weight=found.weight,
        n_parameters=estimator._n_parameters(),
        log_likelihood=found.log_likelihood,
        starts=tuple(_start_report(run, log_unit) for run in solution.runs),
        best=solution.best,
        path=tuple(solution.path),
        seconds=seconds,
        mass=_plain(found.mass),
        noise_mass=found.noise,
        uncertainty=found.uncertainty / found.weight,
        doubtful=found.doubtful / found.weight,
        entropy=found.entropy / found.weight,
        conditions=_plain(conditions),
        spurious=tuple(sorted({*narrow, *starved})),
        warnings=tuple(solution.warnings + said + ([solution.unsettled] if solution.unsettled else [])),
    )
    return report.about(solution.measured.parameters)


def _start_report(run: Run, log_unit: float) -> StartReport:
    objective = run.objective - log_unit if run.path else None
    return StartReport(objective, run.passes, run.outcome, run.reason, tuple(run.reseeded), run.falls)


def _plain(values: Float) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
