"""Everything the page on differences shows, as plain values."""

from __future__ import annotations

import shutil
import subprocess
from time import perf_counter
from typing import Any

import numpy as np

import mixtura as mx
from benchmarks import machine
from tests.covariance import problems
from tests.mclust import compare
from tests.mclust.compare import WAYS, Difference, searched
from tests.mclust.reference import FURTHER, GOLDEN, SETS, Cell, reference, told

# R's own time for its table, the rows being read and the package loaded before; best of three.
IN_R = """
suppressMessages(library(mclust)); X <- read.csv("{path}"); X <- as.matrix(X[, names(X) != "class"])
cat(min(replicate(3, system.time(mclustBIC(X, verbose = FALSE))[["elapsed"]])))
"""
# Why a cell of the search is lower than mclust's.
WHY = {
    "parted": "the exact M-step takes another path, as below",
    "partition": "from mclust's partition the search reaches it; ours is another",
    "plateau": "it stops on a plateau: a smaller tol reaches it",
    "leaps": "SQUAREM's leaps end elsewhere: acceleration=None with a small tol reaches it",
}


def measured() -> dict[str, Any]:
    """Run everything."""
    return {
        "machine": machine.described() | {"R": in_r("cat(as.character(getRversion()))")},
        "sets": {name: of_set(name) for name in SETS + FURTHER},
        "parted": [parted(one) for one in told("tight/parted")],
        "m_steps": m_steps(),
        "noise": {one["modelName"]: noise(one) for one in told("tight/criteria")["cases"] if one["kind"] == "noise"},
    }


def of_set(name: str) -> dict[str, Any]:
    """One data set: every cell in every way, the best models, and seconds."""
    known = reference(name)
    lower = [one for one in compare.differences(name, "own") if one.is_lower]
    return {
        "shape": list(known.X.shape),
        "cells": [
            {"family": cell[0], "k": cell[1], "theirs": rounded(theirs)}
            | {way: rounded(searched(name, way).bic[cell]) for way in ("path", "own")}
            | {"why": "" if theirs is not None else searched(name, "own").outcome[cell]}
            for cell, theirs in known.tight.items()
        ],
        "lower": [{"family": one.cell[0], "k": one.cell[1], "why": why(name, one)} for one in lower],
        "best": {
            key: [list(searched(name, "own").best(key)), list(known.best[key]), list(known.early[key])]
            for key in ("bic", "icl")
        },
        "seconds": {"ours": seconds(name), "theirs": in_r(IN_R.format(path=path_of(name)))},
    }


def rounded(value: float | None) -> float | None:
    """To as many digits as are compared."""
    return None if value is None else round(value, 6)


def path_of(name: str) -> str:
    """The file of a data set's rows."""
    return str(GOLDEN / ("tight" if name in FURTHER else "data") / f"{name}.csv")


def seconds(name: str) -> float:
    """Of a whole search at its defaults, the best of three."""
    X, found = reference(name).X, []
    for _ in range(3):
        begun = perf_counter()
        compare.found(X)
        found.append(perf_counter() - begun)
    return min(found)


def in_r(code: str) -> str | None:
    """What R prints; None where there is no R."""
    if shutil.which("Rscript") is None:
        return None
    return subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout.strip()


def why(name: str, lower: Difference) -> str:
    """The key of `WHY`, found by running the cell alone in other ways."""
    family, k = lower.cell
    if cell_of(name, "path", lower.cell).is_lower:
        return "parted"
    if not cell_of(name, "given", lower.cell).is_lower:
        return "partition"
    known = reference(name)
    further = compare.found(
        known.X, n_components=k, covariance_types=family, init_params=dict(known.labels), tol=WAYS["path"]["tol"]
    )
    return "leaps" if Difference(lower.cell, lower.theirs, further.bic[lower.cell]).is_lower else "plateau"


def cell_of(name: str, way: str, cell: Cell) -> Difference:
    """One cell in one way."""
    return Difference(cell, reference(name).tight[cell], searched(name, way).bic[cell])


def parted(one: dict[str, Any]) -> dict[str, Any]:
    """A cell in which paths part: log-likelihoods at mclust's end, at ours, and at ours begun from mclust's end."""
    X, k, family = reference(one["dataset"]).X, one["G"], one["modelName"]
    there = mx.GaussianMixture.from_parameters(one["pro"], one["mean"], one["sigma"], covariance_type=family)
    settings = WAYS["path"] | {"n_components": k, "covariance_types": family}
    on = compare.found(X, again=False, init_params=there.predict_proba(X), **settings).bic[family, k]
    bic = -float(there.bic(X))
    return {"set": one["dataset"], "family": family, "k": k, "theirs": bic, "on": on} | {
        "ours": searched(one["dataset"], "path").bic[family, k]
    }


def m_steps() -> list[dict[str, Any]]:
    """Complete log-likelihood after one M-step from the same partition, ours less mclust's."""
    found = []
    for step, code in problems.stored_cases():
        known = problems.stored_step(step)
        stored = known.models[code]["mstep_tight" if code in problems.ITERATIVE else "mstep"]
        ours = known.complete_log_likelihood(problems.sigma(code, known.mass, known.scatter))
        found.append({"step": step, "family": code, "gain": float(ours) - stored["complete_loglik"]})
    return found


def noise(one: dict[str, Any]) -> dict[str, float]:
    """EM with a noise component from the same labels to its end: BIC with R's sign, theirs and ours."""
    known = told("tight/criteria")["noisy"]
    X, labels = np.array(known["rows"]), np.array(known["labels"]) - 1
    settings = {"init_params": labels, "reg_covar": 0, "tol": 1e-12, "max_iter": 5000, "noise": 1.0 / one["Vinv"]}
    model = mx.GaussianMixture(one["G"], covariance_type=one["modelName"], **settings).fit(X)
    return {"theirs": one["bic"], "ours": -float(model.bic(X))}
