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
from mixtura.kernels.supervised import taken
from mixtura.mixture import Mixture, Recipe
from mixtura.outcome import DataWarning, FitFailed
from mixtura.parameters import Parameters
from mixtura.problem import TINY, survey
from mixtura.sources.frames import is_frame


@dataclass(frozen=True)
class Searcher:
    """Searches for the mixture of one class, on its labeled rows.

    Parameters
    ----------
    targets : Targets
    rows : array or DataFrame of shape (N, D)
        The rows of one class are taken at a time, with the names of their columns.
    weight : array of shape (N,) or None
    begin : callable
        An unfitted search for the mixture of some numbers of components.
    """

    targets: Targets
    rows: Any
    weight: Float | None
    begin: Callable[[Sequence[int]], Any]

    def fit(self, c: int, n_components: Sequence[int]) -> Any:
        """A fitted search for the mixture of a class.

        Raises
        ------
        FitFailed
            Where nothing could be fitted: the class, its number of rows, and the reason.
        """
        positions = np.flatnonzero(self.targets.codes == c)
        rows = _safe_indexing(self.rows, positions) if is_frame(self.rows) else taken(self.rows, positions)
        weight = None if self.weight is None else self.weight[positions]
        try:
            with _told_of(self.targets.named(c)):
                return self.begin(n_components).fit(rows, sample_weight=weight)
        except ValueError as error:
            remedy = "Give it more rows, merge it with another class, or use kind='edda', reg_covar or a prior."
            raise FitFailed(f"{self.targets.named(c)}: {error} {remedy}") from None


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


def learn(lesson: Lesson, searches: list[Any], searcher: Searcher, n_components: Sequence[int]) -> Both:
    """EM over all rows from mixtures that were fitted to the labeled ones; families and numbers of components stay.

    A mixture that comes apart among the other rows had more components than its labeled rows can carry: its class is
    searched again for fewer, in place, and a warning says so.

    Raises
    ------
    FitFailed
        Where even one component a class became singular or lost its rows.
    """
    while True:
        fitted = [search.best_estimator_ for search in searches]
        frame, model = _joined(lesson, fitted)
        run = lesson.learn(lesson.sized(model.members[-1].stop, model.order).framed(frame), model)
        if run.outcome.ok:
            return _published(lesson, run, frame, fitted)
        c = _weakest(model.members, run)
        fewer = [k for k in n_components if k < fitted[c].n_components]
        told = f"{lesson.targets.named(c)}: with the rows without a label, EM failed. {run.outcome.value} {run.reason}"
        if not fewer:
            raise FitFailed(f"{told} Use reg_covar, a prior, or fewer columns.")
        warnings.warn(f"{told} Its mixture was searched for again, with fewer components.", DataWarning, stacklevel=6)
        searches[c] = searcher.fit(c, fewer)


def _weakest(members: Sequence[slice], run: Run) -> int:
    """The class of the component that failed, or that of the most components."""
    owners = [c for c, own in enumerate(members) if run.failed is not None and own.start <= run.failed < own.stop]
    return owners[0] if owners else int(np.argmax([own.stop - own.start for own in members]))


def _joined(lesson: Lesson, fitted: Sequence[GaussianMixture]) -> tuple[Frame, Joined]:
    """Fitted mixtures as one model, in a frame that suits all their families."""
    d = lesson.source.shape[1]
    known = [conversion.parameters_of(one) for one in fitted]
    families = [resolve(one.covariance_type, d)[0] for one in fitted]
    ridge = lesson.settings.reg_covar
    frame = lesson.look.summary.frame(all(family.scales for family in families), TINY * ridge**0.5)
    shares = lesson.targets.shares if lesson.priors is None else lesson.priors
    parts = [_part(lesson, c, known[c], families[c], frame, shares[c]) for c in range(lesson.n_classes)]
    return frame, Joined(parts, slices([mixture.shape[0] for mixture in known]), lesson.priors)


def _published(lesson: Lesson, run: Run, frame: Frame, fitted: Sequence[GaussianMixture]) -> Both:
    """The mixtures of a run, each in the layout that it was searched in."""
    ended: Any = run.model
    layouts = [resolve(one.covariance_type, lesson.source.shape[1])[1] for one in fitted]
    published = [
        Parameters.publish(part, frame, layout, None, lesson.dtype)
        for part, layout in zip(ended.parts, layouts, strict=True)
    ]
    return Both(run, ended.shares / ended.shares.sum(), published)


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
