"""Choosing the number of components and the family: a table of candidates, the best, and what it means."""

from mixtura.selection.mixture_search import MixtureSearch
from mixtura.selection.table import Results

__all__ = ["MixtureSearch", "Results"]
