"""Whether data and a fitted mixture look right: numbers alone; `notes` and `fit_report` have the sentences."""

from mixtura.diagnostics.columns import dependent_columns, distinct_rows, odd_columns, total_covariance
from mixtura.diagnostics.components import ILL, NARROW, conditions, narrow, starved
from mixtura.diagnostics.overlap import overlaps

__all__ = [
    "ILL",
    "NARROW",
    "conditions",
    "dependent_columns",
    "distinct_rows",
    "narrow",
    "odd_columns",
    "overlaps",
    "starved",
    "total_covariance",
]
