"""Sums over numbered parts in one fixed order of addition, whoever holds the parts and whoever adds them.

Which two numbers are added first decides the last bits of a sum. Here the parts of a sum are the leaves of one tree,
which halves their numbers again and again, and only what the tree adds is ever added: parts that came together at one
place are added there as far as the tree allows, and the rest travels on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mixtura.sources.partitioned.packing import packed, unpacked, weigh

Span = tuple[int, int]


@dataclass(frozen=True)
class Known:
    """Sums over parts of a whole.

    Parameters
    ----------
    count : int
        How many parts the whole has.
    sums : dict
        From spans of the tree, ``(first, last + 1)``, that do not overlap, to their sums; None is the sum of parts
        that hold nothing.

    Examples
    --------
    >>> from mixtura.sources.partitioned.trees import Known, joined
    >>> parts = [Known(4, {(i, i + 1): f"{i}"}) for i in range(4)]
    >>> joined([parts[2], parts[0], parts[3]]).sums
    {(0, 1): '0', (2, 4): '23'}
    >>> joined(parts).total
    '0123'
    """

    count: int
    sums: dict[Span, Any]

    @property
    def total(self) -> Any:
        """The sum of all parts, once they have come together."""
        return self.sums[0, self.count]

    def __sizeof__(self) -> int:
        """What it weighs on its way: schedulers ask."""
        return weigh(packed(self.sums))

    def __reduce__(self) -> Any:
        return _unpacked, (self.count, packed(self.sums))


def joined(several: Iterable[Known]) -> Known:
    """Sums that came together, added as far as the tree of the whole allows."""
    known = list(several)
    sums = {span: value for each in known for span, value in each.sums.items()}
    return Known(known[0].count, _settled((0, known[0].count), sums))


def _settled(span: Span, sums: dict[Span, Any]) -> dict[Span, Any]:
    """Sums within a span of the tree, those of two halves replaced by theirs."""
    if len(sums) < 2:
        return sums
    begin, end = span
    middle = (begin + end) // 2
    halves = (begin, middle), (middle, end)
    found = [_settled(half, {s: v for s, v in sums.items() if half[0] <= s[0] < half[1]}) for half in halves]
    both = found[0] | found[1]
    return {span: _added(both[halves[0]], both[halves[1]])} if set(both) == set(halves) else both


def _added(one: Any, other: Any) -> Any:
    """The sum of two parts, of which either may hold nothing."""
    return other if one is None else one if other is None else one + other


def _unpacked(count: int, sums: Any) -> Known:
    return Known(count, unpacked(sums))
