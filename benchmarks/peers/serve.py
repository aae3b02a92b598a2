"""Serve pomegranate or gmmx: `python serve.py NAME FOLDER THREADS`; see this folder's __init__.py for the two words.

Runs under the interpreter that has the peer, which need not have mixtura.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

REG_COVAR = 1e-6  # scikit-learn's, where the peer has one


def read(folder: Path) -> tuple[str, dict[str, Any]]:
    """The family, and rows, weights, means and covariances."""
    shape = json.loads((folder / "shape.json").read_text())
    n, d, k, family = shape["rows"], shape["features"], shape["components"], shape["family"]
    sizes = {"rows": (n, d), "weights": (k,), "means": (k, d), "covariances": (k, d, d) if family == "full" else (k, d)}
    return family, {name: np.fromfile(folder / f"{name}.f64").reshape(size) for name, size in sizes.items()}


def pomegranate(
    family: str, given: dict[str, Any], threads: int
) -> tuple[Callable[[int], Any], Callable[[Any], float]]:
    """Torch tensors of float64 throughout."""
    import torch
    from pomegranate.distributions import Normal
    from pomegranate.gmm import GeneralMixtureModel

    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float64)
    rows, weights, means, covariances = (torch.tensor(given[name]) for name in given)

    def fit(steps: int) -> Any:
        parts = [Normal(m.clone(), c.clone(), covariance_type=family) for m, c in zip(means, covariances, strict=True)]
        model = GeneralMixtureModel(parts, priors=weights.clone(), max_iter=steps, tol=-np.inf)
        with torch.no_grad():
            return model.fit(rows)

    def score(model: Any) -> float:
        with torch.no_grad():
            return float(model.log_probability(rows).mean())

    return fit, score


def gmmx(family: str, given: dict[str, Any], threads: int) -> tuple[Callable[[int], Any], Callable[[Any], float]]:
    """JAX arrays of float32, the only ones gmmx takes; compiled for a number of iterations before its first timing."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])  # JAX has no setting of its own
    import jax
    from gmmx import EMFitter, GaussianMixtureModelJax

    rows, weights, means, covariances = (jax.numpy.asarray(given[name], dtype="float32") for name in given)
    start = GaussianMixtureModelJax.from_squeezed(means, covariances, weights, covariance_type=family)

    def fit(steps: int) -> Any:
        return jax.block_until_ready(EMFitter(max_iter=steps, tol=0.0, reg_covar=REG_COVAR).fit(rows, start))

    return fit, lambda found: float(found.gmm.score(rows))


def main() -> None:
    """Obey until the input ends."""
    family, given = read(Path(sys.argv[2]))
    fit, score = {"pomegranate": pomegranate, "gmmx": gmmx}[sys.argv[1]](family, given, int(sys.argv[3]))
    answers, model, met = sys.stdout, None, set()
    sys.stdout = sys.stderr  # what a library prints is no answer
    for line in sys.stdin:
        word, *steps = line.split()
        if word == "fit" and sys.argv[1] == "gmmx" and steps[0] not in met:
            met.add(steps[0])
            fit(int(steps[0]))
        begun = perf_counter()
        if word == "fit":
            model = fit(int(steps[0]))
        print(perf_counter() - begun if word == "fit" else score(model), file=answers, flush=True)


if __name__ == "__main__":
    main()
