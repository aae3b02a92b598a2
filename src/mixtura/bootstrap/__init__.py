"""How sure the parameters of a mixture are, and how many components the rows speak for."""

from mixtura.bootstrap.ratio import likelihood_ratio_test
from mixtura.bootstrap.result import Bootstrap
from mixtura.bootstrap.run import bootstrap
from mixtura.bootstrap.verdict import LikelihoodRatioTest

__all__ = ["Bootstrap", "LikelihoodRatioTest", "bootstrap", "likelihood_ratio_test"]
