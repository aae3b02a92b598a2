"""``mixtura select``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from mixtura.cli import asked, streamed_fits
from mixtura.cli.endings import Code
from mixtura.cli.fit import require_converged, tell
from mixtura.cli.gathering import Gathered, Streamed, gather
from mixtura.cli.inputs import Reading, note, report_missing
from mixtura.cli.models import write_model
from mixtura.cli.outputs import writing
from mixtura.cli.requests import Choosing, Saying, Searching, Settings
from mixtura.cli.result import Result
from mixtura.cli.resuming import check_checkpoint, going_on, interruptible
from mixtura.cli.searched import Searched
from mixtura.cli.searches import Wanted, board, draw, on_all_rows, search, watching
from mixtura.cli.words import count
from mixtura.sources.rows import Rows


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
    check_checkpoint(searching.resume, saying.output, data)
    of = gather(data, reading, choosing, saying)
    with interruptible(searching.resume, "search"):
        model, searched = _search(of, wanted, searching, saying.quiet)
        result = Result.measured(model, of, settings.seed, saying.output, searched)
    require_converged(model, strict)
    if saying.output is not None:
        write_model(model, saying.output, saying.force, {"search": searched.plain()})
    tell(result, choosing.by, saying)
    return Code.DONE


def _search(of: Gathered | Streamed, wanted: Wanted, searching: Searching, quiet: bool) -> tuple[Any, Searched]:
    """Search on all rows or on a sample, and what was found."""
    rows, resume = _rows(of, searching.sample, wanted.settings.seed, quiet), searching.resume
    n, size, say, words = of.tally.n_used, len(rows.values), note(quiet), going_on(resume, "search")
    safely = nullcontext() if resume is None else writing(resume)
    with watching(size, quiet, lambda: say(words) if words else None) as watch, safely:
        found = search(of, rows, wanted, watch, resume)
    if size == n:
        return found.best_estimator_, Searched(board(found))
    if isinstance(of, Streamed):
        with streamed_fits.shown(of, quiet):
            return on_all_rows(of, wanted, found, size)
    with watching(n, quiet) as watch:
        return on_all_rows(of, wanted, found, size, watch)


def _rows(of: Gathered | Streamed, size: int | None, seed: int, quiet: bool) -> Rows:
    """The rows that a search sees."""
    say = note(quiet)
    if isinstance(of, Streamed):
        with streamed_fits.shown(of, quiet):
            rows = streamed_fits.sample(of, size, seed)
        report_missing(of.tally, say)
    elif size is not None and size < len(of.rows.values):
        return draw(of.rows, size, seed)
    else:
        rows = of.rows
    if size is not None and size >= of.tally.n_used:
        n = count(of.tally.n_used)
        say(f"There are {n} rows, no more than --sample {size}: the search sees all of them.")
    return rows
