"""Text in blocks of whole rows, so that each is cut into cells by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mixtura.sources.delimited import ENDS, Body, Head
from mixtura.sources.faults import TableError
from mixtura.sources.misfits import OpenQuote, misfit, walk
from mixtura.sources.raw import title

# Bytes read at a time.
PIECE = 1 << 22
# Bytes without a line's end, outside of quotes, after which a file counts as no table.
LONGEST = 1 << 28


@dataclass(frozen=True)
class Block:
    """Whole rows: the byte of the text where they begin, and their text."""

    begin: int
    body: Body
    quoted: bool

    @property
    def line(self) -> int:
        """The line in which they begin."""
        return self.body.line

    @property
    def n_lines(self) -> int:
        """How many lines they take."""
        data, stop = self.body.data, self.body.stop
        return n_ends(data, stop) + (data[stop - 1 : stop] not in (b"\n", b"\r"))


def blocks(pieces: Iterable[bytes], begin: int, line: int, head: Head, path: str) -> Iterator[Block]:
    """
    Join and part pieces of text at the ends of rows.

    Parameters
    ----------
    pieces
        The text from byte `begin`, where line `line` and a row begin.
    head
        What the first line says.
    path
        The file's name, for messages.

    Yields
    ------
    Block
        That ends before a line with something in it, or where the text ends, line ends left off.

    Raises
    ------
    TableError
        In text with quotes for the first row that does not fit; for a row without end.
    """
    held = b""
    for piece in pieces:
        held += piece
        stop = _last_start(held)
        if stop:
            body = _body(held, stop, line, head, path, begin)
            quoted = body.holds(b'"') > 0
            if quoted:
                stop = _walked(body, at_end=False)
                body = _body(held, stop, line, head, path, begin)
            if stop:
                yield Block(begin, body, quoted)
                begin, line, held = begin + stop, line + n_ends(held, stop), held[stop:]
        if len(held) > LONGEST:
            raise TableError(
                f"{title(path)}, line {line}: a row of more than {len(held) >> 20} MB. Is this a table with line ends?"
            )
    body = _body(held, len(held.rstrip(ENDS)), line, head, path, begin)
    if body.stop:
        quoted = body.holds(b'"') > 0
        if quoted:
            _walked(body, at_end=True)
        yield Block(begin, body, quoted)


def _body(held: bytes, stop: int, line: int, head: Head, path: str, begin: int) -> Body:
    return Body(held, 0, stop, line, head.delimiter, head.width, path, is_top=begin <= head.start)


def _last_start(held: bytes) -> int:
    """Where the last line with something in it begins; 0 where that is the first."""
    end = len(held.rstrip(ENDS))
    return max(held.rfind(b"\n", 0, end), held.rfind(b"\r", 0, end)) + 1


def n_ends(data: bytes, stop: int) -> int:
    r"""
    Count the ends of lines before a byte.

    Examples
    --------
    >>> n_ends(b"a\r\nb\rc\n", 7)
    3
    """
    returns = data.count(b"\r", 0, stop)
    return data.count(b"\n", 0, stop) + (returns - data.count(b"\r\n", 0, stop) if returns else 0)


class _Lines:
    """The lines of a text, and how many of its bytes were taken."""

    def __init__(self, text: bytes) -> None:
        self.lines, self.n_taken = text.splitlines(keepends=True), 0

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.n_taken += len(line)
            yield line.decode()


def _walked(body: Body, at_end: bool) -> int:
    """Where the last whole row ends; raises at the first that does not fit, slowly but with its line."""
    lines, end = _Lines(body.data[: body.stop]), 0
    try:
        for row in walk(lines, body.delimiter, body.line, body.path):
            if row.cells and len(row.cells) != body.width:
                raise misfit(row, body.width, body.delimiter, body.path, is_first=body.is_top and row.line == body.line)
            end = lines.n_taken
    except OpenQuote:
        if at_end:
            raise
    return end
