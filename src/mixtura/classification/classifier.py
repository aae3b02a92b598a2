"""Discriminant analysis by Gaussian mixtures, with scikit-learn's manners."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from inspect import signature
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions

from mixtura import criteria
from mixtura.classification import edda, mixtures, targets
from mixtura.classification.answers import Answers
from mixtura.classification.decision import observe
from mixtura.classification.families import Row
from mixtura.classification.lesson import Lesson
from mixtura.criteria import TABLE
from mixtura.em import Run
from mixtura.estimators import GaussianMixture, inputs
from mixtura.outcome import Outcome
from mixtura.parameters import Parameters
from mixtura.prior import NormalInverseWishart
from mixtura.problem import Look, Settings
from mixtura.selection import MixtureSearch
from mixtura.selection.grid import grid, numbers
from mixtura.sources.frames import is_frame
from mixtura.start import STARTS


class MixtureClassifier(Answers):
    r"""Classify rows by Gaussian mixtures, one for each class.

    .. math:: P(c \mid x) = \frac{\tau_c \, p_c(x)}{\sum_b \tau_b \, p_b(x)}, \qquad
        p_c(x) = \sum_{k=1}^{K_c} \pi_{ck} N(x \mid \mu_{ck}, \Sigma_{ck})

    With ``kind="mixture"`` each class has a mixture of its own, chosen by a search on its rows (mixture discriminant
    analysis [1]_ [2]_). With ``kind="edda"`` each class is one Gaussian, and all share a family of covariances, fitted
    in closed form and chosen by the criterion [3]_: EEE is linear and VVV quadratic discriminant analysis. Rows without
    a label help too (`unlabeled`): EM then maximizes

    .. math:: \sum_{\text{labeled}} \log \tau_{y_n} p_{y_n}(x_n) + \sum_{\text{others}} \log \sum_c \tau_c p_c(x_n)

    from what the labeled rows alone say.

    Parameters
    ----------
    kind : {"mixture", "edda"}, default="mixture"
    n_components : int or iterable of int, default=(1, 2, 3, 4, 5)
        Numbers of components to try in each class; "edda" has one.
    covariance_types : str or list of str, default="all"
        Families to try: "all", "sklearn", or names.
    criterion : str, default="bic"
        What mixtures or families are chosen by: "bic", "icl", "aic", "aicc", or for mixtures any of `MixtureSearch`.
    priors : array-like of shape (C,) or dict, optional
        Class probabilities, in the order of the sorted classes or by class; default their shares in the data.
    unlabeled : object, optional
        The value in y of rows without a label, such as -1 or "?". ``numpy.nan`` stands for missing values of any kind.
        By default every value is a class.
    init_params, acceleration, tol, max_iter, reg_covar, n_init, random_state, n_threads
        As in `MixtureSearch`.
    prior : None, "default" or NormalInverseWishart
        Conjugate prior of every Gaussian; not to be confused with the class probabilities `priors`.

    Attributes
    ----------
    classes_ : array of shape (C,)
    priors_ : array of shape (C,)
        Class probabilities; assign others to classify rows from where classes have other shares.
    mixtures_ : list of GaussianMixture
        That of each class, in the order of `classes_`.
    log_likelihood_ : float
        Of the training rows with their classes: the sum that was maximized, in nats.
    bic_ : float
        ``-2 log L + df log n`` for that likelihood.
    n_parameters_ : int
        Free parameters of all mixtures, and C - 1 class probabilities unless `priors` gave them.
    family_ : str
        "edda": the family of all classes.
    results_ : Families
        "edda": a row a family, with its criteria or the reason why it could not be fitted.
    searches_ : list of MixtureSearch
        "mixture": the search of each class on its labeled rows.
    converged_ : bool
    n_iter_ : int
        Passes over the rows without a label, 1 where there are none.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X has column names.

    Notes
    -----
    mclust's MclustDA reports the likelihood of the rows alone, whatever their class: minus `bic` without classes, once
    its degrees of freedom count the class proportions (they do from its version 6.1.1 on). MclustSSC's likelihood is
    `log_likelihood_`.

    From few rows a class, BIC may choose mixtures that follow single rows (mclust's does on the same rows); fewer
    `n_components`, a `prior` or "edda" are safer there.

    References
    ----------
    .. [1] T. Hastie and R. Tibshirani (1996), Discriminant analysis by Gaussian mixtures, Journal of the Royal
       Statistical Society B 58, 155-176.
    .. [2] C. Fraley and A. E. Raftery (2002), Model-based clustering, discriminant analysis, and density estimation,
       Journal of the American Statistical Association 97, 611-631.
    .. [3] H. Bensmail and G. Celeux (1996), Regularized Gaussian discriminant analysis through eigenvalue
       decomposition, Journal of the American Statistical Association 91, 1743-1748.

    Examples
    --------
    >>> import mixtura as mx
    >>> from mixtura.classification import MixtureClassifier
    >>> iris = mx.datasets.load_iris()
    >>> model = MixtureClassifier("edda").fit(iris.data, iris.target)
    >>> model.family_
    'VEV'
    >>> model.score(iris.data, iris.target)
    0.98
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "kind": [StrOptions({"mixture", "edda"})],
        "n_components": [Interval(Integral, 1, None, closed="left"), "array-like", range],
        "covariance_types": [str, "array-like"],
        "criterion": [StrOptions(set(TABLE))],
        "priors": [None, "array-like", Mapping],
        "unlabeled": "no_validation",
        "init_params": [StrOptions({*STARTS, "hierarchical"})],
        "acceleration": [None, StrOptions({"squarem"})],
        "tol": [Interval(Real, 0.0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "reg_covar": [Interval(Real, 0.0, None, closed="left")],
        "prior": [None, StrOptions({"default"}), NormalInverseWishart],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "n_threads": [None, Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        kind: str = "mixture",
        *,
        n_components: Any = (1, 2, 3, 4, 5),
        covariance_types: Any = "all",
        criterion: str = "bic",
        priors: Any = None,
        unlabeled: Any = None,
        init_params: str = "hierarchical",
        acceleration: str | None = "squarem",
        tol: float = 1e-8,
        max_iter: int = 10_000,
        reg_covar: float = 0.0,
        prior: Any = None,
        n_init: int = 1,
        random_state: Any = 0,
        n_threads: int | None = None,
    ) -> None:
        self.kind = kind
        self.n_components = n_components
        self.covariance_types = covariance_types
        self.criterion = criterion
        self.priors = priors
        self.unlabeled = unlabeled
        self.init_params = init_params
        self.acceleration = acceleration
        self.tol = tol
        self.max_iter = max_iter
        self.reg_covar = reg_covar
        self.prior = prior
        self.n_init = n_init
        self.random_state = random_state
        self.n_threads = n_threads

    @_fit_context(prefer_skip_nested_validation=False)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn the mixture of each class, and the class shares.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
            Finite real numbers of any dtype and layout.
        y : array-like of shape (N,)
            The class of each row: numbers or text, and `unlabeled` where it is not known.
        sample_weight : array-like of shape (N,), optional
            Counts of the rows: 2 is the row twice, 0 the row removed.

        Returns
        -------
        self : MixtureClassifier

        Raises
        ------
        MixtureError
            Rows, classes or settings that cannot be used, or a class that nothing could be fitted to; an earlier fit is
            left as it was.

        Warns
        -----
        ConvergenceWarning
            When `max_iter` passes were made before the likelihood settled.
        """
        with inputs.untouched(self):
            source = inputs.source_of(self, X, reset=True, at_least=2)
            weight = inputs.weight_of(sample_weight, source.shape[0])
            found = targets.read(y, self.unlabeled, weight, source.shape[0], type(self).__name__)
            given = targets.given_priors(self.priors, found.classes)
            searcher = mixtures.Searcher(found, X if is_frame(X) else source.rows, weight, self._search)
            counts = numbers(self.n_components)
            mixed = self.kind == "mixture"
            searches = [searcher.fit(c, counts) for c in range(len(found.classes))] if mixed else []
            with self._working(source, weight, len(found.classes)) as ready:
                dtype = np.float32 if inputs.is_single(X, source) else np.float64
                lesson = Lesson(ready, Look.at(ready, False), found, given, self._settings(), dtype)
                self._forget()
                self.classes_ = found.classes
                if mixed:
                    self._adopt_mixtures(lesson, searches, searcher)
                else:
                    self._adopt_gaussians(lesson)
                observed = observe(ready, self._decision(), found.codes)
            self.log_likelihood_ = observed.log_likelihood
            self.bic_ = criteria.bic(observed.log_likelihood, self.n_parameters_, observed.weight)
            if not self.converged_:
                warnings.warn(Outcome.MAX_ITER.value, ConvergenceWarning, stacklevel=3)
        return self

    def _forget(self) -> None:
        """Drop what an earlier fit of another kind has left."""
        for name in ("family_", "results_", "searches_"):
            self.__dict__.pop(name, None)

    def _adopt_gaussians(self, lesson: Lesson) -> None:
        """One Gaussian a class, of the best family."""
        rows, d = lesson.look.summary.rows, lesson.source.shape[1]
        families = [candidate.family(d).name for candidate in grid(1, self.covariance_types, d, rows)]
        best, self.results_ = edda.fit(lesson, families, self.criterion)
        evidence, self.family_ = best.row.evidence, best.row.family
        assert evidence is not None
        self.mixtures_ = [self._mixture(one, best.row.family, best.row) for one in best.gaussians]
        self.priors_, self.n_parameters_ = best.priors, evidence.n_parameters
        self.converged_, self.n_iter_ = best.row.outcome is Outcome.CONVERGED, best.row.passes

    def _adopt_mixtures(self, lesson: Lesson, searches: list[MixtureSearch], searcher: mixtures.Searcher) -> None:
        """A mixture a class; with rows of no class they learn from these too."""
        both = None
        if lesson.targets.unlabeled > 0:
            both = mixtures.learn(lesson, searches, searcher, numbers(self.n_components))
        self.searches_, self.mixtures_ = searches, [search.best_estimator_ for search in searches]
        self.n_parameters_ = lesson.n_shares + sum(mixture.n_parameters_ for mixture in self.mixtures_)
        self.priors_ = lesson.targets.shares if lesson.priors is None else lesson.priors
        self.converged_, self.n_iter_ = all(mixture.converged_ for mixture in self.mixtures_), 1
        if both is not None:
            names = [mixture.covariance_type for mixture in self.mixtures_]
            self.mixtures_ = [self._mixture(*one, both.run) for one in zip(both.mixtures, names, strict=True)]
            self.priors_, self.n_iter_ = both.priors, both.run.passes
            self.converged_ &= both.run.outcome is Outcome.CONVERGED

    def _mixture(self, parameters: Parameters, covariance_type: str, ended: Run | Row) -> GaussianMixture:
        """The mixture of a class as an estimator, with how the fit of all classes ended."""
        shares, means, covariances = parameters.weights, parameters.means, parameters.arrays.covariances
        mixture = GaussianMixture.from_parameters(shares, means, covariances, covariance_type)
        if hasattr(self, "feature_names_in_"):
            mixture.feature_names_in_ = self.feature_names_in_
        mixture.converged_, mixture.n_iter_ = ended.outcome is Outcome.CONVERGED, ended.passes
        return mixture

    def _search(self, n_components: Sequence[int]) -> MixtureSearch:
        """A search for the mixture of one class."""
        names = signature(MixtureSearch).parameters.keys() & self.get_params(deep=False).keys()
        return MixtureSearch(**{name: getattr(self, name) for name in names} | {"n_components": n_components})

    def _settings(self) -> Settings:
        prior = NormalInverseWishart() if isinstance(self.prior, str) else self.prior
        return Settings(
            n_components=1,
            covariance_type="full",
            tol=float(self.tol),
            reg_covar=float(self.reg_covar),
            max_iter=int(self.max_iter),
            noise=False,
            prior=prior,
            equal_weights=False,
            acceleration=self.acceleration,
        )
