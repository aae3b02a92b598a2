"""What is no measurement is refused with the whole command that would run, and that command runs."""

import shlex
from pathlib import Path

import pytest


def people(path: str = "people.csv", names: str = "id,day,sex,name,height,mass") -> str:
    rows = [f"{n},2024-01-{n:02d},{n % 2},p{n % 7},{170 + n * n % 17 / 7},{60 + n * n % 13 / 3}" for n in range(1, 20)]
    Path(path).write_text("\n".join([names, *rows]) + "\n")
    return path


def offered(err: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in err.splitlines() if line.startswith("  mixtura ")]


def test_a_refusal_offers_the_commands_that_run(mixtura) -> None:
    ended = mixtura("fit", people(), "-k", 2, "-c", "EII", "--n-init", 2)
    assert (ended.code, ended.out) == (3, "")
    told = ended.err.splitlines()
    assert told[0].startswith(
        "mixtura: people.csv: 4 columns do not look like measurements: 'id' (whole numbers in even"
    )
    assert told[1:] == [
        "To fit height, mass:",
        "  mixtura fit people.csv -k 2 -c EII --n-init 2 --exclude id,day,sex,name",
        "To fit id, sex too:",
        "  mixtura fit people.csv -k 2 -c EII --n-init 2 --columns height,mass,id,sex",
    ]
    firsts = []
    for command in offered(ended.err):
        again = mixtura(*command)
        assert again.code == 0, again.err
        firsts.append(" ".join(again.out.split("\n\n")[0].split()))
    assert firsts == [
        "Columns used: height, mass. Not used: id (excluded), day (excluded), sex (excluded), name (excluded).",
        "Columns used: height, mass, id, sex. Not used: day (not named), name (not named).",
    ]


def test_names_that_need_quotes(mixtura) -> None:
    ended = mixtura("fit", people("my people.csv", '"i d","d,y","it\'s","two\nlines",height,mass'), "-k", 1)
    assert ended.code == 3
    words = [line for line in ended.err.splitlines() if line.startswith("  mixtura ")]
    assert "'my people.csv'" in words[0] and "$'" in words[0] and len(words) == 2


def test_the_quoted_command_runs_in_a_shell(mixtura) -> None:
    import subprocess
    import sys

    ended = mixtura("fit", people("my people.csv", '"i d","d,y","it\'s","two\nlines",height,mass'), "-k", 1)
    command = next(line for line in ended.err.splitlines() if line.startswith("  mixtura "))
    code = "import sys; from mixtura.cli import run; sys.exit(run(sys.argv[1:]))"
    shown = command.strip().replace("mixtura", f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}", 1)
    done = subprocess.run(["bash", "-c", shown], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Columns used: height, mass.")


def test_the_commands_to_run_next_read_the_data_in_the_same_way(mixtura) -> None:
    rows = "".join(f"{n * n % 17 / 7};{n * n % 13 / 3}\n" for n in range(30)).replace(".", ",")
    Path("a.txt").write_bytes(("é;b\n-;1,5\n" + rows).encode("cp1252"))
    reading = ["--delimiter", ";", "--encoding", "cp1252", "--decimal", ",", "--na", "-", "--missing", "drop"]
    ended = mixtura("fit", "a.txt", "-k", 1, *reading, "-o", "m")
    assert ended.code == 0, ended.err
    commands = offered(ended.out)
    assert [command[0] for command in commands] == ["predict", "plot"]
    assert commands[0] == ["predict", "m", "a.txt", *reading, "-o", "labels.csv"]
    assert [mixtura(*command).code for command in commands] == [0, 0]


def test_only_codes_and_counters(mixtura) -> None:
    Path("codes.csv").write_text("id,sex\n" + "".join(f"{n},{n % 2}\n" for n in range(9)))
    ended = mixtura("fit", "codes.csv", "-k", 1)
    assert ended.code == 3
    assert ended.err.splitlines()[1:] == [
        "To fit id, sex all the same:",
        "  mixtura fit codes.csv -k 1 --columns id,sex",
    ]


def test_only_text(mixtura) -> None:
    Path("text.csv").write_text("a,b\nx,y\nz,w\n")
    ended = mixtura("fit", "text.csv", "-k", 1)
    assert (ended.code, ended.err.count("\n")) == (3, 1)


def test_a_text_column_that_is_named(mixtura) -> None:
    ended = mixtura("fit", people(), "-k", 1, "--columns", "height,name")
    assert ended.code == 3
    assert ended.err.startswith("mixtura: people.csv, line 2, column 'name': 'p1' is not a number.")


def test_the_known_class_is_never_fitted(mixtura) -> None:
    ended = mixtura("fit", "iris", "-k", 2, "--columns", "Sepal.Length,class")
    assert (ended.code, ended.out) == (2, "")
    assert "'class' is in --columns but serves as known class" in ended.err


def test_an_existing_path_wins_over_a_bundled_name(mixtura) -> None:
    Path("iris").write_text("a,b\n1.5,2.5\n2.5,0.5\n0.5,9.5\n")
    assert mixtura("fit", "iris", "-k", 1).out.startswith("Columns used: a, b.")


@pytest.mark.parametrize("words", [("a.csv", "b.csv"), (".",), ("*.csv",)])
def test_several_files(mixtura, words: tuple[str, ...]) -> None:
    people("a.csv")
    people("b.csv")
    ended = mixtura("fit", *words, "-k", 1, "--columns", "height,mass")
    assert ended.code == 0 and "38 rows of" in ended.out
