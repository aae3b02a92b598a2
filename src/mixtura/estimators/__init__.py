"""scikit-learn's manners: estimators that check input, call the engine and keep the result; no arithmetic."""

from mixtura.estimators.gaussian_mixture import GaussianMixture

__all__ = ["GaussianMixture"]
