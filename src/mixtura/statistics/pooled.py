"""The statistics of several sites, added: those of all their rows together."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from mixtura.frame import Frame
from mixtura.moments import CANCELLATION, Moments
from mixtura.outcome import MixtureError
from mixtura.statistics.value import Statistics

SAME_MODEL = "Send every site the same saved model, and gather all statistics under it"


def merge_statistics(*statistics: Any) -> Statistics:
    """
    Add the statistics of several sites: those of all their rows together.

    Parameters
    ----------
    *statistics : Statistics
        One or more, or one iterable of them; all gathered under the same model. They are added in the order given.

    Returns
    -------
    Statistics
        ``model.updated(...)`` makes of it the EM step that all rows in one place would have made.

    Raises
    ------
    MixtureError
        For no statistics, for what is none, and for statistics of another model, family, frame or columns, which add
        up to nothing: send every site the same model, and gather again.

    Examples
    --------
    Three sites fit together: rows stay where they are, and every step is the step of the pooled rows.

    >>> import numpy as np
    >>> import mixtura as mx
    >>> from mixtura.statistics import merge_statistics
    >>> rng = np.random.default_rng(0)
    >>> sites = [rng.normal(size=(n, 2)) + 4.0 * rng.integers(0, 2, size=(n, 1)) for n in (300, 500, 200)]
    >>> model = pooled = mx.GaussianMixture(2, random_state=0).fit(sites[0])
    >>> for _ in range(10):
    ...     model = model.updated(merge_statistics(model.statistics(rows) for rows in sites))
    ...     pooled = pooled.updated(pooled.statistics(np.concatenate(sites)))
    >>> np.allclose(model.means_, pooled.means_, rtol=1e-12, atol=0)
    True
    """
    given = list(statistics[0]) if len(statistics) == 1 and not isinstance(statistics[0], Statistics) else statistics
    if not given:
        raise MixtureError("merge_statistics was given no statistics. Pass what model.statistics(X) of each site gave.")
    for index, one in enumerate(given):
        _require_alike(given[0], one, index)
    rows = sum(one.rows for one in given)
    merged: Statistics = replace(given[0], moments=_together([one.moments for one in given]), rows=rows)
    return merged


def _together(moments: list[Moments]) -> Moments:
    """The sum; about the common mean where the parts have anchors of their own, or it lies too far from theirs."""
    if all(np.array_equal(one.anchor, moments[0].anchor) for one in moments):
        total = reduce(add, moments)
        if len(moments) == 1 or total.cancellation() <= CANCELLATION:
            return total
    anchor = moments[0].anchor
    mean = reduce(add, [replace(one.about(anchor), lost=0.0) for one in moments]).mean()
    return replace(reduce(add, [one.about(mean) for one in moments]), lost=0.0)


def _require_alike(first: Any, other: Any, index: int) -> None:
    """Refuse what does not add up with the first."""
    if not isinstance(other, Statistics):
        raise MixtureError(
            f"Item {index} is a {type(other).__name__}, not Statistics. Fits of shards have met their rows under "
            f"models of their own, which do not add; pass model.statistics(X) of each site. {SAME_MODEL}."
        )
    if not isinstance(first, Statistics):
        return
    columns = "no names" if other.names is None else ", ".join(other.names)
    differs = {
        f"is of a {other.family} mixture and the first of {first.family}": other.family != first.family,
        f"has {other.n_features} features and the first {first.n_features}": other.n_features != first.n_features,
        f"has {other.n_components} components and the first {first.n_components}": (
            other.n_components != first.n_components
        ),
        f"has other columns than the first ({columns[:200]})": other.names != first.names,
        "was gathered under another density than the first": other.fingerprint != first.fingerprint,
        "was gathered in another frame than the first": not _same_frame(first.frame, other.frame),
    }
    wrong = next((words for words, found in differs.items() if found), None)
    if wrong is not None:
        raise MixtureError(f"Statistics {index} {wrong}, so they do not add. {SAME_MODEL}.")


def _same_frame(one: Frame, other: Frame) -> bool:
    return np.array_equal(one.origin, other.origin) and np.array_equal(one.unit, other.unit)
