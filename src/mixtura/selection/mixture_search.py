"""The search with scikit-learn's manners."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Self, cast

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from mixtura import threads
from mixtura.arrays import Float
from mixtura.criteria import TABLE
from mixtura.estimators import inputs, solve
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.growing import LARGEST
from mixtura.outcome import DataWarning, FitFailed, MixtureError
from mixtura.selection import conclusion, progress
from mixtura.selection.engine import Search
from mixtura.selection.grid import Candidate, grid, numbers
from mixtura.selection.keeper import keeper_of
from mixtura.selection.plan import Plan, Rows, settings_of
from mixtura.sources.source import Source
from mixtura.start import SEEDING_ROWS

# Weights of no larger a sum are shares, not counts; it is 1 but for rounding.
ONE = 1.0 + 1e-9


@dataclass(frozen=True)
class Door:
    """How rows came in, where it is not through `fit`.

    Parameters
    ----------
    names : tuple of str, optional
        Names of the columns of an array that has none.
    watch : Watch, optional
        Told of every candidate, in place of what `verbose` asks for.
    """

    names: tuple[str, ...] | None = None
    watch: progress.Watch | None = None


class MixtureSearch(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """Choose the number of components and the covariance family of a Gaussian mixture.

    Every family is fitted with every number of components, all from one hierarchical start, and the candidate with the
    lowest criterion wins. Candidates that end below what a neighbor says they can reach begin again from it: a wider
    family or one more component never fits worse. Beyond some ten thousand rows candidates that can no longer win are
    not followed to their ends; the table says which.

    Parameters
    ----------
    n_components : int or iterable of int, default=range(1, 10)
    covariance_types : str or list of str, default="all"
        "all" (mclust's: all 14 if there are more rows than columns, else the diagonal and spherical ones; E and V in
        one dimension), "sklearn" (full, tied, diag, spherical), a name, or a list of names.
    criterion : {"bic", "icl", "aic", "aicc", "clc", "nec", "cv"}, default="bic"
        Lower is better for all. "cv" is minus twice the log-likelihood of held-out rows, in five folds.
    init_params : str, array or mapping, default="hierarchical"
        As `GaussianMixture`'s, or a mapping from numbers of components to labels or responsibilities.
    acceleration : None, "squarem" or "growing", default="squarem"
    tol : float, default=1e-8
        A candidate has settled when its mean log-likelihood a row changes by less.
    max_iter : int, default=10_000
    reg_covar : float, default=0.0
        0 is maximum likelihood.
    noise : bool or float, default=False
        True, or a volume: a uniform component for rows that belong to no group. It begins with the rows whose neighbors
        are far (Byers & Raftery 1998).
    prior : None, "default" or NormalInverseWishart
    n_init : int, default=1
        Starts a candidate. The hierarchical one always begins alike; later ones are k-means++.
    random_state : int, RandomState instance or None, default=0
    n_threads : int or None, default=None
        None means all that the process may use. Results do not depend on it.
    verbose : int, default=0
        1 prints how far the search is and about how long it will take.

    Attributes
    ----------
    results_ : Results
        The table: a row a candidate; ``print(search.results_)``.
    best_estimator_ : GaussianMixture
        The winner, fitted, its components by falling share.
    best_params_ : dict
        Its `n_components` and `covariance_type`.
    best_index_ : int
        Its row in `results_`.
    best_score_ : float
        Its criterion.
    margin_ : float or None
        By how much the next best candidate is worse; None where there is none.
    verdict_ : str
        What the table means, in words: ``print(search.verdict_)``.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X has column names.

    Notes
    -----
    Starts work on standardized columns, so that labels do not depend on units for families that are closed under column
    scaling (EEI VEI EVI VVI EEE VEE EVV VVV).

    References
    ----------
    C. Fraley and A. E. Raftery (2002), Model-based clustering, discriminant analysis, and density estimation, Journal
    of the American Statistical Association 97, 611-631.

    Examples
    --------
    >>> import mixtura as mx
    >>> faithful = mx.datasets.load_faithful().data
    >>> search = mx.MixtureSearch(range(1, 4), covariance_types=["EEE", "VVV"]).fit(faithful)
    >>> search.best_params_
    {'n_components': 3, 'covariance_type': 'EEE'}
    >>> print(search.results_)
    bic, lower is better; * is best
    family         1         2         3
    EEE      2607.62   2325.22  2314.30*
    VVV      2607.62   2322.19   2333.73
    >>> search.predict(faithful[:3])
    array([2, 1, 2])
    """

    def __init__(
        self,
        n_components: Any = range(1, 10),
        *,
        covariance_types: Any = "all",
        criterion: str = "bic",
        init_params: Any = "hierarchical",
        acceleration: str | None = "squarem",
        tol: float = 1e-8,
        max_iter: int = 10_000,
        reg_covar: float = 0.0,
        noise: bool | float = False,
        prior: Any = None,
        n_init: int = 1,
        random_state: Any = 0,
        n_threads: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.covariance_types = covariance_types
        self.criterion = criterion
        self.init_params = init_params
        self.acceleration = acceleration
        self.tol = tol
        self.max_iter = max_iter
        self.reg_covar = reg_covar
        self.noise = noise
        self.prior = prior
        self.n_init = n_init
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, checkpoint: str | os.PathLike[str] | None = None
    ) -> Self:
        """Fit every candidate and keep the best.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
        y : ignored
        sample_weight : array-like of shape (N,), optional
            Counts of the rows.
        checkpoint : path, optional
            A file that remembers what is done. A search that was interrupted goes on from it, to the same table.

        Returns
        -------
        self : MixtureSearch

        Raises
        ------
        MixtureError
            Rows or settings that cannot be used, or when no candidate could be fitted. A candidate that cannot be
            fitted is a row of the table with its reason.
        ModelFileError
            A checkpoint that belongs to other rows or settings.

        Warns
        -----
        ConvergenceWarning
            When the winner made `max_iter` passes before its likelihood settled.
        DataWarning
            When columns or components of the winner look wrong.
        """
        return self._fit(X, sample_weight, checkpoint)

    def _fit(self, X: Any, sample_weight: Any = None, checkpoint: Any = None, door: Door | None = None) -> Self:
        """Fit, in the way of the door that the rows came through."""
        begun, door = perf_counter(), Door() if door is None else door
        with inputs.untouched(self):
            self._validate()
            source = inputs.rows_of(self, X, reset=True, at_least=2)
            if door.names is not None:
                self.feature_names_in_ = np.array(door.names, dtype=object)
                source = source.having(names=door.names)
            source = source.having(seed=solve.lot(self.random_state))
            weight = inputs.weights_beside(sample_weight, source)
            counts = numbers(self.n_components)  # once, for it may be a generator
            candidates = grid(counts, self.covariance_types, source.shape_of_row, source.known_rows)
            most = max(candidate.n_components for candidate in candidates)
            work = source.known_rows * most * source.shape_of_row
            with threads.working(source, weight, self.n_threads, work) as ready:
                ready = ready.surveyed(LARGEST if self.acceleration == "growing" else SEEDING_ROWS)
                inputs.require_counting(ready, X)
                self._look(ready)
                candidates = grid(counts, self.covariance_types, ready.shape_of_row, ready.shape[0])
                plan = self._plan(np.float32 if inputs.is_single(X, ready) else np.float64, len(candidates) == 1)
                self._search(Rows.of(ready, plan), candidates, checkpoint, door, begun)
        return self

    @staticmethod
    def _look(source: Source) -> None:
        """Raise for weights that are no counts."""
        _, total = source.count()
        if total <= ONE and (source.weighted or source.weight is not None):
            told = f"The sample weights sum to {total:.3g}, which criteria take for the number of rows. "
            raise MixtureError(f"{told}Weights are counts: multiply them.")

    def _search(self, rows: Rows, candidates: Sequence[Candidate], checkpoint: Any, door: Door, begun: float) -> None:
        """Run the search and set what was found."""
        repeats = isinstance(self.random_state, int | np.integer)
        keeper = keeper_of(checkpoint, rows, candidates, self.criterion, repeats)
        watch = progress.of(self.verbose) if door.watch is None else door.watch
        try:
            trials = Search(rows, self.criterion, keeper, watch).run(candidates)
        except BaseException:
            with suppress(OSError):  # what went wrong is more than a file that cannot be written
                keeper.flush()
            raise
        keeper.flush()
        best = conclusion.winner(trials, self.criterion)
        if best is None:
            raise FitFailed(conclusion.failure(trials))
        model = GaussianMixture(**self._settings(candidates[best]))
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                setattr(model, name, getattr(self, name))
        found = conclusion.conclude(rows, trials, best, self.criterion, model, perf_counter() - begun)
        for sentence in found.warnings:
            warnings.warn(sentence, DataWarning, stacklevel=5)
        if found.unsettled:
            warnings.warn(found.unsettled, ConvergenceWarning, stacklevel=5)
        self.results_, self.best_estimator_, self.margin_ = found.results, found.model, found.margin
        self.verdict_, self.best_index_, self.best_score_ = found.verdict, best, found.score
        self.best_params_ = {name: getattr(model, name) for name in ("n_components", "covariance_type")}

    def _validate(self) -> None:
        """Raise for settings that cannot be used; those of the candidates are checked as `GaussianMixture`'s."""
        if not isinstance(self.criterion, str) or self.criterion not in TABLE:
            raise MixtureError(f"criterion is {self.criterion!r}. Use one of {', '.join(TABLE)}.")
        GaussianMixture(**self._settings(Candidate(1, 0, "full")))._validate_params()

    def _settings(self, candidate: Candidate) -> dict[str, Any]:
        """The settings of a candidate as an estimator's."""
        shared = (
            "acceleration",
            "tol",
            "max_iter",
            "reg_covar",
            "noise",
            "prior",
            "n_init",
            "random_state",
            "n_threads",
        )
        given = self.init_params
        asked = given.get(candidate.n_components, "hierarchical") if isinstance(given, Mapping) else given
        own = {"n_components": candidate.n_components, "covariance_type": candidate.covariance_type}
        return {**own, "init_params": asked, **{name: getattr(self, name) for name in shared}}

    def _plan(self, dtype: type[np.floating], alone: bool) -> Plan:
        seed = self.random_state
        if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
            seed = check_random_state(seed).randint(2**31 - 1)
        model = GaussianMixture(**self._settings(Candidate(1, 0, "full")))
        return Plan(settings_of(model), self.init_params, int(self.n_init), int(seed), dtype, self.n_threads, alone)

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit, then the label of each row under the best model.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
        y : ignored
        sample_weight : array-like of shape (N,), optional

        Returns
        -------
        labels : array of shape (N,)
        """
        return self._fit(X, sample_weight).predict(X)

    def _best(self) -> GaussianMixture:
        check_is_fitted(self, "best_estimator_")
        return cast(GaussianMixture, self.best_estimator_)

    def predict(self, X: Any) -> Any:
        """Label of each row under the best model; as `GaussianMixture.predict`."""
        return self._best().predict(X)

    def predict_proba(self, X: Any) -> Any:
        """Probability of each component for each row; as `GaussianMixture.predict_proba`."""
        return self._best().predict_proba(X)

    def score_samples(self, X: Any) -> Any:
        """Natural log density of each row; as `GaussianMixture.score_samples`."""
        return self._best().score_samples(X)

    def uncertainty(self, X: Any) -> Any:
        """One minus the largest probability of each row; as `GaussianMixture.uncertainty`."""
        return self._best().uncertainty(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean log density a row; as `GaussianMixture.score`."""
        return self._best().score(X, y, sample_weight)

    def bic(self, X: Any, sample_weight: Any = None) -> float:
        """BIC of the best model on rows; as `GaussianMixture.bic`."""
        return self._best().bic(X, sample_weight)

    def aic(self, X: Any, sample_weight: Any = None) -> float:
        """AIC of the best model on rows; as `GaussianMixture.aic`."""
        return self._best().aic(X, sample_weight)

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """ICL of the best model on rows; as `GaussianMixture.icl`."""
        return self._best().icl(X, sample_weight)

    def sample(self, n_samples: int = 1, random_state: Any = None, shuffle: bool = False) -> tuple[Float, Any]:
        """Rows drawn from the best model; as `GaussianMixture.sample`."""
        return self._best().sample(n_samples, random_state, shuffle)

    def log_density_threshold(self, fraction: float) -> float:
        """The log density below which a share of the training rows lies; as `GaussianMixture.log_density_threshold`."""
        return self._best().log_density_threshold(fraction)
