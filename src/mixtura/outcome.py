"""How a fit ended, in sentences with remedies, and the named errors."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """How one start of a fit ended.

    The value of each member is a sentence that says what happened and, where something is amiss, what to do.

    Examples
    --------
    >>> from mixtura.outcome import Outcome
    >>> Outcome.CONVERGED.ok, Outcome.SINGULAR.ok
    (True, False)
    >>> print(Outcome.CONVERGED.value)
    Converged: the log-likelihood settled within tol.
    """

    CONVERGED = "Converged: the log-likelihood settled within tol."
    MAX_ITER = (
        "Not converged: max_iter passes were made before the log-likelihood settled. "
        'Raise max_iter or tol, or use acceleration="squarem".'
    )
    GIVEN = "Not fitted: max_iter is 0, so the start itself was returned."
    OUTDONE = "Not continued: on a sample of the rows another start was better."
    HOPELESS = "Stopped early: another candidate is so far ahead that this one could no longer win."
    SINGULAR = (
        "Failed: the covariance of a component became singular. "
        "Use fewer components, a family with fewer parameters, reg_covar or a prior."
    )
    EMPTY = "Failed: a component is left without rows. Use fewer components or another start."
    NOT_FINITE = "Failed: the log-likelihood is not a finite number. Check the scale of the columns and the start."
    FELL = (
        "Failed: the log-likelihood fell, which an exact EM step cannot do. "
        "This is a defect of mixtura: please report it with the data."
    )

    @property
    def ok(self) -> bool:
        """Whether a model came out of the start."""
        return self in (Outcome.CONVERGED, Outcome.MAX_ITER, Outcome.GIVEN, Outcome.HOPELESS)


class MixtureError(ValueError):
    """Input, parameters or a fit that cannot be used; the text names the thing, the number and the remedy."""


class ComponentError(MixtureError):
    """A component that cannot go on.

    Parameters
    ----------
    component : int
        Index of the component, from 0.
    reason : str
        What is wrong with it, with its numbers.
    """

    outcome = Outcome.SINGULAR

    def __init__(self, component: int, reason: str) -> None:
        super().__init__(f"Component {component}: {reason}")
        self.component = component
        self.reason = reason

    def __reduce__(self) -> tuple[type[ComponentError], tuple[int, str]]:
        return type(self), (self.component, self.reason)


class DegenerateComponent(ComponentError):
    """A component whose covariance is numerically singular."""


class EmptyComponent(ComponentError):
    """A component that no row belongs to."""

    outcome = Outcome.EMPTY


class TooFewRows(EmptyComponent):
    """A start that has too few distinct rows to give each component one."""

    def __str__(self) -> str:
        return self.reason


class NotFinite(MixtureError):
    """A log-likelihood that is not a finite number."""

    outcome = Outcome.NOT_FINITE


class FitFailed(MixtureError):
    """Every start of a fit has failed."""


class ModelFileError(MixtureError):
    """A file that is no model, is damaged, or was written by a later version."""


class DataWarning(UserWarning):
    """Data that look wrong for a mixture: units, codes, counters, collinear columns, starved components."""
