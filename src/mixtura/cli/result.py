"""The result of a fit, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.cli import screen
from mixtura.cli.models import as_options, measured, plain_model, portrait_of
from mixtura.cli.outputs import size
from mixtura.cli.words import count, duration, listed, percent, shell_word

if TYPE_CHECKING:
    from mixtura.cli.crossing import Crossing
    from mixtura.cli.gathering import Gathered, Streamed
    from mixtura.cli.searched import Searched


# How the sentence of a report begins that tells of growing samples.
BEGAN = "It began on random samples"


@dataclass(frozen=True, eq=False)
class Result:
    """A fitted model with all that is said of it, and of the search that it came from if that is to be told."""

    model: Any
    of: Gathered | Streamed
    assigned: NDArray[np.float64]
    weight: float
    criteria: dict[str, float]
    seed: int
    output: str | None
    searched: Searched | None = None

    @classmethod
    def measured(
        cls, model: Any, of: Gathered | Streamed, seed: int, output: str | None, searched: Searched | None = None
    ) -> Result:
        """Assign the rows and measure the criteria, in one reading."""
        found, values = measured(model, of.data, of.weight)
        criteria = {name: values[name] for name in ("bic", "icl", "aic")}
        return cls(model, of, found.assigned, found.weight, criteria, seed, output, searched)

    def plain(self) -> dict[str, Any]:
        """Plain values for JSON."""
        tally = self.of.tally
        return {
            "columns": {"used": list(self.of.choice.features), "unused": dict(self.of.choice.unused)},
            "files": list(self.of.sources.files),
            "rows": {"read": tally.n_rows, "used": tally.n_used, "lost": tally.n_lost},
            "missing": dict(tally.missing),
            "seed": self.seed,
            "converged": bool(self.model.converged_),
            "log_likelihood": self.model.fit_report_.log_likelihood,
            **self.criteria,
            "assigned": self.assigned,
            "output": self.output,
            "model": plain_model(self.model),
            **({} if self.searched is None else {"search": self.searched.plain()}),
        }

    def show(self, crossing: Crossing | None) -> None:
        """Print tables and sentences."""
        with screen.page() as shown:
            screen.paragraph(shown, columns_line(self.of.choice.features, self.of.choice.unused))
            shown.print()
            if self.searched is not None:
                self.searched.show(shown)
            screen.portrait(shown, portrait_of(self.model, self.assigned))
            if crossing is not None:
                crossing.show(shown)
            screen.facts(shown, [*self._facts(), *fit_facts(self.model, self.searched)])
            shown.print()
            if self.output is None:
                screen.paragraph(shown, "Add -o model.mixtura to keep this model.")
            else:
                screen.paragraph(shown, f"Wrote {self.output} ({size(self.output)}). Next:")
                screen.commands(shown, self._next())

    def _facts(self) -> list[tuple[str, str]]:
        report = self.model.fit_report_
        tally = self.of.tally
        rows = f"{count(tally.n_used)} rows of {listed(self.of.sources.words)}"
        if self.of.weighted:
            rows += f", of total weight {count(self.weight)}"
        values = ", ".join(f"{name.upper()} {value:.2f}" for name, value in self.criteria.items())
        return [
            ("data", rows + (f", {count(tally.n_lost)} left out" if tally.n_lost else "")),
            ("family", f"{report.family}, {report.n_parameters} free parameters; seed {self.seed}"),
            ("fit", f"log-likelihood {report.log_likelihood:.3f}; {values} (lower is better)"),
        ]

    def _next(self) -> list[str]:
        """Commands to run next."""
        words = (*self.of.sources.words, *self.of.reading.flags())
        model, data = shell_word(str(self.output)), " ".join(map(shell_word, words))
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


def fit_facts(model: Any, searched: Searched | None = None) -> list[tuple[str, str]]:
    """Say how sure the assignment is, how the fit, or the search, ended and what looks suspicious."""
    report = model.fit_report_
    starts = len(report.starts)
    ended = f"{as_options(report.outcome.value)} {_effort(report, searched)}"
    failed = sum(not start.outcome.ok for start in report.starts)
    if starts > 1:
        ended += f"; {report.agreeing} of {starts} starts came to this optimum" + (
            f", {failed} failed" if failed else ""
        )
    told = [as_options(sentence) for sentence in report.warnings if not sentence.startswith("Best performing")]
    began, odd = ([one for one in told if one.startswith(BEGAN) is is_so] for is_so in (True, False))
    sure = f"the largest probability of a row is {1 - report.uncertainty:.3f} on average, and below 0.8 for "
    facts = [("assignment", sure + f"{percent(report.doubtful)} of the rows")] if report.n_components > 1 else []
    facts += [("began", sentence) for sentence in began] + [("ended", ended + ".")]
    return facts + [("suspicious" if at == 0 else "", sentence) for at, sentence in enumerate(odd or ["nothing"])]


def _effort(report: Any, searched: Searched | None) -> str:
    """Passes of a fit and seconds, which a search has spent on all candidates."""
    tried = 1 if searched is None or searched.sample is not None else len(searched.board.results)
    took = duration(report.seconds)
    return (
        f"{report.passes} passes in {took}" if tried == 1 else f"{report.passes} passes; {tried} candidates in {took}"
    )
