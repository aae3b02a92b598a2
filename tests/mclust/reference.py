"""What R's mclust says of seven data sets (tests/golden/README.md), read from its files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GOLDEN = Path(__file__).parents[1] / "golden"
# Those that the reference holds from the beginning, and more.
SETS = ("faithful", "iris", "acidity", "banknote")
FURTHER = ("diabetes", "thyroid", "wdbc")

Cell = tuple[str, int]


@dataclass(frozen=True)
class Reference:
    """One data set and mclust's tables, with R's sign.

    Parameters
    ----------
    name : str
    X : array of shape (N, D)
    labels : mapping
        The partition that mclust begins from, by number of components, from 0.
    tight : mapping
        BIC by family and number of components, EM run to a relative change below 1e-10; None is R's NA.
    best : mapping
        Best family and number of components by "bic" and "icl".
    early : mapping
        The same under mclust's own stopping rule.
    """

    name: str
    X: NDArray[np.float64]
    labels: Mapping[int, NDArray[np.int64]]
    tight: Mapping[Cell, float | None]
    best: Mapping[str, Cell]
    early: Mapping[str, Cell]


def rows_of(path: Path) -> NDArray[np.float64]:
    """The numeric columns of a file."""
    with path.open() as file:
        header, *rows = list(csv.reader(file))
    columns = [j for j, name in enumerate(header) if name != "class"]
    return np.array([[float(row[j]) for j in columns] for row in rows])


def cells_of(table: Mapping[str, Any]) -> dict[Cell, float | None]:
    """A table by family and number of components."""
    lines = zip(table["G"], table["values"], strict=True)
    return {(name, int(k)): value for k, line in lines for name, value in zip(table["modelNames"], line, strict=True)}


def told(name: str) -> Any:
    """A file of the golden folder."""
    return json.loads((GOLDEN / f"{name}.json").read_text())


def labels_of(init: Mapping[str, Any], n: int) -> dict[int, NDArray[np.int64]]:
    """Partitions by number of components, from 0, and the one for one component."""
    found = {int(k): np.array(labels) - 1 for k, labels in zip(init["G"], init["labels"], strict=True)}
    return {1: np.zeros(n, dtype=np.int64), **found}


@cache
def reference(name: str) -> Reference:
    """Everything about one data set."""
    further = name in FURTHER
    tight = told(f"tight/{name}")
    fit = tight if further else told(f"fits/{name}")
    X = rows_of(GOLDEN / ("tight" if further else "data") / f"{name}.csv")
    best, early = ({key: _best(fit, key, end) for key in ("bic", "icl")} for end in ("_tight", ""))
    return Reference(name, X, labels_of(fit["init"], len(X)), cells_of(tight["BIC"]), best, early)


def _best(fit: Mapping[str, Any], criterion: str, end: str) -> Cell:
    """The best by a criterion; a file of fits names that of ICL only where it is another than that of BIC."""
    one = fit.get(f"best_{criterion}{end}", fit[f"best_bic{end}"])
    return one["modelName"], int(one["G"])
