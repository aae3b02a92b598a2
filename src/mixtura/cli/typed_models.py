"""The commands on a fitted model and on data, as typer sees them."""

from __future__ import annotations

from typing import Annotated

import typer

from mixtura.cli import options as o
from mixtura.cli.inputs import Reading
from mixtura.cli.requests import Choosing, Saying
from mixtura.cli.sizing import USUAL


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
    memory: o.Memory = USUAL,
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

    reading = Reading.of(delimiter, decimal, encoding, na, no_header=no_header, missing=missing, memory=memory)
    choosing = Choosing.of(columns, None, None, None)
    return work.run(model, data, reading, choosing, Saying.table(output, force, quiet, json), threads, outliers, prefix)


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
    memory: o.Memory = USUAL,
    dask: o.Dask = None,
    quiet: o.Quiet = False,
    json: o.Json = False,
) -> int:
    """Say how well a model describes rows: mean log-likelihood, BIC, AIC, ICL.

    MODEL was written by fit; DATA as for fit. Columns are found by name, in any order.
    """
    from mixtura.cli import score as work

    reading = Reading.of(
        delimiter, decimal, encoding, na, no_header=no_header, missing=missing, memory=memory, dask=dask
    )
    choosing = Choosing.of(columns, None, weights, None)
    return work.run(model, data, reading, choosing, Saying(None, False, quiet, json), threads)


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


def inspect(model: o.Model, json: o.Json = False) -> int:
    """Show what is in MODEL, a file written by fit."""
    from mixtura.cli import inspect as work

    return work.run(model, json)


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
    memory: o.Memory = USUAL,
    force: o.Force = False,
    quiet: o.Quiet = False,
) -> int:
    """Draw rows and components: a density for one feature, ellipses for two, all pairs for more.

    MODEL was written by fit; DATA as for fit. Columns are found by name, in any order.
    """
    from mixtura.cli import plot as work

    reading = Reading.of(delimiter, decimal, encoding, na, no_header=no_header, missing=missing, memory=memory)
    choosing = Choosing.of(columns, None, weights, None)
    return work.run(model, data, reading, choosing, Saying(output, force, quiet, False))


def data(
    name: o.Name = None,
    output: o.OutCsv = None,
    force: o.Force = False,
    json: o.Json = False,
) -> int:
    """List the bundled data, or write the one called NAME as CSV."""
    from mixtura.cli import data as work

    return work.run(name, Saying.table(output, force, False, json))
