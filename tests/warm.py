"""Compile, once, what all workers of the tests would otherwise compile at the same time: ``python -m tests.warm``."""

import numpy as np

import mixtura as mx
from mixtura import kernels


def main() -> None:
    """Fit something by every compiled way."""
    faithful = mx.datasets.load_faithful().data
    mx.MixtureSearch((1, 2), covariance_types=["VVE", "VVV"]).fit(faithful)
    mx.fit_many([faithful, faithful], 2, random_state=0)
    for features, components in ((2, 8), (16, 4)):
        rows = np.random.default_rng(0).normal(size=(kernels.MANY // components, features))
        mx.GaussianMixture(components, max_iter=2, tol=1e9, init_params="random_from_data", random_state=0).fit(rows)


if __name__ == "__main__":
    main()
