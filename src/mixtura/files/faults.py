"""What is wrong with a model file, and the one error that says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mixtura.outcome import ModelFileError
from mixtura.sources.faults import show

RESTORE = "Restore it from a copy, or fit and save the model again."
SHORTEN = "Save it with shorter feature names and less in `extra`."
MAKE = "Models are written by mixtura.save, and by `mixtura fit -o`."


class Fault(Exception):
    """
    A reason why something is no model, met while reading it.

    Parameters
    ----------
    reason : str
        What is wrong, with its numbers; continues a sentence that begins with "it".
    remedy : str
        A whole sentence.
    """

    def __init__(self, reason: str, remedy: str = RESTORE) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn the faults of a file into an error that names it."""
    name = show(os.fspath(path), longest=200)
    try:
        yield
    except Fault as fault:
        raise ModelFileError(f"{name} cannot be loaded: {fault.reason}. {fault.remedy}") from fault
    except MemoryError as error:
        remedy = "Load it where there is more, or restore it from a copy if it should be small."
        raise ModelFileError(f"{name} cannot be loaded: it asks for more memory than there is. {remedy}") from error
