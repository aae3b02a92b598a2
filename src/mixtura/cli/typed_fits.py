"""The commands that fit, as typer sees them."""

from __future__ import annotations

from mixtura.cli import options as o
from mixtura.cli.inputs import Reading
from mixtura.cli.requests import Choosing, Saying, Searching, Settings
from mixtura.cli.sizing import USUAL


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
    init: o.Init = "hierarchical",
    n_init: o.NInit = 1,
    tol: o.Tol = 1e-8,
    max_iter: o.MaxIter = 10_000,
    reg_covar: o.RegCovar = 0.0,
    seed: o.Seed = 0,
    threads: o.Threads = None,
    memory: o.Memory = USUAL,
    dask: o.Dask = None,
    resume: o.ResumeFit = None,
    strict: o.Strict = False,
    output: o.OutModel = None,
    force: o.Force = False,
    quiet: o.Quiet = False,
    json: o.Json = False,
) -> int:
    """Fit a mixture of K components to the columns that are measurements.

    DATA are CSV, TSV, Parquet, Arrow, .npy, .npz, HDF5 or Zarr (gzip too), a folder, a glob,
    - for standard input, or the name of a bundled data set (mixtura data).

    Texts, dates, row counters and columns with fewer than three values are not fitted unless --columns names them.

    Data that take more than --memory are read at every pass; random samples come first, so that passes are few.
    """
    from mixtura.cli import fit as work

    reading = Reading.of(
        delimiter, decimal, encoding, na, no_header=no_header, missing=missing, memory=memory, dask=dask
    )
    choosing = Choosing.of(columns, exclude, weights, by)
    settings = Settings(k, c, noise, prior, init, n_init, tol, max_iter, reg_covar, seed, threads)
    return work.run(data, reading, choosing, settings, Saying(output, force, quiet, json), strict, resume)


def select(
    data: o.Data,
    k: o.Numbers = "1:9",
    c: o.Families = "all",
    criterion: o.Criterion = "bic",
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
    init: o.Init = "hierarchical",
    n_init: o.NInit = 1,
    tol: o.Tol = 1e-8,
    max_iter: o.MaxIter = 10_000,
    reg_covar: o.RegCovar = 0.0,
    seed: o.Seed = 0,
    threads: o.Threads = None,
    memory: o.Memory = USUAL,
    sample: o.SampleRows = None,
    resume: o.Resume = None,
    strict: o.Strict = False,
    output: o.OutModel = None,
    force: o.Force = False,
    quiet: o.Quiet = False,
    json: o.Json = False,
) -> int:
    """Fit every number of components with every family of covariances, and keep the best.

    DATA and columns as for fit. The lowest criterion wins; components need not be real groups.

    Of data that take more than --memory a random sample is searched, and the best three are fitted to all rows.
    """
    from mixtura.cli import select as work

    reading = Reading.of(delimiter, decimal, encoding, na, no_header=no_header, missing=missing, memory=memory)
    choosing = Choosing.of(columns, exclude, weights, by)
    settings = Settings(k, c, noise, prior, init, n_init, tol, max_iter, reg_covar, seed, threads)
    searching = Searching(criterion, resume, sample)
    return work.run(data, reading, choosing, settings, searching, Saying(output, force, quiet, json), strict)
