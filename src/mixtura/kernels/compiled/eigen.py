"""Eigenvalues and eigenvectors of small symmetric matrices, by Jacobi's plane rotations."""

from __future__ import annotations

from math import sqrt

from mixtura.kernels.compiled.jit import inlined

# Sweeps over all planes: after about six, entries beside the diagonal vanish quadratically.
SWEEPS = 60
# An entry at most this part of the root of its two diagonal entries moves neither eigenvalue by a rounding.
ROUNDING = 1e-16


@inlined()
def jacobi(matrix, vectors):
    """Turn a symmetric matrix into its eigenvalues, rising along the diagonal; eigenvectors are rows of `vectors`.

    Golub & Van Loan (2013), Matrix Computations, section 8.5. The small eigenvalues of a positive matrix keep their
    digits as far as scaling its columns lets them (Demmel & Veselic, 1992).
    """
    d = len(matrix)
    for i in range(d):
        for j in range(d):
            vectors[i, j] = 1.0 if i == j else 0.0
    for _ in range(SWEEPS):
        still = True
        for i in range(d - 1):
            for j in range(i + 1, d):
                if abs(matrix[i, j]) > ROUNDING * sqrt(abs(matrix[i, i] * matrix[j, j])):
                    _rotate(matrix, vectors, i, j)
                    still = False
        if still:
            break
    _sort(matrix, vectors)


@inlined()
def _rotate(matrix, vectors, i, j):
    """Turn two axes in their plane, so that the entry between them becomes 0."""
    entry = matrix[i, j]
    half = 0.5 * (matrix[j, j] - matrix[i, i]) / entry
    tangent = 1.0 / (abs(half) + sqrt(1.0 + half * half))
    tangent = tangent if half >= 0.0 else -tangent
    cosine = 1.0 / sqrt(1.0 + tangent * tangent)
    sine = tangent * cosine
    matrix[i, i] -= tangent * entry
    matrix[j, j] += tangent * entry
    matrix[i, j] = matrix[j, i] = 0.0
    for m in range(len(matrix)):
        one, two = vectors[i, m], vectors[j, m]
        vectors[i, m], vectors[j, m] = cosine * one - sine * two, sine * one + cosine * two
        if m not in (i, j):
            one, two = matrix[i, m], matrix[j, m]
            matrix[i, m] = matrix[m, i] = cosine * one - sine * two
            matrix[j, m] = matrix[m, j] = sine * one + cosine * two


@inlined()
def _sort(matrix, vectors):
    """Order eigenvalues from the smallest to the largest, none below 0, with their vectors."""
    d = len(matrix)
    for i in range(d):
        least = i
        for j in range(i + 1, d):
            least = j if matrix[j, j] < matrix[least, least] else least
        if least != i:
            matrix[i, i], matrix[least, least] = matrix[least, least], matrix[i, i]
            for m in range(d):
                vectors[i, m], vectors[least, m] = vectors[least, m], vectors[i, m]
        matrix[i, i] = max(matrix[i, i], 0.0)


@inlined()
def turn(matrix, axes, along):
    """Turn variances on a matrix's diagonal, along axes that are rows, into the matrix; `along` is room for them."""
    d = len(matrix)
    for i in range(d):
        along[i] = matrix[i, i]
    for i in range(d):
        for j in range(i + 1):
            total = 0.0
            for m in range(d):
                total += axes[m, i] * along[m] * axes[m, j]
            matrix[i, j] = matrix[j, i] = total
