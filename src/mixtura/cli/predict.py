"""``mixtura predict``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.cli import screen
from mixtura.cli.endings import Code, Stop
from mixtura.cli.inputs import Reading, note
from mixtura.cli.models import assigned, calm, in_options
from mixtura.cli.picking import Picked, Some, pick
from mixtura.cli.requests import Choosing, Saying
from mixtura.cli.result import columns_line
from mixtura.cli.writers import TABLES, table_writer


def run(
    path: str,
    data: Sequence[str],
    reading: Reading,
    choosing: Choosing,
    saying: Saying,
    threads: int | None,
    outliers: float | None,
    prefix: str,
) -> int:
    """Write one row for each row of the data."""
    if saying.json and saying.output is None:
        raise Stop(
            Code.USAGE, "--json sums up what was written to a file. Add -o FILE; CSV goes to standard output without."
        )
    picked = pick(path, data, reading, choosing, saying, TABLES, weighted=False)
    picked.model.n_threads = threads
    with calm(), in_options():
        threshold = None if outliers is None else float(picked.model.log_density_threshold(outliers))
        names = _names(picked, prefix, threshold is not None)
        with picked.shown(saying.quiet or saying.output is None):
            counts = _write(picked, names, threshold, saying)
    picked.report(saying.quiet)
    _tell(picked, counts, saying)
    return Code.DONE


def _names(picked: Picked, prefix: str, flagged: bool) -> list[str]:
    """Name the columns to be added, none of which the data may have already."""
    k = len(picked.model.weights_)
    noise = ["p_noise"] if _is_noisy(picked.model) else []
    names = ["row", "label", *(f"p{at}" for at in range(k)), *noise, "uncertainty", "log_density"]
    names = [prefix + name for name in names + (["outlier"] if flagged else [])]
    clash = [name for name in names if name in picked.unused]
    if clash:
        raise Stop(Code.USAGE, f"The data have a column {clash[0]!r} of their own. Add --prefix, such as --prefix my_")
    return names


def _is_noisy(model: Any) -> bool:
    return bool(getattr(model, "noise", False))


def _write(picked: Picked, names: list[str], threshold: float | None, saying: Saying) -> NDArray[np.float64]:
    """Write all rows, some at a time; give how many complete ones each component has."""
    counts, done = assigned(picked.model, np.zeros(0, dtype=np.int64), None), 0
    with table_writer(saying.output, saying.force) as write:
        for some in picked.parts():
            found = _assign(picked.model, some.values, threshold)
            counts += assigned(picked.model, found[0], None)
            write(_table(picked, names, done, some, found))
            done += len(some.kept)
    return counts


def _assign(model: Any, values: NDArray[np.float64], threshold: float | None) -> list[NDArray[Any]]:
    """Label, probabilities, uncertainty and log density of complete rows, and whether they are unusual."""
    if len(values) == 0:
        width = len(model.weights_) + _is_noisy(model) + 2 + (threshold is not None)
        return [np.zeros(0, dtype=np.int64), *(np.zeros(0) for _ in range(width))]
    shares, density = model.predict_proba(values), model.score_samples(values)
    found = [np.asarray(model.predict(values)), *shares.T, 1.0 - shares.max(axis=1), density]
    return found if threshold is None else [*found, (density < threshold).astype(np.int64)]


def _table(picked: Picked, names: list[str], start: int, some: Some, found: list[NDArray[Any]]) -> Any:
    """The columns carried through and those added, with nothing for incomplete rows."""
    import pyarrow as pa

    columns = {name: _plain(some.table.text(name)) for name in picked.unused}
    kept = some.kept
    columns[names[0]] = pa.array(np.arange(start + 1, start + len(kept) + 1))
    for name, values in zip(names[1:], found, strict=True):
        spread = np.zeros(len(kept), dtype=values.dtype)
        spread[kept] = values
        columns[name] = pa.array(spread, mask=~kept)
    return pa.table(columns)


def _plain(column: Any) -> Any:
    """A column in one piece, as its values and not as numbers of these."""
    import pyarrow.types as kinds

    if kinds.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.combine_chunks()


def _tell(picked: Picked, counts: NDArray[np.float64], saying: Saying) -> None:
    say, tally = note(saying.quiet), picked.tally
    if saying.json:
        columns = {"used": list(picked.features), "unused": picked.unused}
        rows = {"read": tally.n_rows, "used": tally.n_used}
        screen.print_json({"columns": columns, "rows": rows, "assigned": counts, "output": saying.output})
        return
    say(columns_line(picked.features, picked.unused))
    if saying.output is not None:
        noisy = _is_noisy(picked.model)
        each = [f"{'noise' if noisy and at == len(counts) - 1 else at}: {n:.0f}" for at, n in enumerate(counts)]
        say(f"Wrote {tally.n_rows} rows to {saying.output}; rows by component {', '.join(each)}.")
