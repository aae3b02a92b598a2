"""Which array of a file that holds several."""

from __future__ import annotations

from collections.abc import Mapping

from mixtura.sources.faults import TableError, show, show_all
from mixtura.sources.paths import INSIDE
from mixtura.sources.raw import title


def pick(path: str, shapes: Mapping[str, tuple[int, ...]], wanted: str) -> str:
    """
    Give the name of the array meant: the one asked for, or the only one of rows by features.

    Raises
    ------
    TableError
        With the arrays that are there, and how one of them is named.

    Examples
    --------
    >>> pick("a.npz", {"X": (100, 3), "labels": (100,)}, "")
    'X'
    """
    if wanted:
        found = [name for name in shapes if name.strip("/") == wanted.strip("/")]
        if found:
            return found[0]
        raise TableError(f"{title(path)}: there is no array {show(wanted)}. There are {show_all(shapes)}.")
    tables = [name for name, shape in shapes.items() if len(shape) == 2]
    choice = tables or [name for name, shape in shapes.items() if len(shape) == 1]
    if len(choice) == 1:
        return choice[0]
    if not choice:
        raise TableError(f"{title(path)} holds no array of rows by features, but {show_all(shapes) or 'nothing'}.")
    example = show(f"{path}{INSIDE}{choice[0]}", 200)
    raise TableError(f"{title(path)} holds {show_all(choice)}. Say which of them is meant, as in {example}.")
