"""Pictures of fitted mixtures: a model and rows in, axes out; nothing is fitted and no global state is touched."""

from mixtura.plots.certainty import uncertainty
from mixtura.plots.choice import criteria
from mixtura.plots.curves import entropy, path
from mixtura.plots.estimates import intervals
from mixtura.plots.pictures import classification, pairs
from mixtura.plots.plane import projection
from mixtura.plots.regions import density

__all__ = [
    "classification",
    "criteria",
    "density",
    "entropy",
    "intervals",
    "pairs",
    "path",
    "projection",
    "uncertainty",
]
