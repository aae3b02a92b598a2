"""What is on axes, and whether a picture can be written."""

import io
from typing import Any

import numpy as np
from matplotlib.collections import PathCollection

import mixtura as mx
from mixtura import datasets

FAITHFUL, IRIS, ACIDITY = datasets.load_faithful(), datasets.load_iris(), datasets.load_acidity()


def fitted(rows: Any, k: int, **settings: Any) -> mx.GaussianMixture:
    return mx.GaussianMixture(k, **({"random_state": 0, "reg_covar": 1e-9} | settings)).fit(rows)


def given(d: int, k: int = 2) -> mx.GaussianMixture:
    means = 6.0 * np.arange(k * d).reshape(k, d)
    return mx.GaussianMixture.from_parameters(np.full(k, 1 / k), means, [np.eye(d)] * k)


def first(axes: Any) -> Any:
    return next(panel for panel in np.asarray(axes, dtype=object).flat if panel is not None)


def drawn(axes: Any) -> bytes:
    file = io.BytesIO()
    first(axes).figure.savefig(file, format="png", dpi=30)
    return file.getvalue()


def is_picture(axes: Any) -> bool:
    return drawn(axes).startswith(b"\x89PNG")


def clouds(axes: Any) -> list[PathCollection]:
    return [cloud for cloud in axes.collections if isinstance(cloud, PathCollection)]


def points(axes: Any) -> np.ndarray:
    return np.vstack([np.asarray(cloud.get_offsets()) for cloud in clouds(axes)])


def ordered(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(rows.T)]


def legend(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def headline(axes: Any) -> str:
    return str(axes.get_title(loc="left"))
