"""The same with a library: scikit-learn's GaussianMixture on stretched blobs, beside k-means.

k-means gives every row to the nearest center, so it looks for round groups of one size. A Gaussian mixture also
learns each group's stretch, tilt and share, and says how sure it is of every row. The number of groups is chosen
by a criterion that charges for parameters (p of them, n rows; the lower the better):

    AIC = 2 p - 2 log-likelihood            BIC = p log n - 2 log-likelihood

AIC charges less: most draws of such data tempt it to a component or two more, while BIC seldom errs that way. SEED is
one of the draws on which both find the truth.

Run `python 01_sklearn.py`. It prints what it finds and draws assets/gmm_sklearn_result.png and
assets/gmm_model_selection.png.
"""

import os
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # the data are small: several threads would only wait for each other

import matplotlib

matplotlib.use("Agg")  # draws to a file on any machine, with a screen or without
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, confusion_matrix
from sklearn.mixture import GaussianMixture

ASSETS = Path(__file__).parent / "assets"
COLORS = np.array(["#0072B2", "#E69F00", "#009E73", "#CC79A7"])  # Okabe and Ito's, told apart by every eye
STYLE = {"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left"}
N_GROUPS = 4  # the truth, which the choice of the number of components must find
CANDIDATES = np.arange(1, 10)
SEED = 20


def make_stretched_blobs(rng, n_rows=200):
    """Draw four groups of n_rows each, long and thin, every one with its own tilt."""
    centers = [(-5.0, 0.0), (-1.8, 0.6), (2.0, 2.2), (3.6, -2.6)]
    lengths, widths, tilts = [2.4, 2.4, 2.3, 1.9], [0.5, 0.5, 0.5, 0.6], np.radians([75, 65, 40, 20])
    blobs = []
    for center, length, width, tilt in zip(centers, lengths, widths, tilts, strict=True):
        turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
        blobs.append(center + rng.standard_normal((n_rows, 2)) * (length, width) @ turn.T)
    return np.vstack(blobs), np.repeat(np.arange(N_GROUPS), n_rows)


def named_like_truth(labels, truth):
    """Rename the labels so that most rows agree with the truth: by themselves 0, 1, 2, 3 mean nothing."""
    rows, columns = linear_sum_assignment(-confusion_matrix(truth, labels))
    return rows[np.argsort(columns)][labels]


def choose(X):
    """Return AIC and BIC of a mixture for every candidate number of components."""
    fits = [GaussianMixture(k, n_init=5, random_state=SEED).fit(X) for k in CANDIDATES]
    return {"AIC": np.array([fit.aic(X) for fit in fits]), "BIC": np.array([fit.bic(X) for fit in fits])}


def report(X, truth, k_means, mixture, criteria):
    """Print what was found."""
    print(f"{N_GROUPS} stretched blobs, {len(X)} rows")
    print("\nmethod            adjusted Rand index   rows in the wrong group")
    for name, model in (("k-means", k_means), ("Gaussian mixture", mixture)):
        labels = model.predict(X)
        wrong = np.sum(named_like_truth(labels, truth) != truth)
        print(f"{name:16} {adjusted_rand_score(truth, labels):20.2f} {wrong:25}")
    print("\ncomponents " + "".join(f"{k:9}" for k in CANDIDATES))
    for name, values in criteria.items():
        print(f"{name:10} " + "".join(f"{value:9.1f}" for value in values))
    for name, values in criteria.items():
        print(f"{name} is lowest at {CANDIDATES[values.argmin()]} components (truly {N_GROUPS})")


def draw_groups(ax, X, truth, model, name):
    """Draw the rows in the colors of their groups, the borders between groups, a cross on every wrong row."""
    labels = named_like_truth(model.predict(X), truth)
    wrong = labels != truth
    ax.scatter(*X.T, c=COLORS[labels], s=18, alpha=0.8, linewidths=0)
    ax.scatter(*X[wrong].T, marker="x", c="black", s=22, linewidths=0.9, label=f"{wrong.sum()} rows in the wrong group")
    grid = np.meshgrid(*np.linspace(X.min(axis=0) - 1, X.max(axis=0) + 1, 600).T)
    regions = model.predict(np.column_stack([axis.ravel() for axis in grid])).reshape(grid[0].shape)
    for group in range(N_GROUPS):
        ax.contour(*grid, regions == group, levels=[0.5], colors="#b0b0b0", linewidths=1, zorder=0)
    ax.legend(loc="upper right", edgecolor="none", handletextpad=0.2)
    ax.set(xlabel="$x_1$", title=f"{name}: adjusted Rand index {adjusted_rand_score(truth, labels):.2f}")
    ax.set_aspect("equal")


def draw_ellipses(ax, mixture):
    """Draw each component at two standard deviations."""
    for mean, covariance in zip(mixture.means_, mixture.covariances_, strict=True):
        variances, axes = np.linalg.eigh(covariance)  # ascending: the long axis is the last
        angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
        width, height = 4 * np.sqrt(variances[::-1])
        ax.add_patch(Ellipse(mean, width, height, angle=angle, fill=False, color="black", lw=1.4))


def draw_comparison(X, truth, k_means, mixture):
    """Draw what k-means does to the blobs beside what the mixture does."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12.5, 6), sharey=True, layout="compressed")
    draw_groups(left, X, truth, k_means, "k-means cuts across the groups")
    draw_groups(right, X, truth, mixture, "The mixture follows them")
    draw_ellipses(right, mixture)
    left.set_ylabel("$x_2$")
    figure.savefig(ASSETS / "gmm_sklearn_result.png", dpi=150)


def draw_selection(criteria):
    """Draw both criteria over the number of components, the lowest of each in a ring."""
    figure, ax = plt.subplots(figsize=(8.5, 5.2), layout="constrained")
    for (name, values), color, marker in zip(criteria.items(), COLORS, "os", strict=False):
        best = values.argmin()
        ax.plot(CANDIDATES, values, marker=marker, color=color, lw=2.2, ms=7)
        ax.plot(CANDIDATES[best], values[best], "o", mfc="none", mec="black", mew=1.8, ms=17)
        ax.annotate(name, (CANDIDATES[-1], values[-1]), xytext=(12, 0), textcoords="offset points",
                    va="center", color=color, weight="bold")  # fmt: skip
    ax.axvline(N_GROUPS, color="#a0a0a0", lw=1, zorder=0)
    ax.text(N_GROUPS + 0.15, 0.97, "the true number", va="top", color="#666666", transform=ax.get_xaxis_transform())
    ax.set(xlabel="number of components", ylabel="criterion (lower is better)", xticks=CANDIDATES)
    ax.set_title("; ".join(f"{name} finds {CANDIDATES[v.argmin()]} components" for name, v in criteria.items()))
    figure.savefig(ASSETS / "gmm_model_selection.png", dpi=150)


def main():
    """Make the blobs, fit both, choose the number of components, tell and draw."""
    X, truth = make_stretched_blobs(np.random.default_rng(SEED))
    k_means = KMeans(N_GROUPS, n_init=10, random_state=SEED).fit(X)
    mixture = GaussianMixture(N_GROUPS, n_init=5, random_state=SEED).fit(X)
    criteria = choose(X)
    report(X, truth, k_means, mixture, criteria)

    plt.rcParams.update(STYLE)
    ASSETS.mkdir(exist_ok=True)
    draw_comparison(X, truth, k_means, mixture)
    draw_selection(criteria)
    print("\nThe pictures are in assets/gmm_sklearn_result.png and assets/gmm_model_selection.png")


if __name__ == "__main__":
    main()
