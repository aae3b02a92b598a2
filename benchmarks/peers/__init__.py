"""Other libraries, each in a process of its own: their threads, compilers and memory stay out of our way.

A peer is given the rows and the start as plain files, and then obeys two words on its standard input: `fit N`
(N iterations from the start; it answers with the seconds) and `score` (the mean log-likelihood a row of the last fit).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

HERE = Path(__file__).parent
NAMES = ("Armadillo", "pomegranate", "gmmx")
# Precision each computes in when it is given float64 rows; its sums are held to a tolerance that fits.
TOLERANCE = {"Armadillo": 1e-5, "pomegranate": 1e-5, "gmmx": 1e-5}
COMPILE = ("g++", "-std=c++17", "-O3", "-march=native", "-fopenmp", "-DARMA_NO_DEBUG")


@dataclass
class Peer:
    """A library that is installed and holds a problem."""

    name: str
    process: subprocess.Popen[str]

    def fit(self, steps: int) -> float:
        """Seconds of that many iterations from the start."""
        return self._ask(f"fit {steps}")

    def score(self) -> float:
        """Mean log-likelihood a row of the last fit."""
        return self._ask("score")

    def is_alive(self) -> bool:
        """Whether it can do one iteration of this problem."""
        try:
            self.fit(1)
        except PeerFailed:
            return False
        return True

    def _ask(self, word: str) -> float:
        assert self.process.stdin and self.process.stdout
        try:
            print(word, file=self.process.stdin, flush=True)
            return float(self.process.stdout.readline())
        except (OSError, ValueError) as error:
            raise PeerFailed(f"{self.name} ended at {word!r}.") from error


class PeerFailed(Exception):
    """A peer stopped answering."""


def python() -> str:
    """The interpreter that has the peers: BENCH_PYTHON, or this one."""
    return os.environ.get("BENCH_PYTHON", sys.executable)


def installed(name: str, folder: Path) -> list[str] | None:
    """The command that serves this peer, or None where it is not installed."""
    if name == "Armadillo":
        return _compiled(folder)
    found = subprocess.run([python(), "-c", f"import {name}"], capture_output=True)
    return [python(), str(HERE / "serve.py"), name] if found.returncode == 0 else None


def _compiled(folder: Path) -> list[str] | None:
    if shutil.which(COMPILE[0]) is None:
        return None
    program = folder / "armadillo"
    done = subprocess.run(
        [*COMPILE, str(HERE / "armadillo.cpp"), "-o", str(program), "-larmadillo"], capture_output=True
    )
    return [str(program)] if done.returncode == 0 else None


@contextmanager
def serving(names: tuple[str, ...], X: np.ndarray, start: dict[str, Any], family: str, threads: int) -> Iterator[Any]:
    """The peers that are installed, each with the problem in hand, and the names of those that are not."""
    if not names:
        yield [], []
        return
    with TemporaryDirectory() as place:
        folder = Path(place)
        _write(folder, X, start, family)
        commands = {name: installed(name, folder) for name in names}
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        peers = [
            Peer(name, _start([*command, place, str(threads)], os.environ | limits))
            for name, command in commands.items()
            if command
        ]
        try:
            yield peers, [name for name, command in commands.items() if not command]
        finally:
            for peer in peers:
                peer.process.kill()
                peer.process.communicate()


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        bufsize=1,
    )


def _write(folder: Path, X: np.ndarray, start: dict[str, Any], family: str) -> None:
    covariances = 1.0 / start["precisions_init"] if family == "diag" else np.linalg.inv(start["precisions_init"])
    parts = {"rows": X, "weights": start["weights_init"], "means": start["means_init"], "covariances": covariances}
    for name, values in parts.items():
        np.ascontiguousarray(values, dtype=np.float64).tofile(folder / f"{name}.f64")
    shape = {"rows": X.shape[0], "features": X.shape[1], "components": len(start["weights_init"]), "family": family}
    (folder / "shape.json").write_text(json.dumps(shape))
    (folder / "shape.txt").write_text(f"{X.shape[0]} {X.shape[1]} {len(start['weights_init'])} {family}\n")
