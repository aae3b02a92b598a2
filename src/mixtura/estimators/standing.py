"""Where an estimator stands in a stream: its beginning, from the first rows or a model, and each next call."""

from __future__ import annotations

import warnings
from copy import copy
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from mixtura import assess, criteria, em, kernels, online
from mixtura.arrays import Float
from mixtura.covariance import resolve
from mixtura.estimators import conversion, solve
from mixtura.growing import n_parameters
from mixtura.mixture import Mixture
from mixtura.online import Pace, Stream
from mixtura.outcome import DataWarning, MixtureError, NotFinite
from mixtura.parameters import Parameters
from mixtura.problem import survey
from mixtura.sources.memory import Memory
from mixtura.statistics import fingerprint

# The fit that a stream begins with has at least so many rows, and so many a free parameter.
LEAST, A_PARAMETER = 2**12, 4
# A stream does not leave the optimum that it begins at, and on few rows starts are cheap: so many, settled to this.
STARTS, SETTLED = 8, 1e-5
# Rows that are kept are fitted again when there are so many times as many.
GROWN = 1.0625


@dataclass(frozen=True)
class Kept:
    """Rows of a beginning that are too few yet, and how many there were at the last fit and at the last fresh start."""

    rows: Float
    weight: Float
    fitted: int
    fresh: int


class How(NamedTuple):
    """Which starts a fit of a beginning makes: fresh ones, all of them for the last time, from the last fit again."""

    fresh: bool
    done: bool
    again: bool


@dataclass(frozen=True)
class Standing:
    """What an estimator remembers between two calls of `partial_fit`.

    Parameters
    ----------
    pace : Pace
    stream : Stream or None
        None while the beginning is short of rows.
    kept : Kept or None
        Its rows, while it is.
    report : FitReport or None
        What the estimator had when the call ended: another one is that of a fit since.
    published : str
        Fingerprint of the parameters at the end of the call: others were assigned since.
    """

    pace: Pace
    stream: Stream | None = None
    kept: Kept | None = None
    report: Any = None
    published: str = ""


def resumed(estimator: Any, n_features: int) -> Standing | None:
    """Where the next rows go on: from the last call, or from a model that was fitted, loaded or assigned since.

    Raises
    ------
    MixtureError
        Where the settings are no longer those of the model.
    """
    standing: Standing | None = getattr(estimator, "_standing", None)
    if not hasattr(estimator, "means_"):
        return None
    _require_same_model(estimator, n_features)
    report = getattr(estimator, "fit_report_", None)
    if standing is not None and standing.report is report and standing.published == _fingerprint(estimator):
        return standing
    weight = None if report is None else float(report.weight)
    if standing is not None and standing.report is report and standing.stream is not None:
        weight = standing.stream.moments.weight  # assigned parameters: the history keeps its weight
    return Standing(Pace() if standing is None else standing.pace, _from_model(estimator, weight))


def _require_same_model(estimator: Any, n_features: int) -> None:
    try:
        conversion.require_same_shape(estimator, n_features)
    except MixtureError as error:
        found = str(error).partition(": ")[2].rpartition(". ")[0]
        raise MixtureError(f"partial_fit cannot go on: {found}. Set it back, or use a new estimator.") from None


def _from_model(estimator: Any, weight: float | None) -> Stream:
    """A stream that stands where the published model would, after rows of a given weight (None: a unit's)."""
    model, frame = framed(estimator)
    unit = online.unit_of(estimator._n_parameters())
    before = float(getattr(estimator, "lower_bound_", -np.inf))
    before = before + frame.log_unit if np.isfinite(before) else 0.0
    weight = unit if weight is None else weight
    return Stream(model, online.implied(model, weight, weight * before), frame, unit)


def framed(estimator: Any) -> tuple[Mixture, Any]:
    """The published model with its recipe, in a frame that depends on nothing but the model."""
    parameters = conversion.parameters_of(estimator)
    family, _ = resolve(estimator.covariance_type, parameters.shape[1])
    return online.framed(parameters, family, solve.settings(estimator, False))


def begun(estimator: Any, standing: Standing | None, ready: Any, pace: Pace, dtype: Any) -> tuple[Standing, int]:
    """A fit to the first rows of a stream, and how many rows of this batch it took.

    While the rows are fewer than a start needs they are kept, and all of them are fitted again whenever they have grown
    by a sixteenth; a fresh start is made whenever their number has doubled.
    """
    kept = None if standing is None else standing.kept
    k, d = int(estimator.n_components), ready.shape[1]
    enough = _enough(estimator, d) if isinstance(estimator.init_params, str) else ready.shape[0]
    before = 0 if kept is None else len(kept.rows)
    pieces, position = online.split(ready.blocks(), enough - before)
    pieces = pieces if kept is None else [(kept.rows, kept.weight), *pieces]
    rows, weight = (np.concatenate([piece[i] for piece in pieces]) for i in (0, 1))
    if len(rows) < k:
        raise MixtureError(
            f"Expected n_samples >= n_components but got n_components = {k}, n_samples = {len(rows)}: the first batch "
            f"of a stream needs at least {k} rows of positive weight. Pass more at first, or use fewer components."
        )
    done = len(rows) >= enough
    if kept is not None and not done and len(rows) < GROWN * kept.fitted:
        return Standing(pace, None, replace(kept, rows=rows, weight=weight)), position
    fresh = done or kept is None or len(rows) >= 2 * kept.fresh
    stream = _fit(estimator, rows, weight, dtype, How(fresh, done, kept is not None), ready.names)
    if done:
        return Standing(pace, stream), position
    last = len(rows) if fresh or kept is None else kept.fresh
    return Standing(pace, None, Kept(rows, weight, len(rows), last)), position


def _enough(estimator: Any, n_features: int) -> int:
    """Rows that a beginning is made from."""
    return max(LEAST, A_PARAMETER * _n_parameters(estimator, n_features))


def _n_parameters(estimator: Any, n_features: int) -> int:
    k, noisy = int(estimator.n_components), bool(estimator.noise)
    family, _ = resolve(estimator.covariance_type, n_features)
    covariance = family.free_parameters(k, n_features)
    return criteria.n_parameters(k, n_features, covariance, noisy, bool(estimator.equal_weights))


def _fit(estimator: Any, rows: Float, weight: Float, dtype: Any, how: How, names: Any) -> Stream:
    """Fit the rows of a beginning as `fit` would, and adopt the result; the last time with more starts, to the end."""
    begin, family = perf_counter(), resolve(estimator.covariance_type, rows.shape[1])[0]
    own = None if (weight == 1.0).all() else weight
    with estimator._working(Memory.of(rows, names=names), own, int(estimator.n_components), family.order) as ready:
        best = _best(estimator, ready, dtype, how)
        solve.adopt(estimator, best, perf_counter() - begin)
        problem = best.problem
        model = best.measured.parameters.mixture(problem.recipe, problem.frame)
        kernel = kernels.choose(ready.kind, len(model.means), model.order)
        moments = em.read(problem.source, model, kernel)
    for sentence in best.warnings if how.fresh else []:
        warnings.warn(sentence, DataWarning, stacklevel=6)
    return Stream(model, moments, problem.frame, online.unit_of(n_parameters(problem)))


def _best(estimator: Any, ready: Any, dtype: Any, how: How) -> solve.Solution:
    """The best of the starts that are due."""
    probe, found = copy(estimator), []
    if how.done:
        probe.n_init = max(int(estimator.n_init), STARTS)
    for warm in [True] * how.again + [False] * how.fresh:
        probe.warm_start = warm
        found.append(solve.solve(probe, ready, dtype, solve.ESTIMATOR))
    best = max(found, key=lambda solution: solution.measured.assessment.log_likelihood)
    if not how.done or estimator.max_iter == 0:
        return best
    solve.adopt(probe, best, 0.0)
    probe.tol, probe.acceleration, probe.warm_start = min(float(estimator.tol), SETTLED), "squarem", True
    settled = solve.solve(probe, ready, dtype, solve.ESTIMATOR)
    return replace(settled, warnings=best.warnings)


def went_on(estimator: Any, standing: Standing, ready: Any, position: int) -> Standing:
    """The steps of the rows from a position on, and the model they led to, published."""
    stream, path = standing.stream, []
    assert stream is not None
    kernel = kernels.choose(ready.kind, len(stream.model.means), stream.model.order)
    source = ready.framed(stream.frame)
    try:
        for arrived, gain in online.learn(stream, online.beyond(source.blocks(), position), kernel, standing.pace):
            stream = arrived
            path.append(gain)
    except NotFinite:
        assess.log_densities(source, stream.model.density(), kernel)  # names the row
        raise
    if path:
        _publish(estimator, stream, path)
    return replace(standing, stream=stream)


def _publish(estimator: Any, stream: Stream, path: list[float]) -> None:
    dtype, noise = estimator.means_.dtype, getattr(estimator, "_noise", None)
    _, layout = resolve(estimator.covariance_type, stream.model.means.shape[1])
    conversion.set_parameters(estimator, Parameters.publish(stream.model, stream.frame, layout, noise, dtype))
    unreported(estimator)
    estimator.converged_, estimator.n_iter_ = False, stream.steps
    estimator.lower_bound_, estimator.lower_bounds_ = stream.mean_log_likelihood, path


def unreported(estimator: Any) -> None:
    """Take away what only a fit to rows can know."""
    estimator._quantiles, estimator._fitted_type = None, estimator.covariance_type
    vars(estimator).pop("fit_report_", None)


def advance(estimator: Any, ready: Any, pace: Pace | None, dtype: Any) -> None:
    """One call of `partial_fit`: the rows are learned, the model is published, and where it stands is kept."""
    survey(ready)
    standing, position = resumed(estimator, ready.shape[1]), 0
    pace = pace or (Pace() if standing is None else standing.pace)
    if standing is None or standing.stream is None:
        standing, position = begun(estimator, standing, ready, pace, dtype)
    if standing.stream is not None:
        standing = went_on(estimator, replace(standing, pace=pace), ready, position)
    report, published = getattr(estimator, "fit_report_", None), _fingerprint(estimator)
    estimator._standing = replace(standing, pace=pace, report=report, published=published)


def _fingerprint(estimator: Any) -> str:
    return fingerprint(conversion.parameters_of(estimator), estimator.covariance_type)
