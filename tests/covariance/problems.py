"""M-step problems and the formulas they are judged by, written out without the library."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mixtura.covariance import MCLUST, resolve

GOLDEN = Path(__file__).parents[1] / "golden"
COLUMN_SCALED = {"EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVV", "VVV"}
ROTATED = {"EII", "VII", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"}
ITERATIVE = ("VEI", "VEE", "VEV", "EVE", "VVE")


@dataclass(frozen=True)
class Step:
    """A stored M-step: the data, the partition, and the figures."""

    X: np.ndarray
    labels: np.ndarray
    models: dict[str, Any]

    @property
    def mass(self):
        return np.bincount(self.labels).astype(float)

    @property
    def means(self):
        return np.array([self.X[self.labels == k].mean(axis=0) for k in range(len(self.mass))])

    @property
    def scatter(self):
        parts = (self.X[self.labels == k] - mean for k, mean in enumerate(self.means))
        return np.array([part.T @ part for part in parts])

    def complete_log_likelihood(self, sigma):
        n, d = self.X.shape
        constant = self.mass @ np.log(self.mass / n) - 0.5 * n * d * np.log(2 * np.pi)
        return constant + objective(self.mass, self.scatter, sigma)


def stored_step(name):
    stored = json.loads((GOLDEN / "steps" / f"{name}.json").read_text())
    with (GOLDEN / "data" / f"{stored['dataset']}.csv").open() as lines:
        header, *rows = csv.reader(lines)
    used = [i for i, column in enumerate(header) if column != "class"]
    X = np.array([[float(row[i]) for i in used] for row in rows])
    return Step(X, np.array(stored["start_labels"]) - 1, stored["models"])


def stored_cases():
    wide = [(name, code) for name in ("iris_G3", "banknote_G3") for code in MCLUST]
    return wide + [(name, code) for name in ("acidity_G2", "acidity_G3") for code in ("E", "V")]


def objective(mass, scatter, sigma):
    """What an M-step maximizes, from matrices (K, D, D), by determinants and solves; analytic, for complex steps."""
    phases, logs = np.linalg.slogdet(sigma)
    traces = np.trace(np.linalg.solve(sigma, scatter), axis1=1, axis2=2)
    return -0.5 * (mass @ (logs + np.log(phases)) + traces.sum())


def at_order(family, scatter):
    """Scatter matrices (K, D, D) cut down to what a family asks for."""
    if family.order == "trace":
        return np.trace(scatter, axis1=1, axis2=2)
    if family.order == "diagonal":
        return np.einsum("kdd->kd", scatter).copy()
    return scatter.sum(axis=0) if family.order == "pooled" else scatter


def estimate(code, mass, scatter, previous=None):
    """One M-step from scatter matrices: the Covariance."""
    family, _ = resolve(code, scatter.shape[1])
    return family.estimate(mass, at_order(family, scatter), previous)


def sigma(code, mass, scatter, previous=None):
    """One M-step from scatter matrices: covariance matrices (K, D, D)."""
    return estimate(code, mass, scatter, previous).dense(len(mass), scatter.shape[1])


def made(seed, n_components, n_features, common=False, scale=0.0):
    """Masses and scatter of rows drawn at random, components 10^scale apart, with nearly common axes or any."""
    rng = np.random.default_rng(seed)
    n_rows = 30 * n_features if common else n_features + 3
    rows = rng.normal(size=(n_components, n_features, n_rows)) * 10.0 ** rng.uniform(
        -1, 1, (n_components, n_features, 1)
    )
    one = rotation(rng, n_features)
    factors = np.array([(one if common else rotation(rng, n_features)) @ part for part in rows])
    scatter = factors @ np.swapaxes(factors, 1, 2) * 10.0 ** rng.uniform(-scale, scale, (n_components, 1, 1))
    mass = rng.uniform(3.0 * n_features, 10.0 * n_features, n_components)
    return mass, 0.5 * (scatter + np.swapaxes(scatter, 1, 2)) * (mass / n_rows)[:, None, None]


def rotation(rng, n_features):
    return np.linalg.qr(rng.normal(size=(n_features, n_features)))[0]
