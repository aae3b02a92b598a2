"""``mixtura score``."""

from __future__ import annotations

from collections.abc import Sequence

from mixtura.cli import screen
from mixtura.cli.endings import Code
from mixtura.cli.inputs import Reading
from mixtura.cli.models import in_options, measured
from mixtura.cli.picking import pick
from mixtura.cli.requests import Choosing, Saying
from mixtura.cli.result import columns_line
from mixtura.cli.watched import cluster
from mixtura.cli.words import count, listed


def run(
    path: str, data: Sequence[str], reading: Reading, choosing: Choosing, saying: Saying, threads: int | None
) -> int:
    """Measure rows under a model."""
    picked = pick(path, data, reading, choosing, saying)
    picked.model.n_threads = threads
    with in_options(), cluster(reading), picked.shown(saying.quiet):
        _, found = measured(picked.model, picked.data, picked.weight)
    n = picked.tally.n_used
    picked.report(saying.quiet)
    if saying.json:
        columns = {"used": list(picked.features), "unused": picked.unused}
        screen.print_json({"columns": columns, "rows": n, "mean_log_likelihood": found.pop("score"), **found})
        return Code.DONE
    with screen.page() as shown:
        screen.paragraph(shown, columns_line(picked.features, picked.unused))
        shown.print()
        screen.facts(
            shown,
            [
                ("data", f"{count(n)} rows of {listed(picked.sources.words)}"),
                ("mean log-likelihood", f"{found['score']:.6f} nats a row"),
                ("BIC", f"{found['bic']:.3f} (lower is better, here and below)"),
                ("AIC", f"{found['aic']:.3f}"),
                ("ICL", f"{found['icl']:.3f}"),
            ],
        )
    return Code.DONE
