"""Exit codes; outputs that are whole or not there; interrupts, closed pipes and full disks."""

import errno
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

CODE = "import sys; from mixtura.cli import main; main()"


def start(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CODE, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload]


def left_over() -> list[str]:
    return [path.name for path in Path.cwd().iterdir() if path.name.startswith(".mixtura-")]


COMMANDS = {
    "fit": ("fit", "faithful", "-k", 1, "-o"),
    "select": ("select", "faithful", "-k", 1, "-c", "VVV", "-o"),
    "predict": ("predict", "two.mixtura", "faithful", "-o"),
    "sample": ("sample", "two.mixtura", "-n", 3, "-o"),
    "plot": ("plot", "two.mixtura", "faithful", "-o"),
    "data": ("data", "iris", "-o"),
}
NAMES = {
    "fit": "m.mixtura",
    "select": "m.mixtura",
    "predict": "a.csv",
    "sample": "a.csv",
    "plot": "a.png",
    "data": "a.csv",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_overwritten_unasked(faithful, command: str) -> None:
    name = NAMES[command]
    Path(name).write_text("old")
    ended = faithful(*COMMANDS[command], name)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"mixtura: '{name}' exists. Add --force to replace it, or give another name.\n"
    assert Path(name).read_text() == "old"
    assert faithful(*COMMANDS[command], name, "--force").code == 0
    assert Path(name).read_bytes() != b"old"
    assert left_over() == []


@pytest.mark.parametrize("command", COMMANDS)
def test_outputs_that_cannot_be_written_are_told_before_the_work(
    faithful, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("worked before the output was checked")

    monkeypatch.setattr("mixtura.cli.outputs.output", never)
    monkeypatch.setattr("mixtura.sources.tables.read_table", never)
    absent = faithful(*COMMANDS[command], f"no/{NAMES[command]}")
    assert (absent.code, absent.out) == (5, "")
    assert "cannot be written: there is no folder" in absent.err and absent.err.count("\n") == 1
    Path("folder.csv").mkdir()
    suffixed = "folder.csv" if NAMES[command].endswith("csv") else "."
    folder = faithful(*COMMANDS[command], suffixed)
    assert folder.code == 2 and folder.err.count("\n") == 1
    monkeypatch.setattr("os.access", lambda *_: False)
    locked = faithful(*COMMANDS[command], NAMES[command])
    assert (locked.code, locked.out) == (5, "") and "takes no files" in locked.err


@pytest.mark.parametrize("forced", [[], ["--force"]])
def test_an_output_that_is_an_input_is_refused(faithful, forced: list[str]) -> None:
    assert faithful("data", "faithful", "-o", "a.csv").code == 0
    Path("link.csv").symlink_to("a.csv")
    before = Path("a.csv").read_bytes()
    Path("sub").mkdir()
    Path("sub/b.csv").write_bytes(before)
    for arguments in (
        ("predict", "two.mixtura", "a.csv", "-o", "a.csv"),
        ("predict", "two.mixtura", "a.csv", "-o", "./link.csv"),
        ("predict", "two.mixtura", "sub", "-o", "sub/new.csv"),
        ("fit", "a.csv", "-k", 1, "-o", "a.csv"),
    ):
        ended = faithful(*arguments, *forced)
        assert (ended.code, ended.out) == (2, "")
        assert "is read by this command, so it cannot be its output" in ended.err
    model = Path("two.mixtura").rename("two.csv")
    assert faithful("sample", model, "-n", 1, "-o", model, *forced).code == 2
    assert Path("a.csv").read_bytes() == before


def test_a_full_disk(faithful, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.csv").write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    for command in COMMANDS:
        name = NAMES[command]
        ended = faithful(*COMMANDS[command], name, "--force")
        assert ended.code == 5
        assert f"'{name}' cannot be written: No space left on device. Nothing was changed.\n" in ended.err
    assert Path("a.csv").read_text() == "old"
    assert not Path("m.mixtura").exists()
    assert left_over() == []


def test_a_file_that_appears_meanwhile_is_kept(faithful, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def slow(handle: int) -> None:
        Path("a.csv").write_text("theirs")
        real(handle)

    monkeypatch.setattr("os.fsync", slow)
    ended = faithful("predict", "two.mixtura", "faithful", "-o", "a.csv")
    assert ended.code == 2 and "'a.csv' has appeared meanwhile" in ended.err
    assert Path("a.csv").read_text() == "theirs"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("arguments", [("data",), ("data", "iris"), ("predict", "two.mixtura", "faithful", "-q")])
def test_standard_output_on_a_full_disk(faithful, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([sys.executable, "-c", CODE, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 5
    assert ended.stderr == "mixtura: Standard output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("arguments", [("data",), ("data", "iris"), ("predict", "two.mixtura", "long.csv", "-q")])
def test_a_closed_pipe_is_quiet(faithful, arguments: tuple[str, ...]) -> None:
    Path("long.csv").write_text("eruptions,waiting\n" + "2.5,60\n" * 70_000)
    with start(*arguments) as process:
        assert process.stdout is not None and process.stderr is not None
        if arguments[0] == "predict":
            assert process.stdout.readline() == b"row,label,p0,p1,uncertainty,log_density\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_standard_input(faithful) -> None:
    process = start("predict", "two.mixtura", "-", "-q", stdin=subprocess.PIPE)
    out, err = process.communicate(b"waiting,who,eruptions\r\n60,ann,2.5\r\n", 60)
    assert (process.returncode, err) == (0, b"")
    assert out.splitlines()[1].startswith(b"ann,1,1,")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "a.csv is empty."),
        ("a,b\n", "a.csv has a header (2 names) but no rows."),
        ("a,b\n1,2\n", "a.csv holds 1 row. A mixture needs more rows than it has components."),
        ("a;b\n1;2\n", "Add --delimiter ';'"),
        (None, "'a.csv' does not exist."),
    ],
)
def test_files_that_cannot_be_used(mixtura, content: str | None, words: str) -> None:
    if content is not None:
        Path("a.csv").write_text(content)
    ended = mixtura("fit", "a.csv", "-k", 2)
    assert (ended.code, ended.out) == (3, "")
    assert words in ended.err and ended.err.startswith("mixtura: ") and ended.err.count("\n") == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_in_the_middle_of_a_fit(mixtura, number: int, code: int) -> None:
    Path("m.mixtura").write_text("old")
    os.mkfifo("rows")
    rows = io.BytesIO()
    np.save(rows, np.random.default_rng(0).normal(size=(100_000, 4)))
    process = start("fit", "rows", "-k", 8, "--tol", 0, "--n-init", 99, "-o", "m.mixtura", "--force")
    with open("rows", "wb") as pipe:  # noqa: PTH123
        pipe.write(rows.getvalue())
    time.sleep(2.0)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, b"")
    assert err == (b"mixtura: Interrupted. Nothing was written.\n" if code == 130 else b"")
    assert Path("m.mixtura").read_text() == "old"
    assert left_over() == []


def test_interrupted_while_writing(faithful, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    Path("a.csv").write_text("old")
    monkeypatch.setattr("os.fsync", interrupt)
    ended = faithful("predict", "two.mixtura", "faithful", "-o", "a.csv", "--force")
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.endswith("mixtura: Interrupted. Nothing was written.\n")
    assert Path("a.csv").read_text() == "old" and left_over() == []


def test_a_defect_is_confessed_in_a_line(faithful, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh\nno")

    monkeypatch.setattr("mixtura.cli.inspect.load_model", broken)
    ended = faithful("inspect", "two.mixtura")
    assert (ended.code, ended.out) == (1, "")
    assert "This is a defect of mixtura, not of your data: ZeroDivisionError: oh no" in ended.err
    assert ended.err.count("\n") == 1
    monkeypatch.setenv("MIXTURA_DEBUG", "1")
    assert "in broken" in faithful("inspect", "two.mixtura").err


def test_too_little_memory(faithful, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("mixtura.cli.inspect.load_model", greedy)
    ended = faithful("inspect", "two.mixtura")
    assert ended.code == 3 and "Not enough memory" in ended.err


def test_streams_that_are_closed_or_speak_only_ascii(mixtura) -> None:
    plain = subprocess.run(
        [sys.executable, "-c", CODE, "data"], capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert (plain.returncode, plain.stderr) == (0, b"") and plain.stdout.isascii()
    script = f'exec >&- 2>&-; {sys.executable} -c "{CODE}" data'
    assert subprocess.run(["sh", "-c", script]).returncode == 0


def test_nothing_needs_pandas_or_polars(mixtura) -> None:
    code = """
import sys


class Absent:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("pandas", "polars"):
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Absent())
from mixtura.cli import run
assert run(["fit", "iris", "-k", "2", "--n-init", "1", "-o", "i.mixtura", "-q"]) == 0
assert run(["predict", "i.mixtura", "iris", "-q", "-o", "i.csv"]) == 0
assert run(["plot", "i.mixtura", "iris", "-q", "-o", "i.png"]) == 0
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
