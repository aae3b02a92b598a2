"""Blocks of rows, cut in the runs that steps are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from mixtura.arrays import Float, to_host
from mixtura.block import Block


def cut(block: Block, most: int) -> Iterator[Block]:
    """A block in runs of about equally many rows of positive weight, `most` each; by that number alone."""
    there = len(block) if block.weight is None else np.flatnonzero(to_host(block.weight) > 0)
    count = there if isinstance(there, int) else len(there)
    if count == 0:
        return
    runs = -(-count // most)
    at = [i * count // runs for i in range(runs)]
    begins = at if isinstance(there, int) else [int(there[i]) for i in at]
    for begin, end in zip(begins, [*begins[1:], len(block)], strict=True):
        yield part_of(block, begin, end)


def part_of(block: Block, begin: int, end: int) -> Block:
    """Rows of a block, without a copy."""
    weight = None if block.weight is None else block.weight[begin:end]
    return replace(block, rows=block.rows[begin:end, :], weight=weight, start=block.start + begin)


def split(blocks: Iterable[Block], most: int) -> tuple[list[tuple[Float, Float]], int]:
    """The first `most` rows of positive weight and their weights, in pieces, and where the rest begins."""
    pieces: list[tuple[Float, Float]] = []
    left, position = most, 0
    for block in blocks:
        weight = np.ones(len(block)) if block.weight is None else to_host(block.weight)
        there = np.flatnonzero(weight > 0)[:left]
        pieces.append((np.asarray(to_host(block.rows)[there], dtype=np.float64), weight[there]))
        left -= len(there)
        position = block.start + int(there[-1]) + 1 if left == 0 else block.stop
        if left == 0:
            break
    return pieces, position


def beyond(blocks: Iterable[Block], position: int) -> Iterator[Block]:
    """The rows of blocks from a position on."""
    for block in blocks:
        if block.stop > position:
            yield part_of(block, max(position - block.start, 0), len(block))
