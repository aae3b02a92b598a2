"""Text in chunks: every row knows its line, and whatever is wrong is said with it, however far down it is."""

import gzip
import re
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtura.sources.faults import TableError
from mixtura.sources.misfits import OpenQuote
from mixtura.sources.readers import Reader, blocks, open_reader, text
from mixtura.sources.tables import TableOptions, read_table
from tests.sources.test_tables_faults import CASES, CELLS


def read(reader: Reader, rows: int = 2**16) -> np.ndarray:
    return np.concatenate([chunk.stacked() for chunk in reader.chunks(rows=rows)])


def refusal(path: Path | str, columns: list[str] | None = None, **options: object) -> str:
    with pytest.raises(TableError) as caught:
        read(open_reader(path, columns, options=TableOptions(**options)))  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("piece", [7, blocks.PIECE])
def test_the_same_words_as_for_a_whole_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, piece: int
) -> None:
    content, options, words = CASES[case]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(blocks, "PIECE", piece if len(content) < 10_000 else 65_536)  # type: ignore[arg-type]
    Path("data.csv").write_bytes(content if isinstance(content, bytes) else content.encode())  # type: ignore[union-attr]
    with pytest.raises(TableError) as whole:
        read_table(["data.csv"], TableOptions(**options))  # type: ignore[arg-type]
    said = refusal("data.csv", **options)  # type: ignore[arg-type]
    if case == "HDF5":
        assert said.startswith("data.csv is a damaged or cut-off HDF5 file")
    elif case == "a cut gzip file":
        assert [word for word in words if word not in said] == []
    else:
        assert said == str(whole.value)


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_that_is_no_number_far_down(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n" + "1.5,2.5\n" * 3000 + f"2.5,{cell}\n" + "1.5,2.5\n" * 3000)
    with patch.object(blocks, "PIECE", 1000):
        said = refusal(path)
        assert [word for word in ["data.csv, line 3002, column 'b': ", *CELLS[cell]] if word not in said] == [], said
        assert open_reader(path, ["a"]).count() == 6001


END = st.sampled_from(["\n", "\r\n", "\r"])
PLAIN = st.sampled_from(["1,x", "2.5,y z", "-1e3,", " 4 ,é€"])
QUOTED = st.sampled_from(['1,"x\ny"', '"2.5","a,b"', '3,"q""q"', '4,"\r\n\r\n"', '5,a"b'])


@given(
    rows=st.lists(st.tuples(st.integers(0, 2), st.one_of(PLAIN, QUOTED)), min_size=1, max_size=25),
    end=END,
    header=st.booleans(),
    piece=st.integers(1, 70),
    form=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gzip"]),
)
@settings(max_examples=200, deadline=None)
def test_every_row_knows_its_line(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, str]],
    end: str,
    header: bool,
    piece: int,
    form: str,
) -> None:
    content, lines = "a,b" + end if header else "", []
    rows = [(n_blank, row.replace('a"b', "ab") if number < 2 else row) for number, (n_blank, row) in enumerate(rows)]
    for n_blank, row in rows:
        content += end * n_blank
        lines.append(1 + len(re.findall("\r\n|\r|\n", content)))
        content += row + end
    path = tmp_path_factory.getbasetemp() / "lines.csv"
    path.write_bytes(gzip.compress(content.encode()) if form == "gzip" else content.encode(form))
    with patch.object(blocks, "PIECE", piece):
        options = TableOptions(header=header)
        reader = open_reader(path, ["a" if header else "x1"], options=options)
        values = [float(row.split(",")[0].strip('"')) for _, row in rows]
        assert read(reader, 4)[:, 0].tolist() == values
        assert [reader.place(row) for row in range(len(rows))] == [f"{path}, line {line}" for line in lines]
        other = open_reader(path, ["a" if header else "x1"], options=options)
        assert other.place(len(rows) - 1) == f"{path}, line {lines[-1]}"  # before anything else was read


def test_an_empty_line_in_a_single_column_is_a_missing_cell(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n\n\n3\n\n\n")
    for piece in range(1, 12):
        with patch.object(blocks, "PIECE", piece):
            reader = open_reader(tmp_path / "a.csv")
            np.testing.assert_array_equal(read(reader)[:, 0], [1, np.nan, np.nan, 3])
            assert reader.place(3).endswith("line 5")


def test_several_files_in_any_order_of_columns(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv.gz").write_bytes(gzip.compress(b"\nb,a\n4,3\n\n6,5\n"))
    reader = open_reader(tmp_path)
    assert reader.n_rows is None
    assert read(reader).tolist() == [[1, 2], [3, 4], [5, 6]]
    assert reader.n_rows == 3
    assert [reader.place(row).rpartition("/")[2] for row in range(3)] == [
        "1.csv, line 2",
        "2.csv.gz, line 3",
        "2.csv.gz, line 5",
    ]
    with pytest.raises(IndexError):
        reader.place(3)


def test_files_that_do_not_belong_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("1.csv").write_text("a,b\n1,2\n")
    Path("2.csv").write_text("a,c\n1,2\n")
    with pytest.raises(TableError, match=r"2\.csv has the columns 'a', 'c', but 1\.csv has 'a', 'b'"):
        open_reader(["1.csv", "2.csv"])


def test_an_open_quote_far_down_is_found_at_once(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n" + "1.25,2.5\n" * 300_000 + '"3,4\n' + "5.25,6.5\n" * 300_000)
    seen = 0
    said = r"data\.csv, line 300002: a cell of more than 131072 characters. Is a quote"
    with pytest.raises(TableError, match=said), patch.object(blocks, "PIECE", 1 << 19):
        for chunk in open_reader(path).chunks():
            seen = chunk.stop
    assert 0 < seen < 300_000
    path.write_text("a,b\n" + "1.25,2.5\n" * 300_000 + '"3,4\n' + "5.25,6.5\n" * 9)
    with pytest.raises(OpenQuote, match=r"data\.csv, line 300002: a quote opens here and never closes"):
        read(open_reader(path))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,2,3", "3 cells where the first line has 2. Does a cell hold a comma of its own"),
        ("1", "1 cell where the first line has 2. Is the line cut off"),
        ("1,2,3,4", "Are these decimal commas"),
        ('"1"x,2', "text follows a closing quote"),
        ('"1,2\n1,2",3,4', "closes only in line 20003"),
    ],
)
def test_rows_that_do_not_fit_far_down(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n" + "1.5,2.5\n" * 20_000 + row + "\n" + "1.5,2.5\n" * 20_000)
    with patch.object(blocks, "PIECE", 10_000):
        message = refusal(path)
    assert message.startswith(f"{path}, line 20002: ") and said in message


def test_a_byte_that_is_no_utf8_far_down(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"a,b\n" + "1.5,ä\n".encode() * 5000 + b"1.5,\xe4\n" + b"1.5,x\n" * 5000)
    with patch.object(blocks, "PIECE", 999), patch.object(text, "_HEAD", 999):
        assert "line 5002: byte 0xe4 is not UTF-8" in refusal(path, ["a"])
        assert "byte 35009 (0xe4) is not utf-8" in refusal(path, ["a"], encoding="utf-8")
    path.write_bytes("a,b\n1.5,é\n".encode() + b"2.5,\xc3")
    assert "line 3: byte 0xc3 is not UTF-8" in refusal(path, ["a"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "cp1252", "shift-jis"])
@pytest.mark.parametrize("piece", [1, 5, 1000])
def test_encodings_that_are_named(tmp_path: Path, encoding: str, piece: int) -> None:
    mark = "\ufeff" if encoding.startswith("utf-") and encoding not in ("utf-8-sig", "utf-16") else ""
    name = "名" if encoding == "shift-jis" else "é"
    (tmp_path / "a.csv").write_bytes((f"{mark}{name},b\n" + "".join(f"{n},x\n" for n in range(99))).encode(encoding))
    with patch.object(blocks, "PIECE", piece), patch.object(text, "_HEAD", 30):
        reader = open_reader(tmp_path / "a.csv", [name], options=TableOptions(encoding=encoding))
        assert read(reader)[:, 0].tolist() == list(range(99))
        assert reader.place(98).endswith("line 100")


def test_a_gzip_file_that_is_cut_or_changed(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    whole = gzip.compress(("a\n" + "\n".join(map(repr, rng.normal(size=20_000).tolist()))).encode())
    for damaged in (whole[: len(whole) // 2], whole[:-3], whole[:50_000] + b"\0\0\0" + whole[50_003:]):
        (tmp_path / "a.csv.gz").write_bytes(damaged)
        with patch.object(blocks, "PIECE", 5000), patch.object(text, "_HEAD", 5000):
            assert "a.csv.gz is a damaged or cut-off gzip file" in refusal(tmp_path / "a.csv.gz")


def test_a_row_without_end(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n" + "1" * 100_000)
    with patch.object(blocks, "LONGEST", 50_000), patch.object(blocks, "PIECE", 1000):
        assert "line 2: a row of more than 0 MB. Is this a table" in refusal(tmp_path / "a.csv")


def test_text_and_dates_are_not_taken_unasked(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("x,name,day\n1.5,setosa,2020-01-01\n2.5,NA,2020-01-02\n")
    said = refusal(path)
    assert said.endswith("column 'name' holds no numbers but 'setosa', .... Name the columns to fit without it: "
                         "columns=['x', 'day'].")  # fmt: skip
    assert "column 'day' holds no numbers but '2020-01-01'" in refusal(path, None) or "name" in said
    assert "line 2, column 'name': 'setosa' is not a number" in refusal(path, ["x", "name"])
    assert read(open_reader(path, ["x"])).tolist() == [[1.5], [2.5]]


@pytest.mark.parametrize("cell", ["oops", "<0.5", "50%"])
def test_a_column_of_numbers_with_one_that_is_none_is_no_column_of_text(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"a,b\n1,2\n1,{cell}\n3,4\n5,6\n")
    assert f"data.csv, line 3, column 'b': '{cell}' is" in refusal(path)


def test_a_row_far_down_says_nothing_of_the_header(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n" + "1,2\n" * 50 + "1.5,2,3\n" + "1,2\n" * 50)
    with patch.object(blocks, "PIECE", 4):
        assert "Does a cell hold a comma" in refusal(path)


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("height,weight\n1,2\n3,4\n")
    for words, said in {
        ("heigth",): "has no column 'heigth'. Is 'height' meant? It has 'height', 'weight'.",
        ("height", "height"): "names 'height' twice",
    }.items():
        assert said in refusal(path, list(words))
    with pytest.raises(TableError, match="'height' is in --columns but serves as the weights"):
        open_reader(path, ["height"], weights="height")
    with pytest.raises(TableError, match="has no column 'w'"):
        open_reader(path, ["height"], weights="w")


def test_what_can_be_read_only_once(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    for path in ("-", str(tmp_path / "pipe")):
        with pytest.raises(TableError, match=r"can be read only once.*Write the rows to a file first"):
            open_reader(path)
