"""The compiled loop for many small fits: equal to the one loop step by step, and to itself however it is run."""

from itertools import islice, product

import numpy as np
import pytest

from mixtura import GaussianMixture, acceleration, em, start
from mixtura.covariance import MCLUST, resolve
from mixtura.kernels import batch, generic
from mixtura.outcome import Outcome
from mixtura.problem import Problem, Settings
from mixtura.sources.memory import Memory

NAMES = MCLUST
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
    return batch.rule(family.volume, family.shape, family.orientation)


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


def run(X, labels, name, k, goal, weight=None):
    """The one loop to its end, with leaps or without: its record, and the frame."""
    others = {"reg_covar": goal.reg_covar, "equal_weights": goal.equal_weights}
    problem = Problem.pose(Memory.of(X, weight), settings(name, k, **others))
    model = start.labels(labels)(problem.ground(), np.random.RandomState(0))
    rule = acceleration.rule("squarem" if goal.squarem else None)
    ended = em.run(problem.source, model, generic, em.Goal(goal.tol, goal.max_iter), rule, None)
    return ended, problem.frame


def assert_equal_ends(X, labels, name, k, goal, weight=None):
    found = batch.climb(batch_of([X], name, k, weight), labels, goal)
    ended, frame = run(X, labels, name, k, goal, weight)
    accepted, covariance = found.accepted[0], ended.model.covariance
    assert (found.status[0] == batch.CONVERGED) == (ended.outcome is Outcome.CONVERGED)
    assert (found.passes[0], accepted) == (ended.passes, len(ended.path))
    np.testing.assert_allclose(found.path[0, :accepted], np.array(ended.path) - frame.log_unit, rtol=1e-8)
    np.testing.assert_allclose(found.weights[0], ended.model.proportions, atol=1e-7)
    matrices = type(covariance)(frame.variances_out(covariance.values)).dense(k, X.shape[1])
    np.testing.assert_allclose(found.covariances[0], matrices, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("d", "k"), [(1, 2), (2, 1), (2, 4), (2, 9), (4, 2), (4, 7), (6, 3)])
def test_leaps_are_those_of_squarem(name, d, k):
    X, labels = rows(150, d, k)
    X = X * np.array([1.0, 30.0, 0.01, 7.0, 1.0, 2.0])[:d]  # leaps are measured in the frame's units
    for max_iter in (7, 8, 9, 11, 13, 2000):  # ends in the middle of a leap too
        assert_equal_ends(X, labels, name, k, batch.Goal(1e-6, max_iter, 1e-6, squarem=True))


@pytest.mark.parametrize("name", NAMES)
def test_leaps_with_weights_and_equal_weights_and_a_heavy_ridge(name):
    X, labels = rows(120, 3, 3)
    weight = np.random.default_rng(1).choice([0.0, 0.5, 1.0, 2.0], size=120)
    assert_equal_ends(X, labels, name, 3, batch.Goal(1e-6, 2000, 1e-6, squarem=True), weight)
    assert_equal_ends(X, labels, name, 3, batch.Goal(1e-6, 2000, 1e-6, equal_weights=True, squarem=True))
    assert_equal_ends(X, labels, name, 3, batch.Goal(1e-9, 300, 0.5, squarem=True))  # plain steps fall


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("k", [1, 3, 8])
def test_ends_of_plain_em(name, k):
    X, labels = rows(150, 3, k, seed=2)
    assert_equal_ends(X, labels, name, k, batch.Goal(1e-5, 500, 1e-6))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", [1, 2, 4])
def test_from_given_parameters_the_path_goes_on(name, d):
    X, labels = rows(120, d, 3, offset=50.0)
    jobs = batch_of([X], name, 3)
    whole = batch.climb(jobs, labels, batch.Goal(0.0, 9, 1e-6))
    half = batch.climb(jobs, labels, batch.Goal(0.0, 4, 1e-6))
    wider = (np.concatenate([part, part[:, :1]], axis=1) for part in (half.weights, half.means, half.covariances))
    for begin in (batch.Begin(half.weights, half.means, half.covariances), batch.Begin(*wider)):
        rest = batch.climb(jobs, begin, batch.Goal(0.0, 5, 1e-6))
        np.testing.assert_allclose(rest.path[0], whole.path[0, 4:], rtol=1e-10)
        np.testing.assert_allclose(rest.covariances, whole.covariances, atol=1e-9)
        assert rest.passes[0] == 5


def test_given_parameters_without_a_density_are_left():
    X, _ = rows(80, 2, 2)
    flat = np.array([[[[1.0, 1.0], [1.0, 1.0]]] * 2])
    for covariances in (flat, flat * np.nan):
        begin = batch.Begin(np.array([[0.5, 0.5]]), np.zeros((1, 2, 2)), covariances)
        for name in ("VVV", "VVE"):
            assert batch.climb(batch_of([X], name, 2), begin, batch.Goal(0.0, 5, 1e-6)).status[0] == batch.LEFT


def test_a_row_of_no_component_counts_from_the_first_e_step_on():
    X, labels = rows(80, 2, 2)
    some = np.where(np.arange(80) % 5 == 0, -1, labels)
    there = some >= 0
    found = batch.climb(batch_of([X], "VVV", 2), some, batch.Goal(0.0, 1, 0.0))
    first = start.labels(some[there])(
        Problem.pose(Memory.of(X[there], None), settings("VVV", 2, reg_covar=0.0)).ground(), np.random.RandomState(0)
    )
    frame = Problem.pose(Memory.of(X[there], None), settings("VVV", 2, reg_covar=0.0)).frame
    matrices = type(first.covariance)(frame.variances_out(first.covariance.values)).dense(2, 2)
    begin = batch.Begin(first.proportions[None] * there.mean(), frame.undo(first.means)[None], matrices[None])
    other = batch.climb(batch_of([X], "VVV", 2), begin, batch.Goal(0.0, 1, 0.0))
    np.testing.assert_allclose(found.path, other.path, rtol=1e-10)
    np.testing.assert_allclose(found.covariances, other.covariances, rtol=1e-9)


def fit(jobs, seed=7, goal=None):
    """Labels by k-means, EM, and the last measurement."""
    goal = goal or batch.Goal(1e-3, 100, 1e-6)
    climbed = batch.climb(jobs, batch.seed(jobs, np.full(len(jobs.jobs), seed, dtype=np.uint64)), goal)
    return climbed, batch.measure(jobs, climbed)


SETS = [rows(60 + 7 * i, 2, 2, seed=i)[0] for i in range(9)]


def test_a_fit_does_not_depend_on_its_neighbors():
    climbed, measured = fit(batch_of(SETS, "VVV", 2))
    ends = np.cumsum([len(X) for X in SETS])
    for order in ([8, 0, 3], [4], [1, 1]):
        others, read = fit(batch_of([SETS[i] for i in order], "VVV", 2))
        for name in ("passes", "weights", "means", "covariances"):
            assert np.array_equal(getattr(others, name), getattr(climbed, name)[order]), name
        assert np.array_equal(read.bound, measured.bound[order])
        assert np.array_equal(read.labels, np.concatenate([np.split(measured.labels, ends)[i] for i in order]))


def test_jobs_of_many_kinds_in_one_batch():
    kinds = [(k, name) for k in (3, 1, 2) for name in NAMES]
    jobs = batch.Batch.of(
        SETS[0], None, np.tile([0, len(SETS[0])], (len(kinds), 1)), np.array([[k, number(n, 2)] for k, n in kinds])
    )
    climbed, measured = fit(jobs)
    assert (climbed.status < batch.LEFT).all()
    for j, (k, name) in enumerate(kinds):
        alone, read = fit(batch_of([SETS[0]], name, k))
        assert np.array_equal(alone.means[0], climbed.means[j, :k]) and not climbed.means[j, k:].any()
        assert np.array_equal(alone.covariances[0], climbed.covariances[j, :k])
        assert read.bound[0] == measured.bound[j]
        np.testing.assert_allclose(measured.mass[j].sum(), len(SETS[0]))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_measured_is_what_the_estimator_says(name):
    X, _ = rows(150, 3, 3, seed=4, offset=1e4)
    climbed, measured = fit(batch_of([X], name, 3))
    model = GaussianMixture.from_parameters(climbed.weights[0], climbed.means[0], climbed.covariances[0])
    assert measured.bound[0] == pytest.approx(model.score(X), abs=1e-10)
    assert np.array_equal(measured.labels, model.predict(X))
    np.testing.assert_allclose(measured.deviation[0], X.std(axis=0), rtol=1e-10)


@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_doubt_is_what_an_assessment_says(k, weighted):
    X, _ = rows(150, 2, 4, seed=5)
    weight = np.random.default_rng(k).choice([0.0, 0.5, 1.0, 3.0], size=150) if weighted else None
    climbed, measured = fit(batch_of([X], "VVV", k, weight))
    model = GaussianMixture.from_parameters(climbed.weights[0], climbed.means[0], climbed.covariances[0])
    weight = np.ones(150) if weight is None else weight
    shares = model.predict_proba(X)
    assert measured.log_max[0] == pytest.approx(weight @ np.log(shares.max(axis=1)), abs=1e-9)
    terms = np.where(shares > 0.0, shares * np.log(np.maximum(shares, 1e-300)), 0.0)
    assert measured.entropy[0] == pytest.approx(-weight @ terms.sum(axis=1), abs=1e-9)
    np.testing.assert_allclose(measured.mass[0], weight @ shares, atol=1e-9)


def spoiled(change):
    X = SETS[0].copy()
    change(X)
    return X


BAD = {
    "missing": spoiled(lambda X: X.__setitem__((3, 1), np.nan)),
    "infinite": spoiled(lambda X: X.__setitem__((3, 1), np.inf)),
    "constant": spoiled(lambda X: X.__setitem__((slice(None), 0), 2.5)),
    "collinear": spoiled(lambda X: X.__setitem__((slice(None), 0), 3.0 * X[:, 1] - 7.0)),
    "huge": SETS[0] * 1e160,
    "tiny": SETS[0] * 1e-170,
    "one row": np.repeat(SETS[0][:1], 20, axis=0),
    "few distinct rows": np.repeat(SETS[0][:2], 20, axis=0),
    "few rows": SETS[0][:2],
}


@pytest.mark.parametrize("bad", BAD)
def test_what_cannot_be_fitted_is_left_and_hurts_no_neighbor(bad):
    good, _ = fit(batch_of([SETS[1], SETS[2]], "VVV", 3))
    climbed, measured = fit(batch_of([SETS[1], BAD[bad], SETS[2]], "VVV", 3))
    assert climbed.status.tolist() == [batch.CONVERGED, batch.LEFT, batch.CONVERGED]
    assert np.array_equal(climbed.means[[0, 2]], good.means)
    assert np.isfinite(measured.bound[[0, 2]]).all()


def test_components_that_cannot_go_on_are_left():
    X, labels = rows(100, 2, 2)
    goal = batch.Goal(1e-3, 100, 0.0)
    assert batch.climb(batch_of([X], "VVV", 3), labels, goal).status[0] == batch.LEFT  # the third is empty
    alone = np.where(np.arange(100) == 5, 2, labels)
    assert batch.climb(batch_of([X], "VVV", 3), alone, goal).status[0] == batch.LEFT  # the third is a point
    assert batch.climb(batch_of([X], "EEE", 3), alone, goal).status[0] < batch.LEFT


def test_a_raised_flag_stops_every_job():
    jobs = batch_of(SETS, "VVV", 2)
    jobs.stop[0] = 1
    climbed, _ = fit(jobs)
    assert (climbed.status == batch.STOPPED).all()


def test_falls_under_a_ridge_are_counted():
    X, labels = rows(60, 2, 2, seed=1)
    climbed = batch.climb(batch_of([X], "VVV", 2), labels, batch.Goal(0.0, 200, 0.5))
    path = climbed.path[0, :200]
    change, size = np.diff(path), 1.0 + np.abs(path[1:])
    assert climbed.falls[0] == (change < -batch.FALL * size).sum() > 0


def test_parameters_in_single_precision_are_those_that_are_measured():
    climbed, measured = fit(batch_of(SETS[:1], "VVV", 2), goal=batch.Goal(1e-3, 100, 1e-6, single=True))
    for array in (climbed.weights, climbed.means, climbed.covariances):
        assert np.array_equal(array, array.astype(np.float32))
    model = GaussianMixture.from_parameters(climbed.weights[0] / climbed.weights[0].sum(), *parts(climbed))
    assert measured.bound[0] == pytest.approx(model.score(SETS[0]), abs=1e-6)


def parts(climbed):
    return climbed.means[0], climbed.covariances[0]


def test_rows_of_weight_zero_do_not_matter():
    X, labels = rows(80, 2, 2)
    weight = np.where(np.arange(80) % 4 == 0, 0.0, 2.0)
    spoiled = X.copy()
    spoiled[0], spoiled[4, 1], spoiled[8] = np.nan, np.inf, 1e300
    there = weight > 0
    goal = batch.Goal(1e-6, 100, 1e-6)
    first, second, without = (
        batch.climb(batch_of([data], "VVV", 2, w), start, goal)
        for data, w, start in (
            (X, weight, labels),
            (spoiled, weight, labels),
            (X[there], np.full(there.sum(), 2.0), labels[there]),
        )
    )
    assert np.array_equal(first.means, second.means)
    np.testing.assert_allclose(first.means, without.means, atol=1e-12)
    read = batch.measure(batch_of([spoiled], "VVV", 2, weight), second)
    model = GaussianMixture.from_parameters(second.weights[0], *parts(second))
    sound = np.isfinite(spoiled).all(axis=1) & (np.abs(spoiled) < 1e299).all(axis=1)
    assert np.array_equal(read.labels[sound], model.predict(spoiled[sound]))
    assert (read.labels[[0, 4, 8]] == -1).all()


def test_clusters_are_those_of_scikit_learn():
    from sklearn.cluster import KMeans

    draw = np.random.default_rng(0)
    sets = [draw.normal(size=(90, 2)) + 12.0 * np.eye(3)[np.arange(90) % 3][:, :2] for _ in range(5)]
    labels = batch.seed(batch_of(sets, "VVV", 3), np.arange(5, dtype=np.uint64)).reshape(5, 90)
    for X, found in zip(sets, labels, strict=True):
        theirs = KMeans(3, n_init=10, random_state=0).fit(X)
        pairs = set(zip(found.tolist(), theirs.labels_.tolist(), strict=True))
        assert len(pairs) == 3


def test_seeds_draw_differently_and_repeat():
    X, _ = rows(300, 2, 4)
    jobs = batch_of([X], "VVV", 4)
    labels = [batch.seed(jobs, np.array([seed], dtype=np.uint64)).tolist() for seed in (0, 1, 2, 3, 0)]
    assert labels[0] == labels[4]
    assert len({tuple(one) for one in labels}) > 1
