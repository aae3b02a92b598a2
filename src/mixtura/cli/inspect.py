"""``mixtura inspect``."""

from __future__ import annotations

from typing import Any

from mixtura.cli import screen
from mixtura.cli.endings import Code
from mixtura.cli.inputs import load_model, model_names
from mixtura.cli.models import plain_model, portrait_of
from mixtura.cli.result import fit_facts
from mixtura.cli.searched import Searched
from mixtura.cli.words import count, listed


def run(path: str, as_json: bool) -> int:
    """Show a model file."""
    from mixtura import files

    model = load_model(path)
    searched = Searched.kept(files.header(path).extra)
    if as_json:
        search = None if searched is None else searched.plain()
        screen.print_json({"file": path, **plain_model(model), "search": search})
        return Code.DONE
    names = model_names(model)
    with screen.page() as shown:
        known = f"Columns used: {listed(names)}." if names else f"{model.n_features_in_} columns without names."
        screen.paragraph(shown, known)
        shown.print()
        if searched is not None:
            searched.show(shown)
        screen.portrait(shown, portrait_of(model))
        screen.facts(shown, _facts(model, searched))
    return Code.DONE


def _facts(model: Any, searched: Searched | None) -> list[tuple[str, str]]:
    report = getattr(model, "fit_report_", None)
    family = f"{model.covariance_type}, {model.n_parameters_} free parameters"
    if report is None:
        return [("family", family), ("fit", "none: the parameters were given")]
    rows = f"fitted to {count(report.n_rows)} rows"
    if report.weight != report.n_rows:
        rows += f" of total weight {count(report.weight)}"
    return [
        ("data", rows),
        ("family", family),
        ("fit", f"log-likelihood {report.log_likelihood:.3f}"),
        *fit_facts(model, searched),
    ]
