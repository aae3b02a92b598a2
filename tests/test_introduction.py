"""The introduction keeps its promises: both scripts run, find what they say, and draw; the README tells the same."""

import ast
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = ["00_scratch.py", "01_sklearn.py"]
PICTURES = ["gmm_model_selection.png", "gmm_scratch_result.png", "gmm_sklearn_result.png"]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def introduction(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Run both scripts in a copy without assets, from elsewhere, with warnings as errors; keep what they printed."""
    folder, elsewhere = tmp_path_factory.mktemp("introduction"), tmp_path_factory.mktemp("elsewhere")
    printed = {}
    for script in SCRIPTS:
        shutil.copy(ROOT / script, folder)
        command = [sys.executable, "-W", "error", str(folder / script)]
        run = subprocess.run(
            command, cwd=elsewhere, env=without_screen(), capture_output=True, text=True, encoding="utf-8", timeout=300
        )
        assert (run.returncode, run.stderr) == (0, "")
        printed[script] = run.stdout
    assert list(elsewhere.iterdir()) == []
    return folder, printed


def without_screen() -> dict[str, str]:
    hidden = {"DISPLAY", "MPLBACKEND", "WAYLAND_DISPLAY"}
    return {name: value for name, value in os.environ.items() if name not in hidden} | {"PYTHONIOENCODING": "utf-8"}


@pytest.fixture(scope="module")
def by_hand() -> dict[str, Any]:
    """The functions of the first script."""
    return runpy.run_path(str(ROOT / "00_scratch.py"))


def numbers(pattern: str, text: str) -> list[list[float]]:
    return [[float(number) for number in match.groups()] for match in re.finditer(pattern, text, flags=re.MULTILINE)]


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_short_and_stand_alone(script: str) -> None:
    source = (ROOT / script).read_text(encoding="utf-8")
    assert source.count("\n") <= 160
    nodes = list(ast.walk(ast.parse(source)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= {"matplotlib", "numpy", "os", "pathlib", "scipy", "sklearn"}


def test_every_picture_is_drawn(introduction: tuple[Path, dict[str, str]]) -> None:
    drawn = sorted((introduction[0] / "assets").iterdir())
    assert [path.name for path in drawn] == PICTURES
    for path in drawn:
        pixels = matplotlib.image.imread(path)
        kept = matplotlib.image.imread(ROOT / "assets" / path.name)
        assert pixels.shape == kept.shape
        assert pixels[..., :3].std() > 0.05, f"{path.name} is blank"
        assert len(np.unique(pixels.reshape(-1, pixels.shape[-1])[::97], axis=0)) > 20


def test_what_is_printed_names_the_pictures(introduction: tuple[Path, dict[str, str]]) -> None:
    assert set(re.findall(r"assets/(\w+\.png)", " ".join(introduction[1].values()))) == set(PICTURES)


def test_by_hand_three_gaussians_are_recovered(introduction: tuple[Path, dict[str, str]]) -> None:
    printed = introduction[1]["00_scratch.py"]
    pair = r"\(\s*(-?[\d.]+),\s*(-?[\d.]+)\)"
    rows = numbers(rf"^\s+\d\s+([\d.]+)\s+\(([\d.]+)\)\s+{pair}\s+{pair}$", printed)
    assert len(rows) == 3
    for share, true_share, x, y, true_x, true_y in rows:
        assert abs(share - true_share) < 0.04
        assert max(abs(x - true_x), abs(y - true_y)) < 0.25
    [[accuracy]] = numbers(r"made them: ([\d.]+)%", printed)
    assert accuracy > 95


def test_by_hand_every_start_climbs(introduction: tuple[Path, dict[str, str]]) -> None:
    climbs = numbers(r"log-likelihood (-[\d.]+) -> (-[\d.]+) in (\d+) passes", introduction[1]["00_scratch.py"])
    assert len(climbs) == 5
    assert all(first + 100 < last and passes > 5 for first, last, passes in climbs)


@pytest.mark.parametrize("seed", range(5))
def test_by_hand_the_log_likelihood_never_falls(by_hand: dict[str, Any], seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, _ = by_hand["make_data"](200, rng)
    (weights, _, covariances), responsibilities, path = by_hand["fit"](X, 3, rng)
    assert np.diff(path).min() > -1e-9 * abs(path[-1])
    assert path[-1] > path[0]
    assert weights.sum() == pytest.approx(1)
    assert responsibilities.sum(axis=1) == pytest.approx(1)
    assert np.linalg.eigvalsh(covariances).min() > 0


def test_by_hand_one_step_is_that_of_scikit_learn(by_hand: dict[str, Any]) -> None:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    rng = np.random.default_rng(0)
    X, _ = by_hand["make_data"](300, rng)
    weights, means, covariances = by_hand["initialize"](X, 3, rng)
    start = {"weights_init": weights, "means_init": means, "precisions_init": np.linalg.inv(covariances)}
    with pytest.warns(ConvergenceWarning):
        theirs = GaussianMixture(3, **start, reg_covar=0, max_iter=1, random_state=0).fit(X)
    responsibilities, log_likelihood = by_hand["e_step"](X, weights, means, covariances)
    assert log_likelihood / len(X) == pytest.approx(theirs.lower_bound_, rel=1e-12)
    ours = by_hand["m_step"](X, responsibilities)
    for mine, other in zip(ours, (theirs.weights_, theirs.means_, theirs.covariances_), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)


def test_by_hand_a_row_far_from_every_mean_is_no_trouble(by_hand: dict[str, Any]) -> None:
    responsibilities, log_likelihood = by_hand["e_step"](
        np.array([[1e4, 1e4]]), by_hand["WEIGHTS"], by_hand["MEANS"], by_hand["COVARIANCES"]
    )
    assert np.isfinite(log_likelihood)
    assert responsibilities.sum() == pytest.approx(1)


def test_a_mixture_follows_what_k_means_cuts(introduction: tuple[Path, dict[str, str]]) -> None:
    printed = introduction[1]["01_sklearn.py"]
    [[k_means, k_means_wrong]] = numbers(r"^k-means\s+([\d.]+)\s+(\d+)$", printed)
    [[mixture, mixture_wrong]] = numbers(r"^Gaussian mixture\s+([\d.]+)\s+(\d+)$", printed)
    assert k_means < 0.7 < 0.9 < mixture
    assert mixture_wrong * 5 < k_means_wrong


@pytest.mark.parametrize("criterion", ["AIC", "BIC"])
def test_four_components_are_chosen(introduction: tuple[Path, dict[str, str]], criterion: str) -> None:
    printed = introduction[1]["01_sklearn.py"]
    [line] = re.findall(rf"^{criterion} +([-\d. ]+)$", printed, flags=re.MULTILINE)
    values = [float(value) for value in line.split()]
    assert len(values) == 9
    assert 1 + int(np.argmin(values)) == 4
    assert f"{criterion} is lowest at 4 components" in printed


def test_the_readme_shows_every_picture_and_every_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)\s]+)", README) + re.findall(r'(?:src|href)="([^"]+)"', README)
    files = {target.partition("#")[0] for target in targets if "://" not in target} - {""}
    assert {f"assets/{picture}" for picture in PICTURES} <= files
    assert [name for name in sorted(files) if not (ROOT / name).exists()] == []


def test_anchors_in_the_readme_are_headings() -> None:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", README, flags=re.DOTALL), flags=re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= slugs


def test_pictures_in_the_readme_are_described() -> None:
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", README)
    assert len(pictures) >= len(PICTURES)
    assert all(len(words) > 30 for words, _ in pictures)


def test_figures_told_in_the_readme_are_those_printed(introduction: tuple[Path, dict[str, str]]) -> None:
    told = re.findall(r"```text\n\$ python (\S+)\n(.*?)```", README, flags=re.DOTALL)
    assert [script for script, _ in told] == SCRIPTS
    for script, lines in told:
        printed = introduction[1][script].splitlines()
        assert [line for line in lines.strip().splitlines() if line not in printed] == []


def run_mixtura(words: list[str], folder: Path) -> str:
    """Run the command line as a person would, and return what it printed."""
    command = [sys.executable, "-c", "from mixtura.cli import main; main()", *words]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def plain(text: str) -> str:
    """Take out what differs from machine to machine: the seconds, and where the lines are broken."""
    return re.sub(r"in [\d.]+ s([.;])", r"in T s\1", re.sub(r"[\s─]+", " ", text))


def test_the_shell_session_of_the_readme_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"```shell\n(.*?)```", README, flags=re.DOTALL)
    commands = [shlex.split(line, comments=True) for line in "".join(blocks).splitlines()]
    session = [words[1:] for words in commands if words[:1] == ["mixtura"]]
    assert [words[0] for words in session] == ["data", "select", "inspect", "predict", "score", "sample", "plot", "fit"]
    for words in session:
        run_mixtura(words, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"model.mixtura", "labels.csv", "new.csv", "picture.png"}


def test_the_tables_in_the_readme_are_those_printed(tmp_path: Path) -> None:
    shown = re.findall(r"```text\n\$ mixtura (.*?)\n(.*?)```", README, flags=re.DOTALL)
    assert [words.split()[0] for words, _ in shown] == ["select", "fit"]
    for words, told in shown:
        printed = plain(run_mixtura(shlex.split(words), tmp_path))
        assert [part for part in told.split("\n...\n") if plain(part).strip() not in printed] == []
