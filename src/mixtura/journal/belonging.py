"""Whose checkpoint it is: the settings and the rows of a fit, told exactly and in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from numbers import Integral
from typing import Any

import numpy as np

from mixtura import __version__
from mixtura.arrays import is_elsewhere, to_host
from mixtura.density import Density, Whitening
from mixtura.frame import Frame
from mixtura.journal.strangers import Damage
from mixtura.journal.values import canonical
from mixtura.outcome import MixtureError
from mixtura.sources.faults import show, show_all
from mixtura.sources.source import Source

# Settings that change no bit of a fit.
UNTOLD = {"n_threads", "verbose", "verbose_interval"}
# What a warm start goes on from.
LAST = ("weights_", "means_", "covariances_", "precisions_cholesky_", "noise_weight_", "lower_bounds_")

Told = dict[str, tuple[str, str]]


def asked_of(estimator: Any) -> dict[str, Any]:
    """The settings of an estimator, and the fit that it goes on from.

    Raises
    ------
    MixtureError
        Where the fit would not repeat itself.
    """
    settings = {name: value for name, value in estimator.get_params(deep=False).items() if name not in UNTOLD}
    seed = settings.get("random_state")
    if not isinstance(seed, Integral) or isinstance(seed, bool):
        raise MixtureError("A fit with a checkpoint must repeat itself: give random_state an integer.")
    if settings.get("warm_start") and hasattr(estimator, "converged_"):
        settings["the last fit"] = {name: getattr(estimator, name, None) for name in LAST}
    return settings


def header(source: Source, settings: Mapping[str, Any]) -> bytes:
    """The text by which a checkpoint knows its fit."""
    told = {"mixtura": __version__, "settings": _each(settings), "data": _each(_rows(source))}
    return json.dumps(told, sort_keys=True).encode()


def require_same(found: bytes, asked: bytes) -> None:
    """Raise `Damage` that says in what a checkpoint's fit differs from the one that is asked for."""
    if found == asked:
        return
    try:
        theirs, ours = json.loads(found), json.loads(asked)
        if theirs["mixtura"] != ours["mixtura"]:
            raise Damage(f"mixtura {show(theirs['mixtura'])} wrote it, and this is {ours['mixtura']}")
        settings, data = (_differences(theirs[part], ours[part]) for part in ("settings", "data"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damage("its header is not what was written") from error
    if data:
        raise Damage(f"it belongs to a fit of other data: {data}")
    raise Damage(f"it belongs to a fit with other settings: {settings}")


def _differences(theirs: dict[str, list[str]], ours: dict[str, list[str]]) -> str:
    """What differs, in words."""
    told = []
    for name in dict.fromkeys([*theirs, *ours]):
        (then, before), (now, exact) = theirs.get(name, ("not set", "")), ours.get(name, ("not set", ""))
        if before != exact and {"not set", ""} == {then, now}:
            told.append(f"{name} is known of {'that fit' if before else 'this fit'} alone")
        elif before != exact:
            told.append(f"{name} differs" if then == now else f"{name} was {then}, and is {now}")
    return "; ".join(told)


def _each(values: Mapping[str, Any]) -> Told:
    """Each value in a few words, and as a digest; a digest is told in no words."""
    return {
        name: ("", value.digits) if isinstance(value, _Digest) else (_words(value), _digest(name, value))
        for name, value in values.items()
    }


@dataclass(frozen=True)
class _Digest:
    """What only a digest tells."""

    digits: str


def _digest(name: str, value: Any) -> str:
    try:
        return _hashed(canonical(to_host(value) if is_elsewhere(value) else value))
    except TypeError as error:
        raise MixtureError(
            f"A checkpoint cannot tell {name} again: {error}. Leave it out, or fit without one."
        ) from None


def _words(value: Any) -> str:
    if isinstance(value, tuple) and all(isinstance(part, str) for part in value):
        return show_all(value)
    if value is None or isinstance(value, str | int | float | np.number | np.bool_):
        return show(value) if isinstance(value, str) else str(value)
    shape = getattr(value, "shape", None)
    return type(value).__name__ if shape is None else f"{type(value).__name__} of shape {tuple(shape)}"


def _rows(source: Source) -> dict[str, Any]:
    """What the numbers of a fit depend on in its rows."""
    told: dict[str, Any] = {"the list of columns": source.names or f"{source.shape_of_row} without names"}
    reader = getattr(source, "reader", None)
    known = getattr(source if reader is None else reader, "fingerprint", None)
    if known is not None:
        weight = source.weight
        beside = None if weight is None else _Digest(_hashed([np.ascontiguousarray(weight).data]))
        told |= {"the number of rows kept in memory": getattr(source, "kept", 0), "the array of weights": beside}
        what = "collection" if reader is None else "files (names, sizes, times of change)"
        return told | {f"the state of the {what}": _Digest(known)}
    kind = str(source.kind.dtype).removeprefix("torch.")
    told |= {"the number of rows": source.shape[0], "their type": kind}
    return told | {"the content of the rows": _Digest(_of_blocks(source))}


def _of_blocks(source: Source) -> str:
    """A digest of all rows and weights, wherever they are."""

    def parts() -> Iterable[bytes | memoryview]:
        for block in source.blocks():
            yield np.ascontiguousarray(to_host(block.rows)).data
            yield b"" if block.weight is None else np.ascontiguousarray(block.weight).data

    return _hashed(parts())


def _hashed(parts: Iterable[bytes | memoryview]) -> str:
    digest = sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def question(source: Source, kernel: Callable[..., Any]) -> str:
    """A digest of what a pass asks of the rows, as far as it can be told: frame, block, and the numbers of a density.

    It is not whose the fit is, but whether what was computed before the pass came out as it did the last time.
    """
    return _hashed([*_asked(source.frame), str(source.block).encode(), *_asked(kernel)])


def _asked(value: Any) -> Iterable[bytes | memoryview]:
    if isinstance(value, partial):
        named = [part for name in sorted(value.keywords) for part in (name.encode(), *_asked(value.keywords[name]))]
        return [*_asked(value.func), *(part for one in value.args for part in _asked(one)), *named]
    if value is None or isinstance(value, str | int | float | np.ndarray | Density | Whitening | Frame):
        return canonical(value)
    return [str(getattr(value, "__name__", type(value).__name__)).encode()]
