"""What a table of candidates means, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixtura.selection.table import Results, Row

# Differences of BIC and the words for them, twice the natural logarithm of a Bayes factor (Kass & Raftery 1995, Journal
# of the American Statistical Association 90, 773-795).
WORDS = ((2.0, "undecided"), (6.0, "positive"), (10.0, "strong"))
STRONGEST = "very strong"
# Rows a free parameter below which estimates are worth little.
CARRIED = 5.0
# Values of a criterion no farther apart than this, relatively, are equal.
EQUAL = 1e-9
# So many families are named.
MOST = 4
# How the outcome of a candidate that was given up begins, and that of one that cannot be compared.
EARLY, APART = "Stopped early", "Not compared"
GROUPS = "Components need not be real groups: several may be needed for one group that is not Gaussian."


@dataclass(frozen=True)
class Facts:
    """What a verdict looks at besides the table.

    Parameters
    ----------
    results : Results
    weight : float
        Number of rows: the sum of their weights.
    scales : bool
        Whether the winner's family is closed under scaling of columns.
    apart : bool
        Whether the columns differ in scale.
    suspicious : tuple of int
        Components of the winner that hold few rows or a tiny volume.
    safer : Row or None
        The best candidate without such components, where the winner has some.
    """

    results: Results
    weight: float
    scales: bool
    apart: bool
    suspicious: tuple[int, ...]
    safer: Row | None = None

    @property
    def winner(self) -> Row:
        """The best candidate."""
        return self.results[self.results.best]


def runner_up(results: Results) -> Row | None:
    """The next best candidate that is not the same model under another name."""
    ranked = results.ranked
    for row in ranked[1:]:
        value, least = (getattr(one, results.criterion) for one in (row, ranked[0]))
        if row.n_parameters != ranked[0].n_parameters or abs(value - least) > EQUAL * (1.0 + abs(least)):
            return row
    return None


def margin(results: Results) -> float | None:
    """By how much the winner leads; None where it is alone."""
    second = runner_up(results)
    if second is None:
        return None
    return float(getattr(second, results.criterion) - getattr(results[results.best], results.criterion))


def strength(difference: float) -> str:
    """The word for a difference of BIC.

    Examples
    --------
    >>> from mixtura.selection.verdict import strength
    >>> [strength(difference) for difference in (1.9, 5.9, 9.9, 10.0)]
    ['undecided', 'positive', 'strong', 'very strong']
    """
    return next((word for most, word in WORDS if difference < most), STRONGEST)


def sentences(facts: Facts) -> list[str]:
    """The winner, by how much, and what to think of it."""
    told = [_winner(facts), _lead(facts), _other_criterion(facts), _edge(facts), _unsettled(facts)]
    told += [_carried(facts), _suspicious(facts), _units(facts), _failed(facts.results), _stopped(facts.results)]
    return [sentence for sentence in [*told, GROUPS] if sentence]


def named(row: Row) -> str:
    """A candidate in words."""
    return f"{row.n_components} component{'' if row.n_components == 1 else 's'} of family {row.family}"


def _winner(facts: Facts) -> str:
    row, criterion = facts.winner, facts.results.criterion
    found = f"Best by {criterion.upper()}: {named(row)} ({getattr(row, criterion):.6g})."
    rivals = any(one.n_components > 1 and one.log_likelihood is not None for one in facts.results)
    return f"{found} One component is enough: no evidence of groups." if row.n_components == 1 and rivals else found


def _lead(facts: Facts) -> str:
    second, lead, criterion = runner_up(facts.results), margin(facts.results), facts.results.criterion
    if second is None or lead is None:
        return ""
    told = f"Next: {named(second)}, {lead:.3g} behind"
    if criterion != "bic" or facts.weight <= (facts.winner.n_parameters or 0):
        return f"{told}."
    return f"{told}: {strength(lead)}." if lead < WORDS[0][0] else f"{told}: {strength(lead)} evidence."


def _other_criterion(facts: Facts) -> str:
    """Whether BIC and ICL disagree on the number of components, and what that means."""
    criterion = facts.results.criterion
    if criterion not in ("bic", "icl"):
        return ""
    other = "icl" if criterion == "bic" else "bic"
    ended = [row for row in facts.results if row.converged or row.outcome.startswith(EARLY)]
    there = [row for row in ended if getattr(row, other) is not None]  # behind by one criterion may lead by the other
    rival = min(there, key=lambda row: float(getattr(row, other)), default=facts.winner)
    mine, theirs = facts.winner.n_components, rival.n_components
    if mine == theirs:
        return f"{other.upper()} agrees on {_count(mine)}." if len({row.n_components for row in there}) > 1 else ""
    by_bic, by_icl = (mine, theirs) if criterion == "bic" else (theirs, mine)
    told = f"{other.upper()} prefers {named(rival)}. "
    if by_icl < by_bic:
        return told + "Some of the Gaussians overlap and may form one cluster together: see merge_components."
    return told + "BIC weighs density alone, ICL also how clearly rows are assigned: the two readings differ here."


def _count(k: int) -> str:
    return f"{k} component{'' if k == 1 else 's'}"


def _of(some: int, results: Results) -> str:
    return f"{some} of {len(results)} candidates"


def _edge(facts: Facts) -> str:
    tried, k = sorted({row.n_components for row in facts.results}), facts.winner.n_components
    if len(tried) == 1 or k not in (tried[0], tried[-1]) or k == 1:
        return ""
    if k == tried[-1]:
        return f"{k} is the largest number of components that was tried: try more."
    return f"{k} is the smallest number of components that was tried: try fewer."


def _unsettled(facts: Facts) -> str:
    left = [row for row in facts.results if row.log_likelihood is not None and not row.converged]
    left = [row for row in left if not row.outcome.startswith(EARLY)]
    if not facts.winner.converged:
        return "The best candidate did not converge, so its lead is not sure: raise max_iter or tol."
    if not left:
        return ""
    return f"{_of(len(left), facts.results)} did not converge and might come closer: raise max_iter or tol."


def _carried(facts: Facts) -> str:
    free = facts.winner.n_parameters or 0
    if facts.weight >= CARRIED * free:
        return ""
    many = f"{free} free parameters for {facts.weight:g} rows"
    if facts.weight <= free:
        return f"It has {many}, more than these can carry: do not trust its shape."
    return f"It has {many}, fewer than {CARRIED:g} rows a parameter: its estimates are rough."


def _suspicious(facts: Facts) -> str:
    if not facts.suspicious:
        return ""
    which = ", ".join(map(str, facts.suspicious))
    one = len(facts.suspicious) == 1
    told = f"Component{'' if one else 's'} {which} {'holds' if one else 'hold'} few rows or a tiny volume"
    told = f"{told}, which may be an accident of these rows."
    if facts.safer is None:
        return told
    criterion = facts.results.criterion
    behind = getattr(facts.safer, criterion) - getattr(facts.winner, criterion)
    return f"{told} The best without such components: {named(facts.safer)}, {behind:.3g} behind."


def _units(facts: Facts) -> str:
    if facts.scales or not facts.apart or facts.winner.n_components == 1:
        return ""
    told = f"Family {facts.winner.family} depends on the units of the columns, and these differ in scale"
    return f"{told}: standardize them first if their units are arbitrary."


def _failed(results: Results) -> str:
    lost = [row for row in results if row.log_likelihood is None or row.outcome.startswith(APART)]
    if not lost:
        return ""
    what = "fitted" if all(row.log_likelihood is None for row in lost) else "fitted or compared"
    numbers: dict[str, list[int]] = {}
    for row in lost:
        numbers.setdefault(row.family, []).append(row.n_components)
    named = [f"{family} with {', '.join(map(str, some))}" for family, some in numbers.items()]
    shown = "; ".join(named if len(named) <= MOST else [*named[:MOST], "..."])
    first = ("The reason: " if len({row.outcome for row in lost}) == 1 else "The first reason: ") + lost[0].outcome
    return f"{_of(len(lost), results)} could not be {what}: {shown} components. {first}"


def _stopped(results: Results) -> str:
    """Said where figures in the table are not final."""
    early = sum(row.outcome.startswith(EARLY) for row in results)
    if not early:
        return ""
    return f"{_of(early, results)} {'was' if early == 1 else 'were'} too far behind to be followed to the end."


def paragraphs(told: Sequence[str]) -> str:
    """Sentences one below the other."""
    return "\n".join(told)
