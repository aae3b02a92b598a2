"""A mixture a class, each found by a search of its own on the rows of that class; then EM with those of no class."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from mixtura import diagnostics
from mixtura.arrays import Float
from mixtura.classification.joined import Joined
from mixtura.classification.lesson import Lesson, slices
from mixtura.classification.targets import Targets
from mixtura.covariance import Family, resolve
from mixtura.em import Run
from mixtura.estimators import GaussianMixture, conversion
from mixtura.frame import Frame
from mixtura.mixture import Mixture, Recipe
from mixtura.outcome import FitFailed
from mixtura.parameters import Parameters
from mixtura.problem import TINY, survey


def search(targets: Targets, X: Any, weight: Float | None, begin: Callable[[], Any]) -> list[Any]:
    """A fitted search a class.

    Parameters
    ----------
    targets : Targets
    X : array-like or DataFrame of shape (N, D)
        As the user gave it: the rows of one class are taken at a time, with the names of their columns.
    weight : array of shape (N,) or None
    begin : callable
        Makes an unfitted search.

    Raises
    ------
    MixtureError
        Where a class cannot be fitted: its name, its number of rows, and the reason.
    """
    found = []
    for c in range(len(targets.classes)):
        positions = np.flatnonzero(targets.codes == c)
        rows = _safe_indexing(X, positions)
        try:
            with _told_of(targets.named(c)):
                found.append(begin().fit(rows, sample_weight=None if weight is None else weight[positions]))
        except ValueError as error:
            remedy = "Give it more rows, merge it with another class, or use kind='edda', reg_covar or a prior."
            raise FitFailed(f"{targets.named(c)}: {error} {remedy}") from None
    return found


@contextmanager
def _told_of(what: str) -> Iterator[None]:
    """Warnings within say first what they are about."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield
    for one in heard:
        warnings.warn(f"{what}: {one.message}", one.category, stacklevel=6)


@dataclass(frozen=True)
class Both:
    """The mixtures of all classes after EM over rows with and without a label.

    Parameters
    ----------
    run : Run
    priors : array of shape (C,)
    mixtures : list of Parameters
    """

    run: Run
    priors: Float
    mixtures: list[Parameters]


def learn(lesson: Lesson, fitted: Sequence[GaussianMixture]) -> Both:
    """EM over all rows from mixtures that were fitted to the labeled ones; families and numbers of components stay.

    Raises
    ------
    FitFailed
        Where a component became singular or lost its rows.
    """
    d = lesson.source.shape[1]
    known = [conversion.parameters_of(one) for one in fitted]
    families = [resolve(one.covariance_type, d)[0] for one in fitted]
    ridge = lesson.settings.reg_covar
    frame = lesson.look.summary.frame(all(family.scales for family in families), TINY * ridge**0.5)
    members = slices([mixture.shape[0] for mixture in known])
    shares = lesson.targets.shares if lesson.priors is None else lesson.priors
    parts = [_part(lesson, c, known[c], families[c], frame, shares[c]) for c in range(lesson.n_classes)]
    model = Joined(parts, members, lesson.priors)
    sized = lesson.sized(members[-1].stop, model.order)
    run = lesson.learn(sized.framed(frame), model)
    if not run.outcome.ok:
        raise FitFailed(f"Learning from rows without a label failed. {_class_of(lesson, members, run)}{run.reason}")
    ended: Any = run.model
    published = [
        Parameters.publish(part, frame, mixture.layout, None, lesson.dtype)
        for part, mixture in zip(ended.parts, known, strict=True)
    ]
    return Both(run, ended.shares / ended.shares.sum(), published)


def _class_of(lesson: Lesson, members: Sequence[slice], run: Run) -> str:
    """Which class the component that failed is of."""
    owners = [c for c, own in enumerate(members) if run.failed is not None and own.start <= run.failed < own.stop]
    return f"{lesson.targets.named(owners[0])}: " if owners else ""


def _part(lesson: Lesson, c: int, known: Parameters, family: Family, frame: Frame, share: float) -> Mixture:
    """The mixture of one class in the common frame, its proportions as shares of all rows."""
    ridge = lesson.settings.reg_covar / frame.unit / frame.unit
    recipe = Recipe(family, ridge, _prior(lesson, c, family, known.shape[0], frame))
    mixture = known.mixture(recipe, frame)
    return replace(mixture, proportions=mixture.proportions * share)


def _prior(lesson: Lesson, c: int, family: Family, n_components: int, frame: Frame) -> Any:
    """The conjugate prior of a class: what it leaves open is taken from the labeled rows of that class."""
    prior = lesson.settings.prior
    if prior is None:
        return None
    own = (lesson.targets.codes == c).astype(np.float64)
    source = replace(lesson.source, weight=own if lesson.source.weight is None else own * lesson.source.weight)
    covariance = diagnostics.total_covariance(source.framed(frame)) * frame.unit[:, None] * frame.unit
    return prior.resolve(family.order, n_components, survey(source).mean, covariance).framed(frame)
