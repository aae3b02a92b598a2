"""``mixtura fit``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mixtura.cli import screen
from mixtura.cli.crossing import cross
from mixtura.cli.endings import Code, Rerun, Stop
from mixtura.cli.inputs import Reading, Sources, find_sources, join_names, note, report_missing
from mixtura.cli.models import as_options, fit_mixture, one_family, one_number, write_model
from mixtura.cli.outputs import check_output
from mixtura.cli.requests import Choosing, Saying, Settings
from mixtura.cli.result import Result
from mixtura.cli.words import count, listed
from mixtura.sources.columns import Choice, ColumnsRefused, choose_columns
from mixtura.sources.rows import Rows, read_rows

if TYPE_CHECKING:
    from mixtura.sources.tables import Table


def run(
    data: Sequence[str], reading: Reading, choosing: Choosing, settings: Settings, saying: Saying, strict: bool
) -> int:
    """Fit, write the model, and tell."""
    one_number(settings.components)
    one_family(settings.family)
    sources = find_sources(data)
    check_output(saying.output, saying.force, [*sources.words, *sources.files])
    table = sources.read(reading)
    weights = choosing.weights or sources.weight_column
    choice = _choose(table, sources, choosing, weights)
    rows = read_rows(table, choice.features, weights, drop=reading.drop)
    report_missing(table, rows, note(saying.quiet))
    model = _fit(table, rows, choice, settings, saying.quiet)
    if strict and not model.converged_:
        why = as_options(model.fit_report_.outcome.value)
        raise Stop(Code.NOT_CONVERGED, f"{why} Because of --strict nothing was written.")
    if saying.output is not None:
        write_model(model, saying.output, saying.force)
    result = Result.of(model, table, rows, choice, settings.seed, saying.output, sources.words, reading.flags())
    _tell(result, cross(choosing.by, table, rows, result.labels, model), saying)
    return Code.DONE


def _choose(table: Table, sources: Sources, choosing: Choosing, weights: str | None) -> Choice:
    purposes = {sources.class_column: "known class", choosing.by: "crossed with the result", weights: "weights"}
    aside = {name: purpose for name, purpose in purposes.items() if name is not None}
    try:
        return choose_columns(table, columns=choosing.columns, exclude=choosing.exclude, aside=aside)
    except ColumnsRefused as error:
        raise Stop(Code.INPUT, str(error), *_offers(error)) from error


def _offers(error: ColumnsRefused) -> list[Rerun]:
    """The commands that would run."""
    refused = [trait.name for trait in error.refused]
    numeric = [trait.name for trait in error.refused if trait.numeric]
    offers = []
    if error.features:
        offers.append(Rerun(f"To fit {listed(error.features)}:", ("--exclude", join_names(refused))))
    if numeric:
        everything = join_names([*error.features, *numeric])
        also = " too" if error.features else " all the same"
        offers.append(Rerun(f"To fit {listed(numeric)}{also}:", ("--columns", everything)))
    return offers


def _fit(table: Table, rows: Rows, choice: Choice, settings: Settings, quiet: bool) -> Any:
    k, n = one_number(settings.components), len(rows.values)
    if k > n:
        raise Stop(
            Code.INPUT, f"{table.title} gives {count(n)} rows, too few for {k} components. Use fewer components."
        )
    whole = len(choice.features) == len(table.names)
    names = choice.features if table.named or not whole else None
    words = f"{settings.components} components, {count(n)} rows"
    with screen.progress(words, settings.n_init, quiet=quiet) as watch:
        return fit_mixture(rows.values, rows.weight, names, settings, watch)


def _tell(result: Result, crossing: Any, saying: Saying) -> None:
    if saying.json:
        screen.print_json(result.plain() | {"by": None if crossing is None else crossing.plain()})
    elif not saying.quiet:
        result.show(crossing)
