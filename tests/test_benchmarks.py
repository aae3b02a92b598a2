"""The benchmarks: verdicts are as asked, figures survive the file, the page says what is wrong, and each kind runs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import fresh, ledger, page, where
from benchmarks.kinds import run
from benchmarks.ledger import OtherMachine, Row
from benchmarks.workloads import WORKLOADS, Asked, Shape, Workload, shrunk

MACHINE = {"processor": "abacus", "threads": 2, "python": "3", "numpy": "2", "scikit-learn": "1"}
WORK = Workload("iteration", Shape(1000, 2, 3), {"ratio": Asked(5, 10)})


def row(gap: float = 1e-12, **changes: Any) -> Row:
    told = {"samples": {"ours": [1.0, 2.0, 4.0], "scikit-learn": [8.0, 8.0, 8.0]}, "gaps": {"scikit-learn": gap}}
    return ledger.of(WORK, "2026-01-01", **(told | changes), tolerance={"scikit-learn": 1e-8})


def named(part: str) -> Workload:
    return next(work for work in WORKLOADS if part in work.name)


def test_workloads_have_names_of_their_own() -> None:
    assert len({work.name for work in WORKLOADS}) == len(WORKLOADS)


@pytest.mark.parametrize(
    ("figure", "more", "less"), [(4.9, "short", "aim"), (7, "least", "least"), (12, "aim", "short")]
)
def test_verdicts(figure: float, more: str, less: str) -> None:
    assert Asked(5, 10).verdict(figure) == more
    assert Asked(10, 5, more=False).verdict(figure) == less


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    found = row().ratio()
    assert found and (found.median, found.low, found.high) == (4, 2, 8)


def test_a_wrong_answer_is_no_fast_answer() -> None:
    quick = {"ours": [0.1], "scikit-learn": [8.0]}
    assert row(samples=quick).verdict("ratio") == "aim"
    assert row(samples=quick, gap=1e-3).verdict("ratio") == "wrong"
    assert "**NO: 1e-03**" in page.written(MACHINE, [row(samples=quick, gap=1e-3)])


def test_a_failed_workload_is_no_met_one() -> None:
    failed = run(replace(WORK, options={}), apart=False)
    assert failed.verdict("ratio") == "failed" and "steps" in failed.failed
    assert failed.failed in page.written(MACHINE, [failed])


def test_the_operations_counted_are_those_of_the_two_products() -> None:
    n, d, k = 10, 5, 7
    width = {"full": 1 + d + d * (d + 1) // 2, "diag": 1 + 2 * d, "spherical": 2 + d, "tied": 1 + d}
    for family, p in width.items():
        shared = 2 * n * d * d if family == "tied" else 0
        assert Shape(n, d, k, family).flops == 4 * n * k * p + shared


def test_figures_survive_the_file(tmp_path: Path) -> None:
    ledger.save(tmp_path / "figures.json", MACHINE, [row()])
    assert ledger.load(tmp_path / "figures.json") == (MACHINE, [row()])
    assert ledger.load(tmp_path / "none.json") == ({}, [])


def test_a_row_measured_again_takes_the_place_of_the_old_one() -> None:
    first, again, gone = row(), row(taken_again := 1e-13), replace(row(), name="no longer a workload")
    other = replace(row(), name="other")
    assert ledger.merged(["other", first.name], [first, gone, other], [again]) == [other, again]
    assert again.gaps["scikit-learn"] == taken_again


def test_figures_of_two_machines_make_no_table() -> None:
    ledger.same_machine({}, MACHINE)
    ledger.same_machine(MACHINE, MACHINE)
    with pytest.raises(OtherMachine, match="threads: 2 then, 4 now"):
        ledger.same_machine(MACHINE, MACHINE | {"threads": 4})


def test_the_page_is_written_from_the_figures() -> None:
    docs = Path(__file__).parent.parent / "docs"
    machine, rows = ledger.load(docs / "benchmarks.json")
    assert (docs / "benchmarks.md").read_text() == page.written(machine, rows)


@pytest.mark.parametrize("part", ["iteration: diag 500", "score_samples: full 500", "variant: full 500", "one fit"])
def test_a_small_run_finds_the_answer_of_scikit_learn(part: str) -> None:
    found = run(shrunk(replace(named(part), options=named(part).options | {"peers": ()})), apart=False)
    assert not found.failed
    assert found.right() and found.gaps["scikit-learn"] < 1e-6
    assert len(found.samples["ours"]) == len(found.samples["scikit-learn"]) == 1
    assert all(0 < sum(shares.values()) < 1 + 1e-9 for shares in found.where.values())


def test_the_time_of_passes_is_theirs() -> None:
    from benchmarks.footprint import estimator
    from benchmarks.problems import fit, problem

    shape = Shape(20_000, 4, 4)
    X, start = problem(shape)
    stages = where.sampled(lambda: fit(estimator("ours"), shape, X, 20, **start))["stages"]
    assert max(stages, key=lambda name: stages[name]) == "passes"


def test_a_process_of_its_own_answers() -> None:
    assert fresh.call(len, "four") == 4
    assert fresh.first_fit("sklearn.mixture", Shape(200, 2, 2)) > 0


def test_rows_in_files_give_the_sums_of_rows_in_memory() -> None:
    """A smoke run of the workload on 20 000 rows."""
    work = next(work for work in WORKLOADS if work.kind == "out of core")
    found = run(replace(work, shape=replace(work.shape, rows=20_000, features=3), repeats=1), apart=False)
    assert not found.failed and found.right() and found.gaps["in memory"] < 1e-12
    assert found.notes["readings"] <= 5 and found.figure("peak") is not None
    assert "Beyond memory" in page.written(MACHINE, [found])
