"""``mixtura fit``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from mixtura.cli import asked, screen
from mixtura.cli.crossing import crossed
from mixtura.cli.endings import Code, Stop
from mixtura.cli.gathering import Gathered, Streamed, gather
from mixtura.cli.inputs import Reading, note, report_missing
from mixtura.cli.models import as_options, write_model
from mixtura.cli.outputs import writing
from mixtura.cli.requests import Choosing, Saying, Settings
from mixtura.cli.result import Result
from mixtura.cli.resuming import check_checkpoint, going_on, interruptible
from mixtura.cli.words import count
from mixtura.outcome import MixtureError

# How the text begins where no other start was tried.
ALONE = "The only start failed."


def run(
    data: Sequence[str],
    reading: Reading,
    choosing: Choosing,
    settings: Settings,
    saying: Saying,
    strict: bool,
    resume: str | None = None,
) -> int:
    """Fit, write the model, and tell."""
    k, family = asked.one_number(settings.components), asked.one_family(settings.family)
    asked.start(settings.init)
    check_checkpoint(resume, saying.output, data)
    of = gather(data, reading, choosing, saying)
    with interruptible(resume, "fit", pays=isinstance(of, Streamed)):
        result = _fit(of, k, family, settings, saying, resume)
    require_converged(result.model, strict)
    if saying.output is not None:
        write_model(result.model, saying.output, saying.force)
    tell(result, choosing.by, saying)
    return Code.DONE


def _fit(
    of: Gathered | Streamed, k: int, family: str, settings: Settings, saying: Saying, resume: str | None
) -> Result:
    """The model, and what it says of the rows."""
    try:
        with nullcontext() if resume is None else writing(resume):
            if isinstance(of, Streamed):
                return _grown(of, k, family, settings, saying, resume)
            return _searched(of, k, family, settings, saying, resume)
    except MixtureError as error:
        if not str(error).startswith(ALONE):
            raise
        raise MixtureError(f"{error} Other starts may do: add --n-init 10.") from error


def _grown(of: Streamed, k: int, family: str, settings: Settings, saying: Saying, resume: str | None) -> Result:
    """From samples that grow, in few readings."""
    from mixtura.cli.streamed_fits import grown, shown
    from mixtura.cli.watched import cluster

    if resume is not None:
        note(saying.quiet)(going_on(resume, "fit"))
    with cluster(of.reading), shown(of, saying.quiet):
        model = grown(of, k, family, settings, resume)
        result = Result.measured(model, of, settings.seed, saying.output)
    report_missing(of.tally, note(saying.quiet))
    return result


def _searched(of: Gathered, k: int, family: str, settings: Settings, saying: Saying, resume: str | None) -> Result:
    """The only candidate of a search."""
    from mixtura.cli.searches import Wanted, search, watching

    n = len(of.rows.values)
    if k > n:
        raise Stop(
            Code.INPUT, f"{of.table.title} gives {count(n)} rows, too few for {k} components. Use fewer components."
        )
    words = going_on(resume, "fit")
    with watching(n, saying.quiet, lambda: note(saying.quiet)(words) if words else None) as watch:
        found = search(of, of.rows, Wanted((k,), (family,), "bic", settings), watch, resume)
    return Result.measured(found.best_estimator_, of, settings.seed, saying.output)


def require_converged(model: Any, strict: bool) -> None:
    """Stop for a model that did not converge, where that is asked for."""
    if strict and not model.converged_:
        why = as_options(model.fit_report_.outcome.value)
        raise Stop(Code.NOT_CONVERGED, f"{why} Because of --strict nothing was written.")


def tell(result: Result, by: str | None, saying: Saying) -> None:
    """Print a result, for people or for programs."""
    crossing = crossed(by, result.model, result.of)
    if saying.json:
        screen.print_json(result.plain() | {"by": None if crossing is None else crossing.plain()})
    elif not saying.quiet:
        result.show(crossing)
