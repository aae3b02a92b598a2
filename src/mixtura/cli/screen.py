"""What people see: tables and sentences of at most 80 columns, in color only on a terminal."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixtura.cli.describe import WIDTH, Line, Portrait, blocks, headings, lines, name_room, omitted
from mixtura.cli.words import duration

if TYPE_CHECKING:
    from rich.console import Console

# Seconds without a candidate after which something is said.
PATIENCE = 5.0


@contextmanager
def page() -> Iterator[Console]:
    """
    Open a page of tables and sentences that is printed at the end, without blanks at the ends of lines.

    It is 80 columns wide, or as wide as the terminal where that is narrower.
    """
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    console.width = min(WIDTH, console.width) if console.is_terminal else WIDTH
    with console.capture() as captured:
        yield console
    sys.stdout.write("\n".join(line.rstrip() for line in captured.get().split("\n")))


@contextmanager
def bar(words: str, *, quiet: bool) -> Iterator[Bar | None]:
    """Show on standard error how far a search is and about how long it will take, where that is a terminal."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich import progress as bars
    from rich.console import Console
    from rich.table import Column

    class Told(bars.ProgressColumn):
        def render(self, task: bars.Task) -> str:
            return f"{task.fields['told']}{patience(task.completed, task.elapsed or 0.0)}"

    said = Column(no_wrap=True, overflow="ellipsis", max_width=14)  # one line, so that it can be drawn over
    columns = (
        bars.TextColumn("{task.description}", table_column=said),
        bars.BarColumn(10),
        Told(table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
        bars.TimeElapsedColumn(table_column=Column(no_wrap=True)),
    )
    with bars.Progress(*columns, console=Console(stderr=True, markup=False), transient=True) as shown:
        yield Bar(shown, shown.add_task(words, total=None, told=""))


def patience(done: float, elapsed: float) -> str:
    """What a long wait for the first candidate may be: the compiler's work is kept, so it is met once on a machine.

    Examples
    --------
    >>> patience(0, 1.0), patience(0, 20.0), patience(3, 20.0)
    ('', ' (first use compiles)', '')
    """
    return " (first use compiles)" if not done and elapsed > PATIENCE else ""


@dataclass(frozen=True)
class Bar:
    """A bar that a search moves, candidate by candidate."""

    bar: Any
    task: Any

    def move(self, done: int, of: int, left: float) -> None:
        """So many candidates are done, and the others take about so many seconds."""
        if of == 1:
            return
        told = f"{done} of {of} candidates"
        if done == of:
            told += ", finishing"
        elif done:
            told += f", about {duration(max(round(left), 1))} left"
        self.bar.update(self.task, total=of, completed=done, told=told)

    def read(self, row: int, n_rows: int | None, told: str) -> None:
        """A reading of many rows has come to one of them."""
        self.bar.update(self.task, total=n_rows, completed=row, told=told)


def paragraph(screen: Console, text: str, style: str = "") -> None:
    """Print sentences, cut at words."""
    from rich.text import Text

    screen.print(Text(text, style=style))


def commands(screen: Console, lines: Sequence[str]) -> None:
    """Print commands, each on a line of its own however long, so that it can be copied."""
    from rich.text import Text

    for line in lines:
        screen.print(Text(f"  {line}"), soft_wrap=True)


def facts(screen: Console, pairs: Sequence[tuple[str, str]]) -> None:
    """Print headings with a sentence or a number each."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, min_width=10)
    table.add_column()
    for heading, sentence in pairs:
        table.add_row(Text(heading, style="bold"), Text(sentence))
    screen.print(table)


def portrait(screen: Console, of: Portrait) -> None:
    """Print a mixture, in several tables where the components are many."""
    for columns, rows in blocks(lines(of, name_room(of, screen.width)), headings(of), screen.width):
        grid(screen, "component", columns, rows)
    note = omitted(of)
    if note:
        paragraph(screen, note)
    paragraph(screen, "Spread is the standard deviation, in the units of the data.", style="dim")
    screen.print()


def grid(screen: Console, corner: str, columns: Sequence[str], rows: Sequence[Line], gap: int = 3) -> None:
    """Print names on the left and cells on the right, those with a star in bold, so many blanks apart."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    padding = (0, 1) if gap > 2 else (0, 0, 0, 1)
    table = Table(box=box.SIMPLE_HEAD, padding=padding, pad_edge=False, show_edge=False, header_style="bold")
    table.add_column(Text(corner), no_wrap=True)
    for column in columns:
        table.add_column(Text(column), justify="right", no_wrap=True)
    for line in rows:
        cells = (Text(cell, style="bold" if cell.startswith("*") else "") for cell in line.cells)
        table.add_row(Text(line.name, style="" if line.cells else "dim"), *cells)
    screen.print(table)
    screen.print()


def print_json(content: Any) -> None:
    """Write JSON to standard output, rows of numbers on a line of their own; what is no number becomes null."""
    sys.stdout.write(_json(_plain(content), "") + "\n")


def _json(value: Any, margin: str) -> str:
    deeper = margin + "  "
    if isinstance(value, dict) and value:
        items = [f"{deeper}{json.dumps(key, ensure_ascii=False)}: {_json(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{margin}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(deeper + _json(item, deeper) for item in value) + f"\n{margin}]"
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
