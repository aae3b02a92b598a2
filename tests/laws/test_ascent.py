"""The objective rises at every accepted step, and belongs to the model it is told with."""

import numpy as np
import pytest

from mixtura import em
from mixtura.outcome import Outcome
from tests.laws.members import KERNELS, Member, every_kernel, every_member, fit, rows, steps

# What rounding may take from an objective, in units of 1 + |objective|.
ROUNDING = 1e-12


@every_member
@every_kernel
@pytest.mark.parametrize("acceleration", [None, "squarem"])
def test_the_objective_rises(member, kernel, acceleration):
    X, labels = rows(member)
    path = steps(member, X, labels, kernel, 30, acceleration=acceleration)
    accepted = np.array([step.objective for step, was_accepted, _ in path if was_accepted])
    assert len(accepted) >= 15
    assert (np.diff(accepted) >= -ROUNDING * (1.0 + np.abs(accepted[1:]))).all()
    assert accepted[-1] > accepted[0] + 0.1


@every_member
def test_the_objective_is_that_of_the_model_told_with_it(member):
    """Log-likelihood by the generic kernel, plus the log prior, of every model on the way."""
    X, labels = rows(member)
    block = next(fit(member, X, labels, max_iter=0).problem.source.blocks())
    for step, _, _ in steps(member, X, labels, "blocked", 12, acceleration="squarem"):
        expected = KERNELS["generic"].posterior(block, step.model.density())[0].sum() + step.model.penalty()
        assert step.objective == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("acceleration", [None, "squarem"])
def test_under_a_ridge_a_fall_is_recorded_and_no_failure(acceleration):
    """A ridge of a whole variance pulls the start from labels down step by step."""
    member = Member("VVV")
    X, labels = rows(member)
    run = fit(member, X, labels, reg_covar=3.0, max_iter=30, acceleration=acceleration).run
    assert run.outcome is Outcome.MAX_ITER
    assert run.falls == sum(np.diff(run.path) < -em.FALL * (1.0 + np.abs(run.path[1:])))
    assert run.falls > 0


def test_without_a_ridge_a_fall_ends_the_start():
    """A rule that steps downhill is a defect, and is called one."""

    class Downhill(em.Plain):
        def __call__(self, step):
            flat = np.full_like(step.model.proportions, 1.0 / len(step.model.proportions))
            return type(step.model)(step.model.recipe, flat, 0.0 * step.model.means, step.model.covariance), True

    member = Member("VVV")
    X, labels = rows(member)
    begun = fit(member, X, labels, max_iter=3)
    goal = em.Goal(tol=0.0, max_iter=10)
    run = em.run(begun.problem.source, begun.run.model, KERNELS["generic"], goal, Downhill(), reseed=None)
    assert run.outcome is Outcome.FELL
    assert run.passes == 2
    assert "fell by" in run.reason
