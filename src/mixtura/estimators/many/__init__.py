"""Many data sets fitted as one batch."""

from mixtura.estimators.many.fits import Fits
from mixtura.estimators.many.run import fit_many

__all__ = ["Fits", "fit_many"]
