"""``mixtura sample``."""

from __future__ import annotations

from mixtura.cli.endings import Code, Stop
from mixtura.cli.inputs import load_model, note, shown_names
from mixtura.cli.models import in_options
from mixtura.cli.outputs import check_output
from mixtura.cli.requests import Saying
from mixtura.cli.writers import TABLES, table_writer


def run(path: str, n: int, seed: int, saying: Saying, prefix: str) -> int:
    """Draw rows in random order and write them with the component of each."""
    import pyarrow as pa

    check_output(saying.output, saying.force, [path], TABLES)
    model = load_model(path)
    names, label = shown_names(model), f"{prefix}label"
    if label in names:
        raise Stop(Code.USAGE, f"The model has a feature {label!r} of its own. Add --prefix, such as --prefix my_")
    with in_options():
        values, labels = model.sample(n, random_state=seed, shuffle=True)
    columns = {name: pa.array(values[:, at]) for at, name in enumerate(names)} | {label: pa.array(labels)}
    with table_writer(saying.output, saying.force) as write:
        write(pa.table(columns))
    if saying.output is not None:
        note(saying.quiet)(f"Wrote {n} rows to {saying.output}; seed {seed}.")
    return Code.DONE
