"""Warm starts: where a candidate's neighbors say that more can be reached, it begins again from them.

A family that contains another, and one more component, can never fit worse; where a table says they do, a start has
ended in a poor optimum. Such candidates begin again from the better neighbor, and those that lead begin again from both
sides.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixtura import diagnostics
from mixtura.covariance import published
from mixtura.estimators.many.small import arranged
from mixtura.parameters import Parameters
from mixtura.selection.attempt import Trial
from mixtura.selection.grid import Candidate
from mixtura.selection.ordinary import value

# So many that lead begin again from both sides, with so many components split, or pairs merged.
LEADERS, WAYS = 3, 3
# Log-likelihoods a row that are no farther apart than so many times `tol` are equal: neither has quite settled.
EQUAL = 10.0
# Rows that every component must hold for each parameter of its own, if the end of a warm start is to count.
ROWS = 1.0
# How far the halves of a component are moved from its mean, in deviations along its longest axis.
APART = 0.8


Nested = dict[Candidate, list[Candidate]]


@dataclass(frozen=True)
class Proposal:
    """Parameters from which a candidate begins again, and in words where they come from."""

    candidate: Candidate
    parameters: Parameters
    told: str


def proposals(
    trials: Sequence[Trial], within: Nested, fresh: Container[Candidate], criterion: str, tol: float, n_features: int
) -> list[Proposal]:
    """All that is worth trying again, in the order of the candidates, from neighbors that are `fresh`."""
    nothing = EQUAL * tol
    table = {trial.candidate: trial for trial in trials if trial.kept is not None}
    valued = [one for one in table if value(table[one], criterion) < np.inf]
    leading = sorted(valued, key=lambda one: (value(table[one], criterion), one))[:LEADERS]
    found: list[Proposal] = []
    for candidate, trial in table.items():
        rivals = [table[one] for one in within[candidate] if one in table]
        best = max(rivals, key=_level, default=trial)
        if best.candidate in fresh and _level(best) > _level(trial) + nothing:
            found.append(_from_narrower(candidate, best, n_features))
        fewer, more = (_beside(candidate, table, fresh, step) for step in (-1, 1))
        if fewer is not None and (candidate in leading or _level(fewer) > _level(trial) + nothing):
            found += [Proposal(candidate, *way) for way in _splits(fewer)]
        if more is not None and (candidate in leading or more.candidate in leading):
            found += [Proposal(candidate, *way) for way in _merges(more)]
    return found


def sound(trial: Trial, n_features: int, least: float = 0.0) -> bool:
    """Whether every component holds rows enough, at least `least`, and none has a tiny volume.

    The likelihood of wide families has no highest point, and whoever seeks it long enough finds a component of few rows
    in next to no volume.
    """
    given, family, n = _given(trial), trial.candidate.family(n_features), trial.evidence.n if trial.evidence else 0.0
    k, d = given.shape
    if float(given.weights.min()) * n < least:
        return False
    if family.shared:  # no component can shrink where all have one covariance
        return True
    own = family.free_parameters(k, d) - family.free_parameters(k - 1, d) + d + 1
    if float(given.weights.min()) * n < ROWS * own:
        return False
    return not diagnostics.narrow(given.density()[0].whitening, k, d)


def _level(trial: Trial) -> float:
    """Log-likelihood a unit of weight."""
    assert trial.evidence is not None
    return trial.evidence.log_likelihood / trial.evidence.n


def _given(trial: Trial) -> Parameters:
    assert trial.kept is not None and trial.kept.parameters is not None
    return trial.kept.parameters


def _beside(
    candidate: Candidate, table: Mapping[Candidate, Trial], fresh: Container[Candidate], step: int
) -> Trial | None:
    """The trial of the same family with one component more or fewer, if it is fresh."""
    other = replace(candidate, n_components=candidate.n_components + step)
    return table.get(other) if other in fresh else None


def nested(candidates: Sequence[Candidate], n_features: int) -> Nested:
    """The candidates of as many components whose families lie within a candidate's."""
    families = {one.covariance_type: one.family(n_features) for one in candidates}
    within = {(a, b) for a in families for b in families if families[a].within(families[b])}
    found: Nested = {one: [] for one in candidates}
    for one in candidates:
        for other in candidates:
            if other.n_components == one.n_components and (other.covariance_type, one.covariance_type) in within:
                found[one].append(other)
    return found


def _from_narrower(candidate: Candidate, best: Trial, n_features: int) -> Proposal:
    told = f"Begun from the fit of {best.candidate.covariance_type}."
    return Proposal(candidate, _widened(_given(best), candidate, n_features), told)


def _widened(given: Parameters, candidate: Candidate, n_features: int) -> Parameters:
    """Parameters of a narrower family as those of a wider one."""
    layout, k = candidate.layout(n_features), candidate.n_components
    dense = published.read_back(given.arrays.covariances, given.layout).dense(k, n_features)
    own = np.ascontiguousarray(arranged(dense[None], layout)[0].astype(given.means.dtype))
    return replace(given, arrays=published.from_covariances(own, layout), layout=layout)


def _splits(trial: Trial) -> Iterator[tuple[Parameters, str]]:
    """Parameters with one component in two halves: of the largest volumes, each weighing its rows."""
    given = _given(trial)
    k, d = given.shape
    dense = published.read_back(given.arrays.covariances, given.layout).dense(k, d)
    # in deviations of the columns, so that the longest axis does not depend on their units
    unit = np.sqrt(np.einsum("kdd->kd", dense).max(axis=0))
    dense = dense / unit / unit[:, None]
    sizes = np.log(given.weights) + 0.5 * np.linalg.slogdet(dense)[1]
    told = f"Begun from the fit of {k} component{'s' if k > 1 else ''}, one of them split."
    for j in np.argsort(-sizes, kind="stable")[:WAYS]:
        order, (along, axes) = [*range(k), int(j)], np.linalg.eigh(dense[j])
        step = APART * np.sqrt(along[-1]) * axes[:, -1] * unit
        halved = given.reordered(order)
        weights, means = halved.weights.copy(), halved.means.copy()
        weights[[j, k]] *= 0.5
        means[j] -= step
        means[k] += step
        yield replace(halved, weights=weights, means=means), told


def _merges(trial: Trial) -> Iterator[tuple[Parameters, str]]:
    """Parameters with two components made one: of the nearest pairs, the distance in their own deviations."""
    given = _given(trial)
    k, d = given.shape
    dense = published.read_back(given.arrays.covariances, given.layout).dense(k, d)
    pairs = [(i, j) for i in range(k) for j in range(i + 1, k)]
    gaps = [(given.means[i] - given.means[j]).astype(np.float64) for i, j in pairs]
    apart = [gap @ np.linalg.solve(dense[i] + dense[j], gap) for gap, (i, j) in zip(gaps, pairs, strict=True)]
    told = f"Begun from the fit of {k} components, two of them merged."
    for at in np.argsort(apart, kind="stable")[:WAYS]:
        i, j = pairs[at]
        heavy, light = (i, j) if given.weights[i] >= given.weights[j] else (j, i)
        both = given.weights[i] + given.weights[j]
        weights, means = given.weights.copy(), given.means.copy()
        means[heavy] = (weights[i] * means[i] + weights[j] * means[j]) / both
        weights[heavy] = both
        yield replace(given, weights=weights, means=means).reordered([c for c in range(k) if c != light]), told
