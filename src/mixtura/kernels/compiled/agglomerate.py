"""Compiled agglomeration: costs of all pairs, kept in a triangle, and of each cluster its cheapest earlier partner.

Clusters lie across memory, entry q of all scatters in ``scatter[q]``, so that every inner loop runs over neighbors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.kernels.compiled.arithmetic import log
from mixtura.kernels.compiled.jit import FAST, compiled, inlined

# Clusters looked at together.
LANES = 128
# A pivot of no more than this part of its diagonal is rounding: the scatter is singular.
SINGULAR = 1e-14
# Multiplications between two looks at whether the user has interrupted.
WORTH_WAITING = 2**27
# There are no NaNs among costs, so that the smallest of several can be found at a time.
PLAIN = FAST | {"nnan", "nsz"}


class Clusters(NamedTuple):
    """Clusters in their places, N at most, and the costs of joining two of them.

    Parameters
    ----------
    count, own : arrays of shape (N,)
        Weight, and part of the criterion.
    size, name : arrays of shape (N,) of int64
        Rows, and the lowest of them.
    mean : array of shape (D, N)
    scatter : array of shape (D (D + 1) / 2, N)
        Lower triangles, row after row.
    cost : array of shape (N (N - 1) / 2,)
        Of places i < j at ``j (j - 1) / 2 + i``.
    least, near : arrays of shape (N,)
        Of each place the smallest cost with an earlier one, and which that is; -1 where the least is only a bound.
    merges : array of shape (N - 1, 2) of int64
    rises : array of shape (N - 1,)
    """

    count: Any
    own: Any
    size: Any
    name: Any
    mean: Any
    scatter: Any
    cost: Any
    least: Any
    near: Any
    merges: Any
    rises: Any


def grown(rows: Float, weight: Float, least: float, grid: float) -> tuple[NDArray[np.int64], Float]:
    """Merges and rises of `agglomeration.agglomerate`, in calls so short that an interrupt is heard."""
    n, d = rows.shape
    clusters = Clusters(
        count=weight.copy(),
        own=weight * np.log(least / weight),
        size=np.ones(n, dtype=np.int64),
        name=np.arange(n),
        mean=np.array(rows.T, order="C"),
        scatter=np.zeros((d * (d + 1) // 2, n)),
        cost=np.empty(n * (n - 1) // 2),
        least=np.full(n, np.inf),
        near=np.full(n, -1, dtype=np.int64),
        merges=np.zeros((n - 1, 2), dtype=np.int64),
        rises=np.zeros(n - 1),
    )
    room = np.empty((d * (d + 1) // 2 + d + 4, LANES))
    steps = max(1, WORTH_WAITING // (n * (d + 4) ** 3))
    for begin in range(1, n, steps):
        fill(clusters, begin, min(begin + steps, n), least, grid, room)
    for begin in range(0, n - 1, steps):
        merge(clusters, begin, min(begin + steps, n - 1), least, grid, room)
    return clusters.merges, clusters.rises


@inlined()
def _join_lanes(s, i, start, n, room):
    """Lay out what each of n clusters and cluster i have together: scatter, total, trace; the most rows."""
    d, most = s.mean.shape[0], 0
    p = d * (d + 1) // 2
    total, part, trace = room[p + d], room[p + d + 1], room[p + d + 2]
    for a in range(n):
        total[a] = s.count[i] + s.count[start + a]
        part[a] = s.count[i] * s.count[start + a] / total[a]
        trace[a] = 0.0
        most = max(most, s.size[start + a])
    q = 0
    for r in range(d):
        mine, theirs, apart = s.mean[r, i], s.mean[r, start : start + n], room[p + r]
        for a in range(n):
            apart[a] = theirs[a] - mine
        for c in range(r + 1):
            own, other, whole, second = s.scatter[q, i], s.scatter[q, start : start + n], room[q], room[p + c]
            for a in range(n):
                whole[a] = own + other[a] + part[a] * apart[a] * second[a]
            if c == r:
                for a in range(n):
                    trace[a] += whole[a]
            q += 1
    return most + s.size[i]


@inlined()
def _determinants(d, n, room):
    """Determinants of the scatters over their totals, by elimination of one column after the other."""
    p = d * (d + 1) // 2
    total, found = room[p + d], room[p + d + 3]
    for a in range(n):
        found[a] = 1.0
    for r in range(d):
        diagonal = room[p + r]
        for a in range(n):
            diagonal[a] = room[r * (r + 1) // 2 + r, a]
    for k in range(d):
        pivot, diagonal, turned = room[k * (k + 1) // 2 + k], room[p + k], room[p + d + 1]
        for a in range(n):
            sound = pivot[a] > SINGULAR * diagonal[a]
            found[a] *= pivot[a] / total[a] if sound else 0.0
            turned[a] = 1.0 / pivot[a] if sound else 0.0
        for r in range(k + 1, d):
            down = room[r * (r + 1) // 2 + k]
            for c in range(k + 1, r + 1):
                target, right = room[r * (r + 1) // 2 + c], room[c * (c + 1) // 2 + k]
                for a in range(n):
                    target[a] -= down[a] * right[a] * turned[a]


@inlined()
def _costs(s, i, begin, end, least, grid, room, out):
    """What the criterion rises by when cluster i is joined with each of places `begin` to `end`."""
    d = s.mean.shape[0]
    p = d * (d + 1) // 2
    total, trace, determinant = room[p + d], room[p + d + 2], room[p + d + 3]
    for start in range(begin, end, LANES):
        n = min(LANES, end - start)
        rows = _join_lanes(s, i, start, n, room)
        if rows > d:
            _determinants(d, n, room)
        else:  # too few rows to fill a volume
            for a in range(n):
                determinant[a] = 0.0
        own, mine, into = s.own[start : start + n], s.own[i], out[start : start + n]
        for a in range(n):
            rise = total[a] * log(determinant[a] + (trace[a] + least) / total[a]) - mine - own[a]
            into[a] = np.floor(rise / grid + 0.5) * grid


@inlined(PLAIN)
def _last_smallest(values, n):
    """The last place of the smallest of n values."""
    smallest = values[0]
    for a in range(n):
        smallest = min(smallest, values[a])
    for a in range(n - 1, -1, -1):
        if values[a] == smallest:
            return a
    return 0


@inlined()
def _look(s, j):
    """Find the cheapest earlier partner of place j."""
    if j > 0:
        row = s.cost[j * (j - 1) // 2 : j * (j - 1) // 2 + j]
        s.near[j] = _last_smallest(row, j)
        s.least[j] = row[s.near[j]]
    else:
        s.least[j] = np.inf


def _fill(s, begin, end, least, grid, room):
    for j in range(begin, end):
        _costs(s, j, 0, j, least, grid, room, s.cost[j * (j - 1) // 2 : j * (j - 1) // 2 + j])
        _look(s, j)


@inlined()
def _put_together(s, i, j, last):
    """Cluster j into cluster i, and the last one into place j."""
    d, q = s.mean.shape[0], 0
    total = s.count[i] + s.count[j]
    part = s.count[i] * s.count[j] / total
    for r in range(d):
        for c in range(r + 1):
            between = part * (s.mean[r, j] - s.mean[r, i]) * (s.mean[c, j] - s.mean[c, i])
            s.scatter[q, i] += s.scatter[q, j] + between
            s.scatter[q, j] = s.scatter[q, last]
            q += 1
    for r in range(d):
        s.mean[r, i] += (s.count[j] / total) * (s.mean[r, j] - s.mean[r, i])
        s.mean[r, j] = s.mean[r, last]
    s.count[i], s.size[i], s.name[i] = total, s.size[i] + s.size[j], min(s.name[i], s.name[j])
    s.count[j], s.size[j], s.name[j], s.own[j] = s.count[last], s.size[last], s.name[last], s.own[last]


@inlined()
def _new_part(s, i, j, least, room):
    """The part of the criterion of clusters i and j together."""
    d = s.mean.shape[0]
    p = d * (d + 1) // 2
    rows = _join_lanes(s, i, j, 1, room)
    total, trace = room[p + d, 0], room[p + d + 2, 0]
    if rows > d:
        _determinants(d, 1, room)
    return total * log((room[p + d + 3, 0] if rows > d else 0.0) + (trace + least) / total)


@inlined()
def _move_costs(s, j, last):
    """Costs of the last place become those of place j."""
    taken, row = s.cost[last * (last - 1) // 2 : last * (last - 1) // 2 + last], j * (j - 1) // 2
    for a in range(j):
        s.cost[row + a] = taken[a]
    for b in range(j + 1, last):
        s.cost[b * (b - 1) // 2 + j] = taken[b]


@inlined()
def _hear(s, b, i, j, last):
    """Place b, later than i, hears of the new costs of places i and j.

    Where its partner is gone or has become dearer, its least is only a bound until it is looked at.
    """
    row = b * (b - 1) // 2
    if s.near[b] == i or s.near[b] == j:
        s.near[b] = -1
    for place in (i, j):
        if place < b and place < last:
            new = s.cost[row + place]
            if new < s.least[b] or (new == s.least[b] and s.near[b] >= 0 and place > s.near[b]):
                s.least[b], s.near[b] = new, place


@inlined()
def _cheapest(s, m):
    """The later place of the pair to join: of equal ones the last."""
    while True:
        j = _last_smallest(s.least, m)
        if s.near[j] >= 0:
            return j
        _look(s, j)


def _merge(s, begin, end, least, grid, room):
    n = len(s.count)
    out = np.empty(n)
    for step in range(begin, end):
        last = n - 1 - step
        j = _cheapest(s, last + 1)
        i = s.near[j]
        s.merges[step, 0], s.merges[step, 1] = min(s.name[i], s.name[j]), max(s.name[i], s.name[j])
        s.rises[step] = s.least[j]
        own = _new_part(s, i, j, least, room)
        _put_together(s, i, j, last)
        s.own[i] = own
        _move_costs(s, j, last)
        _costs(s, i, 0, last, least, grid, room, out)
        for a in range(i):
            s.cost[i * (i - 1) // 2 + a] = out[a]
        for b in range(i + 1, last):
            s.cost[b * (b - 1) // 2 + i] = out[b]
        _look(s, i)
        if j < last:
            _look(s, j)
        for b in range(i + 1, last):
            if b != j:
                _hear(s, b, i, j, last)


def _signature() -> Any:
    """Types of what `grown` passes."""
    flat, deep = types.Array(types.double, 1, "C"), types.Array(types.double, 2, "C")
    whole, pairs = types.Array(types.int64, 1, "C"), types.Array(types.int64, 2, "C")
    clusters = types.NamedTuple((flat, flat, whole, whole, deep, deep, flat, flat, whole, pairs, flat), Clusters)
    return types.void(clusters, types.int64, types.int64, types.double, types.double, deep)


fill, merge = compiled(_fill, _signature()), compiled(_merge, _signature())
