"""The first line of a delimited text: whether it is a header, and cut in the right places."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .cells import MISSING_WORDS, is_number
from .faults import TableError, show, show_all
from .raw import title

_LINE_END = re.compile(rb"\r\n|\n|\r")
_LINE_ENDS = re.compile(rb"(?:\r\n|\n|\r)*")
_MARKS = (";", "\t", ",", "|", " ")


@dataclass(frozen=True)
class Record:
    """A line of cells (several lines where a quoted cell holds line ends): its text and where it lies."""

    text: str
    start: int
    end: int
    next_line: int
    line: int = 0


def take(data: bytes, after: Record, path: str) -> Record:
    """Give the record that follows another, empty lines skipped; at the end of the data its text is empty."""
    blank = _LINE_ENDS.match(data, after.end)
    start = blank.end() if blank else after.end
    line = after.next_line + len(_LINE_END.findall(data, after.end, start))
    quotes, seen = 0, start
    for end in _LINE_END.finditer(data, start):
        quotes += data.count(b'"', seen, end.start())
        seen = end.start()
        if quotes % 2 == 0:
            lines = len(_LINE_END.findall(data, start, end.end()))
            return Record(data[start : end.start()].decode(), start, end.end(), line + lines, line)
    if (quotes + data.count(b'"', seen)) % 2:
        raise TableError(f"{title(path)}, line {line}: a quote opens here and never closes. Close it or take it out.")
    return Record(data[start:].decode(), start, len(data), line + 1, line)


def split(record: Record, delimiter: str, path: str) -> list[str]:
    """Cut a record into cells."""
    try:
        return next(csv.reader(io.StringIO(record.text, newline=""), delimiter=delimiter, strict=True), [""])
    except csv.Error as error:
        raise TableError(f"{title(path)}, line {record.line}: {error}. Is a quote out of place?") from error


def check_delimiter(fields: list[str], first: Record, second: Record, delimiter: str, path: str) -> None:
    """Raise where the first line is one cell by this delimiter, and several, as the second is, by another."""
    if len(fields) > 1:
        return
    for mark in _MARKS:
        width = len(_cut(first.text, mark))
        if mark != delimiter and width > 1 and (not second.text or len(_cut(second.text, mark)) == width):
            raise TableError(
                f"{title(path)}, line {first.line}: {show(first.text)} is a single cell when cut at "
                f"{_called(delimiter)}, but {width} cells when cut at {_called(mark)}. Add {_option(mark, second.text)}"
            )


def _cut(text: str, mark: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=mark), [])


def _called(mark: str) -> str:
    return {"\t": "tabs", " ": "spaces"}.get(mark, show(mark))


def _option(mark: str, sample: str) -> str:
    option = {"\t": "--delimiter tab", " ": "--delimiter space"}.get(mark, f"--delimiter '{mark}'")
    return option + (" --decimal ," if mark != "," and re.search(r"\d,\d", sample) else "")


def check_header(names: Sequence[str], line: int, path: str) -> None:
    """Raise for a header that is data, and for two columns of one name."""
    filled = [name.strip() for name in names if name.strip() not in MISSING_WORDS]
    numbers = [name for name in filled if is_number(name)]
    measured = [name for name in numbers if not name.lstrip("+-").isdigit()]
    if numbers and (measured or len(numbers) == len(filled)):
        raise TableError(
            f"{title(path)}, line {line}: numbers ({show_all(numbers, 3)}) where the columns' names should be. If the "
            "file has no header, add --no-header; if it has one, give the columns names that are no numbers."
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = [str(at + 1) for at, name in enumerate(names) if name == twice[0]]
        where = " and ".join(places[:5] + ([f"{len(places) - 5} more"] if len(places) > 5 else []))
        said = f"columns {where} are both called {show(twice[0])}. Rename one of them."
        raise TableError(f"{title(path)}, line {line}: {said}")
