"""The result of many fits: arrays with a leading axis for the data sets, and a fitted estimator of each on demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.estimators import conversion
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.outcome import MixtureError, Outcome

# Lines of a table: of more fits the first and the last few are shown.
SHOWN, LAST = 12, 3


@dataclass(frozen=True, repr=False, eq=False)
class Fits:
    """Fits of B data sets; entries of a data set that could not be fitted are NaN, and `reasons` says why.

    ``fits[i]`` is the fitted `GaussianMixture` of data set i, ``len(fits)`` their number, and iterating gives the
    estimators in order, None for a data set that could not be fitted. Printed, it is a table.

    Parameters
    ----------
    weights : array of shape (B, K)
    means : array of shape (B, K, D)
    covariances : array of shape (B, ...)
        Behind the first axis in the shape of the estimator's `covariances_`.
    noise_weight : array of shape (B,)
        Share of the noise component, 0 without one.
    lower_bound : array of shape (B,)
        Mean log-likelihood a row of these parameters on their rows.
    log_likelihood : array of shape (B,)
        Its sum over rows, with their weights.
    n_iter : array of shape (B,)
        Passes of the kept start.
    converged : array of bool of shape (B,)
    labels : tuple of arrays of shape (N_i,)
        The most probable component of each row, -1 for noise and for rows of weight 0 whose cells are not numbers.
    lower_bounds : tuple of arrays
        The objective of the kept start, pass by pass.
    outcomes : tuple of Outcome or None
        How each fit ended; None where the rows themselves could not be used.
    reasons : tuple of str
        What went wrong, with the data set; empty where nothing did.
    notes : tuple of tuples of str
        What looks wrong in the data or the components of each fit.
    keys : tuple
        The keys of the groups, or positions.
    settings : dict
        The settings of the estimators.
    names : tuple of str or None
        Names of the columns.
    models : dict
        Estimators by position, of the fits that were not made in the batch: they have a `fit_report_`.

    Examples
    --------
    >>> import numpy as np
    >>> import mixtura as mx
    >>> X = np.random.default_rng(0).normal(size=(3, 50, 2))
    >>> X[:, :20] += 9.0
    >>> fits = mx.fit_many(X, 2, random_state=0)
    >>> len(fits), fits.means.shape, bool(fits.converged.all())
    (3, (3, 2, 2), True)
    >>> bool((fits[1].predict(X[1]) == fits.labels[1]).all())
    True
    """

    weights: NDArray[np.floating[Any]]
    means: NDArray[np.floating[Any]]
    covariances: NDArray[np.floating[Any]]
    noise_weight: NDArray[np.float64]
    lower_bound: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    n_iter: NDArray[np.int64]
    converged: NDArray[np.bool_]
    labels: tuple[Any, ...]
    lower_bounds: tuple[Any, ...]
    outcomes: tuple[Outcome | None, ...]
    reasons: tuple[str, ...]
    notes: tuple[tuple[str, ...], ...]
    keys: tuple[Any, ...]
    settings: dict[str, Any]
    names: tuple[str, ...] | None = None
    models: dict[int, GaussianMixture] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, position: int) -> GaussianMixture:
        i = index(position)
        if not -len(self) <= i < len(self):
            raise IndexError(f"There are {len(self)} fits, and {i} was asked for.")
        i %= len(self)
        if not self.fitted[i]:
            raise MixtureError(self.reasons[i])
        return self.models[i] if i in self.models else self._model(i)

    def __iter__(self) -> Iterator[GaussianMixture | None]:
        return (self[i] if there else None for i, there in enumerate(self.fitted))

    @property
    def fitted(self) -> NDArray[np.bool_]:
        """Whether there is a model, for each data set, shape (B,)."""
        return np.isfinite(self.lower_bound)

    def _model(self, i: int) -> GaussianMixture:
        """The estimator of a fit that was made in the batch."""
        model = GaussianMixture(**self.settings)
        conversion.from_parameters(model, self.weights[i], self.means[i], self.covariances[i])
        model.converged_, model.n_iter_ = bool(self.converged[i]), int(self.n_iter[i])
        model.lower_bound_, model.lower_bounds_ = float(self.lower_bound[i]), self.lower_bounds[i].tolist()
        if self.names is not None:
            model.feature_names_in_ = np.array(self.names, dtype=object)
        return model

    def __repr__(self) -> str:
        b, k, d = self.means.shape
        ends = Counter(_ended(self.outcomes[i], bool(there)) for i, there in enumerate(self.fitted))
        told = ", ".join(f"{count} {end}" for end, count in ends.most_common())
        parts = (_counted(b, "fit"), _counted(k, "component"), _counted(d, "column"))
        first = "{} of {} in {}, ".format(*parts) + f"{self.settings['covariance_type']}: {told}"
        return "\n".join([first, *self._table()])

    def _table(self) -> list[str]:
        """A line a fit, in columns no wider than 80 letters."""
        shown: Sequence[int] = range(len(self))
        if len(self) > SHOWN:
            shown = [*range(SHOWN - LAST), *range(len(self) - LAST, len(self))]
        lines = [f"{'data set':<16}{'rows':>8}{'log-lik/row':>14}{'passes':>8}  ended"]
        for i in shown:
            end = _ended(self.outcomes[i], bool(self.fitted[i]))
            numbers = f"{len(self.labels[i]):>8}{self.lower_bound[i]:>14.6g}{self.n_iter[i]:>8}"
            lines.append(f"{_short(self.keys[i], 16)}{numbers}  {end}")
            if len(shown) < len(self) and i == SHOWN - LAST - 1:
                lines.append("...")
        return lines


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _ended(outcome: Outcome | None, fitted: bool) -> str:
    """How a fit ended, in a word or two."""
    if outcome is None or not fitted:
        return "failed"
    return {Outcome.CONVERGED: "converged", Outcome.MAX_ITER: "not converged"}.get(outcome, "not fitted")


def _short(key: Any, width: int) -> str:
    """A key in so many printable letters."""
    told = "".join(letter if letter.isprintable() else " " for letter in str(key))
    return f"{told if len(told) < width else told[: width - 4] + '...':<{width}}"
