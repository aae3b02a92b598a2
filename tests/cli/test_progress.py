"""What a terminal shows while a fit runs."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

from mixtura.cli import screen


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_starts_and_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with screen.progress("3 components, 150 rows", 10, quiet=False) as watch:
        assert watch is not None
        watch.begin(1)
        watch(SimpleNamespace(passes=57))
        watch.bar.refresh()
        watch.end(None)
    assert "3 components, 150 rows" in terminal.getvalue()
    assert "start 2 of 10, pass 57" in terminal.getvalue()


@pytest.mark.parametrize(("stream", "quiet"), [(io.StringIO(), False), (Terminal(), True)])
def test_a_pipe_and_a_quiet_terminal_see_nothing(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, quiet: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with screen.progress("3 components", 10, quiet=quiet) as watch:
        assert watch is None
    assert stream.getvalue() == ""
