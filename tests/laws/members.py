"""The members over which every law runs: families, options, kernels, sources; and one way to fit any of them."""

import atexit
import hashlib
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mixtura import GaussianMixture, acceleration, assess, em, fitting, kernels, start, threads
from mixtura.covariance import MCLUST, SKLEARN, UNIVARIATE, published
from mixtura.parameters import Parameters
from mixtura.prior import NormalInverseWishart
from mixtura.problem import Problem, Settings
from mixtura.sources.frames import Frames, numeric
from mixtura.sources.memory import Memory
from mixtura.sources.readers import open_reader
from mixtura.sources.source import Source
from mixtura.sources.stream import Stream
from tests.ways import KERNELS

OPTIONS = {
    "": {},
    "noise": {"noise": True},
    "prior": {"prior": NormalInverseWishart()},
    "equal-weights": {"equal_weights": True},
    "noise-and-prior": {"noise": 300.0, "prior": NormalInverseWishart(shrinkage=0.0, dof=8.0)},
}
N_COMPONENTS = 3


@dataclass(frozen=True)
class Member:
    """A family with an option; its own rows, and labels to begin with."""

    name: str
    option: str = ""

    def __str__(self):
        return "-".join(filter(None, (self.name, self.option)))

    @property
    def n_features(self):
        return 1 if self.name in UNIVARIATE else 3

    def settings(self, **others):
        plain = {
            "n_components": N_COMPONENTS,
            "covariance_type": self.name,
            "tol": 0.0,
            "reg_covar": 0.0,
            "max_iter": 6,
            "noise": False,
            "prior": None,
            "equal_weights": False,
            "acceleration": None,
        }
        return Settings(**(plain | OPTIONS[self.option] | others))


PLAIN = [Member(name) for name in (*MCLUST, *SKLEARN, *UNIVARIATE)]
MEMBERS = PLAIN + [Member(name, option) for name in ("VII", "VVI", "EEE", "VVV") for option in OPTIONS if option]
every_member = pytest.mark.parametrize("member", MEMBERS, ids=str)
every_kernel = pytest.mark.parametrize("kernel", KERNELS)


def rows(member, n_rows=120, seed=0):
    """Three overlapping groups of unlike shape on a grid of 2^-20, and labels of which one in ten is wrong."""
    rng, d = np.random.default_rng(seed), member.n_features
    labels = np.arange(n_rows) % N_COMPONENTS
    factors = rng.normal(size=(N_COMPONENTS, d, d)) * 0.5 + np.eye(d)
    means = np.array([[0.0, 0.0, 0.0], [3.0, 1.0, -1.0], [-1.0, 3.0, 2.0]])[:, :d]
    found = means[labels] + np.einsum("nij,nj->ni", factors[labels], rng.normal(size=(n_rows, d)))
    wrong = rng.random(n_rows) < 0.1
    labels = np.where(wrong, rng.integers(0, N_COMPONENTS, n_rows), labels)
    return np.round(found * 2.0**20) / 2.0**20, labels


@cache
def folder():
    """Where the files of sources lie until the process ends."""
    made = TemporaryDirectory(prefix="mixtura-laws-")
    atexit.register(made.cleanup)
    return Path(made.name)


def streamed(X, suffix, write):
    """Rows of a file, read anew at every pass in chunks that are not its blocks."""
    digest = hashlib.sha256(np.ascontiguousarray(X).tobytes()).hexdigest()[:16]
    file = folder() / f"{digest}{suffix}"
    if not file.exists():
        write(file)
    return Stream.of(open_reader(file))


def table(X):
    """Rows with names."""
    return pd.DataFrame(X, columns=[f"c{j}" for j in range(X.shape[1])])


STREAMS = {
    "parquet": lambda X: streamed(X, ".parquet", lambda file: table(X).to_parquet(file, row_group_size=37)),
    "feather": lambda X: streamed(X, ".feather", lambda file: table(X).to_feather(file, chunksize=23)),
    "csv": lambda X: streamed(X, ".csv", lambda file: table(X).to_csv(file, index=False)),
    "npy": lambda X: streamed(X, ".npy", lambda file: np.save(file, X)),
    "npz": lambda X: streamed(X, ".npz", lambda file: np.savez(file, X)),
}
SOURCES = STREAMS | {
    "pandas": lambda X: Frames.of(numeric(pd.DataFrame(X, columns=[f"c{j}" for j in range(X.shape[1])]))),
    "polars": lambda X: Frames.of(numeric(pl.DataFrame(X, schema=[f"c{j}" for j in range(X.shape[1])]))),
}


@dataclass(frozen=True)
class Fit:
    """One start run to its end, published and measured."""

    problem: Problem
    run: em.Run
    parameters: Parameters
    kernel: object = field(repr=False)

    @cached_property
    def path(self):
        return np.array(self.run.path) - self.problem.frame.log_unit

    @cached_property
    def covariances(self):
        covariance = published.read_back(self.parameters.arrays.covariances, self.parameters.layout)
        return covariance.dense(*self.parameters.means.shape)

    @cached_property
    def deviations(self):
        return np.sqrt(np.einsum("kdd->kd", self.covariances))

    def _each(self, function, X):
        density, frame = self.parameters.density()
        return function((X if isinstance(X, Source) else Memory.of(X)).framed(frame), density, self.kernel)

    def labels(self, X):
        return self._each(assess.labels, X)

    def responsibilities(self, X):
        return self._each(assess.responsibilities, X)

    def log_densities(self, X):
        return self._each(assess.log_densities, X)


def only(kernel):
    """Whatever the rows, this kernel, for the duration of a `with`."""
    return patch.object(kernels, "choose", lambda *_: KERNELS[kernel])


def estimator(member, labels, **others):
    """The estimator of a member, to begin from labels."""
    settings = vars(member.settings()) | {"init_params": labels, "random_state": 0} | others
    return GaussianMixture(**{name: value for name, value in settings.items() if name != "standardize"})


def fit(
    member, X, labels, kernel="blocked", *, weight=None, block=None, n_threads=1, begin=None, most=2**16, **settings
):
    """EM from labels (or another start) for an array or a source."""
    source = X if isinstance(X, Source) else Memory.of(X)
    source = source if block is None else source.having(block=block)
    with only(kernel), threads.working(source, weight, n_threads, np.inf) as ready:
        problem = Problem.pose(ready.surveyed(most), member.settings(**settings))
        (run,) = fitting.run_starts(problem, [begin or start.labels(labels)], np.random.RandomState(0))
    assert run.outcome.ok, run.reason
    parameters = Parameters.publish(run.model, problem.frame, problem.layout, problem.noise)
    return Fit(problem, run, parameters, KERNELS[kernel])


def steps(member, X, labels, kernel, count, **settings):
    """The first passes of EM from labels, as the loop yields them."""
    problem = Problem.pose(Memory.of(X), member.settings(**settings))
    model = start.labels(labels)(problem.ground(), np.random.RandomState(0))
    rule = acceleration.rule(problem.settings.acceleration)
    return list(islice(em.iterate(problem.source, model, KERNELS[kernel], rule), count))


def assert_same(ours, theirs, tolerance):
    """Two fits are one: shares, means and covariances in units of deviations, and the path of the objective."""
    deviations = theirs.deviations
    assert np.abs(ours.parameters.weights - theirs.parameters.weights).max() <= tolerance
    assert abs(ours.parameters.noise_weight - theirs.parameters.noise_weight) <= tolerance
    assert (np.abs(ours.parameters.means - theirs.parameters.means) / deviations).max() <= tolerance
    gap = (ours.covariances - theirs.covariances) / deviations[:, :, None] / deviations[:, None, :]
    assert np.abs(gap).max() <= tolerance
    np.testing.assert_allclose(ours.path, theirs.path, rtol=tolerance, atol=tolerance)


def assert_same_bits(ours, theirs):
    """Two fits agree in every bit."""
    assert ours.run.path == theirs.run.path
    for name in ("weights", "means", "noise_weight"):
        assert np.array_equal(getattr(ours.parameters, name), getattr(theirs.parameters, name))
    for name, array in vars(ours.parameters.arrays).items():
        assert np.array_equal(array, getattr(theirs.parameters.arrays, name))
