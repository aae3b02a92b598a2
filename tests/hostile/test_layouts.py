"""However the same numbers lie in memory, the bits of the answer are the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.hostile.cases import ALL, TYPES, Rows, answers, arrays, assert_same_bits, groups, mixture


def strided(X: Rows) -> Any:
    wide = np.zeros((3 * len(X), 2 * X.shape[1]))
    wide[::3, ::2] = X
    return wide[::3, ::2]


def read_only(X: Rows) -> Any:
    copy = X.copy()
    copy.setflags(write=False)
    return copy


def unaligned(X: Rows) -> Any:
    return np.frombuffer(b"x" + X.tobytes(), dtype="u1")[1:].view("f8").reshape(X.shape)


LAYOUTS: dict[str, Callable[[Rows], Any]] = {
    "big-endian": lambda X: X.astype(">f8"),
    "Fortran": np.asfortranarray,
    "transposed": lambda X: np.ascontiguousarray(X.T).T,
    "strided": strided,
    "backwards": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": read_only,
    "unaligned": unaligned,
    "subclass": lambda X: X.view(type("Rows", (np.ndarray,), {})),
    "list": np.ndarray.tolist,
    "long double": lambda X: X.astype(np.longdouble),
}


@pytest.mark.parametrize("family", TYPES)
@pytest.mark.parametrize("start", ("kmeans", "k-means++", "random", "random_from_data"))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_bits(layout: str, start: str, family: str) -> None:
    X = groups()
    laid = LAYOUTS[layout](X)
    np.testing.assert_array_equal(laid, X)
    model, owed = mixture(2, family, init_params=start).fit(laid), mixture(2, family, init_params=start).fit(X)
    assert_same_bits(arrays(model), arrays(owed))
    assert_same_bits(answers(owed, laid), answers(owed, X))


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("layout", ("Fortran", "strided", "big-endian"))
def test_every_family_gives_the_same_bits(layout: str, family: str) -> None:
    X = groups(d=3)
    model, owed = mixture(2, family).fit(LAYOUTS[layout](X)), mixture(2, family).fit(X)
    assert_same_bits(arrays(model), arrays(owed))
    assert model.lower_bounds_ == owed.lower_bounds_


@pytest.mark.parametrize("layout", LAYOUTS)
def test_many_blocks_with_weights_give_the_same_bits(layout: str) -> None:
    X = np.random.RandomState(0).standard_normal((40_000, 3))
    X[:20_000] += 3
    weight = np.random.RandomState(1).randint(0, 3, 40_000)
    settings = {"init_params": np.arange(40_000) % 2, "n_threads": 2, "tol": 1e-2}
    model = mixture(2, **settings).fit(LAYOUTS[layout](X), sample_weight=weight)
    assert_same_bits(arrays(model), arrays(mixture(2, **settings).fit(X, sample_weight=weight)))


@pytest.mark.parametrize("mode", ("r", "c", "r+"))
def test_a_memory_map_gives_the_same_bits_and_is_not_written(mode: Any, tmp_path: Path) -> None:
    X, file = groups(), tmp_path / "rows.npy"
    np.save(file, X)
    before = file.read_bytes()
    laid = np.load(file, mmap_mode=mode)
    model, owed = mixture(2).fit(laid), mixture(2).fit(X)
    assert_same_bits(arrays(model), arrays(owed))
    assert_same_bits(answers(model, laid), answers(owed, X))
    assert isinstance(laid, np.memmap) and file.read_bytes() == before


@pytest.mark.parametrize("layout", ("big-endian", "Fortran", "strided", "read-only"))
def test_float32_gives_the_same_bits_too(layout: str) -> None:
    X = groups().astype(np.float32)
    laid = {"big-endian": X.astype(">f4"), "Fortran": np.asfortranarray(X)}.get(layout)
    laid = LAYOUTS[layout](X.astype(float)).astype("f4", order="K") if laid is None else laid
    model, owed = mixture(2).fit(laid), mixture(2).fit(X)
    assert model.means_.dtype == np.float32
    assert_same_bits(arrays(model), arrays(owed))


@pytest.mark.parametrize("family", ALL)
def test_the_rows_of_the_user_are_never_written(family: str) -> None:
    X, weight = groups().copy(), np.full(200, 2.0)
    before = X.tobytes(), weight.tobytes()
    model = mixture(2, family, noise=True).fit(X, sample_weight=weight)
    answers(model, X)
    assert (X.tobytes(), weight.tobytes()) == before
