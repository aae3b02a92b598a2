"""What the figures were taken on, and how fast its matrix product is."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.problems import timed

ORDER = 1600


def matrix_product() -> float:
    """Billions of operations a second of NumPy's product of two square float64 matrices, on all threads: best of 3."""
    a = np.random.default_rng(0).normal(size=(ORDER, ORDER))
    return 2 * ORDER**3 / min(timed(lambda: a @ a)[0] for _ in range(3)) / 1e9


def described() -> dict[str, Any]:
    """The processor, the threads in use and the versions: figures are merged only where all of these agree."""
    import sklearn

    from mixtura.threads import available

    told = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [row.split(":")[1].strip() for row in told if row.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "threads": available(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }
