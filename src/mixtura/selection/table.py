"""The table of a search: a row a candidate, every criterion side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Literal

WIDTH = 80
# Shown beside a candidate that has no value.
NOTHING = "-"


@dataclass(frozen=True)
class Row:
    """One candidate; criteria are lower for the better.

    Parameters
    ----------
    family : str
        Its `covariance_type`, as it was asked for.
    n_components : int
    log_likelihood : float or None
        Of all rows, in nats; like all figures None where the candidate could not be fitted.
    n_parameters : int or None
        Free parameters, R's df.
    bic, icl, aic, aicc, clc, nec, cv : float or None
        `aicc` is None too where the parameters are too many for it, `nec` where one component could not be fitted or
        more gain nothing, `cv` where it was not asked for.
    passes : int
        Over the rows, of the kept start.
    seconds : float
        Work on this candidate.
    converged : bool
    outcome : str
        How it ended, in words.
    """

    family: str
    n_components: int
    log_likelihood: float | None
    n_parameters: int | None
    bic: float | None
    icl: float | None
    aic: float | None
    aicc: float | None
    clc: float | None
    nec: float | None
    cv: float | None
    passes: int
    seconds: float
    converged: bool
    outcome: str


@dataclass(frozen=True)
class Results:
    """All candidates of a search, family by family; ``print`` it.

    Parameters
    ----------
    rows : tuple of Row
    criterion : str
        The one that chose.
    best : int
        Index of the winner.
    codes : tuple of str
        Code of the family of each row: volume, shape and orientation.

    Examples
    --------
    >>> import mixtura as mx
    >>> X = mx.datasets.load_acidity().data
    >>> results = mx.MixtureSearch(range(1, 4)).fit(X).results_
    >>> print(results)
    bic, lower is better; * is best
    family        1        2        3
    E        461.66  392.07*   402.16
    V        461.66   394.51   397.86
    >>> results[1].n_components, round(results[1].bic, 2)
    (2, 392.07)
    """

    rows: tuple[Row, ...]
    criterion: str
    best: int
    codes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]

    @property
    def values(self) -> list[float | None]:
        """The criterion that chose, a value a row."""
        return [getattr(row, self.criterion) for row in self.rows]

    @property
    def ranked(self) -> list[Row]:
        """The rows that have a value, the best first."""
        found = [(value, i) for i, value in enumerate(self.values) if value is not None]
        return [self.rows[i] for _, i in sorted(found, key=lambda pair: (pair[1] != self.best, pair))]

    def to_dict(self) -> dict[str, list[Any]]:
        """A list a column, plain values."""
        plain = [asdict(row) for row in self.rows]
        return {name: [row[name] for row in plain] for name in plain[0]}

    def to_pandas(self) -> Any:
        """A pandas DataFrame; needs pandas."""
        return self._frame("pandas")

    def to_polars(self) -> Any:
        """A polars DataFrame; needs polars."""
        return self._frame("polars")

    def _frame(self, backend: Literal["pandas", "polars"]) -> Any:
        import narwhals as nw

        columns = self.to_dict()
        # pandas has no whole number for what is missing
        whole = backend == "polars" or None not in columns["n_parameters"]
        kinds: dict[str, Any] = dict.fromkeys(columns, nw.Float64())
        kinds |= {"family": nw.String(), "outcome": nw.String(), "converged": nw.Boolean()}
        kinds |= dict.fromkeys(("n_components", "passes"), nw.Int64())
        kinds["n_parameters"] = nw.Int64() if whole else nw.Float64()
        return nw.from_dict(columns, kinds, backend=backend).to_native()

    def mclust(self) -> dict[str, Any]:
        """The tables of R's mclust, in its names and signs: higher is better.

        Returns
        -------
        tables : dict
            "G" and "modelNames", and under "BIC", "ICL", "loglik" and "df" a list a number of components with a value a
            family; None is R's NA.

        Examples
        --------
        >>> import mixtura as mx
        >>> tables = mx.MixtureSearch([1, 2]).fit(mx.datasets.load_acidity().data).results_.mclust()
        >>> tables["G"], tables["modelNames"], [round(value, 2) for value in tables["BIC"][1]]
        ([1, 2], ['E', 'V'], [-392.07, -394.51])
        """
        numbers, codes = sorted({row.n_components for row in self.rows}), list(dict.fromkeys(self.codes))
        places = {(row.n_components, code): row for row, code in zip(self.rows, self.codes, strict=True)}
        signed = {"BIC": ("bic", -1), "ICL": ("icl", -1), "loglik": ("log_likelihood", 1), "df": ("n_parameters", 1)}
        tables: dict[str, Any] = {"G": numbers, "modelNames": codes}
        for name, (column, sign) in signed.items():
            cells = [[getattr(places.get((k, code)), column, None) for code in codes] for k in numbers]
            tables[name] = [[None if value is None else sign * value for value in line] for line in cells]
        return tables

    def grid(self) -> tuple[list[str], list[int], list[list[str]]]:
        """The criterion that chose as words: families, numbers of components, and a cell for each of both."""
        families, numbers = list(dict.fromkeys(row.family for row in self.rows)), self._numbers()
        digits = _digits([value for value in self.values if value is not None])
        cells = {
            (row.family, row.n_components): _cell(value, digits) + "*" * (i == self.best)
            for i, (row, value) in enumerate(zip(self.rows, self.values, strict=True))
        }
        return families, numbers, [[cells.get((family, k), "") for k in numbers] for family in families]

    def _numbers(self) -> list[int]:
        return sorted({row.n_components for row in self.rows})

    def __str__(self) -> str:
        families, numbers, cells = self.grid()
        width = max(len(cell) for line in cells for cell in line) + 2
        name = max(6, *(len(family) for family in families))
        most = max(1, (WIDTH - name) // width)
        told = [f"{self.criterion}, lower is better; * is best"]
        for begin in range(0, len(numbers), most):
            part = slice(begin, begin + most)
            told += _lines([["family", *map(str, numbers[part])]], name, width)
            told += _lines([[family, *line[part]] for family, line in zip(families, cells, strict=True)], name, width)
        return "\n".join(told)

    def _repr_html_(self) -> str:
        families, numbers, cells = self.grid()
        head = "".join(f"<th>{k}</th>" for k in numbers)
        body = "".join(
            f"<tr><th>{escape(family)}</th>" + "".join(_td(cell) for cell in line) + "</tr>"
            for family, line in zip(families, cells, strict=True)
        )
        return f"<table><caption>{self.criterion}, lower is better</caption><tr><th></th>{head}</tr>{body}</table>"


def _td(cell: str) -> str:
    shown = f"<b>{cell.rstrip('*')}</b>" if cell.endswith("*") else cell
    return f'<td style="text-align:right">{shown}</td>'


def _lines(cells: Sequence[Sequence[str]], name: int, width: int) -> list[str]:
    return [f"{first:<{name}}" + "".join(f"{cell:>{width}}" for cell in rest) for first, *rest in cells]


def _digits(values: Sequence[float]) -> int:
    """Digits behind the point: those that a difference of a tenth needs, fewer where numbers are long."""
    largest = max((abs(value) for value in values), default=0.0)
    return 4 if largest < 10 else 2 if largest < 1e4 else 1 if largest < 1e6 else 0


def _cell(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"
