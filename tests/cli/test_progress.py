"""What a terminal shows while a search runs."""

from __future__ import annotations

import io
import sys

import pytest

from mixtura.cli import screen


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error as a terminal of 80 columns."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    found = Terminal()
    monkeypatch.setattr(sys, "stderr", found)
    return found


@pytest.mark.parametrize(
    ("done", "left", "words"),
    [
        (0, 0.0, "0 of 126 candidates "),
        (40, 12.3, "40 of 126 candidates, about 12 s left"),
        (40, 0.2, "40 of 126 candidates, about 1 s left"),
        (40, 600.0, "40 of 126 candidates, about 10 min left"),
        (40, 36_000.0, "40 of 126 candidates, about 10 h left"),
        (126, 0.0, "126 of 126 candidates, finishing"),
    ],
)
def test_a_terminal_sees_candidates_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, done: int, left: float, words: str
) -> None:
    terminal = a_terminal(monkeypatch)
    with screen.bar("150 rows", quiet=False) as bar:
        assert bar is not None
        bar.move(done, 126, left)
        bar.bar.refresh()
    assert "150 rows" in terminal.getvalue() and words in terminal.getvalue()


def test_a_long_wait_for_the_first_candidate_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setattr(screen, "PATIENCE", -1.0)
    with screen.bar("1 000 000 rows", quiet=False) as bar:
        assert bar is not None
        bar.move(0, 126, 0.0)
        bar.bar.refresh()
    assert "0 of 126 candidates (first use compiles)" in terminal.getvalue()


def test_a_search_moves_the_bar(mixtura, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    assert mixtura("select", "acidity", "-k", "1:3").code == 0
    assert "155 rows" in terminal.getvalue() and "6 of 6 candidates" in terminal.getvalue()


def test_one_candidate_has_nothing_to_count(mixtura, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    assert mixtura("fit", "acidity", "-k", 2).code == 0
    assert "155 rows" in terminal.getvalue() and "candidates" not in terminal.getvalue()


@pytest.mark.parametrize(("stream", "quiet"), [(io.StringIO(), False), (Terminal(), True)])
def test_a_pipe_and_a_quiet_terminal_see_nothing(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, quiet: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with screen.bar("150 rows", quiet=quiet) as bar:
        assert bar is None
    assert stream.getvalue() == ""
