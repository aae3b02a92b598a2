"""The workshop keeps its own rules: dependencies with reasons, no pickle, one version, documented names."""

import ast
import re
import tomllib
from collections.abc import Iterator
from doctest import DocTestFinder
from importlib.metadata import metadata
from pathlib import Path
from statistics import fmean
from types import ModuleType

import pytest

import mixtura
from mixtura.covariance import MCLUST, SKLEARN

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
UNSAFE = {"cloudpickle", "dill", "marshal", "pickle", "shelve"}


def name_of(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return match.group()


def declared() -> set[str]:
    extras = PROJECT["optional-dependencies"].values()
    return {name_of(line) for lines in [PROJECT["dependencies"], *extras] for line in lines}


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def compared(tree: ast.Module) -> set[str]:
    """Collect the text constants that code compares something with."""
    places = [node for node in ast.walk(tree) if isinstance(node, ast.Compare | ast.MatchValue)]
    constants = [part for place in places for part in ast.walk(place) if isinstance(part, ast.Constant)]
    return {part.value for part in constants if isinstance(part.value, str)}


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0


def test_every_dependency_has_its_reason() -> None:
    page = (ROOT / "docs/decisions/0001-dependencies.md").read_text(encoding="utf-8")
    reasons = dict(re.findall(r"^\| `([^`]+)` *\| *(.*?) *\|$", page, flags=re.MULTILINE))
    assert declared() - set(reasons) == set(), "dependencies without a row"
    assert set(reasons) - declared() - {"hatchling"} == set(), "rows without a dependency"
    assert all(len(reason) > 20 for reason in reasons.values())


def test_every_room_is_on_the_map() -> None:
    page = (ROOT / "docs/decisions/0002-architecture.md").read_text(encoding="utf-8")
    on_the_map = set(re.findall(r"^ {6}(\w+)(?:\.py|/) ", page, flags=re.MULTILINE))
    modules = {path.stem for path in (ROOT / "src/mixtura").iterdir() if path.suffix == ".py"}
    packages = {path.parent.name for path in (ROOT / "src/mixtura").glob("*/__init__.py")}
    assert (modules | packages) - on_the_map == set(), "rooms without a line in the architecture page"


def test_installed_extras_are_the_declared_ones() -> None:
    assert set(metadata("mixtura").get_all("Provides-Extra") or []) == set(PROJECT["optional-dependencies"])


def test_one_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", changelog, flags=re.MULTILINE)
    assert newest and newest.group(1) == PROJECT["version"] == metadata("mixtura")["Version"]


def test_license_is_the_declared_one() -> None:
    assert PROJECT["license"] == "BSD-3-Clause"
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("BSD 3-Clause License")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_unpickles(path: Path) -> None:
    assert not {name.partition(".")[0] for name in imported(tree_of(path))} & UNSAFE
    assert "allow_pickle=True" not in path.read_text(encoding="utf-8")


def test_the_family_is_asked_for_in_one_room() -> None:
    elsewhere = [path for path in SOURCES if path.parent.name != "covariance"]
    asked = {str(path.relative_to(ROOT)): compared(tree_of(path)) & {*SKLEARN, *MCLUST} for path in elsewhere}
    assert {path: names for path, names in asked.items() if names} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": body_lines(node)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}
    assert fmean(lines <= 25 for lines in lengths.values()) >= 0.9


def public_things() -> Iterator[tuple[str, object]]:
    """Go through `mixtura.__all__`, and through the names of the modules that are in it."""
    for name in mixtura.__all__:
        thing = getattr(mixtura, name)
        yield name, thing
        if isinstance(thing, ModuleType):
            yield from ((f"{name}.{inner}", getattr(thing, inner)) for inner in thing.__all__)


def is_shown(thing: object) -> bool:
    """Say whether a docstring has an example; modules and errors are shown by what uses them."""
    if isinstance(thing, ModuleType) or (isinstance(thing, type) and issubclass(thing, Exception)):
        return True
    return any(test.examples for test in DocTestFinder(exclude_empty=True).find(thing, "it"))


def test_public_names_are_explained_and_shown() -> None:
    things = dict(public_things())
    assert len(things) > 10
    assert [name for name, thing in things.items() if not getattr(thing, "__doc__", None)] == []
    assert [name for name, thing in things.items() if not is_shown(thing)] == []
