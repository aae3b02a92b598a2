"""Text is read as it stands: encodings, delimiters, exact numbers, lines."""

import gzip
import io
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtura.sources.faults import TableError
from mixtura.sources.tables import Table, TableOptions, read_table

PLAIN = "a,b\n1.5,x\n2.5,y\n"


def table_of(folder: Path, content: str | bytes, name: str = "data.csv", **options: object) -> Table:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table([path], TableOptions(**options))  # type: ignore[arg-type]


def contents(table: Table) -> dict[str, list[str]]:
    return {name: table.text(name).to_pylist() for name in table.names}


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-32"),
        gzip.compress(PLAIN.encode(), mtime=0),
        gzip.compress(PLAIN.encode("utf-16"), mtime=0),
        PLAIN.rstrip("\n").encode(),
        (PLAIN + "\n\n").encode(),
        ("\n\n" + PLAIN).encode(),
        PLAIN.encode() + b"\x1a",
        ("sep=,\n" + PLAIN).encode(),
        PLAIN.replace("a,b", " a , b").encode(),
    ],
)
def test_the_same_table_however_it_is_wrapped(tmp_path: Path, content: bytes) -> None:
    table = table_of(tmp_path, content)
    assert contents(table) == {"a": ["1.5", "2.5"], "b": ["x", "y"]}
    assert table.cells("a").values.tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    ("name", "delimiter", "mark"),
    [("d.csv", ";", ";"), ("d.txt", "|", "|"), ("d.tsv", None, "\t"), ("d.tab", None, "\t"), ("d.csv", "\t", "\t")],
)
def test_delimiters(tmp_path: Path, name: str, delimiter: str | None, mark: str) -> None:
    assert contents(table_of(tmp_path, PLAIN.replace(",", mark), name, delimiter=delimiter))["b"] == ["x", "y"]


def test_excels_first_line_names_the_delimiter(tmp_path: Path) -> None:
    table = table_of(tmp_path, "sep=;\na;b\n1;2\n3;oops\n")
    assert table.names == ("a", "b")
    assert table.place(1).endswith("line 4")


def test_an_encoding_that_is_named(tmp_path: Path) -> None:
    assert contents(table_of(tmp_path, "a,b\n1,é€\n".encode("cp1252"), encoding="cp1252"))["b"] == ["é€"]


def test_a_decimal_comma(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a;b\n1,5;-2,25e3\n7;,5\n", delimiter=";", decimal=",")
    assert table.cells("a").values.tolist() == [1.5, 7.0]
    assert table.cells("b").values.tolist() == [-2250.0, 0.5]
    assert contents(table)["a"] == ["1,5", "7"]


def test_a_decimal_point_beside_a_decimal_comma_is_no_number(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a\n1,5\n1.500\n", decimal=",", delimiter=";")
    assert table.cells("a").n_bad == 1


def test_columns_without_names_are_counted(tmp_path: Path) -> None:
    table = table_of(tmp_path, "1,2\n3,4\n", header=False)
    assert (table.names, table.named, table.n_rows) == (("x1", "x2"), False, 2)
    assert table.place(0).endswith("line 1")


def test_text_keeps_what_was_written(tmp_path: Path) -> None:
    written = ["1.50", " 2 ", "+3", "1e5", "007", "NA", "", '"quoted"', "a,b", "é", "two\nlines"]
    stream = io.StringIO()
    import csv

    csv.writer(stream, lineterminator="\n").writerows([["a", "b"], *[[cell, "1"] for cell in written]])
    assert contents(table_of(tmp_path, stream.getvalue()))["a"] == written


def test_lines_are_counted_over_quoted_line_ends_and_empty_lines(tmp_path: Path) -> None:
    table = table_of(tmp_path, 'a,b\n"x\ny",1\n\n"z",2\nw,3\n')
    assert [table.place(row).rpartition(" ")[2] for row in range(3)] == ["2", "5", "6"]


def test_lines_are_counted_over_empty_lines(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a,b\n\nx,1\n\n\ny,2\n")
    assert [table.place(row).rpartition(" ")[2] for row in range(2)] == ["3", "6"]


def test_quoted_line_ends_where_blocks_meet(tmp_path: Path) -> None:
    cell = "two\nlines " * 50
    table = table_of(tmp_path, "a,b\n" + f'"{cell}",1.5\n' * 20_000)
    assert table.n_rows == 20_000
    assert set(table.text("a").to_pylist()) == {cell}
    assert table.place(1).endswith("line 53")


def test_an_empty_line_in_a_single_column_is_an_empty_cell(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a\n1\n\n3\n")
    assert contents(table) == {"a": ["1", "", "3"]}
    assert table.cells("a").missing.tolist() == [False, True, False]
    assert table.place(2).endswith("line 4")


def test_numbers_come_back_to_the_bit(tmp_path: Path) -> None:
    chance = random.Random(0)
    drawn = [struct.unpack("d", chance.randbytes(8))[0] for _ in range(20_000)]
    numbers = [number for number in drawn if np.isfinite(number)] + [5e-324, 1.7976931348623157e308, -0.0, 0.1]
    table = table_of(tmp_path, "a\n" + "\n".join(map(repr, numbers)) + "\n")
    assert table.cells("a").values.tobytes() == np.array(numbers).tobytes()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_come_back_in_the_slow_way_too(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    folder = tmp_path_factory.mktemp("numbers")
    text = "a;b\n" + "\n".join(f"{number!r} ;NA" for number in numbers) + "\n"
    point = table_of(folder, text, delimiter=";", na=("-",))
    comma = table_of(folder, text.replace(".", ","), delimiter=";", decimal=",")
    assert point.cells("a").values.tobytes() == np.array(numbers).tobytes() == comma.cells("a").values.tobytes()


@pytest.mark.parametrize("word", ["", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None", " NA "])
def test_words_for_nothing(tmp_path: Path, word: str) -> None:
    cells = table_of(tmp_path, f"a,b\n1,1\n{word},2\n").cells("a")
    assert (cells.n_missing, cells.n_bad) == (1, 0)


def test_more_words_for_nothing(tmp_path: Path) -> None:
    cells = table_of(tmp_path, "a\n1\n-999\n2\n", na=("-999",)).cells("a")
    assert cells.missing.tolist() == [False, True, False]


def test_rows_longer_than_a_block(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a,b\n1.25," + "x" * 6_000_000 + "\n2.5,y\n")
    assert table.cells("a").values.tolist() == [1.25, 2.5]
    assert len(table.cell(0, "b")) == 6_000_000


def test_several_files_by_name_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("b,a\n4,3\n6,oops\n")
    table = read_table([tmp_path])
    assert contents(table) == {"a": ["1", "3", "oops"], "b": ["2", "4", "6"]}
    assert table.cells("a").bad is not None
    assert table.place(2).endswith("2.csv, line 3")
    assert contents(read_table([str(tmp_path / "*.csv")])) == contents(table)


def test_a_folder_leaves_out_what_is_no_data(tmp_path: Path) -> None:
    for name in ("a.csv", "README.md", ".hidden.csv", "_SUCCESS", "sub/b.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("a\n1\n")
    assert [Path(part.path).name for part in read_table([tmp_path]).parts] == ["a.csv", "b.csv"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(PLAIN.encode()))))
    assert contents(read_table(["-"]))["a"] == ["1.5", "2.5"]


def test_empty_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(TableError, match=r"^standard input is empty\.$"):
        read_table(["-"])
