"""The compiled loop for many small fits: equal to the one loop step by step, and to itself however it is run."""

from itertools import islice, product

import numpy as np
import pytest

from mixtura import em, start
from mixtura.covariance import resolve
from mixtura.kernels import batch, generic
from mixtura.problem import Problem, Settings
from mixtura.sources.memory import Memory

NAMES = ("EII", "VII", "EEI", "VVI", "EEE", "VVV")
PASSES = 6
EPS = float(np.finfo(np.float64).eps)


def rows(n, d, k, seed=0, offset=0.0):
    """Overlapping groups of unlike shape on a grid of 2^-20, and labels of which one in five is wrong."""
    draw = np.random.default_rng([seed, n, d, k])
    labels = np.arange(n) % k
    factors = draw.normal(size=(k, d, d)) * 0.5 + np.eye(d)
    found = draw.normal(size=(k, d))[labels] * 2.0 + np.einsum("nij,nj->ni", factors[labels], draw.normal(size=(n, d)))
    wrong = draw.random(n) < 0.2
    labels = np.where(wrong, draw.integers(0, k, n), labels)
    return np.round(found * 2.0**20) / 2.0**20 + offset, labels


def number(name, d):
    family, _ = resolve(name, d)
    return batch.rule(family.order, family.shared)


def batch_of(sets, name, k, weight=None):
    """A batch with a job for each of these arrays."""
    ends = np.cumsum([len(X) for X in sets])
    spans = np.column_stack([ends - [len(X) for X in sets], ends])
    kinds = np.tile([k, number(name, sets[0].shape[1])], (len(sets), 1))
    return batch.Batch.of(np.concatenate(sets), weight, spans, kinds)


def settings(name, k, **others):
    plain = {"tol": 0.0, "reg_covar": 1e-6, "max_iter": PASSES, "noise": False, "prior": None, "equal_weights": False}
    return Settings(n_components=k, covariance_type=name, acceleration=None, **(plain | others))


def loop(X, labels, name, k, weight, **others):
    """The path of the one loop in the user's units, and its models after each M step: shares, means, matrices."""
    problem = Problem.pose(Memory.of(X, weight), settings(name, k, **others))
    model = start.labels(labels)(problem.ground(), np.random.RandomState(0))
    path, models, frame = [], [], problem.frame
    for step, _, following in islice(em.iterate(problem.source, model, generic), PASSES):
        path.append(step.objective / step.moments.weight - frame.log_unit)
        covariance = type(following.covariance)(frame.variances_out(following.covariance.values))
        models.append((following.proportions, frame.undo(following.means), covariance.dense(k, X.shape[1])))
    return np.array(path), models


def assert_equal_steps(X, labels, name, k, weight=None, tolerance=1e-12, **others):
    path, models = loop(X, labels, name, k, weight, **others)
    asked = settings(name, k, **others)
    deviation = X.std(axis=0)
    rounding = EPS * np.abs(X).max(axis=0) / deviation  # of a mean as a double in the data's units
    for passes, (shares, means, matrices) in enumerate(models, start=1):
        goal = batch.Goal(0.0, passes, asked.reg_covar, asked.equal_weights)
        found = batch.climb(batch_of([X], name, k, weight), labels, goal)
        assert found.status[0] == batch.UNSETTLED and found.passes[0] == passes
        np.testing.assert_allclose(found.path[0, :passes], path[:passes], rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(found.weights[0], shares, atol=tolerance)
        assert (np.abs(found.means[0] - means) / deviation <= tolerance + 2.0 * rounding).all()
        gap = np.abs(found.covariances[0] - matrices) / deviation[:, None] / deviation
        assert gap.max() <= tolerance


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("d", "k"), list(product((1, 2, 3, 5), (1, 2, 4))))
def test_every_step_is_that_of_the_one_loop(name, d, k):
    X, labels = rows(90, d, k)
    assert_equal_steps(X, labels, name, k)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", [1, 2, 4])
def test_steps_with_weights(name, d):
    X, labels = rows(120, d, 3)
    weight = np.random.default_rng(d).choice([0.0, 0.5, 1.0, 2.0, 3.5], size=120)
    assert_equal_steps(X, labels, name, 3, weight)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_steps_far_from_zero(name, d):
    X, labels = rows(100, d, 2, offset=1e6)
    assert_equal_steps(X, labels, name, 2)


@pytest.mark.parametrize("name", NAMES)
def test_steps_of_exact_maximum_likelihood_and_of_equal_weights(name):
    X, labels = rows(100, 3, 3)
    assert_equal_steps(X, labels, name, 3, reg_covar=0.0)
    assert_equal_steps(X, labels, name, 3, equal_weights=True)
