"""`fit_many`: each fit as it would be alone, whatever the batch, its order and its threads; a bad set hurts no one."""

import signal
import sys
import threading
import time
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs

import mixtura as mx
from mixtura.covariance import MCLUST
from mixtura.estimators.many import small
from mixtura.outcome import DataWarning, MixtureError, Outcome

TYPES = ("full", "tied", "diag", "spherical", *MCLUST)


def groups(seed, n=120, d=2, k=2, apart=5.0):
    draw = np.random.default_rng([seed, n, d, k])
    factors = draw.normal(size=(k, d, d)) * 0.4 + np.eye(d)
    labels = draw.integers(0, k, n)
    return draw.normal(size=(k, d))[labels] * apart + np.einsum("nij,nj->ni", factors[labels], draw.normal(size=(n, d)))


SETS = [groups(seed, 100 + 9 * seed) for seed in range(8)]
CUBE = np.stack([groups(seed) for seed in range(6)])


def many(Xs, k=2, **settings):
    return mx.fit_many(Xs, k, **({"random_state": 0} | settings))


def said(function):
    """What a function returns, and its warnings."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = function()
    return found, [(one.category, str(one.message)) for one in heard]


def assert_same(one, other, positions=None):
    """Two results agree in every bit (at `positions` of the second)."""
    positions = range(len(other)) if positions is None else positions
    for name in ("weights", "means", "covariances", "lower_bound", "log_likelihood", "n_iter", "converged"):
        assert np.array_equal(getattr(one, name), getattr(other, name)[list(positions)]), name
    for name in ("labels", "lower_bounds"):
        for mine, i in zip(getattr(one, name), positions, strict=True):
            assert np.array_equal(mine, getattr(other, name)[i]), name


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8, None])
def test_the_same_bits_on_any_number_of_threads(n_threads, monkeypatch):
    monkeypatch.setattr(small, "TURN", 300)  # many turns
    assert_same(many(SETS, n_threads=n_threads), many(SETS, n_threads=1))


def test_the_same_bits_in_any_order_and_company():
    whole = many(SETS)
    order = [5, 2, 7, 0, 1, 6, 4, 3]
    assert_same(many([SETS[i] for i in order]), whole, order)
    for i in (0, 3, 7):
        assert_same(many([SETS[i]]), whole, [i])
    weights = [None, np.ones(len(SETS[1])), None, None, None, None, None, None]
    assert_same(many([*SETS[2:], SETS[0]], sample_weight=[*weights[2:], None]), whole, [2, 3, 4, 5, 6, 7, 0])
    mixed = many(SETS, sample_weight=weights)
    np.testing.assert_allclose(mixed.means, whole.means, atol=1e-9)
    assert np.array_equal(mixed.means[2:], whole.means[2:])


@pytest.mark.parametrize("acceleration", [None, "squarem"])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_a_fit_is_the_estimators_from_the_same_labels(covariance_type, acceleration):
    """The path from k-means' labels; those of the first M step are found by a fit of no more passes."""
    X = groups(3, 200, 3, 3, apart=3.0)
    settings = {"covariance_type": covariance_type, "acceleration": acceleration, "tol": 1e-6, "max_iter": 500}
    fits = many([X], 3, **settings)
    assert not fits.models
    from mixtura.kernels import batch

    jobs = batch.Batch.of(X, None, np.array([[0, 200]]), np.array([[3, 0]]))
    seed = np.random.SeedSequence([0, 0]).generate_state(1, np.uint64)
    labels = batch.seed(jobs, seed)
    alone = mx.GaussianMixture(3, init_params=labels, **settings).fit(X)
    found = fits[0]
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_", "lower_bounds_"):
        np.testing.assert_allclose(getattr(found, name), getattr(alone, name), rtol=1e-8, atol=1e-9, err_msg=name)
    assert (found.n_iter_, found.converged_) == (alone.n_iter_, alone.converged_)
    assert found.lower_bound_ == pytest.approx(alone.lower_bound_, abs=1e-10)
    assert np.array_equal(fits.labels[0], alone.predict(X))
    assert found.lower_bound_ == pytest.approx(found.score(X), abs=1e-10)
    assert np.array_equal(found.predict(X), fits.labels[0])


def test_likelihoods_are_scikit_learns():
    X = np.stack([groups(seed, 200, apart=3.0) for seed in range(60)])
    theirs = np.array([Theirs(2, random_state=0).fit(one).score(one) for one in X])
    gap = many(X).lower_bound - theirs
    assert np.median(np.abs(gap)) < 1e-6
    # another local optimum here and there, as with another seed, in either direction
    assert (gap < -1e-3).sum() <= 3 and gap.mean() > -1e-3


@pytest.mark.parametrize(
    "settings",
    [
        {"noise": True},
        {"prior": "default"},
        {"init_params": "random"},
        {"init_params": "k-means++"},
        {"acceleration": "growing"},
        {"means_init": [[0.0, 0.0], [3.0, 3.0]]},
    ],
    ids=str,
)
def test_what_the_batch_does_not_serve_is_fitted_as_usual(settings):
    (fits, _), (models, _) = (
        said(lambda: many(SETS[:3], **settings)),
        said(lambda: [mx.GaussianMixture(2, random_state=0, **settings).fit(X) for X in SETS[:3]]),
    )
    for i, model in enumerate(models):
        assert np.array_equal(fits.means[i], model.means_)
        assert np.array_equal(fits.covariances[i], model.covariances_)
        assert fits.noise_weight[i] == model.noise_weight_
        assert fits.lower_bound[i] == model.lower_bound_ == fits[i].lower_bound_
        assert np.array_equal(fits.labels[i], model.predict(SETS[i]))
        assert fits.outcomes[i] is model.fit_report_.outcome


def test_a_large_data_set_is_fitted_as_usual(monkeypatch):
    whole = many(SETS)
    monkeypatch.setattr(small, "SMALL", 160 * 2 * 6)
    fits = many(SETS)
    assert sorted(fits.models) == [i for i, X in enumerate(SETS) if len(X) > 160]
    np.testing.assert_allclose(fits.lower_bound, whole.lower_bound, atol=0.1)
    assert_same(many(SETS[:5]), whole, range(5))


def test_more_starts_are_never_worse():
    X = np.stack([groups(seed, 80, k=4, apart=2.0) for seed in range(12)])
    one, five = (said(lambda n=n: many(X, 4, n_init=n, tol=1e-6, max_iter=1000))[0] for n in (1, 5))
    ends = [np.array([path[-1] for path in fits.lower_bounds]) for fits in (one, five)]
    assert (ends[1] >= ends[0]).all() and (ends[1] > ends[0] + 1e-3).any()


def test_lists_arrays_and_mappings_are_one():
    whole = many(CUBE)
    assert_same(many(list(CUBE)), whole)
    assert_same(many(tuple(one.tolist() for one in CUBE)), whole)
    assert_same(many(one for one in CUBE), whole)
    named = many({f"set {i}": one for i, one in enumerate(CUBE)})
    assert_same(named, whole)
    assert named.keys == tuple(f"set {i}" for i in range(6))
    ragged = np.empty(2, dtype=object)
    ragged[:] = [SETS[0], SETS[1]]
    assert_same(many(ragged), many(SETS[:2]))


@pytest.mark.parametrize("change", [np.asfortranarray, lambda X: X[:, ::-1][:, ::-1], lambda X: X.astype(">f8")])
def test_any_layout_gives_the_same_bits(change):
    assert_same(many([change(X) for X in CUBE]), many(CUBE))


def test_read_only_rows_and_integers():
    whole = np.round(CUBE * 8.0)
    whole.setflags(write=False)
    assert_same(many(whole.astype(np.int32)), many(whole))
    assert_same(many(list(whole)), many(whole))


def test_single_precision_comes_back_in_single_precision():
    X = CUBE.astype(np.float32)
    fits = many(X)
    assert {fits.means.dtype, fits.weights.dtype, fits.covariances.dtype} == {np.dtype(np.float32)}
    model = fits[2]
    assert model.means_.dtype == np.float32
    assert model.score(X[2]) == pytest.approx(fits.lower_bound[2], abs=1e-5)
    np.testing.assert_allclose(fits.means, many(X.astype(np.float64)).means, rtol=1e-4, atol=1e-4)


def test_far_from_zero():
    grid = np.round(CUBE * 2.0**20) / 2.0**20
    near, far = many(grid), many(grid + 1e6)
    np.testing.assert_allclose(far.covariances, near.covariances, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(far.lower_bound, near.lower_bound, atol=1e-8)


def frame(library):
    rows = np.concatenate([X[:50] for X in CUBE[:3]])
    keys = np.repeat(["c", "a", "b"], 50)
    return library.DataFrame({"x": rows[:, 0], "key": keys, "y": rows[:, 1]})


@pytest.mark.parametrize(
    "by", ["key", ["key"], pd.Grouper(key="key", sort=True), frame(pd)["key"].rename("other")], ids=type
)
def test_groups_of_pandas(by):
    if isinstance(by, pd.Series):  # a key from elsewhere is no column
        return assert_same(many(frame(pd)[["x", "y"]].groupby(by)), many(frame(pd).groupby("key")))
    fits = many(frame(pd).groupby(by))
    assert [key[0] if isinstance(key, tuple) else key for key in fits.keys] == ["a", "b", "c"]
    assert_same(fits, many([CUBE[1][:50], CUBE[2][:50], CUBE[0][:50]]))
    assert fits[0].feature_names_in_.tolist() == ["x", "y"]
    selected = many(frame(pd).groupby(by)[["y", "x"]])
    assert selected[0].feature_names_in_.tolist() == ["y", "x"]


@pytest.mark.parametrize("by", ["key", pl.col("key")], ids=str)
def test_groups_of_polars(by):
    fits = many(frame(pl).group_by(by))
    assert fits.keys == ("a", "b", "c")
    assert_same(fits, many([CUBE[1][:50], CUBE[2][:50], CUBE[0][:50]]))
    assert many(frame(pl).group_by(by, maintain_order=True)).keys == ("c", "a", "b")


def test_a_key_made_of_a_column_leaves_the_column():
    fits = many(frame(pl).drop("key").group_by(pl.col("x") > 0))
    assert fits.keys == (False, True) and fits.names == ("x", "y")
    both = many(frame(pl).with_columns(pl.lit(1).alias("one")).group_by("one", "key"))
    assert both.keys == ((1, "a"), (1, "b"), (1, "c")) and both.names == ("x", "y")


def test_weights_are_those_of_each_set():
    weight = [np.random.default_rng(i).integers(1, 4, len(X)) for i, X in enumerate(SETS)]
    fits = many(SETS, sample_weight=weight, tol=1e-9, max_iter=1000)
    for i in (0, 5):
        alone = mx.GaussianMixture(2, random_state=0, tol=1e-9, max_iter=1000).fit(SETS[i], sample_weight=weight[i])
        order = np.argsort(fits.means[i, :, 0]), np.argsort(alone.means_[:, 0])
        np.testing.assert_allclose(fits.means[i][order[0]], alone.means_[order[1]], atol=1e-4)
        assert fits.log_likelihood[i] == pytest.approx(fits.lower_bound[i] * weight[i].sum())
    by_key = many(dict(enumerate(SETS)), sample_weight={5: weight[5]}, tol=1e-9, max_iter=1000)
    assert_same(many([SETS[5]], sample_weight=[weight[5]], tol=1e-9, max_iter=1000), by_key, [5])


@pytest.mark.parametrize("covariance_type", ["full", "VEI"])
def test_rows_of_weight_zero_may_hold_anything(covariance_type):
    X, weight = SETS[0].copy(), np.ones(len(SETS[0]))
    X[3], weight[3], weight[7] = np.nan, 0.0, 0.0
    fits = many([X], sample_weight=[weight], covariance_type=covariance_type)
    assert fits.labels[0][3] == -1 and fits.labels[0].shape == (len(X),)
    assert (fits.labels[0][np.arange(len(X)) != 3] >= 0).all()


BAD = {
    "missing": (np.where(np.arange(200).reshape(100, 2) == 9, np.nan, 1.0), "row 4, column 1", None),
    "one-dimensional": (np.arange(9.0), "Expected 2D array", None),
    "no rows": (np.zeros((0, 2)), "0 sample", None),
    "one row": (np.zeros((1, 2)), "1 sample", None),
    "three columns": (np.zeros((9, 3)), "3 columns", None),
    "text": (np.array([["a", "b"]] * 5), "not numbers", None),
    "masked": (np.ma.masked_equal(np.arange(10.0).reshape(5, 2), 3.0), "masked", None),
    "few distinct rows": (np.ones((9, 2)), "distinct", None),
    "ragged": ([[1.0, 2.0], [3.0]], "ragged", None),
    "nothing": (None, "NoneType", None),
}


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_set_is_one_outcome(bad):
    X, part, outcome = BAD[bad]
    fits, heard = said(lambda: many([SETS[0], X, SETS[1]]))
    assert [category for category, _ in heard] == [DataWarning]
    assert "1 of 3 data sets could not be fitted: 1." in heard[0][1] and part in heard[0][1]
    assert fits.fitted.tolist() == [True, False, True]
    assert part in fits.reasons[1] and fits.reasons[1].startswith("Data set 1: ") and fits.outcomes[1] is outcome
    assert np.isnan(fits.means[1]).all() and not fits.converged[1] and len(fits.labels[1]) == 0
    with pytest.raises(MixtureError, match="Data set 1: "):
        fits[1]
    assert [model is None for model in fits] == [False, True, False]
    assert_same(many([SETS[0], SETS[1]]), fits, [0, 2])
    assert "failed" in repr(fits)


def test_a_fit_that_fails_has_its_outcome():
    flat = np.column_stack([np.arange(30.0), np.zeros(30)])
    spread = SETS[0].copy()
    spread[:3] = [[50.0, 50.0], [50.0, 50.0], [50.0, 50.0]]
    fits, _ = said(lambda: many([SETS[1], flat, spread], 3, reg_covar=0.0))
    assert "constant" in fits.reasons[1]
    assert fits.outcomes[2] is Outcome.SINGULAR and "singular" in fits.reasons[2]


def test_all_bad_sets_are_an_error():
    with pytest.raises(MixtureError, match="None of the 2 data sets"):
        many([np.zeros((0, 2)), np.arange(3.0)])
    with pytest.raises(MixtureError, match=r"None of the 2 data sets could be fitted\. Data set 0: .*NaN"):
        said(lambda: many([np.full((9, 2), np.nan)] * 2))


WRONG = {
    "a frame": (frame(pd), {}, "one DataFrame"),
    "one set": (SETS[0], {}, "three dimensions"),
    "no set": ([], {}, "no data set"),
    "a number": (3, {}, "int"),
    "a text": ("abc", {}, "str"),
    "short weights": (SETS, {"sample_weight": [None]}, "1 data sets, and Xs holds 8"),
    "strange weights": (SETS, {"sample_weight": {9: None}}, "the key 9"),
    "number as weights": (SETS, {"sample_weight": 2.0}, "float"),
    "means": (SETS, {"means_init": [[0.0, 0.0]]}, "shape"),
    "univariate": (SETS, {"covariance_type": "V"}, "one column"),
    "type": (SETS, {"covariance_type": "round"}, "covariance_type"),
    "tol": (SETS, {"tol": -1.0}, "tol"),
    "threads": (SETS, {"n_threads": 0}, "n_threads"),
    "seed": (SETS, {"random_state": "x"}, "seed"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings_raise_at_once(wrong):
    Xs, settings, part = WRONG[wrong]
    with pytest.raises(ValueError, match=part):
        many(Xs, **settings)


def test_an_unsettled_fit_is_said_once():
    fits, heard = said(lambda: many(CUBE, max_iter=1))
    assert [category for category, _ in heard] == [ConvergenceWarning]
    assert heard[0][1].startswith("6 of 6 fits did not converge in max_iter=1 passes: 0, 1, 2, 3, 4, ...")
    assert set(fits.outcomes) == {Outcome.MAX_ITER} and not fits.converged.any() and (fits.n_iter == 1).all()


def test_what_looks_wrong_is_noted_as_by_the_estimator():
    odd = SETS[0] * [1.0, 1e-4]
    fits, heard = said(lambda: many([SETS[1], odd]))
    _, alone = said(lambda: mx.GaussianMixture(2, random_state=0).fit(odd))
    assert fits.notes[0] == () and fits.notes[1] == tuple(text for _, text in alone)
    assert len(fits.notes[1]) == 2
    assert len(heard) == 1 and "1 of 2 data sets look wrong" in heard[0][1]


def test_starved_components_are_noted():
    far = np.concatenate([SETS[0], [[500.0, 500.0], [500.0, 501.0]]])
    fits, _ = said(lambda: many([far]))
    assert "too few for a covariance of its own" in fits.notes[0][0]


def test_long_paths_go_on_elsewhere(monkeypatch):
    monkeypatch.setattr(small, "MOST_PASSES", 3)
    X = [groups(1, apart=0.7), groups(2, apart=50.0)]
    fits = many(X, tol=1e-9, max_iter=5000)
    assert sorted(fits.models) == [0] and fits.converged.all() and fits.n_iter[0] > 3 >= fits.n_iter[1]


def test_an_estimator_of_each_fit():
    fits = many(CUBE, covariance_type="diag", tol=1e-5)
    model = fits[-1]
    assert model.get_params()["tol"] == 1e-5 and model.get_params()["covariance_type"] == "diag"
    assert np.array_equal(model.predict(CUBE[-1]), fits.labels[-1])
    assert model.lower_bounds_ == fits.lower_bounds[-1].tolist() and model.n_iter_ == len(model.lower_bounds_)
    assert model.n_parameters_ == 9
    with pytest.raises(IndexError, match="6 fits, and 6"):
        fits[6]


def test_seeds():
    X = np.stack([groups(seed, 400, k=5, apart=1.5) for seed in range(10)])
    first, again, other = (many(X, 5, random_state=seed) for seed in (1, 1, 2))
    assert_same(again, first)
    assert not np.array_equal(other.means, first.means)
    drawn = [many(X, 5, random_state=np.random.RandomState(seed)) for seed in (3, 3)]
    assert_same(*drawn)
    assert isinstance(many(X, 5, random_state=None).settings["random_state"], int)


def test_a_table_of_eighty_columns():
    keys = {f"a key of many letters, with\nlines {i}": X for i, X in enumerate([*SETS, *SETS, *SETS])}
    told = repr(many(keys, covariance_type="spherical")).splitlines()
    assert max(map(len, told)) <= 80 and len(told) == 2 + small_table()
    assert told[0] == "24 fits of 2 components in 2 columns, spherical: 24 converged"


def small_table():
    from mixtura.estimators.many import fits

    return fits.SHOWN + 1


def test_an_interrupt_is_heard_at_once():
    X = np.stack([groups(seed, 2000, apart=0.5) for seed in range(200)])
    many(X[:2])  # loads what is compiled
    main, before = threading.get_ident(), signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGINT))
    begun = time.perf_counter()
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            many(X, tol=0.0, max_iter=4000)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.perf_counter() - begun < 1.3
    assert not [one for one in threading.enumerate() if one.name.startswith("mixtura")]


def test_without_compiled_code_every_fit_is_as_usual(monkeypatch):
    monkeypatch.setitem(sys.modules, "mixtura.kernels.batch", None)
    fits = many(SETS[:2])
    assert sorted(fits.models) == [0, 1]


def test_a_set_of_which_one_start_is_left_is_fitted_as_usual():
    from mixtura.kernels import batch

    sets = [np.round(groups(seed, 24, k=3, apart=2.0) * 2.0) for seed in range(30)]
    spans = np.column_stack([np.arange(30) * 24, np.arange(1, 31) * 24]).repeat(3, axis=0)
    jobs = batch.Batch.of(np.concatenate(sets), None, spans, np.tile([3, batch.rule("V", "V", "V")], (90, 1)))
    seeds = [np.random.SeedSequence([0, start]).generate_state(1, np.uint64)[0] for start in range(3)]
    climbed = batch.climb(jobs, batch.seed(jobs, np.array(seeds * 30)), batch.Goal(1e-3, 100, 0.0))
    left = (climbed.status.reshape(30, 3) == batch.LEFT).sum(axis=1)
    assert {0, 1} <= set(left.tolist())
    fits, _ = said(lambda: many(sets, 3, n_init=3, reg_covar=0.0))
    assert {i for i in range(30) if i in fits.models or not fits.fitted[i]} == set(np.flatnonzero(left).tolist())


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize(
    "covariance_type", ["full", "tied", "diag", "spherical", "EII", "VII", "EEI", "VVI", "EEE", "VVV"]
)
def test_arrays_have_the_estimators_shapes(covariance_type, d):
    X = CUBE[:2, :, :d]
    fits = many(X, covariance_type=covariance_type)
    assert not fits.models
    alone = mx.GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(X[1])
    for name in ("weights", "means", "covariances"):
        assert getattr(fits, name).shape == (2, *getattr(alone, f"{name}_").shape)
    assert fits[1].n_parameters_ == alone.n_parameters_
    assert fits[1].lower_bound_ == pytest.approx(fits[1].score(X[1]), abs=1e-10)
    assert fits[1].sample(3, random_state=0)[0].shape == (3, d)
