"""Statistics as bytes: a line that says what it is, a line of JSON, the numbers; no length is believed unchecked."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mixtura.arrays import Float
from mixtura.covariance import resolve
from mixtura.moments import Order
from mixtura.outcome import MixtureError

MAGIC = b"mixtura statistics 1\n"
# The words take at most so many bytes.
LONGEST = 2**24
REMEDY = "Ask the site to send it again: Statistics.save or to_bytes writes it."
ROUNDING = 1e-6


@dataclass(frozen=True)
class Letter:
    """What the bytes hold, checked: anchor, mass, first, second, origin, unit and (noise, log-likelihood, weight)."""

    family: str
    order: Order
    fingerprint: str
    rows: int
    names: tuple[str, ...] | None
    arrays: tuple[Float, ...]


def pack(told: Mapping[str, Any], arrays: Sequence[Float]) -> bytes:
    """Words and numbers as bytes; the shape of the first array, (K, D), is told with the words."""
    k, d = arrays[0].shape
    numbers = b"".join(np.asarray(array, dtype="<f8", order="C").tobytes() for array in arrays)
    words = {**told, "shape": [int(k), int(d)]}
    return MAGIC + json.dumps({**words, "sha256": _digest(words, numbers)}).encode() + b"\n" + numbers


def unpack(data: bytes) -> Letter:
    """The letter in the bytes.

    Raises
    ------
    MixtureError
        For bytes that are no statistics, or were cut short or damaged.
    """
    if not data.startswith(MAGIC):
        raise _fault(f"they begin as {bytes(data[:24])!r}")
    end = data.find(b"\n", len(MAGIC), len(MAGIC) + LONGEST)
    if end < 0:
        raise _fault("they end within their words")
    words = _words(data[len(MAGIC) : end])
    order, shapes = _shapes(words)
    numbers = data[end + 1 :]
    if len(numbers) != 8 * sum(prod(shape) for shape in shapes):
        raise _fault(f"they hold {len(numbers)} bytes of numbers, and their words announce another number")
    if words.pop("sha256", None) != _digest(words, numbers):
        raise _fault("their digest differs from what was written")
    arrays = _arrays(np.frombuffer(numbers, dtype="<f8").astype(np.float64), shapes)
    _require_sense(arrays)
    names = words["names"]
    told = words["family"], order, words["fingerprint"], words["rows"], None if names is None else tuple(names)
    return Letter(*told, arrays)


def read(path: Path) -> bytes:
    """The bytes of a regular file, as far as they can be a letter."""
    with path.open("rb") as file:
        first = file.read(len(MAGIC))
        if not stat.S_ISREG(path.stat().st_mode) or first != MAGIC:
            raise _fault(f"{str(path)!r} begins as {first!r}")
        return first + file.read()


def _fault(reason: str) -> MixtureError:
    return MixtureError(f"These bytes are no sound statistics: {reason}. {REMEDY}")


def _digest(words: Mapping[str, Any], numbers: bytes) -> str:
    digest = hashlib.sha256(json.dumps(words, sort_keys=True).encode())
    digest.update(numbers)
    return digest.hexdigest()


def _words(raw: bytes) -> dict[str, Any]:
    """The words, if each is of its kind."""
    try:
        words = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _fault(f"their words are not JSON ({str(error)[:80]})") from error
    known = {"family", "order", "fingerprint", "rows", "names", "shape", "sha256"}
    if not isinstance(words, dict) or words.keys() != known:
        raise _fault("their words are not those of statistics")
    text = all(isinstance(words[name], str) for name in ("family", "order", "fingerprint", "sha256"))
    counts = words["shape"] if isinstance(words["shape"], list) else []
    whole = len(counts) == 2 and all(type(count) is int and count > 0 for count in (*counts, words["rows"]))
    if not text or not whole:
        raise _fault("their words are not those of statistics")
    names = words["names"]
    told = isinstance(names, list) and len(names) == counts[1] and all(isinstance(name, str) for name in names)
    if names is not None and not told:
        raise _fault(f"they have no name for each of {counts[1]} features")
    return words


def _shapes(words: Mapping[str, Any]) -> tuple[Order, list[tuple[int, ...]]]:
    k, d = words["shape"]
    try:
        order: Order = resolve(words["family"], d)[0].order
    except MixtureError as error:
        raise _fault(f"their family is {words['family'][:20]!r}") from error
    if words["order"] != order:
        raise _fault(f"their order is {words['order'][:20]!r}, and {words['family']} has {order}")
    second = {"trace": (k,), "diagonal": (k, d), "dense": (k, d, d), "pooled": (d, d)}[order]
    return order, [(k, d), (k,), (k, d), second, (d,), (d,), (3,)]


def _arrays(numbers: Float, shapes: Sequence[tuple[int, ...]]) -> tuple[Float, ...]:
    ends = np.cumsum([prod(shape) for shape in shapes])[:-1]
    return tuple(part.reshape(shape) for part, shape in zip(np.split(numbers, ends), shapes, strict=True))


def _require_sense(arrays: tuple[Float, ...]) -> None:
    """Refuse numbers that no rows have."""
    _, mass, _, second, _, unit, (noise, _, weight) = arrays
    if not all(np.isfinite(array).all() for array in arrays):
        raise _fault("they hold numbers that are not finite")
    spread = np.diagonal(second, axis1=-2, axis2=-1) if second.ndim > 1 and second.shape[-1] == second.shape[-2] else 0
    if weight <= 0.0 or noise < 0.0 or (mass < 0.0).any() or (unit <= 0.0).any() or np.min(spread) < 0.0:
        raise _fault("a weight, a mass, a unit or a square is negative")
    if abs(mass.sum() + noise - weight) > ROUNDING * weight:
        raise _fault(f"their masses sum to {mass.sum() + noise:.6g} and their weight is {weight:.6g}")
