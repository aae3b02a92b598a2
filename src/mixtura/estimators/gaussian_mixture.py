"""The Gaussian mixture with scikit-learn's manners."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral, Real
from time import perf_counter
from typing import Any, ClassVar, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from mixtura import assess, criteria, kernels, sampling, threads
from mixtura.arrays import Float
from mixtura.covariance import MCLUST, SKLEARN, UNIVARIATE, resolve
from mixtura.estimators import conversion, inputs, progress, solve
from mixtura.outcome import DataWarning, MixtureError
from mixtura.parameters import Parameters
from mixtura.prior import NormalInverseWishart
from mixtura.sources.memory import Memory
from mixtura.start import STARTS

T = TypeVar("T")


class GaussianMixture(DensityMixin, BaseEstimator):  # type: ignore[misc]
    r"""Gaussian mixture: rows come from K Gaussians with unknown shares, means and covariances.

    .. math:: p(x) = \sum_{k=1}^{K} \pi_k \, N(x \mid \mu_k, \Sigma_k)

    Fitted by expectation-maximization [1]_. Parameters, defaults, attributes and answers are scikit-learn's; beyond them
    are row weights, the families of mclust [2]_, a noise component, priors, acceleration and a report.

    Parameters
    ----------
    n_components : int, default=1
        Number of components K.
    covariance_type : str, default="full"
        "full", "tied", "diag", "spherical", or a code of volume, shape and orientation, each equal (E), variable (V) or
        none (I): EII VII EEI VEI EVI VVI EEE VEE EVE VVE EEV VEV EVV VVV, and E or V in one dimension. The arrays of a
        code have shape (K, D, D).
    tol : float, default=1e-3
        EM stops when the mean log-likelihood a row changes by less.
    reg_covar : float, default=1e-6
        Added to every variance, in squared units of the data. 0 is exact maximum likelihood.
    max_iter : int, default=100
        Most passes over the rows a start. 0 returns the start itself.
    n_init : int, default=1
        Number of starts, of which the best is kept.
    init_params : str or array-like, default="kmeans"
        "kmeans", "k-means++", "random", "random_from_data", or labels (N,) (-1 for noise) or responsibilities (N, K)
        from which the first M-step is made.
    weights_init : array-like of shape (K,), optional
    means_init : array-like of shape (K, D), optional
    precisions_init : array-like, optional
        In the shape of `precisions_`.
    random_state : int, RandomState instance or None, default=None
    warm_start : bool, default=False
        Go on from the last fit.
    verbose : int, default=0
        1 prints every `verbose_interval`-th pass, 2 adds gains and times.
    verbose_interval : int, default=10
    noise : bool or float, default=False
        True, or a volume in the data's units to the power D: one uniform component for rows that belong to no group.
    prior : None, "default" or NormalInverseWishart
        Conjugate prior of the components; "default" is Fraley and Raftery's.
    equal_weights : bool, default=False
        Whether all components have the same share.
    acceleration : None or "squarem", default=None
        Fewer passes to the same optimum.
    n_threads : int or None, default=None
        None means all that the process may use. Results do not depend on it.

    Attributes
    ----------
    weights_ : array of shape (K,)
        Shares; they sum to 1 - `noise_weight_`.
    means_ : array of shape (K, D)
    covariances_, precisions_, precisions_cholesky_ : arrays
        (K, D, D) for "full" and every code, (D, D) tied, (K, D) diag, (K,) spherical. Rows are whitened as
        ``(x - mean) @ precisions_cholesky_``.
    noise_weight_ : float
        Share of the noise component, 0 without one.
    converged_ : bool
    n_iter_ : int
        Passes of the kept start.
    lower_bound_ : float
        Mean log-likelihood a row of these parameters on the training rows; equals ``score(X)``.
    lower_bounds_ : list of float
        The objective of the kept start, pass by pass (penalized under a prior).
    fit_report_ : FitReport
        How the fit went, in plain words.
    n_parameters_ : int
        Free parameters.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X has column names.

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird and D. B. Rubin (1977), Maximum likelihood from incomplete data via the EM
       algorithm, Journal of the Royal Statistical Society B 39, 1-38.
    .. [2] L. Scrucca, M. Fop, T. B. Murphy and A. E. Raftery (2016), mclust 5: clustering, classification and density
       estimation using Gaussian finite mixture models, The R Journal 8, 289-317.

    Examples
    --------
    >>> import numpy as np
    >>> import mixtura as mx
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> model = mx.GaussianMixture(n_components=2, covariance_type="spherical", random_state=0).fit(X)
    >>> model.means_[model.predict([[0, 0]])[0]]
    array([1., 2.])
    >>> model.predict_proba([[0, 0], [12, 3]]).max(axis=1)
    array([1., 1.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "covariance_type": [StrOptions({*SKLEARN, *MCLUST, *UNIVARIATE})],
        "tol": [Interval(Real, 0.0, None, closed="left")],
        "reg_covar": [Interval(Real, 0.0, None, closed="left")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "init_params": [StrOptions(set(STARTS)), "array-like"],
        "weights_init": ["array-like", None],
        "means_init": ["array-like", None],
        "precisions_init": ["array-like", None],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "verbose_interval": [Interval(Integral, 1, None, closed="left")],
        "noise": ["boolean", Interval(Real, 0.0, None, closed="neither")],
        "prior": [None, StrOptions({"default"}), NormalInverseWishart],
        "equal_weights": ["boolean"],
        "acceleration": [None, StrOptions({"squarem"})],
        "n_threads": [None, Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: Any = "kmeans",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        noise: bool | float = False,
        prior: Any = None,
        equal_weights: bool = False,
        acceleration: str | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.noise = noise
        self.prior = prior
        self.equal_weights = equal_weights
        self.acceleration = acceleration
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> GaussianMixture:
        """Estimate the parameters from rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
            Finite real numbers of any dtype and layout; read as they are, never copied.
        y : ignored
        sample_weight : array-like of shape (N,), optional
            Counts of the rows: 2 is the row twice, 0 the row removed.

        Returns
        -------
        self : GaussianMixture

        Raises
        ------
        MixtureError
            Rows or settings that cannot be used, or when every start failed; an earlier fit is left as it was.
        """
        return self._fit(X, sample_weight)

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def _fit(self, X: Any, sample_weight: Any = None, standardize_start: bool = False) -> GaussianMixture:
        """Fit; `standardize_start` measures the distances of starts in standard deviations of the columns."""
        begun = perf_counter()
        with inputs.untouched(self):
            source = inputs.source_of(self, X, reset=True, at_least=2)
            dtype = np.float32 if inputs.is_single(X) else np.float64
            with self._working(source, inputs.weight_of(sample_weight, source.shape[0])) as ready:
                solution = solve.solve(self, ready, dtype, standardize_start, progress.of(self))
            for sentence in solution.warnings:
                warnings.warn(sentence, DataWarning, stacklevel=4)
            if solution.unsettled:
                warnings.warn(solution.unsettled, ConvergenceWarning, stacklevel=4)
            solve.adopt(self, solution, perf_counter() - begun)
        return self

    def _working(self, source: Memory, weight: Float | None) -> Any:
        """The source with its weights and its threads, for the duration of a `with`."""
        k = self.n_components
        return threads.working(source, weight, self.n_threads, float(source.shape[0]) * k * source.shape[1])

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit, then the label of each row; the same as ``fit(X).predict(X)``."""
        return self.fit(X, y, sample_weight).predict(X)

    def _each(self, X: Any, function: Callable[..., T], sample_weight: Any = None) -> T:
        """A function of (framed source, density, kernel) for rows under the published parameters."""
        check_is_fitted(self)
        source = inputs.source_of(self, X, reset=False)
        density, frame = self._parameters().density()
        if source.shape[1] != density.n_features:
            raise MixtureError(f"X has {source.shape[1]} features, but the model has {density.n_features}.")
        with self._working(source, inputs.weight_of(sample_weight, source.shape[0])) as ready:
            return function(ready.framed(frame), density, kernels.choose(ready.rows))

    def _parameters(self) -> Parameters:
        """The published attributes as a model."""
        return conversion.parameters_of(self)

    def predict(self, X: Any) -> Any:
        """Label of each row: its most probable component, -1 for noise; shape (N,)."""
        return self._each(X, assess.labels)

    def predict_proba(self, X: Any) -> Float:
        """Responsibilities: the probability of each component, shape (N, K); with noise (N, K + 1), the noise last."""
        return self._each(X, assess.responsibilities)

    def score_samples(self, X: Any) -> Float:
        """Natural log density of each row, noise included, shape (N,). It depends on units and may be positive."""
        return self._each(X, assess.log_densities)

    def uncertainty(self, X: Any) -> Float:
        """One minus the largest responsibility of each row, shape (N,)."""
        return self._each(X, assess.uncertainties)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean log density a row (a unit of weight); higher is better."""
        found = self._each(X, assess.assess, sample_weight)
        return found.log_likelihood / found.weight

    def bic(self, X: Any, sample_weight: Any = None) -> float:
        """Bayesian information criterion, lower is better; n is the sum of the weights (mclust's is the negative)."""
        found = self._each(X, assess.assess, sample_weight)
        return criteria.bic(found.log_likelihood, self.n_parameters_, found.weight)

    def aic(self, X: Any, sample_weight: Any = None) -> float:
        """Akaike information criterion, lower is better."""
        found = self._each(X, assess.assess, sample_weight)
        return criteria.aic(found.log_likelihood, self.n_parameters_)

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """Integrated completed likelihood, lower is better: BIC plus a penalty for rows in doubt (minus mclust's ICL)."""
        found = self._each(X, assess.assess, sample_weight)
        return criteria.icl(found.log_likelihood, self.n_parameters_, found.weight, found.log_max)

    def sample(self, n_samples: int = 1, random_state: Any = None, shuffle: bool = False) -> tuple[Float, Any]:
        """Draw rows from the mixture.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState instance or None
            None means the estimator's own.
        shuffle : bool, default=False
            Whether rows come in random order instead of component by component.

        Returns
        -------
        X : array of shape (n_samples, D)
        y : array of shape (n_samples,)
            Component of each row, -1 for noise.
        """
        check_is_fitted(self)
        if n_samples < 1:
            raise MixtureError(
                f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample."
            )
        generator = check_random_state(self.random_state if random_state is None else random_state)
        return sampling.sample(self._parameters(), int(n_samples), generator, shuffle)

    def log_density_threshold(self, fraction: float) -> float:
        """The log density that at least `fraction` of the training rows do not exceed: a flag for unusual rows.

        It is not a p-value. Of more than 65 536 rows an evenly spaced sample was kept.
        """
        check_is_fitted(self)
        if not 0.0 <= fraction <= 1.0:
            raise MixtureError(f"fraction is {fraction} and must lie between 0 and 1.")
        quantiles = getattr(self, "_quantiles", None)
        if quantiles is None:
            raise MixtureError("This model was not fitted to rows, so it has no training log densities. Fit it first.")
        return float(quantiles.at(fraction))

    @property
    def n_parameters_(self) -> int:
        """Free parameters: shares, means, covariances, and two for noise."""
        check_is_fitted(self)
        return self._n_parameters()

    def _n_parameters(self) -> int:
        k, d = self.means_.shape
        family, _ = resolve(self.covariance_type, d)
        noisy = getattr(self, "_noise", None) is not None
        return criteria.n_parameters(k, d, family.free_parameters(k, d), noisy, self.equal_weights)

    @classmethod
    def from_parameters(
        cls, weights: Any, means: Any, covariances: Any, covariance_type: str = "full"
    ) -> GaussianMixture:
        """A fitted estimator of given parameters; see `mixtura.estimators.conversion.from_parameters`."""
        return conversion.from_parameters(cls(len(weights), covariance_type=covariance_type), weights, means, covariances)

    @classmethod
    def from_sklearn(cls, estimator: Any) -> GaussianMixture:
        """A fitted ``sklearn.mixture.GaussianMixture`` as ours: settings, names, attributes, the same predictions."""
        return conversion.from_sklearn(cls, estimator)

    def to_sklearn(self) -> Any:
        """This model as a fitted ``sklearn.mixture.GaussianMixture``; raises for a noise component."""
        check_is_fitted(self)
        return conversion.to_sklearn(self)

    def reorder(self, order: Any) -> GaussianMixture:
        """The same model with its components in another order, as a new estimator.

        Parameters
        ----------
        order : sequence of int
            ``order[i]`` is the present index of the new component i.
        """
        check_is_fitted(self)
        return conversion.reorder(self, order)

    def sort_components(self, by: str | int = "weight") -> GaussianMixture:
        """The same model with its components by falling weight, or by rising mean of a column (name or index)."""
        check_is_fitted(self)
        return conversion.reorder(self, conversion.sorted_by(self, by))
