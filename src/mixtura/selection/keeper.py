"""What a search has done so far, in memory and, where asked for, in a file from which it can be resumed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from mixtura import __version__
from mixtura.arrays import to_host
from mixtura.atomic import atomic_write
from mixtura.files import archive
from mixtura.files.faults import Fault
from mixtura.outcome import MixtureError, ModelFileError
from mixtura.selection.attempt import Trial
from mixtura.selection.grid import Candidate
from mixtura.selection.ledger import entry, read_entry
from mixtura.selection.plan import Rows

FORMAT = 1
# Seconds between two writings of the file.
EVERY = 2.0
REMEDY = "Name another file, or remove this one to begin anew."


class Keeper:
    """Remembers trials by their stage; this one only in memory."""

    def __init__(self) -> None:
        self._done: dict[tuple[str, Candidate], Trial] = {}
        self._prefix = ""

    def recall(self, stage: str, candidates: Sequence[Candidate]) -> dict[Candidate, Trial]:
        """The trials of these candidates that are done at a stage."""
        keys = {one: (self._prefix + stage, one) for one in candidates}
        return {one: self._done[key] for one, key in keys.items() if key in self._done}

    def keep(self, stage: str, trial: Trial) -> None:
        """Remember a trial."""

    def within(self, part: str) -> Keeper:
        """The same memory for a part of the search."""
        return self

    def flush(self) -> None:
        """Write what is not yet written."""


@dataclass
class _File:
    """The file, and when it was last written."""

    path: Path
    fingerprint: str
    written: float = field(default_factory=perf_counter)
    fresh: bool = False


class Kept(Keeper):
    """Remembers trials in a file, written whole or not at all, every two seconds and at the end.

    Parameters
    ----------
    file : _File
    done : dict
        Trials by stage and candidate.
    prefix : str
        Of the stages of a part of the search.
    """

    def __init__(self, file: _File, done: dict[tuple[str, Candidate], Trial], prefix: str = "") -> None:
        self._file, self._done, self._prefix = file, done, prefix

    @classmethod
    def at(cls, path: str | os.PathLike[str], fingerprint: str) -> Kept:
        """Go on from a file, or begin it.

        Raises
        ------
        ModelFileError
            For a file that is no checkpoint, is damaged, or belongs to other rows, settings or another version.
        OSError
            For a file that cannot be written.
        """
        file = _File(Path(path), fingerprint)
        found = cls(file, _read(file) if file.path.exists() else {})
        file.fresh = not file.path.exists()
        try:
            found.flush()  # before any work, so that none is lost
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(file.path)) from error
        return found

    def keep(self, stage: str, trial: Trial) -> None:
        """Remember a trial, and write the file when the last writing is some time ago."""
        self._done[self._prefix + stage, trial.candidate] = trial
        self._file.fresh = True
        if perf_counter() - self._file.written > EVERY:
            self.flush()

    def within(self, part: str) -> Keeper:
        """The same file for a part of the search."""
        return Kept(self._file, self._done, f"{self._prefix}{part}: ")

    def flush(self) -> None:
        """Write the file if there is anything new."""
        if not self._file.fresh:
            return
        tensors: dict[str, Any] = {}
        told = [entry(stage, trial, f"{i}", tensors) for i, ((stage, _), trial) in enumerate(self._done.items())]
        content = json.dumps({"fingerprint": self._file.fingerprint, "trials": told}, allow_nan=False)
        tensors = tensors or {"none": np.zeros(1)}
        metadata = {"format": str(FORMAT), "mixtura": __version__, "search": content, "sha256": _digest(tensors)}
        packed = archive.pack(metadata, tensors)
        with atomic_write(self._file.path, overwrite=True) as out:
            out.write(packed)
        self._file.fresh, self._file.written = False, perf_counter()


def _read(file: _File) -> dict[tuple[str, Candidate], Trial]:
    try:
        return _trials(file)
    except (Fault, KeyError, TypeError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"{file.path} is no checkpoint of a search that can be read: {error}. {REMEDY}") from error


def _trials(file: _File) -> dict[tuple[str, Candidate], Trial]:
    with archive.opened(file.path) as (opened, size):
        index = archive.read_index(opened, size)
        if "search" not in index.metadata:
            raise ModelFileError(f"{file.path} is no checkpoint of a search. {REMEDY}")
        tensors = archive.read_tensors(opened, index)
    if index.metadata.get("format") != str(FORMAT) or index.metadata.get("mixtura") != __version__:
        version = index.metadata.get("mixtura")
        raise ModelFileError(f"{file.path} was written by mixtura {version}, and this is {__version__}. {REMEDY}")
    if index.metadata.get("sha256") != _digest(tensors):
        raise ModelFileError(f"{file.path} is damaged: its numbers are not those that were written. {REMEDY}")
    content = archive.parse_json(index.metadata["search"])
    if content["fingerprint"] != file.fingerprint:
        raise ModelFileError(f"{file.path} belongs to a search of other rows or with other settings. {REMEDY}")
    found = [read_entry(told, tensors) for told in content["trials"]]
    return {(stage, trial.candidate): trial for stage, trial in found}


def _digest(tensors: dict[str, Any]) -> str:
    """Of the numbers, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()


def fingerprint(rows: Rows, candidates: Sequence[Candidate], criterion: str) -> str:
    """A digest of all that the table of a search depends on."""
    digest, plan = hashlib.sha256(), rows.plan
    files = rows.source.files
    if files is not None:
        digest.update(files.fingerprint.encode())
    for block in rows.source.blocks() if files is None else ():
        digest.update(np.ascontiguousarray(to_host(block.rows), dtype=np.float64).data)
        digest.update(b"" if block.weight is None else np.ascontiguousarray(block.weight).data)
    given = plan.init_params if isinstance(plan.init_params, str) else _plain(plan.init_params)
    prior = None if plan.settings.prior is None else _plain(asdict(plan.settings.prior))  # its repr is rounded
    asked = {**asdict(plan.settings), "prior": prior, "init_params": given, "n_init": plan.n_init, "seed": plan.seed}
    asked |= {"criterion": criterion, "dtype": np.dtype(plan.dtype).name, "shape": rows.source.shape}
    words = json.dumps([asked, [[one.covariance_type, one.n_components] for one in candidates]], default=str)
    digest.update(words.encode())
    return digest.hexdigest()


def _plain(given: Any) -> Any:
    if hasattr(given, "items"):
        return {str(key): _plain(value) for key, value in given.items()}
    return np.asarray(given).tolist()


def keeper_of(checkpoint: Any, rows: Rows, candidates: Sequence[Candidate], criterion: str, repeats: bool) -> Keeper:
    """The memory that `checkpoint` asks for, a path or None; `repeats` says whether the seed is a number."""
    if checkpoint is None:
        return Keeper()
    if not isinstance(checkpoint, str | os.PathLike):
        raise MixtureError(f"checkpoint is {checkpoint!r}, and must be the path of a file.")
    if not repeats:
        raise MixtureError("A search with a checkpoint must repeat itself: give random_state an integer.")
    return Kept.at(checkpoint, fingerprint(rows, candidates, criterion))
