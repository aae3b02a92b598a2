"""The search: every candidate from its own starts, then those again whose neighbors say that more can be reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from time import perf_counter

from mixtura import start
from mixtura.mixture import Mixture
from mixtura.outcome import ComponentError, MixtureError
from mixtura.parameters import Parameters
from mixtura.selection import ordinary, small, warm
from mixtura.selection.attempt import Trial
from mixtura.selection.folds import held_out
from mixtura.selection.grid import Candidate
from mixtura.selection.keeper import Keeper
from mixtura.selection.ordinary import Reach
from mixtura.selection.plan import Beginning, Rows
from mixtura.selection.progress import Watch
from mixtura.selection.small import Done, Job

# Rounds of warm starts at most.
ROUNDS = 4


@dataclass(frozen=True)
class Search:
    """One search under way.

    Parameters
    ----------
    rows : Rows
    criterion : str
    keeper : Keeper
        Remembers what is done.
    watch : Watch
        Told of it.
    """

    rows: Rows
    criterion: str
    keeper: Keeper
    watch: Watch

    def run(self, candidates: Sequence[Candidate]) -> list[Trial]:
        """A trial a candidate, in their order, with all that its criteria need."""
        self.watch.begin(candidates, self.rows.source.shape)
        trials = self.fit(candidates)
        return held_out(self, trials) if self.criterion == "cv" else trials

    def fit(self, candidates: Sequence[Candidate]) -> list[Trial]:
        """A trial a candidate, in their order."""
        alone = {replace(one, n_components=1) for one in candidates} - set(candidates)
        first = self._first([*candidates, *sorted(alone)])
        ones = _ones(first)
        trials = self._finished([_with(trial, ones) for trial in first[: len(candidates)]])
        fresh, within = set(candidates), warm.nested(candidates, self.rows.source.shape[1])
        for turn in range(ROUNDS):
            trials = [_with(trial, ones) for trial in trials]
            better = self._again(trials, within, fresh, turn)
            fresh = {new.candidate for old, new in zip(trials, better, strict=True) if new.best != old.best}
            trials = better
        return [_with(trial, ones) for trial in trials]

    def _first(self, candidates: Sequence[Candidate]) -> list[Trial]:
        """Every candidate from its own starts; those compiled first, for they are many and short."""
        found = self.keeper.recall("first", candidates)
        left = [one for one in candidates if one not in found]
        compiled = [one for one in left if small.fits(self.rows, one)]
        for trial in [*found.values()]:
            self.watch.done(trial)
        for trial in (*self._compiled(compiled), *self._ordinary([one for one in left if one not in set(compiled)])):
            found[trial.candidate] = trial
        return [found[one] for one in candidates]

    def _compiled(self, candidates: Sequence[Candidate]) -> Iterator[Trial]:
        """Candidates in compiled code; jobs are thought of while the first are at work."""
        left: dict[Candidate, int] = {}
        done: dict[Candidate, list[Done]] = {}
        refused: list[Trial] = []

        def turns() -> Iterator[list[Job]]:
            for part in small.shared(self.rows, candidates):
                asked: list[Job] = []
                for candidate in part:
                    try:
                        jobs = _jobs(self.rows, candidate)
                    except MixtureError as error:
                        refused.append(Trial(candidate, reason=str(error)))
                        continue
                    left[candidate], done[candidate] = len(jobs), [Done(one, None) for one in jobs if one.failed]
                    asked += [one for one in jobs if not one.failed]
                yield from small.alike(asked)

        for turn in chain(small.climb(self.rows, turns()) if candidates else (), [[]]):
            for one in turn:
                done[one.job.candidate].append(one)
            for candidate in [each for each, some in done.items() if len(some) == left[each]]:
                yield self._keep("first", _gathered(self.rows, done.pop(candidate)))
        for trial in refused:
            yield self._keep("first", trial)

    def _ordinary(self, candidates: Iterable[Candidate]) -> Iterator[Trial]:
        for candidate in candidates:
            yield self._keep("first", _whole(self.rows, candidate))

    def _keep(self, stage: str, trial: Trial) -> Trial:
        self.keeper.keep(stage, trial)
        self.watch.done(trial)
        return trial

    def _finished(self, trials: list[Trial]) -> list[Trial]:
        """Those that can still win go on from their coarse ends, where ends are coarse."""
        coarse = [trial for trial in trials if not self._is_final(trial)]
        if not coarse:
            return trials
        reach = None if self.criterion == "cv" else Reach.of(trials, self.criterion, self.rows.look.summary.weight)
        found = self.keeper.recall("last", [trial.candidate for trial in coarse])
        left = [trial for trial in coarse if trial.candidate not in found]
        for trial in ordinary.finish(self.rows, left, reach):
            found[trial.candidate] = self._keep("last", trial)
        return [found.get(trial.candidate, trial) for trial in trials]

    def _is_final(self, trial: Trial) -> bool:
        return ordinary.unhurried(self.rows) or small.fits(self.rows, trial.candidate)

    def _again(self, trials: list[Trial], within: warm.Nested, fresh: set[Candidate], turn: int) -> list[Trial]:
        """Candidates whose neighbors reach more begin again from those that are `fresh`; what gains is kept."""
        stage, d = f"warm {turn}", self.rows.source.shape[1]
        asked = warm.proposals(trials, within, fresh, self.criterion, self.rows.plan.settings.tol, d)
        wanted = [trial.candidate for trial in trials if any(one.candidate == trial.candidate for one in asked)]
        found = self.keeper.recall(stage, wanted)
        asked = [one for one in asked if one.candidate not in found]
        tried = {candidate: [one for one in asked if one.candidate == candidate] for candidate in wanted}
        by_candidate, least = {trial.candidate: trial for trial in trials}, warm.EQUAL * self.rows.plan.settings.tol
        for candidate, better in self._retried({c: some for c, some in tried.items() if some}):
            found[candidate] = self._keep(stage, _improved(by_candidate[candidate], better, least, d))
        return [found.get(trial.candidate, trial) for trial in trials]

    def _retried(self, tried: dict[Candidate, list[warm.Proposal]]) -> Iterator[tuple[Candidate, list[Trial]]]:
        """What came of proposals, candidate by candidate, a trial a proposal."""
        compiled = {c: some for c, some in tried.items() if small.fits(self.rows, c)}
        parts = small.shared(self.rows, list(compiled))
        turns = [
            [Job(c, i, parameters=one.parameters) for c in part for i, one in enumerate(compiled[c])] for part in parts
        ]
        done: dict[Candidate, list[Done]] = {candidate: [] for candidate in compiled}
        for turn in small.climb(self.rows, turns) if compiled else ():
            for one in turn:
                done[one.job.candidate].append(one)
        for candidate, some in tried.items():
            ends = {one.job.start: one for one in done.get(candidate, ()) if one.attempt is not None}
            yield candidate, [_warm(self.rows, one, ends.get(i)) for i, one in enumerate(some)]


def _jobs(rows: Rows, candidate: Candidate) -> list[Job]:
    """Every start of a candidate as a job."""
    return [_job(rows, candidate, i, one) for i, one in enumerate(rows.begin(candidate, small=True))]


def _job(rows: Rows, candidate: Candidate, index: int, begin: Beginning) -> Job:
    """A start as a job, from labels where these are all there is, else from the model it begins with, if it is one."""
    if begin.labels is not None:
        return Job(candidate, index, labels=begin.labels)
    problem = rows.problem(candidate)
    ordinary.require(problem)
    try:
        model = begin.start(problem.ground(), rows.plan.random(candidate, index))
        model.density()
        first = Parameters.publish(model, problem.frame, problem.layout, None)
    except ComponentError:
        return Job(candidate, index)
    return Job(candidate, index, parameters=first)


def _gathered(rows: Rows, done: Sequence[Done]) -> Trial:
    """The trial of a candidate whose jobs are done; those that were left are done the ordinary way."""
    candidate, ends = done[0].job.candidate, sorted(done, key=lambda one: one.job.start)
    try:
        ends = [one if one.attempt is not None else _taken_over(rows, one) for one in ends]
    except MixtureError as error:
        return Trial(candidate, reason=str(error))
    attempts = tuple(one.attempt for one in ends if one.attempt is not None)
    trial = Trial(candidate, attempts, seconds=sum(one.seconds for one in ends))
    return trial if trial.best is None else replace(trial, evidence=ends[trial.best].evidence)


def _taken_over(rows: Rows, done: Done) -> Done:
    """A job that compiled code could not end, in the ordinary way from one pass before; or from its beginning."""
    begun, candidate, index = perf_counter(), done.job.candidate, done.job.start
    problem = rows.problem(candidate)
    ordinary.require(problem)
    stood = small.before_the_end(rows, done)
    if stood is None:
        attempt = ordinary.climb(rows, problem, candidate, index, rows.begin(candidate, small=True)[index].start)
    else:
        attempt = ordinary.go_on(rows, problem, candidate, index, stood)
    evidence = ordinary.gather(rows, problem, attempt)
    return Done(done.job, attempt, evidence, perf_counter() - begun)


def _warm(rows: Rows, proposal: warm.Proposal, done: Done | None) -> Trial:
    """What came of a proposal; where compiled code could not end it, the ordinary way does."""
    if done is None or done.attempt is None:
        return _warmed(rows, proposal)
    attempt = replace(done.attempt, before=proposal.told)
    return Trial(proposal.candidate, (attempt,), done.evidence, done.seconds)


def _whole(rows: Rows, candidate: Candidate, given: start.Start | None = None) -> Trial:
    """A candidate from its starts, or from a given one, the ordinary way."""
    begun = perf_counter()
    try:
        problem = rows.problem(candidate)
        ordinary.require(problem)
        own = rows.begin(candidate, small=rows.plan.alone) if given is None else [Beginning(given)]
        ways = enumerate(one.start for one in own)
        trial = Trial(candidate, tuple(ordinary.climb(rows, problem, candidate, i, way) for i, way in ways))
        evidence = ordinary.gather(rows, problem, trial.kept)
        return replace(trial, evidence=evidence, seconds=perf_counter() - begun)
    except MixtureError as error:
        return Trial(candidate, seconds=perf_counter() - begun, reason=str(error))


def _warmed(rows: Rows, proposal: warm.Proposal) -> Trial:
    """A candidate from given parameters, the ordinary way, to the end."""

    def first(ground: start.Ground, _: start.Seed) -> Mixture:
        return proposal.parameters.mixture(ground.recipe, ground.source.frame)

    trial = _whole(rows, proposal.candidate, first)
    (trial,) = ordinary.finish(rows, [trial], None) if not ordinary.unhurried(rows) else (trial,)
    return replace(trial, attempts=tuple(replace(one, before=proposal.told) for one in trial.attempts))


def _improved(trial: Trial, others: Sequence[Trial], least: float, n_features: int) -> Trial:
    """A trial with the best of other ends beside its own, if that is higher by more than `least`."""
    spent = sum(one.seconds for one in others)
    alive = [one for one in others if one.kept is not None and one.evidence is not None]
    best = max((one for one in alive if warm.sound(one, n_features)), key=_objective, default=None)
    if best is None or best.kept is None or _objective(best) <= _objective(trial) + least:
        return replace(trial, seconds=trial.seconds + spent)
    return trial.also((best.kept,), best.evidence, spent)


def _objective(trial: Trial) -> float:
    assert trial.kept is not None
    return trial.kept.objective


def _ones(trials: Iterable[Trial]) -> dict[str, float]:
    """The log-likelihood of one component of each family."""
    alone = [trial for trial in trials if trial.candidate.n_components == 1 and trial.evidence is not None]
    return {trial.candidate.covariance_type: trial.evidence.log_likelihood for trial in alone if trial.evidence}


def _with(trial: Trial, ones: dict[str, float]) -> Trial:
    """A trial with the log-likelihood of one component of its family among its evidence."""
    one = ones.get(trial.candidate.covariance_type)
    if trial.evidence is None or one is None:
        return trial
    return replace(trial, evidence=replace(trial.evidence, log_likelihood_of_one=one))
