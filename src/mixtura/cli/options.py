"""The options that commands share, with their help."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer


class Missing(StrEnum):
    """What to do about empty cells."""

    error = "error"
    drop = "drop"


def _option(flags: str, words: str, metavar: str | None = None, **more: Any) -> Any:
    return typer.Option(*flags.split(), help=words, metavar=metavar, **more)


# Arguments are told of in the commands' own words: beside their names typer would put types of Python.
Data = Annotated[list[str], typer.Argument(metavar="DATA", show_default=False, hidden=True)]
Model = Annotated[str, typer.Argument(metavar="MODEL", show_default=False, hidden=True)]

Name = Annotated[str | None, typer.Argument(show_default=False, hidden=True)]

Names = list[str] | None
Columns = Annotated[Names, _option("--columns", "Columns to use; quote a comma as CSV does.", "A,B")]
Exclude = Annotated[Names, _option("--exclude", "Columns to leave out.", "A,B")]
Weights = Annotated[str | None, _option("--weights", "Column of row weights.", "COL")]
By = Annotated[str | None, _option("--by", "Cross the components with an unused column.", "COL")]

Delimiter = Annotated[str | None, _option("--delimiter", "Between cells; also tab, space.", "CHAR")]
Decimal = Annotated[str, _option("--decimal", "Decimal mark, . or ,", "CHAR")]
Encoding = Annotated[str | None, _option("--encoding", "Such as cp1252; else UTF-8.", "NAME")]
Na = Annotated[Names, _option("--na", "One more word for a missing value.", "TEXT")]
NoHeader = Annotated[bool, _option("--no-header", "The first line is data; columns are x1, x2, ...")]
MissingRows = Annotated[Missing, _option("--missing", "What to do with rows that have empty cells.")]

_FAMILIES = "full, tied, diag, spherical, or a code of mclust (EII ... VVV)."
_STARTS = "hierarchical, k-means++, kmeans, random or random_from_data."
Components = Annotated[str, _option("-k --components", "How many components.", "K", show_default=False)]
Family = Annotated[str, _option("-c --covariance", _FAMILIES, "NAME")]
Numbers = Annotated[str, _option("-k --components", "Numbers of components: 3, 1:9 or 1,2,5.", "K")]
Families = Annotated[str, _option("-c --covariance", "all, sklearn, or a list of names as for fit.", "NAMES")]
Criterion = Annotated[str, _option("--criterion", "bic, icl, aic, aicc, clc, nec or cv (held-out rows).", "NAME")]
Resume = Annotated[str | None, _option("--resume", "Keep what is done here; go on from it if it exists.", "FILE")]
ResumeFit = Annotated[str | None, _option("--resume", "Keep every pass here; go on from it if it exists.", "FILE")]
_SAMPLE = "Search on so many random rows; fit the best three to all."
SampleRows = Annotated[int | None, _option("--sample", _SAMPLE, "N", min=2)]
Noise = Annotated[bool, _option("--noise", "Add a uniform component for scattered rows.")]
Prior = Annotated[bool, _option("--prior", "Steady small components with the default prior.")]
Init = Annotated[str, _option("--init", _STARTS, "NAME")]
NInit = Annotated[int, _option("--n-init", "How many starts; the best is kept.", "N", min=1)]
Tol = Annotated[float, _option("--tol", "Stop when a pass gains less, in nats a row.", "X", min=0.0)]
MaxIter = Annotated[int, _option("--max-iter", "Most passes of a start.", "N", min=1)]
RegCovar = Annotated[float, _option("--reg-covar", "Added to variances; 0 is maximum likelihood.", "X", min=0.0)]
Strict = Annotated[bool, _option("--strict", "Not converged is exit 4, and nothing is written.")]
Memory = Annotated[str, _option("--memory", "About the most; larger data are read anew at every pass.", "SIZE")]
_CLUSTER = "Cluster to compute on, tcp://HOST:PORT; or local."
Dask = Annotated[str | None, _option("--dask", _CLUSTER, "ADDRESS")]
Threads = Annotated[int | None, _option("--threads", "At most so many; else all.", "N", min=1)]
Rows = Annotated[int, _option("-n --rows", "How many rows.", "N", min=1, show_default=False)]
_FLAG = "Flag rows whose log density is below this quantile of the training rows."
Outliers = Annotated[float | None, _option("--outliers", _FLAG, "FRACTION", min=0.0, max=1.0)]
Seed = Annotated[int, _option("--seed", "Of all that is random.", "N", min=0, max=2**32 - 1)]

_TABLES = ".csv, .tsv (.gz too), .parquet or .arrow; without it CSV goes to standard output."
_PICTURES = "Where to write: .png, .svg or .pdf."
OutModel = Annotated[str | None, _option("-o --output", "Where to write the model.", "FILE")]
OutTable = Annotated[str | None, _option("-o --output", "Where to write: " + _TABLES, "FILE")]
OutPicture = Annotated[str, _option("-o --output", _PICTURES, "FILE", show_default=False)]
OutCsv = Annotated[str | None, _option("-o --output", "Where to write its CSV; else standard output.", "FILE")]
Prefix = Annotated[str, _option("--prefix", "Before the names of the columns added.", "TEXT")]
Force = Annotated[bool, _option("--force", "Replace an output that exists.")]
Quiet = Annotated[bool, _option("--quiet -q", "No table and no notes.")]
Json = Annotated[bool, _option("--json", "JSON for programs instead of tables.")]
