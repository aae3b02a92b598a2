"""Rows of delimited text that do not fit: found slowly, told precisely."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .faults import TableError, plural, show
from .raw import title


@dataclass(frozen=True)
class Row:
    """A row as cut by the standard library: its cells, the lines it begins and ends in, from 1."""

    cells: list[str]
    line: int
    last_line: int


class OpenQuote(TableError):
    """A quote that opens and does not close before the text ends."""


def walk(text: Iterable[str], delimiter: str, first_line: int, path: str) -> Iterator[Row]:
    """
    Go through the rows of a text, empty lines as rows without cells.

    Raises
    ------
    TableError
        Where a quote opens and does not close as it should, with the line in which it opens.
    """
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    begin = first_line
    try:
        for cells in reader:
            end = first_line + reader.line_num - 1
            yield Row(cells, begin, end)
            begin = end + 1
    except csv.Error as error:
        raise _bad_quote(begin, first_line + reader.line_num - 1, str(error), path) from error


def _bad_quote(line: int, last_line: int, reason: str, path: str) -> TableError:
    place = f"{title(path)}, line {line}: "
    if "field larger" in reason:
        return TableError(place + f"a cell of more than {csv.field_size_limit()} characters. Is a quote left open?")
    if "expected after" in reason and last_line == line:
        return TableError(place + "text follows a closing quote. Double the quotes inside a cell, or take them out.")
    if "expected after" in reason:
        return TableError(
            place + f"a quote opens here and meets the next one only in line {last_line}. Is one missing?"
        )
    return OpenQuote(place + "a quote opens here and never closes. Close it or take it out.")


def misfit(row: Row, width: int, delimiter: str, path: str, *, is_first: bool) -> TableError:
    """Describe a row whose number of cells is not that of the header, with a guess at the remedy."""
    return TableError(
        f"{title(path)}, line {row.line}: {plural(len(row.cells), 'cell')} where the first line has {width}. "
        + _guess(row, width, delimiter, is_first)
    )


def _guess(row: Row, width: int, delimiter: str, is_first: bool) -> str:
    if row.last_line > row.line:
        return f"A quote that opens here closes only in line {row.last_line}: is one missing?"
    if len(row.cells) < width:
        return "Is the line cut off, or a delimiter missing?"
    if delimiter == "," and len(row.cells) == 2 * width and all(_is_whole(cell) for cell in row.cells):
        return "Are these decimal commas? Then write the file with ; between cells and add --delimiter ';' --decimal ,"
    if is_first and len(row.cells) == width + 1:
        return f"Does the header lack a name for the first column, {show(row.cells[0])}? Add one."
    if delimiter == ",":
        return "Does a cell hold a comma of its own? Put that cell in quotes (and for decimal commas add --decimal ,)."
    return f"Does a cell hold a {show(delimiter)} of its own? Put that cell in quotes."


def _is_whole(cell: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+", cell.strip()) is not None
