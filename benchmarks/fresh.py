"""Work in a process of its own: nothing compiled, loaded or held by what ran before."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.workloads import Shape

FIRST = """
import {module} as library{more}
import numpy as np
from time import perf_counter
rng = np.random.default_rng(0)
X = rng.normal(size=({rows}, {features})) + 5 * rng.integers({components}, size=({rows}, 1))
begun = perf_counter()
library.GaussianMixture({components}, random_state=0).fit(X)
print(perf_counter() - begun)
"""


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """The function's answer, from a new process that ends with it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def first_fit(module: str, shape: Shape, libraries: str = "") -> float:
    """Seconds of the first fit after `import module`, with an empty folder of compiled code."""
    more = f", {libraries}" if libraries else ""
    size = {"rows": shape.rows, "features": shape.features, "components": shape.components}
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", FIRST.format(module=module, more=more, **size)],
            env=os.environ | {"NUMBA_CACHE_DIR": folder},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return float(done.stdout)
