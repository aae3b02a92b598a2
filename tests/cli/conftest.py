"""Running the command line in this process, in a folder of its own."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mixtura.cli import run
from mixtura.sources import opened


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def mixtura(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> Ended:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capfd.readouterr()
        return Ended(int(code), said.out, said.err)

    return command


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two components, fitted to ``faithful``."""
    path = tmp_path_factory.mktemp("models") / "two.mixtura"
    assert run(["fit", "faithful", "-k", "2", "--n-init", "2", "-o", str(path), "-q"]) == 0
    return path


@pytest.fixture
def faithful(mixtura: Command, two: Path) -> Command:
    """The command line beside ``two.mixtura``."""
    shutil.copy(two, "two.mixtura")
    return mixtura


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rows may be held by what streams, and parts are small."""
    monkeypatch.setattr(opened, "LEAST", 1)
    monkeypatch.setattr(opened, "PROGRAM", 0)
    monkeypatch.setattr("mixtura.sources.tables_in_parts.rows_a_part", lambda _: 50)
