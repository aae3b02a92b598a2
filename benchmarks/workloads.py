"""What is measured, and what is asked of it: one line a workload."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Shape:
    """A problem: its size, its family, and how far apart its components are.

    Parameters
    ----------
    reach : float
        Centers are uniform in a cube from -reach to reach; within a component the standard deviation is 1.
    """

    rows: int
    features: int
    components: int
    family: str = "full"
    reach: float = 4.0

    @property
    def name(self) -> str:
        """The shape as a table calls it."""
        return f"{self.family} {self.rows:_} x {self.features}, K {self.components}".replace("_", " ")

    @property
    def width(self) -> int:
        """P: the numbers a row brings into the matrix products (1, x, and the products that the family needs)."""
        squares = {"full": self.features * (self.features + 1) // 2, "diag": self.features, "spherical": 1}
        return 1 + self.features + squares.get(self.family, 0)

    @property
    def flops(self) -> float:
        """Operations of the two matrix products of an iteration, 4NKP; tied adds one product to whiten and one back."""
        shared = 2 * self.features**2 if self.family == "tied" else 0
        return float(self.rows) * (4 * self.components * self.width + shared)


@dataclass(frozen=True)
class Asked:
    """The least that a figure must be, and what it aims at; `more` says which way is better."""

    least: float
    aim: float
    more: bool = True

    def verdict(self, figure: float) -> str:
        """`aim`, `least` or `short`: the best that the figure meets."""
        sign = 1 if self.more else -1
        if sign * figure >= sign * self.aim:
            return "aim"
        return "least" if sign * figure >= sign * self.least else "short"


@dataclass(frozen=True)
class Workload:
    """One measurement.

    Parameters
    ----------
    kind : str
        Which measurement: a name in `kinds.KINDS`.
    shape : Shape
    asked : dict of str to Asked
        By figure: `ratio`, `product` (part of the machine's dgemm), `megabytes`, `seconds`.
    repeats : int
        Rounds; in each everybody is timed once, one after the other.
    options : dict
        What this kind of measurement wants to know besides.
    """

    kind: str
    shape: Shape
    asked: dict[str, Asked] = field(default_factory=dict)
    repeats: int = 3
    options: dict[str, Any] = field(default_factory=dict)
    label: str = ""

    @property
    def name(self) -> str:
        """Kind and shape: how rows are chosen with --only and found in the JSON."""
        return f"{self.kind}: {self.label or self.shape.name}"


def _ratio(least: float, aim: float) -> dict[str, Asked]:
    return {"ratio": Asked(least, aim)}


def _iteration(shape: Shape, ratio: tuple[float, float], repeats: int, more: Any = None, **options: Any) -> Workload:
    return Workload("iteration", shape, _ratio(*ratio) | MEMORY | (more or {}), repeats, options)


def _answers(work: Workload) -> tuple[Workload, ...]:
    aim = work.asked["ratio"].aim
    return tuple(Workload(kind, work.shape, _ratio(3, aim), 3) for kind in ("score_samples", "predict_proba"))


def _variant(shape: Shape, change: str, repeats: int, steps: tuple[int, int], **options: Any) -> Workload:
    options |= {"change": change, "steps": steps}
    return Workload("variant", shape, {}, repeats, options, f"{shape.name}, {change}")


MEMORY = {"megabytes": Asked(100, 50, more=False)}
PRODUCT = {"product": Asked(0.65, 0.85)}
BIG = Shape(1_000_000, 16, 64)
MIDDLE = Shape(100_000, 32, 64)
WIDE = Shape(50_000, 128, 32)
EIGHT = Shape(500_000, 8, 16)
CLOSE = replace(BIG, reach=1.2)  # its components overlap
# The first alone where the others would take minutes an iteration, or more memory than there is.
PEERS = ("Armadillo", "pomegranate", "gmmx")

# At least and aim against scikit-learn; rounds; iterations timed (ours, scikit-learn's).
ITERATIONS = (
    _iteration(Shape(1_000_000, 2, 4), (25, 40), 7, steps=(10, 3), peers=PEERS),
    _iteration(EIGHT, (12, 18), 5, steps=(8, 2), peers=PEERS),
    _iteration(BIG, (22, 32), 2, PRODUCT, steps=(4, 1), peers=PEERS[:1]),
    _iteration(MIDDLE, (7, 10), 5, steps=(6, 2), peers=PEERS),
    _iteration(WIDE, (2.8, 4.3), 3, PRODUCT, steps=(4, 2)),
    _iteration(Shape(200_000, 32, 64, "tied"), (20, 50), 3, steps=(8, 2)),
    _iteration(Shape(200_000, 64, 256, "diag"), (3.5, 4.5), 3, steps=(4, 2)),
    _iteration(Shape(200_000, 32, 64, "spherical"), (5, 9), 5, steps=(8, 3)),
    _iteration(Shape(500_000, 8, 16, "diag"), (5, 9), 5, steps=(8, 3), peers=PEERS[:2]),
)

# Each beside the same shape as it stands above. A closer reach makes components overlap; scikit-learn, whose steps are
# the second number, has no row weights.
VARIANTS = (
    _variant(BIG, "overlapping", 1, (4, 1), reach=CLOSE.reach),
    _variant(MIDDLE, "overlapping", 3, (6, 1), reach=0.85),
    _variant(EIGHT, "float32 rows", 3, (8, 2)),
    _variant(MIDDLE, "float32 rows", 3, (6, 1)),
    _variant(EIGHT, "row weights", 3, (8, 0)),
    _variant(MIDDLE, "row weights", 3, (6, 0)),
    _variant(EIGHT, "1 thread", 3, (8, 2)),
    _variant(MIDDLE, "1 thread", 3, (6, 1)),
)

GROWING = {"acceleration": "growing"}
SMALL = Shape(400, 2, 2)
FITS = (
    Workload("fit_many", SMALL, _ratio(100, 250), 3, {"sets": 1000}, "1000 fits of 400 x 2, K 2"),
    Workload("one fit", SMALL, _ratio(2, 3), 5, {"sets": 50}, "400 x 2, K 2, default settings"),
    Workload("whole fit", BIG, _ratio(30, 60), 1, {"ours": GROWING}),
    Workload("whole fit", CLOSE, _ratio(30, 60), 1, {"ours": GROWING}, f"{BIG.name}, overlapping"),
    Workload("first fit", Shape(1_000, 4, 3), {"seconds": Asked(1.0, 0.2, more=False)}, 5),
)
FAITHFUL, IRIS = Shape(272, 2, 3, "EEE"), Shape(150, 4, 2, "VEV")
SEARCHES = (
    Workload("search", FAITHFUL, _ratio(1, 2), 5, {"data": "faithful"}, "faithful, 14 families, K 1 to 9"),
    Workload("search", IRIS, _ratio(1, 2), 5, {"data": "iris"}, "iris, 14 families, K 1 to 9"),
    Workload("search loop", Shape(20_000, 4, 5), _ratio(10, 20), 3, {"tol": 1e-3}, "20 000 x 4, 4 families, K 1 to 9"),
)
HUGE = Workload("memory", replace(BIG, rows=4_000_000), MEMORY, 1)

# On a GPU where torch finds one, else on torch's CPU.
DEVICES = tuple(Workload("device", shape, {}, 3, {"steps": (3, 0)}) for shape in (EIGHT, BIG))
# 6.4 GB of single-precision rows in Parquet files; of the memory that a fit may take, and what it may read.
FILED = Shape(100_000_000, 16, 16)
OUT_OF_CORE = Workload(
    "out of core",
    FILED,
    _ratio(0.7, 0.9) | {"peak": Asked(1000, 700, more=False), "readings": Asked(4, 4, more=False)},
    3,
    {"memory": "1 GB"},
)

WORKLOADS = (
    *ITERATIONS,
    *(each for work in ITERATIONS for each in _answers(work)),
    *VARIANTS,
    *FITS,
    *SEARCHES,
    HUGE,
    *DEVICES,
    OUT_OF_CORE,
)


def shrunk(work: Workload) -> Workload:
    """The same workload small enough for a smoke run, with nothing asked of it."""
    enough = 2 * work.shape.components * work.shape.features  # for covariances that have an inverse
    rows = min(work.shape.rows, max(enough, 400, work.shape.rows // 100))
    options = dict(work.options)
    if work.shape is not EIGHT:
        options.pop("peers", None)
    if "steps" in options:
        options["steps"] = tuple(min(1, steps) for steps in options["steps"])
    if "sets" in options:
        options["sets"] = 5
    return replace(work, shape=replace(work.shape, rows=rows), asked={}, repeats=1, options=options)
