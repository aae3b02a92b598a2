"""``mixtura plot``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mixtura.cli.endings import Code
from mixtura.cli.inputs import Reading, note
from mixtura.cli.models import calm, in_options
from mixtura.cli.outputs import output, size
from mixtura.cli.picking import pick
from mixtura.cli.requests import Choosing, Saying
from mixtura.cli.result import columns_line

# Rows that are drawn of those that are not in memory.
_DRAWN = 20_000
_SUFFIXES = (".png", ".svg", ".pdf")


def run(path: str, data: Sequence[str], reading: Reading, choosing: Choosing, saying: Saying) -> int:
    """Draw rows and components into a file."""
    picked = pick(path, data, reading, choosing, saying, _SUFFIXES)
    target = str(saying.output)
    from mixtura import plots

    say = note(saying.quiet)
    say(columns_line(picked.features, picked.unused))
    with calm(), in_options():
        with picked.shown(saying.quiet):
            rows, told = picked.some_rows(_DRAWN)
        axes = plots.classification(picked.model, rows.values, rows.weight, feature_names=picked.features)
        with output(target, saying.force) as file:
            _save(axes, file, Path(target).suffix.lower().lstrip("."))
    picked.report(saying.quiet)
    if told:
        say(told)
    say(f"Wrote {target} ({size(target)}).")
    return Code.DONE


def _save(axes: Any, file: Any, kind: str) -> None:
    first = axes if not hasattr(axes, "flat") else next(panel for panel in axes.flat if panel is not None)
    first.figure.savefig(file, format=kind or "png", dpi=150)
