"""Rows of Dask collections give the fit that rows in memory give, however they are partitioned."""

from itertools import pairwise

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura import GaussianMixture, start
from mixtura.frame import Summary
from mixtura.outcome import MixtureError
from mixtura.sources.memory import Memory
from mixtura.sources.partitioned.dask_rows import from_files, partitions_of
from mixtura.sources.partitioned.packing import Half, packed, unpacked
from mixtura.sources.partitioned.trees import Known, joined
from mixtura.sources.readers import open_reader
from tests.laws.members import Member, assert_same, fit, rows

MEMBER = Member("VVV")
MEMBERS = [Member(name) for name in ("VVV", "EEE", "VVI", "VEV")]
MEMBERS += [Member("VVV", option) for option in ("noise", "prior", "equal-weights")]


@pytest.fixture(autouse=True)
def on_threads():
    with dask.config.set(scheduler="threads", num_workers=3):
        yield


def frame(X):
    return pd.DataFrame(X, columns=[f"c{j}" for j in range(X.shape[1])])


def unknown(X):
    array = da.from_array(X, chunks=(31, X.shape[1]))
    return array[da.ones(len(X), chunks=31) > 0]


def holed(X):
    """Unknown chunks of which every second is empty."""
    pieces = [X[i : i + 23] for i in range(0, len(X), 23)]
    many = np.concatenate([np.concatenate([piece, np.full_like(piece, 1e6)]) for piece in pieces])
    keep = np.concatenate([np.arange(2 * len(piece)) < len(piece) for piece in pieces])
    return da.from_array(many, chunks=(23, X.shape[1]))[da.from_array(keep, chunks=23)]


COLLECTIONS = {
    "one": lambda X: da.from_array(X, chunks=X.shape),
    "uneven": lambda X: da.from_array(X, chunks=((1, 50, 0, 69), (1, 2))),
    "rows": lambda X: da.from_array(X, chunks=(1, 3)),
    "unknown": unknown,
    "empty": holed,
    "delayed": lambda X: da.concatenate(
        [da.from_delayed(dask.delayed(X.__getitem__)(slice(i, i + 40)), (40, 3), float) for i in (0, 40, 80)]
    ),
    "frame": lambda X: dd.from_pandas(frame(X), npartitions=4),
    "sliced": lambda X: da.from_array(np.repeat(X, 2, axis=0), chunks=(17, 3))[::2] + 0.0,
}


@pytest.mark.parametrize("how", COLLECTIONS)
def test_partitions_fit_as_memory(how):
    X, labels = rows(MEMBER)
    assert_same(fit(MEMBER, partitions_of(COLLECTIONS[how](X)), labels), fit(MEMBER, X, labels), 1e-10)


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_families_fit_as_in_memory(member):
    X, labels = rows(member, 400)
    source = partitions_of(da.from_array(X, chunks=(91, 3)))
    assert_same(fit(member, source, labels, block=64), fit(member, X, labels), 1e-10)


@pytest.mark.parametrize("init", ["kmeans", "k-means++", "random", "random_from_data", "hierarchical"])
def test_every_start_is_that_of_memory(init):
    X, labels = rows(MEMBER, 500)
    source = partitions_of(da.from_array(X, chunks=(83, 3)))
    begin = start.STARTS[init]
    assert_same(fit(MEMBER, source, labels, begin=begin), fit(MEMBER, X, labels, begin=begin), 1e-9)


@pytest.mark.parametrize("given", ["dask", "numpy", "series", "other chunks"])
def test_weights_are_counts(given):
    X, labels = rows(MEMBER)
    weight = np.arange(120) % 4.0
    collection = da.from_array(X, chunks=(50, 3))
    if given == "series":
        pair = dd.from_pandas(frame(X).assign(w=weight), npartitions=4)
        collection, weights = pair[["c0", "c1", "c2"]], pair["w"]
    else:
        weights = {"dask": da.from_array(weight, chunks=50), "numpy": weight}.get(
            given, da.from_array(weight, chunks=7)
        )
    found = fit(MEMBER, partitions_of(collection), labels, weight=weights)
    assert_same(found, fit(MEMBER, X, labels, weight=weight), 1e-10)


@given(cuts=st.lists(st.integers(0, 300), max_size=6), size=st.integers(1, 400), seed=st.integers(0, 9))
@settings(max_examples=15)
def test_samples_are_those_of_memory(cuts, size, seed):
    X, weight = np.random.default_rng(0).normal(size=(300, 2)), (np.arange(300) % 3 > 0).astype(float)
    bounds = [0, *sorted(cuts), 300]
    source = partitions_of(da.from_array(X, chunks=(tuple(np.diff(bounds).tolist()), 2)))
    source = source.having(seed=seed, weight=weight, kept=7).surveyed(2**16)
    ours, theirs = source.sample(size), Memory.of(X, weight).having(seed=seed).sample(size)
    assert np.array_equal(ours.positions, theirs.positions)
    assert np.array_equal(ours.rows, theirs.rows)
    assert source.count() == (200, 200.0)
    assert np.array_equal(source.head(5), X[weight > 0][:5])
    assert np.array_equal(source.take([299, 0, 7, 7]), X[[299, 0, 7, 7]])


def test_bits_do_not_depend_on_threads():
    X, labels = rows(MEMBER, 2000)
    collection = da.from_array(X, chunks=(77, 3))
    paths = set()
    for scheduler, count in (("threads", 4), ("threads", 1), ("synchronous", 1)):
        with dask.config.set(scheduler=scheduler, num_workers=count):
            paths.add(tuple(fit(MEMBER, partitions_of(collection), labels).run.path))
    assert len(paths) == 1


@given(order=st.permutations(range(7)), cuts=st.sets(st.integers(1, 6)))
def test_a_sum_is_added_in_one_order(order, cuts):
    values = np.random.default_rng(1).normal(size=7) * 10.0 ** np.arange(0, 21, 3)
    parts = [Known(7, {(i, i + 1): None if i == 3 else values[i]}) for i in order]
    bounds = [0, *sorted(cuts), 7]
    pieces = [joined(parts[a:b]) for a, b in pairwise(bounds)]
    straight = (values[0] + (values[1] + values[2])) + ((values[4]) + (values[5] + values[6]))
    assert joined(pieces[::-1]).total == straight


def test_neighbors_are_added_where_they_meet():
    parts = [Known(8, {(i, i + 1): 1}) for i in range(8)]
    assert joined(parts[4:]).sums == {(4, 8): 4}
    assert joined(parts[3:7]).sums == {(3, 4): 1, (4, 6): 2, (6, 7): 1}


@pytest.mark.parametrize("kind", ["symmetric", "upper", "lower", "neither"])
def test_packed_values_are_the_same_bits(kind):
    a = np.random.default_rng(0).normal(size=(2, 5, 5))
    a = {"symmetric": a + a.swapaxes(1, 2), "upper": np.triu(a), "lower": np.tril(a), "neither": a}[kind]
    assert isinstance(packed(a), Half) == (kind != "neither")
    assert np.array_equal(unpacked(packed(a)), a)
    summary = Summary.of(a[0], None)
    assert np.array_equal(unpacked(packed(summary)).spread, summary.spread)


def test_float32_stays_and_is_summed_in_double():
    X, _ = rows(MEMBER, 600)
    X = X.astype(np.float32)
    ours = GaussianMixture(3, random_state=0, max_iter=5, tol=0.0)
    theirs = GaussianMixture(3, random_state=0, max_iter=5, tol=0.0)
    with pytest.warns(match="converge"):
        ours.fit(da.from_array(X, chunks=(100, 3)))
    with pytest.warns(match="converge"):
        theirs.fit(X)
    assert ours.means_.dtype == np.float32
    np.testing.assert_allclose(ours.lower_bounds_, theirs.lower_bounds_, rtol=1e-10)


@pytest.mark.parametrize("options", [{"n_init": 3}, {"acceleration": "growing"}, {"acceleration": "squarem"}])
def test_the_estimator_fits_as_from_memory(options):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40_000, 2)) + 5.0 * rng.integers(0, 3, size=(40_000, 1))
    collection = da.from_array(X, chunks=(7001, 2))
    ours, theirs = (GaussianMixture(3, random_state=0, **options).fit(rows) for rows in (collection, X))
    if "n_init" in options:  # which of equal starts is the best is a matter of the last bits
        ours, theirs = ours.sort_components(0), theirs.sort_components(0)
    np.testing.assert_allclose(ours.means_, theirs.means_, rtol=1e-10)
    np.testing.assert_allclose(ours.covariances_, theirs.covariances_, rtol=1e-10)
    assert ours.n_iter_ == theirs.n_iter_


@pytest.mark.parametrize("how", ["uneven", "unknown", "frame"])
@pytest.mark.parametrize("noise", [False, True])
def test_answers_are_lazy_and_the_same(how, noise):
    X, _ = rows(MEMBER, 120)
    given = COLLECTIONS[how](X)
    plain = frame(X) if how == "frame" else X
    model = GaussianMixture(3, random_state=0, noise=noise, tol=0.1).fit(plain)
    for name in ("predict", "predict_proba", "score_samples", "uncertainty"):
        found = getattr(model, name)(given)
        assert isinstance(found, da.Array), name
        expected = getattr(model, name)(plain)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found.compute(), expected, rtol=1e-12, atol=1e-12)
    assert abs(model.score(given) - model.score(plain)) < 1e-12
    assert abs(model.bic(given) - model.bic(plain)) < 1e-8


def test_frames_carry_names():
    X, _ = rows(MEMBER, 120)
    model = GaussianMixture(2, random_state=0, tol=0.1).fit(COLLECTIONS["frame"](X))
    assert model.feature_names_in_.tolist() == ["c0", "c1", "c2"]
    with pytest.raises(MixtureError, match=r"Select the columns"):
        model.predict(COLLECTIONS["frame"](X)[["c1", "c0", "c2"]])


@pytest.mark.parametrize("drop", [False, True])
def test_files_become_partitions(tmp_path, drop):
    X, labels = rows(MEMBER)
    np.save(tmp_path / "a.npy", X[:70])
    np.save(tmp_path / "b.npy", X[70:])
    source = from_files(open_reader(tmp_path, drop=drop), rows=33)
    assert source.lengths == (33, 33, 33, 21)
    assert_same(fit(MEMBER, source, labels), fit(MEMBER, X, labels), 1e-10)


def cell(value, row):
    X, _ = rows(MEMBER)
    X[row, 1] = value
    return X


FAULTS = {
    "one dimension": (lambda X: da.from_array(X[:, 0], chunks=50), "2D array, got 1D"),
    "complex": (lambda X: da.from_array(X + 1j, chunks=50), "complex128, not real numbers"),
    "infinite": (lambda X: da.from_array(cell(np.inf, 77), chunks=50), "infinity: row 77, column 1"),
    "missing": (lambda X: dd.from_pandas(frame(cell(np.nan, 77)), npartitions=3), "NaN: row 77, column 'c1'"),
    "text": (lambda X: dd.from_pandas(frame(X).assign(who="x"), npartitions=2), "'who' holds"),
    "few": (lambda X: da.from_array(X[:1], chunks=50), "at least 2"),
    "none": (lambda X: da.from_array(X[:0], chunks=50), "at least 2"),
    "masked": (lambda X: da.from_array(np.ma.masked_array(X, X > 0), chunks=50), "MaskedArray"),
    "delayed": (lambda X: dask.delayed(X), "not rows of numbers"),
    "columns": (lambda X: da.from_array(X, chunks=50)[:, da.from_array(X[0] > -9.0, chunks=3)], "number of columns"),
    "distinct": (lambda X: da.zeros((50, 2), chunks=10), "only 1 distinct row"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_fitted_is_said(fault):
    make, words = FAULTS[fault]
    with pytest.raises(MixtureError, match=words):
        GaussianMixture(2, random_state=0).fit(make(rows(MEMBER)[0]))


WEIGHTS = {
    "negative": (lambda w: np.where(np.arange(120) == 80, -1.0, w), "-1 at row 80"),
    "nan": (lambda w: np.where(np.arange(120) == 80, np.nan, w), "nan at row 80"),
    "zero": (lambda w: 0 * w, "All sample weights are zero"),
    "long": (lambda w: np.ones(121), "one weight a row"),
    "matrix": (lambda w: np.ones((120, 1)), "1D array"),
}


@pytest.mark.parametrize("fault", WEIGHTS)
def test_weights_that_are_none_are_said(fault):
    make, words = WEIGHTS[fault]
    weight = make(np.ones(120))
    with pytest.raises(MixtureError, match=words):
        GaussianMixture(2).fit(
            da.from_array(rows(MEMBER)[0], chunks=50), sample_weight=da.from_array(weight, chunks=50)
        )


def test_rows_that_change_between_passes_are_noticed():
    counts = iter([30] * 4 + [29] * 9)
    parts = [da.from_delayed(dask.delayed(lambda: np.ones((next(counts), 2)), pure=False)(), (np.nan, 2), float)] * 1
    with pytest.raises(MixtureError, match="where there were 30"), dask.config.set(scheduler="synchronous"):
        source = partitions_of(da.concatenate(parts))
        for _ in range(9):
            source.summary()


def test_a_fit_with_a_checkpoint_goes_on_from_it(tmp_path):
    X, _ = rows(MEMBER, 400)
    weight = np.arange(400) % 3.0

    def fitted(data, counts):
        model = GaussianMixture(2, random_state=0, tol=0.01)
        return model.fit(data, sample_weight=counts, checkpoint=tmp_path / "a.checkpoint")

    def collections(data=X, counts=weight):
        return da.from_array(data, chunks=(90, 3)), da.from_array(counts, chunks=90)

    first, again = fitted(*collections()), fitted(*collections())
    assert first.lower_bounds_ == again.lower_bounds_
    with pytest.raises(MixtureError, match="checkpoint"):
        fitted(*collections(X + 1.0))
    with pytest.raises(MixtureError, match="checkpoint"):
        fitted(*collections(X, weight + 1.0))


def test_pools_are_held_to_one_thread():
    from mixtura import pools

    X, _ = rows(MEMBER)
    source = partitions_of(da.from_array(X, chunks=(50, 3)))
    assert source.reduce(lambda block: pools.fits() > 0) >= 1
