"""``mixtura data``."""

from __future__ import annotations

import sys

from mixtura import datasets
from mixtura.cli import screen
from mixtura.cli.endings import Code
from mixtura.cli.outputs import check_output, output, size
from mixtura.cli.requests import Saying


def run(name: str | None, saying: Saying) -> int:
    """List the bundled data sets, or write one as CSV."""
    if name is None:
        _list(saying.json)
        return Code.DONE
    content = datasets.path(name).read_bytes()
    if saying.output is None:
        sys.stdout.buffer.write(content)
        return Code.DONE
    check_output(saying.output, saying.force, [])
    with output(saying.output, saying.force) as file:
        file.write(content)
    print(f"Wrote {saying.output} ({size(saying.output)}).", file=sys.stderr)
    return Code.DONE


def _list(as_json: bool) -> None:
    entries = [
        {
            "name": name,
            "title": datasets.title(name),
            "class": datasets.class_column(name),
            "weights": datasets.weight_column(name),
        }
        for name in datasets.names()
    ]
    if as_json:
        screen.print_json(entries)
        return
    with screen.page() as shown:
        screen.facts(shown, [(str(entry["name"]), f"{entry['title']}.{_purposes(entry)}") for entry in entries])
        shown.print()
        screen.paragraph(shown, "Next:")
        screen.commands(shown, ["mixtura select faithful", "mixtura data faithful -o faithful.csv"])


def _purposes(entry: dict[str, str | None]) -> str:
    said = f" Known class: {entry['class']}." if entry["class"] else ""
    return said + (f" Weights: {entry['weights']}." if entry["weights"] else "")
