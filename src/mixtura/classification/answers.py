"""What a fitted classifier says of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from mixtura import criteria, kernels, threads
from mixtura.arrays import Float
from mixtura.classification import targets
from mixtura.classification.decision import Decision, observe, per_row
from mixtura.estimators import conversion, inputs
from mixtura.sources.memory import Memory

T = TypeVar("T")


class Answers(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The methods of a classifier that read its published mixtures and change nothing; a base class."""

    def _working(self, source: Memory, weight: Float | None, n_components: int) -> Any:
        """The source with its weights, blocks and threads, for the duration of a `with`."""
        rows, columns = source.shape
        sized = replace(source, block=kernels.rows_a_block(rows, columns, n_components, "dense"))
        return threads.working(sized, weight, self.n_threads, float(rows) * n_components * columns)

    def _each(self, X: Any, function: Callable[[Memory, Decision], T], sample_weight: Any = None) -> T:
        """A function of a source and the decision for rows under the published mixtures and priors."""
        check_is_fitted(self)
        decision = self._decision()
        source = inputs.source_of(self, X, reset=False)
        weight = inputs.weight_of(sample_weight, source.shape[0])
        n_components = sum(density.n_components for density, _ in decision.densities)
        with self._working(source, weight, n_components) as ready:
            return function(ready, decision)

    def _decision(self) -> Decision:
        """The published priors and mixtures, ready for rows."""
        return Decision.of(self.priors_, [conversion.parameters_of(mixture) for mixture in self.mixtures_])

    def predict(self, X: Any) -> Any:
        """The most probable class of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)

        Returns
        -------
        labels : array of shape (N,)
            Values of `classes_`; the first of equals.
        """

        def codes(source: Memory, decision: Decision) -> Any:
            posterior = decision.posterior(source)
            return per_row(source, lambda block: posterior(block)[1].argmax(axis=1), dtype=np.int64)

        found = self._each(X, codes)
        return self.classes_[found]

    def predict_proba(self, X: Any) -> Float:
        r"""Probability of each class for each row, by Bayes' rule.

        .. math:: P(c \mid x) = \tau_c p_c(x) / \sum_b \tau_b p_b(x)

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)

        Returns
        -------
        probabilities : array of shape (N, C)
            In the order of `classes_`.
        """
        return self._posterior(X, np.exp)

    def predict_log_proba(self, X: Any) -> Float:
        """Log probability of each class for each row; also where the probability itself would vanish.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)

        Returns
        -------
        log_probabilities : array of shape (N, C)
        """
        return self._posterior(X, np.asarray)

    def _posterior(self, X: Any, turned: Callable[[Float], Float]) -> Float:
        def table(source: Memory, decision: Decision) -> Any:
            posterior = decision.posterior(source)
            return per_row(source, lambda block: turned(posterior(block)[1]), len(decision.densities))

        found: Float = self._each(X, table)
        return found

    def class_log_densities(self, X: Any) -> Float:
        r"""Log density of each row within each class, :math:`\log p_c(x)`: what class priors are no part of.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)

        Returns
        -------
        log_densities : array of shape (N, C)
        """

        def table(source: Memory, decision: Decision) -> Any:
            return per_row(source, decision.conditional(source), len(decision.densities))

        found: Float = self._each(X, table)
        return found

    def score_samples(self, X: Any) -> Float:
        r"""Natural log density of each row whatever its class, :math:`\log \sum_c \tau_c p_c(x)`.

        Their sum is what mclust's MclustDA reports as its log-likelihood.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)

        Returns
        -------
        log_density : array of shape (N,)
        """

        def totals(source: Memory, decision: Decision) -> Any:
            posterior = decision.posterior(source)
            return per_row(source, lambda block: posterior(block)[0])

        found: Float = self._each(X, totals)
        return found

    def bic(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Bayesian information criterion ``-2 log L + df log n``, lower is better.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
        y : array-like of shape (N,), optional
            With classes L is the likelihood of rows and classes, which the fit maximized (`bic_` is this for the
            training rows). Without it is that of the rows alone: minus the BIC of mclust's MclustDA.
        sample_weight : array-like of shape (N,), optional
            Counts: n is their sum.

        Raises
        ------
        MixtureError
            A class in `y` that is none of `classes_`.
        """
        check_is_fitted(self)

        def value(source: Memory, decision: Decision) -> float:
            n_rows = source.shape[0]
            codes = np.full(n_rows, -1) if y is None else targets.codes(y, self.unlabeled, self.classes_, n_rows)
            found = observe(source, decision, codes)
            return criteria.bic(found.log_likelihood, self.n_parameters_, found.weight)

        return self._each(X, value, sample_weight)
