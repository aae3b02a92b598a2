"""Time of one EM iteration against scikit-learn: the same rows, start, threads and answer, in one run.

    python benchmarks/iteration.py [--quick]

Each estimator is timed through its public `fit` from given parameters with a fixed number of iterations; the time of
one is the difference between a long and a short fit, so that set-up and the last measuring pass cancel. Runs alternate.
Prints a table and writes docs/benchmarks.md and docs/benchmarks.json.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import warnings
from dataclasses import asdict, dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SHORT, LONG = 1, 4


@dataclass(frozen=True)
class Workload:
    """A shape of problem."""

    rows: int
    features: int
    components: int
    family: str
    repeats: int

    @property
    def name(self) -> str:
        return f"{self.family} {self.rows:_} x {self.features}, K {self.components}".replace("_", " ")


WORKLOADS = (
    Workload(1_000_000, 2, 4, "full", 5),
    Workload(500_000, 8, 16, "full", 3),
    Workload(100_000, 32, 64, "full", 3),
    Workload(200_000, 32, 64, "tied", 3),
    Workload(500_000, 8, 16, "diag", 3),
    Workload(200_000, 32, 64, "spherical", 3),
)


def problem(work: Workload) -> tuple[np.ndarray, dict[str, Any]]:
    """Rows around K centers, and a start near them."""
    rng = np.random.default_rng(0)
    centers = rng.uniform(-4, 4, size=(work.components, work.features))
    X = centers[rng.integers(work.components, size=work.rows)] + rng.normal(size=(work.rows, work.features))
    k, d = work.components, work.features
    precisions = {"full": np.tile(np.eye(d), (k, 1, 1)), "tied": np.eye(d), "diag": np.ones((k, d))}
    start = {
        "weights_init": np.full(k, 1.0 / k),
        "means_init": centers + 0.3 * rng.normal(size=centers.shape),
        "precisions_init": precisions.get(work.family, np.ones(k)),
    }
    return X, start


def fit(kind: Any, work: Workload, X: np.ndarray, start: dict[str, Any], iterations: int) -> tuple[float, Any]:
    """Seconds of a fit of exactly `iterations` iterations, and the fitted estimator."""
    model = kind(work.components, covariance_type=work.family, tol=0.0, max_iter=iterations, **start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        begun = perf_counter()
        model.fit(X)
    return perf_counter() - begun, model


def iteration(kind: Any, work: Workload, X: np.ndarray, start: dict[str, Any]) -> tuple[float, Any]:
    """Seconds of one iteration, and the estimator after LONG of them."""
    short, _ = fit(kind, work, X, start, SHORT)
    long, model = fit(kind, work, X, start, LONG)
    return (long - short) / (LONG - SHORT), model


def measure(work: Workload, quick: bool) -> dict[str, Any]:
    """One row of the table."""
    from sklearn.mixture import GaussianMixture as Theirs

    import mixtura as mx

    X, start = problem(work)
    ours, theirs = [], []
    for _ in range(1 if quick else work.repeats):
        seconds, mine = iteration(mx.GaussianMixture, work, X, start)
        ours.append(seconds)
        seconds, other = iteration(Theirs, work, X, start)
        theirs.append(seconds)
    gap = max(
        abs(float(np.abs(a / b - 1).max()))
        for a, b in ((mine.weights_, other.weights_), (np.array(mine.lower_bounds_), np.array(other.lower_bounds_)))
    )
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return {
        **asdict(work),
        "name": work.name,
        "ours": statistics.median(ours),
        "theirs": statistics.median(theirs),
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "largest_relative_difference": gap,
        "same_answer": gap < 1e-8,
        "extra_megabytes": extra_memory(work),
    }


def extra_memory(work: Workload) -> float:
    """Peak megabytes that a fit takes beyond its rows, in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (work,))


def _peak(work: Workload) -> float:
    import mixtura as mx

    fit(mx.GaussianMixture, Workload(1000, work.features, 2, work.family, 1), *_small(work), SHORT)  # imports
    X, start = problem(work)
    before = _resident()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    fit(mx.GaussianMixture, work, X, start, 2)
    return max(0.0, _high_water() - before)


def _small(work: Workload) -> tuple[np.ndarray, dict[str, Any]]:
    return problem(Workload(1000, work.features, 2, work.family, 1))


def _status(field: str) -> float:
    line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith(field))
    return float(line.split()[1]) / 1024


def _resident() -> float:
    return _status("VmRSS")


def _high_water() -> float:
    return _status("VmHWM")


def dgemm() -> float:
    """Billions of floating point operations a second of this machine's matrix product, all threads."""
    a = np.random.default_rng(0).normal(size=(2000, 2000))
    a @ a
    best = min(_timed(lambda: a @ a) for _ in range(5))
    return 2 * 2000**3 / best / 1e9


def _timed(action: Any) -> float:
    begun = perf_counter()
    action()
    return perf_counter() - begun


def page(rows: list[dict[str, Any]], machine: dict[str, Any]) -> str:
    """The table as Markdown."""
    head = (
        "# Benchmarks\n\n"
        "One EM iteration (E-step and M-step, float64) against scikit-learn, written by `make bench`: the same rows,\n"
        "the same given start, the same threads, alternately in one run. The ratio is the median of the pairs, with\n"
        "the lowest and the highest; trust it more than the seconds. *Same answer*: weights and every log-likelihood\n"
        "agree to 1e-8. *Extra memory* is the peak of our fit beyond its rows, in a process of its own.\n\n"
        f"{machine['cpu']}, {machine['threads']} threads, matrix product {machine['dgemm']:.0f} Gflop/s; "
        f"Python {machine['python']}, NumPy {machine['numpy']}, scikit-learn {machine['sklearn']}; {machine['date']}."
        "\n\n"
        "| workload | ours, s | scikit-learn, s | ratio | same answer | extra memory, MB |\n|---|---|---|---|---|---|\n"
    )
    lines = (
        f"| {r['name']} | {r['ours']:.3f} | {r['theirs']:.3f} | **{r['ratio']:.1f}** ({r['ratio_low']:.1f} to "
        f"{r['ratio_high']:.1f}) | {'yes' if r['same_answer'] else 'NO'} ({r['largest_relative_difference']:.0e}) | "
        f"{r['extra_megabytes']:.0f} |\n"
        for r in rows
    )
    return head + "".join(lines)


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    import sklearn

    from mixtura.threads import available

    told = Path("/proc/cpuinfo").read_text().splitlines()
    names = [row.split(":")[1].strip() for row in told if "model name" in row]
    return {
        "cpu": names[0] if names else platform.processor(),
        "threads": available(),
        "dgemm": dgemm(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "sklearn": sklearn.__version__,
        "date": date.today().isoformat(),
    }


def main() -> int:
    """Run every workload; exit 1 where an answer differs."""
    from rich.console import Console
    from rich.table import Table

    quick = "--quick" in sys.argv
    table = Table("workload", "ours, s", "scikit-learn, s", "ratio", "same answer", "extra MB")
    rows = []
    for work in WORKLOADS:
        row = measure(work, quick)
        rows.append(row)
        table.add_row(
            row["name"],
            f"{row['ours']:.3f}",
            f"{row['theirs']:.3f}",
            f"{row['ratio']:.1f}",
            "yes" if row["same_answer"] else f"NO ({row['largest_relative_difference']:.1e})",
            f"{row['extra_megabytes']:.0f}",
        )
        print(f"{row['name']}: {row['ratio']:.1f} times", file=sys.stderr)
    Console(width=100).print(table)
    if not quick:
        found = machine()
        (ROOT / "docs/benchmarks.md").write_text(page(rows, found))
        (ROOT / "docs/benchmarks.json").write_text(json.dumps({"machine": found, "rows": rows}, indent=1) + "\n")
    return 0 if all(row["same_answer"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
