"""Classified data sets, and what mclust says of them."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

GOLDEN = Path(__file__).parents[1] / "golden"
SETS = ("iris", "banknote", "thyroid", "diabetes")


@cache
def rows(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Measurements (N, D) and class names (N,)."""
    path = GOLDEN / "classification" / f"{name}.csv"
    path = path if path.exists() else GOLDEN / "data" / f"{name}.csv"
    with path.open(encoding="utf-8") as file:
        _, *lines = csv.reader(file)
    return np.array([[float(cell) for cell in line[:-1]] for line in lines]), np.array([line[-1] for line in lines])


@cache
def told(name: str) -> dict[str, Any]:
    """What mclust says (tests/golden/classification/README.md)."""
    found: dict[str, Any] = json.loads((GOLDEN / "classification" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def hidden(name: str) -> np.ndarray:
    """Classes with those missing that mclust was not told."""
    classes = rows(name)[1].astype(object)
    classes[np.array(told(name)["hidden"]) - 1] = None
    return classes
