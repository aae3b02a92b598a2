"""How a fit went, as numbers that print in plain words."""

from mixtura.fit_report.record import FitReport, StartReport

__all__ = ["FitReport", "StartReport"]
