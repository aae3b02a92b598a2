"""The fourteen families as a map from free parameters to covariances, written from their definition."""

from itertools import product

import numpy as np
from scipy.linalg import expm

from mixtura.covariance import MCLUST

ORDER = "IEV"


def contained():
    """Pairs (narrow, wide) of families where each letter of the first allows at most what the second's does."""
    pairs = product(MCLUST, MCLUST)
    return [
        (a, b) for a, b in pairs if a != b and all(ORDER.index(x) <= ORDER.index(y) for x, y in zip(a, b, strict=True))
    ]


def covariances(code, parameters, n_components, n_features):
    """exp(volume) O diag(exp(shape)) O^T from a redundant vector: one block a component for each letter.

    The letter V uses the block of each component, E the first component's, I none. The rank of the map is the number of
    free parameters, however many numbers are passed.
    """
    k, d = n_components, n_features
    pairs = d * (d - 1) // 2
    blocks = np.split(parameters, np.cumsum([k, k * d]))
    volume, shape, angles = blocks[0], blocks[1].reshape(k, d), blocks[2].reshape(k, pairs)
    return np.array(
        [one(*(pick(code[i], part, j) for i, part in enumerate((volume, shape, angles))), d) for j in range(k)]
    )


def size(n_components, n_features):
    return n_components * (1 + n_features + n_features * (n_features - 1) // 2)


def pick(letter, blocks, component):
    return {"I": np.zeros_like(blocks[0]), "E": blocks[0], "V": blocks[component]}[letter]


def one(volume, shape, angles, d, axes=None, log_volume=0.0, log_shape=0.0):
    """One covariance, a step away from given axes, volume and shape."""
    skew = np.zeros((d, d), dtype=angles.dtype)
    skew[np.triu_indices(d, 1)] = angles
    turned = (np.eye(d) if axes is None else axes) @ expm(skew - skew.T)
    return np.exp(log_volume + volume) * (turned * np.exp(log_shape + shape - shape.mean())) @ turned.T


def around(code, covariance, n_components, n_features):
    """The family near an estimate: a map from steps in the redundant parameters to covariances."""
    matrices = covariance.dense(n_components, n_features)
    axes = axes_of(code, covariance, matrices)
    shapes = np.log(np.einsum("kij,kij->kj", axes, matrices @ axes))
    volumes = shapes.mean(axis=1)

    def at(step):
        blocks = np.split(step, np.cumsum([n_components, n_components * n_features]))
        blocks = blocks[0], blocks[1].reshape(n_components, -1), blocks[2].reshape(n_components, -1)
        turned = [
            one(
                *(pick(letter, part, k) for letter, part in zip(code, blocks, strict=True)),
                n_features,
                axes[k],
                volumes[k],
                shapes[k] - volumes[k],
            )
            for k in range(n_components)
        ]
        return np.array(turned)

    return at


def axes_of(code, covariance, matrices):
    """Axes of each component, shared where the family shares them."""
    if code[2] == "I":
        return np.tile(np.eye(matrices.shape[1]), (len(matrices), 1, 1))
    if covariance.orientation is not None:
        return np.tile(covariance.orientation, (len(matrices), 1, 1))
    axes = np.linalg.eigh(matrices)[1]
    return np.tile(axes[0], (len(matrices), 1, 1)) if code[2] == "E" else axes
