"""``mixtura fit``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mixtura.cli import asked, screen
from mixtura.cli.crossing import Crossing, cross
from mixtura.cli.endings import Code, Stop
from mixtura.cli.gathering import Gathered, gather
from mixtura.cli.inputs import Reading
from mixtura.cli.models import as_options, write_model
from mixtura.cli.requests import Choosing, Saying, Settings
from mixtura.cli.result import Result
from mixtura.cli.words import count
from mixtura.outcome import MixtureError

# How the text begins where no other start was tried.
ALONE = "The only start failed."


def run(
    data: Sequence[str], reading: Reading, choosing: Choosing, settings: Settings, saying: Saying, strict: bool
) -> int:
    """Fit, write the model, and tell."""
    k, family = asked.one_number(settings.components), asked.one_family(settings.family)
    asked.start(settings.init)
    of = gather(data, reading, choosing, saying)
    model = _fit(of, k, family, settings, saying.quiet)
    require_converged(model, strict)
    if saying.output is not None:
        write_model(model, saying.output, saying.force)
    result = Result.measured(model, of, settings.seed, saying.output)
    tell(result, cross(choosing.by, of.table, of.rows, result.labels, model), saying)
    return Code.DONE


def _fit(of: Gathered, k: int, family: str, settings: Settings, quiet: bool) -> Any:
    """The only candidate of a search."""
    from mixtura.cli.searches import Wanted, search, watching

    n = len(of.rows.values)
    if k > n:
        raise Stop(
            Code.INPUT, f"{of.table.title} gives {count(n)} rows, too few for {k} components. Use fewer components."
        )
    try:
        with watching(of, quiet) as watch:
            return search(of, of.rows, Wanted((k,), (family,), "bic", settings), watch).best_estimator_
    except MixtureError as error:
        if not str(error).startswith(ALONE):
            raise
        raise MixtureError(f"{error} Other starts may do: add --n-init 10.") from error


def require_converged(model: Any, strict: bool) -> None:
    """Stop for a model that did not converge, where that is asked for."""
    if strict and not model.converged_:
        why = as_options(model.fit_report_.outcome.value)
        raise Stop(Code.NOT_CONVERGED, f"{why} Because of --strict nothing was written.")


def tell(result: Result, crossing: Crossing | None, saying: Saying) -> None:
    """Print a result, for people or for programs."""
    if saying.json:
        screen.print_json(result.plain() | {"by": None if crossing is None else crossing.plain()})
    elif not saying.quiet:
        result.show(crossing)
