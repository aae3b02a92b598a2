"""Data and models named on the command line."""

from __future__ import annotations

import csv
import difflib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixtura.cli.endings import Code, Stop
from mixtura.cli.sizing import USUAL
from mixtura.cli.words import percent

if TYPE_CHECKING:
    from mixtura.cli.tally import Tally
    from mixtura.sources.tables import Table, TableOptions

_LOUD = 0.05


@dataclass(frozen=True)
class Reading:
    """How the files are to be read, as asked for on the command line."""

    delimiter: str | None = None
    decimal: str = "."
    encoding: str | None = None
    na: tuple[str, ...] = ()
    header: bool = True
    drop: bool = False
    memory: str = USUAL
    dask: str | None = None

    @classmethod
    def of(
        cls, delimiter: str | None, decimal: str, encoding: str | None, na: Sequence[str] | None, **more: Any
    ) -> Reading:
        """Take options as they were typed."""
        drop = more["missing"].value == "drop"
        return cls(
            delimiter, decimal, encoding, tuple(na or ()), not more["no_header"], drop, more["memory"], more.get("dask")
        )

    def flags(self) -> list[str]:
        """The same as options to be typed."""
        named = {"--delimiter": self.delimiter, "--encoding": self.encoding}
        found = [word for option, value in named.items() if value is not None for word in (option, value)]
        found += ["--decimal", self.decimal] if self.decimal != "." else []
        found += [word for text in self.na for word in ("--na", text)]
        found += [] if self.header else ["--no-header"]
        found += ["--memory", self.memory] if self.memory != USUAL else []
        return found + (["--missing", "drop"] if self.drop else [])

    def options(self) -> TableOptions:
        """The same for the reader of tables."""
        from mixtura.sources.tables import TableOptions

        return TableOptions(_delimiter(self.delimiter), _decimal(self.decimal), self.encoding, self.na, self.header)


@dataclass(frozen=True)
class Sources:
    """
    The files that the words on the command line stand for.

    Attributes
    ----------
    words, files : tuple of str
    class_column, weight_column : str or None
        Columns of a bundled data set that are known to be no measurements.
    """

    words: tuple[str, ...]
    files: tuple[str, ...]
    class_column: str | None = None
    weight_column: str | None = None

    def read(self, reading: Reading) -> Table:
        """Read all files as one table."""
        from mixtura.sources.tables import read_table

        return read_table(self.files, reading.options())


def find_sources(words: Sequence[str]) -> Sources:
    """Find the files behind paths, folders, globs, ``-`` and names of bundled data sets, without opening them."""
    from mixtura.sources.paths import expand

    found = [_bundled(word) for word in words]
    paths = [word if path is None else path for word, path in zip(words, found, strict=True)]
    files = _or_suggest(words, lambda: expand(paths))
    classes, weights = (_known(column, words, found) for column in ("class_column", "weight_column"))
    return Sources(tuple(words), tuple(files), classes, weights)


def _bundled(word: str) -> str | None:
    """The path of a bundled data set, unless a file of that name exists."""
    from mixtura import datasets

    if Path(word).exists() or word not in datasets.names():
        return None
    return os.fspath(datasets.path(word))


def _known(what: str, words: Sequence[str], found: Sequence[str | None]) -> str | None:
    from mixtura import datasets

    columns = {getattr(datasets, what)(word) for word, path in zip(words, found, strict=True) if path is not None}
    return columns.pop() if len(columns) == 1 else None


def _or_suggest(words: Sequence[str], find: Callable[[], list[str]]) -> list[str]:
    """Find files; where a lone word is neither a file nor a bundled data set, name those there are."""
    from mixtura import datasets
    from mixtura.sources.faults import TableError

    try:
        return find()
    except TableError as error:
        bare = [word for word in words if word.isidentifier() and not Path(word).exists()]
        if not bare or "does not exist" not in str(error):
            raise
        close = difflib.get_close_matches(bare[0], datasets.names(), n=1)
        meant = f" Is {close[0]!r} meant?" if close and "meant?" not in str(error) else ""
        raise TableError(f"{error}{meant} Bundled data sets: {', '.join(datasets.names())}.") from error


def _delimiter(text: str | None) -> str | None:
    mark = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";"}.get(text or "", text)
    if mark is not None and (len(mark) != 1 or mark in '"\r\n'):
        raise Stop(Code.USAGE, f"--delimiter takes a single character, or tab or space, not {text!r}.")
    return mark


def _decimal(text: str) -> str:
    if text not in (".", ","):
        raise Stop(Code.USAGE, f"--decimal takes . or , and not {text!r}.")
    return text


def split_names(options: Sequence[str] | None) -> list[str]:
    """
    Split the values of ``--columns`` or ``--exclude`` into names, by the rules of CSV.

    Examples
    --------
    >>> split_names(["a,b", '"c,d"'])
    ['a', 'b', 'c,d']
    """
    names: list[str] = []
    for option in options or []:
        try:
            names += next(csv.reader([option], strict=True, skipinitialspace=True), [""])
        except csv.Error as error:
            raise Stop(Code.USAGE, f"{option!r} is not a list of columns: {error}.") from error
    return names


def join_names(names: Sequence[str]) -> str:
    """
    Write names as ``--columns`` takes them.

    Examples
    --------
    >>> print(join_names(["a", "b,c"]))
    a,"b,c"
    """
    return ",".join('"' + name.replace('"', '""') + '"' if _needs_quotes(name) else name for name in names)


def _needs_quotes(name: str) -> bool:
    return name == "" or name != name.strip() or any(mark in name for mark in ',"\r\n')


def report_missing(tally: Tally, say: Callable[[str], None]) -> None:
    """Say how many rows are kept and lost and how many cells each column lacks, loudly above 5 %."""
    from mixtura.sources.faults import plural, show

    if not tally.n_lost:
        return
    share = tally.n_lost / tally.n_rows
    cells = ", ".join(f"{show(name)} {count}" for name, count in tally.missing.items())
    kept = f"{plural(tally.n_used, 'row')} kept, {tally.n_lost} left out ({percent(share)})"
    words = f"{kept}; empty cells: {cells}."
    if share > _LOUD:
        words = f"WARNING: {words} If rows lack cells for a reason, what is left misleads."
    say(words)


def load_model(path: str) -> Any:
    """Read a model file."""
    from mixtura import files
    from mixtura.outcome import MixtureError

    try:
        return files.load(path)
    except FileNotFoundError as error:
        raise MixtureError(f"{path!r} does not exist. Models are written by: mixtura fit ... -o {path}") from error
    except OSError as error:
        raise MixtureError(f"{path!r} cannot be read: {error.strerror or error}.") from error


def model_names(model: Any) -> tuple[str, ...] | None:
    """The names of a model's features, where it has any."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def shown_names(model: Any) -> tuple[str, ...]:
    """The names of a model's features, counted where it has none."""
    return model_names(model) or tuple(f"x{number}" for number in range(1, model.n_features_in_ + 1))


def note(quiet: bool) -> Callable[[str], None]:
    """Give a function that writes a line to standard error, or nothing."""
    return (lambda line: None) if quiet else (lambda line: print(line, file=sys.stderr))
