"""How far components overlap: the probability that a row of one lies where another is denser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixtura.arrays import Float
from mixtura.density import Density
from mixtura.diagnostics.quadratic import NODES, exceeds

# Ratios of spreads and distances in spreads are taken as no larger: nothing changes so far out, and squares are finite.
FAR = 1e60
# Spreads whose squares differ by more than this part are told apart by where they are equally dense.
BENT = 0.5
# Numbers that are held at a time, for many components.
BLOCK = 2**20


def overlaps(density: Density) -> Float:
    r"""
    Compute how probably a row of each component lies where another one, with its share, is denser.

    .. math:: \omega_{j | i} = P\left(\pi_i \phi_i(X) < \pi_j \phi_j(X) \mid X \sim N(\mu_i, \Sigma_i)\right)

    In the axes of :math:`\Sigma_i^{1/2} \Sigma_j^{-1} \Sigma_i^{1/2}` the difference of the two logarithms is a
    quadratic function of independent standard Gaussians, so its tail is exact to rounding and needs no sampling.
    With one covariance for both it is :math:`\Phi(-\delta / 2 + \log(\pi_j / \pi_i) / \delta)`, where :math:`\delta`
    is their Mahalanobis distance.

    Parameters
    ----------
    density : Density
        Of K components; a noise component is left out.

    Returns
    -------
    array of shape (K, K)
        :math:`\omega_{j | i}` in row i and column j, within 1e-9; 0 on the diagonal. Components that are equal
        in all but their numbers share their rows: 1/2.

    References
    ----------
    R. Maitra and V. Melnykov (2010), Simulating data to study performance of finite mixture modeling and clustering
    algorithms, Journal of Computational and Graphical Statistics 19, 354-376, Theorem 1.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.density import Density, Whitening, gaussian_offset
    >>> one = Whitening(np.ones(1))
    >>> found = overlaps(Density(np.array([[0.0], [2.0]]), one, gaussian_offset(np.array([0.5, 0.5]), one, 1)))
    >>> print(found.round(4))
    [[0.     0.1587]
     [0.1587 0.    ]]
    """
    k, d = density.n_components, density.n_features
    found = np.zeros((k, k))
    one, other = np.nonzero(~np.eye(k, dtype=bool) & np.isfinite(density.offset)[:, np.newaxis])
    step = max(1, BLOCK // (NODES * d + d * d))
    for begin in range(0, len(one), step):
        i, j = one[begin : begin + step], other[begin : begin + step]
        found[i, j] = _given_by(density, i, j)
    return found


def _given_by(density: Density, i: NDArray[np.intp], j: NDArray[np.intp]) -> Float:
    """Probability that rows of components i lie where components j are denser, pair by pair."""
    d = density.n_features
    factors = density.whitening.dense(d)
    theirs = factors[0 if density.whitening.shared else j]
    apart = ((density.means[i] - density.means[j])[:, np.newaxis] @ theirs)[:, 0]
    # x = mean_i + z R with white z has the length |z R F_j + apart| under j: one axis of R F_j at a time
    if density.whitening.shared:
        size, along = np.ones_like(apart), apart
    else:
        own = np.linalg.inv(factors)
        _, size, turn = np.linalg.svd(own[i] @ theirs)
        along = (turn @ apart[..., np.newaxis])[..., 0]
    change = density.offset[j] - density.offset[i]
    size, along = np.minimum(size, FAR), np.clip(along, -FAR, FAR)
    curve = (1.0 - size) * (1.0 + size)
    # z^2 - (size z + along)^2, with the square completed where spreads differ enough
    bent = np.abs(curve) > BENT
    safe = np.where(bent, curve, 1.0)
    center = np.where(bent, -size * along / safe, 0.0)
    left = np.square(along) / np.where(bent, safe, 1.0)
    return exceeds(curve, center, np.where(bent, 0.0, -size * along), left.sum(axis=1) - 2.0 * change)
