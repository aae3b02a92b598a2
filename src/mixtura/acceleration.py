"""SQUAREM on the moments (Varadhan & Roland 2008): fewer passes for every model, never a fall of the objective."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixtura.arrays import Float
from mixtura.em import Plain, Rule, Step
from mixtura.mixture import Mixture
from mixtura.moments import Moments
from mixtura.outcome import ComponentError

# A fall of the objective beyond this part of its size is no rounding but a ridge, whose steps climb no objective.
FALL = 1e-10
# Passes of plain EM before the first leap: early on a path bends so much that a leap may end in another optimum.
PLAIN_FIRST = 5


class Squarem:
    """Squared extrapolation of moments -> model -> moments.

    From three successive moments ``M0, M1, M2`` of plain EM: ``r = M1 - M0``, ``v = (M2 - M1) - r``, step length
    ``alpha = -|r^T v| / v^T v`` (at most -1) and the leap ``M0 - 2 alpha r + alpha^2 v``. The inner products are those
    of shares, means and covariances, which measure the curvature of the path better than sums about a fixed anchor do
    (docs/decisions/0004-squarem.md). A leap that leaves the cone of moments is not made. One whose objective turns out
    lower than the last is taken back: once for half the leap (alpha halfway to the plain -1), then for the plain step.
    Where plain steps themselves fall, as they may under a ridge, there is nothing to climb, and leaping ends.

    Parameters
    ----------
    patient : bool
        Whether a run may also settle as plain EM does, on a single small gain, while no leap has been made.

    References
    ----------
    R. Varadhan and C. Roland (2008), Simple and globally convergent methods for accelerating the convergence of any EM
    algorithm, Scandinavian Journal of Statistics 35, 335-353, scheme S1.
    """

    def __init__(self, patient: bool = False) -> None:
        self._patient = patient
        self._history: list[Moments] = []
        self._waiting: list[Mixture] = []  # what to fall back to, the plain step last
        self._surer: Mixture | None = None
        self._floor = -np.inf  # the objective of the last step that was accepted
        self._passes = 0
        self._leaping = True

    @property
    def cycle(self) -> int:
        """Three steps, for the gain after a leap says little about the next; one before the first leap of a patient."""
        return 1 if self._patient else 3

    @property
    def surer(self) -> Mixture | None:
        """The plain step in place of the last leap."""
        return self._surer

    def __call__(self, step: Step) -> tuple[Mixture, bool]:
        """The next model: plain twice, then a leap; a leap that fell is refused."""
        if self._waiting and (not step.objective >= self._floor or step.moments.empty()):
            return self._waiting.pop(0), False
        self._waiting, self._surer = [], None
        self._passes += 1
        self._leaping &= not step.objective < self._floor - FALL * abs(self._floor)
        self._floor = step.objective
        plain = step.model.update(step.moments)
        if self._passes <= PLAIN_FIRST or not self._leaping:
            return plain, True
        self._history.append(step.moments)
        if len(self._history) < 3:
            return plain, True
        first, *self._waiting = [*_leaps(step.model, self._history), plain]
        self._history = []
        if self._waiting:
            self._patient, self._surer = False, plain
        return first, True


def _leaps(model: Mixture, history: list[Moments]) -> list[Mixture]:
    """The models after the whole and the half extrapolation, without those whose moments no rows could have."""
    m0, m1, m2 = (m.about(history[0].anchor) for m in history)
    whole = _step_length(m0, m1, m2)
    found = (_leap(model, m0, m1, m2, length) for length in (whole, 0.5 * (whole - 1.0)) if length < -1.0)
    return [leap for leap in found if leap is not None]


def _leap(model: Mixture, m0: Moments, m1: Moments, m2: Moments, length: float) -> Mixture | None:
    """The model after one extrapolation, or None where its moments are those of no rows."""
    far = m0._combine(lambda a, b, c: a - 2.0 * length * (b - a) + length * length * (c - 2.0 * b + a), m1, m2)
    far = replace(far, weight=m0.weight, lost=0.0)
    if not _in_cone(far):
        return None
    try:
        leap = model.update(far)
        leap.density()
    except ComponentError:
        return None
    return leap


def _step_length(m0: Moments, m1: Moments, m2: Moments) -> float:
    """``-|r^T v| / v^T v`` of shares, means and covariances; -1, the plain step, where the path does not bend."""
    a, b, c = (_centered(m) for m in (m0, m1, m2))
    r, v = b - a, c - 2.0 * b + a
    bend = float(v @ v)
    return -abs(float(r @ v)) / bend if bend > 0 else -1.0


def _centered(m: Moments) -> Float:
    """Shares, means and covariances in one vector."""
    scatter = m.scatter()
    if m.order == "pooled":
        covariances = scatter / m.weight
    else:
        covariances = scatter / m.mass.reshape(-1, *(1,) * (scatter.ndim - 1))
    return np.concatenate([m.mass / m.weight, m.mean().ravel(), covariances.ravel(), [m.noise / m.weight]])


def _in_cone(m: Moments) -> bool:
    """Whether masses are positive and scatters positive (definite): moments that rows could have."""
    if m.empty() or m.noise < 0 or not np.isfinite(m.second).all():
        return False
    scatter = m.scatter()
    if m.order in ("trace", "diagonal"):
        return bool((scatter > 0).all())
    try:
        np.linalg.cholesky(scatter)
    except np.linalg.LinAlgError:
        return False
    return True


def rule(name: str | None) -> Rule:
    """The rule of this name: None for plain EM, "squarem"; "growing" ends with passes of a patient SQUAREM."""
    return Plain() if name is None else Squarem(patient=name == "growing")
