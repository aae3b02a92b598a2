"""The result of a fit, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.cli import screen
from mixtura.cli.models import as_options, assigned, calm, plain_model, portrait_of
from mixtura.cli.outputs import size
from mixtura.cli.words import count, listed, percent, shell_word

if TYPE_CHECKING:
    from mixtura.cli.crossing import Crossing
    from mixtura.sources.columns import Choice
    from mixtura.sources.rows import Rows
    from mixtura.sources.tables import Table


@dataclass(frozen=True, eq=False)
class Result:
    """A fitted model with all that is said of it."""

    model: Any
    table: Table
    rows: Rows
    choice: Choice
    labels: NDArray[np.int64]
    criteria: dict[str, float]
    seed: int
    output: str | None
    words: Sequence[str]
    flags: Sequence[str]

    @classmethod
    def of(
        cls,
        model: Any,
        table: Table,
        rows: Rows,
        choice: Choice,
        seed: int,
        output: str | None,
        words: Sequence[str],
        flags: Sequence[str],
    ) -> Result:
        """Assign the rows and measure the criteria."""
        with calm():
            labels = np.asarray(model.predict(rows.values), dtype=np.int64)
            values = {name: float(getattr(model, name)(rows.values, rows.weight)) for name in ("bic", "icl", "aic")}
        return cls(model, table, rows, choice, labels, values, seed, output, words, flags)

    def plain(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "columns": {"used": list(self.choice.features), "unused": dict(self.choice.unused)},
            "files": [part.path for part in self.table.parts],
            "rows": {"read": self.table.n_rows, "used": len(self.rows.values), "lost": self.rows.n_lost},
            "missing": dict(self.rows.missing),
            "seed": self.seed,
            "converged": bool(self.model.converged_),
            "log_likelihood": self.model.fit_report_.log_likelihood,
            **self.criteria,
            "assigned": assigned(self.model, self.labels, self.rows.weight),
            "output": self.output,
            "model": plain_model(self.model),
        }

    def show(self, crossing: Crossing | None) -> None:
        """Print tables and sentences."""
        with screen.page() as shown:
            screen.paragraph(shown, columns_line(self.choice.features, self.choice.unused))
            shown.print()
            screen.portrait(shown, portrait_of(self.model, assigned(self.model, self.labels, self.rows.weight)))
            if crossing is not None:
                crossing.show(shown)
            screen.facts(shown, [*self._facts(), *fit_facts(self.model)])
            shown.print()
            if self.output is None:
                screen.paragraph(shown, "Add -o model.mixtura to keep this model.")
            else:
                screen.paragraph(shown, f"Wrote {self.output} ({size(self.output)}). Next:")
                screen.commands(shown, self._next())

    def _facts(self) -> list[tuple[str, str]]:
        report = self.model.fit_report_
        rows = f"{count(len(self.rows.values))} rows of {listed(self.words)}"
        if self.rows.weight is not None:
            rows += f", of total weight {count(float(self.rows.weight.sum()))}"
        values = ", ".join(f"{name.upper()} {value:.2f}" for name, value in self.criteria.items())
        return [
            ("data", rows + (f", {count(self.rows.n_lost)} left out" if self.rows.n_lost else "")),
            ("family", f"{report.family}, {report.n_parameters} free parameters; seed {self.seed}"),
            ("fit", f"log-likelihood {report.log_likelihood:.3f}; {values} (lower is better)"),
        ]

    def _next(self) -> list[str]:
        """Commands to run next."""
        model, data = shell_word(str(self.output)), " ".join(shell_word(word) for word in (*self.words, *self.flags))
        return [
            f"mixtura predict {model} {data} -o labels.csv",
            f"mixtura plot {model} {data} -o picture.png",
        ]


def columns_line(used: Sequence[str], unused: Any) -> str:
    """
    Say which columns were used and which not.

    Examples
    --------
    >>> columns_line(["a", "b"], {"id": "excluded"})
    'Columns used: a, b. Not used: id (excluded).'
    """
    rest = [f"{name} ({reason})" for name, reason in unused.items()]
    return f"Columns used: {listed(used)}. Not used: {listed(rest, 40) if rest else 'none'}."


def fit_facts(model: Any) -> list[tuple[str, str]]:
    """Say how sure the assignment is, how the fit ended and what looks suspicious."""
    report = model.fit_report_
    starts = len(report.starts)
    ended = f"{as_options(report.outcome.value)} {report.passes} passes in {report.seconds:.2g} s"
    failed = sum(not start.outcome.ok for start in report.starts)
    if starts > 1:
        ended += f"; {report.agreeing} of {starts} starts came to this optimum" + (
            f", {failed} failed" if failed else ""
        )
    odd = [as_options(sentence) for sentence in report.warnings if not sentence.startswith("Best performing")]
    sure = f"the largest probability of a row is {1 - report.uncertainty:.3f} on average, and below 0.8 for "
    facts = [("assignment", sure + f"{percent(report.doubtful)} of the rows")] if report.n_components > 1 else []
    facts += [("ended", ended + ".")]
    return facts + [("suspicious" if at == 0 else "", sentence) for at, sentence in enumerate(odd or ["nothing"])]
