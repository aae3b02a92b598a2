"""Peak memory of a fit beyond its rows. Meant for a process of its own, and for Linux: elsewhere there is no figure."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path
from typing import Any

from benchmarks.problems import fit, problem
from benchmarks.workloads import Shape

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak(name: str, shape: Shape) -> float | None:
    """Megabytes that two iterations and the last measuring pass take above what the process held before.

    A fit of the same rows goes first, so that libraries and compiled code are loaded; what it freed is handed back to
    the system before the process is weighed. scikit-learn, which is slow, is spared that fit on all rows.
    """
    if not FORGET.exists():
        return None
    kind = estimator(name)
    X, start = problem(shape)
    fit(kind, shape, X if name == "ours" else X[: 50 * shape.components], 1, **start)
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = _megabytes("VmRSS")
    FORGET.write_text("5")  # the highest so far
    fit(kind, shape, X, 2 if name == "ours" else 1, **start)
    return max(0.0, _megabytes("VmHWM") - before)


def estimator(name: str) -> Any:
    """The class to be fitted: `ours`, or scikit-learn's."""
    if name == "ours":
        from mixtura import GaussianMixture as Ours

        return Ours
    from sklearn.mixture import GaussianMixture as Theirs

    return Theirs


def _megabytes(field: str) -> float:
    line = next(row for row in STATUS.read_text().splitlines() if row.startswith(field))
    return float(line.split()[1]) / 1024
