"""Exponential and logarithm written out, so that the compiler computes several at a time.

Calls of the C library stay one by one; these are polynomials and integer arithmetic on the bits of a double, which LLVM
turns into vector instructions. Both are tested against 60 digits.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from mixtura.kernels.compiled.jit import EXACT, inlined

# Adding and subtracting it rounds a double to an integer, which then stands in its lowest bits.
ROUNDER = 1.5 * 2.0**52
LOG2_E = 1.4426950408889634
# log 2 in two parts, the first with 32 trailing zeros: whole multiples of it are exact.
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
# Below this an exponential is 0; the smallest normal double is exp(-708.4).
SMALLEST = -708.0
# exp(r) = 1 + r + r^2 (Q0 + Q1 r + ...) for |r| <= log(2) / 2: Chebyshev nodes, relative error 2e-17.
Q0, Q1, Q2, Q3, Q4 = 0.5, 0.16666666666666669, 0.04166666666662413, 0.008333333333330062, 0.0013888888917213717
Q5, Q6, Q7, Q8 = 0.00019841269863053618, 2.4801521295954376e-05, 2.7557268459997064e-06, 2.7620088445409746e-07
Q9 = 2.510038549551032e-08
# log((1 + s) / (1 - s)) = 2 s + s z (A0 + A1 z + ...), z = s^2, for the quotients of [1/sqrt 2, sqrt 2]: error 5e-18.
A0, A1, A2, A3 = 0.666666666666667, 0.39999999999899444, 0.2857142862600327, 0.22222211130259878
A4, A5, A6 = 0.18182889455674947, 0.15331710618210773, 0.14616585424888623
ONE_BITS = 1023 << 52
HALF_SQRT2_BITS = 0x3FE6A09E667F3BCD
FRACTION = (1 << 52) - 1
ROUNDER_BITS = 0x4338000000000000


@intrinsic
def as_double(typing: Any, bits: Any) -> Any:
    """The double with these bits."""
    return types.float64(types.int64), lambda _, builder, __, args: builder.bitcast(args[0], ir.DoubleType())


@intrinsic
def as_bits(typing: Any, value: Any) -> Any:
    """The bits of a double."""
    return types.int64(types.float64), lambda _, builder, __, args: builder.bitcast(args[0], ir.IntType(64))


@inlined(EXACT)
def exp(x):
    """``e^x`` for x <= 0; 0 for NaN and below -708."""
    inside = x if x > SMALLEST else SMALLEST
    shifted = inside * LOG2_E + ROUNDER
    whole = shifted - ROUNDER
    r = (inside - whole * LN2_HIGH) - whole * LN2_LOW
    q = ((((Q9 * r + Q8) * r + Q7) * r + Q6) * r + Q5) * r + Q4
    q = (((q * r + Q3) * r + Q2) * r + Q1) * r + Q0
    power = as_double((as_bits(shifted) << 52) + ONE_BITS)
    return (1.0 + (r + r * r * q)) * power if x > SMALLEST else 0.0


@inlined(EXACT)
def log(x):
    """Natural logarithm of a normal positive double."""
    bits = as_bits(x)
    # the exponent counted from sqrt 2 / 2, so that what is left of x lies about 1
    steps = (bits - HALF_SQRT2_BITS) >> 52
    f = as_double(bits - (steps << 52)) - 1.0
    whole = as_double(steps + ROUNDER_BITS) - ROUNDER
    s = f / (2.0 + f)
    z = s * s
    r = z * ((((((A6 * z + A5) * z + A4) * z + A3) * z + A2) * z + A1) * z + A0)
    half = 0.5 * f * f
    return whole * LN2_HIGH - ((half - (s * (half + r) + whole * LN2_LOW)) - f)
