"""What is bundled: names, files, and which column is a class or a weight rather than a measurement."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from mixtura.outcome import MixtureError


@dataclass(frozen=True)
class Entry:
    """One bundled data set: a line about it, and its columns that are not measurements."""

    title: str
    class_column: str | None = None
    weight_column: str | None = None


ENTRIES = {
    "faithful": Entry("272 eruptions of the Old Faithful geyser: how long each lasted, how long until the next"),
    "iris": Entry("150 flowers of three species: length and width of sepal and petal", class_column="class"),
    "acidity": Entry("155 lakes in Wisconsin: capacity to neutralize acid, as a logarithm"),
    "banknote": Entry("200 Swiss banknotes, half of them forged: six lengths", class_column="class"),
    "pearson_crabs": Entry("1000 crabs of Naples in 29 bins: the first mixture ever fitted", weight_column="count"),
}


def names() -> tuple[str, ...]:
    """Names of the bundled data sets.

    Returns
    -------
    tuple of str
        What `path`, `title`, `class_column` and `weight_column` accept.

    Examples
    --------
    >>> from mixtura import datasets
    >>> datasets.names()
    ('faithful', 'iris', 'acidity', 'banknote', 'pearson_crabs')
    """
    return tuple(ENTRIES)


def path(name: str) -> Path:
    """Where the CSV file of a bundled data set is.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    pathlib.Path
        The file: a header, one row an observation, the class, where there is one, last.

    Raises
    ------
    mixtura.outcome.MixtureError
        When nothing of that name is bundled; the text lists what is.

    Examples
    --------
    >>> from mixtura import datasets
    >>> datasets.path("faithful").read_text().splitlines()[:2]
    ['eruptions,waiting', '3.6,79']
    """
    return _resource(name, "csv")


def title(name: str) -> str:
    """One line about a bundled data set.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    str
        Without a full stop.

    Raises
    ------
    mixtura.outcome.MixtureError
        When nothing of that name is bundled; the text lists what is.

    Examples
    --------
    >>> from mixtura import datasets
    >>> datasets.title("pearson_crabs")
    '1000 crabs of Naples in 29 bins: the first mixture ever fitted'
    """
    return _entry(name).title


def description(name: str) -> str:
    """Columns, source and history of a bundled data set: the `DESCR` of its loader.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    str
        A page of text.

    Raises
    ------
    mixtura.outcome.MixtureError
        When nothing of that name is bundled; the text lists what is.

    Examples
    --------
    >>> from mixtura import datasets
    >>> datasets.description("iris").splitlines()[0]
    'Iris'
    """
    return _resource(name, "md").read_text(encoding="utf-8")


def class_column(name: str) -> str | None:
    """The column that names the class of each row, which is known and must never be fitted.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    str or None
        None where no class is known.

    Raises
    ------
    mixtura.outcome.MixtureError
        When nothing of that name is bundled; the text lists what is.

    Examples
    --------
    >>> from mixtura import datasets
    >>> datasets.class_column("banknote"), datasets.class_column("faithful")
    ('class', None)
    """
    return _entry(name).class_column


def weight_column(name: str) -> str | None:
    """The column that counts how often each row was seen: a `sample_weight`, no measurement.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    str or None
        None where every row was seen once.

    Raises
    ------
    mixtura.outcome.MixtureError
        When nothing of that name is bundled; the text lists what is.

    Examples
    --------
    >>> from mixtura import datasets
    >>> datasets.weight_column("pearson_crabs"), datasets.weight_column("faithful")
    ('count', None)
    """
    return _entry(name).weight_column


def _entry(name: str) -> Entry:
    try:
        return ENTRIES[name]
    except KeyError:
        raise MixtureError(f"No data set {name!r} is bundled. Use one of {', '.join(ENTRIES)}.") from None


def _resource(name: str, kind: str) -> Path:
    _entry(name)
    return Path(str(files("mixtura.datasets") / "data" / f"{name}.{kind}"))
