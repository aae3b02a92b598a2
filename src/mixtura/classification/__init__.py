"""Discriminant analysis by Gaussian mixtures: a mixture a class."""

from mixtura.classification.classifier import MixtureClassifier

__all__ = ["MixtureClassifier"]
