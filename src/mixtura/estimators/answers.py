"""What a fitted mixture says of rows: labels, probabilities, densities, criteria, and rows of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any, TypeVar

from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from mixtura import assess, criteria, kernels, sampling, threads
from mixtura.arrays import Array, Float, back
from mixtura.assess import Assessment
from mixtura.covariance import resolve
from mixtura.estimators import conversion, inputs, lazy
from mixtura.moments import Order
from mixtura.outcome import MixtureError
from mixtura.parameters import Parameters
from mixtura.sources.source import Source

T = TypeVar("T")


class Answers(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """The methods of a mixture that read its published attributes and change nothing; a base class.

    Rows in an array of another library than NumPy are answered in such an array, on the same device.
    """

    def _parameters(self) -> Parameters:
        """The published attributes as a model."""
        check_is_fitted(self)
        return conversion.parameters_of(self)

    @contextmanager
    def _working(
        self, source: Source, weight: Float | None, n_components: int, order: Order, most: int | None = None
    ) -> Iterator[Source]:
        """The source with its weights, threads and blocks, for the duration of a `with`.

        Where it is to give samples, of at most so many rows, it is surveyed before.
        """
        work = source.known_rows * n_components * source.shape_of_row
        with threads.working(source, weight, self.n_threads, work) as ready:
            ready = ready if most is None else ready.surveyed(most)
            yield ready.having(block=kernels.rows_a_block(*ready.shape, n_components, order, ready.kind))

    def _each(self, X: Any, function: Callable[..., T], sample_weight: Any = None, by_row: bool = False) -> T:
        """A function of (framed source, density, kernel) for rows under the published parameters; lazy for Dask's.

        One that answers `by_row` answers every row, whatever it weighs.
        """
        if lazy.is_dask(X) and function in lazy.SHAPES:
            return lazy.answers(self, X, function)  # type: ignore[no-any-return]
        parameters = self._parameters()
        source = inputs.rows_of(self, X, reset=False)
        density, frame = parameters.density()
        if source.shape_of_row != density.n_features:
            raise MixtureError(f"X has {source.shape_of_row} features, but the model has {density.n_features}.")
        weight = inputs.weights_beside(sample_weight, source)
        source = source.unweighted() if by_row else source
        with self._working(source, weight, density.n_components, density.order) as ready:
            kernel = kernels.choose(ready.kind, density.n_components, density.order)
            return function(ready.framed(frame), density, kernel)

    def _assessed(self, X: Any, sample_weight: Any) -> Assessment:
        found = self._each(X, assess.assess, sample_weight)
        inputs.require_weight(found.weight, X)
        return found

    def predict(self, X: Any) -> Any:
        """Label of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)

        Returns
        -------
        labels : array of shape (N,)
            The most probable component from 0 to K - 1, -1 for noise. A NumPy array, or of the kind and on the device
            of an array of another library.
        """
        return back(self._each(X, assess.labels, by_row=True), X)

    def predict_proba(self, X: Any) -> Array:
        r"""Probability of each component for each row, its responsibility.

        .. math:: r_{nk} = \pi_k N(x_n \mid \mu_k, \Sigma_k) / p(x_n)

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)

        Returns
        -------
        responsibilities : array of shape (N, K), or (N, K + 1) with the noise last
        """
        return back(self._each(X, assess.responsibilities, by_row=True), X)

    def score_samples(self, X: Any) -> Array:
        """Natural log density of each row, noise included.

        It depends on units and may be positive. Under a noise component its density is 1 / volume everywhere.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)

        Returns
        -------
        log_density : array of shape (N,)
        """
        return back(self._each(X, assess.log_densities, by_row=True), X)

    def uncertainty(self, X: Any) -> Array:
        """One minus the largest probability of each row: 0 where there is no doubt.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)

        Returns
        -------
        uncertainty : array of shape (N,)
        """
        return back(self._each(X, assess.uncertainties, by_row=True), X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean log density a row, or a unit of weight; higher is better.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
        y : ignored
        sample_weight : array-like of shape (N,), optional
        """
        found = self._assessed(X, sample_weight)
        return found.log_likelihood / found.weight

    def bic(self, X: Any, sample_weight: Any = None) -> float:
        """Bayesian information criterion ``-2 log L + df log n``, lower is better (mclust's is the negative).

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
        sample_weight : array-like of shape (N,), optional
            Counts: n is their sum.
        """
        found = self._assessed(X, sample_weight)
        return criteria.bic(found.log_likelihood, self.n_parameters_, found.weight)

    def aic(self, X: Any, sample_weight: Any = None) -> float:
        """Akaike information criterion ``-2 log L + 2 df``, lower is better.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
        sample_weight : array-like of shape (N,), optional
        """
        found = self._assessed(X, sample_weight)
        return criteria.aic(found.log_likelihood, self.n_parameters_)

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """Integrated completed likelihood, lower is better: BIC plus a penalty for rows in doubt (minus mclust's ICL).

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
        sample_weight : array-like of shape (N,), optional
            Counts: n is their sum.
        """
        found = self._assessed(X, sample_weight)
        return criteria.icl(found.log_likelihood, self.n_parameters_, found.weight, found.log_max)

    def sample(self, n_samples: int = 1, random_state: Any = None, shuffle: bool = False) -> tuple[Float, Any]:
        """Draw rows from the mixture.

        Parameters
        ----------
        n_samples : int, default=1
            Exactly so many rows, at least 1.
        random_state : int, RandomState instance or None
            None means the estimator's own; the same integer draws the same rows again.
        shuffle : bool, default=False
            Whether rows come in random order instead of component by component.

        Returns
        -------
        X : array of shape (n_samples, D)
        y : array of shape (n_samples,)
            Component of each row, -1 for noise.

        Raises
        ------
        MixtureError
            Fewer than one row, or a noise component of which only the volume is known: fit with ``noise=True``.
        """
        parameters = self._parameters()
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise MixtureError(f"Invalid value for 'n_samples': {n_samples}. It must be a whole number, at least 1.")
        generator = check_random_state(self.random_state if random_state is None else random_state)
        return sampling.sample(parameters, int(n_samples), generator, shuffle)

    def log_density_threshold(self, fraction: float) -> float:
        """The log density that at least `fraction` of the training rows do not exceed: a flag for unusual rows.

        It is no p-value: the model was fitted to these rows. Of more than 65 536 rows an evenly spaced sample was kept.

        Parameters
        ----------
        fraction : float
            Between 0 and 1.

        Raises
        ------
        MixtureError
            For a model that was not fitted to rows.
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
