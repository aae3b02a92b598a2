"""The figures in a terminal of 100 columns."""

from __future__ import annotations

from typing import Any

from benchmarks import words
from benchmarks.ledger import Row


def line(row: Row) -> str:
    """A row in one line, as it ends."""
    if row.failed:
        return f"{row.name}: FAILED: {row.failed}"
    ratio = row.ratio()
    told = [words.seconds(row.seconds())]
    told += [f"{words.number(ratio.median)} times as fast"] if ratio else []
    told += [f"{name} {words.figure(row, name)}: {words.VERDICTS[row.verdict(name)]}" for name in row.asked]
    told += [f"{words.figure(row, 'megabytes')} more memory"] if row.megabytes and "megabytes" not in row.asked else []
    told += [f"without {', '.join(row.missing)}"] if row.missing else []
    told += [] if row.right() else ["WRONG ANSWER"]
    return f"{row.name}: {', '.join(told)}"


def show(rows: list[Row]) -> None:
    """A table for each kind of workload, and whatever else was asked below it."""
    from rich.console import Console

    console = Console(width=100, highlight=False)
    for kind in dict.fromkeys(row.kind for row in rows):
        members = [row for row in rows if row.kind == kind]
        console.print(f"\n[bold]{kind}[/bold]")
        console.print(_table(members))
        for text in filter(None, map(_below, members)):
            console.print(text)


def _below(row: Row) -> str:
    """What has no column: the part of the matrix product, the memory, the seconds of a first fit, other libraries."""
    names = [name for name in ("product", "megabytes") if row.figure(name) is not None]
    names += ["seconds"] if "seconds" in row.asked else []
    told = [f"{name} {words.figure(row, name)}{_of(row, name)}" for name in names]
    told += [f"{name} {words.ratio(row.ratio(name))} times" for name in row.gaps if name != "scikit-learn"]
    return f"  {row.label or row.shape.name}: {', '.join(told)}" if told else ""


def _of(row: Row, name: str) -> str:
    if name not in row.asked:
        return ""
    return f" (of {words.asked(name, row.asked[name])}: {words.VERDICTS[row.verdict(name)]})"


def _table(rows: list[Row]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("", "ours", "sklearn", "times as fast", "asked", "", "apart"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        table.add_row(
            row.label or row.shape.name,
            words.seconds(row.seconds()),
            words.seconds(row.seconds("scikit-learn")),
            words.ratio(row.ratio()),
            words.asked("ratio", row.asked.get("ratio")),
            "FAILED" if row.failed else words.VERDICTS[row.verdict("ratio")] if "ratio" in row.asked else "",
            words.same(row).replace("*", ""),
        )
    return table
