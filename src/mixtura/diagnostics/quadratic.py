"""Tail probabilities of quadratic functions of Gaussians, by a contour integral."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float

Complex = NDArray[np.complex128]

# Nodes of Gauss and Legendre a piece of the path; the pieces are so short that the rest is below rounding.
NODES = 12
# The path leans this far from the vertical at most: rays at 45 degrees and beyond make Gaussian factors grow.
LEAN = np.deg2rad(35.0)
# A piece may change the logarithm of the integrand by this much in the first and in the second order.
CHANGE, BEND = 4.0, 2.5
# Where what is left is this part of the sum, the path ends. Twenty pieces are usual.
REST = 1e-12
MOST_PIECES = 1000
# Halvings of the interval of the saddle point on a logarithmic scale; it need only be near.
HALVINGS = 18
TINY, HUGE, FAR = 1e-300, 1e300, 1e100


class Form(NamedTuple):
    """P variables ``T = sum_l curve_l (z_l + center_l)^2 + 2 slope_l z_l`` by arrays (P, D), and thresholds (P,)."""

    curve: Float
    center: Float
    slope: Float
    threshold: Float

    def take(self, at: NDArray[np.intp]) -> Form:
        """Some of the variables."""
        return Form(*(values[at] for values in self))

    @property
    def lift(self) -> Float:
        """What centers add to the means."""
        return np.asarray(self.curve * np.square(self.center))

    @property
    def size(self) -> Float:
        """Standard deviations, (P,)."""
        own = np.square(self.curve) * (2.0 + 4.0 * np.square(self.center))
        return np.asarray(np.sqrt((own + 4.0 * np.square(self.slope)).sum(axis=1)))


def exceeds(curve: Float, center: Float, slope: Float, threshold: Float) -> Float:
    r"""
    Compute the probability that a quadratic function of independent standard Gaussians exceeds a threshold.

    With :math:`T = \sum_l w_l (z_l + b_l)^2 + 2 h_l z_l`, where b or h is 0 in each coordinate,
    and its cumulant generating function K, for any s between 0 and the first singularity of K on the right,

    .. math:: P(T > x) = \frac{1}{2 \pi i} \int_{s - i \infty}^{s + i \infty} e^{K(u) - u x} \frac{du}{u}, \quad
        K(u) = \sum_l \frac{2 u^2 h_l^2 + u w_l b_l^2}{1 - 2 u w_l} - \tfrac12 \log(1 - 2 u w_l).

    Curved coordinates are given by centers, for a square that is completed loses no digits, and flat ones by slopes.

    The path begins at the saddle point and is bent piece by piece towards the steepest descent, within 35 degrees of
    the vertical; it meets no singularity, for all are real. So small probabilities keep their digits, and few
    coordinates, where the integrand on Imhof's straight path falls slowly, need no more pieces than many.

    Parameters
    ----------
    curve, center, slope : arrays of shape (P, D)
        w, b and h of P variables.
    threshold : array of shape (P,)
        Where T is constant and equals it, the answer is 1/2.

    Returns
    -------
    array of shape (P,)

    References
    ----------
    J. P. Imhof (1961), Computing the distribution of quadratic forms in normal variables, Biometrika 48, 419-426.
    C. W. Helstrom (1986), Calculating error probabilities for intersymbol and cochannel interference, IEEE
    Transactions on Communications 34, 430-435, for paths through the saddle point.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.stats import chi2
    >>> ones, zeros = np.ones((1, 3)), np.zeros((1, 3))
    >>> float(exceeds(ones, zeros, zeros, np.array([7.8]))[0]), float(chi2(3).sf(7.8))
    (0.050331, 0.050331)
    """
    whole = Form(curve, center, slope, threshold)
    size, found = whole.size, np.heaviside(-threshold, 0.5)
    at = np.flatnonzero(size > 0.0)
    # the path to the right serves thresholds above the mean; the others are turned over
    flip = np.where(threshold[at] < (curve + whole.lift)[at].sum(axis=1), -1.0, 1.0)
    unit = (flip / size[at])[:, np.newaxis]
    tail = _upper(Form(curve[at] * unit, center[at], slope[at] * unit, threshold[at] * unit[:, 0]))
    found[at] = np.where(flip > 0.0, tail, 1.0 - tail)
    return np.clip(found, 0.0, 1.0)


def _upper(of: Form) -> Float:
    """Upper tails of variables of unit variance beyond thresholds above their means."""
    start = _saddle(of)
    s: Complex = start.astype(np.complex128)
    with np.errstate(all="ignore"):
        height = _log_integrand(s, of).real
    found = np.zeros(len(start))
    # a probability below TINY is 0, and so is that of a bound that is hardly passed: no saddle point is near
    at = np.flatnonzero((height > np.log(TINY)) & (start < FAR))
    s, nodes = s[at], _nodes()
    for piece in range(MOST_PIECES):
        if not len(at):
            break
        here = of.take(at)
        step = _piece(s, here, straight=piece == 0)
        points = s[:, np.newaxis] + step[:, np.newaxis] * nodes[0]
        wide = Form(*(given[:, np.newaxis] for given in here))
        values = np.exp(_log_integrand(points, wide) - height[at][:, np.newaxis])
        found[at] += (values @ nodes[1] * step).imag
        s = s + step
        left = np.abs(values[:, -1]) * np.abs(s) > REST * np.abs(found[at])
        at, s = at[left], s[left]
    return np.asarray(found * np.exp(np.maximum(height, np.log(TINY))) / np.pi)


@cache
def _nodes() -> tuple[Float, Float]:
    """Nodes and weights on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1.0) / 2.0, weights / 2.0


def _saddle(of: Form) -> Float:
    """The real s > 0 where ``K(s) - s x - log s`` is least, by halving; any s up to the singularity is valid."""
    top = of.curve.max(axis=1)
    bounded = top > 0.0
    end = np.minimum(0.5 / np.where(bounded, top, 1.0), FAR)
    low, high = np.full(len(top), -np.log(FAR) - 1.0), np.full(len(top), np.log(FAR) + 1.0)
    low[bounded], high[bounded] = -40.0, 30.0
    for _ in range(HALVINGS):
        ratio = np.exp((low + high) / 2.0)
        s = np.where(bounded, end * ratio / (1.0 + ratio), ratio)
        rising = _slopes(s, of)[0] > 0.0
        low, high = np.where(rising, low, (low + high) / 2.0), np.where(rising, (low + high) / 2.0, high)
    return np.asarray(s)


def _slopes(s: NDArray[np.inexact], of: Form) -> tuple[NDArray[np.inexact], NDArray[np.inexact]]:
    """First and second derivative of the logarithm of the integrand."""
    wide = s[:, np.newaxis]
    inverse = 1.0 / (1.0 - 2.0 * wide * of.curve)
    curved, squared = of.curve * inverse, np.square(of.slope)
    first = curved + np.square(inverse) * (4.0 * wide * squared * (1.0 - wide * of.curve) + of.lift)
    second = 2.0 * np.square(curved) + 4.0 * inverse * np.square(inverse) * (squared + of.curve * of.lift)
    return first.sum(axis=1) - of.threshold - 1.0 / s, second.sum(axis=1) + 1.0 / np.square(s)


def _log_integrand(s: Complex, of: Form) -> Complex:
    wide = s[..., np.newaxis]
    room = 1.0 - 2.0 * wide * of.curve
    terms = (2.0 * np.square(wide * of.slope) + wide * of.lift) / room - 0.5 * np.log(room)
    return np.asarray(terms.sum(axis=-1) - s * of.threshold - np.log(s))


def _piece(s: Complex, of: Form, straight: bool) -> Complex:
    """The next piece of the path: down the integrand, as far as its logarithm is nearly a parabola."""
    first, second = _slopes(s, of)
    off = np.angle(-np.conj(first) / 1j)
    angle = np.zeros(len(s)) if straight else np.clip(off, -LEAN, LEAN)
    gap = np.abs(1.0 - 2.0 * s[:, np.newaxis] * of.curve) / np.maximum(2.0 * np.abs(of.curve), TINY)
    length = np.minimum(np.minimum(gap.min(axis=1), HUGE), np.abs(s))  # no further than to the next singularity
    length = np.minimum(length, CHANGE / np.maximum(np.abs(first), TINY))
    length = np.minimum(length, BEND / np.sqrt(np.abs(second)))
    return np.asarray(1j * length * np.exp(1j * angle))
