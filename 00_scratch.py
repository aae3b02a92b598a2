"""Fit a mixture of three Gaussians by hand: the EM algorithm in numpy.

A mixture says that every row x was made in two steps: draw a component k with probability pi_k, then draw x
from that component's Gaussian N(mu_k, Sigma_k). We see the rows, never the components. EM finds both:

    E-step    r_nk = pi_k N(x_n | mu_k, Sigma_k) / sum_j pi_j N(x_n | mu_j, Sigma_j)      who is responsible?
    M-step    pi_k, mu_k, Sigma_k = share, mean and covariance of the rows, weighted by r_nk

and neither step can lower the log-likelihood, sum_n log sum_k pi_k N(x_n | mu_k, Sigma_k).

Run `python 00_scratch.py`. It prints what it finds and draws assets/gmm_scratch_result.png.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws to a file on any machine, with a screen or without
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

PICTURE = Path(__file__).parent / "assets" / "gmm_scratch_result.png"
COLORS = np.array([[0, 114, 178], [213, 94, 0], [0, 158, 115]]) / 255  # Okabe and Ito's, told apart by every eye
STYLE = {"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left"}

# The truth, which the fit never sees: shares, means and covariances of the components.
WEIGHTS = np.array([0.25, 0.35, 0.40])
MEANS = np.array([[-3.0, -0.6], [0.4, 2.6], [2.2, -1.3]])
COVARIANCES = np.array([[[0.7, 0.5], [0.5, 1.7]], [[2.6, -1.1], [-1.1, 1.0]], [[1.7, 1.0], [1.0, 1.2]]])


def make_data(n_rows, rng):
    """Draw rows from the true mixture, and remember which component made each."""
    labels = rng.choice(len(WEIGHTS), size=n_rows, p=WEIGHTS)
    factors = np.linalg.cholesky(COVARIANCES)
    return np.array([MEANS[k] + factors[k] @ rng.standard_normal(2) for k in labels]), labels


def initialize(X, n_components, rng):
    """Start anywhere sensible: equal shares, random rows as means, the covariance of all rows for each."""
    weights = np.full(n_components, 1 / n_components)
    means = rng.choice(X, n_components, replace=False)
    covariances = np.array([np.cov(X.T)] * n_components)
    return weights, means, covariances


def e_step(X, weights, means, covariances):
    """Return the responsibilities (n_rows, n_components) and the log-likelihood.

    The densities stay logarithms until the end: far from every mean they would underflow, and 0 / 0 is no answer.
    """
    components = zip(weights, means, covariances, strict=True)
    log_joint = np.column_stack([np.log(w) + multivariate_normal(m, c).logpdf(X) for w, m, c in components])
    log_density = logsumexp(log_joint, axis=1)
    return np.exp(log_joint - log_density[:, None]), log_density.sum()


def m_step(X, responsibilities):
    """Return the weights, means and covariances that the responsibilities ask for."""
    mass = responsibilities.sum(axis=0)
    means = responsibilities.T @ X / mass[:, None]
    offsets = X - means[:, None]  # (n_components, n_rows, n_features)
    covariances = np.einsum("nk,kni,knj->kij", responsibilities, offsets, offsets) / mass[:, None, None]
    return mass / len(X), means, covariances


def fit(X, n_components, rng, tol=1e-6, max_iter=500):
    """Take E-steps and M-steps in turn until a pass gains less than tol a row."""
    parameters = initialize(X, n_components, rng)
    path = []
    for _ in range(max_iter):
        responsibilities, log_likelihood = e_step(X, *parameters)
        path.append(log_likelihood)
        if len(path) > 1 and path[-1] - path[-2] < tol * len(X):
            return parameters, responsibilities, path
        parameters = m_step(X, responsibilities)
    raise RuntimeError(f"EM did not converge in {max_iter} passes: raise max_iter or tol.")


def beside_truth(parameters, responsibilities):
    """Order the components like the true ones: which comes first is an accident of the start."""
    order = [int(np.argmin(np.linalg.norm(parameters[1] - mean, axis=1))) for mean in MEANS]
    return [values[order] for values in parameters], responsibilities[:, order]


def report(X, labels, parameters, responsibilities, paths, best):
    """Print what was found beside what is true."""
    accuracy = np.mean(responsibilities.argmax(axis=1) == labels)
    print(f"EM on {len(X)} rows from {len(paths)} random starts")
    for start, path in enumerate(paths):
        note = "  <- the best" if path is best else ""
        print(f"  start {start}: log-likelihood {path[0]:.2f} -> {path[-1]:.2f} in {len(path)} passes{note}")
    print("\ncomponent   share (true)    mean (true)")
    for k, (weight, mean) in enumerate(zip(*parameters[:2], strict=True)):
        found, true = ("({:5.2f}, {:5.2f})".format(*values) for values in (mean, MEANS[k]))
        print(f"{k:9}   {weight:.2f}  ({WEIGHTS[k]:.2f})    {found}  {true}")
    print(f"\nRows in the component that made them: {accuracy:.1%}")
    print(f"Rows that could be from more than one (no responsibility above 90%): {shared(responsibilities):.1%}")
    return accuracy


def shared(responsibilities):
    """Return the share of rows that no component claims with more than 90 %."""
    return np.mean(responsibilities.max(axis=1) < 0.9)


def draw_clusters(ax, X, responsibilities, parameters):
    """Draw each row in the mixed color of its components, each component at one and two standard deviations."""
    ax.scatter(*X.T, c=responsibilities @ COLORS, s=20, alpha=0.8, linewidths=0)
    for color, true_weight, weight, mean, covariance in zip(COLORS, WEIGHTS, *parameters, strict=True):
        variances, axes = np.linalg.eigh(covariance)  # ascending: the long axis is the last
        angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
        for sd in (1, 2):
            width, height = 2 * sd * np.sqrt(variances[::-1])
            ax.add_patch(Ellipse(mean, width, height, angle=angle, facecolor=(*color, 0.06), edgecolor=color, lw=1.6))
        ax.plot(*mean, "o", color=color, mec="white", mew=1.5, ms=11, label=f"{weight:.1%} (truly {true_weight:.0%})")
    ax.plot(*MEANS.T, "+", color="black", ms=13, mew=1.8, label="the true means")
    ax.legend(title="Share of the rows", alignment="left", loc="upper right", frameon=False)
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    ax.set_aspect("equal", adjustable="datalim")


def draw_paths(ax, paths, best):
    """Draw the log-likelihood of every start, the best one on top."""
    for path in paths:
        ax.plot(path, color="#a0a0a0", lw=1.2, label="the others" if path is paths[0] else None)
    ax.plot(best, color=COLORS[0], lw=2.8, label=f"the best of {len(paths)} starts, {len(best)} passes")
    ax.plot(len(best) - 1, best[-1], "o", color=COLORS[0], ms=8)
    ax.legend(loc="lower right", frameon=False, reverse=True)
    ax.set(xlabel="passes over the rows", ylabel="log-likelihood")


def main():
    """Make the data, fit them from several starts, tell and draw the best."""
    rng = np.random.default_rng(1894)
    X, labels = make_data(800, rng)
    fits = [fit(X, 3, rng) for _ in range(5)]  # each climbs to the summit nearest to its start
    paths = [path for _, _, path in fits]
    parameters, responsibilities, best = max(fits, key=lambda result: result[2][-1])
    parameters, responsibilities = beside_truth(parameters, responsibilities)
    accuracy = report(X, labels, parameters, responsibilities, paths, best)

    plt.rcParams.update(STYLE)
    figure, (left, right) = plt.subplots(1, 2, figsize=(12.5, 5.6), width_ratios=(1.3, 1), layout="constrained")
    draw_clusters(left, X, responsibilities, parameters)
    left.set_title(f"Three Gaussians recovered: {accuracy:.0%} of the rows find their own")
    draw_paths(right, paths, best)
    right.set_title("The log-likelihood only ever rises")
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=150)
    print(f"\nThe picture is in {PICTURE.relative_to(Path(__file__).parent)}")


if __name__ == "__main__":
    main()
