"""Models to and from disk: numbers and words, never code, exact to the bit."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import IO, Any

from mixtura.files import archive
from mixtura.files.document import Header, plain_extra
from mixtura.files.faults import RESTORE, Fault, reading
from mixtura.outcome import MixtureError

__all__ = ["Header", "header", "load", "save"]


def save(
    model: Any, path: str | os.PathLike[str], *, overwrite: bool = True, extra: Mapping[str, Any] | None = None
) -> None:
    """
    Write a fitted model to a file that `load` reads back exact to the bit.

    It is a safetensors file: parameters as arrays of their own type; settings, feature names and fit report as JSON.
    It cannot hold code. It is read back before it takes the place of an old file, and appears whole or not at all.

    Parameters
    ----------
    model : GaussianMixture
        Fitted. Labels or responsibilities given as `init_params` and a generator given as `random_state` are left out,
        as `header(path).notes` says; so are metadata requests and attributes of the user's own.
    path : str or Path
        Used as it is; ``.mixtura`` is the usual ending.
    overwrite : bool, default=True
        Whether an existing file may be replaced. If anything fails, the old file stays as it was.
    extra : dict, optional
        JSON values to keep with the model; `header` gives them back.

    Raises
    ------
    MixtureError
        For anything but a fitted GaussianMixture; for one whose attributes were changed so that they are no mixture
        (fit it again, or use ``GaussianMixture.from_parameters``); for an `extra` that JSON cannot hold.
    FileExistsError
        Where the file exists and `overwrite` is False.
    OSError
        Where the folder or the disk does not take the file.

    See Also
    --------
    load, header

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mixtura as mx
    >>> model = mx.GaussianMixture.from_parameters([0.25, 0.75], [[0.0], [3.0]], [1.0, 2.0], "spherical")
    >>> path = Path(tempfile.mkdtemp()) / "two.mixtura"
    >>> mx.save(model, path)
    >>> mx.load(path).weights_
    array([0.25, 0.75])
    """
    from mixtura.atomic import atomic_write
    from mixtura.files import models

    models.require_savable(model)
    kept = plain_extra(extra)
    try:
        told, tensors = models.describe(model, kept)
        data = archive.pack(told.metadata(), tensors)
        _model(io.BytesIO(data), len(data))
    except Fault as fault:
        mend = "Fit it again, or make it with GaussianMixture.from_parameters."
        remedy = mend if fault.remedy is RESTORE else fault.remedy
        raise MixtureError(f"This model cannot be saved: {fault.reason}. {remedy}") from fault
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(data)


def load(path: str | os.PathLike[str]) -> Any:
    """
    Read a model that `save` wrote.

    Nothing in the file is run. Every length is compared with the size of the file before it is believed: at most 16 MB
    of text are read, and of numbers what is there. Their digest is verified, and that they are a mixture: shares that
    sum to 1, covariances that are positive definite and belong to their precisions and factors.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    GaussianMixture
        Its predictions equal those of the saved model to the bit; it can be fitted again.

    Raises
    ------
    ModelFileError
        For a file that is no model, is damaged or cut short (restore it from a copy, or fit and save again), asks for
        more memory than there is, or was written in a later format (upgrade; the message says to which version).
    OSError
        Where the file does not exist or cannot be read.

    See Also
    --------
    save, header

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mixtura as mx
    >>> path = Path(tempfile.mkdtemp()) / "not.mixtura"
    >>> _ = path.write_text("hello, world")
    >>> mx.load(path)
    Traceback (most recent call last):
    mixtura.outcome.ModelFileError: '...not.mixtura' cannot be loaded: it does not begin as a model file (...)...
    """
    with reading(path), archive.opened(path) as (file, size):
        return _model(file, size)


def header(path: str | os.PathLike[str]) -> Header:
    """
    Read what a model file says of itself, without its numbers and without scikit-learn.

    The words are verified against their digest; the numbers are not read.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Header
        Version, kind, family, settings, counts, feature names, fit report and what was given to `save` as `extra`.

    Raises
    ------
    ModelFileError, OSError
        As `load`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mixtura as mx
    >>> from mixtura.files import header
    >>> model = mx.GaussianMixture.from_parameters([1.0], [[0.0, 1.0]], [[1.0, 2.0]], "diag")
    >>> path = Path(tempfile.mkdtemp()) / "one.mixtura"
    >>> mx.save(model, path, extra={"seed": 7})
    >>> found = header(path)
    >>> found.family, found.n_components, found.n_features, found.extra
    ('VVI', 1, 2, {'seed': 7})
    """
    with reading(path), archive.opened(path) as (file, size):
        return Header.of(archive.read_index(file, size).metadata)


def _model(file: IO[bytes], size: int) -> Any:
    from mixtura.files import models

    index = archive.read_index(file, size)
    told = Header.of(index.metadata)
    models.require_shapes(told, index.entries)
    return models.restore(told, archive.read_tensors(file, index))
