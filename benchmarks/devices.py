"""One iteration on rows that a device holds: beside that device's own matrix products, with the precision stated.

On a GPU where torch finds one, else on torch's CPU; without torch the row says that it was skipped. All of ours is in
float64, so its part of the float64 product is the figure to look at; float32 and TF32 say what was given up for digits.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from time import perf_counter
from typing import Any

from benchmarks.footprint import estimator
from benchmarks.problems import fit, gap, problem
from benchmarks.rounds import alternate, between
from benchmarks.workloads import Workload

EXACT = 1e-8  # how far the fit may be from NumPy's
ORDERS = {"cuda": 8192, "cpu": 1600}  # of the square matrices: enough work for the device, and not a minute of it


def on_device(work: Workload) -> dict[str, Any]:
    """Seconds of an iteration, and the device's products in Gflop/s; everything is read in the same rounds."""
    if find_spec("torch") is None:
        return {"samples": {}, "missing": ["torch, which is not installed: SKIPPED"]}
    torch = importlib.import_module("torch")
    where = "cuda" if torch.cuda.is_available() else "cpu"
    X, start = problem(work.shape)
    kind, held, steps = estimator("ours"), torch.from_numpy(X).to(where), work.options["steps"][0]
    fitted = fit(kind, work.shape, held, 1, **start)[1]
    apart = gap(fitted, fit(kind, work.shape, X, 1, **start)[1])
    if apart > EXACT:
        raise AssertionError(f"On {where} the fit is {apart:.0e} from NumPy's.")
    clocks = {"ours": lambda: between(lambda count: fit(kind, work.shape, held, count, **start)[0], steps)}
    rates = {"matrix product": _rate(torch, where, "float64"), "float32": _rate(torch, where, "float32")}
    if where == "cuda":
        rates["TF32"] = _rate(torch, where, "float32", tf32=True)
    samples = alternate(clocks | rates, work.repeats)
    notes = {"device": torch.cuda.get_device_name() if where == "cuda" else "torch's CPU", "apart": apart}
    print(f"  {told(work, notes['device'], samples)}; {apart:.0e} from NumPy's fit", file=sys.stderr, flush=True)
    missing = [] if where == "cuda" else ["a GPU, for none is at hand: SKIPPED, and torch's CPU measured instead"]
    return {"samples": samples, "missing": missing, "notes": notes}


def told(work: Workload, device: str, samples: dict[str, list[float]]) -> str:
    """The figures in a sentence: N K P a second, the operations of the two products, and the device's own rates."""
    shape, seconds = work.shape, min(samples["ours"])
    updates = shape.rows * shape.components * shape.width / seconds
    own = shape.flops / seconds / 1e9
    parts = {name.replace("matrix product", "float64"): max(rate) for name, rate in samples.items() if name != "ours"}
    beside = ", ".join(f"{name} {rate:.0f} ({own / rate:.0%})" for name, rate in parts.items())
    return (
        f"{device}, float64: {updates:.3g} points x components x P a second, 4 N K P = {own:.1f} Gflop/s; "
        f"its matrix product in Gflop/s (and our part of it): {beside}"
    )


def _rate(torch: Any, where: str, dtype: str, tf32: bool = False) -> Any:
    """A clock that reads Gflop/s of torch's product of two square matrices on the device: best of 3."""
    order = ORDERS[where]
    a = torch.randn(order, order, dtype=getattr(torch, dtype), device=where)

    def once() -> float:
        begun = perf_counter()
        a @ a
        if where == "cuda":
            torch.cuda.synchronize()
        return perf_counter() - begun

    def clock() -> float:
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("high" if tf32 else "highest")
        try:
            once()
            return 2 * float(order) ** 3 / min(once() for _ in range(3)) / 1e9
        finally:
            torch.set_float32_matmul_precision(before)

    return clock
