"""The figures of a run, what follows from them, and the file that keeps them."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.workloads import Asked, Shape, Workload


class OtherMachine(Exception):
    """Figures of two machines, or of two versions, make no table."""


@dataclass(frozen=True)
class Spread:
    """The middle, the lowest and the highest of several."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Of a list that is not empty."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Row:
    """One workload, measured.

    Parameters
    ----------
    samples : dict of str to list of float
        Seconds in each round by name (`ours`, `scikit-learn`, ...); `matrix product` is in Gflop/s.
    gaps : dict of str to float
        How far the answer of each other is from ours.
    tolerance : dict of str to float
        How far it may be.
    missing : list of str
        Peers that are not installed, or failed.
    megabytes : dict of str to float
        Peak memory beyond the rows.
    where : dict
        Shares of the time by stage and by function.
    notes : dict
        Whatever else a reader should know, by name.
    """

    name: str
    kind: str
    label: str
    shape: Shape
    asked: dict[str, Asked]
    taken: str
    samples: dict[str, list[float]]
    gaps: dict[str, float] = field(default_factory=dict)
    tolerance: dict[str, float] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    megabytes: dict[str, float] = field(default_factory=dict)
    where: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    failed: str = ""

    def seconds(self, name: str = "ours") -> Spread | None:
        """Seconds of one iteration or fit."""
        return Spread.of(self.samples[name]) if self.samples.get(name) else None

    @property
    def rival(self) -> str:
        """Whom ours is compared with: scikit-learn, mclust where that is asked, or ourselves with rows in memory."""
        return {"search": "mclust", "out of core": "in memory"}.get(self.kind, "scikit-learn")

    def ratio(self, other: str | None = None, to: str = "ours") -> Spread | None:
        """How many times as long another takes, round by round; a round too short for the clock does not count."""
        pairs = zip(self.samples.get(to, []), self.samples.get(other or self.rival, []), strict=False)
        ratios = [b / a for a, b in pairs if a > 0 and b > 0]
        return Spread.of(ratios) if ratios else None

    def product(self) -> float | None:
        """Part of the machine's matrix product rate that the iteration's products would need by themselves."""
        rounds = zip(self.samples.get("ours", []), self.samples.get("matrix product", []), strict=False)
        parts = [self.shape.flops / seconds / rate / 1e9 for seconds, rate in rounds]
        return statistics.median(parts) if parts else None

    def figure(self, name: str) -> float | None:
        """The figure that something is asked of."""
        ratio, seconds = self.ratio(), self.seconds()
        figures = {
            "ratio": ratio and ratio.median,
            "product": self.product(),
            "seconds": seconds and seconds.median,
            "megabytes": self.megabytes.get("ours"),
            "peak": self.notes.get("peak"),
            "readings": self.notes.get("readings"),
        }
        return figures[name]

    def verdict(self, name: str) -> str:
        """`aim`, `least`, `short`; `wrong` where an answer differs, `failed` where there is no figure."""
        figure = self.figure(name)
        if self.failed or figure is None:
            return "failed"
        return self.asked[name].verdict(figure) if self.right() else "wrong"

    def right(self) -> bool:
        """Whether the answer is the rival's within the tolerance; what other libraries answer is their affair."""
        return not self.failed and self.agrees(self.rival)

    def agrees(self, name: str) -> bool:
        """Whether another's answer, where it was compared, is ours within the tolerance."""
        return name not in self.gaps or self.gaps[name] <= self.tolerance[name]


def of(work: Workload, taken: str, **measured: Any) -> Row:
    """A row of this workload."""
    return Row(work.name, work.kind, work.label, work.shape, work.asked, taken, **measured)


def load(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """The machine and the rows of a file; nothing where there is none, or where it is of another form."""
    told = json.loads(path.read_text()) if path.exists() else {}
    if told.get("form") != 2:
        return {}, []
    return told["machine"], [_row(each) for each in told["rows"]]


def _row(told: dict[str, Any]) -> Row:
    asked = {name: Asked(**values) for name, values in told.pop("asked").items()}
    return Row(shape=Shape(**told.pop("shape")), asked=asked, **told)


def save(path: Path, machine: dict[str, Any], rows: list[Row]) -> None:
    """Write them, one sample list a line would be too long: indented by one."""
    told = {"form": 2, "machine": machine, "rows": [_rounded(asdict(row)) for row in rows]}
    path.write_text(json.dumps(told, indent=1, allow_nan=False) + "\n")


def _rounded(value: Any) -> Any:
    """Six digits: no clock has more."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


def merged(order: list[str], old: list[Row], new: list[Row]) -> list[Row]:
    """New rows in the place of old ones of their name; what is no longer a workload is dropped."""
    found = {row.name: row for row in [*old, *new]}
    return [found[name] for name in order if name in found]


def same_machine(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Refuse to mix.

    Raises
    ------
    OtherMachine
        Naming what differs; the remedy is a whole run.
    """
    differ = [f"{name}: {old[name]} then, {new.get(name)} now" for name in old if old[name] != new.get(name)]
    if differ:
        raise OtherMachine(f"The committed figures are of another machine ({'; '.join(differ)}). Run all of them.")
