"""Run workloads, show them, and keep them in docs/benchmarks.json and docs/benchmarks.md.

    python -m benchmarks [--quick] [--only PATTERN ...] [--page] [--list]

Each row is written as soon as it is measured, into the place of the one before it, so that one workload can be
measured again by itself. The exit code is 1 where an answer differs or a workload failed, whatever the speed.
"""

from __future__ import annotations

import argparse
import sys
from fnmatch import fnmatch
from pathlib import Path
from time import perf_counter

from benchmarks import ledger, machine, page, terminal
from benchmarks.kinds import run
from benchmarks.ledger import Row
from benchmarks.workloads import WORKLOADS, Workload, shrunk

DOCS = Path(__file__).resolve().parents[1] / "docs"
FIGURES, PAGE = DOCS / "benchmarks.json", DOCS / "benchmarks.md"


def arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="all rows on small sizes, once; nothing is written")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="rows whose name has this in it")
    parser.add_argument("--page", action="store_true", help="write the page from the JSON, without measuring")
    parser.add_argument("--list", action="store_true", help="list the rows")
    return parser.parse_args(words)


def chosen(patterns: list[str]) -> list[Workload]:
    """The workloads that a pattern names: a part of the name, or a glob."""
    return [w for w in WORKLOADS if not patterns or any(p in w.name or fnmatch(w.name, p) for p in patterns)]


def measure(works: list[Workload], quick: bool) -> list[Row]:
    """Run them, one line each as they end; keep what was found unless it is a smoke run."""
    rows: list[Row] = []
    for work in works:
        begun = perf_counter()
        rows.append(run(shrunk(work) if quick else work, apart=not quick))
        print(f"{terminal.line(rows[-1])} [{perf_counter() - begun:.0f} s]", file=sys.stderr, flush=True)
        if not quick:
            keep(rows)
    return rows


def keep(rows: list[Row]) -> None:
    """Put the rows in their places in the file, and write the page."""
    _, old = ledger.load(FIGURES)
    together = ledger.merged([work.name for work in WORKLOADS], old, rows)
    ledger.save(FIGURES, machine.described(), together)
    PAGE.write_text(page.written(machine.described(), together))


def main() -> int:
    """Do what the command line says."""
    asked = arguments(sys.argv[1:])
    works = chosen(asked.only)
    if asked.list:
        print("\n".join(work.name for work in works))
        return 0
    found, old = ledger.load(FIGURES)
    if asked.page:
        PAGE.write_text(page.written(found, old))
        return 0
    if asked.only and not asked.quick:
        ledger.same_machine(found, machine.described())
    rows = measure(works, asked.quick)
    terminal.show(rows)
    return 0 if rows and all(row.right() for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
