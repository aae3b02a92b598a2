"""Trials as plain values and arrays, exact to the bit: what a checkpoint holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from mixtura.covariance import published
from mixtura.criteria import Evidence
from mixtura.frame import Frame
from mixtura.noise import Box, Noise
from mixtura.outcome import Outcome
from mixtura.parameters import Parameters
from mixtura.selection.attempt import Attempt, Trial
from mixtura.selection.grid import Candidate

ARRAYS = ("covariances", "precisions", "precisions_cholesky")
BOX = ("origin", "unit", "axes", "low", "high")


def entry(stage: str, trial: Trial, name: str, tensors: dict[str, Any]) -> dict[str, Any]:
    """A trial as plain values; its arrays go to `tensors`, by names that begin with `name`."""
    return {
        "name": name,
        "stage": stage,
        "candidate": asdict(trial.candidate),
        "attempts": [_attempt(one, f"{name}.{i}", tensors) for i, one in enumerate(trial.attempts)],
        "evidence": None if trial.evidence is None else asdict(trial.evidence),
        "seconds": trial.seconds,
        "reason": trial.reason,
    }


def _attempt(attempt: Attempt, name: str, tensors: dict[str, Any]) -> dict[str, Any]:
    tensors[f"{name}.path"] = attempt.path
    told = {field: getattr(attempt, field) for field in ("reason", "passes", "falls", "reseeded", "before")}
    told |= {"outcome": attempt.outcome.name, "parameters": None}
    given = attempt.parameters
    if given is not None:
        tensors |= {f"{name}.weights": given.weights, f"{name}.means": given.means}
        tensors |= {f"{name}.{array}": getattr(given.arrays, array) for array in ARRAYS}
        told["parameters"] = {"layout": given.layout, "noise_weight": given.noise_weight}
        told["parameters"] |= _noise(given.noise, name, tensors)
    return told


def _noise(noise: Noise | None, name: str, tensors: dict[str, Any]) -> dict[str, Any]:
    if noise is None:
        return {"noise": None}
    if noise.box is not None:
        box, frame = noise.box, noise.box.frame
        values = (frame.origin, frame.unit, box.axes, box.low, box.high)
        tensors |= {f"{name}.box.{field}": value for field, value in zip(BOX, values, strict=True)}
    return {"noise": {"log_volume": noise.log_volume, "box": noise.box is not None}}


def read_entry(told: dict[str, Any], tensors: dict[str, Any]) -> tuple[str, Trial]:
    """The stage and the trial that `entry` told of."""
    attempts = [_read_attempt(one, f"{told['name']}.{i}", tensors) for i, one in enumerate(told["attempts"])]
    evidence = None if told["evidence"] is None else Evidence(**told["evidence"])
    candidate = Candidate(**told["candidate"])
    return told["stage"], Trial(candidate, tuple(attempts), evidence, told["seconds"], told["reason"])


def _read_attempt(told: dict[str, Any], name: str, tensors: dict[str, Any]) -> Attempt:
    return Attempt(
        outcome=Outcome[told["outcome"]],
        reason=told["reason"],
        passes=told["passes"],
        falls=told["falls"],
        path=np.asarray(tensors[f"{name}.path"], dtype=np.float64),
        model=None if told["parameters"] is None else _read_parameters(told["parameters"], name, tensors),
        reseeded=tuple(told["reseeded"]),
        before=told["before"],
    )


def _read_parameters(told: dict[str, Any], name: str, tensors: dict[str, Any]) -> Parameters:
    arrays = published.Published(*(tensors[f"{name}.{array}"] for array in ARRAYS))
    noise = None
    if told["noise"] is not None:
        box = None
        if told["noise"]["box"]:
            origin, unit, axes, low, high = (tensors[f"{name}.box.{field}"] for field in BOX)
            box = Box(Frame(origin, unit), axes, low, high)
        noise = Noise(told["noise"]["log_volume"], box)
    weights, means = tensors[f"{name}.weights"], tensors[f"{name}.means"]
    return Parameters(weights, means, arrays, told["layout"], told["noise_weight"], noise)
