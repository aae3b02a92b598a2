"""Searches over families and numbers of components: against R's mclust, and against a loop over scikit-learn."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.footprint import estimator
from benchmarks.iterations import OURS, THEIRS
from benchmarks.problems import problem, timed
from benchmarks.rounds import alternate
from benchmarks.where import sampled
from benchmarks.workloads import Workload

MCLUST = "mclust"
NUMBERS = range(1, 10)
# mclust stops when the log-likelihood changes by less than this part of one more than its size.
RULE = 1e-5
# R times itself, without its start and its packages; the table goes out with every figure's digits.
SCRIPT = """
suppressMessages(library(mclust))
X <- as.matrix(read.csv(commandArgs(TRUE)[1]))
seconds <- system.time(table <- mclustBIC(X, verbose = FALSE))[["elapsed"]]
best <- max(table, na.rm = TRUE)
at <- which(unclass(table) == best, arr.ind = TRUE)[1, ]
cat(sprintf('{"seconds": %.3f, "bic": %.9f, "family": "%s", "n_components": %d}',
            seconds, best, colnames(table)[at[2]], as.integer(rownames(table)[at[1]])))
"""


def against_mclust(work: Workload) -> dict[str, Any]:
    """The whole table of a data set that comes with the package, by mclust's stopping rule or a stricter one."""
    import mixtura as mx

    X = getattr(mx.datasets, f"load_{work.options['data']}")().data
    first = mx.MixtureSearch(NUMBERS).fit(X)  # compiles; and says how large the log-likelihoods are
    sizes = [abs(row.log_likelihood) for row in first.results_ if row.log_likelihood is not None]
    tol = RULE * (1.0 + min(sizes)) / len(X)  # in every cell at least as strict as mclust's
    found: dict[str, Any] = {}

    def ours() -> float:
        seconds, found[OURS] = timed(lambda: mx.MixtureSearch(NUMBERS, tol=tol, acceleration=None).fit(X))
        return seconds

    def theirs() -> float:
        found[MCLUST] = _mclust(X)
        return float(found[MCLUST]["seconds"])

    clocks = {OURS: ours} | ({MCLUST: theirs} if shutil.which("Rscript") else {})
    samples = alternate(clocks, work.repeats)
    best, there = found[OURS], found.get(MCLUST)
    told = {"tol": tol, "best": {**best.best_params_, "bic": best.best_score_}, "candidates": len(best.results_)}
    if there is None:
        return {"samples": samples, "missing": [MCLUST], "notes": told, "where": sampled(ours)}
    gaps = {MCLUST: max(0.0, best.best_score_ + there["bic"])}
    told[MCLUST] = there
    return {"samples": samples, "gaps": gaps, "tolerance": {MCLUST: 0.1}, "notes": told, "where": sampled(ours)}


def _mclust(X: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        rows, script = Path(folder) / "rows.csv", Path(folder) / "search.R"
        np.savetxt(rows, X, delimiter=",", header=",".join(f"x{j}" for j in range(X.shape[1])), comments="")
        script.write_text(SCRIPT, encoding="utf-8")
        run = subprocess.run(["Rscript", str(script), str(rows)], capture_output=True, text=True, check=True)
    return dict(json.loads(run.stdout.strip().splitlines()[-1]))


def against_a_loop(work: Workload) -> dict[str, Any]:
    """scikit-learn's four families: our search, and a loop of fits with one start each; plain EM, one stopping rule."""
    import mixtura as mx

    X, _ = problem(work.shape)
    settings = {"tol": work.options["tol"], "reg_covar": 1e-6, "max_iter": 1000}
    found: dict[str, Any] = {}

    def ours() -> float:
        search = mx.MixtureSearch(NUMBERS, covariance_types="sklearn", acceleration=None, **settings)
        seconds, found[OURS] = timed(lambda: search.fit(X))
        return seconds

    def theirs() -> float:
        kind, names = estimator(THEIRS), ("full", "tied", "diag", "spherical")

        def loop() -> float:
            asked = [(k, name) for name in names for k in NUMBERS]
            fits = [kind(k, covariance_type=name, random_state=0, **settings).fit(X) for k, name in asked]
            return min(fit.bic(X) for fit in fits)

        seconds, found[THEIRS] = timed(loop)
        return seconds

    ours()
    samples = alternate({OURS: ours, THEIRS: theirs}, work.repeats)
    best = found[OURS].best_score_
    gap = max(0.0, best - found[THEIRS]) / abs(found[THEIRS])
    told = {"tol": work.options["tol"], "best": {**found[OURS].best_params_, "bic": best}, THEIRS: found[THEIRS]}
    measured = {"samples": samples, "gaps": {THEIRS: gap}, "tolerance": {THEIRS: 1e-5}}
    return {**measured, "notes": told, "where": sampled(ours)}
