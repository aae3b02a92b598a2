"""Tables as text: what is written reads back as the same, and no spreadsheet runs it."""

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtura.cli.writers import _text_writer, harmless

CELLS = st.none() | st.text(st.sampled_from("a\"',;\t\r\n=+-@1.é😀 "), max_size=6) | st.text(max_size=4)
ROWS = st.tuples(CELLS, st.none() | st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**63 - 1))


@pytest.mark.parametrize("delimiter", [",", "\t"])
@given(rows=st.lists(ROWS, min_size=1, max_size=9), names=st.tuples(st.text(max_size=4), st.just("f"), st.just("n")))
def test_text_reads_back_as_it_was(delimiter: str, rows: list[tuple], names: tuple[str, str, str]) -> None:
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    columns[0], columns[1] = columns[0].cast(pa.string()), columns[1].cast(pa.float64())
    table, file = pa.table(columns, list(names)), io.BytesIO()
    with _text_writer(file, delimiter) as write:
        write(table)
        write(table.slice(1))
    text = io.StringIO(file.getvalue().decode(), newline="")
    found = list(csv.reader(text, delimiter=delimiter))
    assert found[0] == [harmless(name) for name in names]
    assert [row[0] for row in found[1:]] == [harmless(row[0] or "") for row in rows + rows[1:]]
    assert [row[1] and float(row[1]) for row in found[1:]] == [
        "" if row[1] is None else row[1] for row in rows + rows[1:]
    ]
    assert [int(row[2]) for row in found[1:]] == [row[2] for row in rows + rows[1:]]
