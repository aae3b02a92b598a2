"""The kernel that knows classes, and EM through it."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixtura import acceleration, em
from mixtura.block import Block
from mixtura.classification.joined import Joined, part_of
from mixtura.classification.lesson import slices
from mixtura.covariance import Covariance, resolve
from mixtura.frame import Frame
from mixtura.kernels import blocked, direct, generic
from mixtura.kernels.supervised import Supervised
from mixtura.mixture import Mixture, Recipe
from mixtura.moments import Order
from mixtura.sources.memory import Memory

N, D = 90, 3
MEMBERS = slices([2, 1, 2])
RNG = np.random.RandomState(5)
ROWS = RNG.normal(size=(N, D)) * 2.0 + 1.0
CLASSES = RNG.randint(-1, 3, N)
WEIGHT = RNG.randint(0, 3, N).astype(float)
FRAME = Frame(np.full(D, 0.5), np.full(D, 2.0))
MEANS = RNG.normal(size=(5, D))
MATRICES = np.array([np.cov(RNG.normal(size=(20, D)).T) for _ in range(5)])
SHARES = np.array([0.1, 0.2, 0.3, 0.25, 0.15])


def mixture(family: str, own: slice = slice(None)) -> Mixture:
    found, _ = resolve(family, D)
    count = len(MEANS[own])
    moments = found.estimate(np.ones(count), _at(found.order, MATRICES[own]))
    return Mixture(Recipe(found, np.zeros(D)), SHARES[own], MEANS[own], moments)


def _at(order: Order, matrices: np.ndarray) -> np.ndarray:
    diagonal = np.einsum("kdd->kd", matrices)
    shapes = {"trace": diagonal.sum(axis=1), "diagonal": diagonal, "pooled": matrices.sum(axis=0), "dense": matrices}
    return shapes[order]


def truth(model: Mixture) -> tuple[np.ndarray, np.ndarray]:
    """Log densities and responsibilities by scipy, held to the classes of the rows."""
    points = FRAME.apply(ROWS)
    covariances = model.covariance.dense(5, D)
    log_rho = np.log(model.proportions) + np.transpose(
        [multivariate_normal(model.means[k], covariances[k]).logpdf(points) for k in range(5)]
    )
    for c, own in enumerate(MEMBERS):
        others = np.setdiff1d(np.arange(5), np.arange(5)[own])
        log_rho[np.ix_(c == CLASSES, others)] = -np.inf
    log_density = logsumexp(log_rho, axis=1)
    return log_density, np.exp(log_rho - log_density[:, None])


@pytest.mark.parametrize("kernel", [generic, direct, blocked])
@pytest.mark.parametrize("family", ["VII", "VVI", "EEE", "VVV"])
@pytest.mark.parametrize("size", [N, 17])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_moments(kernel: ModuleType, family: str, size: int, elsewhere: bool) -> None:
    model = mixture(family)
    source = Memory(ROWS, WEIGHT, FRAME, block=size)
    known = Supervised(kernel, CLASSES, MEMBERS)
    anchor = MEANS + 0.3 if elsewhere else None
    found = source.reduce(lambda block: known.moments(block, model.density(), model.order, anchor))
    log_density, shares = truth(model)
    points, weighted = FRAME.apply(ROWS), shares * WEIGHT[:, None]
    assert found.log_likelihood == pytest.approx(WEIGHT @ log_density, rel=1e-12)
    np.testing.assert_allclose(found.mass, weighted.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.mean(), weighted.T @ points / found.mass[:, None], rtol=1e-10)
    diffs = points[:, None, :] - found.mean()[None]
    scatter = np.einsum("nk,nkd,nke->kde", weighted, diffs, diffs)
    np.testing.assert_allclose(found.scatter(), _at(model.order, scatter), rtol=1e-9, atol=1e-10)


def test_rows_of_a_class_far_from_it_belong_to_it_all_the_same() -> None:
    model = mixture("VVV")
    far = Block(np.full((1, D), 1e4), None, 0, FRAME)
    log_density, shares, _ = Supervised(generic, np.array([1]), MEMBERS).posterior(far, model.density())
    assert np.isfinite(log_density).all()
    assert shares.tolist() == [[0.0, 0.0, 1.0, 0.0, 0.0]]


def test_answers_a_row() -> None:
    model = mixture("VVV")
    block = Block(ROWS, None, 0, FRAME)
    known = Supervised(blocked, CLASSES, MEMBERS)
    log_density, shares = truth(model)
    out = np.full((N, 5), 7.0)
    np.testing.assert_allclose(known.posterior(block, model.density(), out)[0], log_density, rtol=1e-12)
    np.testing.assert_allclose(out, shares, atol=1e-13)
    np.testing.assert_allclose(known.log_densities(block, model.density())[0], log_density, rtol=1e-12)
    found = known.measure(block, model.density())
    assert (found.label == shares.argmax(axis=1)).all()
    np.testing.assert_allclose(found.mass, shares.sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize(
    "families", [("VVV", "EEE", "VII"), ("VVI", "VII", "EEI"), ("VII", "VII", "EII"), ("VEV",) * 3]
)
@pytest.mark.parametrize("priors", [None, np.array([0.5, 0.2, 0.3])])
@pytest.mark.parametrize("rule", [None, "squarem"])
def test_the_objective_rises(families: tuple[str, ...], priors: Any, rule: str | None) -> None:
    parts = [mixture(family, own) for family, own in zip(families, MEMBERS, strict=True)]
    model: Any = Joined(parts, MEMBERS, priors).with_priors()
    source = Memory(ROWS, None, FRAME, block=40)
    objectives = []
    steps = em.iterate(source, model, Supervised(blocked, CLASSES, MEMBERS), acceleration.rule(rule))
    for (step, accepted, _), _ in zip(steps, range(60), strict=False):
        if accepted:
            objectives.append(step.objective)
            last: Any = step.model
    assert np.diff(objectives).min() > -1e-9 * abs(objectives[-1])
    assert objectives[-1] > objectives[0] + 1.0
    if priors is not None:
        np.testing.assert_allclose(last.shares, priors, rtol=1e-12)


def test_parts_are_joined_without_a_loss() -> None:
    """A model of three parts says what one mixture says, and its parts of the moments are theirs."""
    whole = mixture("VVV")
    joined = Joined([mixture("VVV", own) for own in MEMBERS], MEMBERS)
    assert joined.order == whole.order
    np.testing.assert_allclose(joined.shares, [0.3, 0.3, 0.4])
    block = Block(ROWS, None, 0, FRAME)
    dense = generic.moments(block, whole.density(), "dense")
    for order in ("trace", "diagonal", "dense"):
        alone = generic.moments(block, whole.density(), order)
        for name in ("mass", "first", "second"):
            whole_part = getattr(part_of(dense, MEMBERS[2], order), name)
            np.testing.assert_allclose(whole_part, getattr(alone, name)[MEMBERS[2]], rtol=1e-13)
    pooled = part_of(dense, MEMBERS[2], "pooled")
    np.testing.assert_allclose(pooled.second, dense.second[MEMBERS[2]].sum(axis=0))
    mixed = Joined([mixture("EEE", MEMBERS[0]), mixture("VII", MEMBERS[1]), mixture("EEI", MEMBERS[2])], MEMBERS)
    factors = [part.covariance.dense(len(part.means), D) for part in mixed.parts]
    expected = [multivariate_normal(m, c).logpdf(ROWS[0]) for m, c in zip(MEANS, np.concatenate(factors), strict=True)]
    found = generic.log_rho(ROWS[:1], mixed.density())[0]
    np.testing.assert_allclose(found, expected + np.log(SHARES), rtol=1e-12)
    one = replace(mixed, parts=[replace(whole, covariance=Covariance(np.ones(5)))])
    assert one.density().whitening.kind == "scalar"
