"""What a likelihood ratio test found: statistics, p-values, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from mixtura.arrays import Float

HEAD = ("components", "against", "2 log ratio", "p-value")


@dataclass(frozen=True, repr=False, eq=False)
class LikelihoodRatioTest:
    """Tests of k against k + 1 components, k = 1, 2, ..., up to the first that is not rejected; printed, a table.

    Parameters
    ----------
    statistics : array of shape (T,)
        Twice the gain in log-likelihood of k + 1 components over k, for k = 1 to T.
    p_values : array of shape (T,)
        ``(1 + count) / (B + 1)``, with the count of samples whose statistic is no smaller.
    n_components : int
        The first k that is not rejected; where all are, the last k + 1.
    level : float
    n_resamples : int
        Samples B a test, where none failed.
    n_failed : tuple of int
        Samples of each test that could not be fitted, and are left out.
    resampled : tuple of arrays
        The statistics of the samples of each test.
    max_components : int
    family : str
        The covariance type.

    Examples
    --------
    >>> import numpy as np
    >>> import mixtura as mx
    >>> X = np.r_[np.linspace(0, 1, 40), np.linspace(9, 10, 40)][:, None]
    >>> print(mx.likelihood_ratio_test(X, covariance_type="tied", n_resamples=39, random_state=0))
    Likelihood ratio test of the number of components, tied: 39 samples a test
      components     against   2 log ratio     p-value
               1           2        324.89       0.025
               2           3          0.00       1.000
    2 components: 3 fit no better than chance would have it (level 0.05).
    """

    statistics: Float
    p_values: Float
    n_components: int
    level: float
    n_resamples: int
    n_failed: tuple[int, ...]
    resampled: tuple[Float, ...]
    max_components: int
    family: str

    @property
    def verdict(self) -> str:
        """What the tests say, in a sentence."""
        k, tested = self.n_components, len(self.p_values)
        if k == tested:
            what = "1 component" if k == 1 else f"{k} components"
            return f"{what}: {k + 1} fit no better than chance would have it (level {self.level:g})."
        if k == self.max_components:
            return f"At least {k} components: every test was rejected at level {self.level:g}. Raise max_components."
        return f"At least {k} components: {k + 1} could not be fitted, for a component collapses."

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row a test, such as ``pandas.DataFrame(found.rows)`` takes."""
        tests = zip(self.statistics.tolist(), self.p_values.tolist(), self.n_failed, strict=True)
        return [
            {"n_components": k, "against": k + 1, "statistic": statistic, "p_value": p, "n_failed": failed}
            for k, (statistic, p, failed) in enumerate(tests, 1)
        ]

    def to_dict(self) -> dict[str, Any]:
        """All but the statistics of the samples as numbers, strings and lists, for JSON."""
        names = ("n_components", "level", "n_resamples", "max_components", "family")
        return {name: getattr(self, name) for name in names} | {"tests": self.rows, "verdict": self.verdict}

    def _cells(self) -> list[tuple[str, ...]]:
        tests = ((r["n_components"], r["against"], r["statistic"], r["p_value"]) for r in self.rows)
        return [(str(k), str(more), f"{ratio:.2f}", f"{p:.3f}") for k, more, ratio, p in tests]

    @property
    def _title(self) -> str:
        return f"Likelihood ratio test of the number of components, {self.family}: {self.n_resamples} samples a test"

    def __repr__(self) -> str:
        widths = (12, 12, 14, 12)
        told = ["".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True)) for row in (HEAD, *self._cells())]
        return "\n".join([self._title, *told, self.verdict])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in HEAD)
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in self._cells())
        return f"<p>{escape(self._title)}</p><table><tr>{head}</tr>{body}</table><p>{escape(self.verdict)}</p>"
