"""The likelihood ratio test of the number of components, by parametric bootstrap."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura import pools
from mixtura.arrays import Float
from mixtura.covariance import published, resolve
from mixtura.estimators import GaussianMixture, inputs
from mixtura.estimators.many.run import seed_of
from mixtura.estimators.many.small import arranged
from mixtura.outcome import DataWarning, MixtureError
from mixtura.parameters import Parameters
from mixtura.problem import Settings, survey
from mixtura.resampling.asked import require_count, require_share
from mixtura.resampling.compiled import Stop, compact
from mixtura.resampling.contest import Samples, contest
from mixtura.resampling.draws import Sampler
from mixtura.resampling.refits import PASSES, Refits, Task
from mixtura.resampling.turns import Turn, spread, turns
from mixtura.resampling.verdict import LikelihoodRatioTest
from mixtura.sources.memory import Memory

# A fit ends when a pass gains less than this part of a nat over all rows: ratios of some nats are known to a hundredth.
GAIN = 1e-4
# Share of samples, and number of them, that may fail in silence.
FEW, NUMBER = 0.02, 2


def likelihood_ratio_test(
    X: Any,
    *,
    covariance_type: str = "full",
    max_components: int = 9,
    n_resamples: int = 999,
    level: float = 0.05,
    random_state: Any = None,
    n_threads: int | None = None,
    sample_weight: Any = None,
) -> LikelihoodRatioTest:
    r"""How many components the rows speak for: k against k + 1, in turn until k is not rejected.

    .. math:: T_k = 2 (\log L_{k+1} - \log L_k), \qquad p_k = \frac{1 + \#\{b : T_k^{(b)} \ge T_k\}}{1 + B}

    A mixture of k components lies on the edge of those of k + 1, so T has no chi-squared distribution. It is found by
    fitting both to B samples from the mixture of k components that was fitted to the rows [1]_. Each fit is the best
    of several beginnings, of the same kind for the rows and for the samples. Fits are by maximum likelihood: a
    component that collapses on a few rows is left out of the comparison.

    Parameters
    ----------
    X : array-like or DataFrame of shape (N, D)
    covariance_type : str, default="full"
        Any of `GaussianMixture`'s.
    max_components : int, default=9
        At least 2; the last test is of one less against it.
    n_resamples : int, default=999
        Samples B a test, at least 2; the smallest p-value there can be is 1 / (B + 1).
    level : float, default=0.05
        The first k whose p-value is larger is kept.
    random_state : int, RandomState instance or None, default=None
    n_threads : int or None, default=None
        None means all that the process may use. Results do not depend on it.
    sample_weight : array-like of shape (N,), optional
        Counts of the rows; samples have as many rows as their sum.

    Returns
    -------
    found : LikelihoodRatioTest

    Raises
    ------
    MixtureError
        Rows or settings that cannot be used, or when not even one component can be fitted.

    Warns
    -----
    DataWarning
        When more than one sample in fifty could not be fitted.

    References
    ----------
    .. [1] G. J. McLachlan (1987), On bootstrapping the likelihood ratio test statistic for the number of components in
       a normal mixture, Journal of the Royal Statistical Society C 36, 318-324.

    Examples
    --------
    >>> import numpy as np
    >>> import mixtura as mx
    >>> X = np.random.default_rng(0).normal(size=(150, 2))
    >>> X[:60] += 4.0
    >>> found = mx.likelihood_ratio_test(X, n_resamples=99, random_state=0)
    >>> found.n_components, float(found.p_values[0])
    (2, 0.01)
    """
    require_count("max_components", max_components, 2)
    require_count("n_resamples", n_resamples, 2)
    require_share("level", level)
    rows, weight = _read(X, sample_weight)
    seed, tests = seed_of(random_state), []
    with pools.single_threaded_pools():
        for one in _tests(rows, weight, covariance_type, int(max_components), int(n_resamples), seed, n_threads):
            tests.append(one)
            if one.p_value > level:
                break
    _warn(tests, int(n_resamples))
    return _told(tests, covariance_type, float(level), int(max_components), int(n_resamples))


def _read(X: Any, sample_weight: Any) -> tuple[Float, Float | None]:
    """Rows of positive weight as one array, and their counts."""
    source = inputs.source_of(GaussianMixture(), X, reset=True, at_least=2)
    weight = inputs.weight_of(sample_weight, source.shape[0])
    survey(replace(source, weight=weight))  # names the first cell that is no number
    if weight is None or weight.all():
        return np.ascontiguousarray(source.take(slice(None))), weight
    there = np.flatnonzero(weight)
    return np.ascontiguousarray(source.take(there)), weight[there]


@dataclass(frozen=True)
class Tested:
    """One test: k components against k + 1."""

    statistic: float
    resampled: Float
    failed: int

    @property
    def p_value(self) -> float:
        """The share of samples, the rows among them, whose statistic is no smaller."""
        return float(1 + (self.resampled >= self.statistic).sum()) / (1 + len(self.resampled))


def _tests(
    rows: Float, weight: Float | None, name: str, most: int, count: int, seed: int, n_threads: int | None
) -> Iterator[Tested]:
    """The tests of 1, 2, ... components, as far as mixtures can be fitted."""
    total = float(len(rows) if weight is None else weight.sum())
    fitter = Fitter(rows, name, max(GAIN / total, 1e-13), n_threads)
    model = fitter.one(weight)
    for k in range(1, most):
        null, other = fitter.task(k, model), fitter.task(k + 1, model)
        samples = Samples(rows, weight, 1, _seeds(seed, k, [0]))
        observed = contest(null, other, samples, np.zeros(1, dtype=np.int64))
        if not (observed[0].sound[0] and observed[1].sound[0]):
            return
        statistic = float(_ratios(*observed, total)[0])
        model = fitter.published(observed[0])
        ratios = _resampled(fitter.task(k, model), fitter.task(k + 1, model), round(total), count, seed)
        yield Tested(statistic, ratios[np.isfinite(ratios)], int(count - np.isfinite(ratios).sum()))
        model = fitter.published(observed[1])


@dataclass(frozen=True)
class Fitter:
    """What all fits to the same rows share."""

    rows: Float
    name: str
    tol: float
    n_threads: int | None

    def task(self, k: int, model: Parameters) -> Task:
        """Fits of k components, from a model where they have no other beginning."""
        family, _ = resolve(self.name, self.rows.shape[1])
        settings = Settings(k, self.name, self.tol, 0.0, PASSES, False, None, False, "squarem", family.scales)
        return Task(Memory.of(self.rows), family, settings, model, self.n_threads)

    def one(self, weight: Float | None) -> Parameters:
        """One component: mean and covariance of the rows."""
        model = GaussianMixture(1, covariance_type=self.name, reg_covar=0.0, tol=0.0, max_iter=2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(self.rows, sample_weight=weight)._parameters()

    def published(self, found: Refits) -> Parameters:
        """A single fit as a model."""
        d = self.rows.shape[1]
        _, layout = resolve(self.name, d)
        covariances = np.ascontiguousarray(arranged(found.covariances, layout)[0])
        return Parameters(found.weights[0], found.means[0], published.from_covariances(covariances, layout), layout)


def _seeds(seed: int, k: int, numbers: Any) -> Any:
    """What the k-means of samples draw from; sample 0 is the rows themselves."""
    words = [np.random.SeedSequence(seed, spawn_key=(k, i, 1)).generate_state(1, np.uint64)[0] for i in numbers]
    return np.array(words, dtype=np.uint64)


def _resampled(null: Task, other: Task, size: int, count: int, seed: int) -> Float:
    """The statistic of every sample from the null model, NaN where one of the fits failed."""
    k, sampler = null.settings.n_components, Sampler.of(null.start)

    def ratios(turn: Turn, stop: Stop) -> Float:
        drawn = [sampler.draw(size, np.random.SeedSequence(seed, spawn_key=(k, i + 1, 0))) for i in turn]
        samples = Samples(np.concatenate(drawn), None, len(turn), _seeds(seed, k, [i + 1 for i in turn]))
        return _ratios(*contest(null, other, samples, stop), size)

    if compact(other, size):
        return np.concatenate(list(spread(ratios, turns(count, 2 * size * k, other), null.n_threads)))
    return np.concatenate([ratios([i], np.zeros(1, dtype=np.int64)) for i in range(count)])


def _ratios(null: Refits, other: Refits, total: float) -> Float:
    """Twice the gain in log-likelihood; not below 0, for two equal components are one."""
    ratios = np.maximum(2.0 * total * (other.log_likelihood - null.log_likelihood), 0.0)
    return np.where(null.sound & other.sound, ratios, np.nan)


def _warn(tests: list[Tested], count: int) -> None:
    for k, one in enumerate(tests, 1):
        if one.failed > max(FEW * count, NUMBER):
            told = f"{one.failed} of {count} samples of {k} components could not be fitted and are left out of the "
            warnings.warn(told + "test: components collapse. Use a simpler family.", DataWarning, stacklevel=3)


def _told(tests: list[Tested], name: str, level: float, most: int, count: int) -> LikelihoodRatioTest:
    if not tests:
        raise MixtureError("Two components cannot be fitted to these rows, so there is nothing to compare one with.")
    kept = len(tests) if tests[-1].p_value > level else len(tests) + 1
    return LikelihoodRatioTest(
        statistics=np.array([one.statistic for one in tests]),
        p_values=np.array([one.p_value for one in tests]),
        n_components=kept,
        level=level,
        n_resamples=count,
        n_failed=tuple(one.failed for one in tests),
        resampled=tuple(one.resampled for one in tests),
        max_components=most,
        family=name,
    )
