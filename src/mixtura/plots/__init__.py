"""Pictures of fitted mixtures: a model and rows in, axes out; nothing is fitted and no global state is touched."""

from mixtura.plots.pictures import classification

__all__ = ["classification"]
