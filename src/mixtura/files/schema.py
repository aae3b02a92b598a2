"""Frozen dataclasses to plain JSON values and back, with every value checked against its type hint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from mixtura.files.faults import Fault
from mixtura.sources.faults import show

T = TypeVar("T")

# JSON has no words for these.
NON_FINITE = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}
LARGEST = 2**53


def plain(value: Any) -> Any:
    """
    Turn a value into what JSON can hold: enumerations by name, NumPy's numbers as Python's, infinities as words.

    Examples
    --------
    >>> plain({"a": (1, float("inf"))})
    {'a': [1, 'Infinity']}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return next(word for word, number in NON_FINITE.items() if repr(number) == repr(value))
    return value


def build(kind: type[T], content: Any, where: str = "header") -> T:
    """
    Make a dataclass of plain values.

    Parameters
    ----------
    kind : type
        A dataclass of bool, int, float, str, None, enumerations, tuples, dicts by name, and dataclasses of these.
    content : dict
        Fields that have a default may be missing.
    where : str
        What is being read, for the message.

    Raises
    ------
    Fault
        For a value of another type, a missing field or one too many.

    Examples
    --------
    >>> from mixtura.fit_report import StartReport
    >>> build(StartReport, {"objective": -2.5, "passes": 7, "outcome": "CONVERGED"}).outcome.ok
    True
    >>> build(StartReport, {"objective": -2.5, "passes": "7", "outcome": "CONVERGED"}, "start")
    Traceback (most recent call last):
    mixtura.files.faults.Fault: its start.passes is '7'
    """
    if not isinstance(content, dict):
        raise Fault(f"its {where} is {show(content)}")
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in sorted(content.keys() - known.keys()):
        raise Fault(f"its {where} holds {show(name)}, which this version does not know")
    for name, field in known.items():
        if name not in content and field.default is MISSING and field.default_factory is MISSING:
            raise Fault(f"its {where} lacks {name!r}")
    return kind(**{name: _conform(value, hints[name], f"{where}.{name}") for name, value in content.items()})


def _conform(value: Any, hint: Any, where: str) -> Any:
    """The value as its hint has it."""
    origin = get_origin(hint)
    if origin is UnionType:
        return None if value is None else _conform(value, get_args(hint)[0], where)
    if origin is tuple and isinstance(value, list):
        return tuple(_conform(part, get_args(hint)[0], where) for part in value)
    if (origin or hint) is dict and isinstance(value, dict):
        return value
    if is_dataclass(hint):
        return build(hint, value, where)  # type: ignore[arg-type]
    if isinstance(hint, type) and issubclass(hint, Enum) and isinstance(value, str) and value in hint.__members__:
        return hint[value]
    if hint is float:
        return _number(value, where)
    if hint in (bool, str) and type(value) is hint:
        return value
    if hint is int and type(value) is int and abs(value) <= LARGEST:
        return value
    raise Fault(f"its {where} is {show(value)}")


def _number(value: Any, where: str) -> float:
    if isinstance(value, str) and value in NON_FINITE:
        return NON_FINITE[value]
    if type(value) is float or (type(value) is int and abs(value) <= LARGEST):
        return float(value)
    raise Fault(f"its {where} is {show(value)}")
