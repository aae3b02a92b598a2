"""Models of small data sets as compiled code holds them, in frame coordinates, and the sums that they are made of.

A model is its shares, means (K, D), covariances (K, D, D), factors F (K, D, D) with ``F F^T`` the inverse covariance,
upper triangular, offsets (K,), the axes that all components share (D, D), a row each, and log volumes (K,): the last
two are where the next M step may start from. Several models, or sums, lie in a stack.
"""

from __future__ import annotations

from math import log
from typing import Any, NamedTuple

import numpy as np

from mixtura.kernels.compiled.jit import inlined
from mixtura.kernels.compiled.passes import DENSE, DIAGONAL, SINGULAR, TRACE, factorize

# What a letter of a family says, as a digit of its rule: no shape or orientation; one for all; each its own.
NONE, EQUAL, VARIABLE = 0, 1, 2


class Model(NamedTuple):
    """The arrays of a model."""

    share: Any
    mean: Any
    covariance: Any
    factor: Any
    offset: Any
    axes: Any
    logs: Any


class Sums(NamedTuple):
    """Mass, mean and scatter about the mean of each component: its lower triangle, or a trace in the first entry."""

    mass: Any
    mean: Any
    scatter: Any


@inlined()
def order_of(rule):
    """How much of a covariance a family estimates."""
    if rule // 3 % 3 == NONE:
        return TRACE
    return DIAGONAL if rule % 3 == NONE else DENSE


@inlined()
def is_shared(rule):
    """Whether all components have one covariance."""
    return rule < 9 and rule // 3 % 3 != VARIABLE and rule % 3 != VARIABLE


@inlined()
def is_pooled(rule):
    """Whether one matrix is all that the family needs of all scatter."""
    return is_shared(rule) and rule % 3 == EQUAL


@inlined()
def is_turned(rule):
    """Whether components of their own shapes have common axes."""
    return rule // 3 % 3 == VARIABLE and rule % 3 == EQUAL


@inlined()
def is_scaled(rule):
    """Whether scaling the columns of a member gives a member (in more than one column)."""
    return rule // 3 % 3 != NONE and (rule % 3 == NONE or rule % 3 == rule // 3 % 3)


@inlined()
def model_at(stack, i, k):
    """The model of k components at a place of a stack."""
    return Model(
        stack.share[i, :k],
        stack.mean[i, :k],
        stack.covariance[i, :k],
        stack.factor[i, :k],
        stack.offset[i, :k],
        stack.axes[i],
        stack.logs[i, :k],
    )


@inlined()
def sums_at(stack, i, k):
    """The sums of k components at a place of a stack."""
    return Sums(stack.mass[i, :k], stack.mean[i, :k], stack.scatter[i, :k])


@inlined()
def clear(model):
    """Means and factors of zero."""
    k, d = model.mean.shape
    for c in range(k):
        model.logs[c] = 0.0
        for i in range(d):
            model.mean[c, i] = 0.0
            for j in range(d):
                model.factor[c, i, j] = 0.0


@inlined()
def complete(rule, model):
    """Factors and offsets of a model: whether it has a density."""
    k, d = model.mean.shape
    order, shared = order_of(rule), is_shared(rule)
    for c in range(1 if shared else k):
        if not factorize(
            model.share[c], model.covariance[c], order, SINGULAR * d, model.factor[c], model.offset[c : c + 1]
        ):
            return False
    for c in range(1, k if shared else 1):
        for i in range(d):
            for j in range(d):
                model.factor[c, i, j] = model.factor[0, i, j]
        model.offset[c] = model.offset[0] + log(model.share[c] / model.share[0])
    return True


@inlined()
def _round(value, single):
    """A number as it is published."""
    return np.float64(np.float32(value)) if single else value


@inlined()
def publish(origin, unit, single, model, weights, means, covariances):
    """Write a model in the user's units, rounded."""
    k, d = model.mean.shape
    total = 0.0
    for c in range(k):
        total += model.share[c]
    for c in range(k):
        weights[c] = _round(model.share[c] / total, single)
        for i in range(d):
            means[c, i] = _round(model.mean[c, i] * unit + origin[i], single)
            for j in range(d):
                covariances[c, i, j] = _round(model.covariance[c, max(i, j), min(i, j)] * unit * unit, single)


@inlined()
def read_back(origin, unit, model, weights, means, covariances):
    """A model from parameters in the user's units."""
    k, d = model.mean.shape
    for c in range(k):
        model.share[c] = weights[c]
        for i in range(d):
            model.mean[c, i] = (means[c, i] - origin[i]) / unit
            for j in range(d):
                model.covariance[c, i, j] = covariances[c, i, j] / unit / unit
