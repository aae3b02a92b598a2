"""``mixtura select``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from mixtura.cli import asked
from mixtura.cli.crossing import cross
from mixtura.cli.endings import Code, Rerun, Stop
from mixtura.cli.fit import require_converged, tell
from mixtura.cli.gathering import Gathered, gather
from mixtura.cli.inputs import Reading, find_sources, note
from mixtura.cli.models import write_model
from mixtura.cli.outputs import check_output, writing
from mixtura.cli.requests import Choosing, Saying, Searching, Settings
from mixtura.cli.result import Result
from mixtura.cli.searched import Searched
from mixtura.cli.searches import Wanted, board, draw, on_all_rows, search, watching
from mixtura.cli.words import count


def run(
    data: Sequence[str],
    reading: Reading,
    choosing: Choosing,
    settings: Settings,
    searching: Searching,
    saying: Saying,
    strict: bool,
) -> int:
    """Search, write the best model, and tell."""
    asked.start(settings.init)
    criterion = asked.criterion(searching.criterion)
    wanted = Wanted(asked.numbers(settings.components), asked.families(settings.family), criterion, settings)
    _check_checkpoint(searching.resume, saying.output, data)
    of = gather(data, reading, choosing, saying)
    with _interruptible(searching.resume):
        model, searched = _search(of, wanted, searching, saying.quiet)
    require_converged(model, strict)
    if saying.output is not None:
        write_model(model, saying.output, saying.force, {"search": searched.plain()})
    result = Result.measured(model, of, settings.seed, saying.output, searched)
    tell(result, cross(choosing.by, of.table, of.rows, result.labels, model), saying)
    return Code.DONE


def _search(of: Gathered, wanted: Wanted, searching: Searching, quiet: bool) -> tuple[Any, Searched]:
    """Search on all rows or on a sample, and what was found."""
    say, n, size = note(quiet), len(of.rows.values), searching.sample
    resume = searching.resume
    sampled = size is not None and size < n
    if size is not None and not sampled:
        say(f"There are {count(n)} rows, no more than --sample {size}: the search sees all of them.")
    rows = draw(of.rows, size, wanted.settings.seed) if size is not None and sampled else of.rows
    words = _going_on(resume)
    safely = nullcontext() if resume is None else writing(resume)
    with watching(of, quiet, lambda: say(words) if words else None) as watch, safely:
        found = search(of, rows, wanted, watch, resume)
    if not sampled or size is None:
        return found.best_estimator_, Searched(board(found))
    with watching(of, quiet) as watch:
        return on_all_rows(of, wanted, found, size, watch)


def _check_checkpoint(path: str | None, output: str | None, data: Sequence[str]) -> None:
    """Raise now for a checkpoint that cannot be written, or that is another file of this command."""
    sources = find_sources(data)
    check_output(path, True, [*sources.words, *sources.files])
    if path is not None and output is not None and Path(path).absolute() == Path(output).absolute():
        raise Stop(Code.USAGE, f"{path!r} is named by both --resume and -o. Give the model another name.")


def _going_on(path: str | None) -> str:
    if path is None:
        return ""
    if Path(path).exists():
        return f"Going on with the search that {path} keeps."
    return f"What is done is kept in {path}: after an interrupt the same command goes on from there."


@contextmanager
def _interruptible(path: str | None) -> Iterator[None]:
    """Say after an interrupt how to go on."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if path is None:
            advice = "Interrupted. Nothing was written. With --resume FILE a search goes on where it was stopped."
            raise Stop(Code.INTERRUPTED, advice) from interrupt
        if not Path(path).exists():
            raise Stop(Code.INTERRUPTED, "Interrupted before any candidate was done.") from interrupt
        rerun = Rerun("To go on:", ())
        raise Stop(Code.INTERRUPTED, f"Interrupted. What is done is kept in {path}.", rerun) from interrupt
