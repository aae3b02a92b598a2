"""What is wrong with a file is said with the file, the line, the value and the remedy."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura.sources.columns import choose_columns
from mixtura.sources.faults import TableError
from mixtura.sources.rows import read_rows
from mixtura.sources.tables import TableOptions, read_table

CASES = {
    "semicolons": ("a;b\n1;2\n", {}, ["line 1", "'a;b'", "2 cells when cut at ';'", "Add --delimiter ';'"]),
    "semicolons and commas": ("a;b\n1,5;2,5\n", {}, ["Add --delimiter ';' --decimal ,"]),
    "tabs": ("a\tb\n1\t2\n", {}, ["'a\\tb'", "cut at tabs", "--delimiter tab"]),
    "spaces": ("a b\n1 2\n", {}, ["cut at spaces", "--delimiter space"]),
    "commas": ("a,b\n1,2\n", {"delimiter": ";"}, ["single cell when cut at ';'", "--delimiter ','"]),
    "a field too many": ("a,b\n1,2\n3,4,5\n", {}, ["line 3", "3 cells where the first line has 2", "quotes"]),
    "row names": ("a,b\nr1,1,2\n", {}, ["line 2", "lack a name for the first column, 'r1'"]),
    "decimal commas": (
        "a,b\n1,2\n3,5,4,6\n",
        {},
        ["line 3", "4 cells", "decimal commas", "--delimiter ';' --decimal ,"],
    ),
    "a field too few": ("a,b\n1,2\n3\n", {}, ["line 3", "1 cell where the first line has 2", "cut off"]),
    "an open quote": ('a,b\n1,2\n"3,4\n5,6\n', {}, ["line 3", "a quote opens here and never closes"]),
    "an open quote in the header": ('a,"b\n1,2\n', {}, ["line 1", "a quote opens here and never closes"]),
    "an open quote before much text": (
        'a,b\n1,2\n"3' + ",4\n5" * 99_999,
        {},
        ["line 3", "more than 131072 characters"],
    ),
    "two open quotes": ('a,b\n"3,4\n5,6\n"7,8\n', {}, ["line 2", "meets the next one only in line 4"]),
    "a quote too many": ('a,b\n1,2\n"3"x,4\n', {}, ["line 3", "text follows a closing quote"]),
    "a quote that swallows cells": ('a,b\n"1,2\n3,4",5,6\n', {}, ["line 2", "closes only in line 3"]),
    "no header": ("5.1,3.5,setosa\n", {}, ["line 1", "'5.1', '3.5'", "--no-header"]),
    "whole numbers for a header": ("5,3\n4,2\n", {}, ["line 1", "'5', '3'", "--no-header"]),
    "a name twice": ("a,b,a\n1,2,3\n", {}, ["line 1", "columns 1 and 3", "'a'", "Rename"]),
    "nothing": ("", {}, ["data.csv is empty"]),
    "empty lines": ("\n\n\n", {}, ["data.csv is empty"]),
    "only a header": ("a,b\n", {}, ["has a header (2 names) but no rows"]),
    "a cut gzip file": (gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-9], {}, ["damaged or cut-off gzip"]),
    "cp1252": ("a,b\n1,2\n3,é\n".encode("cp1252"), {}, ["line 3", "0xe9", "not UTF-8", "--encoding cp1252"]),
    "UTF-16 without a mark": (
        "a,b\n1,2\n".encode("utf-16-le"),
        {},
        ["UTF-16 without a byte order mark", "--encoding utf-16-le"],
    ),
    "UTF-16 the other way": ("a,b\n1,2\n".encode("utf-16-be"), {}, ["--encoding utf-16-be"]),
    "another encoding": ("a,b\n1,é\n".encode("cp1252"), {"encoding": "utf-8"}, ["byte 7 (0xe9) is not utf-8"]),
    "an unknown encoding": ("a\n1\n", {"encoding": "klingon"}, ["No text encoding is called 'klingon'"]),
    "bytes": (b"\x01\x00\x02\x03" * 9, {}, ["binary file of an unknown kind"]),
    "zip": (b"PK\x03\x04....", {}, ["zip file", "Unpack"]),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1", {}, ["old Excel workbook", "Export the sheet as CSV"]),
    "xz": (b"\xfd7zXZ\x00", {}, ["compressed with xz", "unxz"]),
    "HDF5": (b"\x89HDF\r\n", {}, ["HDF5"]),
    "a pickle": (b"\x80\x04\x95\x00", {}, ["pickle, which is never opened"]),
    "a packed pickle": (gzip.compress(b"\x80\x05\x95\x00", mtime=0), {}, ["pickle, which is never opened"]),
    "a model": (
        b"\x10\x00\x00\x00\x00\x00\x00\x00" + b'{"__metadata__":{"format":"mixtura"}}',
        {},
        ["is a model", "inspect"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    content, options, words = CASES[case]
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_bytes(content if isinstance(content, bytes) else content.encode())  # type: ignore[union-attr]
    with pytest.raises(TableError) as caught:
        read_table(["data.csv"], TableOptions(**options))  # type: ignore[arg-type]
    message = str(caught.value)
    assert [word for word in words if word not in message] == [], message
    assert message.startswith("data.csv") or "encoding is called" in message
    assert "\n" not in message


CELLS = {
    "oops": ["'oops' is not a number", "--na oops --missing drop", "--exclude"],
    "<0.5": ["'<0.5' is a detection limit", "below", "never read as a number", "--na '<0.5' --missing drop"],
    "> 90": ["'> 90' is a detection limit", "above"],
    '"3,5"': ["'3,5' has a decimal comma", "--decimal ,"],
    '"1,234.5"': ["'1,234.5' has separators between thousands"],
    '"1,234"': ["'1,234' has a decimal comma", "or one between thousands"],
    "50%": ["'50%' is a percentage"],
    "12 mm": ["'12 mm' is a number with a unit", "column's name"],
    "−5": ["typographic dash"],
    "#DIV/0!": ["spreadsheet's error", "--na '#DIV/0!' --missing drop"],
    "1;2": ["several cells", "--delimiter"],
    "0x10": ["'0x10' is not a number"],
    "1_000": ["'1_000' is not a number"],
    "\x1b[31m": ["'\\x1b[31m' is not a number"],
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_that_is_no_number(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"a,b\n1.5,2.5\n2.5,{cell}\n3.5,1.5\n4.5,0.5\n")
    with pytest.raises(TableError) as caught:
        choose_columns(read_table([path]))
    message = str(caught.value)
    assert [word for word in ["data.csv, line 3, column 'b': ", *CELLS[cell]] if word not in message] == [], message
    with pytest.raises(TableError, match=re.escape(message)):
        read_rows(read_table([path]), ["b"])


def test_a_column_of_decimal_commas_is_no_column_of_text(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a;b\n1,5;2,5\n1,6;2,6\n1,7;2,7\n")
    with pytest.raises(TableError, match=r"line 2, column 'a': '1,5' has a decimal comma. Add --decimal ,$"):
        choose_columns(read_table([path], TableOptions(delimiter=";")))


def test_a_decimal_point_where_commas_were_promised(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a;b\n1.5;2\n1.6;3\n")
    with pytest.raises(TableError, match=r"'1.5' has a decimal point, but --decimal , was given"):
        choose_columns(read_table([path], TableOptions(delimiter=";", decimal=",")))


def test_missing_cells_are_counted_by_column_and_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1.5,NA\n2.5,1\n,null\n4.5,2\n5.5,NaN\n")
    with pytest.raises(TableError) as caught:
        read_rows(read_table([path]), ["a", "b"])
    assert "4 empty cells in 3 of 5 rows ('a' 1, 'b' 3; the first in line 2)" in str(caught.value)
    assert "--missing drop" in str(caught.value)


def test_missing_cells_are_dropped_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b,w\n1.5,NA,1\n2.5,1,2\n,null,3\n4.5,2,4\n5.5,7,\n")
    rows = read_rows(read_table([path]), ["b", "a"], "w", drop=True)
    assert rows.values.tolist() == [[1.0, 2.5], [2.0, 4.5]]
    assert rows.weight is not None and rows.weight.tolist() == [2.0, 4.0]
    assert rows.kept is not None and rows.kept.tolist() == [False, True, False, True, False]
    assert (dict(rows.missing), rows.n_lost) == ({"b": 2, "a": 1, "w": 1}, 3)


def test_nothing_left(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1.5,NA\n,1\n")
    with pytest.raises(TableError, match="every row has an empty cell"):
        read_rows(read_table([path]), ["a", "b"], drop=True)


@pytest.mark.parametrize("word", ["inf", "-Infinity", "1e999"])
def test_infinities(tmp_path: Path, word: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"a,b\n1,2\n3,4\n5,{word}\n")
    with pytest.raises(TableError) as caught:
        read_rows(read_table([path]), ["a", "b"])
    assert f"data.csv, line 4, column 'b': '{word}' is infinite (1 infinite value" in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "words"),
    [("1\n-2\n", "line 3, column 'w': the weight -2 is negative"), ("0\n0\n", "every weight in 'w' is 0")],
)
def test_weights(tmp_path: Path, weights: str, words: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text("w,a\n" + weights.replace("\n", ",1\n"))
    with pytest.raises(TableError, match=words):
        read_rows(read_table([path]), ["a"], "w")


def test_files_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("a\n1\n")
    Path("empty").mkdir()
    for words, message in {
        ("date.csv",): "'date.csv' does not exist. Is 'data.csv' meant?",
        ("no/data.csv",): "'no/data.csv' does not exist. Neither does the folder 'no'.",
        ("*.tsv",): "No file matches '*.tsv'.",
        ("empty",): "The folder 'empty' holds no data file.",
        ("data.csv", "./data.csv"): "'./data.csv' is named twice, so its rows would count twice.",
        (): "No data were named.",
    }.items():
        with pytest.raises(TableError, match="^" + re.escape(message)):
            read_table(words)


def test_files_that_do_not_belong_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("1.csv").write_text("a,b\n1,2\n")
    Path("2.csv").write_text("a,c\n1,2\n")
    with pytest.raises(TableError, match=r"2\.csv has the columns 'a', 'c', but 1\.csv has 'a', 'b'"):
        read_table(["1.csv", "2.csv"])


@pytest.mark.parametrize("name", ["sheet.xlsx", "sheet.XLSM", "sheet.ods"])
def test_spreadsheets(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(
        TableError, match=r"is a spreadsheet, which is not read\. Export the sheet as CSV \(Excel: File"
    ):
        read_table([tmp_path / name])


def test_a_cell_at_the_end_of_much_text(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = np.random.default_rng(0).normal(size=100_000).astype(str)
    path.write_text("a,b\n" + "\n".join(f"{x},{x}" for x in rows) + "\n1,2,3\n")
    with pytest.raises(TableError, match="line 100002: 3 cells where the first line has 2"):
        read_table([path])


TEXTS = st.text(st.sampled_from('ab1.5-,;\t\n\r" é\x00<NA'), max_size=60).map(str.encode)
MARKED = st.builds(
    bytes.__add__, st.sampled_from([b"\xff\xfe", b"PAR1", b"ARROW1", b"\x93NUMPY", b"\x1f\x8b"]), st.binary()
)


@given(content=st.one_of(TEXTS, MARKED, st.binary()), header=st.booleans(), delimiter=st.sampled_from([None, ";", " "]))
@settings(max_examples=200)
def test_any_bytes_are_a_table_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, header: bool, delimiter: str | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(content)
    try:
        table = read_table([path], TableOptions(header=header, delimiter=delimiter))
        rows = read_rows(table, choose_columns(table).features, drop=True)
        assert np.isfinite(rows.values).all() and len(rows.values) <= table.n_rows
    except TableError as error:
        assert len(str(error)) < 4000 and "fuzz.csv" in str(error) and str(error).isprintable()
