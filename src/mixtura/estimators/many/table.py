"""The table that a batch fills, a line a data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance import Family, Layout, public_shape
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.many import ordinary, small
from mixtura.estimators.many.fits import Fits
from mixtura.notes import APART, RIDGE
from mixtura.outcome import Outcome

if TYPE_CHECKING:
    from mixtura.kernels.batch import Climb, Measure


@dataclass
class Table:
    """What is known of each data set so far; arrays hold NaN where nothing is.

    Parameters
    ----------
    layout : {"full", "tied", "diag", "spherical", "dense"}
    single : bool
        Whether parameters are published in single precision.
    arrays : dict
        The arrays of `Fits`, by name, and the masses and deviations of the fits of the batch.
    labels, lower_bounds, outcomes, reasons, notes : list
        As those of `Fits`.
    models : dict
    """

    layout: Layout
    single: bool
    arrays: dict[str, Any]
    labels: list[Any]
    lower_bounds: list[Any]
    outcomes: list[Outcome | None]
    reasons: list[str]
    notes: list[tuple[str, ...]]
    models: dict[int, GaussianMixture]

    @classmethod
    def blank(cls, b: int, k: int, d: int, layout: Layout, single: bool, reasons: dict[int, str]) -> Table:
        """A table of b data sets, of which some are known to be of no use."""
        dtype = np.float32 if single else np.float64
        shapes = {"weights": (k,), "means": (k, d), "covariances": public_shape(layout, k, d)}
        arrays: dict[str, Any] = {name: np.full((b, *shape), np.nan, dtype) for name, shape in shapes.items()}
        arrays |= {name: np.full(b, np.nan) for name in ("lower_bound", "log_likelihood", "noise_weight")}
        arrays |= {"mass": np.full((b, k), np.inf), "deviation": np.ones((b, d))}
        arrays |= {"n_iter": np.zeros(b, dtype=np.int64), "converged": np.zeros(b, dtype=bool)}
        empty: list[Any] = [np.zeros(0, dtype=np.int64)] * b
        told = [reasons.get(i, "") for i in range(b)]
        return cls(layout, single, arrays, empty, [np.zeros(0)] * b, [None] * b, told, [()] * b, {})

    def write(self, which: Any, climbed: Climb, measured: Measure, data: Sequence[Any]) -> list[int]:
        """Note the ends of a turn of the batch; the positions of what it has left."""
        from mixtura.kernels import batch

        done = climbed.status < batch.LEFT
        kept, arrays = which[done], self.arrays
        arrays["weights"][kept] = climbed.weights[done]
        arrays["means"][kept] = climbed.means[done]
        arrays["covariances"][kept] = small.arranged(climbed.covariances, self.layout)[done]
        arrays["lower_bound"][kept] = measured.bound[done]
        arrays["log_likelihood"][kept] = measured.bound[done] * measured.mass[done].sum(axis=1)
        arrays["noise_weight"][kept] = 0.0
        arrays["n_iter"][kept] = climbed.passes[done]
        arrays["converged"][kept] = climbed.status[done] == batch.CONVERGED
        arrays["mass"][kept] = measured.mass[done]
        arrays["deviation"][kept] = measured.deviation[done]
        end, accepted, converged = 0, climbed.accepted.tolist(), (climbed.status == batch.CONVERGED).tolist()
        for j, i in enumerate(which.tolist()):
            begin, end = end, end + len(data[i].rows)
            self.labels[i] = measured.labels[begin:end]
            self.lower_bounds[i] = climbed.path[j, : accepted[j]].copy()
            self.outcomes[i] = Outcome.CONVERGED if converged[j] else Outcome.MAX_ITER
        return [int(i) for i in which[~done]]

    def suspects(self, estimator: Any, family: Family, batched: set[int]) -> Iterator[tuple[int, Float]]:
        """Data sets of the batch that something may be said about, with the masses of their components."""
        deviation, mass = self.arrays["deviation"], self.arrays["mass"]
        d, k = deviation.shape[1], mass.shape[1]
        swamped = deviation.min(axis=1) ** 2 < RIDGE * estimator.reg_covar
        apart = deviation.min(axis=1) < deviation.max(axis=1) / APART
        starved = mass.sum(axis=1) - k < d if family.shared else mass.min(axis=1) < d + 1
        for i in np.flatnonzero(swamped | apart | starved).tolist():
            if i in batched:
                yield i, mass[i]

    def adopt(self, i: int, model: GaussianMixture | None, labels: Any, reason: str, notes: tuple[str, ...]) -> None:
        """Note what the ordinary way has found."""
        if model is None:
            self.outcomes[i], self.reasons[i] = ordinary.outcome_of(reason), f"Data set {i}: {reason}"
            self.labels[i], self.lower_bounds[i] = np.zeros(0, dtype=np.int64), np.zeros(0)
            return
        report, arrays = model.fit_report_, self.arrays
        for name in ("weights", "means", "covariances", "noise_weight", "lower_bound", "n_iter", "converged"):
            arrays[name][i] = getattr(model, f"{name}_")
        arrays["log_likelihood"][i] = report.log_likelihood
        self.labels[i], self.lower_bounds[i] = labels, np.array(model.lower_bounds_)
        self.outcomes[i], self.notes[i], self.models[i] = report.outcome, notes, model

    def fits(self, keys: tuple[Any, ...], settings: dict[str, Any], names: tuple[str, ...] | None) -> Fits:
        """The result."""
        arrays = {name: array for name, array in self.arrays.items() if name not in ("mass", "deviation")}
        told = (self.labels, self.lower_bounds, self.outcomes, self.reasons, self.notes)
        labels, bounds, outcomes, reasons, notes = (tuple(part) for part in told)
        return Fits(
            **arrays,
            labels=labels,
            lower_bounds=bounds,
            outcomes=outcomes,
            reasons=reasons,
            notes=notes,
            keys=keys,
            settings=settings,
            names=names,
            models=self.models,
        )
