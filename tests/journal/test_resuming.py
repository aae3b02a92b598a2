"""From every prefix of what was kept, and from any moment within a pass, a fit ends in the same bits."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mixtura import journal
from mixtura.journal import journal as keeping
from mixtura.outcome import ModelFileError
from mixtura.sources import source as sources
from tests.journal.cases import BLOCK, D, K, N, bits, ends, fitted, kinds, quietly, rows, stream

LABELS = np.arange(N) % K
SHARES = np.random.default_rng(1).dirichlet(np.ones(K), size=N)
OPTIONS: dict[str, dict[str, Any]] = {
    "full": {},
    "tied": {"covariance_type": "tied"},
    "diag": {"covariance_type": "diag", "tol": 1e-3, "max_iter": 100},
    "spherical": {"covariance_type": "spherical"},
    "VEV": {"covariance_type": "VEV", "reg_covar": 0.0},
    "EVE": {"covariance_type": "EVE", "max_iter": 2},
    "noise": {"noise": True},
    "volume": {"noise": 500.0, "covariance_type": "VII"},
    "prior": {"prior": "default"},
    "squarem": {"acceleration": "squarem", "max_iter": 12},
    "equal weights": {"equal_weights": True, "acceleration": "squarem"},
    "three starts": {"n_init": 3, "max_iter": 3},
    "random": {"init_params": "random", "n_init": 2, "max_iter": 4},
    "k-means++": {"init_params": "k-means++"},
    "random_from_data": {"init_params": "random_from_data", "n_init": 2, "max_iter": 3},
    "hierarchical": {"init_params": "hierarchical"},
    "labels": {"init_params": LABELS},
    "responsibilities": {"init_params": SHARES},
    "means": {"means_init": rows(7)[:K]},
    "the start itself": {"max_iter": 0, "init_params": LABELS, "tol": 1e-3},
}


def require_same_from_every_prefix(X: Any, path: Path, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> None:
    owed = bits(fitted(X, **asked))
    assert bits(fitted(X, path, **asked)) == owed
    whole, at = path.read_bytes(), ends(path)
    for end in at:
        path.write_bytes(whole[:end])
        assert bits(fitted(X, path, **asked)) == owed
        assert path.read_bytes() == whole
    with monkeypatch.context() as nothing:
        nothing.setattr(journal.Journal, "_summed", None)  # nothing is summed again
        assert bits(fitted(X, path, **asked)) == owed


@pytest.mark.parametrize("option", OPTIONS)
def test_a_fit_goes_on_from_every_prefix_to_the_same_bits(
    option: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_same_from_every_prefix(rows(), path, monkeypatch, **OPTIONS[option])


@pytest.mark.parametrize(
    "kind", ["float32", "integers", "columns first", "frame", "weights", "stream", "weighed stream"]
)
def test_wherever_the_rows_are(kind: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X, weight = rows(), np.arange(N) % 4 * 0.5
    asked: dict[str, Any] = {"noise": True, "max_iter": 4}
    given: dict[str, Callable[[], Any]] = {
        "float32": lambda: X.astype(np.float32),
        "integers": lambda: np.rint(10 * X).astype(np.int16),
        "columns first": lambda: np.asfortranarray(X),
        "frame": lambda: pd.DataFrame(X, columns=["a", "b", "c"]),
        "weights": lambda: X,
        "stream": lambda: stream(monkeypatch, tmp_path, X),
        "weighed stream": lambda: stream(
            monkeypatch, tmp_path, np.column_stack([X, weight]), columns=["x1", "x2", "x3"], weights="x4"
        ),
    }
    asked |= {"sample_weight": weight} if kind == "weights" else {}
    require_same_from_every_prefix(given[kind](), path, monkeypatch, **asked)


def test_growing_batches_and_a_reseeded_component(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixtura.growing.LEAST", 60)
    require_same_from_every_prefix(rows(), path, monkeypatch, acceleration="growing", n_init=3, tol=1e-3, max_iter=20)
    path.unlink()
    far = np.array([[0.0] * D, [3.0] * D, [500.0] * D])
    require_same_from_every_prefix(rows(), path, monkeypatch, means_init=far, reg_covar=1e-3, init_params="k-means++")


def test_a_warm_start_goes_on_from_every_prefix(path: Path) -> None:
    def twice(path: Path | None) -> Any:
        model = fitted(rows(), warm_start=True, max_iter=3)
        return bits(quietly(model, rows(), path))

    owed = twice(None)
    assert twice(path) == owed
    whole = path.read_bytes()
    for end in ends(path):
        path.write_bytes(whole[:end])
        assert twice(path) == owed
    with pytest.raises(ModelFileError, match="the last fit"):
        fitted(rows(), path, warm_start=True, max_iter=3)


class Killed(BaseException):
    """The end of a process."""


@pytest.mark.parametrize("option", ["full", "tied", "noise", "random", "squarem"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_fit_goes_on_from_within_every_pass(
    option: str, streamed: bool, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after each part of a sum that was written, again and again: no block is summed twice."""
    X, asked = rows(), OPTIONS[option] | {"max_iter": 3}
    X = stream(monkeypatch, tmp_path, X) if streamed else X
    owed, read = bits(fitted(X, **asked)), [0]
    monkeypatch.setattr(keeping, "EVERY", 0.0)
    hold, sums = journal.Journal._hold, sources.Source.sums

    def killing(self: Any, *args: Any) -> None:
        hold(self, *args)
        raise Killed

    def counted(self: Any, *args: Any) -> Iterator[Any]:
        for each in sums(self, *args):
            read[0] += 1
            yield each

    monkeypatch.setattr(journal.Journal, "_hold", killing)
    monkeypatch.setattr(sources.Source, "sums", counted)
    found, kills = None, 0
    while found is None and kills < 200:
        try:
            found = fitted(X, path, **asked)
        except Killed:
            kills += 1
    assert bits(found) == owed
    blocks = -(-N // BLOCK)
    passes = kinds(path.read_bytes(), ends(path)).count(b"sums")
    assert kills == read[0] == (passes - streamed) * blocks  # the survey of a stream is no sum


def test_sums_under_way_take_two_slots(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "EVERY", 0.0)
    fitted(rows(), path, noise=True)
    kinds = [path.read_bytes()[at : at + 4] for at in ends(path)[:-1]]
    # sums of other kinds than those before may need more room
    assert 2 <= kinds.count(b"part") <= 4 < kinds.count(b"sums")


def test_an_interrupt_writes_the_sum_so_far(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LEAST", 0.0)
    held: list[int] = []
    sums = sources.Source.sums

    def interrupted(self: Any, *args: Any) -> Iterator[Any]:
        for done, total in sums(self, *args):
            yield done, total
            if done == 2:
                raise KeyboardInterrupt

    hold = journal.Journal._hold

    def counted(self: Any, asked: str, done: int, total: Any) -> None:
        held.append(done)
        hold(self, asked, done, total)

    monkeypatch.setattr(journal.Journal, "_hold", counted)
    monkeypatch.setattr(sources.Source, "sums", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fitted(rows(), path)
    monkeypatch.setattr(sources.Source, "sums", sums)
    assert held == [2]
    assert bits(fitted(rows(), path)) == bits(fitted(rows()))
