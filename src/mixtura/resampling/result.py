"""What a bootstrap found: estimates, standard errors and intervals, as arrays, as rows and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mixtura.arrays import Float
from mixtura.resampling import table

NAMES = {
    "nonparametric": "Nonparametric bootstrap",
    "weighted": "Weighted likelihood bootstrap",
    "parametric": "Parametric bootstrap",
    "jackknife": "Jackknife",
}


@dataclass(frozen=True, repr=False, eq=False)
class Bootstrap:
    """How sure the parameters of a mixture are; printed, it is a table.

    Every dict has the keys "weights", "means" and "covariances", and "noise_weight" where the model has noise.

    Parameters
    ----------
    kind : {"nonparametric", "weighted", "parametric", "jackknife"}
    level : float
        Share of the intervals.
    n_resamples : int
        Resamples that were fitted; of the jackknife one a row.
    n_failed : int
        Those of them that have no estimate.
    parameters : dict
        Those of the model: (K,), (K, D), (K, D, D) and ().
    estimates : dict
        Those of every refit, components in the model's order, along a leading axis B = `n_resamples` - `n_failed`.
    repeats : array of shape (B,)
        How often each refit counts: ones, or under the jackknife the counts of the rows left out.
    standard_errors : dict
        In the shapes of `parameters`.
    intervals : dict
        The shapes of `parameters` behind an axis of two: low and high.
    features : tuple of str
        Names of the columns, or their numbers.
    family : str
        The model's covariance type.

    Examples
    --------
    >>> import numpy as np
    >>> import mixtura as mx
    >>> X = np.r_[np.arange(9.0), np.arange(50.0, 59.0)][:, None]
    >>> model = mx.GaussianMixture(2, reg_covar=0, random_state=0).fit(X).sort_components(0)
    >>> found = mx.bootstrap(model, X, kind="jackknife")
    >>> found.standard_errors["means"][:, 0].round(3)
    array([0.941, 0.941])
    >>> print(found)
    Jackknife of 2 components in 1 feature, full
    18 refits, 95 % intervals
    component 0                estimate   std. error          low         high
      share                       0.500        0.121        0.262        0.738
      mean 0                      4.000        0.941        2.156        5.844
      variance 0                   6.67         2.41         1.95        11.39
    component 1                estimate   std. error          low         high
      share                       0.500        0.121        0.262        0.738
      mean 0                     54.000        0.941       52.156       55.844
      variance 0                   6.67         2.41         1.95        11.39
    """

    kind: str
    level: float
    n_resamples: int
    n_failed: int
    parameters: dict[str, Any]
    estimates: dict[str, Float]
    repeats: Float
    standard_errors: dict[str, Any]
    intervals: dict[str, Float]
    features: tuple[str, ...]
    family: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row a parameter, such as ``pandas.DataFrame(found.rows)`` takes.

        Its keys are component (None for noise), parameter ("share", "mean" or "covariance"), feature and other (None
        where they do not apply), estimate, standard_error, low and high.
        """
        return table.rows(self)

    @property
    def title(self) -> str:
        """What was done, in two lines."""
        k, d = self.parameters["means"].shape
        sizes = f"{k} component{'s' * (k > 1)} in {d} feature{'s' * (d > 1)}"
        failed = f" ({self.n_failed} more failed)" if self.n_failed else ""
        kept = f"{self.n_resamples - self.n_failed} refits{failed}"
        return f"{NAMES[self.kind]} of {sizes}, {self.family}\n{kept}, {_percent(self.level)} intervals"

    def to_dict(self) -> dict[str, Any]:
        """All but the estimates as numbers, strings and lists, for JSON."""
        plain = {name: getattr(self, name) for name in ("kind", "level", "n_resamples", "n_failed", "family")}
        arrays = {
            name: {key: value.tolist() for key, value in getattr(self, name).items()}
            for name in ("parameters", "standard_errors", "intervals")
        }
        return {**plain, "features": list(self.features), **arrays}

    def __repr__(self) -> str:
        return "\n".join([self.title, *table.lines(self)])

    def _repr_html_(self) -> str:
        return table.html(self)


def _percent(level: float) -> str:
    return f"{100.0 * level:.6g} %"
