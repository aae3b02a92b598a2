"""Write the models of this version that every later version must load: ``python -m tests.files.keep``.

Once a version is released its folder is never written again.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import mixtura as mx
from tests.files.cases import ARRAYS, fitted, rows, small

MODELS = Path(__file__).parents[1] / "golden" / "models"


def kept() -> dict[str, tuple[mx.GaussianMixture, Any]]:
    """A model of each layout of arrays and of each thing a file can hold, and rows to ask it about."""
    X, x = rows(3, 40), rows(1, 40)
    named = pd.DataFrame(rows(2, 40), columns=["größe 🐧", "two\nlines"])
    prior = mx.NormalInverseWishart(mean=[1.0, 2.0], shrinkage=0.5, dof=9.0, scale=[1.0, 2.0])
    types = {name: (fitted(X, covariance_type=name), X) for name in ("full", "tied", "diag", "spherical", "VEV", "EVE")}
    return {
        **types,
        "one_column_V": (fitted(x, covariance_type="V"), x),
        "one_component": (fitted(X, 1), X),
        "float32": (fitted(rows(3, 40, np.float32)), X),
        "noise_box": (fitted(np.vstack([X, 30 - 60 * rows(3, 6) / 10]), noise=True), X),
        "noise_volume": (fitted(X, noise=500.0, acceleration="squarem"), X),
        "prior_and_names": (fitted(named, prior=prior, covariance_type="diag", n_init=2), named),
        "from_parameters": (small(), x),
    }


def answers(model: mx.GaussianMixture, X: Any) -> dict[str, Any]:
    """What the model is, to the bit, and what it says of some rows."""
    X = X[:5]
    return {
        "arrays": {name: [float(v).hex() for v in getattr(model, name).ravel()] for name in ARRAYS},
        "shapes": {name: list(getattr(model, name).shape) for name in ARRAYS},
        "dtype": model.means_.dtype.name,
        "noise_weight": model.noise_weight_.hex(),
        "lower_bounds": [float(v).hex() for v in model.lower_bounds_],
        "n_iter": model.n_iter_,
        "n_parameters": model.n_parameters_,
        "names": list(getattr(model, "feature_names_in_", [])),
        "report": model.fit_report_.to_dict() if hasattr(model, "fit_report_") else {},
        "rows": np.asarray(X).tolist(),
        "log_densities": model.score_samples(X).tolist(),
        "labels": model.predict(X).tolist(),
    }


def main() -> None:
    """Write the folder of this version."""
    folder = MODELS / mx.__version__
    folder.mkdir(parents=True)
    told = {}
    for name, (model, X) in kept().items():
        mx.save(model, folder / f"{name}.mixtura", extra={"name": name})
        told[name] = answers(model, X)
    (folder / "answers.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
