"""The Gaussian mixture with scikit-learn's manners."""

from __future__ import annotations

import warnings
from inspect import signature
from numbers import Integral, Real
from time import perf_counter
from typing import Any, ClassVar, Self, cast

import numpy as np
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions, validate_parameter_constraints
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from mixtura import journal
from mixtura.covariance import MCLUST, SKLEARN, UNIVARIATE, resolve
from mixtura.estimators import conversion, inputs, solve
from mixtura.estimators.solve import ESTIMATOR, Door
from mixtura.estimators.streaming import Streaming
from mixtura.growing import LARGEST
from mixtura.outcome import DataWarning
from mixtura.prior import NormalInverseWishart
from mixtura.start import SEEDING_ROWS, STARTS


class GaussianMixture(Streaming):
    r"""Gaussian mixture: rows come from K Gaussians with unknown shares, means and covariances.

    .. math:: p(x) = \sum_{k=1}^{K} \pi_k \, N(x \mid \mu_k, \Sigma_k)

    Fitted by expectation-maximization [1]_. Parameters, defaults, attributes and answers are scikit-learn's; beyond
    them are row weights, the families of mclust [2]_, a noise component, priors, acceleration and a report.

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
        Most passes over all rows a start. 0 returns the start itself.
    n_init : int, default=1
        Number of starts, of which the best is kept.
    init_params : str or array-like, default="kmeans"
        "kmeans", "k-means++", "random", "random_from_data", "hierarchical", or labels (N,) (-1 for noise) or
        responsibilities (N, K) from which the first M-step is made. "hierarchical" is model-based agglomeration [3]_
        of the rows, or of 2000 random ones of more; up to so many it needs no seed, and every start is the same.
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
    acceleration : None, "squarem" or "growing", default=None
        Fewer passes: "squarem" leaps along the path; "growing" is for many rows and begins on random samples of them,
        all starts on the smallest and the better half on each next, before the best one's passes over all rows.
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
        Passes over the rows of the kept start; what it read of samples counts as the passes that read as many rows,
        rounded up.
    lower_bound_ : float
        Mean log-likelihood a row of these parameters on the training rows; equals ``score(X)``.
    lower_bounds_ : list of float
        The objective of the kept start, pass by pass over all rows (penalized under a prior).
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
    .. [3] C. Fraley (1998), Algorithms for model-based Gaussian hierarchical clustering, SIAM Journal on Scientific
       Computing 20, 270-281.

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
        "acceleration": [None, StrOptions({"growing", "squarem"})],
        "n_threads": [None, Interval(Integral, 1, None, closed="left")],
    }

    __metadata_request__fit: ClassVar[dict[str, str]] = {"checkpoint": UNUSED}  # a file, no metadata of rows

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

    def _validate_params(self) -> None:
        """Check the parameters that are not at their defaults."""
        given = {name: value for name, value in vars(self).items() if value is not DEFAULTS.get(name, self)}
        validate_parameter_constraints(self._parameter_constraints, given, type(self).__name__)

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, *, checkpoint: Any = None) -> Self:
        """Estimate the parameters from rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D), path, or Opened
            Finite real numbers of any dtype and layout; read as they are, never copied. A path names files, a folder
            or a glob, and `mixtura.open` says more of them: rows beyond memory are read anew at every pass.
        y : ignored
        sample_weight : array-like of shape (N,), optional
            Counts of the rows: 2 is the row twice, 0 the row removed.
        checkpoint : str or path, optional
            A file that is begun, or gone on from: killed at any moment and called again with the same settings and
            rows, the fit goes on and ends where it would have ended, to the bit. It takes about 8 K D^2 bytes a pass
            for "full". Needs an integer `random_state`.

        Returns
        -------
        self : GaussianMixture

        Raises
        ------
        MixtureError
            Rows or settings that cannot be used, or when every start failed; an earlier fit is left as it was.
        ModelFileError
            A checkpoint of another fit, or a file that is none.

        Warns
        -----
        ConvergenceWarning
            When `max_iter` passes were made before the likelihood settled.
        DataWarning
            When columns or components look wrong; `fit_report_` says the same and more.
        """
        return cast(Self, self._fit(X, sample_weight, checkpoint=checkpoint))

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def _fit(self, X: Any, sample_weight: Any = None, door: Door = ESTIMATOR, checkpoint: Any = None) -> Self:
        """Fit, in the way of the door that the rows came through."""
        begun = perf_counter()
        with inputs.untouched(self):
            source = inputs.rows_of(self, X, reset=True, at_least=2)
            if door.names is not None:
                self.feature_names_in_ = np.array(door.names, dtype=object)
                source = source.having(names=door.names)
            weight = inputs.weights_beside(sample_weight, source)
            family, _ = resolve(self.covariance_type, source.shape_of_row)
            source = source.having(seed=solve.lot(self.random_state))
            most = LARGEST if self.acceleration == "growing" else SEEDING_ROWS
            kept = journal.kept(source, checkpoint, self, sample_weight=weight, standardize=door.standardize)
            k = int(self.n_components)
            with kept as source, self._working(source, weight, k, family.order, most) as ready:
                inputs.require_counting(ready, X)
                dtype = np.float32 if inputs.is_single(X, ready) else np.float64
                solution = solve.solve(self, ready, dtype, door)
            for sentence in solution.warnings:
                warnings.warn(sentence, DataWarning, stacklevel=4)
            if solution.unsettled:
                warnings.warn(solution.unsettled, ConvergenceWarning, stacklevel=4)
            solve.adopt(self, solution, perf_counter() - begun)
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit, then the label of each row: the same as ``fit(X).predict(X)``.

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

    @classmethod
    def from_parameters(cls, weights: Any, means: Any, covariances: Any, covariance_type: str = "full") -> Self:
        """A mixture of given parameters, ready to predict, score and sample.

        Parameters
        ----------
        weights : array-like of shape (K,)
            Not below 0, of sum 1.
        means : array-like of shape (K, D)
        covariances : array-like
            In the shape of `covariances_`: (K, D, D) for "full" and codes, (D, D) tied, (K, D) diag, (K,) spherical.
        covariance_type : str, default="full"

        Raises
        ------
        MixtureError
            Shapes that do not fit, weights that do not sum to 1, or a covariance that is not positive definite.

        Examples
        --------
        >>> import mixtura as mx
        >>> model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [4.0]], [[1.0], [1.0]], "diag")
        >>> model.predict([[1.0], [3.0]])
        array([0, 1])
        """
        estimator = cls(np.size(weights), covariance_type=covariance_type)
        return cast(Self, conversion.from_parameters(estimator, weights, means, covariances))

    @classmethod
    def from_sklearn(cls, estimator: Any) -> Self:
        """A fitted ``sklearn.mixture.GaussianMixture`` as ours: settings, names, attributes, the same predictions.

        Parameters
        ----------
        estimator : sklearn.mixture.GaussianMixture
            Fitted. Of a Pipeline, pass the last step.

        Examples
        --------
        >>> import mixtura as mx
        >>> from sklearn.mixture import GaussianMixture
        >>> theirs = GaussianMixture(2, random_state=0).fit([[0.0], [1.0], [9.0], [10.0]])
        >>> ours = mx.GaussianMixture.from_sklearn(theirs)
        >>> bool((ours.predict([[1.0], [9.0]]) == theirs.predict([[1.0], [9.0]])).all())
        True
        """
        return cast(Self, conversion.from_sklearn(cls, estimator))

    def to_sklearn(self) -> Any:
        """The same model as a fitted ``sklearn.mixture.GaussianMixture``; a code of mclust becomes "full".

        Raises
        ------
        MixtureError
            For a noise component, which scikit-learn has not.
        """
        check_is_fitted(self)
        return conversion.to_sklearn(self)

    def reorder(self, order: Any) -> Self:
        """The same model with its components in another order, as a new estimator.

        Parameters
        ----------
        order : sequence of int
            ``order[i]`` is the present index of the new component i.

        Examples
        --------
        >>> import mixtura as mx
        >>> model = mx.GaussianMixture.from_parameters([0.3, 0.7], [[0.0], [4.0]], [1.0, 1.0], "spherical")
        >>> model.reorder([1, 0]).weights_
        array([0.7, 0.3])
        """
        check_is_fitted(self)
        return cast(Self, conversion.reorder(self, order))

    def sort_components(self, by: str | int = "weight") -> Self:
        """The same model with its components in order, as a new estimator.

        Parameters
        ----------
        by : str or int, default="weight"
            "weight" for falling shares, or a column (name or index) for rising means.
        """
        check_is_fitted(self)
        return cast(Self, conversion.reorder(self, conversion.sorted_by(self, by)))


# What need not be checked.
DEFAULTS = {name: parameter.default for name, parameter in signature(GaussianMixture).parameters.items()}
