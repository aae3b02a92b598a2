"""How sure the parameters of a mixture are, and how many components the rows speak for."""

from mixtura.resampling.ratio import likelihood_ratio_test
from mixtura.resampling.result import Bootstrap
from mixtura.resampling.run import bootstrap
from mixtura.resampling.verdict import LikelihoodRatioTest

__all__ = ["Bootstrap", "LikelihoodRatioTest", "bootstrap", "likelihood_ratio_test"]
