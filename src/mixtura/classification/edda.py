"""One Gaussian a class, with a family of covariances common to all classes (Bensmail & Celeux 1996)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura import em, notes
from mixtura.arrays import Float
from mixtura.block import Block
from mixtura.classification.decision import Decision, observe
from mixtura.classification.families import CRITERIA, Families, Row
from mixtura.classification.joined import Joined
from mixtura.classification.lesson import Lesson, slices
from mixtura.criteria import Evidence
from mixtura.em import Run
from mixtura.outcome import ComponentError, FitFailed, MixtureError, Outcome
from mixtura.parameters import Parameters
from mixtura.problem import Problem


@dataclass(frozen=True)
class Fitted:
    """One family, fitted to all classes.

    Parameters
    ----------
    row : Row
    priors : array of shape (C,) or None
    gaussians : sequence of Parameters
        One a class, in the family's code.
    """

    row: Row
    priors: Float | None = None
    gaussians: Sequence[Parameters] = ()


def fit(lesson: Lesson, families: Sequence[str], criterion: str) -> tuple[Fitted, Families]:
    """Every family by maximum likelihood, and the best by a criterion.

    Parameters
    ----------
    lesson : Lesson
    families : sequence of str
        Codes.
    criterion : {"bic", "icl", "aic", "aicc"}

    Raises
    ------
    MixtureError
        A criterion that does not compare families, or when no family could be fitted, with each reason.
    """
    if criterion not in CRITERIA:
        raise MixtureError(f"criterion is {criterion!r}, and kind='edda' is chosen by {', '.join(CRITERIA)}. Use one.")
    tried = [_tried(lesson, family) for family in families]
    results = Families.ranked([one.row for one in tried], criterion)
    if results.rows[0].evidence is None:
        reasons = dict.fromkeys(row.reason for row in results)
        raise FitFailed(f"No family could be fitted. {' '.join(reasons)}")
    return next(one for one in tried if one.row is results.rows[0]), results


def _tried(lesson: Lesson, family: str) -> Fitted:
    """A family, or the reason why it cannot be fitted."""
    try:
        problem = _problem(lesson, family)
        notes.flat_columns(problem)
        run = _best(problem, lesson)
        if run.model is None or not run.outcome.ok:
            who = "All classes" if problem.family.shared else lesson.targets.named(run.failed or 0)
            return Fitted(Row(family, None, run.passes, run.outcome, f"{who}: {run.reason.partition(': ')[2]}"))
        return _fitted(problem, lesson, run)
    except MixtureError as error:
        return Fitted(Row(family, None, 0, Outcome.SINGULAR, str(error)))


def _problem(lesson: Lesson, family: str) -> Problem:
    settings = replace(lesson.settings, n_components=lesson.n_classes, covariance_type=family)
    problem = Problem.pose(lesson.source, settings, lesson.look)
    return replace(problem, source=replace(lesson.sized(lesson.n_classes, problem.family.order), frame=problem.frame))


def _best(problem: Problem, lesson: Lesson) -> Run:
    """The best of the starts: with every row labeled there is one, and it is the maximum already."""
    runs = []
    for begin in (_from_labels, _from_all) if lesson.targets.unlabeled > 0 else (_from_labels,):
        try:
            runs.append(lesson.learn(problem.source, begin(problem, lesson)))
        except ComponentError as error:
            runs.append(Run(None, outcome=error.outcome, reason=str(error), failed=error.component))
    best = em.best(runs)
    return runs[0 if best is None else best]


def _from_labels(problem: Problem, lesson: Lesson) -> Joined:
    """The M-step from the labeled rows alone."""
    codes = lesson.targets.codes
    mixture = problem.ground().labeled(lambda block: codes[block.start : block.stop])
    known = replace(mixture, proportions=mixture.proportions / mixture.proportions.sum())
    return Joined([known], slices([1] * lesson.n_classes), lesson.priors).with_priors()


def _from_all(problem: Problem, lesson: Lesson) -> Joined:
    """The M-step with the others in every class alike: few labels may leave a covariance singular, and this seldom."""
    table = np.vstack([np.eye(lesson.n_classes), np.full(lesson.n_classes, 1.0 / lesson.n_classes)])  # the last is -1's

    def assign(block: Block) -> tuple[Float, Float]:
        return table[lesson.targets.codes[block.start : block.stop]], np.zeros(len(block))

    mixture = problem.ground().mixture(assign)
    return Joined([mixture], slices([1] * lesson.n_classes), lesson.priors).with_priors()


def _fitted(problem: Problem, lesson: Lesson, run: Run) -> Fitted:
    """The published Gaussians of a run, measured."""
    model: Any = run.model
    whole = Parameters.publish(model.parts[0], problem.frame, problem.layout, None, lesson.dtype)
    gaussians = [_one(whole, c) for c in range(lesson.n_classes)]
    priors = model.shares / model.shares.sum()
    found = observe(lesson.source, Decision.of(priors, gaussians), lesson.targets.codes)
    k, d = whole.shape
    evidence = Evidence(
        n_components=k,
        n_parameters=lesson.n_shares + k * d + problem.family.free_parameters(k, d),
        n=found.weight,
        log_likelihood=found.log_likelihood,
        log_max=found.log_max,
        entropy=0.0,
    )
    return Fitted(Row(problem.family.name, evidence, run.passes, run.outcome), priors, gaussians)


def _one(whole: Parameters, c: int) -> Parameters:
    """One Gaussian of the published ones, with a share of 1."""
    own, arrays = slice(c, c + 1), whole.arrays
    weights = whole.weights[own] / whole.weights[own]
    return replace(whole, weights=weights, means=whole.means[own], arrays=arrays.reordered([c], whole.layout))
