"""`bootstrap`: resamples of the rows, the model refitted to each, and what the refits say of its parameters."""

from __future__ import annotations

import warnings
from statistics import NormalDist
from typing import Any

import numpy as np

from mixtura import pools
from mixtura.arrays import Float
from mixtura.outcome import DataWarning, MixtureError
from mixtura.resampling import turns
from mixtura.resampling.aligned import affinities, orders
from mixtura.resampling.asked import Asked, read
from mixtura.resampling.refits import Refits, Task, dense, refit
from mixtura.resampling.result import Bootstrap

# Share of resamples that may fail in silence.
FEW = 0.02
# Standard errors that a model may lie from where EM ends, in silence.
NEAR = 0.25


def bootstrap(
    model: Any,
    X: Any,
    *,
    kind: str = "nonparametric",
    n_resamples: int = 999,
    level: float = 0.95,
    random_state: Any = None,
    n_threads: int | None = None,
    sample_weight: Any = None,
) -> Bootstrap:
    r"""Standard errors and intervals of every parameter of a fitted mixture.

    The model is refitted to resamples of its rows, each time by EM from the model itself, with its own settings, and to
    the end whatever its `tol` was. Components of a refit are put in the model's order.

    - "nonparametric": N rows drawn with replacement [1]_.
    - "weighted": every row keeps its place, with a weight from N times a Dirichlet(1, ..., 1) distribution [2]_; no row
      is ever absent, so that small components keep theirs.
    - "parametric": N rows drawn from the model.
    - "jackknife": one row left out at a time, N refits whatever `n_resamples` is.

    The first three give the standard deviation of the estimates, and as intervals their percentiles. Estimates that
    lack a row each differ far less than estimates from new data would, so their percentiles mean nothing: the jackknife
    scales them and gives the normal interval around the model's own parameters [3]_,

    .. math:: s = \sqrt{\tfrac{N - 1}{N} \sum_i (\hat\theta_{-i} - \bar\theta)^2}, \qquad \hat\theta \pm z s.

    Parameters
    ----------
    model : GaussianMixture
        Fitted to `X`. With a noise component its volume stays as it is. A search stands for its best model.
    X : array-like or DataFrame of shape (N, D)
        The rows that the model was fitted to.
    kind : {"nonparametric", "weighted", "parametric", "jackknife"}, default="nonparametric"
    n_resamples : int, default=999
        At least 2.
    level : float, default=0.95
        Share that an interval is to cover, between 0 and 1.
    random_state : int, RandomState instance or None, default=None
    n_threads : int or None, default=None
        None means all that the process may use. Results do not depend on it.
    sample_weight : array-like of shape (N,), optional
        Counts of the rows: N is their sum; they are weighted by Gamma variables of these shapes.

    Returns
    -------
    found : Bootstrap

    Raises
    ------
    NotFittedError
        For a model that is not fitted.
    MixtureError
        Rows, settings or counts that cannot be used, a noise component of a given volume, which has no place to draw
        rows from, under "parametric"; or fewer than 2 refits that came to an end.

    Warns
    -----
    DataWarning
        When more than one refit in fifty failed, or did not converge; or when the model itself stopped so early that it
        lies more than a quarter of a standard error from where EM ends.

    References
    ----------
    .. [1] B. Efron (1979), Bootstrap methods: another look at the jackknife, Annals of Statistics 7, 1-26.
    .. [2] M. A. Newton and A. E. Raftery (1994), Approximate Bayesian inference with the weighted likelihood bootstrap,
       Journal of the Royal Statistical Society B 56, 3-48.
    .. [3] A. O'Hagan, T. B. Murphy, L. Scrucca and I. C. Gormley (2019), Investigation of parameter uncertainty in
       clustering using a Gaussian mixture model via jackknife, bootstrap and weighted likelihood bootstrap,
       Computational Statistics 34, 1779-1813.

    Examples
    --------
    >>> import mixtura as mx
    >>> X = mx.datasets.load_faithful().data
    >>> model = mx.GaussianMixture(2, tol=1e-8, reg_covar=0, random_state=0).fit(X).sort_components()
    >>> found = mx.bootstrap(model, X, n_resamples=199, random_state=0)
    >>> bool(0.02 < found.standard_errors["weights"][0] < 0.04)
    True
    >>> low, high = found.intervals["means"]
    >>> bool(((low < model.means_) & (model.means_ < high)).all())
    True
    """
    asked = read(model, X, kind, n_resamples, level, random_state, n_threads, sample_weight)
    task, draws = asked.task, asked.draws
    with pools.single_threaded_pools():
        refits = Refits.joined(_aligned(task, part) for part in turns.refits(task, draws))
    kept = refits.take(refits.sound)
    failed = len(draws) - len(kept.noise)
    if len(kept.noise) < 2:
        raise MixtureError(
            f"{failed} of {len(draws)} resamples could not be fitted, and 2 are needed. Use fewer components, a family "
            "with fewer parameters, reg_covar or a prior."
        )
    found = _summarized(asked, kept, draws.repeats[refits.sound], failed)
    _warn(asked, found, kept)
    return found


def _aligned(task: Task, refits: Refits) -> Refits:
    """Refits with the components of the sound ones in the model's order."""
    start, covariances = task.start, dense(task.start)
    # affinities do not depend on units, and near one their products stay doubles
    unit = np.sqrt(np.einsum("kdd->kd", covariances).max(axis=0))
    area, means = unit * unit[:, None], np.asarray(start.means, dtype=np.float64)
    order, sound = np.tile(np.arange(len(means)), (len(refits.noise), 1)), refits.take(refits.sound)
    model = np.asarray(start.weights, dtype=np.float64), means / unit, covariances / area
    order[refits.sound] = orders(affinities(model, sound.weights, sound.means / unit, sound.covariances / area))
    return refits.reordered(order)


def _summarized(asked: Asked, kept: Refits, repeats: Float, failed: int) -> Bootstrap:
    start, draws = asked.task.start, asked.draws
    parameters: dict[str, Any] = {
        "weights": np.asarray(start.weights, dtype=np.float64),
        "means": np.asarray(start.means, dtype=np.float64),
        "covariances": dense(start),
    }
    estimates = {name: getattr(kept, name) for name in parameters}
    if start.noise is not None:
        parameters["noise_weight"], estimates["noise_weight"] = np.array(start.noise_weight), kept.noise
    errors = {name: _error(found, repeats, draws.kind) for name, found in estimates.items()}
    intervals = {
        name: _interval(estimates[name], parameters[name], errors[name], asked.level, draws.kind) for name in parameters
    }
    n = len(draws)
    told = asked.features, asked.task.settings.covariance_type
    return Bootstrap(draws.kind, asked.level, n, failed, parameters, estimates, repeats, errors, intervals, *told)


def _error(estimates: Float, repeats: Float, kind: str) -> Any:
    """Standard errors, from deviations that are scaled before they are squared, so that no unit overflows."""
    n = repeats.sum()
    apart = estimates - np.tensordot(repeats / n, estimates, 1)
    unit = np.abs(apart).max(axis=0)
    unit = np.where(unit > 0.0, unit, 1.0)
    squares = np.tensordot(repeats, np.square(apart / unit), 1)
    return np.asarray(unit * np.sqrt(squares * ((n - 1.0) / n if kind == "jackknife" else 1.0 / (n - 1.0))))


def _interval(estimates: Float, parameter: Float, error: Float, level: float, kind: str) -> Float:
    """Percentiles of the estimates; of the jackknife the normal interval around the parameter."""
    if kind == "jackknife":
        far = NormalDist().inv_cdf(0.5 + 0.5 * level) * error
        return np.stack([parameter - far, parameter + far])
    return np.asarray(np.quantile(estimates, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0))


def _warn(asked: Asked, found: Bootstrap, kept: Refits) -> None:
    """Say what looks wrong with the refits, or with the model that they began from."""
    n, unsettled = found.n_resamples, int((~kept.converged).sum())
    if found.n_failed > FEW * n:
        told = f"{found.n_failed} of {n} resamples could not be fitted and are left out: a component is near singular. "
        warnings.warn(told + "Use fewer components, a simpler family, reg_covar or a prior.", DataWarning, stacklevel=3)
    if unsettled > FEW * n:
        told = f"{unsettled} of {n} refits did not converge in {asked.task.settings.max_iter} passes: components "
        warnings.warn(told + "overlap so much that the likelihood is nearly flat.", DataWarning, stacklevel=3)
    drift = _drift(asked, found)
    if drift > NEAR:
        warnings.warn(
            f"The model stopped {drift:.2g} standard errors from where EM ends on these rows, so refits lie around "
            "other parameters than its own. Fit it with a smaller tol, on these rows and weights.",
            DataWarning,
            stacklevel=3,
        )


def _drift(asked: Asked, found: Bootstrap) -> float:
    """How far the model is from where EM goes on to from it, in standard errors, at most over the parameters."""
    whole = _aligned(asked.task, refit(asked.task, None, asked.weight, asked.task.n_threads))
    if not whole.sound[0]:
        return 0.0
    far = 0.0
    for name in ("weights", "means", "covariances"):
        error = found.standard_errors[name]
        apart = np.abs(getattr(whole, name)[0] - found.parameters[name])
        far = max(far, float(np.divide(apart, error, out=np.zeros_like(apart), where=error > 0.0).max()))
    return far
