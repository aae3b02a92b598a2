"""Learning from rows that come in batches, and from rows that must stay where they are."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from numbers import Real
from typing import Any, ClassVar, Self, cast

import numpy as np
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from mixtura import assess, em, kernels, online
from mixtura.covariance import resolve
from mixtura.estimators import conversion, inputs, standing
from mixtura.estimators.answers import Answers
from mixtura.online import Pace
from mixtura.outcome import MixtureError
from mixtura.parameters import Parameters
from mixtura.problem import survey
from mixtura.statistics import SAME_MODEL, Statistics, fingerprint


class Streaming(Answers):
    """`partial_fit` for streams, `statistics` and `updated` for rows at several sites; a base class."""

    # settings of the stream, no metadata of rows
    __metadata_request__partial_fit: ClassVar[dict[str, str]] = {"decay": UNUSED, "half_life": UNUSED}

    def partial_fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        decay: float | None = None,
        half_life: float | None = None,
    ) -> Self:
        r"""Learn a batch of rows and go on from there: online EM [1]_, each row read once.

        .. math:: s_t = (1 - g_t) s_{t-1} + g_t \, E[\text{statistics of the next rows} \mid \theta_{t-1}], \qquad
            \theta_t = \text{M-step}(s_t)

        The stream begins with a fit to its first rows, 4096 or 4 for each free parameter, whichever is more: with this
        estimator's settings, but 8 starts at least, the best of them settled to a `tol` of at most 1e-5. While there
        are fewer rows they are kept, and fitted as `fit` would, again whenever they have grown by a sixteenth; then
        they are dropped. A model that was fitted, loaded or made from parameters is gone on from instead, as if it had
        learned the rows of its fit (``fit_report_.weight``; a model without a report: one unit, see `decay`). Rows
        should come in random order: of sorted ones the model sees a part at a time.

        Batches are cut in short steps. How a step counts follows from the weight of its rows alone, so that small and
        uneven batches lose nothing. Frame, noise volume, prior and settings are those of the beginning; `n_components`,
        `covariance_type` and `noise` must not change. A component that is visited no more keeps its mean and covariance
        while its share falls to 1e-9. The uniform noise has its density everywhere, also beyond the box of the first
        rows.

        After a step `converged_` is False, `n_iter_` counts steps, `lower_bounds_` holds the mean log-likelihood of
        each step of this call before it was learned, `lower_bound_` the running mean of these with the steps' own
        forgetting; there is no `fit_report_`. Copies and pickles go on as the original does; ``mx.save`` keeps the
        model alone.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
            The next rows. The first batch needs at least as many as components.
        y : ignored
        sample_weight : array-like of shape (N,), optional
            Counts of the rows.
        decay : float, default=0.6
            Above 0.5 and at most 1: after n rows what is kept falls by ``(n / u)^-decay / u`` a row, where the unit u
            is 1024 rows or 1 for each free parameter, whichever is more; up to one unit all rows count alike. Smaller
            forgets the poor models of the beginning sooner, larger averages more; 1 is the plain mean.
        half_life : float, optional
            For rows that drift: what was seen so many rows ago counts half, however long the stream.

        Both hold for the calls that follow too, until one of them is given again.

        Returns
        -------
        self : GaussianMixture

        Raises
        ------
        MixtureError
            Rows, weights or settings that cannot be used, and rows beyond all components; the estimator, and the
            stream, are left as they were.

        References
        ----------
        .. [1] O. Cappe and E. Moulines (2009), On-line expectation-maximization algorithm for latent data models,
           Journal of the Royal Statistical Society B 71, 593-613.

        Examples
        --------
        >>> import numpy as np
        >>> import mixtura as mx
        >>> rng = np.random.default_rng(0)
        >>> model = mx.GaussianMixture(2, random_state=0)
        >>> for _ in range(20):
        ...     model = model.partial_fit(rng.normal(size=(1000, 1)) + 6.0 * rng.integers(0, 2, size=(1000, 1)))
        >>> model.sort_components(0).means_.round(1).ravel() + 0.0
        array([0., 6.])
        """
        with inputs.untouched(self):
            self._validate_params()
            pace = paced(decay, half_life)
            fresh = not hasattr(self, "means_")
            source = inputs.rows_of(self, X, reset=fresh, at_least=2 if fresh else 1)
            weight = inputs.weights_beside(sample_weight, source)
            family, _ = resolve(self.covariance_type, source.shape_of_row)
            with self._working(source, weight, int(self.n_components), family.order) as ready:
                dtype = np.float32 if inputs.is_single(X, ready) else np.float64
                standing.advance(self, ready, pace, dtype)
        return self

    def statistics(self, X: Any, sample_weight: Any = None) -> Statistics:
        """The sufficient statistics of rows under this model: sums that a site can send in place of its rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (N, D)
        sample_weight : array-like of shape (N,), optional

        Returns
        -------
        statistics : Statistics
            `mx.merge_statistics` adds those of several sites, `updated` makes the next model of them.

        Examples
        --------
        >>> import mixtura as mx
        >>> from mixtura.statistics import merge_statistics
        >>> model = mx.GaussianMixture.from_parameters([1.0], [[0.0]], [1.0], "spherical")
        >>> one, two = model.statistics([[0.0], [1.0]]), model.statistics([[2.0]])
        >>> model.updated(merge_statistics(one, two)).means_
        array([[1.]])
        """
        check_is_fitted(self)
        source = inputs.rows_of(self, X, reset=False)
        weight = inputs.weights_beside(sample_weight, source)
        model, frame = standing.framed(self)
        k, d = model.means.shape
        _require_features(source.shape_of_row, d)
        density = model.density()
        with self._working(source, weight, k, model.order) as ready:
            framed, kernel = ready.framed(frame), kernels.choose(ready.kind, k, model.order)
            rows = survey(ready).rows
            with np.errstate(over="ignore", invalid="ignore"):
                moments = em.read(framed, model, kernel)
            if not np.isfinite(moments.log_likelihood):
                assess.log_densities(framed, density, kernel)  # names the row
        return Statistics(replace(moments, lost=0.0), frame, *self._identity(), rows, source.names)

    def updated(self, statistics: Statistics) -> Self:
        """The next model: one EM step from statistics that were gathered under this one, as a new estimator.

        Its `lower_bounds_` goes on with the objective of the model that the statistics were gathered under (the mean
        log-likelihood a row, penalized under a prior), `lower_bound_` is that mean log-likelihood, and `converged_`
        says whether the objective has changed by less than `tol` since the step before. A component without rows keeps
        its mean and covariance, and a share of 1e-9.

        Parameters
        ----------
        statistics : Statistics
            Of one site, or of several merged.

        Raises
        ------
        MixtureError
            For statistics of another model; for a covariance that became singular.

        Examples
        --------
        >>> import mixtura as mx
        >>> model = mx.GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0], "spherical")
        >>> better = model.updated(model.statistics([[-1.0], [1.0], [4.0], [6.0]]))
        >>> better.means_.round(2).ravel(), len(better.lower_bounds_)
        (array([-0.01,  4.96]), 1)
        """
        if not isinstance(statistics, Statistics):
            raise MixtureError(f"This is a {type(statistics).__name__}, not Statistics. Pass model.statistics(X).")
        check_is_fitted(self)
        if (statistics.fingerprint, statistics.family) != self._identity():
            raise MixtureError(f"These statistics were gathered under another model than this. {SAME_MODEL}.")
        model, frame = standing.framed(self)
        following = model.update(online.rested(statistics.moments, model))
        objective = (statistics.moments.log_likelihood + model.penalty()) / statistics.weight - frame.log_unit
        return cast(Self, _next(self, following, frame, objective, statistics.log_likelihood / statistics.weight))

    def _identity(self) -> tuple[str, str]:
        """Fingerprint of the published model, and the code of its family."""
        parameters = conversion.parameters_of(self)
        family, _ = resolve(self.covariance_type, parameters.shape[1])
        return fingerprint(parameters, family.name), family.name


def paced(decay: float | None, half_life: float | None) -> Pace | None:
    """How a stream shall forget, or None where nothing was said.

    Raises
    ------
    MixtureError
        Where both are given, or one is out of its range.
    """
    if decay is not None and half_life is not None:
        raise MixtureError("decay and half_life are two ways to forget. Give one of them.")
    if half_life is not None:
        if not isinstance(half_life, Real) or not half_life > 0:
            raise MixtureError(f"half_life is {half_life} and must be a number of rows above 0.")
        return Pace(half_life=float(half_life))
    if decay is None:
        return None
    if not isinstance(decay, Real) or not 0.5 < decay <= 1.0:
        raise MixtureError(f"decay is {decay} and must be above 0.5 and at most 1.")
    return Pace(float(decay))


def _require_features(found: int, n_features: int) -> None:
    if found != n_features:
        raise MixtureError(f"X has {found} features, but the model has {n_features}.")


def _next(estimator: Any, model: Any, frame: Any, objective: float, log_likelihood: float) -> Any:
    """A copy of an estimator with another model, one step on."""
    other = copy(estimator)
    dtype, noise = estimator.means_.dtype, getattr(estimator, "_noise", None)
    _, layout = resolve(estimator.covariance_type, model.means.shape[1])
    conversion.set_parameters(other, Parameters.publish(model, frame, layout, noise, dtype))
    gathered = hasattr(estimator, "_standing") or hasattr(estimator, "fit_report_")
    before = [] if gathered else list(getattr(estimator, "lower_bounds_", []))
    other.converged_ = len(before) > 0 and abs(objective - before[-1]) < estimator.tol
    other.lower_bounds_, other.lower_bound_ = [*before, objective], log_likelihood
    other.n_iter_ = len(other.lower_bounds_)
    vars(other).pop("_standing", None)
    standing.unreported(other)
    return other
