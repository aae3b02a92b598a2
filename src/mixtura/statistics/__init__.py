"""What sites tell of their rows under one model: sums, in place of the rows, and as bytes to send."""

from mixtura.statistics.pooled import SAME_MODEL, merge_statistics
from mixtura.statistics.value import Statistics, fingerprint

__all__ = ["SAME_MODEL", "Statistics", "fingerprint", "merge_statistics"]
