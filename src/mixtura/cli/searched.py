"""What a search found: as values, as JSON beside a model, and as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from mixtura.cli.words import count
from mixtura.selection.table import Results, Row

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Board:
    """
    A table of candidates with what it means.

    Attributes
    ----------
    results : Results
    verdict : tuple of str
        A sentence each.
    margin : float or None
        By how much the winner leads.
    """

    results: Results
    verdict: tuple[str, ...]
    margin: float | None

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        rows = zip(self.results.rows, self.results.codes, strict=True)
        return {
            "criterion": self.results.criterion,
            "best": self.results.best,
            "margin": self.margin,
            "verdict": list(self.verdict),
            "rows": [{**asdict(row), "code": code} for row, code in rows],
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Board:
        """The board that `plain` described."""
        rows = tuple(_row(row) for row in plain["rows"])
        results = Results(rows, plain["criterion"], plain["best"], tuple(row["code"] for row in plain["rows"]))
        if not 0 <= results.best < len(rows) or results.values[results.best] is None:
            raise ValueError("the winner is not in the table")
        return cls(results, tuple(plain["verdict"]), plain["margin"])


def _row(plain: Mapping[str, Any]) -> Row:
    """A row of a table, also of a version that knew fewer columns, or more."""
    known: dict[str, Any] = {one.name: plain.get(one.name) for one in fields(Row)}
    return Row(**known)


@dataclass(frozen=True)
class Sample:
    """
    That a search saw only some rows, and what the best were worth on all.

    Attributes
    ----------
    rows, of : int
        How many rows were searched, and how many there are.
    seed : int
    board : Board
        Of the candidates that were fitted to all rows.
    """

    rows: int
    of: int
    seed: int
    board: Board


@dataclass(frozen=True)
class Searched:
    """A search, on all rows or on a sample."""

    board: Board
    sample: Sample | None = None

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        some = self.sample
        sample = some and {"rows": some.rows, "of": some.of, "seed": some.seed, "all_rows": some.board.plain()}
        return {**self.board.plain(), "sample": sample}

    @classmethod
    def kept(cls, extra: Mapping[str, Any]) -> Searched | None:
        """The search that is kept beside a model; None where there is none that can be read."""
        try:
            plain = extra["search"]
            sample = plain["sample"]
            some = sample and Sample(sample["rows"], sample["of"], sample["seed"], Board.of(sample["all_rows"]))
            return cls(Board.of(plain), some or None)
        except (AttributeError, KeyError, TypeError, ValueError):  # something else goes by that name
            return None

    def show(self, shown: Console) -> None:
        """Print tables and sentences."""
        from mixtura.cli import standings

        standings.cells(shown, self.board.results)
        standings.leaders(shown, self.board.results)
        standings.sentences(shown, self._told())
        if self.sample is not None:
            standings.leaders(shown, self.sample.board.results, "on all rows")
            standings.sentences(shown, [("verdict", line) for line in self.sample.board.verdict])

    def _told(self) -> Iterator[tuple[str, str]]:
        from mixtura.cli import standings

        if self.sample is not None:
            seen = f"{count(self.sample.rows)} of {count(self.sample.of)} rows, drawn with seed {self.sample.seed}"
            yield "sample", f"The search saw a random sample of {seen}."
        for line in self.board.verdict:
            if not standings.tells_failures(line, self.board.results):
                yield "sample" if self.sample else "verdict", line
        for line in standings.failures(self.board.results):
            yield "not fitted", line
