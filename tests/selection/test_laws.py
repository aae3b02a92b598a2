"""Laws of the search: threads, interrupts, order and shortcuts change nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import mixtura as mx
from mixtura.selection import keeper, small
from mixtura.selection.attempt import Trial
from mixtura.selection.ordinary import Reach

FAITHFUL = mx.datasets.load_faithful().data
FEW = ["EII", "VEI", "EEE", "VVE", "VVV"]
WAYS = {"compiled": True, "ordinary": False}


@pytest.fixture(params=WAYS, ids=str)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Compiled fits, or none."""
    if not WAYS[request.param]:
        monkeypatch.setattr(small, "SMALL", 0)
    return str(request.param)


def bits(search: mx.MixtureSearch) -> list[Any]:
    """Return the table but for seconds, and the winner's arrays."""
    rows = [replace(row, seconds=0.0) for row in search.results_]
    best = search.best_estimator_
    return [rows, search.verdict_, best.weights_.tolist(), best.means_.tolist(), best.covariances_.tolist()]


def search(**settings: Any) -> mx.MixtureSearch:
    return mx.MixtureSearch(**{"n_components": (1, 2, 3), "covariance_types": FEW, **settings})


def test_threads_change_no_bit(way: str) -> None:
    one, two, three = (search(n_threads=n).fit(FAITHFUL) for n in (1, 2, 3))
    assert bits(one) == bits(two) == bits(three)


@pytest.mark.parametrize("criterion", ["bic", "cv"])
def test_an_interrupted_search_goes_on_to_the_same_bits(
    way: str, criterion: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    families = ["EII", "VVE", "VVV"]
    whole = bits(search(criterion=criterion, covariance_types=families).fit(FAITHFUL))
    path, kept = tmp_path / "search.checkpoint", keeper.Kept.keep
    done = 0

    def keep(self: keeper.Kept, stage: str, trial: Trial) -> None:
        nonlocal done
        kept(self, stage, trial)
        done += 1
        if done % 4 == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(keeper.Kept, "keep", keep)
    interrupts = 0
    for _ in range(60):
        again = search(criterion=criterion, covariance_types=families)
        try:
            again.fit(FAITHFUL, checkpoint=path)
            break
        except KeyboardInterrupt:
            interrupts += 1
            assert not hasattr(again, "results_")
    assert interrupts > 1
    assert bits(again) == whole
    before = path.read_bytes()
    assert bits(search(criterion=criterion, covariance_types=families).fit(FAITHFUL, checkpoint=path)) == whole
    assert path.read_bytes() == before


def test_a_checkpoint_of_another_search_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "search.checkpoint"
    search(n_components=2, covariance_types="EEE").fit(FAITHFUL, checkpoint=path)
    content = path.read_bytes()
    for other, X in [({"tol": 1e-6}, FAITHFUL), ({}, FAITHFUL[1:]), ({"covariance_types": "VVV"}, FAITHFUL)]:
        with pytest.raises(mx.ModelFileError, match="other rows or with other settings"):
            search(**{"n_components": 2, "covariance_types": "EEE", **other}).fit(X, checkpoint=path)
    path.write_bytes(content[:-9])
    with pytest.raises(mx.ModelFileError, match="cut short or damaged"):
        search(n_components=2, covariance_types="EEE").fit(FAITHFUL, checkpoint=path)
    path.write_text("something else")
    with pytest.raises(mx.ModelFileError, match="no checkpoint"):
        search(n_components=2, covariance_types="EEE").fit(FAITHFUL, checkpoint=path)
    assert path.read_text() == "something else"
    mx.save(search(n_components=2).fit(FAITHFUL).best_estimator_, path)
    with pytest.raises(mx.ModelFileError, match="no checkpoint"):
        search(n_components=2, covariance_types="EEE").fit(FAITHFUL, checkpoint=path)


def test_a_checkpoint_with_noise_is_exact(tmp_path: Any) -> None:
    path = tmp_path / "search.checkpoint"
    first, second = (search(n_components=2, noise=True).fit(FAITHFUL, checkpoint=path) for _ in range(2))
    assert bits(first) == bits(second)
    assert first.best_estimator_.noise_weight_ == second.best_estimator_.noise_weight_
    np.testing.assert_array_equal(first.sample(9, random_state=0)[0], second.sample(9, random_state=0)[0])


def test_wider_models_fit_no_worse(way: str) -> None:
    """The table is in order: a wider family, and one more component, has no lower likelihood."""
    found = search(n_components=range(1, 6)).fit(FAITHFUL).results_
    table = {(row.family, row.n_components): row.log_likelihood for row in found if row.log_likelihood is not None}
    stopped = {(row.family, row.n_components) for row in found if row.outcome == mx.Outcome.HOPELESS.value}
    final = {key: value for key, value in table.items() if key not in stopped}
    for (family, k), value in final.items():
        if family == "VVV":
            assert all(value >= final.get((narrow, k), -np.inf) - 1e-3 for narrow in FEW)
        assert value >= final.get((family, k - 1), -np.inf) - 1e-3


def test_stopping_early_changes_no_winner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "SMALL", 0)
    stopped = 0
    for seed in range(4):
        X, _ = mx.datasets.make_anisotropic_blobs(300, centers=3, random_state=seed)
        early = search(n_components=range(1, 5)).fit(X)
        stopped += sum(row.outcome == mx.Outcome.HOPELESS.value for row in early.results_)
        with monkeypatch.context() as patch:
            patch.setattr(Reach, "__contains__", lambda self, trial: True)
            whole = search(n_components=range(1, 5)).fit(X)
        assert early.best_params_ == whole.best_params_
        assert early.best_score_ == whole.best_score_
    assert stopped > 5


def test_compiled_and_ordinary_tables_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = search(covariance_types="all").fit(FAITHFUL)
    monkeypatch.setattr(small, "SMALL", 0)
    monkeypatch.setattr(Reach, "__contains__", lambda self, trial: True)
    slow = search(covariance_types="all").fit(FAITHFUL)
    for a, b in zip(fast.results_, slow.results_, strict=True):
        assert (a.bic is None) == (b.bic is None)
        if a.bic is not None and b.bic is not None:
            assert a.bic == pytest.approx(b.bic, rel=2e-6)
            assert a.icl == pytest.approx(b.icl, rel=1e-4)


def test_the_order_of_the_grid_changes_no_row() -> None:
    one = {(row.family, row.n_components): row.bic for row in search().fit(FAITHFUL).results_}
    two = search(n_components=(3, 1, 2), covariance_types=FEW[::-1]).fit(FAITHFUL).results_
    for row in two:
        assert row.bic == pytest.approx(one[row.family, row.n_components], rel=1e-9)


def test_the_same_seed_gives_the_same_table() -> None:
    one, two = (search(init_params="k-means++", n_init=2, random_state=3).fit(FAITHFUL) for _ in range(2))
    assert bits(one) == bits(two)


def test_a_checkpoint_that_cannot_be_written_is_refused_before_the_work(tmp_path: Any) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere/search\.checkpoint"):
        search().fit(FAITHFUL, checkpoint=tmp_path / "nowhere" / "search.checkpoint")
    with pytest.raises(mx.MixtureError, match="random_state an integer"):
        search(random_state=None).fit(FAITHFUL, checkpoint=tmp_path / "search.checkpoint")


def test_a_flipped_bit_is_found(tmp_path: Any) -> None:
    path = tmp_path / "search.checkpoint"
    search(n_components=2, covariance_types="EEE").fit(FAITHFUL, checkpoint=path)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    with pytest.raises(mx.ModelFileError, match="damaged"):
        search(n_components=2, covariance_types="EEE").fit(FAITHFUL, checkpoint=path)
