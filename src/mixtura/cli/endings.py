"""How a command ends: its exit code, and one line on standard error where something is wrong."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from types import FrameType

_DEBUG = "MIXTURA_DEBUG"


class Code(IntEnum):
    """Exit codes."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    INPUT = 3
    NOT_CONVERGED = 4
    OUTPUT = 5
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True)
class Rerun:
    """The command that was typed with something added, and what that would do."""

    purpose: str
    more: tuple[str, ...]

    def lines(self, arguments: Sequence[str]) -> list[str]:
        """The purpose, and the whole command below it."""
        from mixtura.cli.words import shell_word

        return [self.purpose, "  " + " ".join(shell_word(word) for word in ("mixtura", *arguments, *self.more))]


class Stop(Exception):
    """
    The end of a command, with what to tell the user.

    Parameters
    ----------
    code : Code
    message : str
        One sentence or two, on one line.
    reruns : Rerun
        Commands that would run.
    """

    def __init__(self, code: Code, message: str, *reruns: Rerun) -> None:
        super().__init__(message)
        self.code = code
        self.reruns = reruns


def main() -> None:
    """Run the command line of this process and exit."""
    signal.signal(signal.SIGTERM, _terminate)
    _prepare_streams()
    sys.exit(run(sys.argv[1:]))


def _prepare_streams() -> None:
    """Let letters that an old terminal lacks, and streams that are closed, do no harm."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.TextIOWrapper(io.BytesIO()))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(int(Code.TERMINATED))  # so that temporary files are cleared away


def run(arguments: Sequence[str]) -> int:
    """
    Run one command.

    Parameters
    ----------
    arguments
        What follows ``mixtura`` on the command line.

    Returns
    -------
    int
        The exit code: 0 done, 1 internal error, 2 usage, 3 input, 4 not converged, 5 output, 130 interrupted.

    Examples
    --------
    >>> from mixtura.cli import run
    >>> run(["--version"])
    mixtura ...
    0
    """
    try:
        from mixtura.cli.app import call

        code = call(list(arguments))
        sys.stdout.flush()
        return code
    except BaseException as error:
        if _is_closed_pipe(error):
            _abandon_stdout()
            return Code.DONE
        code, lines = describe(error, arguments)
        _tell(lines)
        return code


def _is_closed_pipe(error: BaseException) -> bool:
    """Whether the reader of standard output has gone, which typer turns into an exit of its own."""
    return isinstance(error, BrokenPipeError) or (
        isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError)
    )


def describe(error: BaseException, arguments: Sequence[str] = ()) -> tuple[int, list[str]]:
    """Give the exit code of an error and the lines that tell of it."""
    from mixtura.outcome import MixtureError

    if isinstance(error, SystemExit):
        return (error.code if isinstance(error.code, int) else Code.INTERNAL), []
    if isinstance(error, Stop):
        reruns = [line for rerun in error.reruns for line in rerun.lines(arguments)]
        return error.code, [_one_line(str(error)), *reruns]
    if isinstance(error, MixtureError):
        return _code_of(error), [_one_line(str(error))]
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return Code.INTERRUPTED, ["Interrupted. Nothing was written."]
    if hasattr(error, "format_message"):
        return Code.USAGE, [_usage(error)]
    if isinstance(error, MemoryError):
        return Code.INPUT, ["Not enough memory for these data. Use fewer rows or columns."]
    if isinstance(error, OSError) and error.filename is None:
        _abandon_stdout()
        return Code.OUTPUT, [f"Standard output cannot be written: {error.strerror or error}."]
    return Code.INTERNAL, _confess(error)


def _code_of(error: BaseException) -> Code:
    """Blame the command for a column that is not there, the data for all else."""
    from mixtura.sources.columns import NoSuchColumn

    return Code.USAGE if isinstance(error, NoSuchColumn) else Code.INPUT


def _usage(error: BaseException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "mixtura"
    message = _one_line(str(error.format_message()))  # type: ignore[attr-defined]
    return f"{message if message.endswith(('.', '?')) else message + '.'} Help: {command} --help"


def _confess(error: BaseException) -> list[str]:
    if os.environ.get(_DEBUG):
        import traceback

        return traceback.format_exception(error)
    what = _one_line(f"{type(error).__name__}: {error}")
    return [f"This is a defect of mixtura, not of your data: {what} (set {_DEBUG}=1 to see where; please report it)"]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _tell(lines: Sequence[str]) -> None:
    with suppress(OSError, ValueError):
        for at, line in enumerate(lines):
            print(f"mixtura: {line}" if at == 0 else line, file=sys.stderr)


def _abandon_stdout() -> None:
    """Point standard output at nothing, so that the interpreter does not complain of it at its end."""
    with suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
