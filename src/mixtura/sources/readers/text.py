"""Delimited text, block by block, with the way back from a row to its line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mixtura.sources.cells import MISSING_WORDS, is_number
from mixtura.sources.delimited import ENDS, Dialect, Head, check_rows, cut, find_line, read_head, refuse_header_alone
from mixtura.sources.faults import TableError
from mixtura.sources.raw import title
from mixtura.sources.tables import TableOptions

from . import blocks
from .blocks import Block, n_ends
from .encoded import Encoded, unpacked_told
from .file import File

Cut = Callable[[Block, Sequence[int]], list[Any]]

# Bytes looked through for the first two lines, more only where these are longer.
_HEAD = 1 << 20


@dataclass(frozen=True)
class Mark:
    """Where a block begins: its first row, from 0, that row's line, from 1, and its byte of the text."""

    row: int
    line: int
    begin: int


@dataclass(eq=False)
class Text(File):
    """One file of text; where its blocks begin and how many rows it has is learned from reading it."""

    path: str
    head: Head
    encoded: Encoded
    options: TableOptions
    marks: list[Mark] = field(default_factory=list)
    counted: int | None = None

    @classmethod
    def open(cls, path: str, first: bytes, packed: bool, options: TableOptions) -> Text:
        """
        Read the first lines.

        Raises
        ------
        TableError
            For an empty file, a header that is data or stands alone, a wrong delimiter.
        """
        encoded = Encoded.of(path, first, packed, options.encoding)
        text, whole = _first_lines(encoded)
        head = read_head(text, path, Dialect(options.delimiter, options.header))
        if whole and not text[head.start :].rstrip(ENDS):
            raise refuse_header_alone(head, path)
        return cls(path, head, encoded, options, [Mark(0, head.line, head.start)])

    @property
    def names(self) -> tuple[str, ...]:  # type: ignore[override]
        """All columns."""
        return self.head.names

    @property
    def named(self) -> bool:  # type: ignore[override]
        """Whether the first line holds names."""
        return self.options.header

    @property
    def n_rows(self) -> int | None:
        """How many rows there are, known once they have been read."""
        return self.counted

    def stored(self, name: str) -> None:
        """Text says nothing of numbers."""

    def batches(self, names: Sequence[str], start: int, rows: int) -> Iterator[list[Any]]:
        """Cut block after block into cells, as numbers where all are numbers, else as text."""
        return self._cells(self._reading(), names, start, rows)

    def written(self, names: Sequence[str], start: int, rows: int) -> Iterator[list[Any]]:
        """Cut block after block into cells of text."""
        return self._cells(_texts, names, start, rows)

    def _cells(self, read: Cut, names: Sequence[str], start: int, rows: int) -> Iterator[list[Any]]:
        columns = self.positions(names)
        mark = self._mark(start)
        row = mark.row
        for block in self._blocks(mark):
            self._note(Mark(row, block.line, block.begin))
            cells = read(block, columns)
            held = len(cells[0])
            for at in range(max(start - row, 0), held, rows):
                yield [column.slice(at, rows) for column in cells]
            row += held
        self.counted = row

    def check_whole(self) -> None:
        """Read a packed file to its end, where its checksum is: damage may look like text."""
        if self.encoded.packed:
            with unpacked_told(self.path) as file:
                while file.read(blocks.PIECE):
                    pass

    def place(self, row: int) -> str:
        """Say in which line a row begins."""
        mark, block = self._block_of(row)
        plain = not block.quoted and block.n_lines == len(_texts(block, [0])[0])
        line = block.line + row - mark.row if plain else find_line(block.body, row - mark.row)
        return f"{title(self.path)}, line {line}"

    def cell(self, row: int, name: str) -> str:
        """Give a cell as it was written."""
        mark, block = self._block_of(row)
        return str(_texts(block, [self.names.index(name)])[0][row - mark.row].as_py())

    def _reading(self) -> _Reading:
        return _Reading(self.options)

    def _mark(self, row: int) -> Mark:
        """The last mark at or before a row from where reading can begin."""
        at = bisect_right(self.marks, row, key=lambda mark: mark.row) - 1 if self.encoded.seekable else 0
        return self.marks[at]

    def _note(self, mark: Mark) -> None:
        last = self.marks[-1]
        if mark.row > last.row:
            self.marks.append(mark)
        elif mark.row == last.row and mark.begin > last.begin:  # only empty lines between them
            self.marks[-1] = mark

    def _blocks(self, mark: Mark) -> Iterator[Block]:
        if self.encoded.seekable:
            pieces = self.encoded.pieces(blocks.PIECE, mark.begin, mark.line)
        else:
            pieces = _without(self.encoded.pieces(blocks.PIECE), mark.begin)
        return blocks.blocks(pieces, mark.begin, mark.line, self.head, self.path)

    def _block_of(self, row: int) -> tuple[Mark, Block]:
        """The block that holds a row that was read before."""
        at = bisect_right(self.marks, row, key=lambda mark: mark.row) - 1
        mark = self.marks[at]
        return mark, next(block for block in self._blocks(self._mark(row)) if block.begin == mark.begin)


class _Reading:
    """Cuts blocks into numbers until one holds a cell that is none, then into text."""

    def __init__(self, options: TableOptions) -> None:
        words = [word.strip() for word in options.na]
        self.as_numbers = not any(is_number(word.replace(options.decimal, ".")) for word in words)
        self.numbers = {"null_values": [*MISSING_WORDS, *words], "decimal_point": options.decimal}

    def __call__(self, block: Block, columns: Sequence[int]) -> list[Any]:
        """Give columns of float64 or of text."""
        import pyarrow as pa

        if self.as_numbers:
            try:
                return _joined(cut(block.body, block.quoted, _all(block), columns, self.numbers))
            except pa.ArrowInvalid:
                self.as_numbers = False
        return _texts(block, columns)


def _texts(block: Block, columns: Sequence[int]) -> list[Any]:
    import pyarrow as pa

    try:
        return _joined(cut(block.body, block.quoted, _all(block), columns))
    except pa.ArrowInvalid as error:
        check_rows(block.body)
        raise TableError(f"{title(block.body.path)}: {error}") from error


def _all(block: Block) -> int:
    return block.body.stop + 1


def _joined(columns: Sequence[Any]) -> list[Any]:
    return [column.combine_chunks() for column in columns]


def _first_lines(encoded: Encoded) -> tuple[bytes, bool]:
    """The first bytes, at least two lines where there are two, and whether this is all."""
    text = b""
    for piece in encoded.pieces(_HEAD):
        text += piece
        if len(text) > blocks.LONGEST or (len(text) >= _HEAD and n_ends(text.lstrip(), len(text)) > 4):
            return text, False
    return text, True


def _without(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    """Leave the first bytes out."""
    for piece in pieces:
        yield piece[count:]
        count = max(count - len(piece), 0)
