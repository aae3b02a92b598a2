"""Online EM: the statistics of a stream, blended with those of each next run of its rows, and the model they make.

    s_t = (1 - g_t) s_{t-1} + g_t E[statistics of the next rows | model_{t-1}],    model_t = M-step of s_t

O. Cappe and E. Moulines (2009), On-line expectation-maximization algorithm for latent data models, Journal of the Royal
Statistical Society B 71, 593-613.
"""

from mixtura.online.implied import framed, implied, rested
from mixtura.online.pace import Pace, unit_of
from mixtura.online.runs import beyond, split
from mixtura.online.stream import Stream, learn

__all__ = ["Pace", "Stream", "beyond", "framed", "implied", "learn", "rested", "split", "unit_of"]
