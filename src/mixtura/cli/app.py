"""The commands as typer sees them: words and options only, the work is elsewhere and loaded when it is asked for."""

from __future__ import annotations

from typing import Annotated

import typer

from mixtura.cli import options as o
from mixtura.cli.endings import Code
from mixtura.cli.inputs import Reading
from mixtura.cli.requests import Choosing, Saying, Settings

app = typer.Typer(
    name="mixtura",
    help="Gaussian mixtures from files: fit them, look at them, and assign rows to them.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


def call(arguments: list[str]) -> int:
    """Run one command, or give help where none is named; errors go to the caller."""
    code = app(args=arguments or ["--help"], prog_name="mixtura", standalone_mode=False)
    if code == Code.INTERRUPTED:  # typer has turned the interrupt into a code
        raise KeyboardInterrupt
    return int(code or Code.DONE)


def _version(asked: bool) -> None:
    if asked:
        from mixtura import __version__

        print(f"mixtura {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Gaussian mixtures from files: fit them, look at them, and assign rows to them."""


@app.command(short_help="Fit a mixture of K components.")
def fit(
    data: o.Data,
    k: o.Components,
    c: o.Family = "VVV",
    columns: o.Columns = None,
    exclude: o.Exclude = None,
    weights: o.Weights = None,
    by: o.By = None,
    delimiter: o.Delimiter = None,
    decimal: o.Decimal = ".",
    encoding: o.Encoding = None,
    na: o.Na = None,
    no_header: o.NoHeader = False,
    missing: o.MissingRows = o.Missing.error,
    noise: o.Noise = False,
    prior: o.Prior = False,
    init: o.Init = "k-means++",
    n_init: o.NInit = 10,
    tol: o.Tol = 1e-8,
    max_iter: o.MaxIter = 10_000,
    reg_covar: o.RegCovar = 0.0,
    seed: o.Seed = 0,
    threads: o.Threads = None,
    strict: o.Strict = False,
    output: o.OutModel = None,
    force: o.Force = False,
    quiet: o.Quiet = False,
    json: o.Json = False,
) -> int:
    """Fit a mixture of K components to the columns that are measurements.

    DATA are CSV, TSV, Parquet, Arrow or .npy files (gzip too), a folder, a glob,
    - for standard input, or the name of a bundled data set (mixtura data).

    Texts, dates, row counters and columns with fewer than three values are not fitted unless --columns names them.
    """
    from mixtura.cli import fit as work

    reading = Reading(delimiter, decimal, encoding, tuple(na or ()), not no_header, missing is o.Missing.drop)
    choosing = Choosing.of(columns, exclude, weights, by)
    settings = Settings(k, c, noise, prior, init, n_init, tol, max_iter, reg_covar, seed, threads)
    return work.run(data, reading, choosing, settings, Saying(output, force, quiet, json), strict)


@app.command(short_help="Give each row its component and probabilities.")
def predict(
    model: o.Model,
    data: o.Data,
    columns: o.Columns = None,
    outliers: Annotated[
        float | None,
        typer.Option(
            "--outliers",
            metavar="FRACTION",
            min=0.0,
            max=1.0,
            help="Flag rows below this quantile of the training rows.",
        ),
    ] = None,
    delimiter: o.Delimiter = None,
    decimal: o.Decimal = ".",
    encoding: o.Encoding = None,
    na: o.Na = None,
    no_header: o.NoHeader = False,
    missing: o.MissingRows = o.Missing.error,
    threads: o.Threads = None,
    output: o.OutTable = None,
    prefix: o.Prefix = "",
    force: o.Force = False,
    quiet: o.Quiet = False,
    json: o.Json = False,
) -> int:
    """Give each row its component, the probability of each component, and its log density.

    MODEL was written by fit; DATA as for fit. Columns are found by name, in any order; others are carried through.
    Each row in gives one row out: the other columns, row, label, p0, p1, ..., uncertainty, log_density.
    """
    from mixtura.cli import predict as work

    reading = Reading(delimiter, decimal, encoding, tuple(na or ()), not no_header, missing is o.Missing.drop)
    choosing = Choosing.of(columns, None, None, None)
    return work.run(model, data, reading, choosing, Saying.table(output, force, quiet, json), threads, outliers, prefix)


@app.command(short_help="Say how well a model describes rows.")
def score(
    model: o.Model,
    data: o.Data,
    columns: o.Columns = None,
    weights: o.Weights = None,
    delimiter: o.Delimiter = None,
    decimal: o.Decimal = ".",
    encoding: o.Encoding = None,
    na: o.Na = None,
    no_header: o.NoHeader = False,
    missing: o.MissingRows = o.Missing.error,
    threads: o.Threads = None,
    quiet: o.Quiet = False,
    json: o.Json = False,
) -> int:
    """Say how well a model describes rows: mean log-likelihood, BIC, AIC, ICL.

    MODEL was written by fit; DATA as for fit. Columns are found by name, in any order.
    """
    from mixtura.cli import score as work

    reading = Reading(delimiter, decimal, encoding, tuple(na or ()), not no_header, missing is o.Missing.drop)
    choosing = Choosing.of(columns, None, weights, None)
    return work.run(model, data, reading, choosing, Saying(None, False, quiet, json), threads)


@app.command(short_help="Draw new rows from a model.")
def sample(
    model: o.Model,
    n: o.Rows,
    seed: o.Seed = 0,
    output: o.OutTable = None,
    prefix: o.Prefix = "",
    force: o.Force = False,
    quiet: o.Quiet = False,
) -> int:
    """Draw new rows from MODEL, in random order, with the component of each."""
    from mixtura.cli import sample as work

    return work.run(model, n, seed, Saying.table(output, force, quiet, False), prefix)


@app.command(short_help="Show what is in a model.")
def inspect(model: o.Model, json: o.Json = False) -> int:
    """Show what is in MODEL, a file written by fit."""
    from mixtura.cli import inspect as work

    return work.run(model, json)


@app.command(short_help="Draw rows and components.")
def plot(
    model: o.Model,
    data: o.Data,
    output: o.OutPicture,
    columns: o.Columns = None,
    weights: o.Weights = None,
    delimiter: o.Delimiter = None,
    decimal: o.Decimal = ".",
    encoding: o.Encoding = None,
    na: o.Na = None,
    no_header: o.NoHeader = False,
    missing: o.MissingRows = o.Missing.error,
    force: o.Force = False,
    quiet: o.Quiet = False,
) -> int:
    """Draw rows and components: a density for one feature, ellipses for two, all pairs for more.

    MODEL was written by fit; DATA as for fit. Columns are found by name, in any order.
    """
    from mixtura.cli import plot as work

    reading = Reading(delimiter, decimal, encoding, tuple(na or ()), not no_header, missing is o.Missing.drop)
    choosing = Choosing.of(columns, None, weights, None)
    return work.run(model, data, reading, choosing, Saying(output, force, quiet, False))


@app.command(short_help="List the bundled data, or write one.")
def data(
    name: o.Name = None,
    output: o.OutCsv = None,
    force: o.Force = False,
    json: o.Json = False,
) -> int:
    """List the bundled data, or write the one called NAME as CSV."""
    from mixtura.cli import data as work

    return work.run(name, Saying.table(output, force, False, json))
