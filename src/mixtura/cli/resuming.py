"""Files that keep what is done, so that a command which was interrupted goes on from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mixtura.cli.endings import Code, Rerun, Stop
from mixtura.cli.inputs import find_sources
from mixtura.cli.outputs import check_output


def check_checkpoint(path: str | None, output: str | None, data: Sequence[str]) -> None:
    """Raise now for a checkpoint that cannot be written, or that is another file of this command."""
    sources = find_sources(data)
    check_output(path, True, [*sources.words, *sources.files])
    if path is not None and output is not None and Path(path).absolute() == Path(output).absolute():
        raise Stop(Code.USAGE, f"{path!r} is named by both --resume and -o. Give the model another name.")


def going_on(path: str | None, what: str) -> str:
    """Say before a search, or a fit, that it goes on, or how it would."""
    if path is None:
        return ""
    if Path(path).exists():
        return f"Going on with the {what} that {path} keeps."
    return f"What is done is kept in {path}: after an interrupt the same command goes on from there."


@contextmanager
def interruptible(path: str | None, what: str, pays: bool = True) -> Iterator[None]:
    """Say after an interrupt how to go on, or that one could have, where it `pays`."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if path is None and not pays:
            raise
        if path is None:
            advice = f"Interrupted. Nothing was written. With --resume FILE a {what} goes on where it was stopped."
            raise Stop(Code.INTERRUPTED, advice) from interrupt
        if not Path(path).exists():
            nothing = "any candidate was done" if what == "search" else "a pass was done"
            raise Stop(Code.INTERRUPTED, f"Interrupted before {nothing}.") from interrupt
        rerun = Rerun("To go on:", ())
        raise Stop(Code.INTERRUPTED, f"Interrupted. What is done is kept in {path}.", rerun) from interrupt
