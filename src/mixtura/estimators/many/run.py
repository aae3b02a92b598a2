"""`fit_many`: what each data set needs, where it is fitted, and what is said about it in the end."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from mixtura.covariance import Family, Layout, resolve
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.initial import Given
from mixtura.estimators.many import ordinary, remarks, small
from mixtura.estimators.many.fits import Fits
from mixtura.estimators.many.sets import Ready, Sets, read, sets_of, weights_of
from mixtura.estimators.many.table import Table
from mixtura.outcome import DataWarning, MixtureError


def fit_many(
    Xs: Any,
    n_components: int,
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
    noise: bool | float = False,
    prior: Any = None,
    equal_weights: bool = False,
    acceleration: str | None = None,
    n_threads: int | None = None,
    sample_weight: Any = None,
) -> Fits:
    """Fit a Gaussian mixture to each of many data sets, as one batch.

    Each fit is what it would be alone: it depends neither on the other data sets, nor on their order, nor on the number
    of threads (results are in single precision where all data sets are). Small data sets are fitted in compiled code as
    a whole, with k-means of its own, thousands of them a second; there all families are served, from
    ``init_params="kmeans"``, plain or with ``acceleration="squarem"``, without noise and prior. Everything else, and
    what goes wrong there, is fitted as by ``GaussianMixture(...).fit(X)`` with an integer `random_state`.

    Parameters
    ----------
    Xs : list, array of shape (B, N, D), mapping, or grouped DataFrame
        Data sets of as many rows as they have, and the same columns: arrays, DataFrames, whatever `GaussianMixture.fit`
        takes; ``df.groupby("key")`` of pandas or ``df.group_by("key")`` of polars, whose keys are kept and whose
        columns of keys are not fitted.
    n_components : int
        Number of components K of each mixture.
    covariance_type, tol, reg_covar, max_iter, n_init, init_params, weights_init, means_init, precisions_init
        As `GaussianMixture`'s, for every data set.
    random_state : int, RandomState instance or None, default=None
        One seed is made of it, the same for every data set.
    noise, prior, equal_weights, acceleration, n_threads
        As `GaussianMixture`'s.
    sample_weight : list, array of shape (B, N) or mapping, optional
        The weights of the rows of each data set, or None for one without.

    Returns
    -------
    fits : Fits
        Arrays with a leading axis for the data sets; ``fits[i]`` is a fitted `GaussianMixture`.

    Raises
    ------
    MixtureError
        Settings that cannot be used, or no data set that can; a single one that cannot is an outcome with its reason.

    Warns
    -----
    ConvergenceWarning
        Once, when fits made `max_iter` passes before the likelihood settled.
    DataWarning
        Once, when data sets failed, and once when columns or components look wrong.

    Examples
    --------
    >>> import numpy as np
    >>> import mixtura as mx
    >>> groups = [np.array([[0.0], [1.0], [2.0], [c], [c + 1.0], [c + 2.0]]) for c in (20.0, 30.0, 40.0)]
    >>> fits = mx.fit_many(groups, 2, covariance_type="tied", random_state=0)
    >>> np.sort(fits.means[:, :, 0], axis=1)
    array([[ 1., 21.],
           [ 1., 31.],
           [ 1., 41.]])
    >>> print(fits)  # doctest: +ELLIPSIS
    3 fits of 2 components in 1 column, tied: 3 converged
    data set            rows   log-lik/row  passes  ended
    0                      6      -1.90...       2  converged
    1                      6      -1.90...       2  converged
    2                      6      -1.90...       2  converged
    """
    settings = {name: value for name, value in locals().items() if name not in ("Xs", "sample_weight")}
    settings["random_state"] = seed_of(random_state)
    estimator = GaussianMixture(**settings)
    estimator._validate_params()
    sets = sets_of(Xs)
    task = Task.of(estimator, sets, weights_of(sample_weight, sets.keys))
    left = _fit_small(task)
    for i in left:
        task.table.adopt(i, *ordinary.fit(estimator, sets.rows[i], task.weights[i]))
    fits = task.table.fits(sets.keys, settings, task.names)
    _warn(fits, int(max_iter))
    return fits


def seed_of(random_state: Any) -> int:
    """One integer, which stands for itself."""
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


@dataclass(frozen=True)
class Task:
    """Data sets as numbers, and the table of what becomes of them.

    Parameters
    ----------
    estimator : GaussianMixture
        Unfitted, with the settings.
    data : list of Ready or None
        None for a data set that cannot be used.
    weights : list
        As they were passed.
    family, layout
        Of all fits.
    names : tuple of str or None
    table : Table
    """

    estimator: GaussianMixture
    data: list[Ready | None]
    weights: list[Any]
    family: Family
    layout: Layout
    names: tuple[str, ...] | None
    table: Table = field(repr=False)

    @classmethod
    def of(cls, estimator: GaussianMixture, sets: Sets, weights: list[Any]) -> Task:
        """Read every data set; raise what is wrong with the settings, or with all data sets."""
        data, reasons = _read_all(sets, weights)
        first = next((one for one in data if one is not None), None)
        if first is None:
            raise MixtureError(f"None of the {len(sets)} data sets can be used. {next(iter(reasons.values()))}")
        d = int(first.rows.shape[1])
        family, layout = resolve(estimator.covariance_type, d)
        Given.check(estimator, layout, d)
        for i, one in enumerate(data):
            if one is not None and (wrong := _unlike(one, first)):
                data[i], reasons[i] = None, f"Data set {_called(sets.keys, i)}: {wrong}"
        single = all(one.single for one in data if one is not None)
        table = Table.blank(len(sets), int(estimator.n_components), d, layout, single, reasons)
        return cls(estimator, data, weights, family, layout, first.names, table)


def _read_all(sets: Sets, weights: Sequence[Any]) -> tuple[list[Ready | None], dict[int, str]]:
    """The data sets as numbers, and the sentences on those that are none."""
    data: list[Ready | None] = []
    reasons: dict[int, str] = {}
    reader = GaussianMixture()
    for i, (X, weight) in enumerate(zip(sets.rows, weights, strict=True)):
        try:
            data.append(read(reader, X, weight))
        except (MixtureError, ValueError, TypeError) as error:
            data.append(None)
            reasons[i] = f"Data set {_called(sets.keys, i)}: {error}"
    return data, reasons


def _called(keys: Sequence[Any], i: int) -> str:
    return str(i) if keys[i] == i else f"{i} (key {keys[i]!r})"


def _unlike(one: Ready, first: Ready) -> str:
    """What keeps two data sets from having results of one shape."""
    if one.rows.shape[1] != first.rows.shape[1]:
        return f"it has {one.rows.shape[1]} columns, and the first data set has {first.rows.shape[1]}. Fit it apart."
    if one.names != first.names:
        return f"its columns are {one.names}, and those of the first data set {first.names}. Give all the same columns."
    return ""


def _fit_small(task: Task) -> list[int]:
    """Fit in the batch what can be; the positions of what is left."""
    asked, there = task.estimator, [i for i, one in enumerate(task.data) if one is not None]
    plain = (
        isinstance(asked.init_params, str)
        and asked.init_params == "kmeans"
        and (asked.weights_init is None and asked.means_init is None and asked.precisions_init is None)
        and (asked.noise is False and asked.prior is None and asked.max_iter > 0)
        and asked.acceleration in (None, "squarem")
    )
    if not (plain and small.served(task.family) and small.ready()):
        return there
    seeds = [np.random.SeedSequence([asked.random_state, start]) for start in range(int(asked.n_init))]
    plan = small.Plan(
        int(asked.n_components),
        task.family,
        float(asked.tol),
        float(asked.reg_covar),
        int(asked.max_iter),
        bool(asked.equal_weights),
        asked.acceleration == "squarem",
        np.array([seed.generate_state(1, np.uint64)[0] for seed in seeds]),
        task.table.single,
    )
    most = plan.most_rows()
    chosen = [i for i, one in enumerate(task.data) if one is not None and len(one.rows) <= most]
    left = sorted(set(there) - set(chosen))
    for which, climbed, measured in small.run(plan, task.data, chosen, asked.n_threads) if chosen else ():
        left += task.table.write(which, climbed, measured, task.data)
    for i, mass in task.table.suspects(asked, task.family, set(chosen) - set(left)):
        task.table.notes[i] = remarks.of(asked, task.data[i], mass)  # type: ignore[arg-type]
    return sorted(left)


def _warn(fits: Fits, max_iter: int) -> None:
    """Say once what went wrong, and what looks wrong."""
    b, level = len(fits), 3
    failed = [i for i, there in enumerate(fits.fitted) if not there]
    if len(failed) == b:
        raise MixtureError(f"None of the {b} data sets could be fitted. {fits.reasons[0]}")
    if failed:
        told = f"{len(failed)} of {b} data sets could not be fitted: {_some(failed)}. The first: "
        warnings.warn(told + fits.reasons[failed[0]], DataWarning, stacklevel=level)
    noted = [i for i, found in enumerate(fits.notes) if found]
    if noted:
        told = f"{len(noted)} of {b} data sets look wrong for a mixture: {_some(noted)}. fits.notes[i] says how; "
        warnings.warn(f"{told}the first: {fits.notes[noted[0]][0]}", DataWarning, stacklevel=level)
    unsettled = [i for i, there in enumerate(fits.fitted & ~fits.converged) if there and max_iter > 0]
    if unsettled:
        told = f"{len(unsettled)} of {b} fits did not converge in max_iter={max_iter} passes: {_some(unsettled)}. "
        warnings.warn(told + "Raise max_iter or tol.", ConvergenceWarning, stacklevel=level)


def _some(positions: Sequence[int]) -> str:
    shown = ", ".join(map(str, positions[:5]))
    return shown if len(positions) <= 5 else f"{shown}, ..."
