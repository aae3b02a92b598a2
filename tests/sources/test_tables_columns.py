"""Which columns are fitted without a word, which only with one, and which never."""

import re
from pathlib import Path

import numpy as np
import pytest

from mixtura.sources.cells import Cells
from mixtura.sources.columns import ColumnsRefused, NoSuchColumn, choose_columns, pick_columns
from mixtura.sources.faults import TableError
from mixtura.sources.tables import Table, TableOptions, read_table
from mixtura.sources.traits import Kind, judge, judge_numbers

CHANCE = np.random.default_rng(0)
HEADER = "id,day,sex,name,height,mass"


@pytest.fixture
def people(tmp_path: Path) -> Table:
    rows = [f"{n},2024-01-{n:02d},{n % 2},p{n % 7},{170 + n * n % 17 / 7},{60 + n * n % 13 / 3}" for n in range(1, 20)]
    path = tmp_path / "people.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return read_table([path])


def test_what_is_no_measurement_is_refused(people: Table) -> None:
    with pytest.raises(ColumnsRefused) as caught:
        choose_columns(people)
    assert caught.value.features == ("height", "mass")
    assert [(trait.name, trait.kind) for trait in caught.value.refused] == [
        ("id", Kind.COUNTER),
        ("day", Kind.DATE),
        ("sex", Kind.CODE),
        ("name", Kind.TEXT),
    ]
    for words in (
        "4 columns do not look like measurements",
        "'id' (whole numbers in even steps, as row counters are: 1, 2, 3, ...)",
        "'day' (dates: '2024-01-01', '2024-01-02', ...)",
        "'sex' (only the values 0, 1)",
        "'name' (text: 'p1', 'p2', ...)",
    ):
        assert words in str(caught.value)


def test_naming_a_numeric_column_is_consent(people: Table) -> None:
    choice = choose_columns(people, columns=["id", "sex", "mass"])
    assert choice.features == ("id", "sex", "mass")
    assert dict(choice.unused) == {"day": "not named", "name": "not named", "height": "not named"}


def test_excluding_and_setting_aside(people: Table) -> None:
    choice = choose_columns(people, exclude=["id", "day", "sex"], aside={"name": "known class"})
    assert choice.features == ("height", "mass")
    assert dict(choice.unused) == {"id": "excluded", "day": "excluded", "sex": "excluded", "name": "known class"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": ["hight"]}, "has no column 'hight'. Is 'height' meant? It has 'id', 'day', 'sex'"),
        ({"exclude": ["nix"]}, "has no column 'nix'. It has 'id'"),
        ({"columns": ["mass", "mass"]}, "names 'mass' twice"),
        ({"columns": ["mass"], "exclude": ["mass"]}, "'mass' is in --columns and in --exclude"),
        ({"columns": ["mass"], "aside": {"mass": "weights"}}, "'mass' is in --columns but serves as weights"),
    ],
)
def test_names_that_cannot_be(people: Table, options: dict[str, object], words: str) -> None:
    with pytest.raises(NoSuchColumn, match=re.escape(words)):
        choose_columns(people, **options)  # type: ignore[arg-type]


def test_no_column_left(people: Table) -> None:
    with pytest.raises(TableError, match="no column is left to fit of 'id', 'day'"):
        choose_columns(people, exclude=HEADER.split(","))


def test_one_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"a\.csv holds 1 row\. A mixture needs more rows"):
        choose_columns(read_table([tmp_path / "a.csv"]))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.arange(100), Kind.COUNTER),
        (np.arange(100)[::-1], Kind.COUNTER),
        (np.arange(1000, 2000, 10), Kind.COUNTER),
        (CHANCE.permutation(50) + 7, Kind.COUNTER),
        (np.cumsum(CHANCE.integers(1, 9, 40)), Kind.COUNTER),
        ([0, 1, 0, 1, 1], Kind.CODE),
        ([1, 2, np.nan, 1], Kind.CODE),
        ([7, 7, 7], Kind.CODE),
        ([np.nan, 1.5, 2.5, 3.5], Kind.MEASUREMENT),
        ([1, 2, 2], Kind.CODE),
        ([3, 1, 2], Kind.MEASUREMENT),
        ([1, 2, 2, 3], Kind.MEASUREMENT),
        (CHANCE.poisson(9, 60), Kind.MEASUREMENT),
        (CHANCE.normal(size=60), Kind.MEASUREMENT),
        (np.sort(CHANCE.normal(size=60)), Kind.MEASUREMENT),
        (np.arange(60) / 7, Kind.MEASUREMENT),
        ([20240131, 20240201, 20231105], Kind.DATE),
        ([20240131, 20241331, 20231105], Kind.MEASUREMENT),
        ([1.0, np.inf, 3.0, 2.0], Kind.MEASUREMENT),
    ],
)
def test_numbers_of_every_kind(values: object, kind: Kind) -> None:
    assert judge_numbers("x", Cells(np.asarray(values, dtype=float))).kind is kind


@pytest.mark.parametrize(
    "days",
    [
        ["2024-01-31", "2024-02-01"],
        ["31.1.2024", "1.2.2024"],
        ["1/31/24", "2/1/24"],
        ["2024-01-31T10:20:30Z", "2024-02-01 11:30"],
        ["10:20", "11:30:59"],
    ],
)
def test_dates_as_text(tmp_path: Path, days: list[str]) -> None:
    (tmp_path / "a.csv").write_text("day,x\n" + "".join(f"{day},1\n" for day in days))
    assert judge(read_table([tmp_path / "a.csv"]), "day").kind is Kind.DATE


def test_names_that_would_drive_a_terminal(tmp_path: Path) -> None:
    name = "=cmd()\x1b[31m<script>\n../x😀" + "y" * 10_000
    (tmp_path / "a.csv").write_text(f'"{name}",b\nu,1.5\nv,2.5\nw,0.5\n')
    with pytest.raises(ColumnsRefused) as caught:
        choose_columns(read_table([tmp_path / "a.csv"]))
    message = str(caught.value)
    assert message.isprintable() and len(message) < 300
    assert "'=cmd()\\x1b[31m<script>\\n../x😀yyy" in message


def test_a_models_columns_are_found_by_name(people: Table) -> None:
    assert pick_columns(people, ["mass", "height"], 2) == ("mass", "height")
    with pytest.raises(TableError) as caught:
        pick_columns(people, ["mass", "weight", "age"], 3)
    assert "lacks 2 columns of the model: 'weight', 'age'" in str(caught.value)
    assert "needs 'mass', 'weight', 'age'; the data have 'id', 'day', 'sex', 'name', 'height', 'mass'" in str(
        caught.value
    )
    with pytest.raises(NoSuchColumn, match="finds its columns by name"):
        pick_columns(people, ["mass"], 1, ["mass"])


def test_without_names_the_count_must_match(people: Table) -> None:
    with pytest.raises(
        TableError, match=r"2 features without names, but .*people\.csv gives 6 columns: 'id', .*--columns"
    ):
        pick_columns(people, None, 2)
    assert pick_columns(people, None, 2, ["mass", "height"]) == ("mass", "height")


def test_options_are_frozen() -> None:
    assert TableOptions().na == ()
    with pytest.raises(AttributeError):
        TableOptions().na = ("x",)  # type: ignore[misc]
